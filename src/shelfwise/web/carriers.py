"""Who takes goods along and for how much: the list, each carrier with how punctual it is, and its rate cards."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import ShelfwiseError
from shelfwise.orders import service as orders
from shelfwise.planning.carriers import cells, desk, service
from shelfwise.planning.carriers.cells import Record, card_of, records_of
from shelfwise.planning.carriers.choosing import percent
from shelfwise.planning.carriers.model import Per, RateCard, When
from shelfwise.planning.carriers.tables import StoredCard
from shelfwise.records import service as records
from shelfwise.records.sheet import Value
from shelfwise.records.sheets_carriers import OF_CARD, OF_PRICE, OF_ZONE, RATE_CARDS
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists import carriers as lists
from shelfwise.web.punctuality_svg import KINDS, WORDS, bar
from shelfwise.web.record_forms import SHOWN_AGAIN, Answers, shown_again
from shelfwise.web.site_choice import offered
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
# Empty rows to type prices into, below those that are there.
SPARE_ROWS = 4
MOST_ROWS = 400
_LEARNT_FROM = timedelta(days=730)
_OF_ROW = (*OF_ZONE, *OF_PRICE)
_WORDS = {
    "service_code": "code", "service_name": "service", "valid_from": "from", "valid_until": "until",
    "dim_factor": "cm³ for a kg", "round_up_kg": "rounded up to", "minimum": "at least", "cancel_cost": "giving back",
    "capacity_parcels": "parcels a day", "capacity_kg": "kg a day", "max_weight_kg": "heaviest",
    "max_length_cm": "longest", "max_girth_cm": "length and girth",
}  # fmt: skip


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=MOST_ROWS * len(_OF_ROW) + 50)


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/carriers")
def list_carriers(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(
            visit, ctx, "carriers.html", found=find(ctx, lists.RATE_CARDS, visit.request.query_params),
            carriers=service.carriers(ctx),
        )  # fmt: skip


@router.get("/carriers/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        return _carrier_page(visit, ctx, None, None, None)


@router.post("/carriers/new")
def add(visit: Visitor, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS)
            answers = Answers(sent)
            made = service.add_carrier(ctx, answers.text("code"), answers.text("name"))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _carrier_page(visit, ctx, None, sent, error)
    return pages.go(f"/carriers/{made}", "Say next what its services cost.")


@router.get("/carriers/{carrier_id}")
def carrier(visit: Visitor, carrier_id: int) -> Response:
    with visit.context() as ctx:
        return _carrier_page(visit, ctx, carrier_id, None, None)


@router.post("/carriers/{carrier_id}")
def rename(visit: Visitor, carrier_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS)
            after = service.rename_carrier(ctx, carrier_id, Answers(sent).text("name"))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _carrier_page(visit, ctx, carrier_id, sent, error)
    return pages.go(f"/carriers/{carrier_id}", f"It is called {after.name} now.")


def _carrier_page(
    visit: Visit, ctx: Context, carrier_id: int | None, sent: FormData | None, error: ShelfwiseError | None
) -> Response:
    found = None if carrier_id is None else service.carrier(ctx, carrier_id)
    values = {"code": "", "name": ""} if found is None else {"code": found.code, "name": found.name}
    return pages.render(
        visit, ctx, "carrier.html", carrier=found, cards=[] if found is None else service.cards(ctx, carrier_id),
        lanes=[] if found is None else _lanes(ctx, found.code), key=list(zip(KINDS, WORDS, strict=True)),
        today=ctx.now.date(), percent=percent, **shown_again(values, sent, error),
    )  # fmt: skip


def _lanes(ctx: Context, code: str) -> list[dict[str, Any]]:
    """What a carrier did on each lane from the sites that one may see, the most used first."""
    learnt = desk.record(ctx, ctx.now.date() - _LEARNT_FROM)
    sites = {site.code: site.name for site in records.sites(ctx)}
    names = {one.card.service_code: one.card.service_name for one in service.cards(ctx)}
    found = []
    for lane in learnt.counts:
        if lane.carrier == code and lane.origin in sites:
            late = learnt.lateness(lane)
            low, high = late.band(2)
            found.append(
                {
                    "service": names.get(lane.service_code, lane.service_code), "site": sites[lane.origin],
                    "zone": lane.zone, "seen": late.seen, "bar": bar(late), "chance": late.on_time, "low": low,
                    "high": high,
                }
            )  # fmt: skip
    return sorted(found, key=lambda one: -one["seen"].lane)


@router.get("/carriers/{carrier_id}/cards/new")
def new_card(visit: Visitor, carrier_id: int, like: int = 0) -> Response:
    """An empty card, or one to begin with what another one says."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        return _card_page(visit, ctx, carrier_id, None, None, None, like)


