"""When suppliers' terms are otherwise: a row for each time in which something of them is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import cast

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, day, exact, measure, number, real, whole
from shelfwise.intake.kinds.terms import MEASURES
from shelfwise.records import periods, sheets_supply
from shelfwise.records import service as records
from shelfwise.records.prices import period_faults
from shelfwise.records.supply import SAID_BY_PERIODS, Period


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        f"""select s.code as supplier, i.sku, p.valid_from, p.valid_until,
                   {", ".join(f"p.{name}" for name in SAID_BY_PERIODS)}
            from supplier_period p join supplier s using (tenant_id, supplier_id) join item i using (tenant_id, item_id)
            where p.tenant_id = %(tenant)s and (%(suppliers)s::text[] is null or s.code = any(%(suppliers)s::text[]))
              and (%(skus)s::text[] is null or i.sku = any(%(skus)s::text[]))
            order by s.code, i.sku, p.valid_from""",
        {"tenant": ctx.tenant, "suppliers": asked(keys, 0), "skus": asked(keys, 1)},
    )
    return {
        (one["supplier"], one["sku"], one["valid_from"]): one
        | exact(one, "pack_size", "minimum_order", "largest_order", "weekly_capacity")
        | measure(one, *MEASURES)
        for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    suppliers = {supplier.code: supplier.supplier_id for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    sold = {(one.supplier_id, one.item_id) for one in records.terms_for(ctx, items.values(), standing=True)}
    for row in rows:
        supplier, item = suppliers.get(str(row.values["supplier"])), items.get(str(row.values["sku"]))
        if supplier is None:
            yield missing(row, "supplier", "a supplier")
        elif item is None:
            yield missing(row, "sku", "an item")
        elif (supplier, item) not in sold:
            yield RowFault(
                row.number, "sku", "an item that the supplier sells", repr(row.values["sku"]),
                "Import the supplier's terms first, or correct the SKU.",
            )  # fmt: skip
        yield from on_row(row, period_faults(_period(row.values, 0, 0)), {"period": "valid_from"})


def _period(record: Record, supplier_id: int, item_id: int) -> Period:
    return Period(
        supplier_id, item_id, cast(date, record["valid_from"]), day(record, "valid_until"),
        real(record, "lead_time_days"), number(record, "pack_size"), number(record, "minimum_order"),
        number(record, "largest_order"), whole(record, "batch_days"), real(record, "safety_days"),
        real(record, "soft_safety_days"), number(record, "weekly_capacity"),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    pairs = _pairs(ctx, [change.key for change in changes])
    told = [_period(change.after, *pair) for change, pair in zip(changes, pairs, strict=True)]
    periods.add_many_periods(ctx, told)
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    pairs = _pairs(ctx, keys)
    periods.remove_many_periods(ctx, [(*pair, key[2]) for key, pair in zip(keys, pairs, strict=True)])
    return {}


def _pairs(ctx: Context, keys: Sequence[Key]) -> list[tuple[int, int]]:
    """Supplier and item of each key, by their codes."""
    suppliers = {supplier.code: supplier.supplier_id for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, {str(key[1]) for key in keys})
    return [(suppliers[str(key[0])], items[str(key[1])]) for key in keys]


TERM_PERIODS = Kind(
    sheet=sheets_supply.TERM_PERIODS,
    noun=("time with other terms", "times with other terms"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    measures=MEASURES,
)
