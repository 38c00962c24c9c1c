"""Suppliers: one row each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, on_row
from shelfwise.intake.kinds.shared import asked, exact, removed, text
from shelfwise.records import bulk, exchange
from shelfwise.records.model import NewSupplier
from shelfwise.records.prices import supplier_faults


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select code as supplier, name, email, order_url, account_number from supplier
           where tenant_id = %(tenant)s and (%(one)s::text[] is null or code = any(%(one)s::text[])) order by code""",
        {"tenant": ctx.tenant, "one": asked(keys, 0)},
    )
    return {(one["supplier"],): one | exact(one, "email", "order_url", "account_number") for one in found}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    for row in rows:
        yield from on_row(row, supplier_faults(_supplier(row.values)), {"code": "supplier"})


def _supplier(record: Record) -> NewSupplier:
    return NewSupplier(
        str(record["supplier"]), text(record, "name") or "", text(record, "order_url"), text(record, "email"),
        text(record, "account_number"),
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    bulk.put_suppliers(ctx, [_supplier(change.after) for change in changes])
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_suppliers(ctx, [str(code) for (code,) in keys]))


SUPPLIERS = Kind(
    sheet=exchange.SUPPLIERS,
    noun=("supplier", "suppliers"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
)
