"""A small warehouse for tests of stock: two bins for two items, at a site that is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine, PurchaseOrder
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.store.database import value, values
from tests.conftest import NOON

MANAGER = person("mara", Role.ADMIN)
OPERATOR = person("otto", Role.OPERATOR)
VIEWER = person("vera", Role.VIEWER)


@dataclass(frozen=True)
class House:
    """Ids of what was set up; `place` is by code."""

    site_id: int
    mug: int
    rope: int
    supplier_id: int
    place: dict[str, int]

    def sell(self, ctx: Context, order: str, quantity: str, item_id: int | None = None, at: datetime = NOON) -> int:
        """Take an order of one line; returns the line's id."""
        item_id = item_id or self.mug
        line = NewSalesLine(order, 1, self.site_id, item_id, at, Decimal(quantity), Decimal(2))
        orders.take_sales_lines(ctx, [line])
        found = value(ctx.tx, "select sales_line_id from sales_line where order_number = %s", (order,))
        return int(found)

    def buy(self, ctx: Context, key: str, quantity: str) -> PurchaseOrder:
        """Order mugs."""
        return orders.place_purchase_order(
            ctx, decision_key=key, supplier_id=self.supplier_id, site_id=self.site_id,
            lines=[(self.mug, Decimal(quantity), Decimal(1))], currency="EUR", expected_at=NOON + timedelta(days=7),
        )  # fmt: skip

    def fill(self, ctx: Context, code: str, quantity: str, item_id: int | None = None) -> None:
        stock.opening_stock(ctx, [(item_id or self.mug, self.place[code], Decimal(quantity))])

    def on_hand(self, ctx: Context, code: str, item_id: int | None = None) -> float:
        found = value(
            ctx.tx,
            "select on_hand from balance where item_id = %s and place_id = %s",
            (item_id or self.mug, self.place[code]),
        )
        return 0 if found is None else float(found)

    def level(self, ctx: Context, item_id: int | None = None) -> tuple[float, float]:
        """On hand and reserved at the site."""
        for level in stock.levels(ctx, self.site_id):
            if level.item_id == (item_id or self.mug):
                return float(level.on_hand), float(level.reserved)
        return 0, 0


def build_house(ctx: Context) -> House:
    """Mugs go by the piece, rope by the half metre."""
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    records.set_go_live(ctx, NOON - timedelta(days=30))
    mug = records.add_item(ctx, sku="MUG", description="White mug", unit_weight_g=350.0)
    rope = records.add_item(ctx, sku="ROPE", description="Rope", unit="m", quantum=Decimal("0.5"))
    for code, item_id in (("A-1", mug), ("A-2", rope), ("A-3", None)):
        records.add_place(ctx, site_id=site_id, code=code, item_id=item_id, capacity=Decimal(100))
    supplier_id = records.add_supplier(ctx, code="POT", name="Potter")
    return House(
        site_id, mug, rope, supplier_id, {place.code: place.place_id for place in records.places(ctx, site_id)}
    )


def facts(ctx: Context, kind: str, *fields: str) -> list[Sequence[object]]:
    """The fields of all published facts of a kind, in order."""
    columns = ", ".join(f"data->>'{field}'" for field in fields)
    return [*values(ctx.tx, f"select {columns} from event where kind = %s order by event_id", (kind,))]
