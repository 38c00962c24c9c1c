"""Reads a workbook in a process of its own, whose memory and time are bounded: whatever a file does, it ends there.

A cell far below and to the right makes a reader lay out billions of empty ones; an archive of a few kB can unpack to
gigabytes. Started by workbooks.py as a file, so it imports nothing of Shelfwise.

It writes into the folder it is given: for each sheet a file with a row a line, `[number, cell, ...]`, a cell being null
or a letter and its text (s text, n number, d date, t date and time, b yes or no, e an error of a formula); and at last
index.json, which says what there is. Exit code 3: index.json holds the words for a person instead.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import resource
import sys
import zipfile
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import python_calamine as calamine

MEMORY = 1 << 30
SECONDS = 120
CELLS = 20_000_000
MERGES = 20_000
_EXACT_DIGITS = 15
_BLOCK = 1 << 20
_OVERLAP = 4096
_FORMULA = re.compile(rb"<f[ >/]|table:formula=")
_FAILED = re.compile(rb'<c (?=[^>]*t="e")[^>]*?r="([A-Z]{1,3})(\d{1,7})"')
_NAMED_SHEET = re.compile(rb'<sheet [^>]*?r:id="([^"]+)"')
_RELATION = re.compile(rb"<Relationship [^>]*>")
_ID, _TARGET = re.compile(rb' Id="([^"]+)"'), re.compile(rb' Target="/?([^"]+)"')


class Refused(Exception):
    """Expected, got, remedy."""


def main(path: Path, folder: Path, unpacked: int) -> int:
    """Read the workbook into the folder; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    index = folder / "index.json"
    try:
        marks = _unpack(path, unpacked)
        index.write_text(json.dumps(_read(path, folder, marks)), "utf-8")
    except Refused as refused:
        index.write_text(json.dumps(refused.args), "utf-8")
        return 3
    return 0


def _read(path: Path, folder: Path, marks: dict[str, Any]) -> dict[str, Any]:
    with path.open("rb") as file:
        try:
            book = calamine.CalamineWorkbook.from_filelike(file)
        except calamine.PasswordError:
            raise Refused(
                "a workbook without a password", "one that is locked", "Save it without a password, then send it again."
            ) from None
        except (calamine.CalamineError, OSError) as error:
            raise Refused(
                "an Excel or OpenDocument workbook that is whole", str(error)[:200],
                "Open it in your spreadsheet program, save it as .xlsx and send that.",
            ) from None  # fmt: skip
        sheets = []
        left = CELLS
        for number, about in enumerate(book.sheets_metadata):
            if about.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            try:
                sheet = book.get_sheet_by_name(about.name)
            except calamine.CalamineError as error:
                raise Refused(
                    f"a sheet {about.name!r} that is whole", str(error)[:200], "Save the workbook anew."
                ) from None
            end = sheet.end or (0, 0)
            left -= (end[0] + 1) * (end[1] + 1)
            if left < 0:
                raise Refused(f"at most {CELLS:,} cells", "more", "Split the workbook, or save the sheet as CSV.")
            sheets.append(
                _sheet(sheet, folder / f"{number}.jsonl", marks["failed"].get(number, {}))
                | {"name": about.name, "hidden": about.visible != calamine.SheetVisibleEnum.Visible}
            )
    return {"sheets": sheets, "formulas": marks["formulas"]}


def _sheet(sheet: calamine.CalamineSheet, path: Path, failed: dict[int, list[int]]) -> dict[str, Any]:
    rows = 0
    first_column = (sheet.start or (0, 0))[1]
    with path.open("w", encoding="utf-8") as out:
        for number, cells in enumerate(sheet.iter_rows(), 1):
            told = [_cell(cell) for cell in cells]
            for column in failed.get(number, ()):
                if 0 <= column - first_column < len(told):
                    told[column - first_column] = "e#N/A"
            while told and told[-1] is None:
                told.pop()
            if any(cell and cell[1:].strip() for cell in told):
                rows += 1
                out.write(json.dumps([number, *told], ensure_ascii=False) + "\n")
    return {"file": path.name, "rows": rows, "merges": _merges(sheet)}


def _merges(sheet: calamine.CalamineSheet) -> list[list[int]]:
    """Cells that are one over several rows: first and last row number, first and last column as in the rows here."""
    left = (sheet.start or (0, 0))[1]
    found = sheet.merged_cell_ranges or []
    return [
        [top + 1, bottom + 1, first - left, last - left]
        for (top, first), (bottom, last) in found[:MERGES]
        if bottom > top and first >= left
    ]


