"""REST: transfers between sites, and what is on the road."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.orders import transfers as documents
from shelfwise.orders.transfers_model import TransferState
from shelfwise.records import service as records
from shelfwise.stock import transfers
from shelfwise.stock.transfers import Goods
from shelfwise.web.api_errors import errors
from shelfwise.web.api_fulfilment_model import ComingOut, LostIn, MovedIn, TransferIn, TransferOut, Why
from shelfwise.web.api_model import Id
from shelfwise.web.api_stock import SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]


@router.post("/transfers", tags=["transfers"], responses=errors(404))
def draft(visit: Visitor, told: TransferIn) -> TransferOut:
    """Plan to move goods from one site to another; nothing is promised before it is approved."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TRANSFER_GOODS)
        start, end = records.site(ctx, told.from_site), records.site(ctx, told.to_site)
        ctx.require(Right.TRANSFER_GOODS, start.site_id)
        items = records.item_ids(ctx, {line.sku for line in told.lines})
        unknown = [
            Fault(f"line {row}, sku", "an item that exists", shorten(line.sku), "Add the item, or correct the SKU.")
            for row, line in enumerate(told.lines, 1)
            if line.sku not in items
        ]
        if unknown:
            raise Invalid(*unknown[:20])
        lines = [(items[line.sku], line.quantity) for line in told.lines]
        return TransferOut.model_validate(
            documents.draft_transfer(ctx, start.site_id, end.site_id, lines, told.expected_at, told.note, told.source)
        )


@router.get("/transfers", tags=["transfers"], responses=errors())
def transfers_list(visit: Visitor, state: Annotated[list[TransferState] | None, Query()] = None) -> list[TransferOut]:
    """Transfers in some states or all, newest first."""
    with visit.context() as ctx:
        return [TransferOut.model_validate(one) for one in documents.transfers(ctx, state or None)]


@router.get("/transfers/{transfer_id}", tags=["transfers"], responses=errors(404))
def transfer(visit: Visitor, transfer_id: Which) -> TransferOut:
    """A transfer: how much of each line is promised, has left, is on the road and has arrived."""
    with visit.context() as ctx:
        return TransferOut.model_validate(documents.transfer(ctx, transfer_id))


@router.get("/in-transit", tags=["transfers"], responses=errors(404))
def in_transit(visit: Visitor, site: SiteCode = None) -> list[ComingOut]:
    """What is on the road to a site, soonest first."""
    with visit.context() as ctx:
        coming = documents.in_transit(ctx, site_of(ctx, site).site_id)
        skus = {item_id: records.item(ctx, item_id).sku for item_id in coming}
        found = [
            ComingOut(sku=skus[item_id], quantity=much, expected_at=when)
            for item_id, parts in coming.items()
            for much, when in parts
        ]
        return sorted(found, key=lambda one: (one.expected_at, one.sku))


@router.post("/transfers/{transfer_id}/approve", tags=["transfers"], responses=errors(404, 409))
def approve(visit: Visitor, transfer_id: Which) -> TransferOut:
    """Promise what it asks for at its source, or promise anew what it has lost."""
    with visit.context() as ctx:
        return TransferOut.model_validate(transfers.approve_transfer(ctx, transfer_id))


@router.post("/transfers/{transfer_id}/ship", tags=["transfers"], responses=errors(404, 409))
def ship(visit: Visitor, transfer_id: Which, told: MovedIn) -> TransferOut:
    """Tell what has left the source, in parts if need be."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        found = documents.transfer(ctx, transfer_id)
        ctx.require(Right.ISSUE_GOODS, found.from_site_id)
        goods = _goods(ctx, told, found.from_site_id)
        return TransferOut.model_validate(
            transfers.ship_transfer(ctx, transfer_id, goods, told.source, told.occurred_at)
        )


@router.post("/transfers/{transfer_id}/receive", tags=["transfers"], responses=errors(404, 409))
def receive(visit: Visitor, transfer_id: Which, told: MovedIn) -> TransferOut:
    """Tell what has arrived at the destination: in parts, too many, damaged, or of another lot."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        found = documents.transfer(ctx, transfer_id)
        ctx.require(Right.RECEIVE_GOODS, found.to_site_id)
        goods = _goods(ctx, told, found.to_site_id)
        return TransferOut.model_validate(
            transfers.receive_transfer(ctx, transfer_id, goods, told.source, told.occurred_at)
        )


@router.post("/transfers/{transfer_id}/back", tags=["transfers"], responses=errors(404, 409))
def back(visit: Visitor, transfer_id: Which, told: MovedIn) -> TransferOut:
    """Tell what was on the road and is at its source again."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        found = documents.transfer(ctx, transfer_id)
        ctx.require(Right.RECEIVE_GOODS, found.from_site_id)
        goods = _goods(ctx, told, found.from_site_id)
        return TransferOut.model_validate(transfers.send_back(ctx, transfer_id, goods, told.source, told.occurred_at))


def _goods(ctx: Context, told: MovedIn, site_id: int) -> list[Goods]:
    return [
        Goods(
            one.line, one.quantity, records.place_by_code(ctx, site_id, one.place).place_id, one.lot, one.serial,
            one.status,
        )
        for one in told.goods
    ]  # fmt: skip


@router.post("/transfers/{transfer_id}/lost", tags=["transfers"], responses=errors(404, 409))
def lost(visit: Visitor, transfer_id: Which, told: LostIn) -> TransferOut:
    """Write off what never arrived."""
    with visit.context() as ctx:
        return TransferOut.model_validate(
            transfers.write_off_from_road(ctx, transfer_id, told.line, told.quantity, told.reason)
        )


@router.post("/transfers/{transfer_id}/close", tags=["transfers"], responses=errors(404, 409))
def close(visit: Visitor, transfer_id: Which, told: Why) -> TransferOut:
    """Send no more of it."""
    with visit.context() as ctx:
        return TransferOut.model_validate(transfers.close_transfer(ctx, transfer_id, told.reason))


@router.post("/transfers/{transfer_id}/cancel", tags=["transfers"], responses=errors(404, 409))
def cancel(visit: Visitor, transfer_id: Which, told: Why) -> TransferOut:
    """Cancel a transfer of which nothing has moved."""
    with visit.context() as ctx:
        return TransferOut.model_validate(transfers.cancel_transfer(ctx, transfer_id, told.reason))
