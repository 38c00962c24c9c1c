"""Customers' orders: what waits, what is promised, what left; taking one by hand; whose turn it is; what came back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, cast

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import sales_orders, shipments, transfers
from shelfwise.orders import service as orders
from shelfwise.orders.attachments import attachments
from shelfwise.orders.sales_orders import OrderLine
from shelfwise.records import service as records
from shelfwise.stock import customer_returns, shipping
from shelfwise.stock import service as stock
from shelfwise.stock.customer_returns import CameBack
from shelfwise.stock.model import Status
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent, done, item_of, new_source, text
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.orders import SALES
from shelfwise.web.pages import segment
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
ROWS = 6
Reason = Annotated[str, Form(max_length=500)]


def address(order_number: str) -> str:
    return f"/sales/orders/{segment(order_number)}"


@router.get("/sales")
def list_orders(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "sales.html", found=find(ctx, SALES, visit.request.query_params))


@router.get("/sales/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TAKE_ORDERS)
        sites = [site for site in records.sites(ctx) if visit.may("take_orders", site.site_id)]
        return pages.render(visit, ctx, "sale_new.html", sites=sites, rows=ROWS, source=new_source())


@router.post("/sales/new")
def take(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TAKE_ORDERS)
        site = records.site(ctx, text(sent, "site"))
        lines = []
        for row in range(1, ROWS + 1):
            if sku := text(sent, f"sku-{row}", 64):
                price = read_typed(text(sent, f"price-{row}", 40) or "0")
                lines.append((item_of(ctx, sku, row), read_typed(text(sent, f"amount-{row}", 40)), price))
        number = sales_orders.take_order(
            ctx, site.site_id, lines, customer=text(sent, "customer", 200) or None,
            country=text(sent, "country", 200) or None, source=text(sent, "source", 100) or None,
            order_number=text(sent, "number", 200) or None, allow_part=bool(text(sent, "allow_part")),
            note=text(sent, "note", 2000),
        )  # fmt: skip
        stock.reserve_open(ctx, site.site_id, {item_id for item_id, _, _ in lines})
        words = sales_orders.sales_order(ctx, number).words
    return pages.go(address(number), f"Order {number} is taken: {words}.")


@router.get("/sales/orders/{order_number:path}")
def order(visit: Visitor, order_number: str) -> Response:
    with visit.context() as ctx:
        found = sales_orders.sales_order(ctx, order_number)
        return pages.render(
            visit,
            ctx,
            "sale.html",
            order=found,
            explained={line.sales_line_id: _explain(ctx, line) for line in found.lines},
            sites=sorted({(line.site_id, line.site) for line in found.lines}),
            to_ship={
                line.site for line in found.lines
                if line.reserved > 0 and line.shipment is None and visit.may("issue_goods", line.site_id)
            },
            shipments=shipments.shipments(ctx, order_number=order_number),
            returns=shipments.customer_returns(ctx, order_number),
            files=attachments(ctx, f"sales_order:{order_number}"),
            notes=sales_orders.notes_of(ctx, order_number),
            history=[(one, done(one.action, one.detail)) for one in sales_orders.history_of(ctx, order_number)],
            source=new_source(),
            address=address(order_number),
        )  # fmt: skip


def _explain(ctx: Context, line: OrderLine) -> dict[str, object]:
    """Where what is reserved lies, and when what is missing comes."""
    lies = stock.suggest(ctx, line.item_id, line.site_id, line.reserved) if line.reserved > 0 else []
    coming: list[tuple[Decimal, object]] = []
    if line.missing > 0:
        due = [
            *orders.on_order(ctx, line.site_id).get(line.item_id, []),
            *transfers.in_transit(ctx, line.site_id).get(line.item_id, []),
        ]
        missing = line.missing
        for much, when in sorted(due, key=lambda one: one[1]):
            if missing <= ZERO:
                break
            coming.append((much, when))
            missing -= much
    return {"lies": lies, "coming": coming}


@router.post("/sales/notes")
def note(
    visit: Visitor, order_number: Annotated[str, Form(max_length=200)], note: Annotated[str, Form(max_length=2000)]
) -> Response:
    with visit.context() as ctx:
        sales_orders.add_sales_note(ctx, order_number, note)
    return pages.go(address(order_number), "The note is kept with the order.")


@router.post("/sales/shipments")
def begin(
    visit: Visitor, order_number: Annotated[str, Form(max_length=200)], site: Annotated[str, Form(max_length=64)]
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        begun = shipping.begin_shipment(ctx, records.site(ctx, site).site_id, order_number)
    return pages.go(f"/shipments/{begun.shipment_id}", f"{begun.number} is ready to pick: {len(begun.stops)} stops.")


@router.post("/sales/returns")
def take_back(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        line = orders.sales_line(ctx, int(text(sent, "line", 19) or "0") if text(sent, "line", 19).isdigit() else 0)
        place = records.place_by_code(ctx, line.site_id, text(sent, "place", 64))
        status = cast(Status, text(sent, "status", 20))
        came = CameBack(
            line.sales_line_id, read_typed(text(sent, "amount", 40)), place.place_id, status,
            text(sent, "lot", 200) or None,
        )  # fmt: skip
        back = customer_returns.take_customer_return(
            ctx, line.site_id, line.order_number, [came], text(sent, "source", 100), text(sent, "note"),
            at_form=True,
        )  # fmt: skip
    return pages.go(
        address(line.order_number),
        f"{back.number}: {plain(came.quantity)} of {line.sku} lie in {place.code}"
        + (", and may be sold again." if status == "available" else f" as {status}."),
    )


@router.post("/sales/lines/{sales_line_id}/first")
def first(visit: Visitor, sales_line_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        line = stock.put_first(ctx, sales_line_id, reason)
    said = "has its goods now" if line.state == "reserved" else "gets what comes next"
    return pages.go(address(line.order_number), f"Line {line.line} {said}.")


@router.post("/sales/lines/{sales_line_id}/hold-back")
def hold_back(visit: Visitor, sales_line_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        line = stock.hold_back(ctx, sales_line_id, reason)
    return pages.go(
        address(line.order_number), f"Line {line.line} is promised nothing until somebody lets it wait again."
    )


@router.post("/sales/lines/{sales_line_id}/let-wait")
def let_wait(visit: Visitor, sales_line_id: int) -> Response:
    with visit.context() as ctx:
        line = stock.let_wait(ctx, sales_line_id)
    said = "has its goods now" if line.state == "reserved" else "waits its turn"
    return pages.go(address(line.order_number), f"Line {line.line} {said}.")


@router.post("/sales/lines/{sales_line_id}/allow-part")
def allow_part(visit: Visitor, sales_line_id: int, allow: Annotated[bool, Form()]) -> Response:
    with visit.context() as ctx:
        line = stock.allow_part(ctx, sales_line_id, allow)
    said = "may go in parts: what is there is promised to it" if allow else "goes whole or not at all from now on"
    return pages.go(address(line.order_number), f"Line {line.line} {said}.")


@router.post("/sales/lines/{sales_line_id}/cancel")
def cancel(visit: Visitor, sales_line_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        line = stock.cancel(ctx, sales_line_id, reason)
    return pages.go(address(line.order_number), f"Line {line.line} is cancelled. What was promised to it is free.")
