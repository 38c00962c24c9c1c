"""The files of a folder, opened and read: every cell that cannot be right is named, of all files together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.files.dates import dates
from shelfwise.demand.files.headings import matched
from shelfwise.demand.files.source import CSV, NO_ROWS, PARQUET, InMemory, Source, opened
from shelfwise.demand.files.values import quantities
from shelfwise.planning.files.sheets import DEMAND, INPUTS, allowed, names_of
from shelfwise.records.exchange import unguarded
from shelfwise.records.headings import plain_header
from shelfwise.records.sheet import Column, Sheet

MOST_FAULTS = 20
_BESIDE = ("readme", "notes")
_STEMS = {stem: one.sheet.name for one in INPUTS for stem in one.stems} | {
    stem: name for name, stems in DEMAND.items() for stem in stems
}


class Faults:
    """Collects what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        self._found += faults

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """What is wrong inside is told later."""
        try:
            yield
        except Invalid as error:
            self._found += error.faults

    def refuse(self) -> None:
        """
        Raises:
            Invalid: something is wrong; carries the first `MOST_FAULTS` of it.
        """
        if not self._found:
            return
        more = len(self._found) - MOST_FAULTS
        shown = self._found[:MOST_FAULTS]
        if more > 0:
            last = shown[-1]
            shown[-1] = Fault(last.where, last.expected, last.got, f"{last.remedy} ({more:,} more faults like these.)")
        raise Invalid(*shown)


@dataclass(frozen=True, eq=False)
class Table:
    """A file that was read.

    Attributes:
        roles: heading by column, of the columns that the file has.
        values: by column the value of each row: text, float or date; None where nothing is said.
    """

    source: Source
    sheet: Sheet
    roles: Mapping[str, str]
    values: Mapping[str, list[Any]]

    @property
    def rows(self) -> int:
        return self.source.rows

    @property
    def name(self) -> str:
        return self.source.path.name

    def has(self, column: str) -> bool:
        return column in self.roles

    def texts(self, column: str, default: str = "") -> list[str]:
        """The texts of a column, the default where nothing is said."""
        return [one or default for one in self.values[column]] if self.has(column) else [default] * self.rows

    def numbers(self, column: str) -> list[float | None]:
        return list(self.values[column]) if self.has(column) else [None] * self.rows

    def days(self, column: str) -> list[date | None]:
        return list(self.values[column]) if self.has(column) else [None] * self.rows

    def fault(self, row: int, column: str, expected: str, got: object, remedy: str) -> Fault:
        where = f"{self.name}, {self.source.row(row)}, column {self.roles.get(column, column)}"
        return Fault(where, expected, shorten(got), remedy)


@contextmanager
def folder(path: Path) -> Iterator[tuple[dict[str, Source], list[str]]]:
    """Open the files of a folder that are looked for; (source by kind, what is to be told).

    Raises:
        Invalid: it is no folder, or two files are of one kind, or one cannot be opened.
    """
    if not path.is_dir():
        got = "a file" if path.is_file() else "no such folder"
        raise Invalid(Fault(f"folder {path}", "a folder of CSV or Parquet files", got, "Check its name."))
    named: dict[str, list[Path]] = {}
    left: list[str] = []
    for file in sorted(path.iterdir()):
        name = _STEMS.get(plain_header(file.stem))
        if name is not None and file.is_file():
            named.setdefault(name, []).append(file)
        elif file.is_file() and not file.name.startswith(".") and plain_header(file.stem) not in _BESIDE:
            left.append(file.name)
    faults = Faults()
    notes = [f"Not read: {', '.join(left[:5])}{' and more' if len(left) > 5 else ''}."] if left else []
    with ExitStack() as stack:
        sources: dict[str, Source] = {}
        for name, files in named.items():
            found = [(one, source) for one in files if (source := _entered(stack, one, faults, notes)) is not None]
            if len(found) > 1:
                both = " and ".join(one.name for one, _ in found)
                faults.add(Fault(f"folder {path.name}", f"one file of {name}", both, "Take one of them out."))
            elif found:
                sources[name] = found[0][1]
                notes += found[0][1].notes
        faults.refuse()
        yield sources, notes


def _entered(stack: ExitStack, file: Path, faults: Faults, notes: list[str]) -> Source | None:
    """An opened file; None where something is wrong with it, or it has headings alone: as if it were not there."""
    if file.suffix.lower() not in (*CSV, *PARQUET):
        ending = shorten(file.suffix or "no ending")
        wanted = "a name that ends in .csv or .parquet"
        faults.add(Fault(f"file {file.name}", wanted, ending, "Save it as one of these."))
        return None
    try:
        return stack.enter_context(opened(file))
    except Invalid as error:
        if any(one.got != NO_ROWS for one in error.faults):
            faults.add(*error.faults)
        else:
            notes.append(f"{file.name} has no rows.")
    return None


