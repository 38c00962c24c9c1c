"""Dates of a file, however they are written, and the periods they make: days, weeks or months."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.files.source import Source
from shelfwise.demand.panel import Frequency

_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
_WRITTEN: dict[str, tuple[str, Callable[[tuple[int, ...]], date]]] = {
    "year-month-day": (rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", lambda n: date(n[0], n[1], n[2])),
    "yearmonthday": (r"(\d{4})(\d{2})(\d{2})", lambda n: date(n[0], n[1], n[2])),
    "day.month.year": (rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_TIME}", lambda n: date(n[2], n[1], n[0])),
    "month/day/year": (rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_TIME}", lambda n: date(n[2], n[0], n[1])),
    "year-week": (r"(\d{4})-?W(\d{1,2})", lambda n: date.fromisocalendar(n[0], n[1], 1)),
    "year-month": (r"(\d{4})[-/.](\d{1,2})", lambda n: date(n[0], n[1], 1)),
    "yearmonth": (r"(\d{4})(\d{2})", lambda n: date(n[0], n[1], 1)),
}
_PATTERNS = {name: (re.compile(rf"\s*{pattern}\s*"), make) for name, (pattern, make) in _WRITTEN.items()}
_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)
_MOST_PERIODS = {Frequency.DAY: 40_000, Frequency.WEEK: 6_000, Frequency.MONTH: 1_500}
ISO = "Write dates as 2026-03-31."


@dataclass(frozen=True, eq=False)
class Dates:
    """The dates of a column.

    Attributes:
        different: each date once.
        places: for each row the place of its own.
        written: how the file writes them, as one of the ways known; '' where it holds dates as such.
    """

    different: tuple[date, ...]
    places: NDArray[np.int64]
    written: str


def dates(source: Source, heading: str, usual: str = "", *, needed: bool = True) -> Dates:
    """Read a column of dates; times of day are cut off.

    Args:
        usual: how the file beside it writes dates, which decides where this one can be read in several ways.
        needed: an empty cell is refused; else its place is -1.

    Raises:
        Invalid: a cell is empty or no date, the file writes dates in several ways, or in one that can be read as two.
    """
    cells = source.cells(heading)
    if isinstance(cells.dtype, pl.Datetime):
        cells = cells.dt.date()
    elif cells.dtype != pl.Date:
        cells = cells.cast(pl.String, strict=False)
    different = cells.drop_nulls().unique(maintain_order=True)
    if needed and (empty := cells.is_null().arg_max()) is not None and cells.is_null().any():
        raise source.fault(empty, heading, "a date", "an empty cell", "Fill it in, or take the row out.")
    if not len(different):
        return Dates((), np.full(len(cells), -1), "")
    places = cells.replace_strict(different, np.arange(len(different)), default=-1, return_dtype=pl.Int64).to_numpy()

    def row(place: int) -> int:
        return int(np.argmax(places == place))

    if different.dtype == pl.Date:
        return Dates(tuple(different), places, "")
    written, made = _parsed(source, heading, list(different), row, usual)
    # Two ways to write one day, such as a time after it, are one.
    order = {day: number for number, day in enumerate(dict.fromkeys(made))}
    numbers = np.array([order[day] for day in made])
    return Dates(tuple(order), np.where(places < 0, -1, numbers[places]), written)


def _parsed(
    source: Source, heading: str, texts: list[str], row: Callable[[int], int], usual: str
) -> tuple[str, list[date]]:
    """(how they are written, the dates)."""
    readings = {name: [_read(text, *pattern) for text in texts] for name, pattern in _PATTERNS.items()}
    whole = {name: days for name, days in readings.items() if None not in days}
    if usual in whole:
        whole = {usual: whole[usual]}
    if len(whole) > 1:
        # Both orders of day and month are possible everywhere: the one that makes an even rhythm is meant.
        even = {name: _evenness([day for day in days if day]) for name, days in whole.items()}
        best = max(even.values())
        whole = {name: days for name, days in whole.items() if even[name] == best}
    if len(whole) == 1:
        ((written, days),) = whole.items()
        return written, [day for day in days if day]
    if len(whole) > 1:
        raise source.fault(row(0), heading, "a date that can be read in one way", texts[0], ISO)
    most = max(readings.values(), key=lambda days: sum(day is not None for day in days))
    place = next(number for number, day in enumerate(most) if day is None)
    readable = any(days[place] for days in readings.values())
    expected = f"a date written as the others, such as {shorten(texts[_first(most)])}" if readable else "a date"
    raise source.fault(row(place), heading, expected, texts[place], ISO)


def _first(days: list[date | None]) -> int:
    return next((number for number, day in enumerate(days) if day), 0)


def _read(text: str, pattern: re.Pattern[str], make: Callable[[tuple[int, ...]], date]) -> date | None:
    if not (found := pattern.fullmatch(text)):
        return None
    try:
        day = make(tuple(map(int, found.groups())))
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def _evenness(days: list[date]) -> float:
    """The share of steps from date to date that are the usual one."""
    ordered = sorted(set(days))
    steps = Counter(
        (after - before).days if (after - before).days < 28 else "month" for before, after in pairwise(ordered)
    )
    return max(steps.values()) / sum(steps.values()) if steps else 0.0


@dataclass(frozen=True)
class Calendar:
    """The periods of a file; number 0 is the first.

    Attributes:
        start: a date of the first period; weeks begin on its weekday, and months are named by its day.
        last_of_month: whether months are named by their last day.
    """

    frequency: Frequency
    start: date
    last_of_month: bool = False

    def period(self, day: date) -> int:
        """The number of the period that a date is in."""
        if self.frequency is Frequency.MONTH:
            return (day.year - self.start.year) * 12 + day.month - self.start.month
        return (day - self.start).days // (7 if self.frequency is Frequency.WEEK else 1)

    def day(self, period: int) -> date:
        """The date by which a period is called."""
        if self.frequency is not Frequency.MONTH:
            return self.start + timedelta(days=period * (7 if self.frequency is Frequency.WEEK else 1))
        year, month = divmod(self.start.year * 12 + self.start.month - 1 + period, 12)
        last = date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)
        return last if self.last_of_month else last.replace(day=min(self.start.day, last.day))


def calendar(days: tuple[date, ...], frequency: Frequency | None, file: str) -> Calendar:
    """Find out what a period is, from the different dates of a file, or take what a person says.

    Raises:
        Invalid: the dates fit no frequency, or reach over too many periods to be meant.
    """
    ordered = sorted(days)
    found = frequency or _frequency(ordered)
    if found is None:
        raise Invalid(
            Fault(
                f"{file}, dates", "days, weeks of one weekday, or months",
                f"{', '.join(map(str, ordered[:4]))}{' …' if len(ordered) > 4 else ''}",
                "Say what a row is with --frequency day, week or month.",
            )
        )  # fmt: skip
    result = Calendar(found, ordered[0], _all_last(ordered))
    if found is Frequency.WEEK and _share_of_weekday(ordered) < 1:
        result = Calendar(found, ordered[0] - timedelta(days=ordered[0].weekday()))
    if found is Frequency.MONTH and not result.last_of_month:
        result = Calendar(found, ordered[0].replace(day=min(day.day for day in ordered)))
    if result.period(ordered[-1]) >= _MOST_PERIODS[found]:
        raise Invalid(
            Fault(
                f"{file}, dates", f"at most {_MOST_PERIODS[found]:,} {found}s from first to last",
                f"{ordered[0]} to {ordered[-1]}", "Correct the date that is far from the others.",
            )
        )  # fmt: skip
    return result


def _frequency(ordered: list[date]) -> Frequency | None:
    if len(ordered) < 2:
        return Frequency.DAY
    steps = [(after - before).days for before, after in pairwise(ordered)]
    if min(steps) >= 28 and (_all_last(ordered) or len({day.day for day in ordered}) == 1):
        return Frequency.MONTH
    if min(steps) >= 7:
        return Frequency.WEEK if _share_of_weekday(ordered) == 1 else None
    # Days with holes have mostly short steps; weeks of which some began on another day have not.
    short = sum(step < 5 for step in steps)
    return Frequency.DAY if short * 2 >= len(steps) else None


def _share_of_weekday(ordered: list[date]) -> float:
    return max(Counter(day.weekday() for day in ordered).values()) / len(ordered)


def _all_last(ordered: list[date]) -> bool:
    return all((day + timedelta(days=1)).day == 1 for day in ordered)
