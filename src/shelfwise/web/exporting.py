"""Lists as files to take away: each page's list as it stands there, filtered and sorted, and all of it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shelfwise.access.context import Context
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import NotFound
from shelfwise.web import lists
from shelfwise.web.listing import Listing
from shelfwise.web.listing_files import CSV, XLSX, Head, Table, as_csv, as_workbook, sent
from shelfwise.web.listing_rows import cell, every, zone_of
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/export/{listing}.{form}")
def export_list(visit: Visitor, listing: str, form: str) -> Response:
    """The whole list of a page, as `csv` or `xlsx`, narrowed and sorted as its page is with the same query."""
    chosen = lists.ALL.get(listing)
    if chosen is None or form not in ("csv", "xlsx"):
        raise NotFound("list as a file", f"{listing}.{form}")
    with visit.context() as ctx:
        zone = zone_of(ctx)
        told = f"{chosen.name}-{local_day(ctx.now, zone)}.{form}"
        table = _table(visit, ctx, chosen)
        if form == "csv":
            return sent(as_csv(table, zone, bom="bom" in visit.request.query_params), CSV, told)
        return sent(as_workbook([table], zone, ctx.now), XLSX, told)


def _table(visit: Visit, ctx: Context, listing: Listing) -> Table:
    columns = [one for one in listing.columns if one.exported]
    rows = ([cell(one, row) for one in columns] for row in every(ctx, listing, visit.request.query_params))
    return Table(listing.name, [Head(one.key, one.kind) for one in columns], rows)
