"""What is missing on the way to the first proposal: a row for each thing that can be, and what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shelfwise.demand.model import MIN_OBSERVED_DAYS
from shelfwise.intake.starting_model import DAYS_FOR_A_FORECAST, Counts, Step, steps
from tests.conftest import NOON

WHOLE = Counts(
    sites=1, bins=40, items=12, suppliers=3, terms=14, sale_days=90, sold_items=12, open_orders=2, people=4,
    handhelds=1, devices=5, mail=True, https=True, live_at=NOON, live=True,
)  # fmt: skip


def step(key: str, counts: Counts, *put_aside: str) -> Step:
    return next(one for one in steps(counts, put_aside) if one.key == key)


def test_where_nothing_is_missing_every_step_is_done() -> None:
    assert [one.key for one in steps(WHOLE) if not one.settled] == []


@pytest.mark.parametrize(
    ("key", "missing", "state", "said", "leads_to"),
    [
        ("company", {"setup_due": True}, "missing", "Nobody has said yet who this is.", "/setup"),
        ("floor", {"sites": 0, "bins": 0}, "missing", "There is no site yet.", "/records/sites/new"),
        ("floor", {"sites_without_bins": 1, "bins": 0}, "open", "1 site with 0 bins.", "/records/sites"),
        ("items", {"items": 0}, "missing", "There is no item yet.", "/import"),
        ("suppliers", {"suppliers": 0}, "missing", "There is no supplier yet.", "/suppliers/new"),
        ("suppliers", {"suppliers_untold": 2}, "open", "2 without a mail address", "/suppliers"),
        ("terms", {"terms": 0, "items_without_terms": 12}, "missing", "nothing can be proposed", "/import"),
        ("terms", {"items_without_terms": 7}, "missing", "7 of 12 items without terms: they cannot", "/import"),
        ("lead_times", {"terms_without_lead_time": 3}, "missing", "3 of 14 terms without one: orders will", "/import"),
        ("lead_times", {"terms_without_lead_time": 1, "usual_lead_days": 4.5}, "missing", "assume 4.5 days", "/import"),
        ("stock", {"items_without_stock": 5}, "missing", "5 of 12 items were never said to lie anywhere", "/opening"),
        ("history", {"sale_days": 0, "sold_items": 0}, "missing", "there is no forecast", "/import"),
        ("history", {"items_without_forecast": 4}, "open", "8 of 12 items that sold have enough", "/import"),
        ("orders", {"open_orders": 0}, "open", "No open purchase order is known.", "/import"),
        ("go_live", {"live_at": None, "live": False}, "missing", "It is not decided when.", "/go-live"),
        ("go_live", {"live": False}, "done", "still to come", "/go-live"),
        ("barcodes", {"items_without_barcode": 2}, "open", "2 of 12 items without a barcode", "/import"),
        ("people", {"people": 1}, "open", "You are alone here.", "/people"),
        ("devices", {"devices": 0}, "open", "No device yet.", "/devices/new"),
        ("devices", {"devices_never_heard": 1}, "missing", "1 of 5 devices never heard of yet.", "/devices/new"),
        ("mail", {"mail": False}, "open", "No mail server is set", "/settings"),
        ("https", {"https": False}, "open", "Pages are reached by http.", "/phones"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_with_its_number_and_leads_to_where_it_is_told(
    key: str, missing: dict[str, Any], state: str, said: str, leads_to: str
) -> None:
    found = step(key, replace(WHOLE, **missing))
    assert found.state == state
    assert said in found.said
    assert found.button[0] == leads_to
    assert found.why


@pytest.mark.parametrize(
    ("key", "missing", "listed"),
    [
        ("terms", {"items_without_terms": 7}, "/items?lacks=terms"),
        ("lead_times", {"terms_without_lead_time": 3}, "/items?lacks=lead_time"),
        ("stock", {"items_without_stock": 5}, "/items?lacks=stock"),
        ("history", {"items_without_forecast": 4}, "/items?lacks=history"),
        ("barcodes", {"items_without_barcode": 2}, "/items?lacks=barcode"),
        ("devices", {"devices_never_heard": 1}, "/devices?state=never+heard"),
    ],
)
def test_the_exact_list_of_what_is_missing_is_a_link(key: str, missing: dict[str, Any], listed: str) -> None:
    found = step(key, replace(WHOLE, **missing)).missing
    assert found is not None
    assert found[0] == listed


def test_what_is_not_needed_is_put_aside_but_not_what_proposals_stand_on() -> None:
    empty = Counts(setup_due=True)
    assert step("devices", empty, "devices").settled
    assert not step("devices", empty).settled
    assert not step("items", empty, "items").settled


def test_the_days_that_a_forecast_needs_are_those_of_demand() -> None:
    assert DAYS_FOR_A_FORECAST == MIN_OBSERVED_DAYS
