"""REST: orders to suppliers from draft to answer, and the suppliers with their terms."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.orders import service as orders
from shelfwise.orders.service import Confirmed
from shelfwise.records import periods
from shelfwise.records import service as records
from shelfwise.records.prices import Price
from shelfwise.records.supply import NewSupplier, Period, Terms
from shelfwise.web.api_errors import errors
from shelfwise.web.api_fulfilment_model import Why
from shelfwise.web.api_model import Id, PurchaseOrderOut
from shelfwise.web.api_purchases_model import (
    AnswerIn,
    ChangeIn,
    ConfirmIn,
    DraftIn,
    PeriodOut,
    PriceOut,
    SupplierIn,
    SupplierOut,
    TermsIn,
    TermsOut,
)
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]
Seller = Annotated[Id, Path()]


@router.post("/purchase-orders", tags=["orders"], responses=errors(404, 409))
def draft(visit: Visitor, told: DraftIn) -> PurchaseOrderOut:
    """Draft an order; nothing leaves before it is approved."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
        site = records.site(ctx, told.site)
        ctx.require(Right.DECIDE_PROPOSALS, site.site_id)
        supplier_id = records.supplier_ids(ctx, [told.supplier]).get(told.supplier)
        if supplier_id is None:
            raise NotFound("supplier", told.supplier)
        lines, currency = _lines(ctx, supplier_id, told)
        return PurchaseOrderOut.model_validate(
            orders.draft_purchase_order(
                ctx, key=f"{ctx.actor.by}:{told.source}"[:200], supplier_id=supplier_id, site_id=site.site_id,
                lines=lines, currency=currency, expected_at=told.expected_at, note=told.note,
            )
        )  # fmt: skip


def _lines(ctx: Context, supplier_id: int, told: DraftIn) -> tuple[list[tuple[int, Decimal, Decimal]], str]:
    items = records.item_ids(ctx, {line.sku for line in told.lines})
    faults = [
        Fault(f"line {row}, sku", "an item that exists", shorten(line.sku), "Add the item, or correct the SKU.")
        for row, line in enumerate(told.lines, 1)
        if line.sku not in items
    ]
    if faults:
        raise Invalid(*faults[:20])
    costs = records.costs(ctx, supplier_id, [(items[line.sku], line.quantity) for line in told.lines])
    billed = {known[1] for known in costs if known is not None}
    currency = told.currency or (
        billed.pop() if len(billed) == 1 else records.supplier(ctx, supplier_id).currency or orders.our_currency(ctx)
    )
    lines = []
    for row, (line, known) in enumerate(zip(told.lines, costs, strict=True), 1):
        cost = line.unit_cost
        if cost is None and known is not None and known[1] == currency:
            cost = known[0]
        if cost is None:
            faults.append(Fault(f"line {row}, unit_cost", f"what one unit costs in {currency}", "nothing",
                                "Our terms with the supplier do not say it: give the cost."))  # fmt: skip
            continue
        lines.append((items[line.sku], line.quantity, cost))
    if faults:
        raise Invalid(*faults[:20])
    return lines, currency


@router.post("/purchase-orders/{purchase_order_id}/approve", tags=["orders"], responses=errors(404, 409))
def approve(visit: Visitor, purchase_order_id: Which) -> PurchaseOrderOut:
    """Approve a draft; above a limit or a budget it then waits for a second person (`second_needed`)."""
    with visit.context() as ctx:
        return PurchaseOrderOut.model_validate(orders.approve_purchase_order(ctx, purchase_order_id))


@router.post("/purchase-orders/{purchase_order_id}/confirm", tags=["orders"], responses=errors(404, 409))
def confirm(visit: Visitor, purchase_order_id: Which, told: ConfirmIn) -> PurchaseOrderOut:
    """What the supplier, or their system, confirmed: how much will come, when, and for how much."""
    with visit.context() as ctx:
        said = [Confirmed(one.line, one.quantity, one.promised_at, one.unit_cost) for one in told.lines]
        return PurchaseOrderOut.model_validate(orders.confirm(ctx, purchase_order_id, said))


