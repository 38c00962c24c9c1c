"""A house with a reserved order that is to be sent, and two services that could take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.orders.shipments_model import Box
from shelfwise.planning.carriers import sending, service
from shelfwise.planning.carriers.areas import read_areas
from shelfwise.planning.carriers.model import Break, RateCard, ServiceZone
from shelfwise.planning.carriers.tables import Destination
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.store.database import run
from tests.stock.house import House, build_house

TO = Destination("DE", "10115")


def card(code: str, price: str, days: int, **changes: object) -> RateCard:
    zone = ServiceZone("near", read_areas("DE"), days, (Break(Decimal(30), Decimal(price)),))
    made = RateCard("FOX", code, code.title(), "EUR", date(2026, 1, 1), (zone,), cancel_cost=Decimal(1))
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Yard:
    house: House
    slow: int
    fast: int

    def shipment(self, ctx: Context, order: str = "S-1", quantity: str = "4", to: Destination | None = TO) -> int:
        """A shipment that is being picked, whose destination is known."""
        self.house.sell(ctx, order, quantity)
        stock.reserve_open(ctx, self.house.site_id)
        made = shipping.begin_shipment(ctx, self.house.site_id, order)
        if to is not None:
            sending.set_destination(ctx, made.shipment_id, to)
        return made.shipment_id

    def leaves(self, ctx: Context, shipment_id: int) -> None:
        shipping.pick(ctx, shipment_id, 1, Decimal(4), f"p{shipment_id}")
        shipping.pack(ctx, shipment_id, [Box(0, 1, Decimal(1500))])
        shipping.ship(ctx, shipment_id)


def build_yard(ctx: Context) -> Yard:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "90")
    service.add_carrier(ctx, "FOX", "Fox Parcels")
    slow, fast = service.put_card(ctx, card("SLOW", "5", 3)), service.put_card(ctx, card("FAST", "12", 1))
    return Yard(house, slow, fast)


def teach(ctx: Context, yard: Yard, rate_card_id: int, days_late: int, times: int = 40) -> None:
    """Shipments of the past went with a service and arrived so many days late."""
    run(
        ctx.tx,
        """with gone as (
               insert into shipment (tenant_id, number, site_id, order_number, state, packing_place_id, created_by,
                   created_at)
               select %(tenant)s, 'OLD-' || %(card)s || '-' || n, %(site)s, 'OLD', 'shipped', p.place_id, 'ana', %(at)s
               from generate_series(1, %(times)s) n
               join place p on p.site_id = %(site)s and p.code = 'A-1' returning shipment_id)
           insert into shipment_booking (tenant_id, shipment_id, site_id, rate_card_id, zone, price, currency,
               price_lines, parcels, weight_kg, pick_up_on, promised_on, chance, booked_by, booked_at, arrived_on,
               days_late)
           select %(tenant)s, shipment_id, %(site)s, %(card)s, 'near', 5, 'EUR', '[]', 1, 1, %(day)s, %(day)s, 0.9,
               'ana', %(at)s, %(day)s, %(late)s from gone""",
        {
            "tenant": ctx.tenant, "card": rate_card_id, "site": yard.house.site_id, "times": times, "at": ctx.now,
            "day": ctx.now.date() - timedelta(days=20), "late": days_late,
        },
    )  # fmt: skip
