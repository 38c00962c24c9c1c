"""Rhythms: who reports steadily and when silence means something; clocks; batteries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

import pytest

from shelfwise.edge.health import battery, clock, rhythm
from shelfwise.edge.health.battery import Battery
from shelfwise.edge.health.clock import Clock
from shelfwise.edge.health.rhythm import Rhythm
from shelfwise.edge.health.silence import Heard, outages, quiet
from tests.conftest import NOON

START = NOON.timestamp()
HOUR, DAY = 3600.0, 86_400.0
FIVE_MINUTES = timedelta(minutes=5)


def lived(gaps: Iterable[float]) -> Rhythm:
    known = Rhythm()
    for at in accumulate(gaps, initial=START):
        rhythm.heard(known, at)
    return known


def test_a_device_that_reports_each_minute_is_silent_after_some_minutes_and_back_with_its_next_word() -> None:
    known = lived([60.0] * 100)
    assert rhythm.silent_since(known, known.last + 150, 0) is None
    assert rhythm.silent_since(known, known.last + 5 * 60, 0) == known.last
    assert rhythm.silent_since(known, known.last + 5 * 60, 600) is None
    rhythm.heard(known, known.last + HOUR)
    assert rhythm.silent_since(known, known.last + 60, 0) is None
    assert 55 <= (rhythm.usual_gap(known) or 0) <= 75


def test_lost_readings_make_more_patient() -> None:
    chance = Random(1)
    gaps = [300.0 * (1 + next(n for n in range(99) if chance.random() > 0.2)) for _ in range(600)]
    known = lived(gaps)
    assert known.limit is not None
    assert known.limit > max(gaps) * 0.9


def test_five_readings_in_a_burst_each_hour_are_one_report_an_hour() -> None:
    known = lived([1.0, 1.0, 1.0, 1.0, HOUR - 4] * 30)
    assert rhythm.silent_since(known, known.last + 2 * HOUR, 0) is None
    assert rhythm.silent_since(known, known.last + 5 * HOUR, 0) is not None


def test_a_scanner_that_is_used_by_day_is_never_silent() -> None:
    chance = Random(2)
    gaps: list[float] = []
    for _ in range(20):
        gaps += [chance.expovariate(1 / 240) for _ in range(120)] + [14 * HOUR]
    known = lived(gaps)
    assert rhythm.by_events(known)
    assert rhythm.silent_since(known, known.last + 9 * DAY, 0) is None


def test_an_outage_is_not_learned_but_a_new_rhythm_is() -> None:
    known = lived([60.0] * 100 + [3 * DAY] + [60.0] * 30)
    assert rhythm.silent_since(known, known.last + 10 * 60, 0) is not None
    slower = lived([60.0] * 100 + [900.0] * 40)
    assert rhythm.silent_since(slower, slower.last + 30 * 60, 0) is None
    assert rhythm.silent_since(slower, slower.last + 2 * HOUR, 0) is not None


def test_no_steady_device_is_called_silent_in_a_year() -> None:
    chance, false = Random(3), 0
    for every in (60, 300, 900, 3600):
        known = Rhythm()
        at = START
        for _ in range(int(90 * DAY / every)):
            at += every * (1 + (chance.random() < 0.05) + (chance.random() < 0.01)) + chance.uniform(-3, 3)
            false += rhythm.silent_since(known, at, 300) is not None
            rhythm.heard(known, at)
    assert false == 0


def test_a_device_is_judged_only_once_its_rhythm_is_known() -> None:
    known = lived([60.0] * 10)
    assert rhythm.silent_since(known, known.last + 9 * DAY, 0) is None
    assert not rhythm.by_events(known)


def heard(device: str, minutes: float, site_id: int = 1, through: str | None = None, every: float = 1.0) -> Heard:
    return Heard(device, "temperature", site_id, through, NOON - timedelta(minutes=minutes), 3 * every * 60)


def told(heard_of: list[Heard], now: datetime = NOON) -> tuple[list[str], list[tuple[str, int]]]:
    silent = quiet(heard_of, now, FIVE_MINUTES)
    common = outages(heard_of, silent, now)
    alone = silent.keys() - {device for one in common for device in one.devices}
    return sorted(alone), [(one.subject, len(one.devices)) for one in common]


def test_one_silent_device_is_told_by_itself() -> None:
    assert told([heard("a", 20), heard("b", 0), heard("c", 1)]) == (["a"], [])


def test_a_lost_gateway_is_one_outage_from_its_first_silent_device_on() -> None:
    behind = [heard(f"s{n}", 6 if n == 0 else 4, through="gate") for n in range(200)]
    beside = [heard(f"w{n}", 0.5) for n in range(300)]
    assert told(behind + beside) == ([], [("gateway:gate", 200)])


def test_what_falls_silent_together_at_a_site_is_one_outage_and_everything_is_one_too() -> None:
    near = [heard(f"n{n}", 9) for n in range(8)]
    far = [heard(f"f{n}", 0.2, site_id=2) for n in range(8)]
    assert told(near + far) == ([], [("devices:site:1", 8)])
    assert told(near + [heard(f"f{n}", 9, site_id=2) for n in range(8)]) == ([], [("devices:all", 16)])


def test_a_device_that_says_one_kind_no_more_but_others_is_told_so() -> None:
    one = [heard("a", 60), Heard("a", "battery", 1, None, NOON, 3 * DAY)]
    silent = quiet(one, NOON, FIVE_MINUTES)
    assert (silent["a"].kinds, silent["a"].others) == (("temperature",), ("battery",))


def test_a_connection_that_broke_is_silence_at_once() -> None:
    broken = Heard("a", "temperature", 1, None, NOON - timedelta(seconds=50), 180.0, NOON - timedelta(seconds=40))
    assert quiet([broken], NOON, FIVE_MINUTES)["a"].lost
    spoke_since = Heard("a", "temperature", 1, None, NOON - timedelta(seconds=30), 180.0, NOON - timedelta(seconds=40))
    assert quiet([spoke_since], NOON, FIVE_MINUTES) == {}


def clocked(behind: float, delays: Iterable[float], every: float = 300.0) -> Clock:
    known = Clock()
    for number, delay in enumerate(delays):
        observed = START + number * every
        clock.claimed(known, observed - behind, observed + delay)
    return known


@pytest.mark.parametrize("behind", [3600.0, -3600.0, 240.0, -900.0])
def test_a_clock_that_is_wrong_and_steady_is_corrected(behind: float) -> None:
    chance = Random(4)
    known = clocked(behind, (chance.uniform(0.2, 8.0) for _ in range(300)))
    found = clock.correction_s(known)
    assert found is not None
    assert abs(found - behind) < 10


def test_readings_that_were_kept_on_the_way_are_no_wrong_clock() -> None:
    """A gateway that sends each hour what it has kept: the newest of each batch tells that the clock is right."""
    known = clocked(0.0, (11 * 300.0 - number % 12 * 300.0 for number in range(400)))
    found = clock.skew(known)
    assert found is not None
    assert (found.behind_s, clock.correction_s(known)) == (0.0, None)


def test_a_clock_that_was_set_is_corrected_no_longer() -> None:
    known = clocked(3600.0, [2.0] * 300)
    correction = clock.correction_s(known)
    assert correction is not None
    right = START + 300 * 300.0
    assert not clock.still_holds(correction, right, right + 2)
    for number in range(20):
        clock.claimed(known, right + number * 300, right + number * 300 + 2)
    for number in range(60, 80):
        clock.claimed(known, right + number * 300, right + number * 300 + 2)
    assert clock.correction_s(known) is None


def days(percents: Iterable[float]) -> Battery:
    known = Battery()
    for number, percent in enumerate(percents):
        battery.told(known, percent, START + number * DAY)
    return known


def test_days_left_follow_the_trend_and_no_single_day() -> None:
    charge = battery.charge(days([60 - number + (9 if number == 20 else 0) for number in range(30)]))
    assert charge is not None
    assert charge.days_left == pytest.approx(28, abs=1)
    assert not charge.low
    charge = battery.charge(days([50 - number for number in range(36)]))
    assert charge is not None
    assert (charge.low, charge.very_low) == (True, False)


def test_a_battery_that_goes_up_and_down_with_the_cold_has_no_trend() -> None:
    charge = battery.charge(days([71, 70] * 15))
    assert charge is not None
    assert (charge.days_left, charge.low) == (None, False)


def test_a_new_battery_is_recognised_and_starts_anew() -> None:
    known = days([30 - number for number in range(25)])
    assert battery.charge(known) is not None
    battery.told(known, 100.0, START + 25 * DAY)
    charge = battery.charge(known)
    assert charge is not None
    assert (charge.percent, charge.low, known.replaced) == (100.0, False, START + 25 * DAY)


def test_a_late_word_of_a_battery_counts_for_its_own_day() -> None:
    late = Battery()
    for number in (2, 0, 1):
        battery.told(late, [90.0, 80.0, 70.0][number], START + number * DAY)
    assert late.days == days([90, 80, 70]).days
