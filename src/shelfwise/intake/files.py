"""Opening files of unknown making: what kind it is, its encoding and delimiter, and its rows in chunks."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Literal, cast

import polars as pl

from shelfwise.core.encodings import find_encoding
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.intake.model import propose_columns
from shelfwise.intake.workbooks import Cell, Failed, Workbook, is_workbook, open_workbook

CHUNK_ROWS = 50_000
CELL_LIMIT = 100_000
COLUMNS_LIMIT = 1_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

_SAMPLE_BYTES = 256 * 1024
_SAMPLE_ROWS = 50
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x05\x06", "an empty zip archive", "Export the file again."),
    (b"%PDF", "a PDF document", "Export the data as CSV; a printed page cannot be imported."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"{\\rtf", "a text document (RTF)", "Save it as plain CSV."),
    (b"\x89PNG", "a picture", "Export the data as CSV."),
    (b"\xff\xd8\xff", "a picture", "Export the data as CSV."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
)
# What programs write under the name of a workbook.
_MARKUP = (
    (b"<html", "a web page, whatever its name says"), (b"<!doctype", "a web page, whatever its name says"),
    (b"<table", "a web page, whatever its name says"), (b"<?xml", "an XML document, perhaps a workbook of 2003"),
    (b"mime-version:", "a web page, whatever its name says"),
)  # fmt: skip
_EXPECTED = "a CSV file or a workbook"


@dataclass(frozen=True)
class Source:
    """A file that could be opened, and how its rows are to be read.

    Attributes:
        path: the file.
        sha256: of its bytes.
        kind: 'csv', 'parquet' or 'workbook'.
        encoding, delimiter: of a CSV file, else empty.
        headers: as written, at least one.
        sheet: the workbook and the number of its sheet.
        lines: the rows below the headings, where they were repaired; None: they are read from the file.
    """

    path: Path
    sha256: bytes
    kind: Literal["csv", "parquet", "workbook"]
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    sheet: tuple[Workbook, int] | None = None
    lines: Sequence[tuple[int, list[Cell]]] | None = None

    def chunks(self) -> Iterator[Chunk]:
        """All rows, at most `CHUNK_ROWS` at a time; never more than one chunk is held."""
        if self.lines is not None:
            return _typed_chunks(self, self.lines)
        if self.sheet is not None:
            return _typed_chunks(self, _Below(*self.sheet))
        return _csv_chunks(self) if self.kind == "csv" else _parquet_chunks(self)


@dataclass(frozen=True)
class Chunk:
    """Some rows. Columns are named by their index ('0', '1', ...); the column 'row' numbers them as in the file.

    The values of a CSV file are text without the blanks around it, null where there is none; those of a Parquet file
    have their own types. The column 'cells' is null but for rows with another number of cells than the header has.
    """

    frame: pl.DataFrame


def open_source(
    path: Path, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Source:
    """Find out what a file is.

    Args:
        sheet: of a workbook; None: the first that holds anything and is not hidden.

    Raises:
        Invalid: it is no readable table: empty, an archive, a picture, without text, too wide.
    """
    try:
        sha256, size = digest(path)
    except OSError as error:
        raise _invalid(
            path, _EXPECTED, f"{error.strerror or error}", "Check the path and the file's rights."
        ) from error
    if size == 0:
        raise _invalid(path, "a header and at least one row", "an empty file", "Export the file again.")
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"PAR1"):
        return Source(path, sha256, "parquet", "", "", _parquet_headers(path))
    if is_workbook(head):
        return _workbook_source(path, sha256, sheet)
    refuse_other_formats(path)
    encoding = encoding or find_encoding(path)
    delimiter, headers = find_delimiter(path, encoding, delimiter, _recognised)
    if len(headers) > COLUMNS_LIMIT:
        raise _invalid(path, f"at most {COLUMNS_LIMIT} columns", f"{len(headers)}", "Check the delimiter.")
    return Source(path, sha256, "csv", encoding, delimiter, tuple(headers))


def refuse_other_formats(path: Path) -> None:
    """
    Raises:
        Invalid: the file begins like something that is no text: a picture, an archive, a document.
    """
    with path.open("rb") as file:
        head = file.read(64)
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise _invalid(path, _EXPECTED, what, remedy)
    begins = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for mark, what in _MARKUP:
        if begins.startswith(mark):
            remedy = "Open it in your spreadsheet program, save it as .xlsx and send that."
            raise _invalid(path, _EXPECTED, what, remedy)


def _recognised(headers: Sequence[str]) -> int:
    return len(propose_columns(headers, {})[0])


def _invalid(path: Path, expected: str, got: str, remedy: str) -> Invalid:
    return Invalid(Fault(f"file {path.name}", expected, got, remedy))


def digest(path: Path) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.digest(), size


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    try:
        with path.open("r", encoding=encoding, newline="") as file:
            yield file
    except (UnicodeError, LookupError) as error:
        raise _invalid(
            path, f"text in {encoding}", str(error), "Name the right encoding, or leave it to be found."
        ) from error


def find_delimiter(
    path: Path, encoding: str, said: str | None, recognised: Callable[[Sequence[str]], int]
) -> tuple[str, list[str]]:
    """The delimiter that makes most sense of the header, and the header.

    Args:
        recognised: how many columns of a header it knows.
    """
    best: tuple[tuple[int, int, int], str, list[str]] | None = None
    with opened_text(path, encoding) as file:
        sample = file.read(_SAMPLE_BYTES)
    for delimiter in [said] if said else list(DELIMITERS):
        rows = _first_rows(path, sample, delimiter)
        if not rows:
            continue
        # Titles may stand above the headings: the width that most rows have counts, and the row with most known names.
        width, alike = Counter(len(row) for row in rows).most_common(1)[0]
        score = (max(map(recognised, rows)), alike if width > 1 else 0, width)
        if best is None or score > best[0]:
            best = (score, delimiter, rows[0])
    if best is None:
        raise _invalid(path, "a header row and rows below it", "no readable row", "Export the file again as CSV.")
    if best[0][2] == 1 and best[0][0] == 0 and not said:
        wanted = ", ".join(DELIMITERS.values())
        raise _invalid(
            path, f"columns separated by one of: {wanted}", f"a first line without any: {shorten(best[2][0])}",
            "Export the file again as CSV with a header row.",
        )  # fmt: skip
    return best[1], best[2]


def _first_rows(path: Path, sample: str, delimiter: str) -> list[list[str]]:
    """The sample's first rows, up to the first that cannot be read: reading in earnest will name that one."""
    rows: list[list[str]] = []
    try:
        # Extended row by row: what was read before an error stays.
        rows.extend(
            filter(None, islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_ROWS))
        )
    except TypeError as error:
        raise _invalid(path, "a delimiter of one character", repr(delimiter), "Name another delimiter.") from error
    except csv.Error:
        pass
    return rows


