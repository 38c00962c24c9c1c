"""Stretches of time and what a device said in them; which stretches a chart is made of. Pure rules."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shelfwise.edge.deviation import Deviation

HOUR = timedelta(hours=1)
SPELL = timedelta(minutes=5)
DAY = timedelta(days=1)
# The lengths of stretches that people can read off a chart; each begins on the hour, the day or the week in UTC.
STEPS = (
    timedelta(minutes=1), SPELL, timedelta(minutes=15), timedelta(minutes=30), HOUR, timedelta(hours=2),
    timedelta(hours=4), timedelta(hours=6), timedelta(hours=12), DAY, timedelta(days=7),
)  # fmt: skip
# A Monday, so that weeks begin on one.
ORIGIN = datetime(2001, 1, 1, tzinfo=UTC)
MOST_POINTS = 2_000


@dataclass(frozen=True)
class Point:
    """What a device said in one stretch of time.

    Attributes:
        at: when the stretch begins.
        readings: how many there were; `measured` of them with a value.
        low, high, total: of the values, in the kind's unit; None where there is none.
        last: the newest value; `last_at` when the newest reading was made, with a value or without.
    """

    at: datetime
    readings: int
    measured: int
    low: float | None
    high: float | None
    total: float | None
    last: float | None
    last_at: datetime

    @property
    def mean(self) -> float | None:
        return None if self.total is None or not self.measured else self.total / self.measured


@dataclass(frozen=True)
class History:
    """What a device said of one kind from `since` until `until`, in stretches of `step`, oldest first.

    A stretch without a reading has no point: nothing is known of it.
    """

    device: str
    kind: str
    since: datetime
    until: datetime
    step: timedelta
    points: tuple[Point, ...]


def step_for(length: timedelta, points: int, shortest: timedelta = STEPS[0]) -> timedelta:
    """The shortest stretch, of `shortest` or more, by which a length of time comes to no more than so many points."""
    for step in STEPS:
        if step >= shortest and length <= step * points:
            return step
    weeks = STEPS[-1]
    return weeks * math.ceil(length / (weeks * points))


def floor(instant: datetime, step: timedelta) -> datetime:
    """When the stretch begins that an instant lies in."""
    return ORIGIN + (instant - ORIGIN) // step * step


def join(points: Iterable[Point], step: timedelta) -> tuple[Point, ...]:
    """Points of shorter stretches, or of parts of one, as points of `step`, oldest first."""
    joined: dict[datetime, Point] = {}
    for point in points:
        at = floor(point.at, step)
        known = joined.get(at)
        joined[at] = _both(at, known, point) if known else Point(at, *_content(point))
    return tuple(joined[at] for at in sorted(joined))


def amended(point: Point, off: Deviation) -> Point:
    """A point without what the device is known to have been off by."""
    if not off:
        return point

    def truth(shown: float | None) -> float | None:
        return None if shown is None else off.truth(shown)

    total = None if point.total is None else (point.total - point.measured * off.zero) / off.span
    return replace(point, low=truth(point.low), high=truth(point.high), total=total, last=truth(point.last))


def _content(point: Point) -> tuple[int, int, float | None, float | None, float | None, float | None, datetime]:
    return point.readings, point.measured, point.low, point.high, point.total, point.last, point.last_at


def _both(at: datetime, one: Point, other: Point) -> Point:
    older, newer = (one, other) if one.last_at <= other.last_at else (other, one)
    return Point(
        at,
        one.readings + other.readings,
        one.measured + other.measured,
        min((low for low in (one.low, other.low) if low is not None), default=None),
        max((high for high in (one.high, other.high) if high is not None), default=None),
        sum(total for total in (one.total, other.total) if total is not None)
        if one.measured + other.measured
        else None,
        older.last if newer.last is None else newer.last,
        newer.last_at,
    )
