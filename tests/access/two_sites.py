"""Two sites with a row of everything at each: what is of the one must not be reached from the other.

Everything made for the far site has an id from 7,770,000,001 on, and its names hold "Zanzibar": whoever may not see the
far site must never be shown either. Does your room have rows of its own? Make one in `_rows`, under the name that its
functions and routes use for its id; nothing else is needed for the walks in test_services.py and web/test_rights.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, Role, person
from shelfwise.agents import service as agents
from shelfwise.agents.transfers import tables as transfer_proposals
from shelfwise.condition import service as condition
from shelfwise.demand import service as demand
from shelfwise.demand.forecasting import service as forecasting
from shelfwise.demand.outside import service as outside
from shelfwise.demand.outside.model import NewSeries, Told
from shelfwise.demand.overrides import service as overrides
from shelfwise.edge import connections, devices, scopes
from shelfwise.edge.health import tables as health_tables
from shelfwise.edge.health.model import Finding
from shelfwise.edge.tables import StoredReading
from shelfwise.measure import service as measure
from shelfwise.orders import attachments
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.transfers import draft_transfer
from shelfwise.planning.carriers import sending
from shelfwise.planning.carriers import service as carriers
from shelfwise.planning.carriers.areas import read_areas
from shelfwise.planning.carriers.model import Break, RateCard, ServiceZone
from shelfwise.planning.carriers.tables import Destination
from shelfwise.planning.risk import service as risk
from shelfwise.planning.sharing.model import Transshipment
from shelfwise.records import calendars, customers, promotions
from shelfwise.records import service as records
from shelfwise.records.calendars import ClosedDay
from shelfwise.records.customers import NewCustomer
from shelfwise.records.model import NewPlace
from shelfwise.records.promotions import Promotion
from shelfwise.stock import counts, shipping
from shelfwise.stock import service as stock
from shelfwise.stock.portals import tables as portal_tables
from shelfwise.stock.portals.model import Verdict
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import Content
from shelfwise.store.database import run, value, values
from shelfwise.work import alerts, outbox, tasks
from tests.conftest import NOON

FIRST_FAR_ID = 7_770_000_001
FAR = re.compile(r"77700000\d\d|Zanzibar|ZNZ")
# By the name that functions and routes use for it: an id, a code, a number.
Rows = dict[str, Any]


@dataclass(frozen=True)
class TwoSites:
    """Rows of the near site and of the far one; what both share has the same value in both."""

    near: Rows
    far: Rows

    @property
    def site_bound(self) -> set[str]:
        """The names of what belongs to one site."""
        return {name for name in self.far if self.far[name] != self.near[name]}


def furnish(office: Office) -> TwoSites:
    """Both sites, committed."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        return build(ctx)


def build(ctx: Context) -> TwoSites:
    """Set both up; `ctx` may do everything."""
    records.set_go_live(ctx, NOON - timedelta(days=30))
    shared: Rows = {
        "item_id": records.add_item(ctx, sku="21001", description="White mug", unit_weight_g=350.0),
        "sku": "21001",
        "supplier_id": records.add_supplier(ctx, code="POT", name="Potter"),
        "user_id": access.add_user(ctx, "omar", "Omar", None, Role.OPERATOR),
        "key_id": 1,
        "session_id": 1,
        "handheld_id": 1,
        "but": 1,
        "barcode": "4006381333931",
    }
    records.add_terms(
        ctx, supplier_id=shared["supplier_id"], item_id=shared["item_id"], unit_cost=Decimal(2), currency="EUR",
        lead_time_days=5,
    )  # fmt: skip
    shared["carrier_id"] = carriers.add_carrier(ctx, "FOX", "Fox Parcels")
    customers.put_customers(ctx, [NewCustomer("SHOP", "Corner shop")])
    access.add_key(ctx, "shop", [Right.VIEW])
    near = _rows(ctx, shared, "LON", "London")
    run(
        ctx.tx,
        """select setval(format('%%I', sequencename)::regclass, %s) from pg_sequences
           where schemaname = 'public' and data_type = 'bigint'::regtype and sequencename not like 'procrastinate%%'""",
        (FIRST_FAR_ID - 1,),
    )
    far = _rows(ctx, shared, "ZNZ", "Zanzibar")
    for here, other in ((near, far), (far, near)):
        _looked_ahead(ctx, here, other)
    return TwoSites(near, far)


