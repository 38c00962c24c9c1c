"""REST: movements, corrections, holds, lots and traces, why a figure is what it is, and what it was."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement, Status
from shelfwise.stock.moved import MovementRow
from shelfwise.stock.posting import require_any
from shelfwise.web.api_errors import errors
from shelfwise.web.api_ledger_model import (
    AdjustmentIn,
    AsOfOut,
    ConversionIn,
    ExplainedOut,
    FoundLotOut,
    HeldOut,
    HoldIn,
    LiesOut,
    LineOut,
    MovementsIn,
    PostedOut,
    TraceOut,
    WhyIn,
    WriteOffIn,
)
from shelfwise.web.api_model import Id
from shelfwise.web.api_stock import Limit, Offset, SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()
Sku = Annotated[str, Query(max_length=200)]
Lot = Annotated[str | None, Query(max_length=200, description="Empty: what has none")]
PlaceCode = Annotated[str | None, Query(max_length=64)]
AsStatus = Annotated[Status | None, Query()]
Search = Annotated[str, Query(max_length=200)]


def item_ids(ctx: Context, skus: list[str], where: str = "line {row}, sku") -> dict[str, int]:
    """
    Raises:
        Invalid: one of the items does not exist.
    """
    found = records.item_ids(ctx, set(skus))
    unknown = [
        Fault(where.format(row=row), "an item that exists", shorten(sku), "Add the item, or correct the SKU.")
        for row, sku in enumerate(skus, 1)
        if sku not in found
    ]
    if unknown:
        raise Invalid(*unknown[:20])
    return found


def _site_with(ctx: Context, code: str, right: Right) -> Site:
    """The site, for somebody who has the right there; who has it nowhere is not told which sites there are."""
    ctx.require_somewhere(right)
    here = records.site(ctx, code)
    ctx.require(right, here.site_id)
    return here


def _place(ctx: Context, site: Site, code: str) -> int:
    return records.place_by_code(ctx, site.site_id, code).place_id


def _line(row: MovementRow) -> LineOut:
    return LineOut.model_validate({**vars(row), "to_site": row.site})


@router.get("/movements", tags=["ledger"], responses=errors(404))
def movements(
    visit: Visitor,
    sku: Annotated[str | None, Query(max_length=200)] = None,
    site: SiteCode = None,
    place: PlaceCode = None,
    lot: Lot = None,
    status: AsStatus = None,
    before: Annotated[Id | None, Query(description="Only those with a smaller id, to read on")] = None,
    limit: Limit = 100,
) -> list[LineOut]:
    """Lines of the ledger, newest first: of an item, of a place, or both; of an item with the balance after each."""
    with visit.context() as ctx:
        item_id = None if sku is None else records.item_by_sku(ctx, sku).item_id
        here = None if site is None and place is None else site_of(ctx, site)
        place_id = None if place is None or here is None else _place(ctx, here, place)
        if item_id is None and place_id is None:
            raise Invalid(Fault("sku", "an item or a place", "neither", "Name one of them."))
        found = stock.movements(
            ctx, item_id, limit, site_id=None if here is None else here.site_id, place_id=place_id, lot=lot,
            status=status, before=before,
        )  # fmt: skip
        return [_line(one) for one in found]


@router.post("/movements", tags=["ledger"], responses=errors(404, 409))
def post_movements(visit: Visitor, told: MovementsIn) -> PostedOut:
    """Tell what moved. What was seen is posted even where the books knew of less: somebody is asked to count then."""
    with visit.context() as ctx:
        reasons = sorted({one.reason for one in told.movements})
        for reason in reasons:
            require_any(ctx, reason)
        here = records.site(ctx, told.site)
        for reason in reasons:
            require_any(ctx, reason, here.site_id)
        items = item_ids(ctx, [one.sku for one in told.movements], "movement {row}, sku")
        codes = {code for one in told.movements for code in (one.from_place, one.to_place)}
        places = {code: _place(ctx, here, code) for code in sorted(codes)}
        ids = stock.post_many(
            ctx,
            [
                NewMovement(
                    items[one.sku], places[one.from_place], places[one.to_place], one.quantity, one.reason,
                    one.occurred_at, one.source, lot=one.lot, serial=one.serial, from_status=one.from_status,
                    to_status=one.to_status, catch_weight_g=one.catch_weight_g, note=one.note,
                )
                for one in told.movements
            ],
        )  # fmt: skip
        return PostedOut(movement_ids=ids)


@router.post("/movements/{movement_id}/reverse", tags=["ledger"], responses=errors(404, 409))
def reverse(visit: Visitor, movement_id: Annotated[Id, Path()], told: WhyIn) -> PostedOut:
    """Take a movement back that was a mistake: its opposite is posted, both stay."""
    with visit.context() as ctx:
        return PostedOut(movement_ids=[stock.reverse(ctx, movement_id, told.reason)])


@router.post("/batches/{batch_id}/reverse", tags=["ledger"], responses=errors(404, 409))
def reverse_batch(visit: Visitor, batch_id: Annotated[Id, Path()], told: WhyIn) -> PostedOut:
    """Take back all that was posted together, or none of it."""
    with visit.context() as ctx:
        return PostedOut(movement_ids=stock.reverse_batch(ctx, batch_id, told.reason))


@router.post("/adjustments", tags=["ledger"], responses=errors(404, 409))
def adjust(visit: Visitor, told: AdjustmentIn) -> PostedOut:
    """The books are wrong about a place, and somebody knows by how much."""
    with visit.context() as ctx:
        here = _site_with(ctx, told.site, Right.ADJUST_STOCK)
        done = stock.adjust(
            ctx, item_id=records.item_by_sku(ctx, told.sku).item_id, place_id=_place(ctx, here, told.place),
            change=told.change, reason=told.reason, lot=told.lot, status=told.status, seen=told.seen,
            source=told.source,
        )  # fmt: skip
        return PostedOut(movement_ids=[done])


@router.post("/write-offs", tags=["ledger"], responses=errors(404, 409))
def write_off(visit: Visitor, told: WriteOffIn) -> PostedOut:
    """Goods are thrown away."""
    with visit.context() as ctx:
        here = _site_with(ctx, told.site, Right.ADJUST_STOCK)
        done = stock.write_off(
            ctx, item_id=records.item_by_sku(ctx, told.sku).item_id, place_id=_place(ctx, here, told.place),
            quantity=told.quantity, reason=told.reason, lot=told.lot, status=told.status, seen=told.seen,
            source=told.source,
        )  # fmt: skip
        return PostedOut(movement_ids=[done])


@router.post("/conversions", tags=["ledger"], responses=errors(404, 409))
def convert(visit: Visitor, told: ConversionIn) -> PostedOut:
    """One item became another: a case was opened, a set was packed. Its lot and its status go along."""
    with visit.context() as ctx:
        here = _site_with(ctx, told.site, Right.ISSUE_GOODS)
        done = stock.convert(
            ctx, item_id=records.item_by_sku(ctx, told.sku).item_id, place_id=_place(ctx, here, told.place),
            quantity=told.quantity, to_item_id=records.item_by_sku(ctx, told.to_sku).item_id,
            to_quantity=told.to_quantity, source=told.source, lot=told.lot, note=told.note,
            to_place_id=None if told.to_place is None else _place(ctx, here, told.to_place),
        )  # fmt: skip
        return PostedOut(movement_ids=done)


@router.post("/holds", tags=["ledger"], responses=errors(404, 409))
def hold(visit: Visitor, told: HoldIn) -> HeldOut:
    """Take stock out of what is picked and promised. Releasing it takes a person's signature, on the pages."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.HOLD_STOCK)
        here = None if told.site is None else records.site(ctx, told.site)
        if here is None and told.place is not None:
            raise Invalid(Fault("site", "the site of the place", "none", "Name it."))
        ctx.require(Right.HOLD_STOCK, None if here is None else here.site_id)
        done = stock.hold(
            ctx, item_id=records.item_by_sku(ctx, told.sku).item_id, reason=told.reason, status=told.status,
            lot=told.lot, site_id=None if here is None else here.site_id, quantity=told.quantity,
            place_id=None if here is None or told.place is None else _place(ctx, here, told.place),
        )  # fmt: skip
        return HeldOut.model_validate(done)


