"""Who sells to us and on which terms: the list, each supplier's page, and the terms for an item with their prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import ZERO
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.records.habits import usual_lead_days
from shelfwise.records.model import NewSupplier, Terms
from shelfwise.records.prices import NUMBERS
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.records import SUPPLIERS
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
# Empty rows to type prices into, below those that are there.
SPARE_ROWS = 3


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=500)


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/suppliers")
def list_suppliers(visit: Visitor) -> Response:
    with visit.context() as ctx:
        found = find(ctx, SUPPLIERS, visit.request.query_params)
        return pages.render(visit, ctx, "suppliers.html", found=found)


@router.get("/suppliers/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        return pages.render(
            visit, ctx, "supplier.html", supplier=None, values=NewSupplier("", ""), numbers=NUMBERS, terms=[], open=[],
            usual=0.0,
        )  # fmt: skip


@router.post("/suppliers/new")
def add(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        one = _supplier(sent)
        supplier_id = records.add_supplier(
            ctx, code=one.code, name=one.name, order_url=one.order_url, email=one.email, address=one.address,
            account_number=one.account_number, currency=one.currency, numbers=one.numbers,
        )  # fmt: skip
    return pages.go(f"/suppliers/{supplier_id}", f"{one.name} is added. Say next what it sells, and for how much.")


@router.get("/suppliers/{supplier_id}")
def supplier(visit: Visitor, supplier_id: int) -> Response:
    with visit.context() as ctx:
        found = records.supplier(ctx, supplier_id)
        terms = records.terms_of(ctx, supplier_id)
        items = records.items_by_id(ctx, [one.item_id for one in terms])
        breaks: dict[int, int] = {}
        for price in records.prices_for(ctx, [one.item_id for one in terms]):
            if price.supplier_id == supplier_id:
                breaks[price.item_id] = breaks.get(price.item_id, 0) + 1
        return pages.render(
            visit,
            ctx,
            "supplier.html",
            supplier=found,
            values=found.as_new,
            numbers=NUMBERS,
            usual=usual_lead_days(ctx),
            terms=[(one, items[one.item_id], breaks.get(one.item_id, 0)) for one in terms],
            open=[one for one in orders.purchase_orders(ctx, limit=1000) if one.supplier_id == supplier_id][:20],
        )


@router.post("/suppliers/{supplier_id}")
def change(visit: Visitor, supplier_id: int, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        after = records.change_supplier(ctx, supplier_id, _supplier(sent))
    return pages.go(f"/suppliers/{supplier_id}", f"{after.name} is changed.")


@router.get("/suppliers/{supplier_id}/terms")
def terms(visit: Visitor, supplier_id: int, item: str = "") -> Response:
    """The terms for an item, or (without one) new ones."""
    with visit.context() as ctx:
        seller = records.supplier(ctx, supplier_id)
        found = records.item_by_sku(ctx, item) if item else None
        known = [] if found is None else records.terms_for(ctx, [found.item_id])
        mine = next((one for one in known if one.supplier_id == supplier_id), None)
        # What was known ahead and has begun is the cost itself by now.
        prices = [
            one
            for one in (records.prices_for(ctx, [found.item_id]) if found else [])
            if one.supplier_id == supplier_id and (one.from_quantity > 0 or one.valid_from > ctx.now.date())
        ]
        return pages.render(
            visit, ctx, "supplier_terms.html", supplier=seller, item=found, terms=mine, prices=prices, spare=SPARE_ROWS,
            today=ctx.now.date(), usual=usual_lead_days(ctx), currency=seller.currency or orders.our_currency(ctx),
        )  # fmt: skip


@router.post("/suppliers/{supplier_id}/terms")
def put_terms(visit: Visitor, supplier_id: int, sent: Sent) -> Response:
    """Terms of an item, new or changed, with all its prices by quantity and day."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        item = records.item_by_sku(ctx, str(sent.get("sku", "")).strip())
        told = Terms(
            supplier_id, item.item_id, read_typed(sent.get("unit_cost", ""), "cost of one"),
            str(sent.get("currency", "")).strip().upper(), _days(str(sent.get("lead_time_days", ""))),
            read_typed(sent.get("pack_size") or "1", "pack"), read_typed(sent.get("minimum_order") or "0", "minimum"),
            supplier_sku=str(sent.get("supplier_sku", "")).strip(),
        )  # fmt: skip
        prices = _prices(sent)
        known = {one.supplier_id for one in records.terms_for(ctx, [item.item_id])}
        if supplier_id in known:
            starts = _day(str(sent.get("valid_from", "")), "cost from")
            # What is no longer in the list must not stand against another currency.
            ahead = [one for one in records.prices_for(ctx, [item.item_id]) if one.supplier_id == supplier_id]
            if not prices and ahead:
                records.set_prices(ctx, supplier_id, item.item_id, [])
            records.change_terms(ctx, told, starts)
            if starts is not None and starts > ctx.now.date():
                now = records.terms(ctx, supplier_id, item.item_id).unit_cost
                if told.unit_cost != now and all((start, day) != (ZERO, starts) for start, day, _ in prices):
                    prices.append((ZERO, starts, told.unit_cost))
        else:
            records.add_terms(
                ctx, supplier_id=supplier_id, item_id=item.item_id, unit_cost=told.unit_cost, currency=told.currency,
                lead_time_days=told.lead_time_days, pack_size=told.pack_size, minimum_order=told.minimum_order,
                supplier_sku=told.supplier_sku,
            )  # fmt: skip
        records.set_prices(ctx, supplier_id, item.item_id, prices)
    return pages.go(f"/suppliers/{supplier_id}", f"The terms for {item.sku} are kept.")


@router.post("/suppliers/{supplier_id}/terms/remove")
def remove_terms(visit: Visitor, supplier_id: int, sku: Annotated[str, Form(max_length=64)]) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        item = records.item_by_sku(ctx, sku)
        records.remove_terms(ctx, supplier_id, item.item_id)
    return pages.go(f"/suppliers/{supplier_id}", f"{item.sku} is not bought there any more.")


def _supplier(sent: FormData) -> NewSupplier:
    def text(name: str) -> str | None:
        return str(sent.get(name, "")).strip()[:500] or None

    address = "\n".join(line.strip() for line in str(sent.get("address", "")).splitlines() if line.strip())
    return NewSupplier(
        text("code") or "", text("name") or "", text("order_url"), text("email"), text("account_number"), address[:500],
        (text("currency") or "").upper() or None, text("numbers") or "en",
    )  # fmt: skip


def _prices(sent: FormData) -> list[tuple[Decimal, date, Decimal]]:
    """The rows that are filled in: from so many units on, from this day on, what one costs."""
    found = []
    rows = zip(sent.getlist("from"), sent.getlist("day"), sent.getlist("each"), strict=False)
    for number, (start, day, each) in enumerate(rows, 1):
        if not str(start).strip() and not str(each).strip():
            continue
        starts = _day(str(day), f"price {number}, from")
        if starts is None:
            raise Invalid(Fault(f"price {number}, from", "a day such as 2026-12-31", "nothing", "Choose a day."))
        found.append(
            (read_typed(start, f"price {number}, quantity"), starts, read_typed(each, f"price {number}, cost of one"))
        )
    return found


def _days(text: str) -> float | None:
    return float(read_typed(text, "lead time")) if text.strip() else None


def _day(text: str, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise Invalid(Fault(where, "a day such as 2026-12-31", shorten(text), "Correct the day.")) from error
