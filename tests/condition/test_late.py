"""Readings that come late, in any order, more than once: the same excursions, and no alarm about what is past."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from shelfwise.access.context import Context
from shelfwise.condition import service
from shelfwise.condition.model import Limit, Reading, timeline
from shelfwise.edge.tables import StoredReading
from shelfwise.records import service as records
from shelfwise.store.database import values
from shelfwise.work.alerts import open_alerts
from tests.conftest import NOON
from tests.edge.history.telling import Said, add_probe, tell

LIMIT = Limit(2.0, 8.0, timedelta(minutes=10))
DAY_BEFORE = NOON - timedelta(days=1)
Outcome = list[tuple[datetime, datetime | None, datetime | None, float]]


@pytest.fixture
def zone_id(ctx: Context) -> int:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    zone_id = records.add_zone(
        ctx, site_id=site_id, code="1", name="Cold room", kind="chilled", x_m=0, y_m=0, width_m=8, depth_m=5,
        low_degc=2.0, high_degc=8.0,
    )  # fmt: skip
    add_probe(ctx, zone_id=zone_id)
    return zone_id


def said(minute: float, degc: float | None) -> Said:
    return Said(NOON - timedelta(hours=12) + timedelta(minutes=minute), degc)


def come(ctx: Context, told: Sequence[Said], received_at: datetime | None = None) -> None:
    """Readings are stored, and those that are new are judged, in the order in which they came."""
    for one in told:
        if tell(ctx, [one], received_at):
            came = received_at or one.at
            service.watch(ctx, [StoredReading(1, 1, one.device, one.kind, one.value, None, one.at, came)])


def outcome(ctx: Context, zone_id: int) -> Outcome:
    found = service.excursions(ctx, zone_id, NOON - timedelta(days=30))
    return [(one.started_at, one.confirmed_at, one.ended_at, one.worst_degc) for one in found]


def expected(told: Sequence[Said]) -> Outcome:
    spells, _ = timeline([Reading(one.at, one.value) for one in told], LIMIT)
    return [(one.started_at, one.state.confirmed_at, one.ended_at, one.state.worst or 0.0) for one in spells]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_order_readings_come_in_the_same_excursions_are_written_down(
    ctx: Context, zone_id: int, seed: int
) -> None:
    chance = random.Random(seed)
    temperature, told = 7.0, []
    for minute in range(0, 600, 4):
        temperature = min(max(temperature + chance.uniform(-1.2, 1.2), 0.0), 12.0)
        told.append(said(minute, None if chance.random() < 0.05 else round(temperature, 1)))
    told += [said(one, 11.0) for one in (40, 200)]  # a second word on an instant: the worse one counts
    order = told.copy()
    chance.shuffle(order)
    come(ctx, order[:100], NOON)
    come(ctx, order[60:], NOON)
    assert outcome(ctx, zone_id) == expected(told) != []


def test_what_is_told_late_is_an_alert_about_the_past_and_no_alarm(ctx: Context, zone_id: int) -> None:
    come(ctx, [said(700, 5.0)])
    come(ctx, [said(n, 9.5) for n in (60, 65, 70, 75)] + [said(80, 5.0)], NOON)
    (alert,) = open_alerts(ctx)
    assert (alert.kind, alert.severity) == ("temperature_past", "attention")
    assert alert.title == "Cold room was at 9.5 °C, limit 8 °C: in the past, told late"
    assert "from 02 Mar 02:00 to 02 Mar 02:20, and told of it on 02 Mar 13:00" in alert.detail
    assert outcome(ctx, zone_id) == expected([said(n, 9.5) for n in (60, 65, 70, 75)] + [said(80, 5.0)])
    events = values(ctx.tx, "select kind from event where kind like 'condition.%'")
    assert events == [("condition.excursion",)]


def test_a_backlog_in_order_gives_no_alarm_until_what_is_so_now_is_heard(ctx: Context, zone_id: int) -> None:
    come(ctx, [said(n, 9.5) for n in range(0, 600, 10)], NOON)
    assert [one.kind for one in open_alerts(ctx)] == ["temperature_past"]
    assert "until it was last heard" in open_alerts(ctx)[0].detail
    come(ctx, [said(725, 9.7)], NOON + timedelta(minutes=5))
    assert {one.kind: one.title for one in open_alerts(ctx)} == {
        "temperature": "Cold room is at 9.7 °C, limit 8 °C",
        "temperature_past": "Cold room was at 9.5 °C, limit 8 °C: in the past, told late",
    }
    come(ctx, [said(730, 5.0)], NOON + timedelta(minutes=10))
    assert [one.kind for one in open_alerts(ctx)] == ["temperature_past"]


def test_late_readings_that_show_it_was_well_between_take_back_what_was_thought(ctx: Context, zone_id: int) -> None:
    come(ctx, [said(0, 9.0), said(12, 9.0), said(20, 5.0)])
    assert [one[1] is not None for one in outcome(ctx, zone_id)] == [True]
    between = [said(3, 5.0), said(9, 5.0)]
    come(ctx, between, NOON)
    assert outcome(ctx, zone_id) == expected([said(0, 9.0), said(12, 9.0), said(20, 5.0), *between])
    assert [one[1] for one in outcome(ctx, zone_id)] == [None, None]


def test_a_reading_from_long_ago_is_judged_without_all_that_came_since(ctx: Context, zone_id: int) -> None:
    come(ctx, [said(n, 5.0) for n in range(0, 700, 50)])
    long_ago = [said(n - 30_000, 9.0) for n in range(0, 60, 5)]
    come(ctx, [*long_ago, said(-29_900, 5.0)], NOON)
    assert outcome(ctx, zone_id) == expected([*long_ago, said(-29_900, 5.0)])
