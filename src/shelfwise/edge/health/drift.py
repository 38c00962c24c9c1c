"""Drift: a sensor that has moved against its neighbours in the same zone, by more than they ever moved before.

Two sensors are compared by the mean of their difference over a day, held against what it usually is by the hour of the
day and the weekday; steady hours count for more, and the extremes for nothing: they are doors, defrosting and single
wrong values. A sensor's deviation is the mean of what its neighbours say, the quieter ones counting for more. What it
was in four weeks before says how far it strays by itself: nothing is assumed about noise, its memory, or where the
sensors hang. A sensor is in doubt where it strays many times further and more than half of its neighbours say so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from statistics import median

import numpy as np

from shelfwise.edge.health import pairs
from shelfwise.edge.health.pairs import DAYS_KEPT, STEP, WINDOW, Days, Floats, Hours, Usual

# A deviation counts from so much on, and from so many times its usual spread from day to day.
_LEAST = {"temperature": 0.55, "humidity": 4.0}
_TIMES = 5.0
# What counts is more while few days are known: this much more for one over as many.
_FEW = 3.0
# Few days say little about a spread: it is taken for as much as this, as if that many more days had said so.
_PRIOR = {"temperature": 0.1, "humidity": 1.0}
_PRIOR_DAYS = 6
# The furthest day is left out; by so much a spread without it is too small.
_WITHOUT_FURTHEST = 1.2
# Slow drift: the last week against the first two.
_REFERENCE_DAYS, _WEEK = 14, 7
_LEAST_SLOW = {"temperature": 0.7, "humidity": 6.0}
# In doubt from 1 on; well again below this.
WELL_AGAIN = 0.5
# Of two alone, the one that moved is the one whose own level explains this much more of it than the other's.
_CLEARLY = 0.4
# Drift lasts: of the deviation of a day so much is there in its last hours; what is not sure to last scores no more.
_LASTS, _PERHAPS = 0.5, 0.75
# A neighbour agrees where it saw at least this share of the deviation.
_AGREES = 0.5

Two = tuple[str, str]


@dataclass(frozen=True)
class Member:
    """A sensor in a zone.

    Attributes:
        hours: its hourly means by hour since 1970, of the last day at least.
        days: those of the days before, as far as it was believed.
        grid: the step it rounds to.
    """

    device: str
    hours: Hours
    days: Days = field(default_factory=dict)
    grid: float = 0.0


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


@dataclass(frozen=True)
class Zone:
    """The sensors of one kind that stand together.

    Attributes:
        references: by (first, second) in order of name, the mean difference over their first days together, which slow
            drift is held against; None: too few days yet.
    """

    kind: str
    members: Mapping[str, Member]
    references: Mapping[Two, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Learned:
    """What a day taught: the hourly means of those who are believed, and references that are new."""

    days: dict[str, dict[int, Sequence[float | None]]]
    references: dict[Two, float | None]


def usual(zone: Zone, day: int) -> dict[Two, Usual]:
    """By (first, second) in order of name: how two sensors differed before this day, where that is known."""
    before = {name: pairs.days_before(one.days, day) for name, one in zone.members.items()}
    found = {}
    for one, other in combinations(sorted(zone.members), 2):
        known = pairs.usual(before[one], before[other], day - DAYS_KEPT)
        if known is not None:
            found[one, other] = known
    return found


def judge(zone: Zone, hour: int, known: Mapping[Two, Usual], doubted: Collection[str] = ()) -> dict[str, Verdict]:
    """How each sensor stands at the end of an hour.

    The worst is judged first and then asked no more, so that it cannot make its neighbours look wrong.

    Args:
        hour: the last whole hour, since 1970.
        known: what is `usual` before the day of that hour.
        doubted: who is in doubt for another reason, and is not asked about others.
    """
    names = sorted(zone.members)
    shifts = _shifts(zone, hour, known)
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


def learn(zone: Zone, hour: int, doubted: Collection[str]) -> Learned:
    """What is to be kept at the end of a day.

    A sensor in doubt teaches nothing: what is wrong with it must not become what it is measured by.
    """
    day = hour // WINDOW
    believed = sorted(set(zone.members) - set(doubted))
    days: dict[str, dict[int, Sequence[float | None]]] = {}
    for name in believed:
        member = zone.members[name]
        now = [None if np.isnan(one) else round(float(one), 4) for one in pairs.last_day(member.hours, hour)]
        kept = {number: known for number, known in member.days.items() if day - DAYS_KEPT < number < day}
        days[name] = kept | ({day: now} if any(one is not None for one in now) else {})
    references: dict[Two, float | None] = {}
    for two in combinations(believed, 2):
        if zone.references.get(two) is not None:
            continue
        one, other = (pairs.days_before(days[name], day + 1) for name in two)
        known = pairs.by_day(one - other)
        first = median(known[:_REFERENCE_DAYS]) if len(known) >= _REFERENCE_DAYS else None
        if first is not None or two not in zone.references:
            references[two] = first
    return Learned(days, references)


@dataclass(frozen=True, eq=False)
class _Shift:
    """By how much the difference of two has grown: within a day, slowly; and how far it strayed before.

    Attributes:
        lately: as `grown`, over the last hours of the day; None: too little is known of them.
        before: shape (n,), looked at each `STEP` hours; NaN: unknown.
    """

    grown: float
    lately: float | None
    slowly: float | None
    before: Floats
    weight: float

    def turned(self) -> _Shift:
        return _Shift(-self.grown, _minus(self.lately), _minus(self.slowly), -self.before, self.weight)


def _shifts(zone: Zone, hour: int, known: Mapping[Two, Usual]) -> dict[Two, _Shift]:
    if not known:
        return {}
    now = {name: pairs.last_day(one.hours, hour) for name, one in zone.members.items()}
    apart = np.array([now[one] - now[other] for one, other in known])
    (grown, lately), today = pairs.strays(list(known.values()), apart, hour), pairs.means(apart)
    found: dict[Two, _Shift] = {}
    for number, ((one, other), before) in enumerate(known.items()):
        if np.isnan(grown[number]):
            continue
        slowly, reference = None, zone.references.get((one, other))
        if reference is not None and (now_apart := _known(today[number])) is not None:
            slowly = median([*before.by_day[1 - _WEEK :], now_apart]) - reference
        weight = _spread(before.strays, zone.kind) ** -2
        found[one, other] = shift = _Shift(float(grown[number]), _known(lately[number]), slowly, before.strays, weight)
        found[other, one] = shift.turned()
    return found


def _spread(strays: Floats, kind: str) -> float:
    """How far something strays from day to day, as a standard deviation; as much as a day's furthest is left out."""
    a_day = WINDOW // STEP
    squares = np.sort(strays[np.isfinite(strays)] ** 2)[:-a_day]
    prior = _PRIOR_DAYS * _PRIOR[kind] ** 2
    mean = (_WITHOUT_FURTHEST * squares.sum() / a_day + prior) / (squares.size / a_day + _PRIOR_DAYS)
    return float(np.sqrt(mean))


