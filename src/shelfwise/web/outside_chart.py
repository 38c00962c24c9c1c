"""A series from outside over time: where its line goes, and which periods were revised. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from shelfwise.demand.outside.model import Value, lasting, next_period
from shelfwise.demand.panel import Frequency

WIDTH, HEIGHT = 640.0, 180.0
MOST_PERIODS = 400


@dataclass(frozen=True)
class Course:
    """What was told of a period, one value after the other; None: withdrawn."""

    period: date
    told: tuple[tuple[Decimal | None, datetime], ...]

    @property
    def value(self) -> Decimal | None:
        return self.told[-1][0]

    @property
    def known_at(self) -> datetime:
        return self.told[-1][1]

    @property
    def earlier(self) -> tuple[tuple[Decimal | None, datetime], ...]:
        return self.told[:-1]


@dataclass(frozen=True)
class Point:
    """A period on the chart; `x` is its middle."""

    x: float
    y: float
    course: Course


@dataclass(frozen=True)
class Chart:
    """Attributes:
    lines: the points of a polyline for each stretch without a gap.
    today: where it is now; None: not on the chart.
    step: the width of a period.
    """

    points: list[Point]
    lines: list[str]
    low: Decimal
    high: Decimal
    today: float | None
    step: float


def courses(values: Iterable[Value]) -> list[Course]:
    """By period, the newest first."""
    found = [
        Course(period, tuple((_exact(one.value), one.known_at) for one in told))
        for period, told in groupby(lasting(values), key=lambda one: one.period)
    ]
    return found[::-1]


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(round(value, 6))).normalize()


def draw(known: Sequence[Course], frequency: Frequency, today: date) -> Chart | None:
    """The latest periods with a value; None where there is none.

    Args:
        known: the newest first.
    """
    shown = [one for one in known if one.value is not None][:MOST_PERIODS][::-1]
    if not shown:
        return None
    numbers = [one.value for one in shown if one.value is not None]
    low, high = min(numbers), max(numbers)
    places: dict[date, int] = {}
    period = shown[0].period
    while period <= shown[-1].period:
        places[period] = len(places)
        period = next_period(frequency, period)
    step = WIDTH / len(places)
    points = [
        Point(
            round((places[one.period] + 0.5) * step, 2),
            round(float((high - (one.value or 0)) / ((high - low) or 1)) * HEIGHT, 2) if high > low else HEIGHT / 2,
            one,
        )
        for one in shown
    ]
    lines: list[list[str]] = []
    for n, point in enumerate(points):
        if n == 0 or places[point.course.period] != places[points[n - 1].course.period] + 1:
            lines.append([])
        lines[-1].append(f"{point.x},{point.y}")
    passed = sum(1 for one in places if next_period(frequency, one) <= today)
    on = shown[0].period <= today and passed < len(places)
    return Chart(
        points,
        # A point alone is a line of no length, which is drawn as a dot.
        [" ".join(one if len(one) > 1 else one * 2) for one in lines],
        low,
        high,
        round((passed + 0.5) * step, 2) if on else None,
        round(step, 2),
    )
