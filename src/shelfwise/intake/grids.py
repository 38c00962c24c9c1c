"""A file as grids of cells: one of a CSV file, one for each sheet of a workbook."""

from __future__ import annotations

import csv
import hashlib
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.intake.repairing import Merges
from shelfwise.intake.repairs import heading_rows
from shelfwise.intake.repairs.model import Repair
from shelfwise.intake.workbooks import Cell, Sheet, Workbook, is_workbook, open_workbook

MOST_ROWS = 200_000
LARGEST_TEXT = 500 << 20
_LOOK_FOR_HEADER = 60
_MOST_FILES = 50

# How many columns of a row of headings are recognised.
Recognised = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Grid:
    """A table of cells with a row of headings.

    Attributes:
        name: of the sheet; of the file without its ending, where that has but one.
        headings: as written.
        header_row: its number.
        notes: what was found out, in sentences.
        typed: the cells carry types, so that no number has to be guessed from its text.
        path: the file it is in.
        repairs: what was found out on the way to its headings.
        merges: cells that are one: first and last row number, first and last column from 0.
        part_kind: the kind that it is read as beside its own; rows that say nothing of that kind are none.
        sheet: the name of the table that it is a part of.
        unsaid: the columns of its kind that a part does not say, each with an empty heading.
    """

    name: str
    headings: tuple[str, ...]
    header_row: int
    notes: tuple[str, ...]
    typed: bool
    path: Path
    read: Callable[[], Iterator[tuple[int, list[Cell]]]] = field(repr=False, compare=False)
    repairs: tuple[Repair, ...] = ()
    merges: Merges = ()
    part_kind: str = ""
    sheet: str = ""
    unsaid: Mapping[str, str] = field(default_factory=dict)

    @property
    def part(self) -> bool:
        return bool(self.part_kind)

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows below the headings that hold anything, with their numbers, each as wide as the headings or wider.

        Raises:
            Invalid: there are more than `MOST_ROWS`, or a row cannot be read.
        """
        width = len(self.headings)
        for count, (number, cells) in enumerate(self.read(), 1):
            if count > MOST_ROWS:
                raise Invalid(
                    Fault(
                        self.name,
                        f"at most {MOST_ROWS:,} rows at a time",
                        "more",
                        "Split the file and import its parts.",
                    )
                )
            yield number, cells + [None] * (width - len(cells))


@dataclass(frozen=True)
class Opened:
    """A file that could be opened; `hidden` names the sheets that are left alone."""

    name: str
    sha256: bytes
    grids: tuple[Grid, ...]
    hidden: tuple[str, ...] = ()


def open_file(path: Path, recognised: Recognised, encoding: str | None = None, delimiter: str | None = None) -> Opened:
    """Find the tables of a file.

    Args:
        recognised: tells the row of headings from titles above it.

    Raises:
        Invalid: it is no table, is damaged, locked or too large; says so in words.
    """
    from shelfwise.intake.files import digest

    if path.is_dir():
        return _several(path, sorted(path.glob("*.csv")), recognised)
    try:
        with path.open("rb") as file:
            table = file.read(4) == b"PAR1"
        if not table and path.stat().st_size > LARGEST_TEXT:
            # Before a byte of it is looked at.
            raise _too_large(path.name, path.stat().st_size)
        sha256, size = digest(path)
    except OSError as error:
        raise _invalid(path.name, "a file that can be read", str(error.strerror), "Check its name.") from error
    if size == 0:
        raise _invalid(path.name, "a row of headings and at least one row", "an empty file", "Export the file again.")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK") and (names := _csv_names(path)):
        folder, files = _unpacked(path, names)
        try:
            opened = replace(_several(path, files, recognised), sha256=sha256)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)
        return opened
    if head.startswith(b"PAR1"):
        return Opened(path.name, sha256, (_parquet(path),))
    if is_workbook(head):
        return _workbook(open_workbook(path), path, sha256, recognised)
    return Opened(path.name, sha256, (_text(path, recognised, encoding, delimiter),))


def _several(path: Path, files: Sequence[Path], recognised: Recognised) -> Opened:
    """The tables of CSV files that belong together, as an export writes them."""
    from shelfwise.intake.files import digest

    if not files:
        raise _invalid(path.name, "CSV files", "none", "Export them again.")
    told = [digest(file) for file in files]
    grids = [_text(file, recognised, None, None) for file, (_, size) in zip(files, told, strict=True) if size]
    # An export writes the headings of what there is nothing of, too.
    filled = tuple(grid for grid in grids if next(grid.rows(), None) is not None)
    if not filled:
        raise _invalid(path.name, "a file with rows below its headings", "none", "Export them again, with data.")
    return Opened(path.name, hashlib.sha256(b"".join(sha256 for sha256, _ in told)).digest(), filled)


def _csv_names(path: Path) -> list[str]:
    """The CSV files in an archive; none where it is a workbook, or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return []
    workbook = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & {*names}
    return [] if workbook else [name for name in names if name.lower().endswith(".csv")]


