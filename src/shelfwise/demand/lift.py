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

from shelfwise.demand.model import MIN_OBSERVED_DAYS, DemandHistory, Flags, Floats, screen

Span = Literal["during", "after", "others"]
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
Z80 = 1.2816
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
    found: dict[Span, Measure] = {"during": UNKNOWN, "after": UNKNOWN}
    known = known_days(history, other)
    begins = (first - history.first_day).days
    usual = usual_before(history, known, begins)
    if usual is None:
        return found
    length = min((last - first).days + 1, LONGEST_DAYS)
    spans: dict[Span, range] = {"during": range(begins, begins + length)}
    if (last - first).days < LONGEST_DAYS:
        spans["after"] = range(begins + length, begins + length + DAYS_AFTER)
    for span, stretch in spans.items():
        days = [day for day in stretch if day < history.days and known[day]]
        if days:
            found[span] = usual.beside(float(history.quantity[days].sum()), usual.expected(days), len(days))
    return found


def known_days(history: DemandHistory, other: Collection[date]) -> Flags:
    """The days that say something of an item as it sells by itself: known, and not among the others."""
    known = ~history.masked
    for day in other:
        if 0 <= (at := (day - history.first_day).days) < history.days:
            known[at] = False
    return known


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual before something: what was sold a day, how far off days were, and from how many days it is known.

    Attributes:
        by_weekday: shape (7,), days of the week counted from the first day of the history.
        off: shape (LEVEL_DAYS,), what was sold more than usual on the days before, the newest last; NaN: unknown.
    """

    by_weekday: Floats
    off: Floats
    days: int

    def expected(self, days: Sequence[int]) -> float:
        """What would have been sold on these days of the history together."""
        return float(self.by_weekday[np.array(days) % 7].sum())

    def beside(self, sold: float, expected: float, days: int) -> Measure:
        """What was sold on so many days, beside what would have been."""
        known = self.off[~np.isnan(self.off)]
        # Weeks as a whole go up and down by more than their days alone would make them.
        weeks = self.off.reshape(-1, 7)
        weeks = np.nansum(weeks[~np.isnan(weeks).all(axis=1)], axis=1)
        variance = max(float((known**2).sum()) / (len(known) - 1), float((weeks**2).mean()) / 7)
        return Measure(days, sold, expected, math.sqrt(variance * (days + days**2 / self.days)))


def usual_before(history: DemandHistory, known: Flags, begins: int) -> Usual | None:
    """The mean, without bias: the methods that race for planning are chosen by high quantiles, and expect too much of
    slow movers. None with too few known days before the day `begins` of the history.

    Weekdays are told from half a year, drawn towards no difference; the level from eight weeks.
    """
    if not 0 < begins < history.days:
        return None
    # One mistyped order before it would hide any lift.
    before, _ = screen(DemandHistory(history.first_day, history.quantity[:begins], ~known[:begins]))
    quantity = before.quantity
    long = np.flatnonzero(~before.masked)
    recent = long[long >= begins - LEVEL_DAYS]
    if len(recent) < MIN_OBSERVED_DAYS:
        return None
    long = long[long >= begins - WEEKDAY_DAYS]
    off = np.full(LEVEL_DAYS, np.nan)
    mean = float(quantity[long].mean())
    if mean <= 0:
        off[recent - begins] = 0
        return Usual(np.zeros(7), off, len(recent))
    sums = np.bincount(long % 7, quantity[long], 7)
    factors = (sums / mean + _WEEKDAY_SHRINK) / (np.bincount(long % 7, minlength=7) + _WEEKDAY_SHRINK)
    level = float(quantity[recent].sum() / factors[recent % 7].sum())
    off[recent - begins] = quantity[recent] - level * factors[recent % 7]
    return Usual(level * factors, off, len(recent))


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
    wide = Z80 * math.sqrt(variance)
    return Lift(math.exp(log_factor), math.exp(log_factor - wide), math.exp(log_factor + wide), events)


def days_of(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