@router.get("/lies", tags=["ledger"], responses=errors(404))
def lies(
    visit: Visitor,
    sku: Annotated[str | None, Query(max_length=200)] = None,
    site: SiteCode = None,
    place: PlaceCode = None,
    lot: Lot = None,
    status: AsStatus = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> list[LiesOut]:
    """What lies where at a site, by place, item, lot and status."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        item_id = None if sku is None else records.item_by_sku(ctx, sku).item_id
        found = stock.lies_at(
            ctx, item_id=item_id, site_id=here.site_id, place_id=None if place is None else _place(ctx, here, place),
            lot=lot, status=status, limit=limit, offset=offset,
        )  # fmt: skip
        return [LiesOut.model_validate(one) for one in found]


@router.get("/lots", tags=["ledger"], responses=errors())
def lots(visit: Visitor, search: Search, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> list[FoundLotOut]:
    """Lots whose code begins so, and how much of each is on hand."""
    with visit.context() as ctx:
        return [FoundLotOut.model_validate(one) for one in stock.find_lots(ctx, search, limit)]


@router.get("/trace", tags=["ledger"], responses=errors(404))
def trace(visit: Visitor, sku: Sku, lot: Annotated[str, Query(max_length=200)]) -> TraceOut:
    """A lot forward and back, as for a recall."""
    with visit.context() as ctx:
        return TraceOut.model_validate(stock.trace(ctx, records.item_by_sku(ctx, sku).item_id, lot))


@router.get("/explain", tags=["ledger"], responses=errors(404))
def explain(visit: Visitor, sku: Sku, site: SiteCode = None) -> ExplainedOut:
    """What each figure of an item at a site is made of."""
    with visit.context() as ctx:
        item, here = records.item_by_sku(ctx, sku), site_of(ctx, site)
        return ExplainedOut.model_validate(stock.explain(ctx, item.item_id, here.site_id))


@router.get("/as-of", tags=["ledger"], responses=errors(404))
def as_of(
    visit: Visitor,
    at: Annotated[AwareDatetime, Query(description="What had happened by then")],
    known_at: Annotated[AwareDatetime | None, Query(description="As it was known then; left out: now")] = None,
    site: SiteCode = None,
    search: Search = "",
    limit: Limit = 200,
    offset: Offset = 0,
) -> list[AsOfOut]:
    """What lay at a site at some time, as it was known then or as it is known now."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        found = stock.stock_as_of(ctx, here.site_id, at, known_at, search=search, limit=limit, offset=offset)
        return [AsOfOut.model_validate(one) for one in found]
