"""Devices that are not to be believed: learned from readings, judged by the hour, told once, answered by people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from math import sin
from random import Random

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, Refused
from shelfwise.edge.devices import add_device, remember_latest
from shelfwise.edge.health import answers, service, tables
from shelfwise.edge.standing import Spot, move_device
from shelfwise.edge.tables import StoredReading
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from shelfwise.work.alerts import open_alerts
from shelfwise.work.tasks import tasks
from tests.conftest import NOON

LEAST = timedelta(minutes=5)
MIDNIGHT = NOON.replace(hour=0)


@pytest.fixture
def zone_id(ctx: Context) -> int:
    site_id = records.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    zone_id = records.add_zone(
        ctx, site_id=site_id, code="1", name="Cold room", kind="chilled", x_m=0, y_m=0, width_m=8, depth_m=5,
        low_degc=2.0, high_degc=8.0,
    )  # fmt: skip
    for device in ("t1", "t2", "t3"):
        add_device(ctx, device, zone_id=zone_id)
    return zone_id


def fact(minutes: float, value: float, device: str = "t1", kind: str = "temperature", late: float = 0) -> StoredReading:
    at = MIDNIGHT + timedelta(minutes=minutes)
    return StoredReading(1, int(minutes * 60), device, kind, value, None, at, at + timedelta(minutes=late))


def at(ctx: Context, minutes: float) -> Context:
    return replace(ctx, now=MIDNIGHT + timedelta(minutes=minutes))


def room(days: float, off: float = 0.0, since_day: float = 1e9) -> Iterator[StoredReading]:
    """Three thermometers, one word in 20 minutes each; t1 is `off` from a day on."""
    chance = Random(5)
    for minutes in range(0, int(days * 1440), 20):
        air = 4.0 + sin(minutes / 229) + chance.gauss(0, 0.1)
        for place, device in enumerate(("t1", "t2", "t3")):
            wrong = off if device == "t1" and minutes >= since_day * 1440 else 0.0
            yield fact(minutes, round(air + 0.3 * place + chance.gauss(0, 0.1) + wrong, 2), device)


def live(ctx: Context, days: int, off: float = 0.0, since_day: float = 1e9) -> None:
    """Let days pass, judged at each hour that can tell something."""
    told = list(room(days, off, since_day))
    for hour in range(days * 24):
        service.learn(ctx, told[9 * hour : 9 * hour + 9])
        if hour % 24 == 23 or hour >= since_day * 24:
            service.judge(at(ctx, hour * 60 + 61))


def causes(ctx: Context) -> list[tuple[str, str]]:
    return [(one.device, one.cause) for one in service.doubts(ctx)]


def test_a_device_that_falls_silent_is_told_once_and_cleared_when_it_is_back(ctx: Context, zone_id: int) -> None:
    service.learn(ctx, [fact(minute, 4, device) for minute in range(60) for device in ("t1", "t2", "t3")])
    service.learn(ctx, [fact(minute, 4, device) for minute in range(60, 80) for device in ("t2", "t3")])
    assert service.look_for_silence(at(ctx, 62), LEAST) == 0
    assert service.look_for_silence(at(ctx, 80), LEAST) == 1
    assert service.look_for_silence(at(ctx, 80.5), LEAST) == 1
    (alert,) = open_alerts(ctx)
    assert (alert.kind, alert.subject, alert.title, alert.times) == (
        "device_silent", "device:t1", "t1 is silent", 1,
    )  # fmt: skip
    assert alert.detail.startswith("It was last heard at 2 Mar 01:59. It usually reports at least every 66 s.")
    assert causes(ctx) == [("t1", "silent")]
    service.learn(ctx, [fact(81, 4)])
    assert service.look_for_silence(at(ctx, 82), LEAST) == 0
    assert (open_alerts(ctx), causes(ctx)) == ([], [])


def test_what_falls_silent_together_is_one_alert(ctx: Context, zone_id: int) -> None:
    service.learn(ctx, [fact(minute, 4, device) for minute in range(60) for device in ("t1", "t2", "t3")])
    assert service.look_for_silence(at(ctx, 90), LEAST) == 3
    (alert,) = open_alerts(ctx)
    assert alert.title == "3 of 3 devices at one site fell silent together"
    service.learn(ctx, [fact(91, 4, device) for device in ("t2", "t3")])
    service.look_for_silence(at(ctx, 92), LEAST)
    assert [one.subject for one in open_alerts(ctx)] == ["device:t1"]


def test_a_lost_gateway_is_one_alert_and_a_broken_connection_is_silence_at_once(ctx: Context, zone_id: int) -> None:
    add_device(ctx, "gate", speaks_for="gateway")
    run(ctx.tx, "update device set behind = 'gate' where device in ('t1', 't2', 't3')")
    add_device(ctx, "t4", zone_id=zone_id)
    service.learn(ctx, [fact(minute, 4, device) for minute in range(60) for device in ("t1", "t2", "t3")])
    service.learn(ctx, [fact(minute, 4, "t4") for minute in range(91)])
    assert service.look_for_silence(at(ctx, 90), LEAST) == 3
    assert [one.title for one in open_alerts(ctx)] == ["gate is silent, with 3 of 3 devices behind it"]
    run(
        ctx.tx,
        "insert into device_presence (tenant_id, device, online, since, ended, gateway) values (1, 't4', false, %s, "
        "'lost', 'here')",
        (at(ctx, 90.2).now,),
    )
    service.look_for_silence(at(ctx, 90.5), LEAST)
    assert {one.title for one in open_alerts(ctx)} >= {"t4 has lost its connection"}


def test_a_sensor_that_moves_against_its_neighbours_is_in_doubt_within_a_day(ctx: Context, zone_id: int) -> None:
    live(ctx, 12, off=1.0, since_day=11)
    assert causes(ctx) == [("t1", "drift")]
    (alert,) = open_alerts(ctx)
    assert alert.title == "In doubt: t1 reads 1.0 °C above what its two neighbours let expect"
    assert [kind for (kind,) in values(ctx.tx, "select kind from event where kind = 'device.doubted'")]
    (doubt,) = service.in_doubt(ctx).values()
    with pytest.raises(Invalid, match="note"):
        answers.believe(ctx, doubt.doubt_id, " ")
    answers.believe(ctx, doubt.doubt_id, "a calibrated one beside it says the same")
    assert (causes(ctx), open_alerts(ctx)) == ([], [])
    service.judge(at(ctx, 12 * 1440 + 1))
    assert causes(ctx) == []
    with pytest.raises(Refused, match="over"):
        answers.believe(ctx, doubt.doubt_id, "again")
    health = service.health_of(ctx, "t1")
    assert [(one.cause, one.answer) for one in health.over] == [("drift", "a calibrated one beside it says the same")]


def test_in_another_zone_a_sensor_is_compared_anew(ctx: Context, zone_id: int) -> None:
    live(ctx, 8)
    (before,) = [one for one in tables.watched(ctx.tx, ctx.tenant, "t1") if one.kind == "temperature"]
    assert len(before.days) == 8
    (here,) = records.sites(ctx)
    other = records.add_zone(
        ctx, site_id=here.site_id, code="2", name="Freezer", kind="frozen", x_m=10, y_m=0,
        width_m=8, depth_m=5,
    )  # fmt: skip
    move_device(ctx, "t1", Spot(zone_id=other))
    (after,) = [one for one in tables.watched(ctx.tx, ctx.tenant, "t1") if one.kind == "temperature"]
    assert (after.zone_id, after.days) == (other, {})


def test_sensors_that_agree_stay_believed(ctx: Context, zone_id: int) -> None:
    live(ctx, 9)
    assert causes(ctx) == []
    assert service.health_of(ctx, "t1").compared_with == [("temperature", ["t2", "t3"])]


def test_the_state_does_not_depend_on_how_readings_are_handed_over(ctx: Context, zone_id: int) -> None:
    facts = list(room(2))

    def learned() -> list[tuple[object, ...]]:
        return values(ctx.tx, "select device, kind, state, silent_after_s from device_health order by 1, 2")

    with ctx.tx.transaction(force_rollback=True):
        service.learn(ctx, facts)
        at_once = learned()
    for one in facts:
        service.learn(ctx, [one])
    assert learned() == at_once


def test_a_wrong_clock_is_told_and_what_it_claims_is_corrected_and_kept(ctx: Context, zone_id: int) -> None:
    behind = [fact(minute, 4, late=60.05) for minute in range(0, 1200, 5)]
    service.learn(ctx, behind)
    service.judge(at(ctx, 1260))
    (alert,) = open_alerts(ctx)
    assert alert.title == "t1 clock is 60 min behind; the times it claims are corrected by that"
    late = fact(1300, 5, late=60.05)
    (told,) = service.corrected(ctx, [late])
    assert told.observed_at == late.observed_at
    assert told.received_at - told.counts_from < timedelta(seconds=10)
    right = fact(1300, 5, late=0.05)
    assert service.corrected(ctx, [right]) == [right]


def test_a_low_battery_is_a_task_that_ends_with_another_battery(ctx: Context, zone_id: int) -> None:
    service.learn(ctx, [fact(day * 1440, 40 - day, kind="battery") for day in range(26)])
    service.judge(at(ctx, 26 * 1440))
    (task,) = tasks(ctx)
    assert (task.kind, task.title) == ("battery", "t1: battery at 15 %, which lasts about 12 days as it goes")
    service.learn(ctx, [fact(27 * 1440, 100, kind="battery")])
    service.judge(at(ctx, 27 * 1440 + 60))
    assert causes(ctx) == []
    assert values(ctx.tx, "select state from task") == [("done",)]


def test_a_sensor_that_stands_still_while_its_neighbours_move_is_stuck(ctx: Context, zone_id: int) -> None:
    facts = [one if one.device != "t1" else replace(one, value=4.2) for one in room(1)]
    service.learn(ctx, facts)
    service.judge(at(ctx, 1440))
    assert causes(ctx) == [("t1", "stuck")]


def test_a_noisy_sensor_of_which_a_person_says_that_it_is_right_is_learned_anew(ctx: Context, zone_id: int) -> None:
    chance = Random(3)
    told = [fact(20 * n, 4 + chance.gauss(0, 0.1 if n < 720 else 2.0)) for n in range(72 * 18)]
    service.learn(ctx, told[: 72 * 11])
    service.judge(at(ctx, 11 * 1440))
    (doubt,) = service.doubts(ctx)
    assert doubt.cause == "noisy"
    answers.believe(ctx, doubt.doubt_id, "it hangs at the door now")
    for day in range(11, 18):
        service.learn(ctx, told[72 * day : 72 * (day + 1)])
        service.judge(at(ctx, (day + 1) * 1440))
    assert causes(ctx) == []


def test_a_scale_that_shows_too_much_is_found_by_reference_weights_and_a_calibration_ends_it(
    ctx: Context, zone_id: int
) -> None:
    add_device(ctx, "scale-7", zone_id=zone_id)
    service.learn(ctx, [fact(0, 5000, "scale-7", "weight")])
    remember_latest(ctx, [replace(fact(0, 5100, "scale-7", "weight"), observed_at=NOON, received_at=NOON)])
    for truth in (1000, 2000, 4000, 8000, 10000):
        answers.compare_with(ctx, "scale-7", "weight", truth, truth * 1.02 + 3)
    assert answers.compare_with(ctx, "scale-7", "weight", 5000, about="5 kg, no. 3") == pytest.approx(100)
    service.judge(ctx)
    (alert,) = open_alerts(ctx)
    assert alert.title == "In doubt: scale-7 shows 2.0 % more than lay on it, by 6 weighings"
    answers.calibrated(ctx, "scale-7", "weight", NOON.date(), 2.0, NOON.date() + timedelta(days=10))
    assert open_alerts(ctx) == []
    service.judge(at(ctx, 1441))
    assert causes(ctx) == [("scale-7", "calibration")]


def test_a_device_that_was_replaced_is_learned_anew(ctx: Context, zone_id: int) -> None:
    service.learn(ctx, list(room(1)))
    answers.replaced(ctx, "t1", "broken")
    assert values(ctx.tx, "select distinct device from device_health order by 1") == [("t2",), ("t3",)]
    assert service.health_of(ctx, "t1").known == []
