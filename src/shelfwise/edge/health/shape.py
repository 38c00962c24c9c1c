"""What a measuring device's own curve tells: hourly means, the step it rounds to, its noise, standstills and spikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

HOUR_S = 3600.0
HOURS_KEPT = 26
_GRIDS = (1.0, 0.5, 0.1)
_ON_GRID = 0.98
_DAYS_KEPT = 28
_DAYS_NEEDED = 7
_SPIKES_KEPT = 8
# A spike: off by this much from both its neighbours in time, which agree, and by as many times the usual change.
_SPIKE = {"temperature": 5.0, "humidity": 20.0}
_SPIKE_TIMES = 12.0
_SPIKES_A_DAY = 4
_STANDSTILL_LEAST_S = 6 * HOUR_S
_STANDSTILL_TIMES = 4.0
_STANDSTILL_READINGS = 12
# How far the others in the zone must have moved meanwhile to make a standstill odd.
_MOVED = {"temperature": 1.0, "humidity": 5.0}
_NOISE_TIMES = 6.0
# A calmer sensor is taken to be as noisy as this.
_LEAST_NOISE = {"temperature": 0.025, "humidity": 0.13}


class Hour(msgspec.Struct, array_like=True):
    """The readings of one hour: how many, their sum, and the sum of the changes from one to the next."""

    number: int
    count: int = 0
    total: float = 0.0
    changes: float = 0.0
    steps: int = 0

    @property
    def mean(self) -> float:
        return self.total / self.count


class Shape(msgspec.Struct):
    """A measuring device's curve, in little.

    Attributes:
        hours: newest last, a day and a bit; late readings still find theirs.
        grid: how many values there were, and how many lie on whole numbers, halves, tenths.
        last, before: the two newest readings in order of time: (seconds since 1970, value).
        still_since: since when the value has been exactly the same; still_count: readings so long.
        longest_still: the longest that it used to stand still, in seconds; it fades.
        noise: the usual change from one reading to the next, by day, newest last.
        noise_day: the day that is last in `noise`.
        spikes: when the last ones were, seconds since 1970.
    """

    hours: list[Hour] = []
    grid: list[int] = msgspec.field(default_factory=lambda: [0] * (len(_GRIDS) + 1))
    last: tuple[float, float] | None = None
    before: tuple[float, float] | None = None
    still_since: float = 0.0
    still_count: int = 0
    longest_still: float = 0.0
    noise: list[float] = []
    noise_day: int = 0
    spikes: list[float] = []


@dataclass(frozen=True)
class Oddity:
    """Something odd about a curve: 'stuck', 'spikes' or 'noisy', since when, and how much."""

    cause: str
    since: float
    size: float


def measured(shape: Shape, kind: str, value: float, at: float) -> None:
    """Take a value into account; one that comes late counts for its hour and for nothing that needs order."""
    hour = _hour(shape, kind, int(at // HOUR_S))
    if hour is not None:
        hour.count += 1
        hour.total += value
    _round(shape.grid, value)
    last = shape.last
    if last is None:
        shape.last, shape.still_since, shape.still_count = (at, value), at, 1
        return
    if at <= last[0]:
        return
    change = abs(value - last[1])
    if hour is not None and at - last[0] < 2 * HOUR_S:
        hour.changes += change
        hour.steps += 1
    if change == 0.0:
        shape.still_count += 1
    else:
        stood = last[0] - shape.still_since
        # What was odd while it lasted is nothing to get used to.
        if shape.longest_still == 0.0 or stood <= _STANDSTILL_TIMES * max(shape.longest_still, HOUR_S):
            shape.longest_still = max(shape.longest_still, stood)
        shape.still_since, shape.still_count = at, 1
        _spike(shape, kind, value)
    shape.before, shape.last = last, (at, value)


def _hour(shape: Shape, kind: str, number: int) -> Hour | None:
    hours = shape.hours
    if hours and hours[-1].number == number:
        return hours[-1]
    for hour in reversed(hours):
        if hour.number == number:
            return hour
    if hours and number < hours[-1].number - HOURS_KEPT:
        return None
    if hours and number > hours[-1].number:
        _close_day(shape, kind, number)
    new = Hour(number)
    hours.append(new)
    if len(hours) > 1 and hours[-2].number > number:
        hours.sort(key=lambda one: one.number)
    while hours[0].number < hours[-1].number - HOURS_KEPT:
        del hours[0]
    return new


def _close_day(shape: Shape, kind: str, number: int) -> None:
    """With the first hour of a day, keep what the usual change was on the day before, unless it was odd."""
    day = number // 24
    if day <= shape.noise_day:
        return
    now = _change_lately(shape)
    if now is not None and (len(shape.noise) < _DAYS_NEEDED or now <= _NOISE_TIMES * _usual_change(shape, kind)):
        shape.noise.append(round(now, 6))
        del shape.noise[:-_DAYS_KEPT]
    shape.longest_still *= 0.98
    shape.noise_day = day


def _change_lately(shape: Shape) -> float | None:
    """The usual change from one reading to the next within the last day; None: too little is known."""
    known = [one.changes / one.steps for one in shape.hours[-24:] if one.steps >= 1]
    return median(known) if len(known) >= 12 else None


def _usual_change(shape: Shape, kind: str) -> float:
    """The same on the days before. To and fro between two steps is rounding and not noise, however often."""
    return max(median(shape.noise), _LEAST_NOISE.get(kind, 0.0), grid_of(shape) / _NOISE_TIMES)


def _round(grid: list[int], value: float) -> None:
    grid[0] += 1
    for place, step in enumerate(_GRIDS, 1):
        times = value / step
        if abs(times - round(times)) < 1e-6:
            grid[place] += 1
    if grid[0] >= 2000:
        grid[:] = [many // 2 for many in grid]


def _spike(shape: Shape, kind: str, value: float) -> None:
    """Whether the newest reading so far, `shape.last`, stuck out from the one before it and the one after it."""
    if shape.before is None or shape.last is None or kind not in _SPIKE:
        return
    (_, left), (at, middle), right = shape.before, shape.last, value
    out = min(abs(middle - left), abs(middle - right))
    usual = median(shape.noise) if shape.noise else 0.0
    if (
        (middle - left) * (middle - right) > 0
        and out > max(_SPIKE[kind], _SPIKE_TIMES * usual)
        and abs(left - right) < out / 3
    ):
        shape.spikes.append(at)
        del shape.spikes[:-_SPIKES_KEPT]


def grid_of(shape: Shape) -> float:
    """The step to which a device rounds: 1, 0.5, 0.1, or 0 for finer."""
    many = shape.grid[0]
    for place, step in enumerate(_GRIDS, 1):
        if many >= 20 and shape.grid[place] >= _ON_GRID * many:
            return step
    return 0.0


def oddities(shape: Shape, kind: str, others: Sequence[Shape], now: float) -> list[Oddity]:
    """What is odd about a curve now, by its own history and by what its neighbours did meanwhile."""
    noisy = _noisy(shape, kind)
    # Among many wrong values none is a single one.
    found = [_stuck(shape, kind, others), _spiky(shape, now) if noisy is None else None, noisy]
    return [one for one in found if one is not None]


def _stuck(shape: Shape, kind: str, others: Sequence[Shape]) -> Oddity | None:
    if shape.last is None or kind not in _MOVED or shape.still_count < _STANDSTILL_READINGS:
        return None
    stood = shape.last[0] - shape.still_since
    if stood < _STANDSTILL_LEAST_S / 2:
        return None
    moved = median([_moved(one, shape.still_since, shape.last[0]) for one in others]) if others else 0.0
    against_others = moved > _MOVED[kind] + 2 * grid_of(shape)
    # In the middle of a coarse step a calm room stands still for as long as it likes.
    against_itself = (
        len(shape.noise) >= _DAYS_NEEDED
        and stood >= max(_STANDSTILL_LEAST_S, _STANDSTILL_TIMES * shape.longest_still)
        and median(shape.noise) > grid_of(shape) / 2
    )
    return Oddity("stuck", shape.still_since, stood / HOUR_S) if against_others or against_itself else None


def _moved(shape: Shape, since: float, until: float) -> float:
    """How far the hourly means of a neighbour lay apart; hours of which only a part counts are left out."""
    means = [one.mean for one in shape.hours if since < one.number * HOUR_S and (one.number + 1) * HOUR_S <= until]
    return max(means) - min(means) if means else 0.0


def _spiky(shape: Shape, now: float) -> Oddity | None:
    lately = [at for at in shape.spikes if now - at <= 24 * HOUR_S]
    return Oddity("spikes", lately[0], float(len(lately))) if len(lately) >= _SPIKES_A_DAY else None


def _noisy(shape: Shape, kind: str) -> Oddity | None:
    """Noise of the last day against the days before: the usual change has grown many times."""
    now = _change_lately(shape)
    if kind not in _LEAST_NOISE or now is None or len(shape.noise) < _DAYS_NEEDED:
        return None
    usual = _usual_change(shape, kind)
    return Oddity("noisy", shape.hours[-24:][0].number * HOUR_S, now / usual) if now > _NOISE_TIMES * usual else None
