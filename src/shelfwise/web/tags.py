"""Tags: what each is on, binding many at a receiving table, taking them off, and numbers for new ones to print."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, shorten
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock.portals import service as portals
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import one_piece, read_epcs, zpl
from shelfwise.web import pages
from shelfwise.web.files import download
from shelfwise.web.floor import chosen_site
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]
Asked = Annotated[str, Query(max_length=200)]
_FORM = {"site": "", "order": "", "line": "", "sku": "", "lot": "", "amount": "1", "epcs": ""}


@router.get("/tags")
def list_tags(visit: Visitor, search: Asked = "") -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "tags.html", found=tags.tags(ctx, search), search=search)


@router.get("/tags/bind")
def bind_page(
    visit: Visitor,
    site: Asked = "",
    order: Annotated[int, Query(ge=0, le=2**62)] = 0,
    line: Annotated[int, Query(ge=0, le=10**6)] = 0,
    reader: Asked = "",
    load: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """The receiving table: for a line of an order, or any item; with what a reader has just read, or a load's tags."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        told = {"site": site, "order": str(order or ""), "line": str(line or "")}
        if order:
            found = orders.purchase_order(ctx, order)
            told["site"] = found.site
            told["sku"] = next((one.sku for one in found.lines if one.line == line), "")
        if reader:
            told["epcs"] = "\n".join(tags.read_lately(ctx, reader))
        elif load:
            unknown = [one.epc for one in portals.picture(ctx, load).seen if not one.content]
            told["epcs"] = "\n".join(unknown)
        return _form(visit, ctx, told, reader=reader)


def _form(
    visit: Visit, ctx: Context, told: dict[str, str], error: ShelfwiseError | None = None, reader: str = ""
) -> Response:
    here = chosen_site(ctx, told.get("site") or None)
    if here is None:
        raise NotFound("site", "(first)")
    ctx.require(Right.RECEIVE_GOODS, here.site_id)
    return pages.render(
        visit, ctx, "tags_bind.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        at_site=here.site_id, here=here, values=_FORM | told, readers=tags.readers(ctx, here.site_id), reader=reader,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/tags/bind")
def bind(
    visit: Visitor,
    site: Text,
    sku: Text = "",
    amount: Text = "1",
    lot: Text = "",
    order: Text = "",
    line: Text = "",
    epcs: Annotated[str, Form(max_length=200_000)] = "",
) -> Response:
    told = {"site": site, "order": order, "line": line, "sku": sku, "lot": lot, "amount": amount, "epcs": epcs}
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.RECEIVE_GOODS)
            here = records.site(ctx, site)
            ctx.require(Right.RECEIVE_GOODS, here.site_id)
            item = records.item_by_sku(ctx, sku.strip())
            read = read_epcs(epcs)
            many = tags.bind_tags(
                ctx, here.site_id, read, one_piece(item.item_id, read_typed(amount), lot.strip() or None),
                purchase_order_id=_whole(order), purchase_line=_whole(line),
            )  # fmt: skip
    except (Invalid, Refused, NotFound) as error:
        with visit.context() as ctx:
            return _form(visit, ctx, told, error)
    said = f"{many} {'tag is' if many == 1 else 'tags are'} on {item.sku} now."
    known = len(read) - many
    return pages.go(f"/tags?search={pages.segment(item.sku)}", said + (f" {known} were already." if known else ""))


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < len(text) < 19 else None


@router.get("/tags/print")
def print_page(visit: Visitor, sku: Asked = "") -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        return _print_page(visit, ctx, sku)


def _print_page(visit: Visit, ctx: Context, sku: str, error: ShelfwiseError | None = None) -> Response:
    try:
        item = records.item_by_sku(ctx, sku) if sku else None
    except NotFound as unknown:
        item, error = None, error or unknown
    return pages.render(
        visit, ctx, "tags_print.html", 200 if error is None else 422, sku=sku, item=item,
        gtins=[] if item is None else tags.gtins(ctx, item.item_id), digits=tags.company_digits(ctx),
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/tags/print")
def print_tags(
    visit: Visitor,
    sku: Text,
    gtin: Text = "",
    count: Text = "1",
    digits: Text = "7",
    kind: Annotated[str, Form(max_length=3)] = "csv",
) -> Response:
    """Numbers for new tags, as a file for the printer. Each is given once: print the file, do not ask for it again."""
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.RECEIVE_GOODS)
            item = records.item_by_sku(ctx, sku)
            if kind not in ("csv", "zpl"):
                raise Invalid(Fault("kind", "csv or zpl", shorten(kind), "Choose what the printer reads."))
            epcs = tags.new_epcs(ctx, item.item_id, gtin, int(read_typed(count)), int(read_typed(digits)))
    except (Invalid, Refused, NotFound) as error:
        with visit.context() as ctx:
            return _print_page(visit, ctx, sku, error)
    if kind == "zpl":
        return download(f"tags-{item.sku}.zpl", zpl(epcs, f"{item.sku} {item.description}").encode(), "text/plain")
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow(["epc", "sku", "description", "gtin"])
    rows.writerows([one, item.sku, item.description, gtin] for one in epcs)
    return download(f"tags-{item.sku}.csv", sheet.getvalue().encode(), "text/csv")


@router.get("/tags/{tag_epc}")
def tag_page(visit: Visitor, tag_epc: str) -> Response:
    with visit.context() as ctx:
        return _tag_page(visit, ctx, tag_epc)


def _tag_page(visit: Visit, ctx: Context, tag_epc: str, error: ShelfwiseError | None = None) -> Response:
    history = tags.tag_history(ctx, tag_epc)
    return pages.render(
        visit, ctx, "tag.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        at_site=history[0].site_id, tag=history[0], history=history, on=[one for one in history if one.ended is None],
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/tags/{tag_epc}/off")
def take_off(visit: Visitor, tag_epc: str, reason: Text = "", killed: Text = "") -> Response:
    try:
        with visit.context() as ctx:
            tags.take_off(ctx, tag_epc, reason, killed == "yes")
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _tag_page(visit, ctx, tag_epc, error)
    return pages.go(f"/tags/{pages.segment(tag_epc)}", "The tag is on nothing now.")


@router.post("/tags/{tag_epc}/replace")
def replace(visit: Visitor, tag_epc: str, new: Text = "", reason: Text = "") -> Response:
    try:
        with visit.context() as ctx:
            tags.replace_tag(ctx, tag_epc, new, reason)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _tag_page(visit, ctx, tag_epc, error)
    return pages.go(f"/tags/{pages.segment(read_epcs(new)[0])}", "The new tag has taken its place.")
