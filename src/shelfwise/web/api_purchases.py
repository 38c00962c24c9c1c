"""REST: orders to suppliers from draft to answer, and the suppliers with their terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.orders import service as orders
from shelfwise.orders.service import Confirmed
from shelfwise.records import service as records
from shelfwise.records.model import NewSupplier, Terms
from shelfwise.web.api_errors import errors
from shelfwise.web.api_fulfilment_model import Why
from shelfwise.web.api_model import Id, PurchaseOrderOut
from shelfwise.web.api_purchases_model import (
    AnswerIn,
    ChangeIn,
    ConfirmIn,
    DraftIn,
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
    """Order other quantities, or for another day, than the supplier was sent; they are told and have to answer."""
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
    """Order it no more; a supplier who has it is told and has to answer."""
    with visit.context() as ctx:
        return PurchaseOrderOut.model_validate(orders.cancel(ctx, purchase_order_id, told.reason))


@router.post("/purchase-orders/{purchase_order_id}/answer", tags=["orders"], responses=errors(404, 409))
def answer(visit: Visitor, purchase_order_id: Which, told: AnswerIn) -> PurchaseOrderOut:
    """What the supplier said to a change or a cancellation."""
    with visit.context() as ctx:
        return PurchaseOrderOut.model_validate(orders.answer(ctx, purchase_order_id, told.accepted, told.note))


@router.get("/suppliers", tags=["suppliers"], responses=errors())
def suppliers(visit: Visitor) -> list[SupplierOut]:
    """All suppliers, by code."""
    with visit.context() as ctx:
        return [SupplierOut.model_validate(one) for one in records.suppliers(ctx)]


@router.post("/suppliers", tags=["suppliers"], responses=errors(409))
def add_supplier(visit: Visitor, told: SupplierIn) -> SupplierOut:
    """Add a supplier."""
    with visit.context() as ctx:
        supplier_id = records.add_supplier(ctx, **told.model_dump())
        return SupplierOut.model_validate(records.supplier(ctx, supplier_id))


@router.post("/suppliers/{supplier_id}", tags=["suppliers"], responses=errors(404, 409))
def change_supplier(visit: Visitor, supplier_id: Seller, told: SupplierIn) -> SupplierOut:
    """Set all fields of a supplier."""
    with visit.context() as ctx:
        return SupplierOut.model_validate(records.change_supplier(ctx, supplier_id, NewSupplier(**told.model_dump())))


@router.get("/suppliers/{supplier_id}/terms", tags=["suppliers"], responses=errors(404))
def terms(visit: Visitor, supplier_id: Seller) -> list[TermsOut]:
    """On which terms a supplier sells to us today, with prices by quantity and day."""
    with visit.context() as ctx:
        return _shown(ctx, supplier_id, records.terms_of(ctx, supplier_id))


@router.post("/suppliers/{supplier_id}/terms/{sku}", tags=["suppliers"], responses=errors(404, 409))
def put_terms(visit: Visitor, supplier_id: Seller, sku: str, told: TermsIn) -> TermsOut:
    """Say on which terms a supplier sells an item, new or changed."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        item = records.item_by_sku(ctx, sku)
        records.supplier(ctx, supplier_id)
        to = Terms(
            supplier_id, item.item_id, told.unit_cost, told.currency, told.lead_time_days, told.pack_size,
            told.minimum_order, supplier_sku=told.supplier_sku,
        )  # fmt: skip
        if any(one.supplier_id == supplier_id for one in records.terms_for(ctx, [item.item_id])):
            records.change_terms(ctx, to, told.valid_from)
        else:
            records.add_terms(
                ctx, supplier_id=supplier_id, item_id=item.item_id, unit_cost=to.unit_cost, currency=to.currency,
                lead_time_days=to.lead_time_days, pack_size=to.pack_size, minimum_order=to.minimum_order,
                supplier_sku=to.supplier_sku,
            )  # fmt: skip
        if told.prices is not None:
            prices = [(one.from_quantity, one.valid_from, one.unit_cost) for one in told.prices]
            records.set_prices(ctx, supplier_id, item.item_id, prices)
        (shown,) = _shown(ctx, supplier_id, [records.terms(ctx, supplier_id, item.item_id)])
        return shown


def _shown(ctx: Context, supplier_id: int, found: list[Terms]) -> list[TermsOut]:
    prices = records.prices_for(ctx, [one.item_id for one in found])
    return [
        TermsOut(
            supplier_id=supplier_id,
            item_id=one.item_id,
            unit_cost=one.unit_cost,
            currency=one.currency,
            lead_time_days=one.lead_time_days,
            pack_size=one.pack_size,
            minimum_order=one.minimum_order,
            supplier_sku=one.supplier_sku,
            prices=[
                PriceOut.model_validate(price)
                for price in prices
                if (price.supplier_id, price.item_id) == (supplier_id, one.item_id)
            ],
        )
        for one in found
    ]
