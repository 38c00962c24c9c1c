"""A file of demand, CSV or Parquet, read one column at a time: all of them as text would not fit into memory."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from shelfwise.core.encodings import ENCODINGS, find_encoding
from shelfwise.core.errors import Fault, Invalid, shorten

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt")
NO_ROWS = "no rows"
_DELIMITERS = ",;\t|"
_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Source:
    """An opened file.

    Attributes:
        path: as it was named.
        headings: of its columns.
        rows: how many it has below the headings.
        first_row: what the first of them is called in messages: line 2 of a CSV file, row 1 of a Parquet file.
        notes: what was assumed to read it.
    """

    path: Path
    headings: tuple[str, ...]
    rows: int
    first_row: int
    notes: tuple[str, ...]
    delimiter: str
    _text: Path | None

    def column(self, heading: str) -> pl.Series:
        """All values of a column: text in a CSV file, null where a cell is empty; categories are text too."""
        if self._text is None:
            with _explained(self.path):
                found = pl.read_parquet(self.path, columns=[heading]).to_series()
            return found.cast(pl.String) if found.dtype in (pl.Categorical, pl.Enum) else found
        place = self.headings.index(heading)
        return _read_csv(self.path, self._text, self.delimiter, place).to_series()

    def cells(self, heading: str) -> pl.Series:
        """As `column`, of one that cannot be done without.

        Raises:
            Invalid: its cells are lists, bytes or the like.
        """
        found = self.column(heading)
        if not is_plain(found):
            raise self.fault(0, heading, "text, numbers or dates", str(found.dtype), "Write it as one of these.")
        return found

    def row(self, place: int) -> str:
        """What people call a row."""
        return f"row {place + self.first_row}"

    def fault(self, place: int, heading: str, expected: str, got: object, remedy: str) -> Invalid:
        """What is wrong with one cell."""
        where = f"{self.path.name}, {self.row(place)}, column {heading}"
        return Invalid(Fault(where, expected, shorten(got), remedy))


@dataclass(frozen=True)
class InMemory(Source):
    """A table that is there already; its first row is row 1."""

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    @classmethod
    def of(cls, name: str, frame: pl.DataFrame) -> InMemory:
        """
        Raises:
            Invalid: it has no rows.
        """
        bare = frame.rename({one: one.strip() for one in frame.columns})
        source = cls(Path(name), tuple(bare.columns), bare.height, 1, (), "", None, bare)
        _checked(source)
        return source

    def column(self, heading: str) -> pl.Series:
        found = self.frame[heading]
        return found.cast(pl.String) if found.dtype in (pl.Categorical, pl.Enum, pl.Null) else found


def is_plain(cells: pl.Series) -> bool:
    """Whether the cells are text, numbers, dates or yes and no."""
    kind = cells.dtype
    return not (kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Duration, pl.Null))


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file by its ending.

    Raises:
        Invalid: it is none of the kinds that are read, or holds no rows, or two columns have one heading.
    """
    if not path.is_file():
        raise Invalid(Fault(f"file {path}", "a CSV or Parquet file", "no such file", "Check its name."))
    if path.suffix.lower() in PARQUET:
        with _explained(path):
            schema = pl.read_parquet_schema(path)
            rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        yield _checked(Source(path, tuple(schema), rows, 1, (), "", None))
    elif path.suffix.lower() in CSV:
        with tempfile.TemporaryDirectory(prefix="shelfwise-") as folder:
            yield _checked(_csv(path, Path(folder)))
    else:
        raise Invalid(
            Fault(
                f"file {path.name}", "a name that ends in .csv or .parquet", shorten(path.suffix or "no ending"),
                "Save it as one of these.",
            )
        )  # fmt: skip


def _csv(path: Path, folder: Path) -> Source:
    notes: list[str] = []
    text = path
    if path.stat().st_size == 0:
        raise _no_rows(path)
    encoding = find_encoding(path)
    if encoding != "utf-8-sig":
        notes.append(f"{path.name} was read as {ENCODINGS[encoding]}.")
    if encoding != "utf-8-sig" or _has_odd_lines(path):
        text = folder / "text.csv"
        with path.open(encoding=encoding) as before, text.open("w", encoding="utf-8") as after:
            shutil.copyfileobj(before, after)
        _cut_blank_end(text)
    with text.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(_HEADER_BYTES)
    delimiter = max(_DELIMITERS, key=start.partition("\n")[0].count)
    headings = next(csv.reader(start.splitlines(keepends=True), delimiter=delimiter), [])
    rows = _counted(path, text, delimiter)
    return Source(path, tuple(one.strip() for one in headings), rows, 2, tuple(notes), delimiter, text)


def _has_odd_lines(path: Path) -> bool:
    """Whether lines end as on a Macintosh of old, or the last ones are blank."""
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
        file.seek(max(path.stat().st_size - _HEADER_BYTES, 0))
        end = file.read()
    return (b"\r" in start and b"\n" not in start) or end[len(end.rstrip()) :].count(b"\n") > 1


def _cut_blank_end(text: Path) -> None:
    with text.open("rb+") as file:
        file.seek(max(text.stat().st_size - _HEADER_BYTES, 0))
        end = file.read()
        file.seek(len(end.rstrip()) - len(end), 2)
        file.truncate()


def _counted(path: Path, text: Path, delimiter: str) -> int:
    """How many rows there are; looks at every cell of every row, which reading single columns does not."""
    try:
        cells = pl.scan_csv(text, separator=delimiter, infer_schema=False)
        return int(
            cells.select(pl.len(), pl.all().null_count().name.prefix("_")).collect(engine="streaming").item(0, 0)
        )
    except pl.exceptions.NoDataError:
        raise _no_rows(path) from None
    except (pl.exceptions.PolarsError, OSError) as error:
        where, got = _ragged(text, delimiter) or ("", shorten(str(error).partition("\n")[0], 200))
        raise Invalid(
            Fault(
                f"{path.name}{where}", "as many cells in each row as there are headings", got,
                "Mend the row, or put names that hold the delimiter into quotes.",
            )
        ) from error  # fmt: skip


def _ragged(text: Path, delimiter: str) -> tuple[str, str] | None:
    """The first row with more cells than there are headings."""
    with text.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=delimiter)
        width = len(next(rows))
        for number, row in enumerate(rows, start=2):
            if len(row) > width:
                return f", row {number}", f"{len(row)} cells instead of {width}"
    return None


def _read_csv(path: Path, text: Path, delimiter: str, column: int) -> pl.DataFrame:
    try:
        return pl.read_csv(text, columns=[column], separator=delimiter, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Invalid(Fault(f"file {path.name}", "a CSV file", shorten(str(error), 200), "Export it again.")) from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Invalid(
            Fault(f"file {path.name}", "a Parquet file", shorten(str(error), 200), "Write it anew, or as CSV.")
        ) from error


def _checked(source: Source) -> Source:
    for heading in source.headings:
        if (times := source.headings.count(heading)) > 1:
            raise Invalid(
                Fault(
                    f"{source.path.name}, headings", "each heading once", f"{shorten(heading)} {times} times",
                    "Rename one of them, so that nobody has to guess which one counts.",
                )
            )  # fmt: skip
    if source.rows == 0:
        raise _no_rows(source.path)
    return source


def _no_rows(path: Path) -> Invalid:
    return Invalid(
        Fault(
            f"file {path.name}", "headings and rows", NO_ROWS,
            "Export the file again.",
        )
    )  # fmt: skip
