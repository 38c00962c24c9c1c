"""Shipments and customers' returns as documents. What moves the goods is in stock.shipping, the room above."""

from __future__ import annotations

from collections.abc import Collection

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.orders import shipments_tables as tables
from shelfwise.orders.shipments_model import CustomerReturn, Shipment, ShipmentState


def shipment(ctx: Context, shipment_id: int) -> Shipment:
    """
    Raises:
        Forbidden: the actor may not look at its site.
        NotFound: there is no such shipment.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.shipments(ctx.tx, ctx.tenant, shipment_id=shipment_id)
    if not found:
        raise NotFound("shipment", shipment_id)
    ctx.require(Right.VIEW, found[0].site_id)
    return found[0]


def shipments(
    ctx: Context,
    states: Collection[ShipmentState] | None = None,
    *,
    order_number: str | None = None,
    limit: int = 200,
) -> list[Shipment]:
    """Shipments in some states or all, of one order or all, newest first, of the sites that the actor may see."""
    sites = ctx.sites(Right.VIEW)
    return tables.shipments(ctx.tx, ctx.tenant, states=states, order_number=order_number, sites=sites, limit=limit)


def customer_returns(ctx: Context, order_number: str | None = None) -> list[CustomerReturn]:
    """What customers sent back, of an order or of all, newest first, to the sites that the actor may see."""
    return tables.returns(ctx.tx, ctx.tenant, order_number=order_number, sites=ctx.sites(Right.VIEW))