def _rows(ctx: Context, shared: Rows, code: str, name: str) -> Rows:
    site_id = records.add_site(ctx, code=code, name=name, time_zone="Europe/London", width_m=20, depth_m=12)
    zone_id = records.add_zone(
        ctx, site_id=site_id, code="C", name=f"Cold in {name}", kind="chilled", x_m=0, y_m=0, width_m=5, depth_m=5,
        low_degc=2, high_degc=8, delay=timedelta(0),
    )  # fmt: skip
    bin_code = "A-001" if code == "LON" else f"{code}-01"
    bins = [NewPlace(bin_code, "bin", zone_id, 1, 1, 1, 1, shared["item_id"], Decimal(60))]
    place_id = records.add_places(ctx, site_id, bins)[bin_code]
    stock.opening_stock(ctx, [(shared["item_id"], place_id, Decimal(8))])
    movement_id, batch_id = value_pair(ctx)
    device = f"thermo-{code}"
    devices.add_device(ctx, device, zone_id=zone_id, secret=f"secret-{code}")
    at = ctx.now - timedelta(minutes=1)
    reader = f"portal-{code}"
    connection_id = connections.add_connection(
        ctx, reader, "llrp", f"reader.{code.lower()}.test", 5084, {}, zone_id=zone_id
    )
    hot = [
        StoredReading(1, n, device, "temperature", 20.0, None, at + timedelta(seconds=n), at + timedelta(seconds=n))
        for n in range(3)
    ]
    devices.remember_latest(ctx, hot)
    condition.watch(ctx, hot)
    alerts.raise_alert(
        ctx, "count", f"place:{place_id}", "attention", f"Count in {name}", "Short.", "/stock", {}, site_id=site_id
    )
    order = orders.place_purchase_order(
        ctx, decision_key=f"key-{code}", supplier_id=shared["supplier_id"], site_id=site_id,
        lines=[(shared["item_id"], Decimal(6), Decimal(2))], currency="EUR", expected_at=NOON + timedelta(days=7),
    )  # fmt: skip
    line = NewSalesLine(f"SO-{name}", 1, site_id, shared["item_id"], NOON, Decimal(2), Decimal(5))
    orders.take_sales_lines(ctx, [line])
    key = f"message-{code}"
    outbox.enqueue(ctx, key, f"http://desk.test/{name}", {"number": order.number}, site_id=site_id)
    task_id = tasks.open_task(ctx, kind="count", subject=f"place:{place_id}", site_id=site_id, title=f"Count in {name}")
    stock.reserve_open(ctx, site_id)
    shipment = shipping.begin_shipment(ctx, site_id, f"SO-{name}")
    port = records.add_site(ctx, code=f"{code}2", name=f"{name} port", time_zone="Europe/London", width_m=9, depth_m=9)
    transfer = draft_transfer(
        ctx, site_id, port, [(shared["item_id"], Decimal(2))], ctx.now + timedelta(days=1), f"To the port of {name}"
    )
    today = ctx.now.date()
    promotions.put_promotions(ctx, [Promotion(f"Sale in {name}", site_id, shared["item_id"], today, today)])
    calendars.put_closed_days(ctx, [ClosedDay(site_id, None, today, None, f"Fair in {name}")])
    about = f"purchase_order:{order.purchase_order_id}"
    measure.record_day(ctx, site_id, ctx.now.date())
    _scored(ctx, shared["item_id"], site_id)
    tag_epc = "E28011600001" if code == "LON" else "E28077700000"
    tags.bind_tags(ctx, site_id, [tag_epc], [Content(shared["item_id"], Decimal(1))])
    dock_id = records.place_by_code(ctx, site_id, "DOCK").place_id
    return shared | {
        "shipment_id": shipment.shipment_id,
        "transfer_id": transfer.transfer_id,
        "rate_card_id": _booked(ctx, code, name, shipment.shipment_id),
        "count_id": counts.start_count(ctx, site_id=site_id, title=f"Shelves of {name}", place_ids=[place_id]),
        "site_id": site_id,
        "site": code,
        "bin": bin_code,
        "zone_id": zone_id,
        "place_id": place_id,
        "dock_id": dock_id,
        "tag_epc": tag_epc,
        "load_id": _load(ctx, dock_id, tag_epc),
        "movement_id": movement_id,
        "promotion_id": _newest(ctx, "promotion_id", "promotion"),
        "series_id": _series(ctx, site_id, name),
        "batch_id": batch_id,
        "device": device,
        "doubt_id": _doubt(ctx, device),
        "connection_id": connection_id,
        "task_id": task_id,
        "alert_id": _newest(ctx, "alert_id", "alert"),
        "quarantine_id": _quarantined(ctx, device),
        "proposal_id": _proposal(ctx, shared["item_id"], site_id),
        "transfer_proposal_id": _transfer_proposal(ctx, shared["item_id"], site_id, port),
        "override_id": _override(ctx, shared["item_id"], site_id, name),
        "mend_id": _mend(ctx, site_id),
        "purchase_order_id": order.purchase_order_id,
        "number": order.number,
        "sales_line_id": _newest(ctx, "sales_line_id", "sales_line"),
        "idempotency_key": key,
        "order_number": f"SO-{name}",
        "attachment_id": attachments.add_attachment(ctx, about, f"{name}.txt", b"A letter."),
        "outbox_id": _newest(ctx, "outbox_id", "outbox"),
        "site_key": _site_key(ctx, site_id, name),
        "unclaimed_device": _unclaimed(ctx, code),
    }


