"""What promotions did: what sold on their days and after them beside what would have sold, and what to expect of the
next one. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import MIN_OBSERVED_DAYS, DemandHistory, Flags, Floats, screen

Span = Literal["during", "after"]
# Of a longer promotion the first weeks are measured: what would have sold without it is unknown further out.
LONGEST_DAYS = 28
DAYS_AFTER = 7
# Before it, the level is told from these days, and the rhythm of the week from these.
LEVEL_DAYS = 56
WEEKDAY_DAYS = 182
# A weekday counts as if it had been so many times like all others.
_WEEKDAY_SHRINK = 4.0
# With less expected than this, chance is larger than any lift.
LEAST_EXPECTED = 5.0
# Quantile of the normal distribution for intervals that hold 8 of 10.
_Z80 = 1.2816
# A group of events counts as much as this many of the wider group around it: one lucky leaflet makes no rule.
_SHRINK = 2.0
LEAST_EVENTS = 3
# A spread is told from so many events; fewer borrow that of all.
_EVENTS_FOR_SPREAD = 5


@dataclass(frozen=True)
class Measure:
    """What sold on some known days, and what would have sold; `spread` is the standard deviation of the latter."""

    days: int
    sold: float
    expected: float
    spread: float

    @property
    def tells(self) -> bool:
        """Whether there is enough to tell a lift from chance at all."""
        return self.days > 0 and self.expected >= LEAST_EXPECTED

    @property
    def log_factor(self) -> float:
        return math.log((self.sold + 0.5) / (self.expected + 0.5))

    @property
    def log_variance(self) -> float:
        return (self.spread / (self.expected + 0.5)) ** 2


@dataclass(frozen=True)
class Lift:
    """How many times as much sells, with the range of 8 in 10 cases, and the number of events it stands on."""

    factor: float
    low: float
    high: float
    events: int

    @property
    def clear(self) -> bool:
        """Whether it is more than chance: the range does not hold 1."""
        return not self.low <= 1 <= self.high


@dataclass(frozen=True)
class Case:
    """A past event as later ones learn from it."""

    kind: str
    band: str
    measure: Measure


UNKNOWN = Measure(0, 0.0, 0.0, 0.0)


def measure(history: DemandHistory, first: date, last: date, other: Collection[date]) -> dict[Span, Measure]:
    """What an item sold in a promotion and in the week after it, beside its level and weekdays before it.

    Days out of stock and days of other promotions are neither learnt from nor measured.

    Args:
        other: days of the item's other promotions.

    Returns:
        for each span; `UNKNOWN` where nothing can be said of it.
    """
    known = ~history.masked
    for day in other:
        if 0 <= (at := (day - history.first_day).days) < history.days:
            known[at] = False
    begins = (first - history.first_day).days
    length = min((last - first).days + 1, LONGEST_DAYS)
    found: dict[Span, Measure] = {"during": UNKNOWN, "after": UNKNOWN}
    if not 0 < begins < history.days:
        return found
    # One mistyped order before it would hide any lift.
    before, _ = screen(DemandHistory(history.first_day, history.quantity[:begins], ~known[:begins]))
    usual = _usual(before.quantity, ~before.masked)
    if usual is None:
        return found
    spans: dict[Span, range] = {"during": range(begins, begins + length)}
    if (last - first).days < LONGEST_DAYS:
        spans["after"] = range(begins + length, begins + length + DAYS_AFTER)
    for span, stretch in spans.items():
        days = [day for day in stretch if day < history.days and known[day]]
        if days:
            found[span] = usual.of(history.quantity[days], np.array(days))
    return found


@dataclass(frozen=True, eq=False)
class _Usual:
    """An item before a promotion: what it sold a day, by weekday, how far off days were, and from how many days."""

    by_weekday: Floats
    variance: float
    days: int

    def of(self, sold: Floats, days: NDArray[np.int64]) -> Measure:
        count = len(days)
        spread = math.sqrt(self.variance * (count + count**2 / self.days))
        return Measure(count, float(sold.sum()), float(self.by_weekday[days % 7].sum()), spread)


def _usual(quantity: Floats, known: Flags) -> _Usual | None:
    """The mean, without bias: the methods that race for planning are chosen by high quantiles, and expect too much of
    slow movers. None with too few known days.

    Weekdays are told from half a year, drawn towards no difference; the level from eight weeks. Days of the week here
    are counted from the first day of the history.
    """
    begins = len(quantity)
    recent = np.flatnonzero(known)
    recent = recent[recent >= begins - LEVEL_DAYS]
    if len(recent) < MIN_OBSERVED_DAYS:
        return None
    long = np.flatnonzero(known)
    long = long[long >= begins - WEEKDAY_DAYS]
    mean = float(quantity[long].mean())
    if mean <= 0:
        return _Usual(np.zeros(7), 0.0, len(recent))
    sums = np.bincount(long % 7, quantity[long], 7)
    factors = (sums / mean + _WEEKDAY_SHRINK) / (np.bincount(long % 7, minlength=7) + _WEEKDAY_SHRINK)
    level = float(quantity[recent].sum() / factors[recent % 7].sum())
    off = quantity[recent] - level * factors[recent % 7]
    # Weeks as a whole go up and down by more than their days alone would make them.
    weeks = np.bincount((begins - 1 - recent) // 7, off)
    variance = max(float((off**2).sum()) / (len(off) - 1), float((weeks**2).mean()) / 7)
    return _Usual(level * factors, variance, len(recent))


def together(measures: Iterable[Measure]) -> Measure:
    """Several items as one: slow movers tell together what none of them tells alone."""
    every = [one for one in measures if one.days]
    return Measure(
        sum(one.days for one in every), sum(one.sold for one in every), sum(one.expected for one in every),
        math.sqrt(sum(one.spread**2 for one in every)),
    )  # fmt: skip


def lift_of(one: Measure) -> Lift | None:
    """What an event did; None where the numbers do not carry it."""
    if not one.tells:
        return None
    return _lift(one.log_factor, one.log_variance, 1)


def band(discount_percent: Decimal | None) -> str:
    """Discounts of about the same size, in words; '' where none is told."""
    if not discount_percent:
        return ""
    for most in (10, 20, 30, 50):
        if discount_percent <= most:
            return f"up to {most} %"
    return "more than 50 %"


def expected_lift(cases: Sequence[Case], kind: str, of_band: str) -> Lift | None:
    """What a new event of a kind and a discount may do, from those that have been; None with fewer than three.

    The mean of the same kind and band is drawn towards that of its kind, that towards all promotions', and that
    towards no lift at all. The range is that of a single new event: events differ by more than chance alone.
    """
    telling = [one for one in cases if one.measure.tells]
    alike = [one for one in telling if one.kind == kind]
    if len(alike) < LEAST_EVENTS:
        return None
    same = [one for one in alike if one.band == of_band]
    mean = 0.0
    for group in (telling, alike, same):
        mean = (sum(one.measure.log_factor for one in group) + _SHRINK * mean) / (len(group) + _SHRINK)
    spread_from = next((group for group in (same, alike) if len(group) >= _EVENTS_FOR_SPREAD), telling)
    factors = np.array([one.measure.log_factor for one in spread_from])
    chance = float(np.mean([one.measure.log_variance for one in spread_from]))
    between = max(0.0, float(factors.var(ddof=1)) - chance)
    count = len(same) if len(same) >= LEAST_EVENTS else len(alike)
    return _lift(mean, between + (between + chance) / count, count)


def _lift(log_factor: float, variance: float, events: int) -> Lift:
    wide = _Z80 * math.sqrt(variance)
    return Lift(math.exp(log_factor), math.exp(log_factor - wide), math.exp(log_factor + wide), events)


def days_of(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