def _csv_chunks(source: Source) -> Iterator[Chunk]:
    width = len(source.headers)
    with opened_text(source.path, source.encoding) as file:
        reader = csv.reader(file, delimiter=source.delimiter)
        numbered = _numbered(source, reader)
        while True:
            # One flat list of cells, not a list a row: half the time, as Python's collector has less to visit.
            numbers: list[int] = []
            ragged: list[int | None] = []
            flat: list[str] = []
            for number, cells in islice(numbered, CHUNK_ROWS):
                numbers.append(number)
                if len(cells) == width:
                    ragged.append(None)
                    flat += cells
                else:
                    odd = len(cells) < width or any(cell.strip() for cell in cells[width:])
                    ragged.append(len(cells) if odd else None)
                    flat += (cells + [""] * width)[:width]
            if not numbers:
                return
            frame = pl.DataFrame(
                {"row": pl.Series(numbers, dtype=pl.Int64), "cells": pl.Series(ragged, dtype=pl.Int64)}
                | {str(i): pl.Series(flat[i::width], dtype=pl.String) for i in range(width)}
            )
            yield Chunk(frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None)))


def _numbered(source: Source, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header that have anything in them, numbered as a spreadsheet does."""
    number, header_seen = 0, False
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(
                Fault(
                    f"file {source.path.name}, row {number}", "cells of at most 131,072 characters, quotes closed",
                    str(error), "Look for an opening quote without its closing one in this row.",
                )
            ) from error  # fmt: skip
        if not "".join(cells).strip():
            continue
        if header_seen:
            yield number, cells
        header_seen = True


def _parquet_headers(path: Path) -> tuple[str, ...]:
    try:
        schema = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _invalid(
            path, "a whole Parquet file", str(error).splitlines()[0][:200], "Export the file again."
        ) from error
    return tuple(schema)


def _parquet_chunks(source: Source) -> Iterator[Chunk]:
    number = 2
    try:
        lazy = pl.scan_parquet(source.path)
        for frame in lazy.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True):
            for part in frame.iter_slices(CHUNK_ROWS):
                renamed = part.rename({header: str(i) for i, header in enumerate(source.headers)})
                text = pl.col(pl.String, pl.Categorical).cast(pl.String).str.strip_chars().replace("", None)
                rows = pl.Series("row", range(number, number + part.height), dtype=pl.Int64)
                number += part.height
                cells = pl.lit(None, dtype=pl.Int64).alias("cells")
                yield Chunk(renamed.with_columns(text, rows, cells))
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).splitlines()[0][:200]
        raise _invalid(source.path, "a whole Parquet file", first, "Export the file again.") from error


def _workbook_source(path: Path, sha256: bytes, wanted: str | None) -> Source:
    book = open_workbook(path)
    for place, sheet in enumerate(book.sheets):
        if sheet.rows and (sheet.name == wanted if wanted is not None else not sheet.hidden):
            _, first = next(sheet.cells())
            headers = tuple("" if cell is None else str(cell) for cell in first)
            return Source(path, sha256, "workbook", "", "", headers, (book, place))
    names = ", ".join(repr(sheet.name) for sheet in book.sheets) or "none"
    raise _invalid(path, f"a filled sheet {wanted!r}" if wanted else "a filled sheet", names, "Choose another sheet.")


@dataclass(frozen=True)
class _Below:
    """The rows of a sheet below its first, read anew each time."""

    book: Workbook
    place: int

    def __iter__(self) -> Iterator[tuple[int, list[Cell]]]:
        return islice(self.book.sheets[self.place].cells(), 1, None)


def _typed_chunks(source: Source, lines: Iterable[tuple[int, list[Cell]]]) -> Iterator[Chunk]:
    """A column whose cells are all numbers, or all days and times, keeps its type; every other one is text."""
    width = len(source.headers)
    types = _types(lines, width)
    rows = iter(lines)
    while part := list(islice(rows, CHUNK_ROWS)):
        ragged = [len(cells) if _is_ragged(source, cells) else None for _, cells in part]
        frame = {
            "row": pl.Series([number for number, _ in part], dtype=pl.Int64),
            "cells": pl.Series(ragged, dtype=pl.Int64),
        }
        for i, dtype in enumerate(types):
            told = [cells[i] if i < len(cells) else None for _, cells in part]
            frame[str(i)] = pl.Series([_typed(cell, dtype) for cell in told], dtype=dtype)
        text = pl.col(pl.String).str.strip_chars().replace("", None)
        yield Chunk(pl.DataFrame(frame).with_columns(text))


def _is_ragged(source: Source, cells: Sequence[Cell]) -> bool:
    width = len(source.headers)
    if source.kind == "csv":
        return len(cells) < width or any(cell is not None and str(cell).strip() for cell in cells[width:])
    return len(cells) > width


def _types(lines: Iterable[tuple[int, list[Cell]]], width: int) -> list[pl.DataType]:
    seen: list[set[type]] = [set() for _ in range(width)]
    for _, cells in lines:
        for kinds, cell in zip(seen, cells, strict=False):
            kinds.add(type(cell))
    types: list[pl.DataType] = []
    for kinds in seen:
        kinds.discard(type(None))
        if kinds == {Decimal}:
            types.append(pl.Float64())
        else:
            types.append(pl.Datetime("us") if kinds and kinds <= {date, datetime} else pl.String())
    return types


def _typed(cell: Cell, dtype: pl.DataType) -> object:
    if cell is None:
        return None
    if isinstance(cell, Decimal) and dtype != pl.String:
        return float(cell)
    if dtype != pl.String:
        return cell if isinstance(cell, datetime) else datetime.combine(cast(date, cell), time())
    return cell.text if isinstance(cell, Failed) else f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
