"""Sales order lines into the books, in one transaction: items that are missing are made, known lines stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake import tables
from shelfwise.intake.model import FAULTS_SHOWN, CellFault, Imported
from shelfwise.orders import tables as order_tables
from shelfwise.orders.model import SalesState
from shelfwise.records import service as records
from shelfwise.records.joined import survivors
from shelfwise.records.model import NewItem, Site
from shelfwise.store.database import notify

if TYPE_CHECKING:
    import polars as pl

    from shelfwise.intake.cells import Rows
    from shelfwise.intake.sales import OpenedSales

Progress = Callable[[int, int], None]


class SalesImport:
    """One import in one transaction."""

    def __init__(
        self, ctx: Context, site: Site | None, opened: OpenedSales, skip_bad: bool, file_id: int | None = None
    ) -> None:
        self.ctx, self.site, self.source = ctx, site, opened.source
        self.rows = cast("Rows", opened.rows)
        self.row_count, self.skip_bad, self.file_id = opened.row_count, skip_bad, file_id
        self.sheet = opened.layout.sheet or ""
        self.site_ids = {one.code: one.site_id for one in records.sites(ctx)}
        self.item_ids: dict[str, int] = {}
        self.known_items: set[str] = set()
        self.open_items: dict[int, set[int]] = {}
        self.open_lines: Counter[int] = Counter()
        self.history: Counter[int] = Counter()
        self.decimals: dict[str, int] = {}
        self.new: Counter[SalesState] = Counter()
        self.known = self.differing = 0

    def run(self, progress: Progress | None) -> Imported:
        ctx, sha256 = self.ctx, self.source.sha256
        tables.lock_file(ctx.tx, sha256)
        before = tables.import_of(ctx.tx, ctx.tenant, sha256, sheet=self.sheet)
        if before is not None:
            return Imported(before.import_id, before.rows, known=before.rows, same_file=True)
        import_id = tables.add_import(
            ctx, self.source.path.name, sha256, self.row_count, sheet=self.sheet, file_id=self.file_id
        )
        go_live = records.go_live(ctx)
        go_live = None if go_live is None else go_live.astimezone(UTC)
        for lines in self.rows:
            if self.skip_bad or not self.rows.fault_count:
                self._require_sites(lines)
                self._make_items(lines)
                self._take(lines, import_id, go_live)
            if progress is not None:
                progress(self.rows.rows, self.row_count)
        if self.rows.fault_count and not self.skip_bad:
            raise Invalid(*refusal(self.source.path.name, self.rows.faults, self.rows.fault_count))
        done = Imported(
            import_id, self.row_count, sum(self.new.values()), self.known, self.differing, self.new["history"],
            self.new["open"], self.new["returned"], len(self.item_ids) - len(self.known_items), self.rows.bad_rows,
            tuple(self.rows.faults), file_id=self.file_id or import_id,
        )  # fmt: skip
        tables.finish_import(
            ctx.tx, ctx.tenant, import_id, created=done.new, changed=0, unchanged=done.known, skipped=done.skipped
        )
        ctx.audit(
            "sales.import", f"import:{import_id}", file=self.source.path.name, sha256=sha256.hex(), rows=done.rows,
            new=done.new, known=done.known, skipped=done.skipped, new_items=done.new_items,
        )  # fmt: skip
        for site_id, items in self.open_items.items():
            ctx.publish(
                "sales.taken", f"site:{site_id}", site_id=site_id, lines=self.open_lines[site_id],
                item_ids=sorted(items),
            )  # fmt: skip
        for site_id, lines_of_history in self.history.items():
            ctx.publish("sales.imported", f"site:{site_id}", site_id=site_id, history=lines_of_history)
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
            "order_number", "line", self._site_id(),
            pl.col("sku").replace_strict(self.item_ids, return_dtype=pl.Int64).alias("item_id"),
            "ordered_at", "quantity", "unit_price", "customer", "country", state.alias("state"),
        )  # fmt: skip
        for (kind, site_id), part in lines.group_by("state", "site_id", maintain_order=True):
            copied = order_tables.copy_sales_lines(
                self.ctx.tx, self.ctx.tenant, part.iter_rows(), recorded_at=self.ctx.now, import_id=import_id
            )
            self.new[cast(SalesState, kind)] += copied.new
            self.known += copied.known + copied.different
            self.differing += copied.different
            if kind == "open" and copied.new:
                named = part["item_id"].unique().to_list()
                self.open_items.setdefault(cast(int, site_id), set()).update(
                    survivors(self.ctx.tx, self.ctx.tenant, "item", named)
                )
                self.open_lines[cast(int, site_id)] += copied.new
            elif kind == "history" and copied.new:
                self.history[cast(int, site_id)] += copied.new

    def _site_id(self) -> pl.Expr:
        import polars as pl

        own = None if self.site is None else self.site.site_id
        named = pl.col("site").replace_strict(self.site_ids, default=None, return_dtype=pl.Int64)
        return pl.coalesce(named, pl.lit(own, pl.Int64)).alias("site_id")

    def _require_sites(self, lines: pl.DataFrame) -> None:
        """
        Raises:
            Invalid: a row names a site that is not there, or none where the file's site is not known.
            Forbidden: the actor may not import for one of them.
        """
        import polars as pl

        for code in lines["site"].drop_nulls().unique():
            if code in self.site_ids:
                self.ctx.require(Right.IMPORT_DATA, self.site_ids[code])
        if self.site is not None:
            self.ctx.require(Right.IMPORT_DATA, self.site.site_id)
        known = pl.col("site").is_in(list(self.site_ids)).fill_null(self.site is not None)
        bad = lines.filter(~known).select("row", "site")
        if bad.height:
            faults = [
                CellFault(row, "site", "the code of a site", "nothing" if site is None else repr(site),
                          "Correct the code, or choose the site that sold.")
                for row, site in bad.head(FAULTS_SHOWN).iter_rows()
            ]  # fmt: skip
            raise Invalid(*refusal(self.source.path.name, faults, bad.height))

    def _make_items(self, lines: pl.DataFrame) -> None:
        """Items that are missing; their quantum follows from the quantities they are sold in."""
        import polars as pl

        decimals = pl.col("quantity").str.extract(r"\.(\d*[1-9])0*$").str.len_chars().fill_null(0)
        seen = lines.group_by("sku", maintain_order=True).agg(
            pl.col("description").drop_nulls().first(), decimals=decimals.max()
        )
        unknown = [sku for sku in seen["sku"] if sku not in self.item_ids]
        known = records.item_ids(self.ctx, unknown, own=True)
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
