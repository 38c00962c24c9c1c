"""REST: customers' order lines and their picks, purchase orders and their receipts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine, PurchaseState, SalesState
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.web.api_errors import errors
from shelfwise.web.api_fulfilment_model import ReceiptIn
from shelfwise.web.api_model import (
    Id,
    IssuedOut,
    IssueIn,
    PurchaseOrderOut,
    ReceiptOut,
    SalesLineIn,
    SalesLineOut,
    TakenOut,
)
from shelfwise.web.api_stock import SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()
FAULTS_SHOWN = 20
SalesLines = Annotated[list[SalesLineIn], Body(min_length=1, max_length=10_000)]


@router.post("/sales-lines", tags=["orders"], responses=errors(404, 409))
def take_sales_lines(visit: Visitor, told: SalesLines, site: SiteCode = None) -> TakenOut:
    """Take order lines of a site, all or none of them; a line that is known already stays as it is."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.TAKE_ORDERS)
        here = site_of(ctx, site)
        ctx.require(Right.TAKE_ORDERS, here.site_id)
        items = records.item_ids(ctx, {line.sku for line in told}, own=True)
        unknown = [
            Fault(f"line {number}, sku", "an item that exists", shorten(line.sku), "Add the item, or correct the SKU.")
            for number, line in enumerate(told)
            if line.sku not in items
        ]
        if unknown:
            raise Invalid(*unknown[:FAULTS_SHOWN])
        lines = [
            NewSalesLine(
                line.order_number,
                line.line,
                here.site_id,
                items[line.sku],
                line.ordered_at,
                line.quantity,
                line.unit_price,
                line.customer,
                line.country,
            )
            for line in told
        ]
        return TakenOut.model_validate(orders.take_sales_lines(ctx, lines))


@router.get("/sales-lines", tags=["orders"], responses=errors(404))
def sales_lines(
    visit: Visitor,
    site: SiteCode = None,
    state: SalesState | None = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="Only lines with a greater id")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> list[SalesLineOut]:
    """Order lines by id; for the next page give the last id as `after`."""
    with visit.context() as ctx:
        site_id = None if site is None else site_of(ctx, site).site_id
        found = orders.sales_lines(
            ctx, site_id=site_id, states=None if state is None else [state], after=after, limit=limit
        )
        return [SalesLineOut.model_validate(line) for line in found]


@router.post("/sales-lines/{sales_line_id}/issue", tags=["orders"], responses=errors(404, 409))
def issue(visit: Visitor, sales_line_id: Annotated[Id, Path()], told: IssueIn) -> IssuedOut:
    """Tell of a pick that happened. It is recorded even where the books knew of less."""
    with visit.context() as ctx:
        line = orders.sales_line(ctx, sales_line_id)
        picks = [(records.place_by_code(ctx, line.site_id, one.place).place_id, one.quantity) for one in told.picks]
        return IssuedOut.model_validate(stock.issue(ctx, sales_line_id, picks, told.source, told.occurred_at))


@router.get("/purchase-orders", tags=["orders"], responses=errors())
def purchase_orders(
    visit: Visitor, state: Annotated[list[PurchaseState] | None, Query()] = None
) -> list[PurchaseOrderOut]:
    """Purchase orders, in some states or all."""
    with visit.context() as ctx:
        found = orders.purchase_orders(ctx, state or None)
        return [PurchaseOrderOut.model_validate(one) for one in found]


@router.get("/purchase-orders/{purchase_order_id}", tags=["orders"], responses=errors(404))
def purchase_order(visit: Visitor, purchase_order_id: Annotated[Id, Path()]) -> PurchaseOrderOut:
    """A purchase order with its lines."""
    with visit.context() as ctx:
        return PurchaseOrderOut.model_validate(orders.purchase_order(ctx, purchase_order_id))


@router.post("/purchase-orders/{purchase_order_id}/sent", tags=["orders"], responses=errors(404))
def mark_sent(visit: Visitor, purchase_order_id: Annotated[Id, Path()]) -> PurchaseOrderOut:
    """Tell that the supplier has an order that Shelfwise does not send itself; told again, nothing changes."""
    with visit.context() as ctx:
        order = orders.purchase_order(ctx, purchase_order_id)
        return PurchaseOrderOut.model_validate(orders.mark_sent(ctx, order.number))


@router.post("/purchase-orders/{purchase_order_id}/receipts", tags=["orders"], responses=errors(404, 409))
def receive(visit: Visitor, purchase_order_id: Annotated[Id, Path()], told: ReceiptIn) -> ReceiptOut:
    """Tell of goods that came, in parts if need be."""
    with visit.context() as ctx:
        order = orders.purchase_order(ctx, purchase_order_id)
        place = records.place_by_code(ctx, order.site_id, told.place)
        return ReceiptOut.model_validate(
            stock.receive(
                ctx,
                purchase_order_id,
                told.line,
                told.quantity,
                place.place_id,
                told.source,
                told.occurred_at,
                lot=told.lot,
                expires_on=told.expires_on,
                made_on=told.made_on,
                serial=told.serial,
                status=told.status,
                catch_weight_g=told.catch_weight_g,
            )
        )
