"""REST: counts, from asking for one to posting its differences."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records import service as records
from shelfwise.stock import counts
from shelfwise.web.api_errors import errors
from shelfwise.web.api_ledger import item_ids
from shelfwise.web.api_ledger_model import AgainIn, CountIn, CountLineOut, CountOut, SheetOut, ToldIn, WhyIn
from shelfwise.web.api_model import Id
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]


def _sheet(ctx: Context, count_id: int) -> SheetOut:
    shown = CountOut.model_validate(counts.count(ctx, count_id))
    lines = [CountLineOut.model_validate(one) for one in counts.count_lines(ctx, count_id)]
    return SheetOut(**shown.model_dump(), lines=lines)


@router.get("/counts", tags=["counts"], responses=errors())
def count_list(visit: Visitor) -> list[CountOut]:
    """The newest counts."""
    with visit.context() as ctx:
        return [CountOut.model_validate(one) for one in counts.counts(ctx)]


@router.post("/counts", tags=["counts"], responses=errors(404))
def start(visit: Visitor, told: CountIn) -> SheetOut:
    """Ask for places to be counted."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.COUNT_STOCK)
        here = records.site(ctx, told.site)
        ctx.require(Right.COUNT_STOCK, here.site_id)
        places = [records.place_by_code(ctx, here.site_id, code).place_id for code in sorted(set(told.places))]
        items = list(item_ids(ctx, told.skus, "item {row}").values()) if told.skus else None
        count_id = counts.start_count(
            ctx, site_id=here.site_id, title=told.title, place_ids=places, item_ids=items, blind=told.blind
        )
        return _sheet(ctx, count_id)


@router.get("/counts/{count_id}", tags=["counts"], responses=errors(404))
def sheet(visit: Visitor, count_id: Which) -> SheetOut:
    """A count, line by line."""
    with visit.context() as ctx:
        return _sheet(ctx, count_id)


@router.post("/counts/{count_id}/places", tags=["counts"], responses=errors(404, 409))
def tell(visit: Visitor, count_id: Which, told: ToldIn) -> SheetOut:
    """Tell what lies in a place: all of it. Told again, it is the same; under another source it is counted anew."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.COUNT_STOCK)
        found = counts.count(ctx, count_id)
        ctx.require(Right.COUNT_STOCK, found.site_id)
        items = item_ids(ctx, [one.sku for one in told.found])
        place = records.place_by_code(ctx, found.site_id, told.place)
        lines = [(items[one.sku], one.lot, one.quantity) for one in told.found]
        counts.tell_count(ctx, count_id, place.place_id, lines, told.source, told.counted_at)
        return _sheet(ctx, count_id)


@router.post("/counts/{count_id}/finish", tags=["counts"], responses=errors(404, 409))
def finish(visit: Visitor, count_id: Which) -> SheetOut:
    """All places are counted: small differences are posted, large ones wait for a second person."""
    with visit.context() as ctx:
        counts.finish_count(ctx, count_id)
        return _sheet(ctx, count_id)


@router.post("/counts/{count_id}/approve", tags=["counts"], responses=errors(404, 409))
def approve(visit: Visitor, count_id: Which) -> SheetOut:
    """Post the differences, as somebody who did not count."""
    with visit.context() as ctx:
        counts.approve_count(ctx, count_id)
        return _sheet(ctx, count_id)


@router.post("/counts/{count_id}/again", tags=["counts"], responses=errors(404, 409))
def again(visit: Visitor, count_id: Which, told: AgainIn) -> SheetOut:
    """Ask for places to be counted once more."""
    with visit.context() as ctx:
        counts.count_again(ctx, count_id, told.place_ids)
        return _sheet(ctx, count_id)


@router.post("/counts/{count_id}/cancel", tags=["counts"], responses=errors(404, 409))
def cancel(visit: Visitor, count_id: Which, told: WhyIn) -> SheetOut:
    """Count no further: nothing of it changes the books."""
    with visit.context() as ctx:
        counts.cancel_count(ctx, count_id, told.reason)
        return _sheet(ctx, count_id)
