"""What follows from facts, where no single room answers for it."""

from __future__ import annotations

import pytest

from shelfwise import app
from shelfwise.access.context import Context
from shelfwise.records import service as records
from shelfwise.store.events import Event
from shelfwise.work.alerts import open_alerts
from shelfwise.work.tasks import tasks
from tests.conftest import NOON


@pytest.mark.parametrize(("sku", "link"), [("21001", "/items/21001"), ("A/1#b ?", "/items/A%2F1%23b%20%3F")])
def test_the_alert_of_a_short_pick_leads_to_its_item_whatever_its_sku(ctx: Context, sku: str, link: str) -> None:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    data = {"item_id": 7, "sku": sku, "quantity": "3", "site_id": site_id}
    app.ask_for_counts(ctx, [Event(1, 1, "stock.short", "item:7", data, NOON, NOON)])
    assert [(alert.link, alert.site_id) for alert in open_alerts(ctx)] == [(link, site_id)]


def test_what_expired_was_taken_from_a_hold_or_is_in_two_places_is_told(ctx: Context) -> None:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    item_id = records.add_item(ctx, sku="MILK")
    here = {"item_id": item_id, "sku": "MILK", "site_id": site_id, "quantity": "3"}
    told = [
        ("stock.expired", {**here, "lot": "L1", "expires_on": "2026-03-01"}),
        ("stock.taken_from_hold", {**here, "movement_id": 7, "place": "A-1", "taken": "5"}),
        ("stock.serial_conflict", {"item_id": item_id, "site_id": site_id, "serial": "S-1"}),
        ("stock.moved", here),
    ]
    app.tell_of_stock(ctx, [Event(1, n, kind, "item:1", data, NOON, NOON) for n, (kind, data) in enumerate(told)])
    assert {(alert.title, alert.link, alert.site_id) for alert in open_alerts(ctx)} == {
        ("3 of MILK are past their last day", "/items/MILK", site_id),
        ("3 of MILK were taken though they are on hold", "/items/MILK", site_id),
        ("Serial S-1 of MILK was seen where it cannot be", "/items/MILK", site_id),
    }


def test_broken_promises_and_goods_too_few_or_too_many_are_tasks_in_words(ctx: Context) -> None:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    item_id = records.add_item(ctx, sku="MILK")
    here = {"item_id": item_id, "site_id": site_id}
    told = [
        (
            "stock.overpromised",
            {**here, "on_hand": "8", "blocked": "4", "reserved": "6", "sales_line_ids": [1, 2], "transfer_ids": [3]},
        ),
        ("transfer.over", {"transfer_id": 5, "number": "TR-000005", "to_site_id": site_id, "lines": []}),
        ("shipment.short", {**here, "shipment_id": 9, "place_id": 1, "asked": "4", "found": "1"}),
    ]
    app.tell_of_stock(ctx, [Event(1, n, kind, "item:1", data, NOON, NOON) for n, (kind, data) in enumerate(told)])
    found = tasks(ctx)
    assert {(one.title, one.link, one.role, one.site_id) for one in found} == {
        ("More of MILK was promised than is there", "/items/MILK", "planner", site_id),
        ("More of TR-000005 came than had left", "/transfers/5", "manager", site_id),
        ("A shipment may go short of MILK", "/shipments/9", "planner", site_id),
    }
    (promised,) = [one for one in found if one.kind == "overpromised"]
    assert promised.detail.startswith("2 order lines and 1 transfer line lost what was reserved")
