"""REST: customers' orders as documents, whose turn it is, shipments and what customers send back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shelfwise.access.model import Right
from shelfwise.orders import sales_orders, shipments
from shelfwise.orders.sales_orders import Show
from shelfwise.orders.shipments_model import Box, ShipmentState
from shelfwise.records import service as records
from shelfwise.stock import customer_returns, shipping
from shelfwise.stock import service as stock
from shelfwise.stock.customer_returns import CameBack
from shelfwise.web.api_errors import errors
from shelfwise.web.api_fulfilment_model import (
    AllowPartIn,
    PackIn,
    PickedOut,
    PickIn,
    ReturnIn,
    ReturnOut,
    SalesOrderOut,
    ShipIn,
    ShipmentIn,
    ShipmentOut,
    Why,
)
from shelfwise.web.api_model import Id, SalesLineOut
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]


@router.get("/sales-orders", tags=["orders"], responses=errors())
def sales_orders_list(
    visit: Visitor,
    show: Show = "under_way",
    search: Annotated[str, Query(max_length=200, description="A number, or a part of a customer's name or SKU")] = "",
) -> list[SalesOrderOut]:
    """Customers' orders, newest first: those under way, those that wait, those ready to ship, or all."""
    with visit.context() as ctx:
        return [SalesOrderOut.model_validate(one) for one in sales_orders.sales_orders(ctx, show, search)]


@router.get("/sales-orders/{order_number:path}", tags=["orders"], responses=errors(404))
def sales_order(visit: Visitor, order_number: Annotated[str, Path(max_length=200)]) -> SalesOrderOut:
    """A customer's order: how far each line is, what is reserved for it and what is missing."""
    with visit.context() as ctx:
        return SalesOrderOut.model_validate(sales_orders.sales_order(ctx, order_number))


@router.post("/sales-lines/{sales_line_id}/first", tags=["orders"], responses=errors(404, 409))
def put_first(visit: Visitor, sales_line_id: Which, told: Why) -> SalesLineOut:
    """Give a waiting line precedence over all others of its item."""
    with visit.context() as ctx:
        return SalesLineOut.model_validate(stock.put_first(ctx, sales_line_id, told.reason))


@router.post("/sales-lines/{sales_line_id}/hold-back", tags=["orders"], responses=errors(404, 409))
def hold_back(visit: Visitor, sales_line_id: Which, told: Why) -> SalesLineOut:
    """Take a line's promise back, and promise it nothing until it is let wait again."""
    with visit.context() as ctx:
        return SalesLineOut.model_validate(stock.hold_back(ctx, sales_line_id, told.reason))


@router.post("/sales-lines/{sales_line_id}/let-wait", tags=["orders"], responses=errors(404))
def let_wait(visit: Visitor, sales_line_id: Which) -> SalesLineOut:
    """Let a line that was held back or put first wait for its turn by age again."""
    with visit.context() as ctx:
        return SalesLineOut.model_validate(stock.let_wait(ctx, sales_line_id))


@router.post("/sales-lines/{sales_line_id}/allow-part", tags=["orders"], responses=errors(404))
def allow_part(visit: Visitor, sales_line_id: Which, told: AllowPartIn) -> SalesLineOut:
    """Say whether a line may go in parts."""
    with visit.context() as ctx:
        return SalesLineOut.model_validate(stock.allow_part(ctx, sales_line_id, told.allow))


@router.post("/sales-lines/{sales_line_id}/cancel", tags=["orders"], responses=errors(404, 409))
def cancel_line(visit: Visitor, sales_line_id: Which, told: Why) -> SalesLineOut:
    """Cancel a line that has not left; what is reserved for it becomes free."""
    with visit.context() as ctx:
        return SalesLineOut.model_validate(stock.cancel(ctx, sales_line_id, told.reason))


