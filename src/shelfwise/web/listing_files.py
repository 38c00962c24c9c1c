"""Lists as files: CSV by RFC 4180 and workbooks, each written as a whole before a byte of it is sent.

A file that breaks off in the middle looks like one that is complete, so nothing is sent until all of it is there. It
lies on disk meanwhile, not in memory, however long it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from fastapi.responses import StreamingResponse
from xlsxwriter import Workbook

from shelfwise.records.exchange import Kind, guarded, is_formula, written

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
# What a sheet and a cell of a workbook can hold.
MOST_ROWS = 1_048_575
LONGEST_CELL = 32_767
_BOM = "﻿"
_IN_MEMORY = 2**20
_CHUNK = 2**16
_WIDTHS: dict[Kind, int] = {"code": 18, "text": 32, "number": 12, "whole": 10, "yes": 8, "day": 12, "instant": 26}


@dataclass(frozen=True)
class Head:
    """A column of a file: its heading, and what its cells hold."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Table:
    """What one CSV file or one sheet holds; the rows are read once."""

    name: str
    heads: Sequence[Head]
    rows: Iterable[Sequence[Any]]


def as_csv(table: Table, zone: ZoneInfo, bom: bool = False) -> IO[bytes]:
    """The table as a CSV file, standing at its beginning; `bom` puts the mark in front by which Excel knows UTF-8."""
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (whoever sends it closes it)
    _write_csv(file, table, zone, bom)
    file.seek(0)
    return file


def _write_csv(file: Any, table: Table, zone: ZoneInfo, bom: bool) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    if bom:
        text.write(_BOM)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([head.name for head in table.heads])
    for row in table.rows:
        writer.writerow([_csv_cell(one, zone) for one in row])
    text.flush()
    text.detach()


def _csv_cell(one: Any, zone: ZoneInfo) -> str:
    return guarded(one) if isinstance(one, str) else written(one, zone)


def as_workbook(tables: Iterable[Table], zone: ZoneInfo, made: datetime) -> IO[bytes]:
    """The tables as a workbook with a sheet each, standing at its beginning."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        options = {
            "constant_memory": True, "tmpdir": folder, "strings_to_urls": False, "strings_to_formulas": False,
            "strings_to_numbers": False,
        }  # fmt: skip
        with Workbook(str(path), options) as book:
            book.set_properties({"title": "Shelfwise", "created": made.replace(tzinfo=None)})
            sheets = _Sheets(book, zone)
            for table in tables:
                sheets.add(table)
        # Its name may go: the file stays until it is closed.
        return path.open("rb")


class _Sheets:
    """The sheets of a workbook, filled one after the other."""

    def __init__(self, book: Workbook, zone: ZoneInfo) -> None:
        self._book, self._zone = book, zone
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._text = book.add_format({"num_format": "@"})
        self._quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})

    def add(self, table: Table) -> None:
        """One sheet, or as many as its rows need."""
        sheet, at, number = self._begin(table, table.name), 0, 1
        for row in table.rows:
            if at == MOST_ROWS:
                number += 1
                sheet, at = self._begin(table, f"{table.name} {number}"), 0
            at += 1
            for place, one in enumerate(row):
                self._write(sheet, at, place, one)

    def _begin(self, table: Table, name: str) -> Any:
        sheet = self._book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        for place, head in enumerate(table.heads):
            plain = head.kind in ("code", "text", "instant", "yes")
            sheet.set_column(place, place, _WIDTHS[head.kind], self._text if plain else None)
            sheet.write_string(0, place, head.name, self._head)
        return sheet

    def _write(self, sheet: Any, row: int, place: int, one: Any) -> None:
        if one is None or one == "":
            return
        if isinstance(one, Decimal | int | float) and not isinstance(one, bool):
            text = written(Decimal(str(one)), self._zone)
            # What a spreadsheet would round is kept as text.
            if Decimal(f"{float(text):.16G}") == Decimal(text):
                sheet.write_number(row, place, float(text))
            else:
                sheet.write_string(row, place, text, self._text)
        elif isinstance(one, date) and not isinstance(one, datetime):
            sheet.write_datetime(row, place, datetime(one.year, one.month, one.day), self._day)  # noqa: DTZ001
        elif isinstance(one, str):
            formula = is_formula(one)
            # An apostrophe of the text's own stands before one that an import takes away.
            text = guarded(one) if formula and one.lstrip().startswith("'") else one
            sheet.write_string(row, place, _cut(text), self._quoted if formula else self._text)
        else:
            sheet.write_string(row, place, written(one, self._zone), self._text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def as_zip(tables: Iterable[Table], zone: ZoneInfo) -> IO[bytes]:
    """The tables as CSV files in a ZIP, standing at its beginning."""
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (whoever sends it closes it)
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for table in tables:
            with archive.open(f"{table.name}.csv", "w", force_zip64=True) as entry:
                _write_csv(entry, table, zone, bom=False)
    file.seek(0)
    return file


def sent(file: IO[bytes], kind: str, name: str) -> StreamingResponse:
    """The file as an answer that a browser saves under the name; it is closed at the end."""
    return StreamingResponse(
        _chunks(file), media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_CHUNK):
            yield part
