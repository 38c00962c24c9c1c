"""Drift: a sensor that has moved against its neighbours in the same zone, by more than the two ever moved before.

Two sensors are compared by the mean of their difference over a day, without its extremes: a day holds one cycle of all
that goes by the hour, and the extremes are doors, defrosting and single wrong values. A sensor's deviation is the mean
of how far these differences are from what they were on the days before, the quieter neighbours counting for more. What
it was on each of those days says how far it strays by itself: nothing is assumed about noise, its memory, or where the
sensors hang. A sensor is in doubt where it strays many times further and more than half of its neighbours say so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from statistics import fmean, median

import msgspec

WINDOW = 24
# Of fewer hours a day would be told with its mornings or nights missing.
_HOURS_NEEDED = 20
# As many of a day's hours are left out at either end.
_EXTREMES = 0.15
DAYS_NEEDED = 7
_DAYS_KEPT = 28
# A deviation counts from so much on, and from so many times its usual spread from day to day.
_LEAST = {"temperature": 0.52, "humidity": 4.0}
_TIMES = 5.5
# What counts is more while few days are known: this much more for one over as many.
_FEW = 3.0
# Few days say little about a spread: it is taken for as much as this, as if that many more days had said so.
_PRIOR = {"temperature": 0.1, "humidity": 1.0}
_PRIOR_DAYS = 6
# Slow drift: the last week against the first two.
_REFERENCE_DAYS, _WEEK = 14, 7
_LEAST_SLOW = {"temperature": 0.7, "humidity": 6.0}
# In doubt from 1 on; well again below this.
WELL_AGAIN = 0.5
# Of two alone, the one that moved is the one whose own level explains this much more of it than the other's.
_CLEARLY = 0.4
# A neighbour agrees where it saw at least this share of the deviation.
_AGREES = 0.5

Hours = Mapping[int, float]


class Pair(msgspec.Struct):
    """What is known of the difference between two sensors, the first less the second.

    Attributes:
        days: by day since 1970, its mean of that day while neither was in doubt.
        reference: its median over the first days, which slow drift is held against.
    """

    days: dict[int, float] = {}
    reference: float | None = None

    @property
    def usual(self) -> float:
        return median(self.days.values())


@dataclass(frozen=True)
class Member:
    """A sensor in a zone: its hourly means by hour since 1970, the step it rounds to, its levels on days before."""

    device: str
    hours: Hours
    grid: float = 0.0
    levels: Sequence[float] = ()


@dataclass(frozen=True)
class Verdict:
    """How a sensor stands against its neighbours.

    Attributes:
        score: 1 is in doubt; None: it cannot be judged.
        size: by how much it reads more than it used to against them; negative: less.
        against: the neighbours that say so.
        alone: with one neighbour only, and none can say which of the two has moved.
    """

    device: str
    score: float | None
    size: float = 0.0
    against: tuple[str, ...] = ()
    alone: bool = False


@dataclass
class Zone:
    """The sensors of one kind that stand together, and their pairs by (first, second) in order of name."""

    kind: str
    members: dict[str, Member]
    pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)


def judge(zone: Zone, hour: int, doubted: Collection[str] = ()) -> dict[str, Verdict]:
    """How each sensor stands at the end of an hour.

    The worst is judged first and then asked no more, so that it cannot make its neighbours look wrong.

    Args:
        hour: the last whole hour, since 1970.
        doubted: who is in doubt for another reason, and is not asked about others.
    """
    names = sorted(zone.members)
    shifts = _shifts(zone, hour)
    asked = [name for name in names if name not in doubted]
    verdicts: dict[str, Verdict] = {}
    while True:
        open_ = {name: _verdict(zone, name, asked, shifts, hour) for name in names if name not in verdicts}
        worst = max(open_.values(), key=lambda one: (one.score or 0.0, one.device), default=None)
        if worst is None or (worst.score or 0.0) < 1.0:
            return verdicts | open_
        for one in open_.values():
            if one is worst or (one.alone and worst.alone and worst.device in one.against):
                verdicts[one.device] = one
        asked = [name for name in asked if name not in verdicts]


def learn(zone: Zone, hour: int, doubted: Collection[str]) -> list[tuple[str, str]]:
    """At the end of a day, keep what each pair's difference was; returns the pairs that changed.

    A sensor in doubt teaches nothing: what is wrong with it must not become what it is measured by.
    """
    day, changed = hour // 24, []
    names = sorted(name for name in zone.members if name not in doubted)
    for one, other in combinations(names, 2):
        pair = zone.pairs.setdefault((one, other), Pair())
        now = None if day in pair.days else _difference(zone, one, other, hour)
        if now is None:
            continue
        pair.days[day] = round(now, 4)
        if len(pair.days) == _REFERENCE_DAYS and pair.reference is None:
            pair.reference = round(pair.usual, 4)
        while len(pair.days) > _DAYS_KEPT:
            del pair.days[min(pair.days)]
        changed.append((one, other))
    return changed


def level(hours: Hours, hour: int) -> float | None:
    """The median of a sensor's hourly means over the day that ends with this hour."""
    known = [hours[one] for one in range(hour - WINDOW + 1, hour + 1) if one in hours]
    return median(known) if len(known) >= _HOURS_NEEDED else None


