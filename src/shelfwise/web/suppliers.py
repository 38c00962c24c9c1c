"""Who sells to us and on which terms: the list, each supplier's page, and the terms for an item with their prices."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.model import Right
from shelfwise.core.quantities import ZERO
from shelfwise.orders import service as orders
from shelfwise.records import periods
from shelfwise.records import service as records
from shelfwise.records.habits import usual_lead_days
from shelfwise.records.prices import WEEKDAYS
from shelfwise.records.supply import NewSupplier
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.records import SUPPLIERS
from shelfwise.web.terms_told import clock_told, day_told, number_told, periods_told, prices_told, terms_told
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
# Empty rows to type prices and periods into, below those that are there.
SPARE_ROWS = 3
PERIOD_ROWS = 1


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
            visit, ctx, "supplier.html", supplier=None, values=NewSupplier("", ""), weekdays=WEEKDAYS, terms=[],
            open=[], usual=0.0, today=ctx.now.date(),
        )  # fmt: skip


@router.post("/suppliers/new")
def add(visit: Visitor, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        one = _supplier(sent)
        supplier_id = records.add_supplier(ctx, **asdict(one))
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
            weekdays=WEEKDAYS,
            today=ctx.now.date(),
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
        known = [] if found is None else records.terms_for(ctx, [found.item_id], standing=True)
        mine = next((one for one in known if one.supplier_id == supplier_id), None)
        # What was known ahead and has begun is the cost itself by now.
        prices = [
            one
            for one in (records.prices_for(ctx, [found.item_id]) if found else [])
            if one.supplier_id == supplier_id and (one.from_quantity > 0 or one.valid_from > ctx.now.date())
        ]
        return pages.render(
            visit, ctx, "supplier_terms.html", supplier=seller, item=found, terms=mine, prices=prices, spare=SPARE_ROWS,
            periods=[] if mine is None else periods.periods_of(ctx, supplier_id, mine.item_id), rows=PERIOD_ROWS,
            today=ctx.now.date(), usual=usual_lead_days(ctx), currency=seller.currency or orders.our_currency(ctx),
        )  # fmt: skip


@router.post("/suppliers/{supplier_id}/terms")
def put_terms(visit: Visitor, supplier_id: int, sent: Sent) -> Response:
    """Terms of an item, new or changed, with all its prices by quantity and day."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        item = records.item_by_sku(ctx, str(sent.get("sku", "")).strip())
        told = terms_told(sent, supplier_id, item.item_id)
        prices = prices_told(sent)
        starts = day_told(sent.get("valid_from"), "cost from")
        ahead = [one for one in records.prices_for(ctx, [item.item_id]) if one.supplier_id == supplier_id]
        # What is no longer in the list must not stand against another currency.
        if ahead and not prices:
            records.set_prices(ctx, supplier_id, item.item_id, [])
        now = records.put_terms(ctx, told, starts)
        # The cost was changed for a day to come: a price of its own, unless the list says that too.
        if (
            starts is not None
            and told.unit_cost != now.unit_cost
            and all((start, day) != (ZERO, starts) for start, day, _ in prices)
        ):
            prices.append((ZERO, starts, told.unit_cost))
        records.set_prices(ctx, supplier_id, item.item_id, prices)
        periods.set_periods(ctx, supplier_id, item.item_id, periods_told(sent, supplier_id, item.item_id))
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
    days = {str(one) for one in sent.getlist("order_days")}
    # All ticked, or none: every day.
    ticked = ",".join(day for day in WEEKDAYS if day in days) if len(days) < len(WEEKDAYS) else ""
    return NewSupplier(
        text("code") or "", text("name") or "", text("order_url"), text("email"), text("account_number"), address[:500],
        (text("currency") or "").upper() or None, text("numbers") or "en",
        minimum_value=number_told(sent.get("minimum_value"), "minimum of an order"),
        free_freight_from=number_told(sent.get("free_freight_from"), "free freight from"),
        order_days=ticked, orders_until=clock_told(sent.get("orders_until"), "orders until"),
    )  # fmt: skip
