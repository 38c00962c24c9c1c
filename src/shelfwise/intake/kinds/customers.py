"""Customers: one row each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, on_row
from shelfwise.intake.kinds.shared import asked, exact, text
from shelfwise.records import customers, sheets_trade
from shelfwise.records.customers import NewCustomer, customer_faults


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select code as customer, name, country, address, customer_group, delivery_note from customer
           where tenant_id = %(tenant)s and (%(one)s::text[] is null or code = any(%(one)s::text[])) order by code""",
        {"tenant": ctx.tenant, "one": asked(keys, 0)},
    )
    return {
        (one["customer"],): one | exact(one, "country", "address", "customer_group", "delivery_note") for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    for row in rows:
        yield from on_row(row, customer_faults(_customer(row.values)), {"code": "customer"})


def _customer(record: Record) -> NewCustomer:
    return NewCustomer(
        str(record["customer"]), text(record, "name") or "", text(record, "country"), text(record, "address") or "",
        text(record, "customer_group"), text(record, "delivery_note"), "imported",
    )  # fmt: skip


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    customers.put_customers(ctx, [_customer(change.after) for change in changes])
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    customers.remove_customers(ctx, [str(code) for (code,) in keys])
    return {}


CUSTOMERS = Kind(
    sheet=sheets_trade.CUSTOMERS,
    noun=("customer", "customers"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    synonyms={
        "customer": ("customercode", "customerid", "customerno", "customernumber", "kundennummer", "client"),
        "name": ("customername", "company", "firma", "kunde"),
        "address": ("deliveryaddress", "shippingaddress", "lieferadresse", "anschrift", "adresse"),
        "customer_group": ("group", "customertype", "kundengruppe"),
        "delivery_note": ("note", "deliverynotes", "instructions", "lieferhinweis"),
    },
)