@router.post("/purchase-orders/{purchase_order_id}/change", tags=["orders"], responses=errors(404, 409))
def change(visit: Visitor, purchase_order_id: Which, told: ChangeIn) -> PurchaseOrderOut:
    """Ask the supplier for other quantities or another day than they were sent; until they answer, the order stands."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.DECIDE_PROPOSALS)
        order = orders.purchase_order(ctx, purchase_order_id)
        quantities = {one.line: one.quantity for one in told.lines}
        return PurchaseOrderOut.model_validate(
            orders.change_sent(
                ctx, purchase_order_id, quantities, told.expected_at or order.expected_at, told.reason
            )
        )  # fmt: skip


@router.post("/purchase-orders/{purchase_order_id}/cancel", tags=["orders"], responses=errors(404, 409))
def cancel(visit: Visitor, purchase_order_id: Which, told: Why) -> PurchaseOrderOut:
    """Order it no more; a supplier who has it is asked, and it stands until they answer."""
    with visit.context() as ctx:
        return PurchaseOrderOut.model_validate(orders.cancel(ctx, purchase_order_id, told.reason))


@router.post("/purchase-orders/{purchase_order_id}/answer", tags=["orders"], responses=errors(404, 409))
def answer(visit: Visitor, purchase_order_id: Which, told: AnswerIn) -> PurchaseOrderOut:
    """What the supplier said to a change or a cancellation."""
    with visit.context() as ctx:
        if told.lines is not None:
            if told.accepted:
                raise Invalid(Fault("lines", "lines where they did not accept", "both", "Leave one of them out."))
            said = [Confirmed(one.line, one.quantity, one.promised_at, one.unit_cost) for one in told.lines]
            return PurchaseOrderOut.model_validate(orders.answer_otherwise(ctx, purchase_order_id, said, told.note))
        return PurchaseOrderOut.model_validate(orders.answer(ctx, purchase_order_id, told.accepted, told.note))


@router.post("/purchase-orders/{purchase_order_id}/take-back-question", tags=["orders"], responses=errors(404, 409))
def take_back_question(visit: Visitor, purchase_order_id: Which) -> PurchaseOrderOut:
    """Do not ask the supplier after all, while the question has not left."""
    with visit.context() as ctx:
        return PurchaseOrderOut.model_validate(orders.take_back_question(ctx, purchase_order_id))


@router.get("/suppliers", tags=["suppliers"], responses=errors())
def suppliers(visit: Visitor) -> list[SupplierOut]:
    """All suppliers, by code."""
    with visit.context() as ctx:
        return [SupplierOut.model_validate(one) for one in records.suppliers(ctx)]


@router.post("/suppliers", tags=["suppliers"], responses=errors(409))
def add_supplier(visit: Visitor, told: SupplierIn) -> SupplierOut:
    """Add a supplier."""
    with visit.context() as ctx:
        supplier_id = records.add_supplier(ctx, **_told(told))
        return SupplierOut.model_validate(records.supplier(ctx, supplier_id))


@router.post("/suppliers/{supplier_id}", tags=["suppliers"], responses=errors(404, 409))
def change_supplier(visit: Visitor, supplier_id: Seller, told: SupplierIn) -> SupplierOut:
    """Set all fields of a supplier."""
    with visit.context() as ctx:
        return SupplierOut.model_validate(records.change_supplier(ctx, supplier_id, NewSupplier(**_told(told))))


@router.get("/suppliers/{supplier_id}/terms", tags=["suppliers"], responses=errors(404))
def terms(visit: Visitor, supplier_id: Seller) -> list[TermsOut]:
    """On which terms a supplier sells to us, with prices by quantity and day and the times when they are otherwise."""
    with visit.context() as ctx:
        return _shown(ctx, supplier_id, records.terms_of(ctx, supplier_id, standing=True))


@router.post("/suppliers/{supplier_id}/terms/{sku}", tags=["suppliers"], responses=errors(404, 409))
def put_terms(visit: Visitor, supplier_id: Seller, sku: str, told: TermsIn) -> TermsOut:
    """Say on which terms a supplier sells an item, new or changed."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        item = records.item_by_sku(ctx, sku)
        records.supplier(ctx, supplier_id)
        shape = _told(told, "valid_from", "sold_from", "sold_until", "prices", "periods")
        to = Terms(supplier_id, item.item_id, valid_from=told.sold_from, valid_until=told.sold_until, **shape)
        records.put_terms(ctx, to, told.valid_from)
        if told.prices is not None:
            prices = [(one.from_quantity, one.valid_from, one.unit_cost) for one in told.prices]
            records.set_prices(ctx, supplier_id, item.item_id, prices)
        if told.periods is not None:
            said = [Period(supplier_id, item.item_id, **_told(one)) for one in told.periods]
            periods.set_periods(ctx, supplier_id, item.item_id, said)
        (shown,) = _shown(ctx, supplier_id, [records.terms(ctx, supplier_id, item.item_id)])
        return shown


def _told(told: BaseModel, *but: str) -> dict[str, Any]:
    """The fields as they are: a dump would make texts of exact numbers."""
    return {name: getattr(told, name) for name in type(told).model_fields if name not in but}


def _shown(ctx: Context, supplier_id: int, found: list[Terms]) -> list[TermsOut]:
    ids = [one.item_id for one in found]
    prices, times = records.prices_for(ctx, ids), periods.periods_for(ctx, ids)
    return [
        TermsOut(
            **{name: value for name, value in asdict(one).items() if name in TermsOut.model_fields},
            sold_from=one.valid_from,
            sold_until=one.valid_until,
            prices=[PriceOut.model_validate(price) for price in prices if _same(price, one)],
            periods=[PeriodOut.model_validate(time) for time in times if _same(time, one)],
        )
        for one in found
    ]


def _same(told: Price | Period, terms: Terms) -> bool:
    return (told.supplier_id, told.item_id) == (terms.supplier_id, terms.item_id)
