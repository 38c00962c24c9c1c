"""Spikes, noise and standstills by a sensor's own curve: faults that are known are found, and calm ones are left alone.

Series are invented: a room's air with its daily course, its compressor and its doors, seen by a sensor that has noise
of its own and rounds. Chance is seeded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import pytest

from shelfwise.edge.health.shape import HOUR_S, Shape, grid_of, measured, oddities

MIDNIGHT = 20_000 * 24 * HOUR_S
Series = list[tuple[float, float]]
Fault = Callable[[float, float, Random], float]


@dataclass(frozen=True)
class Room:
    """A room, and the sensor that looks at it; times in hours, values in units of 1 °C or 5 %RH.

    Attributes:
        every_min: minutes between two readings.
        grid: the step it rounds to; 0: it does not.
        noise: of the sensor, as a standard deviation.
        swing: of the daily course; the compressor's is a part of it.
        doors: how often an hour a door is opened.
    """

    every_min: float = 10.0
    grid: float = 0.1
    noise: float = 0.1
    swing: float = 0.5
    doors: float = 0.0


def air(kind: str, room: Room, days: float, chance: Random) -> Iterator[tuple[float, float]]:
    """(hour, value) of the air itself."""
    unit, level = (1.0, 4.0) if kind == "temperature" else (5.0, 60.0)
    hour, opened = 0.0, 0.0
    while hour < 24 * days:
        if chance.random() < room.doors * room.every_min / 60:
            opened += chance.uniform(0.5, 4.0)
        opened *= math.exp(-room.every_min / 20)
        course = math.sin(hour * math.tau / 24) + 0.4 * math.sin(hour * math.tau / 0.7)
        yield hour, level + unit * (room.swing * course + opened)
        hour += room.every_min / 60 * chance.uniform(0.9, 1.1)


def seen(kind: str, room: Room, days: float, seed: int, fault: Fault | None = None, eye: int = 0) -> Series:
    """What a sensor says of the air of this seed; `eye`: another sensor in the same air."""
    unit = 1.0 if kind == "temperature" else 5.0
    chance = Random(f"{seed} {eye}")
    told = []
    for hour, value in air(kind, room, days, Random(seed)):
        value += chance.gauss(0, room.noise) * unit
        value = value if fault is None else fault(hour, value, chance)
        told.append((MIDNIGHT + hour * HOUR_S, round(value / room.grid) * room.grid if room.grid else value))
    return told


def judged(kind: str, *series: Series, step: int = 1) -> list[dict[str, float]]:
    """Of each series beside the others: the hour since the beginning in which a cause was first told."""
    shapes = [Shape() for _ in series]
    first: list[dict[str, float]] = [{} for _ in series]
    waiting = [iter(one) for one in series]
    ahead = [next(one, None) for one in waiting]
    for hour in range(step, 24 * 60, step):
        now = MIDNIGHT + hour * HOUR_S
        for place, one in enumerate(ahead):
            while one is not None and one[0] < now:
                measured(shapes[place], kind, one[1], one[0])
                one = ahead[place] = next(waiting[place], None)
        for place, shape in enumerate(shapes):
            others = [other for other in shapes if other is not shape]
            for odd in oddities(shape, kind, others, now):
                first[place].setdefault(odd.cause, hour)
        if all(one is None for one in ahead):
            break
    return first


def spiked(at: Sequence[float], value: float) -> Fault:
    """One wrong reading right after each of these hours."""
    left = list(at)

    def fault(hour: float, truth: float, chance: Random) -> float:
        if left and hour >= left[0]:
            left.pop(0)
            return value
        return truth

    return fault


def noisy(since: float, sigma: float) -> Fault:
    return lambda hour, truth, chance: truth + chance.gauss(0, sigma) if hour >= since else truth


def noisy_until(hour: float) -> Fault:
    return lambda at, truth, chance: noisy(240, 1.8)(at, truth, chance) if at < hour else truth


def stuck(since: float, until: float, value: float = 4.0) -> Fault:
    return lambda hour, truth, chance: value if since <= hour < until else truth


DAY_10 = [240.0, 243.0, 247.0, 252.0]


@pytest.mark.parametrize(
    ("kind", "room", "fault", "cause", "by"),
    [
        ("temperature", Room(), spiked(DAY_10, 85.0), "spikes", 253),
        ("temperature", Room(), spiked(DAY_10, -127.0), "spikes", 253),
        ("temperature", Room(every_min=1, grid=0.5, doors=0.5), spiked(DAY_10, 14.0), "spikes", 253),
        ("humidity", Room(grid=1.0), spiked(DAY_10, 0.0), "spikes", 253),
        ("temperature", Room(), noisy(240, 1.8), "noisy", 258),
        ("temperature", Room(every_min=1, grid=0.0), noisy(240, 0.9), "noisy", 258),
        ("temperature", Room(grid=1.0, noise=0.05, swing=0.1), noisy(240, 1.5), "noisy", 258),
        ("humidity", Room(grid=1.0, noise=0.1, swing=0.1), noisy(240, 5.0), "noisy", 258),
        ("temperature", Room(every_min=5), stuck(240, 300), "stuck", 248),
        ("temperature", Room(every_min=20, grid=0.0), stuck(240, 300), "stuck", 262),
        ("humidity", Room(grid=0.5), stuck(240, 300, 61.0), "stuck", 254),
    ],
)  # fmt: skip
def test_a_fault_is_found_by_the_sensor_s_own_curve_and_nothing_else_is_said(
    kind: str, room: Room, fault: Fault, cause: str, by: int
) -> None:
    (found,) = judged(kind, seen(kind, room, 12, 1, fault))
    assert list(found) == [cause]
    assert 240 < found[cause] <= by


@pytest.mark.parametrize(
    ("kind", "room", "fault"),
    [
        ("temperature", Room(), spiked(DAY_10[:3], 85.0)),
        ("temperature", Room(), spiked([216, 228, 246, 258], 85.0)),
        ("temperature", Room(), spiked(DAY_10, 7.0)),
        ("temperature", Room(every_min=5), lambda hour, truth, _: truth + 9 * (hour % 6 < 0.5)),
        ("temperature", Room(), noisy(240, 0.5)),
        ("temperature", Room(grid=1.0, noise=0.05, swing=0.1), noisy(240, 0.4)),
        ("temperature", Room(every_min=5), stuck(240, 242.5)),
        ("temperature", Room(1, 1.0, 0.06, 0.1), lambda hour, truth, _: truth + 0.5 * (hour < 240)),
        ("temperature", Room(every_min=180), noisy(240, 1.8)),
        ("temperature", Room(), noisy(60, 1.8)),
    ],
    ids=[
        "three spikes", "four in two days", "small ones", "doors that stay open", "a little noise",
        "to and fro between two steps", "a short standstill", "calm in the middle of a step",
        "too seldom to tell", "so from its first days on",
    ],
)  # fmt: skip
def test_what_may_be_as_it_is_is_no_fault(kind: str, room: Room, fault: Fault) -> None:
    assert judged(kind, seen(kind, room, 12, 2, fault)) == [{}]


def test_a_standstill_is_found_by_neighbours_that_move_before_a_week_is_over() -> None:
    room = Room(swing=2.0)
    still = seen("temperature", room, 3, 4, stuck(45, 72))
    found = judged("temperature", still, *(seen("temperature", room, 3, 4, eye=eye) for eye in (1, 2)))
    assert (list(found[0]), found[1:]) == (["stuck"], [{}, {}])
    assert found[0]["stuck"] <= 52


def test_a_sensor_that_stays_noisy_stays_in_doubt() -> None:
    shape = Shape()
    for at, value in seen("temperature", Room(), 60, 3, noisy(240, 1.8)):
        measured(shape, "temperature", value, at)
    (odd,) = oddities(shape, "temperature", [], MIDNIGHT + 60 * 24 * HOUR_S)
    assert (odd.cause, 6 < odd.size < 20) == ("noisy", True)


def test_noise_that_is_over_is_told_no_more() -> None:
    shape = Shape()
    for at, value in seen("temperature", Room(), 15, 3, noisy_until(288)):
        measured(shape, "temperature", value, at)
    assert oddities(shape, "temperature", [], MIDNIGHT + 15 * 24 * HOUR_S) == []


def test_what_comes_late_makes_no_spike_and_no_noise() -> None:
    shape, told = Shape(), seen("temperature", Room(), 12, 5)
    late = [one for n, one in enumerate(told) if n % 7 == 3]
    for n, (at, value) in enumerate(one for one in told if one not in late):
        measured(shape, "temperature", value, at)
        if n % 50 == 49:
            for late_at, _ in late[:8]:
                measured(shape, "temperature", 85.0, late_at)
            del late[:8]
    assert oddities(shape, "temperature", [], told[-1][0]) == []


@pytest.mark.parametrize(("step", "known"), [(1.0, 1.0), (0.5, 0.5), (0.1, 0.1), (0.25, 0.0), (0.01, 0.0)])
def test_the_step_to_which_a_sensor_rounds_is_learned(step: float, known: float) -> None:
    shape = Shape()
    for at, value in seen("temperature", Room(grid=step), 3, 6):
        measured(shape, "temperature", value, at)
    assert grid_of(shape) == known


def quiet_rooms(count: int) -> Iterator[tuple[str, Room]]:
    """Rooms of all sorts, from a calm freezer to a busy dock; none of their sensors is at fault."""
    chance = Random(20)
    few = chance.uniform
    for n in range(count):
        grids, noise, swing, doors = (
            ((0.1, 0.5, 1.0), 0.05, 0.2, 0.0),
            ((0.0, 0.1, 0.5, 1.0), 0.15, 0.5, 0.0),
            ((0.0, 0.1, 0.5), 0.3, 1.5, 1.5),
        )[n // 2 % 3]
        kind = ("temperature", "humidity")[n % 2]
        yield kind, Room(20, chance.choice(grids), few(0, noise), few(0, swing), few(0, doors))


def test_of_quiet_sensors_less_than_one_in_a_hundred_months_is_flagged() -> None:
    flags, months = [], 0.0
    for n, (kind, room) in enumerate(quiet_rooms(54)):
        found = judged(kind, *(seen(kind, room, 28, 100 + n, eye=eye) for eye in range(2)), step=3)
        flags += [(kind, room, one) for one in found if one]
        months += 2 * 28 / 30
    assert months > 100
    assert len(flags) <= 1, flags
