"""SQL of suppliers, their terms and prices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from shelfwise.records.model import NewSupplier, Supplier, Terms
from shelfwise.records.prices import Price
from shelfwise.store.database import Tx, first, rows, run, values

_FIELDS = "code, name, order_url, email, account_number, address, currency, numbers, provenance"
_SUPPLIER = f"select supplier_id, {_FIELDS} from supplier"
# The cost is the one of the day: a price from 0 units on that has begun goes before the terms' own.
_TERMS = """select supplier_id, item_id,
        coalesce((select p.unit_cost from supplier_price p
            where p.tenant_id = s.tenant_id and p.supplier_id = s.supplier_id and p.item_id = s.item_id
              and p.from_quantity = 0 and p.valid_from <= %(day)s order by p.valid_from desc limit 1), unit_cost)
            as unit_cost,
        currency, lead_time_days, pack_size, minimum_order, provenance, supplier_sku
    from supplier_item s"""


def insert_suppliers(tx: Tx, tenant: int, suppliers: Sequence[NewSupplier]) -> int:
    """Insert those whose code is not there yet; returns how many that were."""
    return run(
        tx,
        f"""insert into supplier (tenant_id, {_FIELDS})
            select %s, u.* from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::text[], %s::text[], %s::text[]) u
            on conflict (tenant_id, code) do nothing""",
        (
            tenant,
            [one.code for one in suppliers],
            [one.name for one in suppliers],
            [one.order_url for one in suppliers],
            [one.email for one in suppliers],
            [one.account_number for one in suppliers],
            [one.address for one in suppliers],
            [one.currency for one in suppliers],
            [one.numbers for one in suppliers],
            [one.provenance for one in suppliers],
        ),
    )


def update_supplier(tx: Tx, tenant: int, supplier_id: int, to: NewSupplier) -> None:
    run(
        tx,
        """update supplier set code = %s, name = %s, order_url = %s, email = %s, account_number = %s, address = %s,
               currency = %s, numbers = %s
           where tenant_id = %s and supplier_id = %s""",
        (
            to.code, to.name, to.order_url, to.email, to.account_number, to.address, to.currency, to.numbers, tenant,
            supplier_id,
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


def put_terms(tx: Tx, tenant: int, terms: Sequence[Terms]) -> None:
    """Insert terms, or replace those of the same supplier and item."""
    run(
        tx,
        """insert into supplier_item (tenant_id, supplier_id, item_id, unit_cost, currency, pack_size,
                                      minimum_order, lead_time_days, provenance, supplier_sku)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::text[], %s::numeric[],
               %s::numeric[], %s::float8[], %s::text[], %s::text[]) u
           on conflict (tenant_id, supplier_id, item_id) do update set
               unit_cost = excluded.unit_cost, currency = excluded.currency, pack_size = excluded.pack_size,
               minimum_order = excluded.minimum_order, lead_time_days = excluded.lead_time_days,
               provenance = excluded.provenance, supplier_sku = excluded.supplier_sku""",
        (
            tenant,
            [one.supplier_id for one in terms],
            [one.item_id for one in terms],
            [one.unit_cost for one in terms],
            [one.currency for one in terms],
            [one.pack_size for one in terms],
            [one.minimum_order for one in terms],
            [one.lead_time_days for one in terms],
            [one.provenance for one in terms],
            [one.supplier_sku for one in terms],
        ),
    )


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


def terms_for(tx: Tx, tenant: int, ids: Collection[int], day: date) -> list[Terms]:
    """Of suppliers that were not absorbed: nobody orders from those any more."""
    return rows(
        tx,
        Terms,
        f"""{_TERMS} where tenant_id = %(tenant)s and item_id = any(%(ids)s::bigint[]) and not exists (
                select from joined j where j.tenant_id = s.tenant_id and j.kind = 'supplier' and j.id = s.supplier_id)
            order by item_id, supplier_id""",
        {"tenant": tenant, "ids": list(ids), "day": day},
    )


def terms_of(tx: Tx, tenant: int, supplier_id: int, day: date) -> list[Terms]:
    return rows(
        tx,
        Terms,
        f"{_TERMS} where tenant_id = %(tenant)s and supplier_id = %(supplier)s order by item_id",
        {"tenant": tenant, "supplier": supplier_id, "day": day},
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
