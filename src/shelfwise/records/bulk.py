"""Master data by the thousand, as files bring it: changed at once, and taken out again where nothing depends on it yet.

Each change of a file is kept beside its import, from what to what; the audit log says how many there were.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records.item_rules import item_faults
from shelfwise.records.model import NewItem, refuse
from shelfwise.records.prices import supplier_faults
from shelfwise.records.supply import NewSupplier
from shelfwise.store.database import run, values

USED = "it is used by now, by stock, orders or other records"


def change_items(ctx: Context, items: Sequence[NewItem]) -> None:
    """What files say of items that are there, by SKU, and what changes no meaning of what was booked: description,
    weight, shelf life, category and the last day they are sold.

    Raises:
        Invalid: a field cannot be right; nothing was changed.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for one in items for fault in item_faults(one, f"{one.sku}, "))
    _update(
        ctx, "items.changed",
        """update item t set description = u.description, unit_weight_g = u.weight, shelf_life_days = u.life,
               category = u.category, sold_until = u.sold_until
           from unnest(%s::text[], %s::text[], %s::float8[], %s::int[], %s::text[], %s::date[])
               u (sku, description, weight, life, category, sold_until)
           where t.tenant_id = %s and t.sku = u.sku""",
        [
            (one.sku, one.description, one.unit_weight_g, one.shelf_life_days, one.category, one.sold_until)
            for one in items
        ],
    )  # fmt: skip


def put_suppliers(ctx: Context, suppliers: Sequence[NewSupplier]) -> None:
    """Add suppliers, or change those whose code is there: how they are called and reached, and how they take
    orders, which is what files tell.

    Raises:
        Invalid: a field cannot be right; nothing was changed.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for one in suppliers for fault in supplier_faults(one, f"{one.code}, "))
    _update(
        ctx, "suppliers.imported",
        """insert into supplier (tenant_id, code, name, email, order_url, account_number, currency, minimum_value,
               free_freight_from, order_days, orders_until, provenance)
           select v.tenant, u.*, 'imported'
           from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
               %s::numeric[], %s::text[], %s::time[]) u, (values (%s::int)) v (tenant)
           on conflict (tenant_id, code) do update set name = excluded.name, email = excluded.email,
               order_url = excluded.order_url, account_number = excluded.account_number, currency = excluded.currency,
               minimum_value = excluded.minimum_value, free_freight_from = excluded.free_freight_from,
               order_days = excluded.order_days, orders_until = excluded.orders_until""",
        [
            (
                one.code, one.name, one.email, one.order_url, one.account_number, one.currency, one.minimum_value,
                one.free_freight_from, one.order_days, one.orders_until,
            )
            for one in suppliers
        ],
    )  # fmt: skip


def _update(ctx: Context, action: str, sql: str, told: Sequence[tuple[Any, ...]]) -> None:
    if told:
        done = run(ctx.tx, sql, (*map(list, zip(*told, strict=True)), ctx.tenant))
        ctx.audit(action, action.split(".")[0], count=done)


def remove_sites(ctx: Context, codes: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Take sites out that nothing uses; returns those that stay, and why. So do the functions below."""
    ctx.require(Right.IMPORT_DATA)
    return _remove(
        ctx, "sites.removed", [(code,) for code in codes],
        """with gone as (select tenant_id, site_id from site where tenant_id = %(tenant)s and code = any(%(a)s)),
                standing as (delete from place p using gone g where p.tenant_id = g.tenant_id and p.site_id = g.site_id)
           delete from site s using gone g where s.tenant_id = g.tenant_id and s.site_id = g.site_id""",
    )  # fmt: skip


def remove_zones(ctx: Context, codes: Sequence[tuple[str, str]]) -> dict[tuple[str, ...], str]:
    ctx.require_somewhere(Right.IMPORT_DATA)
    _require_sites(ctx, {site for site, _ in codes})
    return _remove(
        ctx, "zones.removed", codes,
        """delete from zone t using site s, unnest(%(a)s::text[], %(b)s::text[]) u (site, code)
           where t.tenant_id = %(tenant)s and s.tenant_id = t.tenant_id and s.site_id = t.site_id
             and s.code = u.site and t.code = u.code""",
    )  # fmt: skip


