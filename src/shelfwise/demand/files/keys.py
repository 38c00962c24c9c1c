"""Which series and which period each row of the files is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.files.dates import Calendar, Dates, calendar, dates
from shelfwise.demand.files.headings import Headings
from shelfwise.demand.files.source import Source
from shelfwise.demand.panel import Frequency

KEYS = ("item", "location")
MOST_CELLS = 250_000_000
_SHOWN = 3

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Where the rows of one file belong, in the file's order.

    Attributes:
        series, period: of each row.
        days: the different dates, and `day`: which of them each row has.
    """

    source: Source
    headings: Headings
    series: Places
    period: Places
    days: Dates


@dataclass(frozen=True, eq=False)
class Keys:
    """The series of both files in the order of their names, and the periods.

    Attributes:
        location_of: the place of each series' location among the different ones.
        types: of the columns item and location, so that a forecast can be joined to what it came from.
        periods: how many are history.
    """

    names: tuple[tuple[str, str], ...]
    location_of: Places
    types: tuple[pl.DataType, pl.DataType]
    calendar: Calendar
    periods: int
    history: Rows
    future: Rows | None


def keys(history: tuple[Source, Headings], future: tuple[Source, Headings] | None, frequency: Frequency | None) -> Keys:
    """Match the rows of both files to series and periods.

    Raises:
        Invalid: a key is empty or given twice, or a row of the future is not after the history.
    """
    files = [history, *([future] if future else [])]
    labels: dict[str, list[str]] = {}
    codes: dict[str, list[Places]] = {}
    types: list[pl.DataType] = []
    for role in KEYS:
        cells = [_cells(*file, role) for file in files]
        types.append(cells[0].dtype)
        texts = _alike([one.cast(pl.String) for one in cells])
        labels[role] = sorted(set().union(*(one.unique() for one in texts)))
        order = np.arange(len(labels[role]))
        codes[role] = [one.replace_strict(labels[role], order, return_dtype=pl.Int64).to_numpy() for one in texts]
    item, location = codes["item"], codes["location"]
    pairs = [one * len(labels["location"]) + other for one, other in zip(item, location, strict=True)]
    different, series = np.unique(np.concatenate(pairs), return_inverse=True)
    item_of, location_of = np.divmod(different, len(labels["location"]))
    names = tuple(
        (labels["item"][one], labels["location"][other]) for one, other in zip(item_of, location_of, strict=True)
    )
    days = [dates(files[0][0], files[0][1].roles["date"])]
    days += [dates(source, headings.roles["date"], days[0].written) for source, headings in files[1:]]
    told = days[0].different if len(days[0].different) > 1 else tuple(set().union(*(one.different for one in days)))
    periods = calendar(told, frequency, history[0].path.name)
    number = [np.array([periods.period(day) for day in one.different])[one.places] for one in days]
    count = int(number[0].max()) + 1
    if len(names) * count > MOST_CELLS:
        raise Invalid(
            Fault(
                f"{history[0].path.name}, dates", f"at most {MOST_CELLS:,} series times periods",
                f"{len(names):,} series times {count:,}", "Correct dates far from the others, or split the file.",
            )
        )  # fmt: skip
    parts = np.split(series, [len(number[0])])[: len(files)]
    rows = [
        Rows(source, headings, *each)
        for (source, headings), each in zip(files, zip(parts, number, days, strict=True), strict=True)
    ]
    for one in rows:
        _once(one, names, frequency is None, periods.frequency)
    ahead = rows[1] if future else None
    if ahead is not None:
        _after(ahead, count, periods)
    return Keys(names, location_of, (types[0], types[1]), periods, count, rows[0], ahead)


def _cells(source: Source, headings: Headings, role: str) -> pl.Series:
    heading = headings.roles.get(role)
    if heading is None:
        return pl.Series(role, [""]).new_from_index(0, source.rows)
    if source.column(heading).is_null().all():
        return pl.Series(role, [""]).new_from_index(0, source.rows)
    cells = source.cells(heading)
    if cells.is_null().any():
        place = cells.is_null().arg_max() or 0
        raise source.fault(place, heading, f"the {role}", "an empty cell", "Fill it in, or take the row out.")
    return cells


def _alike(texts: list[pl.Series]) -> list[pl.Series]:
    """Names of both files: where one alone writes all numbers as floats, 7.0, they are written as in the other."""
    floats = [bool(one.str.contains(r"^-?\d+\.0$").all()) for one in texts]
    if all(floats):
        return texts
    return [one.str.strip_suffix(".0") if floating else one for one, floating in zip(texts, floats, strict=True)]


def _once(rows: Rows, names: Sequence[tuple[str, str]], found_out: bool, frequency: Frequency) -> None:
    """Refuse two rows of one series and period: which one counts, or both, nobody can know."""
    cells = rows.series * (int(rows.period.max()) + 1) + rows.period
    order = np.argsort(cells, kind="stable")
    again = order[1:][np.diff(cells[order]) == 0]
    if not len(again):
        return
    before = order[:-1][np.diff(cells[order]) == 0]
    shown = np.argsort(again, kind="stable")[:_SHOWN]
    missing = [role for role in KEYS if role not in rows.headings.roles]
    remedy = "Add them up, or take out what is there twice."
    if missing:
        names_of = " or ".join(map(repr, missing))
        remedy = f"No column was taken for {' and '.join(missing)}: if one is, call it {names_of}. {remedy}"
    if not found_out:
        remedy += f" Or the file is not by {frequency}: leave --frequency away."
    faults = []
    for first, second in zip(before[shown], again[shown], strict=True):
        item, location = names[rows.series[second]]
        where = f"{rows.source.path.name}, {rows.source.row(int(second))}"
        day = rows.days.different[rows.days.places[second]]
        faults.append(
            Fault(
                where, f"one row of each item, location and {frequency}",
                f"{shorten(item)} {shorten(location) + ' ' if location else ''}on {day} again, as in "
                f"{rows.source.row(int(first))} ({len(again)} such rows)",
                remedy,
            )
        )  # fmt: skip
    raise Invalid(*faults)


def _after(rows: Rows, periods: int, known: Calendar) -> None:
    early = np.flatnonzero(rows.period < periods)
    if len(early):
        place = int(early[0])
        raise rows.source.fault(
            place, rows.headings.roles["date"], f"a date after {known.day(periods - 1)}, the last of the history",
            f"{rows.days.different[rows.days.places[place]]} ({len(early)} such rows)",
            "Take out of FUTURE what is history.",
        )  # fmt: skip
