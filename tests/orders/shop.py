"""A small business for tests of orders: one site, two items, one supplier, live since a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from tests.conftest import NOON


@dataclass(frozen=True)
class Shop:
    """Ids of what was set up."""

    site_id: int
    mug: int
    rope: int
    supplier_id: int
    dock: int

    def line(
        self, order: str, line: int = 1, quantity: str = "3", item_id: int | None = None, at: datetime = NOON
    ) -> NewSalesLine:
        return NewSalesLine(
            order,
            line,
            self.site_id,
            item_id or self.mug,
            at,
            Decimal(quantity),
            Decimal("2.50"),
            "13085",
            "France",
        )


def open_shop(ctx: Context, order_url: str | None = None) -> Shop:
    """Mugs go by the piece, rope by the half metre."""
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    records.set_go_live(ctx, NOON - timedelta(days=30))
    return Shop(
        site_id,
        records.add_item(ctx, sku="MUG", description="White mug"),
        records.add_item(ctx, sku="ROPE", description="Rope", unit="m", quantum=Decimal("0.5")),
        records.add_supplier(ctx, code="POT", name="Potter", order_url=order_url),
        records.place_by_code(ctx, site_id, "DOCK").place_id,
    )