@router.post("/carriers/{carrier_id}/cards/new")
def add_card(visit: Visitor, carrier_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.EDIT_RECORDS)
            told = _told(sent, service.carrier(ctx, carrier_id).code)
            made = service.put_card(ctx, told)
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _card_page(visit, ctx, carrier_id, None, sent, error)
    return pages.go(f"/rate-cards/{made}", f"The prices of {told.name} are kept.")


@router.get("/rate-cards/{rate_card_id}")
def card(visit: Visitor, rate_card_id: int) -> Response:
    with visit.context() as ctx:
        found = service.card(ctx, rate_card_id)
        return _card_page(visit, ctx, found.carrier_id, found, None, None)


@router.post("/rate-cards/{rate_card_id}")
def change_card(visit: Visitor, rate_card_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.EDIT_RECORDS)
            found = service.card(ctx, rate_card_id)
            ctx.require(Right.EDIT_RECORDS, found.site_id)
            service.put_card(ctx, _told(sent, found.card.carrier), rate_card_id)
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            found = service.card(ctx, rate_card_id)
            return _card_page(visit, ctx, found.carrier_id, found, sent, error)
    return pages.go(f"/rate-cards/{rate_card_id}", "The prices are kept. What was booked by them stays as it was.")


@router.post("/rate-cards/{rate_card_id}/remove")
def remove_card(visit: Visitor, rate_card_id: int) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        found = service.card(ctx, rate_card_id)
        service.remove_card(ctx, rate_card_id)
    return pages.go(f"/carriers/{found.carrier_id}", f"The prices of {found.card.name} are taken out.")


def _card_page(
    visit: Visit, ctx: Context, carrier_id: int, found: StoredCard | None, sent: FormData | None,
    error: ShelfwiseError | None, like: int = 0,
) -> Response:  # fmt: skip
    owner = service.carrier(ctx, carrier_id)
    example = service.card(ctx, like) if like else found
    rows = list(records_of(example.card, owner.name)) if example else []
    values = _values(ctx, rows, found is None)
    prices = [[one[name] for name in _OF_ROW] for one in rows] if sent is None else _rows_sent(sent)
    return pages.render(
        visit, ctx, "rate_card.html", carrier=owner, stored=found, prices=prices,
        spare=SPARE_ROWS, row_names=_OF_ROW, whens=list(When), pers=list(Per),
        **offered(ctx, Right.EDIT_RECORDS), **shown_again(values, sent, error),
    )  # fmt: skip


def _values(ctx: Context, rows: list[dict[str, Value]], new: bool) -> Record:
    names = [column.name for column in OF_CARD]
    if not rows:
        usual = {name: cells.DEFAULTS.get(name) for name in names}
        return usual | {"currency": orders.our_currency(ctx), "valid_from": ctx.now.date()}
    return {name: rows[0][name] for name in names} | ({"valid_from": ctx.now.date()} if new else {})


def _rows_sent(sent: FormData) -> list[list[str]]:
    """The rows of prices in which somebody wrote something."""
    rows = zip(*(map(str, sent.getlist(name)) for name in _OF_ROW), strict=False)
    return [list(row) for row in rows if any(cell.strip() for cell in row)]


def _told(sent: FormData, carrier_code: str) -> RateCard:
    """The card that a form says.

    Raises:
        Invalid: something of it cannot be right.
    """
    answers = Answers(sent)
    whole: dict[str, Value] = {
        column.name: _value(answers, column.name, column.kind, _WORDS.get(column.name, column.name.replace("_", " ")))
        for column in OF_CARD
        if column.name not in ("carrier", "carrier_name")
    } | {"carrier": carrier_code}
    rows: list[Record] = []
    for number, row in enumerate(_rows_sent(sent), 1):
        of_row = Answers(FormData(list(zip(_OF_ROW, row, strict=True))), answers.faults)
        rows.append(
            whole
            | {
                name: _value(of_row, name, RATE_CARDS.column(name).kind, f"row {number}, {name.replace('_', ' ')}")
                for name in _OF_ROW
            }
        )
    answers.check()
    return card_of(rows or [whole])


def _value(answers: Answers, name: str, kind: str, words: str) -> Value:
    match kind:
        case "number":
            return answers.number(name, words)
        case "whole":
            return answers.whole(name, words)
        case "day":
            return answers.day_if_any(name, words)
        case _:
            return answers.text(name) or None