def remove_places(ctx: Context, codes: Sequence[tuple[str, str]]) -> dict[tuple[str, ...], str]:
    ctx.require_somewhere(Right.IMPORT_DATA)
    _require_sites(ctx, {site for site, _ in codes})
    return _remove(
        ctx, "places.removed", codes,
        """delete from place t using site s, unnest(%(a)s::text[], %(b)s::text[]) u (site, code)
           where t.tenant_id = %(tenant)s and s.tenant_id = t.tenant_id and s.site_id = t.site_id
             and s.code = u.site and t.code = u.code""",
    )  # fmt: skip


def remove_items(ctx: Context, skus: Sequence[str]) -> dict[tuple[str, ...], str]:
    ctx.require(Right.IMPORT_DATA)
    return _remove(
        ctx, "items.removed", [(sku,) for sku in skus],
        """with gone as (select tenant_id, item_id from item where tenant_id = %(tenant)s and sku = any(%(a)s)),
                packs as (delete from item_pack p using gone g
                    where p.tenant_id = g.tenant_id and p.item_id = g.item_id),
                codes as (delete from item_barcode b using gone g
                    where b.tenant_id = g.tenant_id and b.item_id = g.item_id)
           delete from item i using gone g where i.tenant_id = g.tenant_id and i.item_id = g.item_id""",
    )  # fmt: skip


def remove_barcodes(ctx: Context, barcodes: Sequence[str]) -> dict[tuple[str, ...], str]:
    ctx.require(Right.IMPORT_DATA)
    return _remove(
        ctx, "barcodes.removed", [(barcode,) for barcode in barcodes],
        "delete from item_barcode where tenant_id = %(tenant)s and barcode = any(%(a)s)",
    )  # fmt: skip


def remove_suppliers(ctx: Context, codes: Sequence[str]) -> dict[tuple[str, ...], str]:
    ctx.require(Right.IMPORT_DATA)
    return _remove(
        ctx, "suppliers.removed", [(code,) for code in codes],
        "delete from supplier where tenant_id = %(tenant)s and code = any(%(a)s)",
    )  # fmt: skip


def remove_terms(ctx: Context, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, ...], str]:
    """Of suppliers and items, by code and SKU."""
    ctx.require(Right.IMPORT_DATA)
    return _remove(
        ctx, "terms.removed", pairs,
        """delete from supplier_item t using supplier s, item i, unnest(%(a)s::text[], %(b)s::text[]) u (code, sku)
           where t.tenant_id = %(tenant)s and s.tenant_id = t.tenant_id and s.supplier_id = t.supplier_id
             and i.tenant_id = t.tenant_id and i.item_id = t.item_id and s.code = u.code and i.sku = u.sku""",
    )  # fmt: skip


def remove_prices(ctx: Context, prices: Sequence[tuple[str, str, Decimal]]) -> None:
    """Forget what a supplier charges for an item from so many units on, on whatever day; by code and SKU."""
    ctx.require(Right.IMPORT_DATA)
    if not prices:
        return
    gone = run(
        ctx.tx,
        """delete from supplier_price p using supplier s, item i,
               unnest(%s::text[], %s::text[], %s::numeric[]) u (code, sku, start)
           where p.tenant_id = %s and s.tenant_id = p.tenant_id and s.supplier_id = p.supplier_id
             and i.tenant_id = p.tenant_id and i.item_id = p.item_id and s.code = u.code and i.sku = u.sku
             and p.from_quantity = u.start""",
        (*map(list, zip(*prices, strict=True)), ctx.tenant),
    )
    ctx.audit("prices.removed", "terms", count=gone)


def _remove(ctx: Context, action: str, keys: Sequence[tuple[str, ...]], sql: str) -> dict[tuple[str, ...], str]:
    """All at once; where something depends on one of them, one by one."""
    if not keys:
        return {}
    stay: dict[tuple[str, ...], str] = {}

    def delete(some: Sequence[tuple[str, ...]]) -> int:
        first, *second = map(list, zip(*some, strict=True))
        with ctx.tx.transaction():
            return run(ctx.tx, sql, {"tenant": ctx.tenant, "a": first, "b": second[0] if second else []})

    try:
        gone = delete(keys)
    except pg.ForeignKeyViolation:
        gone = 0
        for key in keys:
            try:
                gone += delete([key])
            except pg.ForeignKeyViolation:
                stay[key] = USED
    if gone:
        ctx.audit(action, action.split(".")[0], count=gone)
    return stay


def _require_sites(ctx: Context, codes: Collection[str]) -> None:
    for (site_id,) in values(
        ctx.tx, "select site_id from site where tenant_id = %s and code = any(%s::text[])", (ctx.tenant, list(codes))
    ):
        ctx.require(Right.IMPORT_DATA, site_id)
