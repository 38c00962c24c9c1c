"""What follows from facts, where no single room answers for it."""

from __future__ import annotations

import pytest

from shelfwise import app
from shelfwise.access.context import Context
from shelfwise.records import service as records
from shelfwise.store.events import Event
from shelfwise.work.alerts import open_alerts
from tests.conftest import NOON


@pytest.mark.parametrize(("sku", "link"), [("21001", "/items/21001"), ("A/1#b ?", "/items/A%2F1%23b%20%3F")])
def test_the_alert_of_a_short_pick_leads_to_its_item_whatever_its_sku(ctx: Context, sku: str, link: str) -> None:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    data = {"item_id": 7, "sku": sku, "quantity": "3", "site_id": site_id}
    app.ask_for_counts(ctx, [Event(1, 1, "stock.short", "item:7", data, NOON, NOON)])
    assert [(alert.link, alert.site_id) for alert in open_alerts(ctx)] == [(link, site_id)]
