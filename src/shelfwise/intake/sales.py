"""Sales order lines from CSV and Parquet files: a dry run that names each bad cell, and the import itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right
from shelfwise.core.clocks import WallClock
from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake.model import (
    Column,
    DryRun,
    Field,
    Imported,
    Layout,
    Totals,
    propose_columns,
)
from shelfwise.intake.sales_writing import Progress, SalesImport
from shelfwise.orders import tables as order_tables
from shelfwise.records import service as records
from shelfwise.records.model import Site

if TYPE_CHECKING:  # polars takes a third of a second to import: not at the start of the web or the command line
    import polars as pl

    from shelfwise.intake.cells import Rows
    from shelfwise.intake.files import Source
    from shelfwise.intake.formats import Evidence, Written

EXAMPLE_LENGTH = 40


def check(
    path: Path | str,
    mapping: Layout | None = None,
    *,
    time_zone: str | None = None,
    today: date | None = None,
    source: Source | None = None,
) -> DryRun:
    """Read a file as the import would, and say what would come of it; nothing is changed.

    Args:
        path: the file.
        mapping: what a person says about the file; the rest is found out.
        time_zone: of times that carry none; None: they are left as they are and not tested for existence.
        today: dates more than a year behind it are absurd; None: the machine's day.
        source: the file opened already, with its rows repaired.

    Raises:
        Invalid: the file is no table at all: empty, an archive, a workbook, without text.
    """
    from shelfwise.intake.cells import instant_or_none

    said = mapping or Layout()
    opened = _open(Path(path), said, time_zone, today or WallClock().now().date(), source)
    seen = _Sums()
    if opened.rows is not None:
        for lines in opened.rows:
            seen.take(lines)
    rows = opened.rows
    return DryRun(
        file_name=opened.source.path.name,
        sha256=opened.source.sha256,
        kind=opened.source.kind,
        columns=opened.columns,
        rows=opened.row_count,
        good_rows=rows.rows - rows.bad_rows if rows else 0,
        problems=tuple(opened.problems),
        faults=tuple(rows.faults) if rows else (),
        fault_count=rows.fault_count if rows else 0,
        totals=seen.totals(instant_or_none),
        notes=tuple(opened.notes),
        layout=opened.layout,
        sites=tuple(sorted(seen.sites)),
    )


def read_lines(
    path: Path | str, mapping: Layout | None = None, *, time_zone: str, today: date
) -> Iterator[list[dict[str, Any]]]:
    """The good lines of a file, chunk by chunk: row, the fields of `Field`; quantity and unit_price as exact text.

    Raises:
        Invalid: the file cannot be read as a whole.
    """
    opened = _open(Path(path), mapping or Layout(), time_zone, today)
    if opened.rows is None:
        raise Invalid(*opened.problems)
    for lines in opened.rows:
        yield lines.to_dicts()


def import_sales(
    office: Office,
    actor: Actor,
    path: Path | str,
    *,
    site_code: str,
    mapping: Layout | None = None,
    progress: Progress | None = None,
    skip_bad: bool = False,
) -> Imported:
    """Import a file of sales order lines, all in one transaction: all of it, or nothing.

    Lines are known by order number and line: a line that is there already stays as it is. Items that are missing are
    made. Lines before the go-live instant are history; later ones are open, or returned where negative.

    Args:
        office, actor: whose books, and who imports; needs the right to import data.
        path: the file.
        site_code: the site that sold them; times without a zone are local to it.
        mapping: what a person says about the file.
        progress: told rows done and rows in all, after each chunk.
        skip_bad: leave bad rows out and say so, instead of refusing the whole file.

    Raises:
        Invalid: the file, or (unless `skip_bad`) any cell of it, cannot be right; nothing was imported.
        NotFound: there is no such site.
        Forbidden: the actor may not import.
    """
    said = mapping or Layout()
    with office.context(actor, aside=True) as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)
        site = records.site(ctx, site_code)
        ctx.require(Right.IMPORT_DATA, site.site_id)
        today = max(ctx.now, ctx.wall.now()).date()
    opened = _open(Path(path), said, site.time_zone, today)
    if opened.rows is None:
        raise Invalid(*opened.problems)
    with office.context(actor, aside=True) as ctx:
        return SalesImport(ctx, site, opened, skip_bad).run(progress)


def take_in(
    ctx: Context, path: Path, seller: Site | None, layout: Layout, *, skip_bad: bool, progress: Progress | None,
    file_id: int | None = None, source: Source | None = None,
) -> Imported:  # fmt: skip
    """As `import_sales`, in a transaction that somebody else began.

    Args:
        seller: of lines that name none.
        file_id: the import of another table of the same file; None: this is the first.
        source: see `check`.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    zone = seller.time_zone if seller is not None else "UTC"
    opened = _open(path, layout, zone, max(ctx.now, ctx.wall.now()).date(), source)
    if opened.rows is None:
        raise Invalid(*opened.problems)
    return SalesImport(ctx, seller, opened, skip_bad, file_id).run(progress)


def take_out(ctx: Context, import_id: int) -> tuple[int, list[str]]:
    """Remove the lines of an import, but those that something was promised or moved for; items it made stay.

    Returns how many went, and those that stay, in sentences.

    Raises:
        Forbidden: the actor may not import for one of their sites.
    """
    ctx.require(Right.IMPORT_DATA)
    gone, stay = order_tables.remove_lines_of_import(ctx.tx, ctx.tenant, import_id)
    for site_id, lines in gone.items():
        ctx.publish("sales.imported", f"site:{site_id}", site_id=site_id, history=lines)
    left = [f"Order {number} line {line}: it is {state}. Cancel it on its own page." for number, line, state in stay]
    return sum(gone.values()), left


