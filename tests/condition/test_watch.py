"""Watching zones: alerts with their evidence, recovery, zones with several thermometers, devices that move."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.condition import service, weighing
from shelfwise.core.errors import Forbidden
from shelfwise.edge import devices
from shelfwise.edge.devices import remember_latest
from shelfwise.edge.health import tables as health
from shelfwise.edge.health.model import Finding
from shelfwise.edge.standing import Spot, move_device
from shelfwise.edge.tables import StoredReading
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from shelfwise.store.events import Event
from shelfwise.work.alerts import Alert, open_alerts
from tests.conftest import NOON

DAY_BEFORE = NOON - timedelta(days=1)


def add_device(ctx: Context, device: str, zone_id: int | None) -> None:
    devices.add_device(ctx, device, zone_id=zone_id, secret="")


def add_zone(ctx: Context, site_id: int, code: str, high: float | None = 8.0) -> int:
    return records.add_zone(
        ctx, site_id=site_id, code=code, name=f"Cold room {code}", kind="chilled", x_m=0, y_m=0, width_m=8, depth_m=5,
        low_degc=None if high is None else 2.0, high_degc=high,
    )  # fmt: skip


def move(ctx: Context, zone_id: int, minute: int) -> None:
    """t1 stands in another zone from so many minutes after noon on."""
    at = NOON + timedelta(minutes=minute)
    move_device(replace(ctx, now=at), "t1", Spot(zone_id=zone_id), at=at)


@pytest.fixture
def site_id(ctx: Context) -> int:
    return records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)


@pytest.fixture
def zone_id(ctx: Context, site_id: int) -> int:
    zone_id = add_zone(ctx, site_id, "1")
    add_device(ctx, "t1", zone_id)
    return zone_id


def fact(minute: float, degc: float | None, device: str = "t1", kind: str = "temperature") -> StoredReading:
    observed_at = NOON + timedelta(minutes=minute)
    return StoredReading(1, int(minute * 10), device, kind, degc, None, observed_at, observed_at)


def test_an_excursion_raises_one_alert_that_says_what_why_and_since_when(ctx: Context, zone_id: int) -> None:
    service.watch(ctx, [fact(0, 8.5), fact(5, 9.6)])
    assert open_alerts(ctx) == []
    service.watch(ctx, [fact(10, 9.4), fact(11, 9.5)])
    (alert,) = open_alerts(ctx)
    assert (alert.kind, alert.subject, alert.severity) == ("temperature", f"zone:{zone_id}", "danger")
    assert alert.title == "Cold room 1 is at 9.4 °C, limit 8 °C"
    assert "t1 has been outside its limit (2 to 8 °C) since 02 Mar 13:00, for 10 min; the worst was 9.6" in alert.detail
    assert alert.link == f"/zones/{zone_id}"
    assert [(one["observed_at"], one["degc"]) for one in alert.evidence["readings"]] == [
        ("2026-03-02T12:00:00+00:00", 8.5), ("2026-03-02T12:05:00+00:00", 9.6), ("2026-03-02T12:10:00+00:00", 9.4),
    ]  # fmt: skip
    assert values(ctx.tx, "select kind, subject, data->>'worst_degc' from event where kind like 'condition.%'") == [
        ("condition.excursion", f"zone:{zone_id}", "9.6")
    ]


def test_a_recovery_clears_the_alert_and_ends_the_excursion(ctx: Context, zone_id: int) -> None:
    service.watch(ctx, [fact(0, 8.5), fact(10, 9.4), fact(12, 10.2), fact(20, 7.5)])
    assert open_alerts(ctx) == []
    assert service.open_excursions(ctx) == []
    (excursion,) = service.excursions(ctx, zone_id, DAY_BEFORE)
    assert excursion.started_at == NOON
    assert excursion.confirmed_at == NOON + timedelta(minutes=10)
    assert excursion.ended_at == NOON + timedelta(minutes=20)
    assert (excursion.worst_degc, excursion.zone) == (10.2, "Cold room 1")
    kinds = values(ctx.tx, "select kind from event where kind like 'condition.%' order by event_id")
    assert kinds == [("condition.excursion",), ("condition.recovered",)]


def test_an_open_door_that_is_closed_in_time_raises_no_alert(ctx: Context, zone_id: int) -> None:
    service.watch(ctx, [fact(0, 8.5), fact(9, 7.9), fact(11, 8.5), fact(20, 7)])
    assert open_alerts(ctx) == []
    assert values(ctx.tx, "select kind from event") == []
    assert [one.confirmed_at for one in service.excursions(ctx, zone_id, DAY_BEFORE)] == [None, None]


def test_the_result_does_not_depend_on_how_readings_are_handed_over(ctx: Context, zone_id: int) -> None:
    facts = [fact(0, 5), fact(1, 9), fact(2, 5), fact(3, 9), fact(8, None), fact(11, 9), fact(12, 3), fact(14, 9)]

    def outcome() -> list[object]:
        return [
            [(one.started_at, one.confirmed_at, one.ended_at) for one in service.excursions(ctx, zone_id, DAY_BEFORE)],
            values(ctx.tx, "select kind, occurred_at from event order by event_id"),
        ]

    with ctx.tx.transaction(force_rollback=True):
        service.watch(ctx, facts)
        at_once = outcome()
    for one in facts:
        service.watch(ctx, [one])
    assert outcome() == at_once


def test_a_clock_that_ran_ahead_once_does_not_silence_the_alarm(ctx: Context, zone_id: int) -> None:
    ahead = replace(fact(0, 5), observed_at=NOON + timedelta(hours=20))
    service.watch(ctx, [ahead])
    service.watch(ctx, [fact(1, 9), fact(11, 9)])
    (alert,) = open_alerts(ctx)
    assert alert.subject == f"zone:{zone_id}"


def test_the_alert_stays_while_another_thermometer_of_the_zone_is_outside(ctx: Context, zone_id: int) -> None:
    add_device(ctx, "t2", zone_id)
    service.watch(ctx, [fact(0, 9), fact(0, 9, "t2"), fact(10, 9), fact(10, 9, "t2"), fact(12, 5)])
    assert len(open_alerts(ctx)) == 1
    service.watch(ctx, [fact(13, 5, "t2")])
    assert open_alerts(ctx) == []


def test_a_device_that_moves_leaves_nothing_open_behind(ctx: Context, site_id: int, zone_id: int) -> None:
    service.watch(ctx, [fact(0, 9), fact(10, 9)])
    move(ctx, add_zone(ctx, site_id, "2"), 11)
    service.watch(ctx, [fact(11, 5)])
    assert open_alerts(ctx) == []
    assert service.open_excursions(ctx) == []
    assert [one.ended_at for one in service.excursions(ctx, zone_id, DAY_BEFORE)] == [NOON + timedelta(minutes=11)]


def test_what_comes_late_from_before_a_move_is_judged_where_the_device_stood_then(
    ctx: Context, site_id: int, zone_id: int
) -> None:
    service.watch(ctx, [fact(0, 5)])
    other = add_zone(ctx, site_id, "2", high=30.0)
    move(ctx, other, 30)
    service.watch(ctx, [fact(31, 20)])
    service.watch(ctx, [fact(10, 20), fact(25, 21)])
    (late,) = service.excursions(ctx, zone_id, DAY_BEFORE)
    assert (late.started_at, late.confirmed_at, late.ended_at) == tuple(
        NOON + timedelta(minutes=minute) for minute in (10, 25, 30)
    )
    assert service.excursions(ctx, other, DAY_BEFORE) == []
    assert values(ctx.tx, "select kind, subject from event where kind = 'condition.excursion'") == [
        ("condition.excursion", f"zone:{zone_id}")
    ]


def test_a_zone_does_not_show_what_a_device_said_before_it_came(ctx: Context, site_id: int, zone_id: int) -> None:
    other = add_zone(ctx, site_id, "2")
    devices.remember_latest(ctx, [fact(0, 21)])
    move(ctx, other, 30)
    assert [one.degc for one in service.zone_states(ctx, site_id)] == [None, None]
    devices.remember_latest(ctx, [fact(31, 4)])
    assert [one.degc for one in service.zone_states(ctx, site_id)] == [None, 4]


def test_other_readings_unplaced_devices_and_zones_without_a_limit_are_passed_over(ctx: Context, site_id: int) -> None:
    add_device(ctx, "free", None)
    add_device(ctx, "ambient", add_zone(ctx, site_id, "A", None))
    service.watch(ctx, [])
    for minute in (0, 10, 20):
        service.watch(ctx, [fact(minute, 99, "free"), fact(minute, 99, "ambient"), fact(minute, 99, "stranger")])
        service.watch(ctx, [fact(minute, 99, kind="weight")])
    assert service.open_excursions(ctx) == []
    assert values(ctx.tx, "select * from condition_watch") == []


def test_an_excursion_ends_when_the_zones_limit_is_taken_away(ctx: Context, zone_id: int) -> None:
    service.watch(ctx, [fact(0, 9), fact(10, 9)])
    run(ctx.tx, "update zone set low_degc = null, high_degc = null")
    service.watch(ctx, [fact(11, 9)])
    assert open_alerts(ctx) == []


def test_zones_show_the_middle_of_their_temperatures_and_unknown_is_not_zero(
    ctx: Context, site_id: int, zone_id: int
) -> None:
    add_zone(ctx, site_id, "2")
    add_device(ctx, "t2", zone_id)
    for device, kind, degc, minute in (
        ("t1", "temperature", 9.0, 1),
        ("t2", "temperature", 8.5, 0),
        ("t2", "weight", 1, 2),
    ):
        run(
            ctx.tx,
            """insert into device_latest (tenant_id, device, kind, value, observed_at, received_at)
               values (1, %s, %s, %s, %s, %s)""",
            (device, kind, degc, NOON + timedelta(minutes=minute), NOON),
        )
    cold, unknown = service.zone_states(ctx, site_id)
    assert (cold.device, cold.degc, cold.observed_at, cold.excursion) == ("t1", 8.75, NOON + timedelta(minutes=1), None)
    assert (unknown.device, unknown.degc, unknown.observed_at) == (None, None, None)
    service.watch(ctx, [fact(0, 9)])
    assert [one.excursion for one in service.zone_states(ctx, site_id)] == ["pending", None]
    service.watch(ctx, [fact(10, 9)])
    assert [(one.excursion, one.since) for one in service.zone_states(ctx, site_id)] == [
        ("confirmed", NOON),
        (None, None),
    ]


def test_viewers_see_excursions_and_do_not_judge_readings(office: Office) -> None:
    with office.context(person("vera", Role.VIEWER)) as ctx:
        assert service.open_excursions(ctx) == []
        with pytest.raises(Forbidden):
            service.watch(ctx, [fact(0, 9)])
    with office.context(system("condition")) as ctx:
        service.watch(ctx, [fact(0, 9)])


def doubt(ctx: Context, device: str) -> None:
    finding = Finding("temperature", "drift", NOON, 1.2, {"against": ["t2", "t3"]})
    health.open_doubt(ctx.tx, ctx.tenant, device, finding, NOON)


def beside(ctx: Context, zone_id: int, degc: float = 5.0) -> None:
    """Another thermometer in the zone, and what it says at noon."""
    add_device(ctx, "t2", zone_id)
    told = [fact(0, degc, "t2")]
    service.watch(ctx, told)
    remember_latest(ctx, told)


def outside(ctx: Context) -> Alert:
    hot = [fact(minute, 9.0) for minute in (-12, -6, -1)]
    remember_latest(ctx, hot)
    service.watch(ctx, hot)
    (alert,) = open_alerts(ctx)
    return alert


def changed(subject: str) -> Event:
    return Event(1, 1, "device.doubted", subject, {"devices": ["t1"], "cause": "drift"}, NOON, NOON)


def test_a_doubted_thermometer_alone_outside_is_to_be_checked_where_another_says_all_is_well(
    ctx: Context, zone_id: int
) -> None:
    doubt(ctx, "t1")
    beside(ctx, zone_id)
    alert = outside(ctx)
    assert (alert.severity, alert.title) == ("attention", "To check: Cold room 1 is at 9.0 °C, limit 8 °C")
    assert "But t1 is in doubt, and t2 beside it says that all is well. Hold another thermometer" in alert.detail
    weighing.weigh_again(ctx, [changed("device:t1")])
    assert [one.severity for one in open_alerts(ctx)] == ["attention"]


def test_a_doubted_thermometer_whom_nobody_contradicts_is_a_danger(ctx: Context, zone_id: int) -> None:
    doubt(ctx, "t1")
    assert outside(ctx).severity == "danger"


def test_a_thermometer_that_is_believed_is_a_danger_whatever_another_says(ctx: Context, zone_id: int) -> None:
    beside(ctx, zone_id)
    assert outside(ctx).severity == "danger"


def test_a_second_one_outside_makes_what_was_to_be_checked_a_danger(ctx: Context, zone_id: int) -> None:
    doubt(ctx, "t1")
    beside(ctx, zone_id)
    outside(ctx)
    service.watch(ctx, [fact(1, 9.2, "t2"), fact(11, 9.3, "t2")])
    (alert,) = open_alerts(ctx)
    assert (alert.severity, alert.title) == ("danger", "Cold room 1 is at 9.3 °C, limit 8 °C")


def test_what_was_to_be_checked_is_a_danger_once_its_doubt_is_gone(ctx: Context, zone_id: int) -> None:
    doubt(ctx, "t1")
    beside(ctx, zone_id)
    outside(ctx)
    run(ctx.tx, "update device_doubt set ended_at = %s", (NOON,))
    weighing.weigh_again(ctx, [changed("device:t1")])
    (alert,) = open_alerts(ctx)
    assert (alert.severity, alert.title) == ("danger", "Cold room 1 is at 9.0 °C, limit 8 °C")


def test_a_zone_shows_the_middle_of_its_thermometers_without_those_in_doubt(ctx: Context, zone_id: int) -> None:
    (site_id,) = (one.site_id for one in records.sites(ctx))
    for device, degc in (("t2", 4.0), ("t3", 5.0), ("t4", 40.0)):
        add_device(ctx, device, zone_id)
        remember_latest(ctx, [fact(0, degc, device)])
    remember_latest(ctx, [fact(-60, 30.0, "t1")])
    (state,) = service.zone_states(ctx, site_id)
    assert (state.degc, state.sensors) == (5.0, 3)
    doubt(ctx, "t4")
    (state,) = service.zone_states(ctx, site_id)
    assert (state.degc, state.sensors) == (4.5, 2)
    for device in ("t2", "t3"):
        doubt(ctx, device)
    (state,) = service.zone_states(ctx, site_id)
    assert (state.degc, state.sensors) == (5.0, 3)