@router.post("/shipments", tags=["shipments"], responses=errors(404, 409))
def begin(visit: Visitor, told: ShipmentIn) -> ShipmentOut:
    """Begin to ship what is reserved for an order; bins and lots are chosen, first expired first out."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        site_id = records.site(ctx, told.site).site_id
        ctx.require(Right.ISSUE_GOODS, site_id)
        place = None if told.packing_place is None else records.place_by_code(ctx, site_id, told.packing_place).place_id
        return ShipmentOut.model_validate(shipping.begin_shipment(ctx, site_id, told.order_number, place))


@router.get("/shipments", tags=["shipments"], responses=errors())
def shipments_list(
    visit: Visitor,
    state: Annotated[list[ShipmentState] | None, Query()] = None,
    order_number: Annotated[str | None, Query(max_length=200)] = None,
) -> list[ShipmentOut]:
    """Shipments in some states or all, newest first."""
    with visit.context() as ctx:
        number = None if order_number is None else order_number.replace("\x00", "")
        found = shipments.shipments(ctx, state or None, order_number=number)
        return [ShipmentOut.model_validate(one) for one in found]


@router.get("/shipments/{shipment_id}", tags=["shipments"], responses=errors(404))
def shipment(visit: Visitor, shipment_id: Which) -> ShipmentOut:
    """A shipment with its lines, its pick list and its boxes."""
    with visit.context() as ctx:
        return ShipmentOut.model_validate(shipments.shipment(ctx, shipment_id))


@router.post("/shipments/{shipment_id}/picks", tags=["shipments"], responses=errors(404, 409))
def pick(visit: Visitor, shipment_id: Which, told: PickIn) -> PickedOut:
    """Tell of a stop that was picked. It is recorded also where less or something else was found."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        site_id = shipments.shipment(ctx, shipment_id).site_id
        ctx.require(Right.ISSUE_GOODS, site_id)
        place = None if told.place is None else records.place_by_code(ctx, site_id, told.place).place_id
        return PickedOut.model_validate(
            shipping.pick(
                ctx, shipment_id, told.stop, told.quantity, told.source, place_id=place, lot=told.lot,
                serial=told.serial, occurred_at=told.occurred_at,
            )
        )  # fmt: skip


@router.post("/shipments/{shipment_id}/pack", tags=["shipments"], responses=errors(404, 409))
def pack(visit: Visitor, shipment_id: Which, told: PackIn) -> ShipmentOut:
    """Tell in which boxes it is packed; told again, these replace the former ones."""
    with visit.context() as ctx:
        boxes = [
            Box(shipment_id, row, one.weight_g, one.length_mm, one.width_mm, one.height_mm, one.label)
            for row, one in enumerate(told.boxes, 1)
        ]
        return ShipmentOut.model_validate(shipping.pack(ctx, shipment_id, boxes))


@router.post("/shipments/{shipment_id}/ship", tags=["shipments"], responses=errors(404, 409))
def ship(visit: Visitor, shipment_id: Which, told: ShipIn) -> ShipmentOut:
    """Tell that a packed shipment has left; told again, nothing changes.

    Nothing leaves that is held or past its last day. `left_anyway` says that it has left already, and why.
    """
    with visit.context() as ctx:
        return ShipmentOut.model_validate(
            shipping.ship(ctx, shipment_id, told.carrier, told.tracking, told.occurred_at, told.left_anyway)
        )


@router.post("/shipments/{shipment_id}/cancel", tags=["shipments"], responses=errors(404, 409))
def cancel(visit: Visitor, shipment_id: Which, told: Why) -> ShipmentOut:
    """Cancel a shipment that has not left; what was picked goes back to its bins."""
    with visit.context() as ctx:
        return ShipmentOut.model_validate(shipping.cancel_shipment(ctx, shipment_id, told.reason))


@router.post("/shipments/{shipment_id}/reopen", tags=["shipments"], responses=errors(404, 409))
def reopen(visit: Visitor, shipment_id: Which, told: Why) -> ShipmentOut:
    """Go one step back: from shipped to packed, from packed to picking."""
    with visit.context() as ctx:
        return ShipmentOut.model_validate(shipping.reopen_shipment(ctx, shipment_id, told.reason))


@router.post("/customer-returns", tags=["shipments"], responses=errors(404, 409))
def take_return(visit: Visitor, told: ReturnIn) -> ReturnOut:
    """Tell of goods of an order that a customer sent back."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        site_id = records.site(ctx, told.site).site_id
        ctx.require(Right.RECEIVE_GOODS, site_id)
        lines = [
            CameBack(
                one.sales_line_id, one.quantity, records.place_by_code(ctx, site_id, one.place).place_id, one.status,
                one.lot, one.serial,
            )
            for one in told.lines
        ]  # fmt: skip
        return ReturnOut.model_validate(
            customer_returns.take_customer_return(
                ctx, site_id, told.order_number, lines, told.source, told.note, told.occurred_at
            )
        )


@router.get("/customer-returns", tags=["shipments"], responses=errors())
def returns(visit: Visitor, order_number: Annotated[str | None, Query(max_length=200)] = None) -> list[ReturnOut]:
    """What customers sent back, of an order or of all, newest first."""
    with visit.context() as ctx:
        number = None if order_number is None else order_number.replace("\x00", "")
        found = shipments.customer_returns(ctx, number)
        return [ReturnOut.model_validate(one) for one in found]
