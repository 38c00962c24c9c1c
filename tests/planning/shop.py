"""A small shop set up through the services of other rooms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from shelfwise.access.context import Context
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.service import rebuild_history
from shelfwise.orders.model import NewSalesLine, PurchaseOrder
from shelfwise.orders.service import place_purchase_order, take_sales_lines
from shelfwise.records.service import add_item, add_place, add_site, add_supplier, add_terms, set_go_live
from shelfwise.stock.service import opening_stock, receive, reserve_open

_numbers = count(1)
YESTERDAY = date(2026, 3, 1)


@dataclass
class Shop:
    """One site with one bin, one supplier, live since this morning."""

    ctx: Context
    site: int
    bin: int
    supplier: int
    items: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, ctx: Context) -> Shop:
        set_go_live(ctx, ctx.now - timedelta(hours=6))
        site = add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
        place = add_place(ctx, site_id=site, code="A-1", kind="bin")
        supplier = add_supplier(ctx, code="HARBOUR", name="Harbour Supplies")
        return cls(ctx, site, place, supplier)

    def item(
        self, sku: str, cost: str = "2", pack: str = "1", least: str = "0", lead: float = 5.0, currency: str = "EUR"
    ) -> int:
        item = add_item(self.ctx, sku=sku, description=sku.title())
        add_terms(
            self.ctx,
            supplier_id=self.supplier,
            item_id=item,
            unit_cost=Decimal(cost),
            currency=currency,
            lead_time_days=lead,
            pack_size=Decimal(pack),
            minimum_order=Decimal(least),
        )
        return item

    def stock(self, item: int, quantity: int) -> None:
        opening_stock(self.ctx, [(item, self.bin, Decimal(quantity))])

    def sold_daily(self, item: int, days: int, quantity: int = 3, price: str = "5") -> None:
        lines = [
            NewSalesLine(
                f"{item}-{number}",
                1,
                self.site,
                item,
                self.ctx.now - timedelta(days=number),
                Decimal(quantity),
                Decimal(price),
            )
            for number in range(1, days + 1)
        ]
        take_sales_lines(self.ctx, lines)

    def open_order(self, item: int, quantity: int, price: str = "6", reserve: bool = False) -> None:
        line = NewSalesLine(
            f"live-{next(_numbers)}", 1, self.site, item, self.ctx.now, Decimal(quantity), Decimal(price)
        )
        take_sales_lines(self.ctx, [line])
        if reserve:
            reserve_open(self.ctx, self.site)

    def ordered(self, item: int, quantity: int, days: float) -> PurchaseOrder:
        return place_purchase_order(
            self.ctx,
            decision_key=f"test:{next(_numbers)}",
            supplier_id=self.supplier,
            site_id=self.site,
            lines=[(item, Decimal(quantity), Decimal(2))],
            currency="EUR",
            expected_at=self.ctx.now + timedelta(days=days),
        )

    def received(self, ctx: Context, order: PurchaseOrder, quantity: int) -> None:
        receive(ctx, order.purchase_order_id, 1, Decimal(quantity), self.bin, f"test:{next(_numbers)}")

    def forecast(self) -> None:
        rebuild_history(self.ctx, self.site)
        forecast_site(self.ctx, self.site, YESTERDAY)

    def later(self, **ahead: float) -> Context:
        return replace(self.ctx, now=self.ctx.now + timedelta(**ahead))