def value_pair(ctx: Context) -> tuple[int, int]:
    """The newest movement and its batch."""
    found = values(ctx.tx, "select movement_id, batch_id from movement order by movement_id desc limit 1")
    return int(found[0][0]), int(found[0][1])


def _newest(ctx: Context, column: str, table: str) -> int:
    return int(value(ctx.tx, f"select max({column}) from {table} where tenant_id = %s", (ctx.tenant,)))


def _booked(ctx: Context, code: str, name: str, shipment_id: int) -> int:
    """Prices of a service of the site, by which the shipment is booked."""
    zone = ServiceZone(f"Around {name}", read_areas("GB"), 1, (Break(None, Decimal(9)),))
    card = RateCard("FOX", f"STD-{code}", f"Standard of {name}", "EUR", date(2026, 1, 1), (zone,), code)
    made = carriers.put_card(ctx, card)
    sending.set_destination(ctx, shipment_id, Destination("GB", "E1"))
    sending.choose_service(ctx, shipment_id, made)
    return made


def _doubt(ctx: Context, device: str) -> int:
    found = Finding("temperature", "drift", ctx.now, 1.2, {"against": ["another"], "alone": True})
    return health_tables.open_doubt(ctx.tx, ctx.tenant, device, found, ctx.now) or 0


def _quarantined(ctx: Context, device: str) -> int:
    return int(
        value(
            ctx.tx,
            """insert into quarantine
                   (tenant_id, door, device, topic, format, received_at, payload, reason, fingerprint)
               values (%s, 'mqtt', %s, %s, 'generic', %s, %s, 'value: none', %s) returning quarantine_id""",
            (ctx.tenant, device, f"shelfwise/{device}/up", ctx.now, device.encode(), device.encode()),
        )
    )


def _site_key(ctx: Context, site_id: int, name: str) -> int:
    scopes.add_site_key(ctx, site_id, f"Boards of {name}")
    return _newest(ctx, "site_key_id", "site_key")


def _unclaimed(ctx: Context, code: str) -> str:
    """A device that nobody registered, heard with the newest site key."""
    device = f"ghost-{code}"
    behind = f"key:{_newest(ctx, 'site_key_id', 'site_key')}"
    run(
        ctx.tx,
        "insert into unclaimed_device (tenant_id, device, behind, first_at, last_at) values (%s, %s, %s, %s, %s)",
        (ctx.tenant, device, behind, ctx.now, ctx.now),
    )
    return device


