"""Half a year of promotions, a row each: where its bar is drawn, and the months above. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from shelfwise.records.promoting_model import Event, State

WEEKS = 26
# Of these, the weeks before the present one.
WEEKS_PAST = 10
DAYS = WEEKS * 7
# What fits on a page that somebody reads; the list below it holds all.
MOST_ROWS = 200


@dataclass(frozen=True)
class Month:
    """A month by the weeks whose Monday lies in it; `at` is where it begins, in days from the left."""

    first: date
    weeks: int
    at: int


@dataclass(frozen=True)
class Bar:
    """An event and where its bar lies, in days from the left."""

    event: Event
    state: State
    at: int
    days: int


@dataclass(frozen=True)
class Calendar:
    """What is drawn, from `first` (a Monday) on; `today` in days from the left, None where it is out of sight."""

    first: date
    months: list[Month]
    bars: list[Bar]
    today: int | None
    more: int

    @property
    def last(self) -> date:
        return self.first + timedelta(days=DAYS - 1)

    @property
    def before(self) -> date:
        return self.first - timedelta(weeks=WEEKS // 2)

    @property
    def after(self) -> date:
        return self.first + timedelta(weeks=WEEKS // 2)


def first_monday(today: date, told: date | None) -> date:
    """Where the calendar begins: the Monday of a day that was asked for, else some weeks before today."""
    day = told or today - timedelta(weeks=WEEKS_PAST)
    return day - timedelta(days=day.weekday())


def lay_out(events: Iterable[Event], first: date, today: date) -> Calendar:
    """
    Args:
        first: a Monday.
    """
    last = first + timedelta(days=DAYS - 1)
    shown = [one for one in events if one.starts_on <= last and one.ends_on >= first]
    bars = []
    for one in shown[:MOST_ROWS]:
        begins, ends = max(one.starts_on, first), min(one.ends_on, last)
        bars.append(Bar(one, one.state(today), (begins - first).days, (ends - begins).days + 1))
    months: list[Month] = []
    for week in range(WEEKS):
        monday = first + timedelta(weeks=week)
        if months and (months[-1].first.year, months[-1].first.month) == (monday.year, monday.month):
            months[-1] = Month(months[-1].first, months[-1].weeks + 1, months[-1].at)
        else:
            months.append(Month(monday, 1, week * 7))
    here = (today - first).days
    return Calendar(first, months, bars, here if 0 <= here < DAYS else None, len(shown) - len(bars))
