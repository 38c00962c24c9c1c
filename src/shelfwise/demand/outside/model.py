"""Series from outside and what was known of them when: the rules that keep the future out of a forecast. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from shelfwise.core.clocks import day_end, day_start
from shelfwise.core.errors import Fault, shorten
from shelfwise.demand.panel import Frequency, Numbers
from shelfwise.records.model import text_faults

LONGEST_NAME = 80
LONGEST_UNIT = 20
LONGEST_LAG = 366
LARGEST = 1e12
FIRST_DAY = date(1990, 1, 1)
FURTHEST = timedelta(days=3 * 366)
# For how many further periods, beside those that publishing takes, the newest value stands in for what is not
# published yet. Not for ever: what nobody tells any more is unknown.
STANDS_IN = {Frequency.DAY: 7, Frequency.WEEK: 4, Frequency.MONTH: 3}
_LENGTH = {Frequency.DAY: 1, Frequency.WEEK: 7, Frequency.MONTH: 28}


class Kind(StrEnum):
    """What a series is about."""

    WEATHER = "weather"
    ECONOMY = "economy"
    EVENT = "event"
    OTHER = "other"


@dataclass(frozen=True)
class NewSeries:
    """A series as somebody describes it.

    Attributes:
        site_id: None: of the whole company.
        ahead: each value is told before its period begins, as in a calendar of holidays.
        lag_days: how many days after its period a value is usually published. It dates the history from before the
            series was followed here; what comes later is dated by when it came.
    """

    name: str
    site_id: int | None = None
    unit: str = ""
    frequency: Frequency = Frequency.DAY
    kind: Kind = Kind.OTHER
    ahead: bool = False
    lag_days: int = 0


@dataclass(frozen=True)
class Series(NewSeries):
    """A series as it is kept.

    Attributes:
        active: False: no forecast sees it, and nothing is fetched. What is known stays.
        followed_since: when the first value was told; None: none was.
    """

    series_id: int = 0
    active: bool = True
    followed_since: datetime | None = None

    @property
    def as_new(self) -> NewSeries:
        return NewSeries(**{name: getattr(self, name) for name in NewSeries.__dataclass_fields__})


@dataclass(frozen=True)
class Told:
    """A value as somebody tells it; None withdraws what was told of the period.

    Attributes:
        day: any day of the period.
        known_at: when it was published; None: see `dated`.
    """

    day: date
    value: float | None
    known_at: datetime | None = None


@dataclass(frozen=True)
class Value:
    """What was told of a period: one of several, if it was revised.

    Attributes:
        value_id: grows with each row, and settles which of two that are known from one instant on counts.
        period: its first day.
        value: None: what was told before is withdrawn.
        known_at: from when on it counts as known.
        told_at: when it was told here.
    """

    value_id: int
    period: date
    value: float | None
    known_at: datetime
    told_at: datetime

    @property
    def order(self) -> tuple[datetime, int]:
        return self.known_at, self.value_id


def series_faults(one: NewSeries) -> Iterator[Fault]:
    """What is wrong with a series."""
    if not 0 < len(one.name) <= LONGEST_NAME or one.name != one.name.strip():
        expected = f"1 to {LONGEST_NAME} characters"
        yield Fault("name", expected, shorten(one.name) if one.name else "nothing", "Give it a short name.")
    yield from text_faults(one.name, "name")
    if len(one.unit) > LONGEST_UNIT:
        yield Fault("unit", f"at most {LONGEST_UNIT} characters", shorten(one.unit), "Shorten it: degC, %, people.")
    yield from text_faults(one.unit, "unit")
    if not 0 <= one.lag_days <= LONGEST_LAG:
        yield Fault("lag_days", f"0 to {LONGEST_LAG} days", str(one.lag_days), "Say how late it is published.")


def told_faults(one: Told, now: datetime) -> Iterator[Fault]:
    """What is wrong with a value."""
    last = now.date() + FURTHEST
    if not FIRST_DAY <= one.day <= last:
        yield Fault("date", f"a day from {FIRST_DAY} to {last}", str(one.day), "Correct the day.")
    if one.value is not None and not (math.isfinite(one.value) and abs(one.value) <= LARGEST):
        yield Fault("value", f"a number from -{LARGEST:g} to {LARGEST:g}", str(one.value), "Correct the number.")
    if one.known_at is not None and not (one.known_at.date() >= FIRST_DAY and one.known_at <= now):
        yield Fault("known_at", "a time that has been", str(one.known_at), "Say when it was published.")


def period_of(frequency: Frequency, day: date) -> date:
    """The first day of the day, week (from Monday) or month that a day lies in."""
    match frequency:
        case Frequency.DAY:
            return day
        case Frequency.WEEK:
            return day - timedelta(days=day.weekday())
        case Frequency.MONTH:
            return day.replace(day=1)


def next_period(frequency: Frequency, period: date) -> date:
    """The first day of the period after."""
    return period_of(frequency, period + timedelta(days=31 if frequency is Frequency.MONTH else _LENGTH[frequency]))


def dated(series: NewSeries, period: date, since: datetime | None, now: datetime, zone: ZoneInfo) -> datetime:
    """From when on a value counts as known that is told without saying so.

    That is now. Only what was history already when the series was followed first is dated back to when it was usually
    known, else years of it would teach nothing: to the end of its period and of the days that publishing takes, or,
    where it is told ahead, to a day before its period, when it has begun nowhere. Put right later, it is so still.

    Args:
        since: when the first value of the series was told; None: this is it.
    """
    if series.ahead:
        usual = day_start(period - timedelta(days=1), zone)
    else:
        usual = day_start(next_period(series.frequency, period) + timedelta(days=series.lag_days), zone)
    return usual if usual < (since or now) else now


def as_known(values: Iterable[Value], at: datetime) -> dict[date, float]:
    """The newest value of each period that was known at an instant."""
    newest: dict[date, Value] = {}
    for one in values:
        before = newest.get(one.period)
        if one.known_at <= at and (before is None or one.order > before.order):
            newest[one.period] = one
    return {period: one.value for period, one in newest.items() if one.value is not None}


def lasting(values: Iterable[Value]) -> list[Value]:
    """What a file shows: by period the values that one after the other counted, without what was put right at once.

    That leaves out a row with another one of the same instant after it, and a withdrawal with nothing before it.
    """
    by_instant = {(one.period, one.known_at): one for one in sorted(values, key=lambda one: one.value_id)}
    found: list[Value] = []
    for _, one in sorted(by_instant.items()):
        follows = bool(found) and found[-1].period == one.period
        if one.value is not None or (follows and found[-1].value is not None):
            found.append(one)
    return found


def column(series: NewSeries, values: Sequence[Value], days: Sequence[date], origin: date, zone: ZoneInfo) -> Numbers:
    """What a model may learn from on each day, NaN where nothing was known.

    Of a series that is told ahead, the value of the day as it was known before the day began; after the origin, as it
    was known when the origin ended. Of any other, the newest value known by the end of the day, of the day's own period
    or of one shortly before; nothing after the origin. What was told after the end of the origin changes nothing.

    Args:
        origin: the last day that is known.
    """
    end = day_end(origin, zone)
    waiting = sorted((one for one in values if one.told_at <= end), key=lambda one: one.order, reverse=True)
    known: dict[date, float] = {}
    found = np.full(len(days), np.nan, np.float32)
    for place in sorted(range(len(days)), key=lambda place: days[place]):
        day = days[place]
        if day > origin and not series.ahead:
            break
        at = min(day_start(day, zone) if series.ahead else day_end(day, zone), end)
        while waiting and waiting[-1].known_at <= at:
            one = waiting.pop()
            if one.value is None:
                known.pop(one.period, None)
            else:
                known[one.period] = one.value
        value = _on(series, known, day)
        if value is not None:
            found[place] = value
    return found


def _on(series: NewSeries, known: dict[date, float], day: date) -> float | None:
    period = period_of(series.frequency, day)
    if period in known:
        return known[period]
    if series.kind is Kind.EVENT:
        # Calendars name the days on which something is, and none of those between.
        return 0.0 if known and min(known) < period < max(known) else None
    if series.ahead:
        return None
    for _ in range(STANDS_IN[series.frequency] + series.lag_days // _LENGTH[series.frequency]):
        period = period_of(series.frequency, period - timedelta(days=1))
        if period in known:
            return known[period]
    return None