def _difference(zone: Zone, one: str, other: str, hour: int) -> float | None:
    first, second = zone.members[one].hours, zone.members[other].hours
    known = sorted(first[at] - second[at] for at in range(hour - WINDOW + 1, hour + 1) if at in first and at in second)
    if len(known) < _HOURS_NEEDED:
        return None
    out = int(_EXTREMES * len(known))
    return fmean(known[out : len(known) - out])


@dataclass(frozen=True)
class _Shift:
    """By how much the difference of two has grown: within a day, slowly; and on each day before against the usual."""

    grown: float
    slowly: float | None
    before: Mapping[int, float]
    weight: float

    def turned(self) -> _Shift:
        slowly = None if self.slowly is None else -self.slowly
        return _Shift(-self.grown, slowly, {day: -by for day, by in self.before.items()}, self.weight)


def _shifts(zone: Zone, hour: int) -> dict[tuple[str, str], _Shift]:
    found: dict[tuple[str, str], _Shift] = {}
    for one, other in combinations(sorted(zone.members), 2):
        pair = zone.pairs.get((one, other))
        if pair is None or len(pair.days) < DAYS_NEEDED:
            continue
        now = _difference(zone, one, other, hour)
        if now is None:
            continue
        usual = pair.usual
        before = {day: difference - usual for day, difference in pair.days.items()}
        slowly = None
        if pair.reference is not None:
            slowly = median([*(pair.days[day] for day in sorted(pair.days)[1 - _WEEK :]), now]) - pair.reference
        weight = _spread(list(before.values()), zone.kind) ** -2
        found[one, other] = shift = _Shift(now - usual, slowly, before, weight)
        found[other, one] = shift.turned()
    return found


def _spread(days: Sequence[float], kind: str) -> float:
    """How far something strays from day to day, as a standard deviation; the furthest day is left out."""
    squares = sorted(one * one for one in days)[:-1]
    prior = _PRIOR_DAYS * _PRIOR[kind] ** 2
    return math.sqrt((1.2 * sum(squares) + prior) / (len(squares) + _PRIOR_DAYS))


def _verdict(
    zone: Zone, name: str, asked: Sequence[str], shifts: Mapping[tuple[str, str], _Shift], hour: int
) -> Verdict:
    told = {other: shifts[name, other] for other in asked if other != name and (name, other) in shifts}
    if not told:
        return Verdict(name, None)
    theirs = _mean([(zone.members[other].grid, one.weight) for other, one in told.items()])
    grid = (zone.members[name].grid + theirs) / 3
    days = {day for one in told.values() for day in one.before}
    strays = [
        _mean([(one.before[day], one.weight) for one in told.values() if day in one.before]) for day in sorted(days)
    ]
    spread = _TIMES * _spread(strays, zone.kind)
    caution = (1 + _FEW / len(days)) / (1 + _FEW / _DAYS_KEPT)
    quick = {other: one.grown for other, one in told.items()}
    slow = {other: one.slowly for other, one in told.items() if one.slowly is not None}
    found = _agreed(name, quick, told, caution * max(_LEAST[zone.kind] + grid, spread))
    slowly = (
        _agreed(name, slow, told, caution * max(_LEAST_SLOW[zone.kind] + grid, spread))
        if len(slow) == len(told)
        else found
    )
    worse = max(found, slowly, key=lambda one: one.score or 0.0)
    return _of_two(zone, worse, hour) if len(told) == 1 and (worse.score or 0.0) >= 1.0 else worse


def _agreed(name: str, grown: Mapping[str, float], told: Mapping[str, _Shift], limit: float) -> Verdict:
    """A deviation that more than half of the neighbours saw; less of it counts for nothing."""
    size = _mean([(by, told[other].weight) for other, by in grown.items()])
    against = tuple(sorted(other for other, by in grown.items() if by * size > 0 and abs(by) >= _AGREES * abs(size)))
    return Verdict(name, abs(size) / limit if 2 * len(against) > len(grown) else 0.0, size, against)


def _of_two(zone: Zone, verdict: Verdict, hour: int) -> Verdict:
    """With one neighbour only, it is the one whose own level moved; where neither's did clearly, it is one of both."""
    (other,) = verdict.against
    mine = _moved_itself(zone, verdict.device, verdict.size, hour)
    its = _moved_itself(zone, other, -verdict.size, hour)
    if its - mine > _CLEARLY:
        return replace(verdict, score=WELL_AGAIN)
    return replace(verdict, alone=mine - its <= _CLEARLY)


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    return sum(value * weight for value, weight in weighed) / sum(weight for _, weight in weighed)


def _moved_itself(zone: Zone, name: str, size: float, hour: int) -> float:
    """How much of a difference a sensor's own level explains: 1, all of it; 0, it stayed where it was."""
    member = zone.members[name]
    now = level(member.hours, hour)
    if now is None or not member.levels or size == 0.0:
        return 0.0
    return min(max((now - median(member.levels)) / size, 0.0), 1.0)