def frames(given: Mapping[str, Any]) -> dict[str, Source]:
    """Tables in memory as sources.

    Args:
        given: by kind, such as stock: a polars or pandas frame, or a dict of columns.

    Raises:
        Invalid: there is no such kind, or a table has no rows.
    """
    sources: dict[str, Source] = {}
    faults = Faults()
    for called, frame in given.items():
        name = _STEMS.get(plain_header(called))
        if name is None or name in sources:
            kinds = ", ".join(dict.fromkeys(_STEMS.values()))
            faults.add(Fault(f"table {shorten(called)}", f"one of {kinds}, each once", shorten(called), "Call it so."))
            continue
        with faults.collecting():
            sources[name] = InMemory.of(name, _framed(called, frame))
    faults.refuse()
    return sources


def _framed(called: str, frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    try:
        return pl.DataFrame({str(one): list(frame[one]) for one in frame}, strict=False)
    except (TypeError, ValueError, LookupError, pl.exceptions.PolarsError) as error:
        wanted = "a polars or pandas frame, or a dict of columns that are equally long"
        got = f"a {type(frame).__name__} that is none"
        raise Invalid(Fault(f"table {shorten(called)}", wanted, got, "Hand it in as one of these.")) from error


def read_table(
    source: Source, sheet: Sheet, faults: Faults, usual_dates: str = "", spoken_for: Collection[str] = ()
) -> Table:
    """Read a file; what is wrong with its cells goes to `faults`, and those cells say nothing.

    Args:
        spoken_for: headings that mean something else.

    Raises:
        Invalid: a column that is needed is missing, or two could be it.
    """
    needed = [column.name for column in sheet.columns if column.needed]
    free = [one for one in source.headings if one not in spoken_for]
    roles = matched(free, names_of(sheet), needed, source.path.name)
    values: dict[str, list[Any]] = {}
    for column in sheet.columns:
        if column.name not in roles:
            continue
        values[column.name] = [None] * source.rows
        with faults.collecting():
            values[column.name] = _column(source, sheet, column, roles[column.name], faults, usual_dates)
    return Table(source, sheet, roles, values)


def _column(source: Source, sheet: Sheet, column: Column, heading: str, faults: Faults, usual_dates: str) -> list[Any]:
    if column.kind in ("day", "instant"):
        found = dates(source, heading, usual_dates, needed=False)
        return [None if place < 0 else found.different[place] for place in found.places]
    if column.kind in ("number", "whole"):
        values = quantities(source, heading)
        numbers = [None if np.isnan(one) else float(one) for one in values]
        _filled(source, column, heading, numbers, faults)
        return _allowed(source, sheet, column.name, heading, numbers, faults)
    texts = codes(source, heading)
    _filled(source, column, heading, texts, faults)
    return texts


def codes(source: Source, heading: str) -> list[str | None]:
    """Texts without spaces around them and without a spreadsheet's guard; numbers written 7.0 throughout are 7."""
    text = source.cells(heading).cast(pl.String, strict=False).str.strip_chars()
    if text.drop_nulls().str.contains(r"^-?\d+\.0$").all():
        text = text.str.strip_suffix(".0")
    return [unguarded(one) if one else None for one in text]


def _allowed(
    source: Source, sheet: Sheet, column: str, heading: str, numbers: list[float | None], faults: Faults
) -> list[float | None]:
    """The numbers that may be; a fault for each other one."""
    fits, expected = allowed(sheet, column)
    wrong = {place for place, one in enumerate(numbers) if one is not None and not fits(one)}
    for place in sorted(wrong):
        faults.add(*source.fault(place, heading, expected, f"{numbers[place]:g}", "Correct the cell.").faults)
    return [None if place in wrong else one for place, one in enumerate(numbers)]


def _filled(source: Source, column: Column, heading: str, values: list[Any], faults: Faults) -> None:
    if not column.needed:
        return
    what = column.name.replace("_", " ")
    cells = source.cells(heading)
    for place, one in enumerate(values):
        if one is None:
            got = "" if cells[place] is None else str(cells[place]).strip()
            remedy = "Fill it in, or take the row out."
            faults.add(*source.fault(place, heading, f"the {what}", got or "an empty cell", remedy).faults)


def once(table: Table, key: tuple[str, ...], faults: Faults) -> None:
    """Refuse rows that say the same key again: which one counts, nobody can know."""
    parts = [table.values[one] if table.has(one) else [None] * table.rows for one in key]
    seen: dict[tuple[Any, ...], int] = {}
    for row, cells in enumerate(zip(*parts, strict=True)):
        before = seen.setdefault(cells, row)
        if before != row:
            known = [one for one in key if table.has(one)]
            named = ", ".join(_plainly(cells[key.index(one)]) for one in known)
            faults.add(
                Fault(
                    f"{table.name}, {table.source.row(row)}", f"one row of each {' and '.join(known)}",
                    f"{shorten(named)} again, as in {table.source.row(before)}",
                    "Take one of them out, or add a column that tells them apart.",
                )
            )  # fmt: skip


def _plainly(cell: object) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