def _verdict(zone: Zone, name: str, asked: Sequence[str], shifts: Mapping[Two, _Shift], hour: int) -> Verdict:
    told = {other: shifts[name, other] for other in asked if other != name and (name, other) in shifts}
    if not told:
        return Verdict(name, None)
    theirs = _mean([(zone.members[other].grid, one.weight) for other, one in told.items()])
    grid = (zone.members[name].grid + theirs) / 3
    strays = _together(list(told.values()))
    days = int(np.isfinite(strays).sum()) / (WINDOW // STEP)
    caution = (1 + _FEW / max(days, 1.0)) / (1 + _FEW / DAYS_KEPT)
    quick = {other: one.grown for other, one in told.items()}
    slow = {other: one.slowly for other, one in told.items() if one.slowly is not None}
    limit = caution * max(_LEAST[zone.kind] + grid, _TIMES * _spread(strays, zone.kind))
    worse = _lasting(_agreed(name, quick, told, limit), told)
    if len(slow) == len(told):
        limit = caution * max(_LEAST_SLOW[zone.kind] + grid, _TIMES * _spread(_without_trend(strays), zone.kind))
        worse = max(worse, _agreed(name, slow, told, limit), key=lambda one: one.score or 0.0)
    return _of_two(zone, worse, hour) if len(told) == 1 and (worse.score or 0.0) >= 1.0 else worse


def _together(told: Sequence[_Shift]) -> Floats:
    """How far the sensor strayed before, by what all of its neighbours say of the same hours."""
    before = np.array([one.before for one in told])
    weights = np.where(np.isfinite(before), np.array([one.weight for one in told])[:, None], 0.0)
    total = weights.sum(axis=0)
    known = np.where(np.isfinite(before), before, 0.0) * weights
    found: Floats = np.full(total.shape, np.nan)
    np.divide(known.sum(axis=0), total, out=found, where=total > 0)
    return found


def _without_trend(strays: Floats) -> Floats:
    """A trend is what slow drift is; it must not hide it."""
    known = np.isfinite(strays)
    at = np.arange(strays.size, dtype=float)
    slope, start = np.polyfit(at[known], strays[known], 1)
    return np.asarray(strays - start - slope * at)


def _agreed(name: str, grown: Mapping[str, float], told: Mapping[str, _Shift], limit: float) -> Verdict:
    """A deviation that more than half of the neighbours saw; less of it counts for nothing."""
    size = _mean([(by, told[other].weight) for other, by in grown.items()])
    against = tuple(sorted(other for other, by in grown.items() if by * size > 0 and abs(by) >= _AGREES * abs(size)))
    return Verdict(name, abs(size) / limit if 2 * len(against) > len(grown) else 0.0, size, against)


def _lasting(verdict: Verdict, told: Mapping[str, _Shift]) -> Verdict:
    """What fades is no drift: warm goods before a sensor are gone within the day. Nor is it well while it may last."""
    lately = [(one.lately, one.weight) for one in told.values() if one.lately is not None]
    if verdict.score is None or not lately or _mean(lately) * verdict.size >= _LASTS * verdict.size**2:
        return verdict
    return replace(verdict, score=min(verdict.score, _PERHAPS))


def _of_two(zone: Zone, verdict: Verdict, hour: int) -> Verdict:
    """With one neighbour only, it is the one whose own level moved; where neither's did clearly, it is one of both."""
    (other,) = verdict.against
    mine = _moved_itself(zone, verdict.device, verdict.size, hour)
    its = _moved_itself(zone, other, -verdict.size, hour)
    if its - mine > _CLEARLY:
        return replace(verdict, score=WELL_AGAIN)
    return replace(verdict, alone=mine - its <= _CLEARLY)


def _moved_itself(zone: Zone, name: str, size: float, hour: int) -> float:
    """How much of a difference a sensor's own level explains: 1, all of it; 0, it stayed where it was."""
    member = zone.members[name]
    now = pairs.level(pairs.last_day(member.hours, hour))
    week = pairs.days_before(member.days, hour // WINDOW)[-_WEEK:]
    levels = [known for one in week if (known := pairs.level(one)) is not None]
    if now is None or not levels or size == 0.0:
        return 0.0
    return min(max((now - median(levels)) / size, 0.0), 1.0)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    return sum(value * weight for value, weight in weighed) / sum(weight for _, weight in weighed)
