"""A figure by week as bars, and what was before as a band behind them: where to draw each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shelfwise.measure.model import Week

WIDTH, HEIGHT = 320.0, 72.0
MOST_WEEKS = 52


@dataclass(frozen=True)
class Bar:
    """A week: where it is drawn, and the words on hover."""

    x: float
    y: float
    width: float
    height: float
    before: bool
    monday: date
    value: float
    n: int


@dataclass(frozen=True)
class WeekChart:
    """The bars, and the band from the lowest to the highest week before; no band where nothing was before.

    Attributes:
        ticks: (x, y, width) of what each week is compared with, where something is.
    """

    bars: list[Bar]
    band: tuple[float, float] | None
    zero: float
    ticks: list[tuple[float, float, float]]


def draw(before: Sequence[Week], since: Sequence[Week], beside: Mapping[date, float] | None = None) -> WeekChart | None:
    """The latest year of weeks; None where there is none. Weeks that were not measured leave a gap.

    Args:
        beside: by Monday, what a week is compared with.
    """
    shown = [*((one, True) for one in before), *((one, False) for one in since)][-MOST_WEEKS:]
    if not shown:
        return None
    first = shown[0][0].monday
    slots = (shown[-1][0].monday - first).days // 7 + 1
    compared = {one.monday: beside[one.monday] for one, _ in shown if beside and one.monday in beside}
    values = [one.value for one, _ in shown] + [one.value for one in before] + list(compared.values())
    top, bottom = max(0.0, *values), min(0.0, *values)
    scale = HEIGHT / (top - bottom or 1.0)
    step = WIDTH / max(slots, 12)

    def at(value: float) -> float:
        return round((top - value) * scale, 2)

    bars = [
        Bar(
            round((one.monday - first) // timedelta(days=7) * step, 2),
            min(at(one.value), at(0.0)),
            round(step * 0.72, 2),
            max(round(abs(one.value) * scale, 2), 1.0),
            old,
            one.monday,
            one.value,
            one.n,
        )
        for one, old in shown
    ]
    band = None
    if before:
        high, low = max(one.value for one in before), min(one.value for one in before)
        band = (at(high), max(round((high - low) * scale, 2), 1.0))
    ticks = [(bar.x, at(compared[bar.monday]), bar.width) for bar in bars if bar.monday in compared]
    return WeekChart(bars, band, at(0.0), ticks)
