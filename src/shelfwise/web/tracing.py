"""Lots and serial numbers: finding one, where a serial was, who got a lot as a file, and correcting a lot's dates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.core.quantities import plain
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.trace import Trace
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
MOST = 50
ALL = 1_000_000
HEADINGS = ("lot", "item", "customer", "order", "quantity")
Item = Annotated[int, Query(ge=1, le=2**63 - 1)]
Code = Annotated[str, Query(max_length=200)]


@router.get("/lots/find")
def find(visit: Visitor, search: Code = "") -> Response:
    wanted = search.replace("\x00", "").strip()
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        lots = stock.find_lots(ctx, wanted, MOST + 1) if wanted else []
        return pages.render(
            visit, ctx, "lots_found.html", search=wanted, lots=lots[:MOST], more=len(lots) > MOST,
            serials=stock.find_serial(ctx, wanted) if wanted else [],
        )  # fmt: skip


@router.get("/serial")
def serial(visit: Visitor, item: Item, code: Code) -> Response:
    """Where one piece is and was. Its number may hold anything, so it stands in the query."""
    with visit.context() as ctx:
        found = records.item(ctx, item)
        steps = stock.serial_history(ctx, item, code)
        if not steps:
            raise NotFound("serial", code)
        at = next((one for one in stock.find_serial(ctx, code) if one.item_id == item), None)
        return pages.render(visit, ctx, "serial.html", item=found, code=code, steps=steps, at=at)


@router.get("/lot/customers.csv")
def customers(visit: Visitor, item: Item, code: Code) -> Response:
    """Who has a lot, as it is or as what it became, for a recall: one line for each customer, order and item."""
    with visit.context() as ctx:
        found = stock.trace(ctx, item, code, ALL)
        told = io.StringIO()
        lines = csv.writer(told)
        lines.writerow(HEADINGS)
        lines.writerows(_lines(found))
        name = "".join(one if one.isalnum() else "-" for one in f"{found.sku}-{code}")[:80]
    return Response(
        # Spreadsheets take it for UTF-8 by its first bytes.
        "\ufeff" + told.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''lot-{pages.segment(name)}.csv"},
    )


def _lines(found: Trace) -> Iterator[list[str]]:
    for one in found.reached:
        texts = (found.lot.code, one.sku, one.customer, one.order_number or "")
        yield [*(_cell(text) for text in texts), plain(one.quantity)]


def _cell(text: str) -> str:
    """A text as a spreadsheet shall show it: what begins like a formula is none."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@router.post("/lot/correct")
def correct(
    visit: Visitor,
    item: Annotated[int, Form(ge=1, le=2**63 - 1)],
    code: Annotated[str, Form(max_length=200)],
    reason: Annotated[str, Form(max_length=500)],
    expires_on: Annotated[str, Form(max_length=20)] = "",
    made_on: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """The dates of a lot, as its label says them."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RELEASE_STOCK)
        stock.correct_lot(
            ctx, item, code, reason=reason, expires_on=_day(expires_on, "last day"), made_on=_day(made_on, "made on")
        )  # fmt: skip
    return pages.go(f"/lot?item={item}&code={pages.segment(code)}", "Corrected. What was taken out stays held.")


def _day(told: str, where: str) -> date | None:
    if not told.strip():
        return None
    try:
        return date.fromisoformat(told.strip())
    except ValueError as error:
        raise Invalid(Fault(where, "a day such as 2026-03-31", shorten(told), "Read the label again.")) from error
