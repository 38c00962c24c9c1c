"""What a list gives out is read back as it was: odd characters, line breaks, formulas, leading zeros, long decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from shelfwise.records.exchange import Column, Kind, read, unguarded
from shelfwise.web import listing_files
from shelfwise.web.listing_files import Head, Table, as_csv, as_workbook, as_zip

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS: tuple[Kind, ...] = ("code", "text", "number", "whole", "yes", "day", "instant")
HEADS = [Head(kind, kind) for kind in KINDS]
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30) | st.sampled_from(
    ["=1+1", "-3", "@x", "'=1", "''=1", "\t=1", "00123", "04012345123456", "a,b", 'say "no"', "one\r\ntwo", " x ",
     "1e5", "2026-03-02", "TRUE", "＝1", "_x0041_", "﻿x", "nan"]
)  # fmt: skip
# A workbook's XML has no control characters, and only one kind of line break.
in_sheets = texts.filter(
    lambda text: not any((ord(one) < 32 and one != "\n") or ord(one) in (0xFFFE, 0xFFFF) for one in text)
)
numbers = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=6
) | st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-1000, max_value=1000)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def row_of(some: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Any, ...]]:
    whole = st.integers(-(10**14), 10**14)
    cells = (some, some, numbers, whole, st.booleans(), days, instants)
    return st.tuples(*(st.none() | one for one in cells))


def sheet_of(file: Any, name: str = "it") -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(file.read())).get_sheet_by_name(name).to_python()


def value_of(kind: Kind, cell: Any) -> Any:
    """A cell of a workbook as an import reads it: what is no text has its type already."""
    if isinstance(cell, str):
        return read(cell, Column(kind, kind, ""))
    if kind == "day" or cell is None:
        return cell
    return Decimal(f"{cell:.16G}")


@settings(max_examples=60, deadline=None)
@given(st.lists(row_of(texts), max_size=8), st.booleans())
def test_a_csv_file_is_read_back_as_it_was(rows: Sequence[tuple[Any, ...]], bom: bool) -> None:
    with as_csv(Table("it", HEADS, rows), PARIS, bom) as file:
        text = file.read().decode("utf-8-sig" if bom else "utf-8")
    told = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert told[0] == list(KINDS)
    found = [tuple(read(one, Column(kind, kind, "")) for kind, one in zip(KINDS, row, strict=True)) for row in told[1:]]
    assert found == list(rows)


@settings(max_examples=40, deadline=None)
@given(st.lists(row_of(in_sheets), min_size=1, max_size=6))
def test_a_workbook_is_read_back_as_it_was(rows: Sequence[tuple[Any, ...]]) -> None:
    # A mark in the last column keeps the reader from leaving out rows and cells that are empty.
    with as_workbook([Table("it", [*HEADS, Head("end", "code")], [(*row, ".") for row in rows])], PARIS, NOW) as file:
        told = sheet_of(file)
    found = [tuple(value_of(kind, one) for kind, one in zip(KINDS, row, strict=False)) for row in told[1:]]
    assert found == list(rows)


def test_codes_stay_text_and_formulas_are_run_nowhere() -> None:
    rows = [("0012345", "=1+1", Decimal("-3"), 7, True, date(2026, 3, 31), NOW)]
    with as_csv(Table("it", HEADS, rows), PARIS) as file:
        assert file.read() == (
            b"code,text,number,whole,yes,day,instant\r\n0012345,'=1+1,-3,7,yes,2026-03-31,2026-03-02T13:00:00+01:00\r\n"
        )
    with as_workbook([Table("it", HEADS, rows)], PARIS, NOW) as file:
        content = file.read()
    assert sheet_of(io.BytesIO(content))[1] == [
        "0012345", "=1+1", -3.0, 7.0, "yes", date(2026, 3, 31), "2026-03-02T13:00:00+01:00",
    ]  # fmt: skip
    with ZipFile(io.BytesIO(content)) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
        assert 'quotePrefix="1"' in archive.read("xl/styles.xml").decode()


@pytest.mark.parametrize("text", ["0.123456789012345678", "123456789012345678", "9007199254740993"])
def test_a_number_that_a_spreadsheet_would_round_is_kept_as_text(text: str) -> None:
    with as_workbook([Table("it", [Head("n", "number")], [(Decimal(text),)])], PARIS, NOW) as file:
        assert sheet_of(file)[1] == [text]


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_files, "MOST_ROWS", 2)
    with as_workbook([Table("it", [Head("n", "whole")], [(n,) for n in range(5)])], PARIS, NOW) as file:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.read()))
    assert book.sheet_names == ["it", "it 2", "it 3"]
    assert book.get_sheet_by_name("it 3").to_python() == [["n"], [4.0]]


def test_a_text_that_no_cell_can_hold_is_cut_and_marked() -> None:
    with as_workbook([Table("it", [Head("t", "text")], [("x" * 40_000,)])], PARIS, NOW) as file:
        (cell,) = sheet_of(file)[1]
    assert (len(cell), cell[-1]) == (32_767, "…")


def test_a_zip_holds_a_file_for_each_table() -> None:
    tables = [Table("one", [Head("a", "code")], [("-x",)]), Table("two", [Head("b", "code")], [])]
    with as_zip(tables, PARIS) as file, ZipFile(file) as archive:
        assert archive.namelist() == ["one.csv", "two.csv"]
        assert unguarded(archive.read("one.csv").decode().split("\r\n")[1]) == "-x"
        assert archive.read("two.csv") == b"b\r\n"


def test_nothing_is_sent_of_a_file_that_cannot_be_finished() -> None:
    def broken() -> Any:
        yield ("1",)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        as_csv(Table("it", [Head("a", "code")], broken()), PARIS)
    with pytest.raises(RuntimeError):
        as_workbook([Table("it", [Head("a", "code")], broken())], PARIS, NOW)
