"""Suppliers' terms: one row for what one of them charges for an item."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, measure, number, removed
from shelfwise.records import bulk, exchange
from shelfwise.records import service as records
from shelfwise.records.model import Terms
from shelfwise.records.prices import terms_faults

_DEFAULTS: Record = {"from_quantity": Decimal(0), "pack_size": Decimal(1), "minimum_order": Decimal(0)}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as supplier, i.sku, 0::numeric as from_quantity, t.unit_cost, t.currency, t.pack_size,
                  t.minimum_order, t.lead_time_days
           from supplier_item t join supplier s using (tenant_id, supplier_id) join item i using (tenant_id, item_id)
           where t.tenant_id = %(tenant)s and (%(suppliers)s::text[] is null or s.code = any(%(suppliers)s::text[]))
             and (%(skus)s::text[] is null or i.sku = any(%(skus)s::text[])) order by s.code, i.sku""",
        {"tenant": ctx.tenant, "suppliers": asked(keys, 0), "skus": asked(keys, 1)},
    )
    return {
        (one["supplier"], one["sku"], Decimal(0)): one
        | {"from_quantity": Decimal(0), "unit_cost": one["unit_cost"].normalize()}
        | {name: one[name].normalize() for name in ("pack_size", "minimum_order")}
        | measure(one, "lead_time_days")
        for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    suppliers = {supplier.code for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    for row in rows:
        if row.values["supplier"] not in suppliers:
            yield missing(row, "supplier", "a supplier")
        if row.values["sku"] not in items:
            yield missing(row, "sku", "an item")
        if number(row.values, "from_quantity"):
            yield RowFault(
                row.number, "from_quantity", "0", str(row.values["from_quantity"]), "Prices by quantity cannot be kept."
            )
        record = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        yield from on_row(row, terms_faults(_terms(record, 0, 0)))


def _terms(record: Record, supplier_id: int, item_id: int) -> Terms:
    return Terms(
        supplier_id, item_id, number(record, "unit_cost") or Decimal(0), str(record["currency"]),
        float(number(record, "lead_time_days") or 0), number(record, "pack_size") or Decimal(0),
        number(record, "minimum_order") or Decimal(0), "imported",
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    suppliers = {supplier.code: supplier.supplier_id for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, codes((change.after for change in changes), "sku"))
    records.add_many_terms(
        ctx, [_terms(one.after, suppliers[str(one.key[0])], items[str(one.key[1])]) for one in changes]
    )
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_terms(ctx, [(str(supplier), str(sku)) for supplier, sku, _ in keys]))


TERMS = Kind(
    sheet=exchange.TERMS,
    noun=("term", "terms"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    unread=("supplier_sku",),
    measures=("lead_time_days",),
)
