"""Lists as files to take away: each page's list as it stands there, filtered and sorted, and all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import NotFound
from shelfwise.intake.giving_out import Given, give_out
from shelfwise.records.exchange import SHEETS
from shelfwise.web import lists, pages
from shelfwise.web.listing import Listing
from shelfwise.web.listing_files import CSV, XLSX, ZIP, Head, Table, as_csv, as_workbook, as_zip, sent
from shelfwise.web.listing_rows import cell, every, zone_of
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=100)


@router.get("/export")
def export_page(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.IMPORT_DATA)
        return pages.render(visit, ctx, "export.html", sheets=SHEETS, lists=list(lists.ALL.values()))


@router.post("/export")
def export_everything(visit: Visitor, said: Annotated[FormData, Depends(_sent)]) -> Response:
    """What was ticked, as one ZIP of CSV files or one workbook; it stands in the audit log."""
    with visit.context() as ctx:
        zone = zone_of(ctx)
        tables = map(as_table, give_out(ctx, {str(one) for one in said.getlist("sheet")}))
        told = f"shelfwise-{local_day(ctx.now, zone)}"
        if said.get("form") == "xlsx":
            return sent(as_workbook(tables, zone, ctx.now), XLSX, f"{told}.xlsx")
        return sent(as_zip(tables, zone), ZIP, f"{told}.zip")


def as_table(given: Given) -> Table:
    """One kind of record as a sheet or a CSV file."""
    headings = given.sheet.headings
    return Table(
        given.sheet.name,
        [Head(one.name, one.kind) for one in given.sheet.columns],
        ([record.get(name) for name in headings] for record in given.records),
    )


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
    return Table(listing.name, [Head(one.key, one.kind) for one in columns], _cells(visit, ctx, listing))


def _cells(visit: Visit, ctx: Context, listing: Listing) -> Iterator[list[object]]:
    columns = [one for one in listing.columns if one.exported]
    for row in every(ctx, listing, visit.request.query_params):
        yield [cell(one, row) for one in columns]
