"""Batteries: low, days left by their trend, and recognised as new when somebody has changed them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from statistics import median

import msgspec

LOW, VERY_LOW = 20.0, 10.0
EMPTY = 3.0
SOON_DAYS = 14.0
_DAY_S = 86_400.0
_KEPT = 45
_DAYS_FOR_TREND = 7
# Points of per cent that a battery rises by only when it is another one; warmth alone makes up to a few.
_NEW = 25.0


class Battery(msgspec.Struct):
    """A battery's days: (day number since 1970, sum of what was said in per cent, how often); newest last.

    Attributes:
        replaced: when it last became another battery, seconds since 1970.
    """

    days: list[tuple[int, float, int]] = []
    replaced: float | None = None


@dataclass(frozen=True)
class Charge:
    """How a battery stands: per cent, loss in per cent a day, and days left; None: no trend to tell it by."""

    percent: float
    loss_a_day: float | None
    days_left: float | None

    @property
    def very_low(self) -> bool:
        return self.percent <= VERY_LOW or (self.days_left is not None and self.days_left <= 3)

    @property
    def low(self) -> bool:
        return self.percent <= LOW or (self.days_left is not None and self.days_left <= SOON_DAYS)


def told(battery: Battery, percent: float, at: float) -> None:
    """Take what was said into account; readings that come late count for their own day."""
    day, days = int(at // _DAY_S), battery.days
    if days and day >= days[-1][0] and percent >= _mean(days[-1]) + _NEW:
        battery.days = days = []
        battery.replaced = at
    for place in range(len(days) - 1, -1, -1):
        if days[place][0] == day:
            _, total, times = days[place]
            days[place] = (day, total + percent, times + 1)
            return
    days.append((day, percent, 1))
    days.sort()
    del days[:-_KEPT]


def charge(battery: Battery) -> Charge | None:
    """Where it stands; the trend is the median of all slopes between two days, so that single days do not turn it."""
    days = battery.days
    if not days:
        return None
    percent = _mean(days[-1])
    if days[-1][0] - days[0][0] < _DAYS_FOR_TREND or len(days) < 5:
        return Charge(percent, None, None)
    loss = -median((_mean(b) - _mean(a)) / (b[0] - a[0]) for a, b in combinations(days, 2))
    # A loss that cannot be told from rounding is none: a battery that says 71 or 70 would last for months.
    if loss * (days[-1][0] - days[0][0]) < 2.0:
        return Charge(percent, max(loss, 0.0), None)
    return Charge(percent, loss, max(percent - EMPTY, 0.0) / loss)


def _mean(day: tuple[int, float, int]) -> float:
    return day[1] / day[2]