def _unpacked(path: Path, names: Sequence[str]) -> tuple[Path, list[Path]]:
    """A folder with the files of an archive, if they are no more than we take; their names are names and no paths."""
    if len(names) > _MOST_FILES:
        raise _invalid(path.name, f"at most {_MOST_FILES} files", f"{len(names)}", "Import fewer at a time.")
    folder = Path(tempfile.mkdtemp(prefix="shelfwise-files-"))
    files, left = [], LARGEST_TEXT
    try:
        with zipfile.ZipFile(path) as archive:
            for number, name in enumerate(names):
                file = folder / str(number) / Path(name).name[-100:]
                file.parent.mkdir()
                with archive.open(name) as packed, file.open("wb") as out:
                    while block := packed.read(1 << 20):
                        left -= len(block)
                        if left < 0:
                            raise _invalid(
                                path.name, f"at most {LARGEST_TEXT >> 20} MB when unpacked", "more",
                                "That is far more than lists for a warehouse. Import one file at a time.",
                            )  # fmt: skip
                        out.write(block)
                files.append(file)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, zipfile.BadZipFile | zlib.error | NotImplementedError | RuntimeError | EOFError):
            raise _invalid(path.name, "an archive that is whole", str(error)[:100], "Export it again.") from error
        raise
    return folder, files


def _workbook(book: Workbook, path: Path, sha256: bytes, recognised: Recognised) -> Opened:
    notes = []
    if book.formulas:
        notes.append(
            f"{book.formulas:,} cells hold formulas: the values that the spreadsheet calculated last are taken."
        )
    shown = [sheet for sheet in book.sheets if sheet.rows and not sheet.hidden]
    grids = [grid for sheet in shown for grid in _sheet(sheet, path, recognised, notes)]
    if not grids:
        raise _invalid(
            path.name, "a sheet with a row of headings and rows below it", "none",
            "Fill a sheet, or unhide the one that is meant.",
        )  # fmt: skip
    return Opened(path.name, sha256, tuple(grids), tuple(one.name for one in book.sheets if one.hidden and one.rows))


def _sheet(sheet: Sheet, path: Path, recognised: Recognised, notes: list[str]) -> Iterator[Grid]:
    first = list(islice(sheet.cells(), _LOOK_FOR_HEADER))
    found = heading_rows.find(first, recognised)
    number = first[found.place][0]
    if sheet.rows > found.place + 1:
        yield Grid(sheet.name, found.names, number, tuple(notes), True, path, partial(_below, sheet, number),
                   found.repairs, sheet.merges)  # fmt: skip


def _below(sheet: Sheet, number: int) -> Iterator[tuple[int, list[Cell]]]:
    for at, cells in sheet.cells():
        if at > number:
            yield at, cells


def _parquet(path: Path) -> Grid:
    from shelfwise.intake.files import open_source

    source = open_source(path)
    names = [str(i) for i in range(len(source.headers))]

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        for chunk in source.chunks():
            for number, *cells in chunk.frame.select("row", *names).iter_rows():
                yield number, [_cell(cell) for cell in cells]

    return Grid(path.stem, source.headers, 1, (), True, path, rows)


def _cell(value: object) -> Cell:
    if isinstance(value, bool | str | Decimal | date) or value is None:
        return value
    return Decimal(repr(value)) if isinstance(value, int | float) else str(value)


def _text(path: Path, recognised: Recognised, encoding: str | None, delimiter: str | None) -> Grid:
    from shelfwise.core.encodings import ENCODINGS, find_encoding
    from shelfwise.intake.files import DELIMITERS, find_delimiter, refuse_other_formats

    refuse_other_formats(path)
    encoding = encoding or find_encoding(path)
    delimiter, _ = find_delimiter(path, encoding, delimiter, recognised)
    filled = ((at, cells) for at, cells in _lines(path, encoding, delimiter) if any(cell.strip() for cell in cells))
    first: list[tuple[int, list[Cell]]] = [(at, [*cells]) for at, cells in islice(filled, _LOOK_FOR_HEADER)]
    found = heading_rows.find(first, recognised)
    number = first[found.place][0]
    separated = DELIMITERS.get(delimiter, repr(delimiter))
    notes = (f"Read as {ENCODINGS.get(encoding, encoding)}, columns separated by {separated}.",)

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        for at, cells in _lines(path, encoding, delimiter):
            if at > number and any(cell.strip() for cell in cells):
                yield at, [cell or None for cell in cells]

    return Grid(path.stem, found.names, number, notes, False, path, rows, found.repairs)


def _lines(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    from shelfwise.intake.files import opened_text

    number = 0
    with opened_text(path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        while True:
            number += 1
            try:
                yield number, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise Invalid(
                    Fault(
                        f"file {path.name}, row {number}", "cells of at most 131,072 characters, quotes closed",
                        shorten(str(error)), "Look for an opening quote without its closing one in this row.",
                    )
                ) from error  # fmt: skip


def _too_large(name: str, size: int) -> Invalid:
    return _invalid(
        name, f"a file of at most {LARGEST_TEXT >> 20} MB", f"{size >> 20:,} MB",
        "That is far more than a list for a warehouse. Export less at a time, such as one year.",
    )  # fmt: skip


def _invalid(name: str, expected: str, got: str, remedy: str) -> Invalid:
    return Invalid(Fault(f"file {name}", expected, got, remedy))