def _cell(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bTRUE" if value else "bFALSE"
    if isinstance(value, str):
        return "s" + value if value else None
    if isinstance(value, int | float):
        # What a spreadsheet keeps: 15 digits. Further ones are what binary fractions leave behind.
        exact = Decimal(repr(float(f"{value:.{_EXACT_DIGITS}g}")))
        return f"n{exact.normalize():f}" if exact.is_finite() else "e#NUM!"
    if isinstance(value, dt.datetime):
        return "t" + value.isoformat(" ", "microseconds" if value.microsecond else "seconds")
    if isinstance(value, dt.date):
        return "d" + value.isoformat()
    if isinstance(value, dt.time):
        return "s" + value.isoformat("seconds")
    if isinstance(value, dt.timedelta):
        return f"n{Decimal(str(value.total_seconds() / 86400)):f}"
    return "s" + str(value)


def _unpack(path: Path, limit: int) -> dict[str, Any]:
    """Unpack all of an archive once, counting and keeping nothing: what it claims to hold may be a lie.

    On the way formulas are counted, and the cells found whose formula failed, which the reader gives as empty.
    """
    marks: dict[str, Any] = {"formulas": 0, "failed": {}, "limit": limit}
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return marks
    try:
        with zipfile.ZipFile(path) as archive:
            if not {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & {*archive.namelist()}:
                raise Refused(
                    "a CSV file or a workbook", "an archive of other files",
                    "Unpack it, or save the sheet as CSV, and import that.",
                )  # fmt: skip
            sheets = _sheet_files(archive)
            left = limit
            for member in archive.infolist():
                left = _look(path, member, left, marks, sheets.get(member.filename))
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        raise Refused(
            "a workbook that is whole", f"a damaged archive ({str(error)[:100]})", "Save or export it again."
        ) from None
    return marks


def _sheet_files(archive: zipfile.ZipFile) -> dict[str, int]:
    """Which part of the archive holds the how-manieth sheet."""

    def part(name: str) -> bytes:
        if name not in archive.namelist():
            return b""
        with archive.open(name) as file:
            return file.read(_BLOCK)

    targets = {}
    for relation in _RELATION.findall(part("xl/_rels/workbook.xml.rels")):
        if (name := _ID.search(relation)) and (target := _TARGET.search(relation)):
            targets[name[1]] = target[1].decode().removeprefix("xl/")
    order = [targets.get(name, "") for name in _NAMED_SHEET.findall(part("xl/workbook.xml"))]
    return {"content.xml": 0} | {f"xl/{target}": number for number, target in enumerate(order)}


def _look(path: Path, member: zipfile.ZipInfo, left: int, marks: dict[str, Any], place: int | None) -> int:
    unpacker = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
    if unpacker is None and member.compress_type != zipfile.ZIP_STORED:
        raise Refused("a workbook as spreadsheets write it", "a way of packing they do not use", "Save it anew.")
    with path.open("rb") as file:
        file.seek(member.header_offset + 26)
        name_length, extra_length = (int.from_bytes(file.read(2), "little") for _ in range(2))
        file.seek(name_length + extra_length, 1)
        packed, tail = member.compress_size, b""
        while packed > 0 and (block := file.read(min(_BLOCK, packed))):
            packed -= len(block)
            while block:
                text = unpacker.decompress(block, _BLOCK) if unpacker else block
                block = unpacker.unconsumed_tail if unpacker else b""
                left -= len(text)
                if left < 0:
                    raise Refused(
                        f"a workbook of at most {marks['limit'] >> 20} MB when unpacked", "more than that",
                        "It holds far more than a list for a warehouse. Save the sheet you need in a file of its own.",
                    )  # fmt: skip
                if place is not None:
                    tail = _mark(tail, text, marks, place)
    return left


def _mark(tail: bytes, text: bytes, marks: dict[str, Any], place: int) -> bytes:
    seen = tail + text
    marks["formulas"] += sum(1 for found in _FORMULA.finditer(seen) if found.end() > len(tail))
    failed = marks["failed"].setdefault(place, {})
    for found in _FAILED.finditer(seen):
        columns = failed.setdefault(int(found[2]), [])
        column = sum(26**power * (letter - 64) for power, letter in enumerate(reversed(found[1]))) - 1
        if column not in columns:
            columns.append(column)
    return seen[-_OVERLAP:]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
