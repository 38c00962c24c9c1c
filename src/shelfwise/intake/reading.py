"""Cells become values of a kind's columns, and every cell that cannot gets a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl

from shelfwise.core.errors import Fault, shorten
from shelfwise.core.quantities import plain
from shelfwise.intake.formats import Evidence, Written, moment, number
from shelfwise.intake.grids import Grid
from shelfwise.intake.kind import Kind, Row, RowFault
from shelfwise.intake.model import FAULTS_SHOWN, Layout
from shelfwise.intake.repairing import Table
from shelfwise.intake.repairs.amounts import currency_of
from shelfwise.intake.repairs.missing import Filling
from shelfwise.intake.repairs.model import Answers, Books, Repair
from shelfwise.intake.repairs.rows import text_of
from shelfwise.intake.words import prices
from shelfwise.intake.workbooks import Cell, Failed
from shelfwise.records.exchange import Column, Value, kind_words, unguarded

_SPREADSHEET_DIGITS = Decimal(10) ** 15
_LOST = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d{1,2}")
_YES = {"yes", "y", "true", "1", "x", "ja", "j", "oui", "si", "sí", "wahr", "vrai"}
_NO = {"no", "n", "false", "0", "nein", "non", "falsch", "faux"}


@dataclass(frozen=True)
class Said:
    """What a person says about a table; what is left out is found out.

    Attributes:
        columns: heading by column; '': not in the file.
        decimal: '.' or ','.
        dates: 'ymd', 'dmy' or 'mdy'.
        repairs: see `repairs.model.Answers`.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    dates: str | None = None
    repairs: Answers = field(default_factory=dict)


@dataclass
class Read:
    """The rows of a table as values.

    Attributes:
        rows: the good ones.
        bad: the numbers of the others.
        lost: those of them that could not be read as a whole, with what could be.
        faults: of all bad cells, the first `FAULTS_SHOWN` of each column.
        fault_count: all of them.
        problems: what only a person can say; while there is one, nothing is read.
        said: complete: how it was read.
        repairs: what was wrong with it, and became of it.
    """

    rows: list[Row] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    lost: list[Row] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    fault_count: int = 0
    problems: list[Fault] = field(default_factory=list)
    said: Said = field(default_factory=Said)
    notes: list[str] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)

    def add(self, fault: RowFault) -> None:
        self.fault_count += 1
        self.bad.add(fault.row)
        if self.fault_count <= FAULTS_SHOWN * 25:
            self.faults.append(fault)

    def drop_bad(self) -> None:
        self.rows = [row for row in self.rows if row.number not in self.bad]


def read(
    grid: Grid, kind: Kind, places: Mapping[str, int], said: Said, zone: ZoneInfo, books: Books | None = None,
    filled: Mapping[str, Filling] | None = None,
) -> Read:  # fmt: skip
    """Read a table as rows of a kind, repaired as far as that is sure or a person said so.

    Args:
        places: which heading stands for which column, by its place.
        zone: of times that carry none.
        books: what tells what a damaged code was.
        filled: columns that the file does not have, and what stands for them.

    Raises:
        Invalid: the table cannot be read as a whole.
    """
    done = Read()
    width = len(grid.headings)
    lines = list(grid.rows())
    table = Table(grid.headings, kind, places, lines, grid.typed, books or Books(), said.repairs, grid.merges,
                  [*grid.repairs])  # fmt: skip
    table.mend()
    done.repairs = table.repairs
    if grid.part:
        needed = [places[name] for name in places if kind.sheet.column(name).needed]
        table.lines = [line for line in table.lines if all(text_of(line[1][place]) for place in needed)]
    numbers: list[int] = []
    cells: dict[str, list[Cell]] = {name: [] for name in places if name not in kind.unread}
    for at, row in table.lines:
        numbers.append(at)
        if not grid.typed and len(row) > width and any(row[width:]):
            done.add(
                RowFault(
                    at, "", f"{width} cells as in the headings", f"{len(row)} cells, beginning {shorten(row[0] or '')}",
                    "Look for a delimiter inside a value: such a value needs quotes around it.",
                )
            )  # fmt: skip
        for name, told in cells.items():
            told.append(row[places[name]])
    written, done.problems, done.notes = _writing(grid, kind, cells, said, [row for _, row in lines])
    done.said = replace(said, columns={n: grid.headings[p] for n, p in places.items()}, decimal=written.decimal,
                        dates=written.dates)  # fmt: skip
    if done.problems:
        return done
    reader = _Reader(numbers, written, zone, done=done)
    values = {name: reader.column(kind.sheet.column(name), told) for name, told in cells.items()}
    done.rows = [Row(at, {name: told[i] for name, told in values.items()}) for i, at in enumerate(numbers)]
    for filling in (filled or {}).values():
        done.rows = [
            replace(one, values={filling.column: filling.value(one.values, line), **one.values})
            for one, (_, line) in zip(done.rows, table.lines, strict=True)
        ]
    if kind.numbered and kind.numbered[0] not in places:
        done.rows = _numbered(done.rows, *kind.numbered)
    bad = done.lost = [row for row in done.rows if row.number in done.bad]
    done.rows = [row for row in done.rows if row.number not in done.bad]
    if grid.part and kind.name in ("places", "suppliers"):
        done.rows = list({kind.key_of(row.values): row for row in reversed(done.rows)}.values())[::-1]
    done.rows = table.fold(done.rows)
    for fault in _twice(kind, sorted([*done.rows, *bad], key=lambda row: row.number)):
        done.add(fault)
    done.drop_bad()
    return done


