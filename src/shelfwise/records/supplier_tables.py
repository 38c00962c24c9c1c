"""SQL of suppliers, their terms and prices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from shelfwise.records.prices import Price
from shelfwise.records.supply import SAID_BY_PERIODS, NewSupplier, Period, Supplier, Terms
from shelfwise.store.database import Tx, first, rows, run, values

_FIELDS = """code, name, order_url, email, account_number, address, currency, numbers, provenance, minimum_value,
    free_freight_from, order_days, orders_until"""
_SUPPLIER = f"select supplier_id, {_FIELDS} from supplier"
_OF_PERIODS = ", ".join(f"coalesce(p.{name}, s.{name}) as {name}" for name in SAID_BY_PERIODS)
# The cost is the one of the day: a price from 0 units on that has begun goes before the terms' own. So does what a
# period says that holds on the day, where periods count.
_TERMS = f"""select s.supplier_id, s.item_id,
        coalesce((select q.unit_cost from supplier_price q
            where q.tenant_id = s.tenant_id and q.supplier_id = s.supplier_id and q.item_id = s.item_id
              and q.from_quantity = 0 and q.valid_from <= %(day)s order by q.valid_from desc limit 1), s.unit_cost)
            as unit_cost,
        s.currency, s.provenance, s.supplier_sku, s.valid_from, s.valid_until, {_OF_PERIODS}
    from supplier_item s left join lateral (
        select * from supplier_period d
        where d.tenant_id = s.tenant_id and d.supplier_id = s.supplier_id and d.item_id = s.item_id
          and %(periods)s and d.valid_from <= %(day)s and (d.valid_until is null or d.valid_until >= %(day)s)
        order by d.valid_from desc limit 1) p on true"""


def insert_suppliers(tx: Tx, tenant: int, suppliers: Sequence[NewSupplier]) -> int:
    """Insert those whose code is not there yet; returns how many that were."""
    return run(
        tx,
        f"""insert into supplier (tenant_id, {_FIELDS})
            select %s, u.* from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::text[], %s::time[]) u
            on conflict (tenant_id, code) do nothing""",
        (tenant, *_columns(suppliers, *(name.strip() for name in _FIELDS.split(",")))),
    )


def update_supplier(tx: Tx, tenant: int, supplier_id: int, to: NewSupplier) -> None:
    run(
        tx,
        """update supplier set code = %s, name = %s, order_url = %s, email = %s, account_number = %s, address = %s,
               currency = %s, numbers = %s, minimum_value = %s, free_freight_from = %s, order_days = %s,
               orders_until = %s
           where tenant_id = %s and supplier_id = %s""",
        (
            to.code, to.name, to.order_url, to.email, to.account_number, to.address, to.currency, to.numbers,
            to.minimum_value, to.free_freight_from, to.order_days, to.orders_until, tenant, supplier_id,
        ),
    )  # fmt: skip


def suppliers(tx: Tx, tenant: int) -> list[Supplier]:
    return rows(tx, Supplier, f"{_SUPPLIER} where tenant_id = %s order by code", (tenant,))


def supplier(tx: Tx, tenant: int, supplier_id: int, lock: str = "") -> Supplier | None:
    return first(tx, Supplier, f"{_SUPPLIER} where tenant_id = %s and supplier_id = %s {lock}", (tenant, supplier_id))


def supplier_ids(tx: Tx, tenant: int, codes: Collection[str]) -> dict[str, int]:
    """The id of each code, of its survivor where it was absorbed; see records.joined."""
    # Postgres takes no zero byte.
    asked = [code for code in codes if "\x00" not in code]
    return dict(
        values(
            tx,
            """select s.code, coalesce(j.survivor_id, s.supplier_id) from supplier s
               left join joined j on j.tenant_id = s.tenant_id and j.kind = 'supplier' and j.id = s.supplier_id
               where s.tenant_id = %s and s.code = any(%s::text[])""",
            (tenant, asked),
        )
    )


def known_suppliers(tx: Tx, tenant: int, supplier_ids: Collection[int]) -> set[int]:
    """Those of the ids that exist."""
    found = values(
        tx,
        "select supplier_id from supplier where tenant_id = %s and supplier_id = any(%s::bigint[])",
        (tenant, list(supplier_ids)),
    )
    return {supplier_id for (supplier_id,) in found}


_SAID = (
    "supplier_id", "item_id", "unit_cost", "currency", "pack_size", "minimum_order", "lead_time_days", "provenance",
    "supplier_sku", "largest_order", "batch_days", "safety_days", "soft_safety_days", "weekly_capacity", "valid_from",
    "valid_until",
)  # fmt: skip


def put_terms(tx: Tx, tenant: int, terms: Sequence[Terms]) -> None:
    """Insert terms, or replace those of the same supplier and item."""
    run(
        tx,
        f"""insert into supplier_item (tenant_id, {", ".join(_SAID)})
            select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::text[], %s::numeric[],
                %s::numeric[], %s::float8[], %s::text[], %s::text[], %s::numeric[], %s::int[], %s::float8[],
                %s::float8[], %s::numeric[], %s::date[], %s::date[]) u
            on conflict (tenant_id, supplier_id, item_id) do update set
                {", ".join(f"{name} = excluded.{name}" for name in _SAID[2:])}""",
        (tenant, *_columns(terms, *_SAID)),
    )


def _columns(told: Sequence[object], *names: str) -> list[list[Any]]:
    return [[getattr(one, name) for one in told] for name in names]


def forget_begun(tx: Tx, tenant: int, pairs: Sequence[tuple[int, int]], day: date) -> None:
    """The terms of these suppliers and items say a new price: what was known ahead and has begun is past."""
    run(
        tx,
        """delete from supplier_price p using unnest(%s::bigint[], %s::bigint[]) u (supplier_id, item_id)
           where p.tenant_id = %s and p.supplier_id = u.supplier_id and p.item_id = u.item_id
             and p.from_quantity = 0 and p.valid_from <= %s""",
        ([supplier for supplier, _ in pairs], [item for _, item in pairs], tenant, day),
    )


def remove_terms(tx: Tx, tenant: int, supplier_id: int, item_id: int) -> int:
    return run(
        tx,
        "delete from supplier_item where tenant_id = %s and supplier_id = %s and item_id = %s",
        (tenant, supplier_id, item_id),
    )


def terms_for(tx: Tx, tenant: int, ids: Collection[int], day: date, standing: bool = False) -> list[Terms]:
    """Of suppliers that were not absorbed: nobody orders from those any more.

    Args:
        standing: as they were said, without periods; also of what is not sold on the day.
    """
    return rows(
        tx,
        Terms,
        f"""{_TERMS} where s.tenant_id = %(tenant)s and s.item_id = any(%(ids)s::bigint[]) and (not %(periods)s or
                (coalesce(s.valid_from <= %(day)s, true) and coalesce(s.valid_until >= %(day)s, true)))
              and not exists (
                select from joined j where j.tenant_id = s.tenant_id and j.kind = 'supplier' and j.id = s.supplier_id)
            order by s.item_id, s.supplier_id""",
        {"tenant": tenant, "ids": list(ids), "day": day, "periods": not standing},
    )


def terms_of(tx: Tx, tenant: int, supplier_id: int, day: date, standing: bool = False) -> list[Terms]:
    """All of a supplier, also what is not sold on the day; `standing`: without periods."""
    return rows(
        tx,
        Terms,
        f"{_TERMS} where s.tenant_id = %(tenant)s and s.supplier_id = %(supplier)s order by s.item_id",
        {"tenant": tenant, "supplier": supplier_id, "day": day, "periods": not standing},
    )


_PERIOD = ("supplier_id", "item_id", "valid_from", "valid_until", *SAID_BY_PERIODS)


def put_periods(tx: Tx, tenant: int, periods: Sequence[Period]) -> None:
    """Insert periods, or replace those that begin on the same day."""
    kinds = {"pack_size": "numeric", "minimum_order": "numeric", "largest_order": "numeric", "batch_days": "int",
             "weekly_capacity": "numeric"}  # fmt: skip
    lists = ", ".join(f"%s::{kinds.get(name, 'float8')}[]" for name in SAID_BY_PERIODS)
    run(
        tx,
        f"""insert into supplier_period (tenant_id, {", ".join(_PERIOD)})
            select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::date[], %s::date[], {lists}) u
            on conflict (tenant_id, supplier_id, item_id, valid_from) do update set
                {", ".join(f"{name} = excluded.{name}" for name in _PERIOD[3:])}""",
        (tenant, *_columns(periods, *_PERIOD)),
    )


def remove_periods(tx: Tx, tenant: int, supplier_id: int, item_id: int) -> None:
    run(
        tx,
        "delete from supplier_period where tenant_id = %s and supplier_id = %s and item_id = %s",
        (tenant, supplier_id, item_id),
    )


def periods_for(tx: Tx, tenant: int, ids: Collection[int]) -> list[Period]:
    return rows(
        tx,
        Period,
        f"""select {", ".join(_PERIOD)} from supplier_period
            where tenant_id = %s and item_id = any(%s::bigint[]) order by item_id, supplier_id, valid_from""",
        (tenant, list(ids)),
    )


def put_prices(tx: Tx, tenant: int, prices: Sequence[Price]) -> None:
    """Insert prices, or replace those for the same quantity and day."""
    run(
        tx,
        """insert into supplier_price (tenant_id, supplier_id, item_id, from_quantity, valid_from, unit_cost)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::date[], %s::numeric[]) u
           on conflict (tenant_id, supplier_id, item_id, from_quantity, valid_from)
               do update set unit_cost = excluded.unit_cost""",
        (
            tenant,
            [one.supplier_id for one in prices],
            [one.item_id for one in prices],
            [one.from_quantity for one in prices],
            [one.valid_from for one in prices],
            [one.unit_cost for one in prices],
        ),
    )


def remove_prices(tx: Tx, tenant: int, supplier_id: int, item_id: int) -> None:
    run(
        tx,
        "delete from supplier_price where tenant_id = %s and supplier_id = %s and item_id = %s",
        (tenant, supplier_id, item_id),
    )


def prices_for(tx: Tx, tenant: int, ids: Collection[int]) -> list[Price]:
    return rows(
        tx,
        Price,
        """select supplier_id, item_id, from_quantity, valid_from, unit_cost from supplier_price
           where tenant_id = %s and item_id = any(%s::bigint[])
           order by item_id, supplier_id, from_quantity, valid_from""",
        (tenant, list(ids)),
    )
