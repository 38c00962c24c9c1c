"""Sales order lines from CSV and Parquet files: a dry run that names each bad cell, and the import itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right
from shelfwise.core.clocks import WallClock
from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake import tables
from shelfwise.intake.model import (
    FAULTS_SHOWN,
    CellFault,
    Column,
    DryRun,
    Field,
    Imported,
    Layout,
    Totals,
    propose_columns,
)
from shelfwise.orders import tables as order_tables
from shelfwise.orders.model import SalesState
from shelfwise.records import service as records
from shelfwise.records.model import NewItem
from shelfwise.store.database import notify

if TYPE_CHECKING:  # polars takes a third of a second to import: not at the start of the web or the command line
    import polars as pl

    from shelfwise.intake.cells import Rows
    from shelfwise.intake.files import Source
    from shelfwise.intake.formats import Evidence, Written

Progress = Callable[[int, int], None]
EXAMPLE_LENGTH = 40


def check(
    path: Path | str,
    mapping: Layout | None = None,
    *,
    time_zone: str | None = None,
    today: date | None = None,
) -> DryRun:
    """Read a file as the import would, and say what would come of it; nothing is changed.

    Args:
        path: the file.
        mapping: what a person says about the file; the rest is found out.
        time_zone: of times that carry none; None: they are left as they are and not tested for existence.
        today: dates more than a year behind it are absurd; None: the machine's day.

    Raises:
        Invalid: the file is no table at all: empty, an archive, a workbook, without text.
    """
    from shelfwise.intake.cells import instant_or_none

    said = mapping or Layout()
    opened = _open(Path(path), said, time_zone, today or WallClock().now().date())
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
    with office.context(actor) as ctx:
        ctx.require_somewhere(Right.IMPORT_DATA)
        site = records.site(ctx, site_code)
        ctx.require(Right.IMPORT_DATA, site.site_id)
        today = max(ctx.now, ctx.wall.now()).date()
    opened = _open(Path(path), said, site.time_zone, today)
    if opened.rows is None:
        raise Invalid(*opened.problems)
    with office.context(actor) as ctx:
        return _Import(ctx, site.site_id, opened.source, opened.rows, opened.row_count, skip_bad).run(progress)


class _Opened:
    """A file whose way of writing is known: `rows` reads it, unless `problems` forbid."""

    def __init__(self, source: Source, said: Layout) -> None:
        self.source = source
        self.layout = said
        self.columns: tuple[Column, ...] = ()
        self.problems: list[Fault] = []
        self.notes: list[str] = []
        self.rows: Rows | None = None
        self.row_count = 0


def _open(path: Path, said: Layout, time_zone: str | None, today: date) -> _Opened:
    from shelfwise.intake.cells import Reading, Rows, last_day, wrong_types
    from shelfwise.intake.files import open_source
    from shelfwise.intake.formats import Evidence

    source = open_source(path, said.encoding, said.delimiter)
    opened = _Opened(source, said)
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
        source.encoding or None, source.delimiter or None, written.decimal, written.dates, zone,
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
    from shelfwise.intake.files import DELIMITERS

    notes = []
    if source.kind == "csv":
        names = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}
        delimiter = DELIMITERS.get(source.delimiter, repr(source.delimiter))
        notes.append(f"Read as {names.get(source.encoding, source.encoding)}, columns separated by {delimiter}.")
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
        self.no_description += lines["description"].null_count()
        self.no_customer += lines["customer"].null_count()
        self.times += [t for t in (lines["ordered_at"].min(), lines["ordered_at"].max()) if t is not None]

    def totals(self, instant: Callable[[object], datetime | None]) -> Totals:
        times = [t for t in map(instant, self.times) if t is not None]
        return Totals(
            len(self.orders), len(self.items), self.quantity, self.value, self.returned, self.no_description,
            self.no_customer, min(times, default=None), max(times, default=None),
        )  # fmt: skip


class _Import:
    """One import in one transaction."""

    def __init__(self, ctx: Context, site_id: int, source: Source, rows: Rows, row_count: int, skip_bad: bool) -> None:
        self.ctx, self.site_id, self.source, self.rows = ctx, site_id, source, rows
        self.row_count, self.skip_bad = row_count, skip_bad
        self.item_ids: dict[str, int] = {}
        self.known_items: set[str] = set()
        self.open_items: set[int] = set()
        self.decimals: dict[str, int] = {}
        self.new: Counter[SalesState] = Counter()
        self.known = self.differing = 0

    def run(self, progress: Progress | None) -> Imported:
        ctx, sha256 = self.ctx, self.source.sha256
        tables.lock_file(ctx.tx, sha256)
        before = tables.import_of(ctx.tx, ctx.tenant, sha256)
        if before is not None:
            return Imported(before.import_id, before.rows, known=before.rows, same_file=True)
        import_id = tables.add_import(ctx, self.source.path.name, sha256, self.row_count)
        go_live = records.go_live(ctx)
        go_live = None if go_live is None else go_live.astimezone(UTC)
        for lines in self.rows:
            if self.skip_bad or not self.rows.fault_count:
                self._make_items(lines)
                self._take(lines, import_id, go_live)
            if progress is not None:
                progress(self.rows.rows, self.row_count)
        if self.rows.fault_count and not self.skip_bad:
            raise Invalid(*refusal(self.source.path.name, self.rows.faults, self.rows.fault_count))
        done = Imported(
            import_id, self.row_count, sum(self.new.values()), self.known, self.differing, self.new["history"],
            self.new["open"], self.new["returned"], len(self.item_ids) - len(self.known_items), self.rows.bad_rows,
            tuple(self.rows.faults),
        )  # fmt: skip
        ctx.audit(
            "sales.import", f"import:{import_id}", file=self.source.path.name, sha256=sha256.hex(), rows=done.rows,
            new=done.new, known=done.known, skipped=done.skipped, new_items=done.new_items,
        )  # fmt: skip
        if done.open:
            ctx.publish(
                "sales.taken", f"site:{self.site_id}", site_id=self.site_id, lines=done.open,
                item_ids=sorted(self.open_items),
            )  # fmt: skip
        if done.history:
            ctx.publish("sales.imported", f"site:{self.site_id}", site_id=self.site_id, history=done.history)
        notify(ctx.tx, "live", "orders")
        return done

    def _take(self, lines: pl.DataFrame, import_id: int, go_live: datetime | None) -> None:
        import polars as pl

        live = pl.lit(False) if go_live is None else pl.col("ordered_at") >= go_live
        state = (
            pl.when(~live).then(pl.lit("history"))
            .when(pl.col("quantity").str.starts_with("-")).then(pl.lit("returned"))
            .otherwise(pl.lit("open"))
        )  # fmt: skip
        lines = lines.select(
            "order_number", "line", pl.lit(self.site_id).alias("site_id"),
            pl.col("sku").replace_strict(self.item_ids, return_dtype=pl.Int64).alias("item_id"),
            "ordered_at", "quantity", "unit_price", "customer", "country", state.alias("state"),
        )  # fmt: skip
        for (kind,), part in lines.group_by("state", maintain_order=True):
            copied = order_tables.copy_sales_lines(
                self.ctx.tx, self.ctx.tenant, part.iter_rows(), recorded_at=self.ctx.now, import_id=import_id
            )
            self.new[cast(SalesState, kind)] += copied.new
            self.known += copied.known + copied.different
            self.differing += copied.different
            if kind == "open":
                self.open_items.update(part["item_id"])

    def _make_items(self, lines: pl.DataFrame) -> None:
        """Items that are missing; their quantum follows from the quantities they are sold in."""
        import polars as pl

        decimals = pl.col("quantity").str.extract(r"\.(\d*[1-9])0*$").str.len_chars().fill_null(0)
        seen = lines.group_by("sku", maintain_order=True).agg(
            pl.col("description").drop_nulls().first(), decimals=decimals.max()
        )
        unknown = [sku for sku in seen["sku"] if sku not in self.item_ids]
        known = records.item_ids(self.ctx, unknown)
        self.known_items.update(known)
        new = [
            NewItem(sku, description or "", quantum=Decimal(1).scaleb(-places), provenance="imported")
            for sku, description, places in seen.iter_rows()
            if sku not in self.item_ids and sku not in known
        ]
        self.item_ids |= known | (records.add_items(self.ctx, new) if new else {})
        for sku, _, places in seen.iter_rows():
            if sku not in self.known_items:
                if places > self.decimals.setdefault(sku, places):
                    tables.set_quantum(self.ctx, sku, Decimal(1).scaleb(-places))
                self.decimals[sku] = max(places, self.decimals[sku])
        split = [sku for sku, _, places in seen.iter_rows() if places and sku in self.known_items]
        if split:
            self._require_whole(lines.filter(pl.col("sku").is_in(split)))

    def _require_whole(self, lines: pl.DataFrame) -> None:
        quanta = tables.quanta(self.ctx, lines["sku"].unique().to_list())
        faults = [
            CellFault(
                row, "quantity", f"a multiple of {quanta[sku].normalize():f}, the smallest of item {sku}", quantity,
                "Correct the quantity, or the item's smallest amount.",
            )
            for row, sku, quantity in lines.select("row", "sku", "quantity").iter_rows()
            if Decimal(quantity) % quanta[sku]
        ]  # fmt: skip
        if faults:
            raise Invalid(*refusal(self.source.path.name, faults[:FAULTS_SHOWN], len(faults)))


def refusal(file_name: str, faults: list[CellFault], count: int) -> list[Fault]:
    """The faults of a refused file: first how many there are, then each of those that are listed."""
    shown = f"; the first {len(faults)} are listed" if count > len(faults) else ""
    summary = Fault(
        f"file {file_name}", "no bad cell", f"{count} bad cell{'s' if count != 1 else ''}{shown}",
        "Nothing was imported. Correct them, or import again and skip bad rows.",
    )  # fmt: skip
    return [summary, *(fault.fault() for fault in faults)]