def _writing(
    grid: Grid, kind: Kind, cells: Mapping[str, Sequence[Cell]], said: Said, rows: Sequence[Sequence[Cell]]
) -> tuple[Written, list[Fault], list[str]]:
    evidence = Evidence()
    for name, told in cells.items():
        texts = pl.Series([cell for cell in told if isinstance(cell, str)], dtype=pl.String).str.strip_chars()
        match kind.sheet.column(name).kind:
            case "number" | "whole":
                evidence.take_numbers(texts)
            case "day" | "instant":
                evidence.take_dates(texts)
    if all(heading.strip() in kind.sheet.headings for heading in grid.headings if heading.strip()) and not (
        evidence.comma or evidence.day_first or evidence.month_first or evidence.any_first
    ):
        # Our own headings, and nothing that an export would not write: its way of writing is known.
        return Written(said.decimal or ".", said.dates or "ymd"), [], []
    if evidence.either and evidence.dot == evidence.comma:
        # What this kind reads shows nothing: a table is written one way, so its prices tell.
        for place, heading in enumerate(grid.headings):
            told_there = [cell for row in rows if place < len(row) and isinstance(cell := row[place], str)]
            if prices(heading) or currency_of(told_there, ""):
                evidence.take_numbers(pl.Series(told_there, dtype=pl.String).str.strip_chars())
    written, problems = evidence.decide(Layout(decimal=said.decimal, dates=said.dates))
    notes = []
    if evidence.dot or evidence.comma:
        notes.append("Decimals are written with a " + ("point." if written.decimal == "." else "comma."))
    if evidence.day_first or evidence.month_first or evidence.any_first:
        notes.append(f"Dates are written {'month' if written.dates == 'mdy' else 'day'} first.")
    return written, problems, notes


def _twice(kind: Kind, rows: Sequence[Row]) -> Iterator[RowFault]:
    seen: dict[tuple[Value, ...], int] = {}
    for row in rows:
        key = kind.key_of({**{name: kind.defaults.get(name) for name in kind.sheet.key}, **_there(row)})
        first = seen.setdefault(key, row.number)
        if first != row.number and any(part is not None for part in key):
            names = ", ".join(name.replace("_", " ") for name in kind.sheet.key)
            yield RowFault(
                row.number, kind.sheet.key[-1] if kind.sheet.key[-1] in row.values else kind.sheet.key[0],
                f"each {names} once", f"the same as in row {first}", "Keep the row that holds.",
            )  # fmt: skip


def _numbered(rows: Sequence[Row], name: str, within: str) -> list[Row]:
    """Rows counted within what they belong to, bad ones too, so that a corrected file gives the same numbers."""
    count: dict[Value, int] = {}
    found = []
    for row in rows:
        count[row.values[within]] = count.get(row.values[within], 0) + 1
        found.append(Row(row.number, {**row.values, name: count[row.values[within]]}))
    return found


def _there(row: Row) -> dict[str, Value]:
    return {name: value for name, value in row.values.items() if value is not None}


