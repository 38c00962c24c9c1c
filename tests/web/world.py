"""A warehouse to look at: one site with four zones, a few hundred bins, scales and thermometers, and three people."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.demand import service as demand
from shelfwise.demand.forecasting import service as forecasting
from shelfwise.edge import devices
from shelfwise.edge.tables import StoredReading
from shelfwise.planning.service import plan as plan_site
from shelfwise.records import service as records
from shelfwise.records.model import NewItem, NewPlace, ZoneKind
from shelfwise.records.supply import Terms
from shelfwise.stock import service as stock
from shelfwise.store.database import run, value
from shelfwise.work import outbox

PASSWORDS = {
    "mara": "quiet-otter-shelf",
    "omar": "brisk-heron-aisle",
    "vera": "plain-maple-gauge",
}
ROLES = {"mara": Role.ADMIN, "omar": Role.OPERATOR, "vera": Role.VIEWER}
HOSTILE = "<script>alert(1)</script>"
_NAMES = (
    "Regency cake stand", "White hanging heart", "Jumbo bag red retrospot", "Assorted colour bird", "Lunch bag black",
    "Set of 60 pantry cases", "Natural slate heart", "Wooden picture frame", "Zinc metal heart", "Jam making set",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """What was built; ids by what people call the things."""

    site_id: int
    zones: dict[str, int]
    bins: dict[str, int]
    items: dict[str, int]
    supplier_id: int


def add_people(ctx: Context) -> None:
    for login, role in ROLES.items():
        access.add_user(ctx, login, login.title(), PASSWORDS[login], role)


def build(ctx: Context, aisles: int = 4, bins_a_side: int = 12, seed: int = 7) -> World:
    """Set the warehouse up; the same seed gives the same one. The first item's name is hostile markup."""
    rng = random.Random(seed)
    site_id = records.add_site(
        ctx, code="LON", name="London", time_zone="Europe/London", width_m=50, depth_m=28, provenance="invented"
    )
    plan: tuple[tuple[str, str, ZoneKind, float, float, float, float, float | None, float | None], ...] = (
        ("A", "Ambient", "ambient", 1.0, 1.0, 33.0, 21.0, None, None),
        ("C", "Chilled", "chilled", 35.0, 1.0, 14.0, 10.0, 2.0, 8.0),
        ("F", "Frozen", "frozen", 35.0, 12.0, 14.0, 10.0, None, -18.0),
        ("D", "Goods in", "dock", 1.0, 23.0, 48.0, 4.0, None, None),
    )
    zones = {
        code: records.add_zone(
            ctx,
            site_id=site_id,
            code=code,
            name=name,
            kind=kind,
            x_m=x,
            y_m=y,
            width_m=w,
            depth_m=d,
            low_degc=low,
            high_degc=high,
        )
        for code, name, kind, x, y, w, d, low, high in plan
    }
    spots = [("A", 2.2 + 2.5 * i, 3.2 + 2.4 * row) for row in range(2 * aisles) for i in range(bins_a_side)]
    spots += [("C", 36 + 1.5 * i, 3.4 + 2.4 * row) for row in range(3) for i in range(8)]
    spots += [("F", 36 + 1.5 * i, 14.4 + 2.4 * row) for row in range(3) for i in range(8)]
    skus = [f"2{1000 + n}" for n in range(len(spots))]
    names = [HOSTILE, *(f"{_NAMES[n % len(_NAMES)]} no {n}" for n in range(1, len(spots)))]
    items = records.add_items(
        ctx,
        [
            NewItem(sku, name, unit_weight_g=100.0 + n, provenance="invented")
            for n, (sku, name) in enumerate(zip(skus, names, strict=True))
        ],
    )
    codes = [f"{zone}-{n + 1:03}" for n, (zone, _, _) in enumerate(spots)]
    records.add_places(
        ctx,
        site_id,
        [
            NewPlace(code, "bin", zones[zone], x, y, 1.2 if zone == "A" else 1.0, 1.7, items[sku], Decimal(60))
            for code, (zone, x, y), sku in zip(codes, spots, skus, strict=True)
        ],
    )
    bins = {place.code: place.place_id for place in records.places(ctx, site_id) if place.kind == "bin"}
    supplier_id = records.add_supplier(ctx, code="ACME", name="Acme & Sons", provenance="invented")
    records.add_many_terms(
        ctx,
        [
            Terms(supplier_id, item, Decimal("2.50"), "EUR", 5.0, Decimal(6), Decimal(12), "invented")
            for item in items.values()
        ],
    )
    booked = {code: Decimal(rng.choice((0, 4, 9, 22, 30, 38, 44, 51, 57))) for code in codes}
    booked[codes[0]] = Decimal(30)
    stock.opening_stock(
        ctx,
        [(items[sku], bins[code], booked[code]) for code, sku in zip(codes, skus, strict=True) if booked[code] > 0],
    )
    readings = []
    for n, code in enumerate(codes):
        if n % 3 == 0:
            grams = float(booked[code]) * (100.0 + n) * (0.6 if n % 15 == 9 else 1.0)
            secret = f"secret-of-scale-{n}"
            devices.add_device(ctx, f"scale-{n}", place_id=bins[code], secret=secret, provenance="invented")
            readings.append(StoredReading(1, n, f"scale-{n}", "weight", grams, None, ctx.now, ctx.now))
    devices.remember_latest(ctx, readings)
    thermometer(ctx, "thermo-c", zones["C"], 4.6)
    thermometer(ctx, "thermo-f", zones["F"], -21.3)
    return World(site_id, zones, bins, items, supplier_id)


