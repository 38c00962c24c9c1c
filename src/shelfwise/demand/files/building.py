"""A panel from the rows of files. What a missing row or a sold-out day means is decided by evidence, and said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand.files.columns import columns
from shelfwise.demand.files.headings import understood
from shelfwise.demand.files.keys import Keys, Rows, keys
from shelfwise.demand.files.source import Source, opened
from shelfwise.demand.files.values import is_yes, quantities
from shelfwise.demand.model import ISOLATED_AMONG, ISOLATED_FACTOR, Flags
from shelfwise.demand.panel import Frequency, Numbers, Panel

LONGEST = 1_100
_TRADING_WEEKS = 8
_SOME = 3
_SHOWN = 3
_HARDLY_EVER = 0.1
_SELDOM_MISSED = 0.9
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, eq=False)
class Read:
    """What was read of the files.

    Attributes:
        series, period, days: of each row of the forecast to be written: its series, its period ahead, its date.
        closed: which of these rows were told to be closed days; nothing is sold on them.
        types: of the columns item and location in the history.
        dates: the heading of the history's dates, and `written`: how it writes them, see `Dates`.
        notes: what was assumed, for people.
    """

    panel: Panel
    series: NDArray[np.int64]
    period: NDArray[np.int64]
    days: tuple[date, ...]
    closed: Flags
    types: tuple[pl.DataType, pl.DataType]
    dates: str
    written: str
    notes: tuple[str, ...]


def read(history: Path, future: Path | None, horizon: int | None, frequency: Frequency | None) -> Read:
    """Read a history, and what is told of the periods to be forecast.

    Raises:
        Invalid: something in the files cannot be right; the row and the column are named.
    """
    with opened(history) as source:
        if future is None:
            return read_opened(source, _checked_horizon(horizon), frequency)
        headings = understood(source.headings, history.name)
        with opened(future) as later:
            told = understood(later.headings, future.name, ("date",))
            if set(told.roles) - {"quantity"} != set(headings.roles) - {"quantity"}:
                raise Invalid(
                    Fault(
                        f"{future.name}, headings", f"columns for {', '.join(set(headings.roles) - {'quantity'})}",
                        ", ".join(later.headings), "Call them as in the history.",
                    )
                )  # fmt: skip
            known = keys((source, headings), (later, told), frequency)
            reached = int(np.max(known.future.period, initial=0)) + 1 - known.periods if known.future else 0
            ahead = _checked_horizon(max(reached, horizon or 1))
            notes = [*source.notes, *later.notes, *headings.notes]
            if horizon and reached != horizon:
                notes.append(f"The rows of {future.name} reach over {reached} {known.calendar.frequency}s: they count.")
            return _built(known, ahead, notes)


def read_opened(history: Source, horizon: int, frequency: Frequency | None) -> Read:
    """Read a history that is open already.

    Raises:
        Invalid: as `read`.
    """
    headings = understood(history.headings, history.path.name)
    return _built(keys((history, headings), None, frequency), horizon, [*history.notes, *headings.notes])


def _checked_horizon(horizon: int | None) -> int:
    if horizon is None or not 1 <= horizon <= LONGEST:
        raise Invalid(
            Fault(
                "--horizon", f"a number of periods from 1 to {LONGEST}, or a file for --future", str(horizon),
                "Say how far ahead to forecast.",
            )
        )  # fmt: skip
    return horizon


def _built(known: Keys, ahead: int, notes: list[str]) -> Read:
    rows, calendar = known.history, known.calendar
    first, last = calendar.day(0), calendar.day(known.periods - 1)
    notes.append(
        f"{rows.source.rows:,} rows: {len(known.names):,} series by {calendar.frequency}, from {first} to {last}."
    )
    quantity, given = _demand(known, notes)
    _set_isolated_aside(quantity, known, notes)
    told, more = columns(known, ahead)
    notes += more
    if known.future is None:
        wanted = _open_days(known, given, ahead, notes)
        series, period = (each.astype(np.int64) for each in np.nonzero(wanted))
        days = tuple(calendar.day(known.periods + int(one)) for one in period)
        closed = np.zeros(len(series), np.bool_)
    else:
        series, period = known.future.series, known.future.period - known.periods
        days = tuple(known.future.days.different[one] for one in known.future.days.places)
        closed = _says(known.future, known.future.headings.closed)
        wanted = np.zeros((len(known.names), ahead), np.bool_)
        wanted[series[~closed], period[~closed]] = True
        if cold := int((~given[np.unique(series)].any(axis=1)).sum()):
            if cold == len(np.unique(series)):
                here, there = known.names[int(np.flatnonzero(given.any(axis=1))[0])], known.names[int(series[0])]
                notes.append(
                    f"No series of the future is in the history: it has {here!r}, the future {there!r}. If they are "
                    "the same, call them alike."
                )
            notes.append(f"{cold:,} series of the future have no history.")
        if known.history.headings.closed and not known.future.headings.closed:
            which = ", ".join(map(repr, known.history.headings.closed))
            notes.append(f"Not told of the future: {which}. Each of its rows is taken to be a day that is open.")
    panel = Panel(
        known.names,
        calendar.frequency,
        tuple(calendar.day(one) for one in range(known.periods + ahead)),
        quantity,
        told,
        wanted,
    )
    return Read(
        panel, series, period, days, closed, known.types, rows.headings.roles["date"], rows.days.written, tuple(notes)
    )


def _demand(known: Keys, notes: list[str]) -> tuple[Numbers, Flags]:
    """(demand of all series and periods, NaN where unknown; where there are rows)."""
    rows = known.history
    values = quantities(rows.source, rows.headings.roles["quantity"])
    empty, negative = np.isnan(values), values < 0
    sold_out, closed = _says(rows, rows.headings.sold_out), _says(rows, rows.headings.closed)
    for which, what in (
        (empty, "have no quantity: unknown"),
        (negative, "are negative, more came back than was sold: the demand is unknown"),
        (sold_out, "were sold out: what was sold is less than what was wanted, and is left out"),
        (closed & ~sold_out, "were closed: left out"),
    ):
        if which.any():
            notes.append(f"{int(which.sum()):,} rows {what}.")
    has_zeros = bool(((values == 0) & ~sold_out & ~closed).any())
    values[negative | sold_out | closed] = np.nan
    shape = (len(known.names), known.periods)
    quantity, given = np.full(shape, np.nan, np.float32), np.zeros(shape, np.bool_)
    quantity[rows.series, rows.period] = values
    given[rows.series, rows.period] = True
    _tell_weeks_among_days(known, given, notes)
    begun = np.logical_or.accumulate(given, axis=1)
    missing = begun & ~given
    if (count := int(missing.sum())) == 0:
        return quantity, given
    what = f"{count:,} rows are missing after the first of their series"
    if has_zeros:
        notes.append(f"{what}: unknown, because the file writes zeros where nothing sold.")
        return quantity, given
    trading = _trading(known, given)
    nothing = missing & (trading | ~_keeps_hours(known, trading)[:, None])[known.location_of]
    quantity[nothing] = 0
    notes.append(
        f"{what}, and the file never has a zero: {int(nothing.sum()):,} were taken for nothing sold, "
        f"{count - int(nothing.sum()):,} for closed, because their location has no row on that date."
    )
    return quantity, given


def _tell_weeks_among_days(known: Keys, given: Flags, notes: list[str]) -> None:
    """Say which series have a row every seven days and never between: a file of days may hold weeks by mistake."""
    if known.calendar.frequency is not Frequency.DAY:
        return
    steps = given.sum(axis=1) - 1
    weekly = (steps >= _TRADING_WEEKS - 1) & ((given[:, 7:] & given[:, :-7]).sum(axis=1) == steps)
    weekly &= ~(given[:, 1:] & given[:, :-1]).any(axis=1)
    if weekly.any():
        item, _ = known.names[int(np.argmax(weekly))]
        notes.append(
            f"{int(weekly.sum()):,} series, such as {item!r}, have a row every seven days: if it is of a "
            "week, put them into a file of their own."
        )


def _says(rows: Rows, headings: dict[str, bool]) -> Flags:
    found = np.zeros(rows.source.rows, np.bool_)
    for heading, yes in headings.items():
        found |= is_yes(rows.source, heading, yes)
    return found


def _trading(known: Keys, given: Flags) -> Flags:
    """Where any series of a location has a row, (locations, periods)."""
    order = np.argsort(known.location_of, kind="stable")
    starts = np.flatnonzero(np.diff(known.location_of[order], prepend=-1))
    trading: Flags = np.logical_or.reduceat(given[order], starts, axis=0)
    return trading


def _keeps_hours(known: Keys, trading: Flags) -> Flags:
    """Whether a location's days without any row say that it was closed: it has some series, or it seldom misses a day.

    One slow mover with rows only where it sold says nothing about when its place was open. Weekdays on which there is
    hardly ever a row do not count as missed.
    """
    begun = np.logical_or.accumulate(trading, axis=1)
    weekday = np.arange(trading.shape[1]) % (7 if known.calendar.frequency is Frequency.DAY else 1)
    days, open_days = np.zeros(len(trading)), np.zeros(len(trading))
    for day in range(int(weekday.max()) + 1):
        of, traded = begun[:, weekday == day].sum(axis=1), trading[:, weekday == day].sum(axis=1)
        usual = traded > _HARDLY_EVER * of
        days += np.where(usual, of, 0)
        open_days += np.where(usual, traded, 0)
    many = np.bincount(known.location_of, minlength=len(trading)) >= _SOME
    result: Flags = many | (open_days > _SELDOM_MISSED * days)
    return result


def _open_days(known: Keys, given: Flags, ahead: int, notes: list[str]) -> Flags:
    """Which periods ahead to forecast where nothing is told of them: the weekdays that were of late open."""
    weeks = min(_TRADING_WEEKS, known.periods // 7)
    lately = 7 * weeks
    if known.calendar.frequency is not Frequency.DAY or weeks < 2:
        return np.ones((len(known.names), ahead), np.bool_)
    trading = _trading(known, given)
    hours, trading = _keeps_hours(known, trading), trading[:, -lately:]
    weekday = np.array(
        [known.calendar.day(one).weekday() for one in range(known.periods - lately, known.periods + ahead)]
    )
    open_on = np.zeros((len(trading), 7), np.bool_)
    for day in range(7):
        open_on[:, day] = trading[:, weekday[:lately] == day].any(axis=1)
    # Where there was no row of late the place has ended, or the file has: nothing is known of its days.
    open_on |= (~trading.any(axis=1) | ~hours)[:, None]
    notes.extend(
        f"{closed:,} locations had no row on a {_WEEKDAYS[day]} in {weeks} weeks: closed then."
        for day in range(7)
        if (closed := int((~open_on[:, day]).sum()))
    )
    ahead_of_all: Flags = open_on[:, weekday[lately:]]
    return ahead_of_all[known.location_of]


def _set_isolated_aside(quantity: Numbers, known: Keys, notes: list[str]) -> None:
    """Set periods aside that stand alone: ten times every other one, where at least eight others had demand."""
    number = 0
    while aside := list(_isolated(quantity)):
        for series, period in aside:
            number += 1
            if number <= _SHOWN:
                item, location = known.names[series]
                notes.append(
                    f"Set aside: {quantity[series, period]:g} of {item!r}{f' at {location!r}' if location else ''} on "
                    f"{known.calendar.day(period)}, more than {ISOLATED_FACTOR:g} times anything else it sold."
                )
            quantity[series, period] = np.nan
    if number > _SHOWN:
        notes.append(f"And {number - _SHOWN:,} more of that kind.")


def _isolated(quantity: Numbers) -> Iterator[tuple[int, int]]:
    sold = np.nan_to_num(quantity)
    if sold.shape[1] <= ISOLATED_AMONG:
        return
    highest = np.partition(sold, (-ISOLATED_AMONG - 1, -2, -1), axis=1)
    enough = highest[:, -ISOLATED_AMONG - 1] > 0
    for series in np.flatnonzero(enough & (highest[:, -1] > ISOLATED_FACTOR * highest[:, -2])):
        yield int(series), int(np.argmax(sold[series]))