def _proposal(ctx: Context, item_id: int, site_id: int) -> int:
    """Mugs sell well and run low: what the purchasing agent makes of it."""
    for back in range(60, 0, -1):
        run(
            ctx.tx,
            "insert into demand_day (tenant_id, item_id, site_id, day, quantity) values (%s, %s, %s, %s, %s)",
            (ctx.tenant, item_id, site_id, (ctx.now - timedelta(days=back)).date(), 3 + back % 3),
        )
    forecasting.forecast_site(ctx, site_id, demand.last_whole_day(ctx, site_id))
    (made,) = agents.propose_purchases(ctx, site_id)
    return made


def _transfer_proposal(ctx: Context, item_id: int, site_id: int, port: int) -> int:
    """A mug for the port, which takes a decision there."""
    risks = {"before_own_order_without": 0.9, "before_own_order_with": 0.1, "giver_without": 0.0, "giver_with": 0.1}
    evidence = {"lane": {"days": 1.0, "weekdays": [1, 2, 3, 4, 5, 6, 7]}, "stockout": risks}
    one = Transshipment(
        item_id, "21001", site_id, port, Decimal(1), Decimal(1), ctx.now.date(), 1, None, ctx.now.date(),
        "The port runs out.", evidence, {}, {"cost": 9.0, "currency": "EUR"}, ctx.now + timedelta(days=2),
    )  # fmt: skip
    made = transfer_proposals.insert(ctx.tx, ctx.tenant, one, 1, "Take it back.", ctx.now)
    assert made is not None
    return made


def _scored(ctx: Context, item_id: int, site_id: int) -> None:
    """A forecast whose first two weeks are known."""
    run(
        ctx.tx,
        """insert into forecast_accuracy (tenant_id, site_id, item_id, origin, half, segment, model, seen, count,
                demand, absolute, difference, scaled, pinball, covered, average_absolute, average_scaled)
           values (%s, %s, %s, %s, 1, 'smooth', 'moving average', '', 14, 56, 9, -2, 6, 4, 11, 12, 8)""",
        (ctx.tenant, site_id, item_id, ctx.now.date() - timedelta(days=15)),
    )


def _looked_ahead(ctx: Context, here: Rows, other: Rows) -> None:
    """What may run out; and too much of it is there, of which the other site could have some."""
    risk.look_ahead(ctx, here["site_id"])
    name = records.site_by_id(ctx, other["site_id"]).name
    move = {"deed": "move", "quantity": 3, "about": name, "subject_id": other["site_id"]}
    run(
        ctx.tx,
        "update stock_outlook set surplus = 4, advice = %s where tenant_id = %s and site_id = %s",
        (Jsonb([move]), ctx.tenant, here["site_id"]),
    )


def _override(ctx: Context, item_id: int, site_id: int, name: str) -> int:
    """Somebody knows of a fair next week; needs the forecast that the proposal stands on."""
    day = ctx.now.date() + timedelta(days=7)
    return overrides.set_override(
        ctx, item_id, site_id, first_day=day, last_day=day, quantity=Decimal(9), reason=f"Fair in {name}"
    )


def _series(ctx: Context, site_id: int, name: str) -> int:
    """People who pass by."""
    made = outside.add_series(ctx, NewSeries(f"Visitors of {name}", site_id))
    outside.tell(ctx, made, [Told(ctx.now.date() - timedelta(days=1), 812.0)])
    return made


def _load(ctx: Context, dock_id: int, tag_epc: str) -> int:
    """A tag that came in through the dock."""
    verdict = Verdict("in", ctx.now - timedelta(minutes=5), 4, -50.0)
    found = portal_tables.note_pass(ctx.tx, ctx.tenant, (dock_id, tag_epc), verdict, ctx.now)
    assert found is not None
    return found


def _mend(ctx: Context, site_id: int) -> int:
    """A day whose records are missing."""
    return int(
        value(
            ctx.tx,
            """insert into demand_mend (tenant_id, site_id, rule, day, why, state, found_at)
               values (%s, %s, 'gap', %s, '{"skipped": 7}', 'waiting', %s) returning mend_id""",
            (ctx.tenant, site_id, (ctx.now - timedelta(days=3)).date(), ctx.now),
        )
    )


def at_near_site(ctx: Context, sites: TwoSites, role: Role, user_id: int | None = None) -> Context:
    """The same context for somebody who has a role at the near site and none elsewhere."""
    return replace(ctx, actor=person("nell", None, {sites.near["site_id"]: role}, user_id))
