"""Drift against neighbours: what the hour of the day and the weekday explain is no drift, and what is left is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from shelfwise.edge.health import pairs
from shelfwise.edge.health.drift import Member, Verdict, Zone, judge, learn, usual
from shelfwise.edge.health.pairs import DAYS_KEPT, DAYS_NEEDED, Floats

# A Monday.
FIRST = 20_000 + 4
Curve = Callable[[Floats], Floats]


def zone(days: int, curves: Mapping[str, Curve], noise: float = 0.05) -> Zone:
    """Sensors whose curves are functions of the hour since the first day; what they said on every day is believed."""
    rng = np.random.default_rng(7)
    hours = np.arange(days * 24, dtype=float)
    members = {}
    for name, curve in curves.items():
        said = curve(hours) + rng.normal(0, noise, hours.size)
        by_day = {FIRST + day: said[day * 24 : day * 24 + 24].tolist() for day in range(days - 1)}
        known = {FIRST * 24 + int(hour): float(value) for hour, value in zip(hours, said, strict=True)}
        members[name] = Member(name, known, by_day)
    return Zone("temperature", members)


def at_the_end(of: Zone, days: int, doubted: tuple[str, ...] = ()) -> dict[str, Verdict]:
    hour = (FIRST + days) * 24 - 1
    return judge(of, hour, usual(of, hour // 24), doubted)


def level(value: float) -> Curve:
    return lambda hours: np.full(hours.shape, value)


def warm_by_day(reach: float) -> Curve:
    """Doors: from 6 to 18 on working days it is warmer, where the air of the doors reaches."""
    return lambda hours: np.where((hours % 24 >= 6) & (hours % 24 < 18) & (hours // 24 % 7 < 5), 4 + 3.0 * reach, 4.0)


def off(curve: Curve, by: float, since_day: float) -> Curve:
    return lambda hours: curve(hours) + by * (hours >= since_day * 24)


def test_a_degree_more_than_the_neighbours_say_is_drift() -> None:
    found = at_the_end(zone(20, {"a": off(level(4), 1.0, 19), "b": level(4.3), "c": level(3.8)}), 20)
    assert (found["a"].score or 0) >= 1
    assert found["a"].size == pytest.approx(1.0, abs=0.1)
    assert found["a"].against == ("b", "c")
    assert max(found["b"].score or 0, found["c"].score or 0) < 1


def test_doors_that_reach_sensors_differently_are_no_drift() -> None:
    doors = {"a": warm_by_day(1.0), "b": warm_by_day(0.2), "c": warm_by_day(0.5)}
    for days in range(15, 29):  # every weekday, as the last one and as the first of a weekend
        assert max(one.score or 0 for one in at_the_end(zone(days, doors), days).values()) < 1


def test_a_degree_is_found_among_doors_that_reach_sensors_differently() -> None:
    for days in (22, 27):
        doors = {"a": off(warm_by_day(1.0), -1.0, days - 1), "b": warm_by_day(0.2), "c": warm_by_day(0.5)}
        assert (at_the_end(zone(days, doors), days)["a"].score or 0) >= 1


def test_of_two_that_part_the_one_whose_own_level_moved_is_named() -> None:
    found = at_the_end(zone(20, {"a": level(4), "b": off(level(4), 1.0, 19)}), 20)
    assert (found["b"].score or 0) >= 1
    assert not found["b"].alone
    assert (found["a"].score or 0) < 1


def test_who_is_in_doubt_is_not_asked_about_others() -> None:
    here = zone(20, {"a": off(level(4), 5.0, 19), "b": level(4), "c": level(4)})
    found = at_the_end(here, 20, ("a",))
    assert max(found["b"].score or 0, found["c"].score or 0) < 1


def test_a_set_point_that_moves_all_is_no_drift() -> None:
    moved = {name: off(level(4 + offset), -6.0, 19.4) for name, offset in (("a", 0.0), ("b", 0.5), ("c", -0.3))}
    assert max(one.score or 0 for one in at_the_end(zone(20, moved), 20).values()) < 1


def test_what_fades_within_the_day_is_no_drift() -> None:
    def goods(hours: Floats) -> Floats:
        since = hours - (19 * 24 + 2)
        return np.where(since >= 0, 4 + 6 * np.exp(-since.clip(0) / 5), 4.0)

    found = at_the_end(zone(20, {"a": goods, "b": level(4), "c": level(4.2)}), 20)["a"]
    assert found.size > 0.6
    assert (found.score or 0) < 1


def test_nothing_is_said_before_a_week_is_known_nor_of_a_sensor_alone() -> None:
    young = at_the_end(zone(DAYS_NEEDED, {"a": off(level(4), 9.0, DAYS_NEEDED - 1), "b": level(4)}), DAYS_NEEDED)
    assert [one.score for one in young.values()] == [None, None]
    assert [one.score for one in at_the_end(zone(20, {"a": level(4)}), 20).values()] == [None]


def test_a_day_of_which_half_is_missing_is_not_judged() -> None:
    here = zone(20, {"a": off(level(4), 9.0, 19), "b": level(4)})
    last = (FIRST + 20) * 24 - 1
    half = {hour: value for hour, value in here.members["a"].hours.items() if hour <= last - 12}
    here = Zone("temperature", {**here.members, "a": Member("a", half, here.members["a"].days)})
    assert at_the_end(here, 20)["a"].score is None


def test_slow_drift_is_held_against_the_first_days_together() -> None:
    creeping = {"a": lambda hours: 4 + 1.2 * hours / hours.size, "b": level(4), "c": level(4.2)}
    here = zone(28, creeping)
    assert max(one.score or 0 for one in at_the_end(here, 28).values()) < 1
    first = {("a", "b"): 0.1, ("a", "c"): -0.1, ("b", "c"): -0.2}
    assert (at_the_end(Zone("temperature", here.members, first), 28)["a"].score or 0) >= 1


def test_a_day_is_learned_of_those_who_are_believed_and_old_days_are_let_go() -> None:
    here = zone(31, {"a": level(4), "b": level(4), "c": level(4)})
    learned = learn(here, (FIRST + 31) * 24 - 1, ("c",))
    assert sorted(learned.days) == ["a", "b"]
    assert (min(learned.days["a"]), max(learned.days["a"])) == (FIRST + 31 - DAYS_KEPT, FIRST + 30)
    assert list(learned.references) == [("a", "b")]
    assert learned.references["a", "b"] == pytest.approx(0, abs=0.1)


def test_a_pair_has_no_reference_before_two_weeks_and_keeps_the_one_it_has() -> None:
    two = {"a": level(4), "b": level(4)}
    young = zone(10, two)
    assert learn(young, (FIRST + 10) * 24 - 1, ()).references == {("a", "b"): None}
    old = Zone("temperature", zone(20, two).members, {("a", "b"): 0.7})
    assert learn(old, (FIRST + 20) * 24 - 1, ()).references == {}


def test_weekdays_are_believed_where_they_differ_and_not_where_days_do() -> None:
    sundays = [
        off(level(4), 0.0, 0), lambda hours: np.where(hours // 24 % 7 == 6, 5.0, 4.0),
        lambda hours: np.where(hours // 24 == 13, 5.0, 4.0),
    ]  # fmt: skip
    added = []
    for curve in sundays:
        here = zone(29, {"a": curve, "b": level(4)})
        one, other = (pairs.days_before(member.days, FIRST + 28) for member in here.members.values())
        known = pairs.usual(one, other, FIRST + 28 - DAYS_KEPT)
        assert known is not None
        added.append(float(known.weekdays[(FIRST + 6) % 7].mean()))
    never, always, once = added
    assert abs(never) < 0.05
    assert always > 0.8
    assert once < 0.3
