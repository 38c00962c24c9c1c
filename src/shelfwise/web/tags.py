"""Tags: what each is on, binding many at a receiving table, taking them off, and numbers for new ones to print."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, shorten
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock.portals import service as portals
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import Content, read_epcs, zpl
from shelfwise.web import pages
from shelfwise.web.files import download
from shelfwise.web.floor import chosen_site
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed, typed, whole

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]
Asked = Annotated[str, Query(max_length=200)]
_FORM = {"site": "", "order": "", "line": "", "epcs": ""}
MOST_ROWS = 60
Cells = Annotated[list[Text], Form(max_length=MOST_ROWS)]


@dataclass(frozen=True)
class Goods:
    """A row of the form: what lies under each tag."""

    sku: str = ""
    amount: str = "1"
    lot: str = ""


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
    """The receiving table: for one line of an order or all open ones, or any item; with what a reader read, or a load.

    Args:
        line: 0: all open lines, as they lie on a mixed pallet.
    """
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        told = {"site": site, "order": str(order or ""), "line": str(line or "")}
        goods: list[Goods] = []
        if order:
            found = orders.purchase_order(ctx, order)
            told["site"] = found.site
            open_lines = [one for one in found.lines if one.outstanding > 0][:MOST_ROWS]
            goods = (
                [Goods(one.sku) for one in found.lines if one.line == line] if line
                else [Goods(one.sku, typed(one.outstanding)) for one in open_lines]
            )  # fmt: skip
        if reader:
            told["epcs"] = "\n".join(tags.read_lately(ctx, reader))
        elif load:
            unknown = [one.epc for one in portals.picture(ctx, load).seen if not one.content]
            told["epcs"] = "\n".join(unknown)
        return _form(visit, ctx, told, goods, reader=reader)


def _form(
    visit: Visit,
    ctx: Context,
    told: dict[str, str],
    goods: Sequence[Goods],
    error: ShelfwiseError | None = None,
    reader: str = "",
) -> Response:
    here = chosen_site(ctx, told.get("site") or None)
    if here is None:
        raise NotFound("site", "(first)")
    ctx.require(Right.RECEIVE_GOODS, here.site_id)
    return pages.render(
        visit, ctx, "tags_bind.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        at_site=here.site_id, here=here, values=_FORM | told, rows=goods or [Goods()],
        readers=tags.readers(ctx, here.site_id), reader=reader,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/tags/bind")
def bind(
    visit: Visitor,
    site: Text,
    sku: Cells = [],  # noqa: B006 (FastAPI copies it)
    amount: Cells = [],  # noqa: B006
    lot: Cells = [],  # noqa: B006
    order: Text = "",
    line: Text = "",
    epcs: Annotated[str, Form(max_length=200_000)] = "",
    more: Text = "",
) -> Response:
    """Bind all of the tags to the goods of the rows; rows without an item are left out. `more`: only show more rows."""
    told = {"site": site, "order": order, "line": line, "epcs": epcs}
    rows = [Goods(*(cell.strip() for cell in row)) for row in zip_longest(sku, amount, lot, fillvalue="")]
    goods = [row for row in rows if row.sku]
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.RECEIVE_GOODS)
            here = records.site(ctx, site)
            ctx.require(Right.RECEIVE_GOODS, here.site_id)
            if more:
                return _form(visit, ctx, told, rows)
            content = _content(ctx, goods)
            read = read_epcs(epcs)
            many = tags.bind_tags(
                ctx, here.site_id, read, content, purchase_order_id=whole(order),
                purchase_line=whole(line) if len(content) == 1 else None,
            )  # fmt: skip
    except (Invalid, Refused, NotFound) as error:
        with visit.context() as ctx:
            return _form(visit, ctx, told, goods, error)
    skus = list(dict.fromkeys(row.sku for row in goods))
    said = f"{many} {'tag is' if many == 1 else 'tags are'} on {', '.join(skus)} now."
    known = len(read) - many
    search = read[0] if len(content) > 1 else skus[0]
    return pages.go(f"/tags?search={pages.segment(search)}", said + (f" {known} were already." if known else ""))


def _content(ctx: Context, goods: Sequence[Goods]) -> list[Content]:
    """What lies under each tag; the same lot of the same item in two rows is one.

    Raises:
        Invalid: a row cannot be right.
        NotFound: there is no such item.
    """
    found: dict[tuple[int, str | None], Content] = {}
    for number, row in enumerate(goods, 1):
        item = records.item_by_sku(ctx, row.sku)
        where = "how many" if len(goods) == 1 else f"row {number}, under each tag"
        key = (item.item_id, row.lot or None)
        much = read_typed(row.amount or "1", where) + (found[key].quantity if key in found else 0)
        found[key] = Content(item.item_id, much, row.lot or None)
    return list(found.values())


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
