"""Transfers between sites: drafting, promising, leaving, what is on the road, arriving, and what never did."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, cast

from fastapi import APIRouter, Form, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid
from shelfwise.core.quantities import plain
from shelfwise.orders import transfers as documents
from shelfwise.orders.attachments import attachments
from shelfwise.orders.transfers_model import Transfer
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.stock import service as stock
from shelfwise.stock import transfers
from shelfwise.stock.model import Status
from shelfwise.stock.transfers import Goods
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent, done, item_of, new_source, text
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.transfers import ON_THE_ROAD, TRANSFERS
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
ROWS = 6
USUAL_DAYS = 2
ARRIVAL_HOUR = time(12)
Reason = Annotated[str, Form(max_length=500)]
Line = Annotated[int, Form(ge=0, le=2**31 - 1)]
Amount = Annotated[str, Form(max_length=40)]
Code = Annotated[str, Form(max_length=64)]
Lot = Annotated[str, Form(max_length=200)]
Source = Annotated[str, Form(max_length=100)]


@router.get("/transfers")
def list_transfers(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "transfers.html", found=find(ctx, TRANSFERS, visit.request.query_params))


@router.get("/transfers/road")
def on_the_road(visit: Visitor) -> Response:
    """What has left and not arrived, by item."""
    with visit.context() as ctx:
        return pages.render(visit, ctx, "transfers.html", found=find(ctx, ON_THE_ROAD, visit.request.query_params))


@router.get("/transfers/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TRANSFER_GOODS)
        sites = records.sites(ctx)
        own = [site for site in sites if visit.may("transfer_goods", site.site_id)]
        due = (ctx.now + timedelta(days=USUAL_DAYS)).date()
        return pages.render(
            visit,
            ctx,
            "transfer_draft.html",
            transfer=None,
            sites=sites,
            own=own,
            rows=ROWS,
            due=due,
            lines=[],
            source=new_source(),
        )


@router.post("/transfers/new")
def draft(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TRANSFER_GOODS)
        start, end = records.site(ctx, text(sent, "from", 64)), records.site(ctx, text(sent, "to", 64))
        made = documents.draft_transfer(
            ctx,
            start.site_id,
            end.site_id,
            _lines(ctx, sent),
            _due(sent, start),
            text(sent, "note"),
            text(sent, "source", 100) or None,
        )
    return pages.go(f"/transfers/{made.transfer_id}", f"{made.number} is drafted. Nothing is promised yet.")


@router.get("/transfers/{transfer_id}/edit")
def edit(visit: Visitor, transfer_id: int) -> Response:
    with visit.context() as ctx:
        found = documents.transfer(ctx, transfer_id)
        ctx.require(Right.TRANSFER_GOODS, found.from_site_id)
        sites = [site for site in records.sites(ctx) if site.site_id in (found.from_site_id, found.to_site_id)]
        return pages.render(
            visit, ctx, "transfer_draft.html", transfer=found, sites=sites, own=sites,
            rows=max(ROWS, len(found.lines) + 2), due=found.expected_at.date(),
            lines=[(line.sku, plain(line.quantity)) for line in found.lines], source=new_source(),
        )  # fmt: skip


@router.post("/transfers/{transfer_id}/edit")
def change(visit: Visitor, transfer_id: int, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TRANSFER_GOODS)
        found = documents.transfer(ctx, transfer_id)
        site = records.site_by_id(ctx, found.from_site_id)
        documents.edit_transfer(ctx, transfer_id, _lines(ctx, sent), _due(sent, site), text(sent, "note"))
    return pages.go(f"/transfers/{transfer_id}", "The draft is changed.")


def _lines(ctx: Context, sent: FormData) -> list[tuple[int, Decimal]]:
    return [
        (item_of(ctx, sku, row), read_typed(text(sent, f"amount-{row}", 40)))
        for row in range(1, 501)
        if (sku := text(sent, f"sku-{row}", 64))
    ]


def _due(sent: FormData, site: Site) -> datetime:
    told = text(sent, "due", 20)
    try:
        return datetime.combine(date.fromisoformat(told), ARRIVAL_HOUR, site.zone_info)
    except ValueError as error:
        raise Invalid(Fault("due", "a day such as 2026-03-31", repr(told), "Say when it should arrive.")) from error


@router.get("/transfers/{transfer_id}")
def transfer(visit: Visitor, transfer_id: int) -> Response:
    with visit.context() as ctx:
        found = documents.transfer(ctx, transfer_id)
        here, there = found.from_site_id, found.to_site_id
        may_ship, may_receive = visit.may("issue_goods", here), visit.may("receive_goods", there)
        return pages.render(
            visit,
            ctx,
            "transfer.html",
            at_site=here,
            transfer=found,
            words=documents.words(found.state),
            may_plan=visit.may("transfer_goods", here),
            may_ship=may_ship,
            may_receive=may_receive,
            may_send_back=visit.may("receive_goods", here),
            may_write_off=visit.may("adjust_stock", here),
            lies={
                line.line: stock.suggest(ctx, line.item_id, here, line.to_ship)
                for line in found.lines
                if may_ship and line.to_ship > 0
            },
            here_places=_places(ctx, here) if visit.may("view", here) else [],
            there_places=_places(ctx, there) if visit.may("view", there) else [],
            files=attachments(ctx, f"transfer:{transfer_id}"),
            history=[(one, done(one.action, one.detail)) for one in documents.history_of(ctx, transfer_id)],
            source=new_source(),
        )


def _places(ctx: Context, site_id: int) -> list[str]:
    return [place.code for place in records.places(ctx, site_id) if place.real]


@router.post("/transfers/{transfer_id}/approve")
def approve(visit: Visitor, transfer_id: int) -> Response:
    with visit.context() as ctx:
        found = transfers.approve_transfer(ctx, transfer_id)
    return pages.go(
        f"/transfers/{transfer_id}", f"{found.number} is approved: {found.from_site} keeps its goods for it."
    )


@router.post("/transfers/{transfer_id}/ship")
def ship(
    visit: Visitor, transfer_id: int, line: Line, amount: Amount, place: Code, source: Source, lot: Lot = ""
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        found = documents.transfer(ctx, transfer_id)
        spot = records.place_by_code(ctx, found.from_site_id, place.strip())
        goods = Goods(line, read_typed(amount), spot.place_id, lot.strip() or None)
        after = transfers.ship_transfer(ctx, transfer_id, [goods], source)
    return pages.go(f"/transfers/{transfer_id}", f"{_much(after, goods)} left from {spot.code} and are on the road.")


@router.post("/transfers/{transfer_id}/receive")
def receive(
    visit: Visitor,
    transfer_id: int,
    line: Line,
    amount: Amount,
    place: Code,
    source: Source,
    lot: Lot = "",
    status: Annotated[str, Form(max_length=20)] = "available",
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        found = documents.transfer(ctx, transfer_id)
        spot = records.place_by_code(ctx, found.to_site_id, place.strip())
        goods = Goods(line, read_typed(amount), spot.place_id, lot.strip() or None, status=cast(Status, status))
        after = transfers.receive_transfer(ctx, transfer_id, [goods], source, at_form=True)
    left = after.on_road
    rest = f"{plain(left)} are still on the road." if left else "Nothing of it is on the road any more."
    return pages.go(f"/transfers/{transfer_id}", f"{_much(after, goods)} received into {spot.code}. {rest}")


@router.post("/transfers/{transfer_id}/back")
def back(visit: Visitor, transfer_id: int, line: Line, amount: Amount, place: Code, source: Source) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        found = documents.transfer(ctx, transfer_id)
        spot = records.place_by_code(ctx, found.from_site_id, place.strip())
        goods = Goods(line, read_typed(amount), spot.place_id)
        after = transfers.send_back(ctx, transfer_id, [goods], source)
    return pages.go(f"/transfers/{transfer_id}", f"{_much(after, goods)} are back in {spot.code}.")


@router.post("/transfers/{transfer_id}/lost")
def lost(visit: Visitor, transfer_id: int, line: Line, amount: Amount, reason: Reason) -> Response:
    with visit.context() as ctx:
        after = transfers.write_off_from_road(ctx, transfer_id, line, read_typed(amount), reason)
    return pages.go(f"/transfers/{transfer_id}", f"{_much(after, Goods(line, read_typed(amount), 0))} are written off.")


@router.post("/transfers/{transfer_id}/close")
def close(visit: Visitor, transfer_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        found = transfers.close_transfer(ctx, transfer_id, reason)
    return pages.go(f"/transfers/{transfer_id}", f"{found.number} is closed: no more of it is sent.")


@router.post("/transfers/{transfer_id}/cancel")
def cancel(visit: Visitor, transfer_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        found = transfers.cancel_transfer(ctx, transfer_id, reason)
    return pages.go(f"/transfers/{transfer_id}", f"{found.number} is cancelled. What was promised to it is free.")


def _much(found: Transfer, goods: Goods) -> str:
    line = found.line(goods.line)
    return f"{plain(goods.quantity)} of {line.sku if line else 'it'}"