class OpenedSales:
    """A file whose way of writing is known: `rows` reads it, unless `problems` forbid."""

    def __init__(self, source: Source, said: Layout) -> None:
        self.source = source
        self.layout = said
        self.columns: tuple[Column, ...] = ()
        self.problems: list[Fault] = []
        self.notes: list[str] = []
        self.rows: Rows | None = None
        self.row_count = 0


def _open(path: Path, said: Layout, time_zone: str | None, today: date, source: Source | None = None) -> OpenedSales:
    from shelfwise.intake.cells import Reading, Rows, last_day, wrong_types
    from shelfwise.intake.files import open_source
    from shelfwise.intake.formats import Evidence

    source = source or open_source(path, said.encoding, said.delimiter, said.sheet)
    opened = OpenedSales(source, said)
    fields, opened.problems = propose_columns(source.headers, said.columns)
    by_index = {index: kind for kind, index in fields.items()}
    evidence = Evidence()
    for chunk in source.chunks():
        if opened.row_count == 0:
            opened.problems += wrong_types(source, fields, chunk.frame.schema)
            opened.columns = tuple(
                Column(i + 1, header.strip(), by_index.get(i), _example(chunk.frame[str(i)]))
                for i, header in enumerate(source.headers)
            )
        opened.row_count += chunk.frame.height
        for kind, index in fields.items():
            if kind in (Field.QUANTITY, Field.UNIT_PRICE):
                evidence.take_numbers(chunk.frame[str(index)])
            elif kind is Field.ORDERED_AT:
                evidence.take_dates(chunk.frame[str(index)])
    if opened.row_count == 0:
        raise Invalid(
            Fault(
                f"file {path.name}",
                "at least one row below the header",
                "none",
                "Export the file again, with data.",
            )
        )
    written, unclear = evidence.decide(said)
    opened.problems += unclear
    zone = said.time_zone or time_zone
    opened.notes = _notes(source, evidence, written, zone, by_index)
    opened.layout = Layout(
        {kind: source.headers[index] for kind, index in fields.items()},
        source.encoding or None, source.delimiter or None, written.decimal, written.dates, zone, said.sheet,
    )  # fmt: skip
    if not opened.problems:
        opened.rows = Rows(source, Reading(fields, written, zone, last_day(today)))
    return opened


def _example(cells: pl.Series) -> str:
    first = cells.drop_nulls().head(1)
    return str(first[0])[:EXAMPLE_LENGTH] if len(first) else ""


def _notes(
    source: Source, evidence: Evidence, written: Written, zone: str | None, by_index: dict[int, Field]
) -> list[str]:
    from shelfwise.core.encodings import ENCODINGS
    from shelfwise.intake.files import DELIMITERS

    notes = []
    if source.kind == "csv":
        delimiter = DELIMITERS.get(source.delimiter, repr(source.delimiter))
        notes.append(f"Read as {ENCODINGS.get(source.encoding, source.encoding)}, columns separated by {delimiter}.")
        notes.append("Decimals are written with a " + ("point." if written.decimal == "." else "comma."))
    if evidence.day_first or evidence.month_first or evidence.any_first:
        notes.append(f"Dates are written {'day' if written.dates == 'dmy' else 'month'} first.")
    if evidence.unzoned:
        where = zone or "the site's time zone, which the import knows"
        notes.append(f"Times carry no zone and are read as local time: {where}.")
    if Field.LINE not in by_index.values():
        notes.append(
            "There is no column for the line: lines are numbered within each order, as they stand in the file."
        )
    unused = [header.strip() for i, header in enumerate(source.headers) if i not in by_index and header.strip()]
    if unused:
        notes.append(f"Not imported: {', '.join(unused[:10])}.")
    return notes


class _Sums:
    """Totals, added up chunk by chunk."""

    def __init__(self) -> None:
        self.orders: set[str] = set()
        self.items: set[str] = set()
        self.sites: set[str] = set()
        self.quantity = self.value = Decimal(0)
        self.returned = self.no_description = self.no_customer = 0
        self.times: list[object] = []

    def take(self, lines: pl.DataFrame) -> None:
        import polars as pl

        exact = pl.Decimal(38, 6)
        quantity, price = pl.col("quantity").cast(exact), pl.col("unit_price").cast(exact)
        sums = lines.select(quantity=quantity.sum(), value=(quantity * price).sum(), returned=(quantity < 0).sum())
        self.quantity += sums["quantity"][0]
        self.value += sums["value"][0]
        self.returned += sums["returned"][0]
        self.orders.update(lines["order_number"].unique())
        self.items.update(lines["sku"].unique())
        self.sites.update(lines["site"].drop_nulls().unique())
        self.no_description += lines["description"].null_count()
        self.no_customer += lines["customer"].null_count()
        self.times += [t for t in (lines["ordered_at"].min(), lines["ordered_at"].max()) if t is not None]

    def totals(self, instant: Callable[[object], datetime | None]) -> Totals:
        times = [t for t in map(instant, self.times) if t is not None]
        return Totals(
            len(self.orders), len(self.items), self.quantity, self.value, self.returned, self.no_description,
            self.no_customer, min(times, default=None), max(times, default=None),
        )  # fmt: skip
