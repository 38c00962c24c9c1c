"""Suppliers: one row each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, time

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, on_row
from shelfwise.intake.kinds.shared import asked, exact, number, removed, text
from shelfwise.records import bulk, sheets_supply
from shelfwise.records.prices import supplier_faults
from shelfwise.records.supply import NewSupplier

_TOLD = (
    "email", "order_url", "account_number", "currency", "minimum_value", "free_freight_from", "order_days",
    "orders_until",
)  # fmt: skip


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select code as supplier, name, email, order_url, account_number, currency, minimum_value, free_freight_from,
                  order_days, to_char(orders_until, 'HH24:MI') as orders_until
           from supplier
           where tenant_id = %(tenant)s and (%(one)s::text[] is null or code = any(%(one)s::text[])) order by code""",
        {"tenant": ctx.tenant, "one": asked(keys, 0)},
    )
    return {(one["supplier"],): one | exact(one, *_TOLD) for one in found}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    known = _known(ctx, [(row.values["supplier"],) for row in rows])
    for row in rows:
        told = {name: value for name, value in row.values.items() if value is not None}
        clock = told.get("orders_until")
        if clock is not None and _clock(str(clock)) is None:
            yield RowFault(row.number, "orders_until", "a time such as 14:30", repr(clock), "Correct it.")
        # An amount may be told in a currency that is known already.
        whole = {**known.get((row.values["supplier"],), {}), **told}
        yield from on_row(row, supplier_faults(_supplier(whole)), {"code": "supplier"})


def _supplier(record: Record) -> NewSupplier:
    return NewSupplier(
        code=str(record["supplier"]), name=text(record, "name") or "", order_url=text(record, "order_url"),
        email=text(record, "email"), account_number=text(record, "account_number"), currency=text(record, "currency"),
        minimum_value=number(record, "minimum_value"), free_freight_from=number(record, "free_freight_from"),
        order_days=text(record, "order_days") or "", orders_until=_clock(text(record, "orders_until") or ""),
    )  # fmt: skip


def _clock(told: str) -> time | None:
    try:
        return time.fromisoformat(told) if len(told) == len("14:30") else None
    except ValueError:
        return None


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    bulk.put_suppliers(ctx, [_supplier(change.after) for change in changes])
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    return removed(keys, bulk.remove_suppliers(ctx, [str(code) for (code,) in keys]))


SUPPLIERS = Kind(
    sheet=sheets_supply.SUPPLIERS,
    noun=("supplier", "suppliers"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
)