@dataclass
class _Reader:
    """Reads columns; a cell that cannot be read is None and noted."""

    numbers: Sequence[int]
    written: Written
    zone: ZoneInfo
    done: Read

    def column(self, column: Column, cells: Sequence[Cell]) -> list[Value]:
        cells = [
            None if isinstance(cell, str) and not cell.strip() and column.kind != "text" else cell for cell in cells
        ]
        match column.kind:
            case "number" | "whole":
                values = self._numbers(column, cells)
            case "day" | "instant":
                values = self._times(column, cells)
            case "yes":
                values = [self._yes(column, i, cell) for i, cell in enumerate(cells)]
            case _:
                values = [self._text(column, i, cell) for i, cell in enumerate(cells)]
        if column.needed:
            for i, cell in enumerate(cells):
                if cell is None or cell == "":
                    self._bad(column, i, None, "a value", "Fill the cell, or leave the row out.")
        return values

    def _numbers(self, column: Column, cells: Sequence[Cell]) -> list[Value]:
        texts = pl.DataFrame({"cell": [cell if isinstance(cell, str) else None for cell in cells]}, {"cell": pl.String})
        told = texts.select(number(pl.col("cell").str.strip_chars(), self.written))["cell"]
        values: list[Value] = []
        for i, (cell, text) in enumerate(zip(cells, told, strict=True)):
            value = cell if isinstance(cell, Decimal) else Decimal(text) if text is not None else None
            if cell is not None and value is None:
                self._bad(column, i, cell, kind_words(column.kind), "Correct the number.")
            elif value is not None and column.kind == "whole" and value != value.to_integral_value():
                self._bad(column, i, cell, kind_words(column.kind), "Correct the number.")
                value = None
            values.append(int(value) if value is not None and column.kind == "whole" else value)
        return values

    def _times(self, column: Column, cells: Sequence[Cell]) -> list[Value]:
        texts = pl.DataFrame({"cell": [cell if isinstance(cell, str) else None for cell in cells]}, {"cell": pl.String})
        local, offset = moment(pl.col("cell").str.strip_chars(), self.written)
        told = texts.select(local.alias("local"), offset.alias("offset"))
        values: list[Value] = []
        for i, (cell, text, minutes) in enumerate(zip(cells, told["local"], told["offset"], strict=True)):
            value: date | None = self._exact(cell) if isinstance(cell, str) else None
            if value is None:
                value = cell if isinstance(cell, date) else text
                if isinstance(text, datetime) and minutes is not None:
                    value = datetime.fromtimestamp(text.replace(tzinfo=UTC).timestamp() - 60 * minutes, UTC)
            if cell is not None and value is None:
                self._bad(column, i, cell, kind_words(column.kind),
                          "Correct the date, or say in which order the file writes dates.")  # fmt: skip
            values.append(value if value is None else self._moment(column, value))
        return values

    def _exact(self, cell: str) -> datetime | None:
        """What an export wrote, to the microsecond."""
        try:
            return datetime.fromisoformat(cell.strip()) if "T" in cell else None
        except ValueError:
            return None

    def _moment(self, column: Column, value: date) -> Value:
        if column.kind == "day":
            return value.date() if isinstance(value, datetime) else value
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 (its zone follows)
        return (value if value.tzinfo else value.replace(tzinfo=self.zone)).astimezone(UTC)

    def _yes(self, column: Column, i: int, cell: Cell) -> Value:
        if cell is None or isinstance(cell, bool):
            return cell
        said = str(cell).strip().casefold()
        if said in _YES or said in _NO:
            return said in _YES
        self._bad(column, i, cell, kind_words("yes"), "Write yes or no.")
        return None

    def _text(self, column: Column, i: int, cell: Cell) -> Value:
        if cell is None or isinstance(cell, str):
            said = unguarded(cell) if cell else cell
            said = said.strip() if said and column.kind == "code" else said
            if said and column.kind == "code" and _LOST.fullmatch(said):
                self._bad(column, i, cell, "a code with all its digits",
                          "A spreadsheet has shortened it. Format the column as text and export it again.")  # fmt: skip
                return None
            return said or None
        if isinstance(cell, Failed):
            self._bad(column, i, cell, "a value", "A formula failed here. Correct it in the spreadsheet.")
            return None
        if isinstance(cell, Decimal):
            if column.kind == "code" and abs(cell) >= _SPREADSHEET_DIGITS:
                self._bad(column, i, cell, "a code with all its digits",
                          "A spreadsheet keeps 15 digits of a number. Format the column as text.")  # fmt: skip
                return None
            return plain(cell)
        if column.kind == "code" and isinstance(cell, date):
            self._bad(column, i, cell, "a code", "A spreadsheet made a date of it. Format the column as text.")
            return None
        return ("TRUE" if cell else "FALSE") if isinstance(cell, bool) else cell.isoformat()

    def _bad(self, column: Column, i: int, cell: Cell, expected: str, remedy: str) -> None:
        got = "nothing" if cell is None else shorten(cell if isinstance(cell, str) else str(cell))
        if isinstance(cell, Failed):
            remedy = "A formula failed here. Correct it in the spreadsheet."
        self.done.add(RowFault(self.numbers[i], column.name, expected, got, remedy))
