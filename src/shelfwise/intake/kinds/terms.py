"""Suppliers' terms: a row for what one of them charges for an item, and one for each price of a larger quantity."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, day, exact, measure, number, real, text, whole
from shelfwise.records import bulk, sheets_supply
from shelfwise.records import service as records
from shelfwise.records.prices import Price, price_faults, terms_faults
from shelfwise.records.supply import Terms

_DEFAULTS: Record = {
    "from_quantity": Decimal(0), "pack_size": Decimal(1), "minimum_order": Decimal(0), "batch_days": 0,
    "safety_days": Decimal(0), "soft_safety_days": Decimal(0),
}  # fmt: skip
MEASURES = ("lead_time_days", "safety_days", "soft_safety_days")
# Said of the terms as a whole; a row for a larger quantity says a price alone.
_OF_TERMS = tuple(name for name in sheets_supply.TERMS.headings if name not in (*sheets_supply.TERMS.key, "unit_cost"))


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as supplier, i.sku, nullif(t.supplier_sku, '') as supplier_sku, p.from_quantity,
                  coalesce(p.unit_cost, t.unit_cost) as unit_cost, t.currency, t.pack_size, t.minimum_order,
                  t.lead_time_days, t.largest_order, t.batch_days, t.safety_days, t.soft_safety_days,
                  t.weekly_capacity, t.valid_from, t.valid_until
           from supplier_item t join supplier s using (tenant_id, supplier_id) join item i using (tenant_id, item_id)
           cross join lateral (
               select distinct on (from_quantity) from_quantity, unit_cost from (
                   select 0 as from_quantity, null as unit_cost, '-infinity'::date as valid_from
                   union all
                   select q.from_quantity, q.unit_cost, q.valid_from from supplier_price q
                   where q.tenant_id = t.tenant_id and q.supplier_id = t.supplier_id and q.item_id = t.item_id
                     and q.valid_from <= %(day)s) told
               order by from_quantity, valid_from desc) p
           where t.tenant_id = %(tenant)s and (%(suppliers)s::text[] is null or s.code = any(%(suppliers)s::text[]))
             and (%(skus)s::text[] is null or i.sku = any(%(skus)s::text[]))
           order by s.code, i.sku, p.from_quantity""",
        {"tenant": ctx.tenant, "suppliers": asked(keys, 0), "skus": asked(keys, 1), "day": ctx.now.date()},
    )
    numbers = ("from_quantity", "unit_cost", "pack_size", "minimum_order")
    return {
        (one["supplier"], one["sku"], one["from_quantity"].normalize()): one
        | {name: one[name].normalize() for name in numbers}
        | exact(one, "largest_order", "weekly_capacity")
        | measure(one, *MEASURES)
        for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    suppliers = {supplier.code for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, codes((row.values for row in rows), "sku"))
    known = _known(ctx, [(row.values["supplier"], row.values["sku"], None) for row in rows])
    whole: dict[Key, Record] = {key[:2]: record for key, record in known.items() if not key[2]}
    whole |= {
        (row.values["supplier"], row.values["sku"]): row.values for row in rows if not row.values.get("from_quantity")
    }
    for row in rows:
        if row.values["supplier"] not in suppliers:
            yield missing(row, "supplier", "a supplier")
        if row.values["sku"] not in items:
            yield missing(row, "sku", "an item")
        record = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        if number(record, "from_quantity"):
            yield from _break_faults(row, whole.get((row.values["supplier"], row.values["sku"])))
        yield from on_row(row, terms_faults(_terms(record, 0, 0)))
        yield from on_row(row, price_faults(_price(record, 0, 0, ctx.now.date())))


def _break_faults(row: Row, whole: Record | None) -> Iterator[RowFault]:
    """A price for a larger quantity needs the terms themselves, and cannot say other ones."""
    if whole is None:
        yield RowFault(
            row.number, "from_quantity", "a row from 0 units on as well", str(row.values["from_quantity"]),
            "Add a row of the same supplier and item with the price of one unit.",
        )  # fmt: skip
        return
    for name in _OF_TERMS:
        value = row.values.get(name)
        if value is not None and name in whole and value != whole[name]:
            yield RowFault(
                row.number, name, f"{whole[name]}, as in the row from 0 units on", str(value),
                "It holds for all quantities: correct one of the two rows.",
            )  # fmt: skip


def _terms(record: Record, supplier_id: int, item_id: int) -> Terms:
    return Terms(
        supplier_id, item_id, number(record, "unit_cost") or Decimal(0), str(record["currency"]),
        real(record, "lead_time_days"), number(record, "pack_size") or Decimal(0),
        number(record, "minimum_order") or Decimal(0), "imported", text(record, "supplier_sku") or "",
        number(record, "largest_order"), whole(record, "batch_days") or 0, real(record, "safety_days") or 0.0,
        real(record, "soft_safety_days") or 0.0, number(record, "weekly_capacity"), day(record, "valid_from"),
        day(record, "valid_until"),
    )  # fmt: skip


def _price(record: Record, supplier_id: int, item_id: int, starts: date) -> Price:
    start, cost = number(record, "from_quantity") or Decimal(0), number(record, "unit_cost") or Decimal(0)
    return Price(supplier_id, item_id, start, starts, cost)


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    suppliers = {supplier.code: supplier.supplier_id for supplier in records.suppliers(ctx)}
    items = records.item_ids(ctx, codes((change.after for change in changes), "sku"))
    named = [(one, suppliers[str(one.key[0])], items[str(one.key[1])]) for one in changes]
    records.add_many_terms(ctx, [_terms(one.after, supplier, item) for one, supplier, item in named if not one.key[2]])
    today = ctx.now.date()
    records.add_many_prices(
        ctx, [_price(one.after, supplier, item, today) for one, supplier, item in named if one.key[2]]
    )
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    bulk.remove_prices(ctx, [(str(one), str(sku), cast(Decimal, start)) for one, sku, start in keys if start])
    bulk.remove_terms(ctx, [(str(supplier), str(sku)) for supplier, sku, start in keys if not start])
    return {}


TERMS = Kind(
    sheet=sheets_supply.TERMS,
    noun=("term", "terms"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    measures=MEASURES,
)