def thermometer(ctx: Context, name: str, zone_id: int, degc: float) -> None:
    devices.add_device(ctx, name, zone_id=zone_id, secret=f"secret-of-{name}", provenance="invented")
    say(ctx, name, "temperature", degc)


def say(ctx: Context, device: str, kind: str, value: float, age: timedelta = timedelta(0)) -> None:
    """A reading as the consumer of readings gets it."""
    at = ctx.now - age
    devices.remember_latest(ctx, [StoredReading(1, 1, device, kind, value, None, at, at)])


def sell(ctx: Context, world: World, sku: str, days: int = 120, seed: int = 3) -> None:
    """Daily demand of an item up to yesterday, for its chart."""
    rng = random.Random(seed)
    for back in range(days, 0, -1):
        day = (ctx.now - timedelta(days=back)).date()
        run(
            ctx.tx,
            "insert into demand_day (tenant_id, item_id, site_id, day, quantity) values (%s, %s, %s, %s, %s)",
            (ctx.tenant, world.items[sku], world.site_id, day, rng.choice((0, 1, 2, 3, 4, 6)) + (back % 7 == 0) * 3),
        )


def furnish(office: Office, **size: int) -> World:
    """People and warehouse, committed."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        add_people(ctx)
        return build(ctx, **size)


def propose(office: Office, world: World, sku: str = "21000") -> int:
    """Sales, a forecast and the agent's run: returns the id of the proposal for the item."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        sell(ctx, world, sku)
        forecasting.forecast_site(ctx, world.site_id, demand.last_whole_day(ctx, world.site_id))
        agents.propose_purchases(ctx, world.site_id)
        (found,) = [one for one in agents.proposals(ctx) if one.sku == sku]
        return found.proposal_id


def propose_many(office: Office, world: World, count: int, suppliers: int) -> list[int]:
    """So many proposals, each for an item of its own, in turn from so many suppliers."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        sell(ctx, world, "21000")
        forecasting.forecast_site(ctx, world.site_id, demand.last_whole_day(ctx, world.site_id))
        (decision,) = [one for one in plan_site(ctx, world.site_id)[1] if one.sku == "21000"]
        skus = [f"B-{number:04d}" for number in range(count)]
        items = records.add_items(ctx, [NewItem(sku, _NAMES[n % len(_NAMES)]) for n, sku in enumerate(skus)])
        houses = [records.add_supplier(ctx, code=f"S{n}", name=f"Supplier {n}") for n in range(suppliers)]
        many = [
            replace(
                decision, item_id=items[sku], sku=sku, supplier_id=houses[number % suppliers],
                quantity=decision.pack_size * (number % 9 + 2),
            )
            for number, sku in enumerate(skus)
        ]  # fmt: skip
        return agents.propose(ctx, world.site_id, many)


def quarantined(office: Office, payload: bytes, device: str = "scale-0") -> int:
    """A message from a device that could not be understood."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        quarantine_id: int = value(
            ctx.tx,
            """insert into quarantine
                   (tenant_id, door, device, topic, format, received_at, payload, reason, fingerprint)
               values (%s, 'mqtt', %s, %s, 'generic', %s, %s, %s, %s) returning quarantine_id""",
            (ctx.tenant, device, f"shelfwise/{device}/up", ctx.now, payload, f"value: {HOSTILE}", payload[:20]),
        )
    return quarantine_id


def parked(office: Office, consumer: str = "reserve") -> int:
    """A fact that a consumer set aside; it stands in the stream, and the consumer stands behind it."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        ctx.publish("test", "item:1", n=1)
        run(
            ctx.tx,
            "insert into consumer (tenant_id, consumer, stream, tx, seq) values (%s, %s, 'event', '0', 0)",
            (ctx.tenant, consumer),
        )
        parked_id: int = value(
            ctx.tx,
            """insert into parked (tenant_id, consumer, stream, seq, data, error, parked_at)
               select tenant_id, %s, 'event', event_id,
                   jsonb_build_object('tx', tx::text::bigint, 'seq', event_id), %s, %s
               from event where tenant_id = %s order by event_id desc limit 1 returning parked_id""",
            (consumer, f"ValueError: {HOSTILE}", ctx.wall.now(), ctx.tenant),
        )
    return parked_id


def given_up(office: Office, number: str = "PO-000009") -> int:
    """A message that its receiver did not take in any attempt; its address and the error hold hostile markup."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        body = {"kind": "purchase_order", "number": number}
        outbox.enqueue(ctx, f"{number}@here", f"http://desk.test/{HOSTILE}", body)
        outbox_id: int = value(
            ctx.tx,
            """update outbox set state = 'failed', attempts = 12, last_error = %s
               where tenant_id = %s and idempotency_key = %s returning outbox_id""",
            (f"ConnectError: {HOSTILE}", ctx.tenant, f"{number}@here"),
        )
    return outbox_id
