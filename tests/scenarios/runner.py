"""Plays a scenario through the real doors, services and jobs, and collects what was decided."""

from __future__ import annotations

import json
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from shelfwise import app, jobs, worker
from shelfwise.access.context import Context, stand_still
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.core.quantities import plain
from shelfwise.demand import service as demand
from shelfwise.edge.devices import add_device
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.store.database import values
from shelfwise.work import alerts, outbox
from shelfwise.work.outbox import Message
from tests.edge.conftest import Running

MANAGER = person("mara", Role.ADMIN)
SECRET = "a secret that the scenario knows"
STEP_LIMIT_S = 20.0


class Scenario:
    """One folder: `setup.json`, then `steps.json`, compared with `expected.json`."""

    def __init__(self, folder: Path, running: Running) -> None:
        self.folder = folder
        self.running = running
        self.office = running.office
        self.setup: dict[str, Any] = json.loads((folder / "setup.json").read_text("utf-8"))
        self.site_id = 0
        self.items: dict[str, int] = {}
        self.places: dict[str, int] = {}
        self.delivered: list[dict[str, Any]] = []
        self.noted: list[dict[str, Any]] = []
        self.forecasts: list[dict[str, Any]] = []

    def play(self) -> dict[str, Any]:
        """Set up, do every step at its time, and return what was decided."""
        self._set_clock(datetime.fromisoformat(self.setup["starts_at"]))
        with self.office.context(MANAGER) as ctx:
            self._prepare(ctx)
        for step in json.loads((self.folder / "steps.json").read_text("utf-8")):
            self._set_clock(datetime.fromisoformat(step["at"]))
            getattr(self, "_" + step["do"].replace(" ", "_"))(step)
            while worker.serve_consumers(self.office):
                pass
        with self.office.context(MANAGER) as ctx:
            return self._decisions(ctx)

    def _prepare(self, ctx: Context) -> None:
        setup = self.setup
        self.site_id = records.add_site(ctx, **setup["site"])
        zones = {}
        for zone in setup["zones"]:
            delay = timedelta(minutes=zone.pop("delay_minutes", 10))
            zones[zone["code"]] = records.add_zone(ctx, site_id=self.site_id, delay=delay, **zone)
        for item in setup["items"]:
            self.items[item["sku"]] = records.add_item(ctx, **item)
        for place in setup["bins"]:
            place["zone_id"] = zones[place.pop("zone")]
            place["item_id"] = self.items[place.pop("item")]
            place["capacity"] = Decimal(place["capacity"])
            self.places[place["code"]] = records.add_place(ctx, site_id=self.site_id, **place)
        suppliers = {one["code"]: records.add_supplier(ctx, **one) for one in setup["suppliers"]}
        for terms in setup["terms"]:
            records.add_terms(
                ctx,
                supplier_id=suppliers[terms["supplier"]],
                item_id=self.items[terms["item"]],
                unit_cost=Decimal(terms["unit_cost"]),
                currency=terms["currency"],
                lead_time_days=terms["lead_time_days"],
                pack_size=Decimal(terms["pack_size"]),
                minimum_order=Decimal(terms.get("minimum_order", 0)),
            )
        for device in setup["devices"]:
            device["zone_id"] = zones.get(device.pop("zone", ""))
            device["place_id"] = self.places.get(device.pop("place", ""))
            add_device(ctx, secret=SECRET, **device)
        records.set_go_live(ctx, ctx.now)
        self._tell_history(ctx, **setup["history"])
        stock.opening_stock(
            ctx,
            [
                (self.items[one["item"]], self.places[one["bin"]], Decimal(one["quantity"]))
                for one in setup["opening_stock"]
            ],
        )

    def _tell_history(self, ctx: Context, **told: Any) -> None:
        first = datetime.fromisoformat(f"{told['from']}T12:00:00Z")
        lines = [
            NewSalesLine(
                f"H-{day}", 1, self.site_id, self.items[told["item"]], first + timedelta(days=day),
                Decimal(told["quantity"]), Decimal(told["unit_price"]), None, None,
            )
            for day in range(told["days"])
        ]  # fmt: skip
        taken = orders.take_sales_lines(ctx, lines)
        assert taken.history == told["days"], "all of it lies before go-live"

    def _set_clock(self, instant: datetime) -> None:
        with self.office.database.transaction() as tx:
            stand_still(tx, self.office.tenant, instant)
        deadline = time.monotonic() + STEP_LIMIT_S
        while self.running.gateway.directory.time.business_anchor != instant:
            assert time.monotonic() < deadline, "the gateway did not follow the business clock"
            time.sleep(0.01)

    # The steps.

    def _mqtt(self, step: dict[str, Any]) -> None:
        payload = step["text"] if "text" in step else json.dumps(step["payload"])
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{step['device']}-client")
        client.username_pw_set(step["device"], SECRET)
        client.connect("127.0.0.1", self.running.mqtt_port)
        client.loop_start()
        try:
            client.publish(step["topic"], payload, qos=1).wait_for_publish(STEP_LIMIT_S)
        finally:
            client.disconnect()
            client.loop_stop()

    def _http(self, step: dict[str, Any]) -> None:
        key = {"Authorization": f"Bearer {step['device']}:{SECRET}"}
        httpx.post(self.running.url(step["path"]), json=step["payload"], headers=key)

    def _sale(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            line = NewSalesLine(
                step["order"], 1, self.site_id, self.items[step["item"]], ctx.now,
                Decimal(step["quantity"]), Decimal("6.00"), None, None,
            )  # fmt: skip
            orders.take_sales_lines(ctx, [line])

    def _pick(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            (line,) = [one for one in orders.sales_lines(ctx, states=["reserved"]) if one.order_number == step["order"]]
            picks = [(self.places[step["bin"]], Decimal(step["quantity"]))]
            stock.issue(ctx, line.sales_line_id, picks, f"pick:{step['order']}")

    def _night(self, step: dict[str, Any]) -> None:
        day = date.fromisoformat(step["at"][:10]) - timedelta(days=1)
        jobs.nightly(self.office, self.site_id, day)
        assert jobs.check_books(self.office) == 0, "balances and movements agree"

    def _approve(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            (found,) = [one for one in agents.proposals(ctx, None) if one.sku == step["item"]]
            agents.approve(ctx, found.proposal_id)

    def _outbox(self, step: dict[str, Any]) -> None:
        def partner(message: Message) -> None:
            self.delivered.append({"key": message.idempotency_key.split("@")[0], "lines": len(message.body["lines"])})

        while outbox.deliver_next(self.office, partner, app.delivered):
            pass

    def _receive(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            (order,) = orders.purchase_orders(ctx)
            quantity = Decimal(step["quantity"])
            stock.receive(ctx, order.purchase_order_id, 1, quantity, self.places[step["bin"]], step["source"])

    def _receive_the_rest(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            (order,) = orders.purchase_orders(ctx)
        (line,) = order.lines
        self._receive(step | {"quantity": plain(line.quantity - line.received)})

    def _note_alerts(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            titles = [alert.title for alert in alerts.open_alerts(ctx)]
        self.noted.append({"at": step["at"], "open": titles})

    def _note_forecast(self, step: dict[str, Any]) -> None:
        with self.office.context(MANAGER) as ctx:
            found = demand.latest(ctx, self.site_id, self.items[step["item"]])
        assert found is not None
        means = sorted(set(found.summary["mean"]))
        self.forecasts.append({"item": step["item"], "origin": found.origin.isoformat(), "daily means": means})

    # What came of it.

    def _decisions(self, ctx: Context) -> dict[str, Any]:
        return {
            "alerts": self.noted,
            "quarantine": [
                reason.split(": ")[0]
                for (reason,) in values(ctx.tx, "select reason from quarantine order by quarantine_id")
            ],
            "readings stored": values(ctx.tx, "select count(*) from reading")[0][0],
            "forecasts": self.forecasts,
            "proposals": [
                {
                    "item": one.sku,
                    "state": one.state,
                    "quantity": plain(one.quantity),
                    "reorder point": one.evidence["policy"]["reorder_point"],
                    "order up to": one.evidence["policy"]["order_up_to"],
                }
                for one in agents.proposals(ctx, None)
            ],
            "purchase orders": [
                {"number": one.number, "state": one.state, "received": [plain(line.received) for line in one.lines]}
                for one in orders.purchase_orders(ctx)
            ],
            "delivered": self.delivered,
            "lead times in days": [one.days for one in orders.lead_times(ctx)],
            "stock": {
                sku: [
                    {"on hand": plain(level.on_hand), "reserved": plain(level.reserved)}
                    for level in stock.levels(ctx, self.site_id)
                    if level.item_id == item_id
                ]
                for sku, item_id in self.items.items()
            },
        }
