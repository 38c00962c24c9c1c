"""Adding and looking up master data. Adding needs the right to import data; looking up the right to view."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.records import tables
from shelfwise.records.model import (
    Item,
    NewItem,
    Provenance,
    Supplier,
    Terms,
    code_faults,
    item_faults,
    refuse,
    terms_faults,
    text_faults,
)
from shelfwise.records.sites import (
    add_place,
    add_places,
    add_site,
    add_zone,
    place_by_code,
    places,
    require_items,
    site,
    site_by_id,
    sites,
    taken,
    zones,
)

__all__ = [
    "add_item",
    "add_items",
    "add_many_terms",
    "add_place",
    "add_places",
    "add_site",
    "add_supplier",
    "add_terms",
    "add_zone",
    "go_live",
    "item",
    "item_by_sku",
    "item_ids",
    "items",
    "place_by_code",
    "places",
    "set_go_live",
    "site",
    "site_by_id",
    "sites",
    "supplier",
    "suppliers",
    "terms_for",
    "zones",
]


def add_item(
    ctx: Context,
    *,
    sku: str,
    description: str = "",
    unit: str = "each",
    quantum: Decimal = Decimal(1),
    unit_weight_g: float | None = None,
    provenance: Provenance = "entered",
) -> int:
    """Add an item; returns its id.

    Raises:
        Invalid: a field cannot be right.
        Refused: the SKU is taken.
    """
    ctx.require(Right.IMPORT_DATA)
    item = NewItem(sku, description, unit, quantum, unit_weight_g, provenance)
    refuse(item_faults(item))
    if not tables.insert_items(ctx.tx, ctx.tenant, [item]):
        raise taken("item", sku)
    item_id = tables.item_ids(ctx.tx, ctx.tenant, [sku])[sku]
    ctx.audit("item.added", f"item:{item_id}", sku=sku)
    return item_id


def add_items(ctx: Context, items: Sequence[NewItem]) -> dict[str, int]:
    """Add thousands of items at once; SKUs that are already there stay as they are. Returns the id of each SKU.

    Raises:
        Invalid: a field of some row cannot be right; nothing was added.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for row, item in enumerate(items, 1) for fault in item_faults(item, f"row {row}, "))
    added = tables.insert_items(ctx.tx, ctx.tenant, items)
    if added:
        ctx.audit("items.added", "items", added=added)
    return tables.item_ids(ctx.tx, ctx.tenant, {item.sku for item in items})


def item_by_sku(ctx: Context, sku: str) -> Item:
    """
    Raises:
        NotFound: no item has this SKU.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.item_by_sku(ctx.tx, ctx.tenant, sku)
    if found is None:
        raise NotFound("item", sku)
    return found


def item(ctx: Context, item_id: int) -> Item:
    """
    Raises:
        NotFound: there is no such item.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.item(ctx.tx, ctx.tenant, item_id)
    if found is None:
        raise NotFound("item", item_id)
    return found


def items(ctx: Context, search: str = "", limit: int = 100, offset: int = 0) -> list[Item]:
    """Items whose SKU or description contains the text, by SKU."""
    ctx.require_somewhere(Right.VIEW)
    return tables.items(ctx.tx, ctx.tenant, search, limit, offset)


def item_ids(ctx: Context, skus: Collection[str]) -> dict[str, int]:
    """The ids of those SKUs that exist."""
    ctx.require_somewhere(Right.VIEW)
    return tables.item_ids(ctx.tx, ctx.tenant, skus)


def add_supplier(
    ctx: Context, *, code: str, name: str, order_url: str | None = None, provenance: Provenance = "entered"
) -> int:
    """Add a supplier; returns its id.

    Raises:
        Invalid: a field cannot be right.
        Refused: the code is taken.
    """
    ctx.require(Right.IMPORT_DATA)
    faults = [*code_faults(code, "code"), *text_faults(name, "name")]
    if order_url is not None and not (order_url.startswith(("http://", "https://")) and order_url.isprintable()):
        faults.append(Fault("order_url", "an http or https address", shorten(order_url), "Correct the address."))
    refuse(faults)
    supplier_id = tables.insert_supplier(ctx.tx, ctx.tenant, Supplier(0, code, name, order_url, provenance))
    if supplier_id is None:
        raise taken("supplier", code)
    ctx.audit("supplier.added", f"supplier:{supplier_id}", code=code)
    return supplier_id


def suppliers(ctx: Context) -> list[Supplier]:
    """All suppliers, by code."""
    ctx.require_somewhere(Right.VIEW)
    return tables.suppliers(ctx.tx, ctx.tenant)


def supplier(ctx: Context, supplier_id: int) -> Supplier:
    """
    Raises:
        NotFound: there is no such supplier.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.supplier(ctx.tx, ctx.tenant, supplier_id)
    if found is None:
        raise NotFound("supplier", supplier_id)
    return found


def add_terms(
    ctx: Context,
    *,
    supplier_id: int,
    item_id: int,
    unit_cost: Decimal,
    currency: str,
    lead_time_days: float,
    pack_size: Decimal = Decimal(1),
    minimum_order: Decimal = Decimal(0),
    provenance: Provenance = "entered",
) -> None:
    """Say on which terms a supplier sells an item; earlier terms of the two are replaced.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier or the item does not exist.
    """
    add_many_terms(
        ctx,
        [
            Terms(
                supplier_id,
                item_id,
                unit_cost,
                currency,
                lead_time_days,
                pack_size,
                minimum_order,
                provenance,
            )
        ],
    )


def add_many_terms(ctx: Context, terms: Sequence[Terms]) -> None:
    """Say on which terms suppliers sell thousands of items; earlier terms of the same pair are replaced.

    Raises:
        Invalid: a field of some row cannot be right, or a pair appears twice; nothing was added.
        NotFound: a supplier or an item does not exist.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for row, one in enumerate(terms, 1) for fault in terms_faults(one, f"row {row}, "))
    if len({(one.supplier_id, one.item_id) for one in terms}) < len(terms):
        raise Invalid(Fault("terms", "each supplier and item once", "a pair twice", "Keep the terms that hold."))
    require_items(ctx, {one.item_id for one in terms})
    try:
        with ctx.tx.transaction():
            tables.put_terms(ctx.tx, ctx.tenant, terms)
    except pg.ForeignKeyViolation as error:
        raise NotFound("supplier", sorted({one.supplier_id for one in terms})) from error
    if terms:
        ctx.audit("terms.added", "terms", count=len(terms))


def terms_for(ctx: Context, item_ids: Collection[int]) -> list[Terms]:
    """The terms of all suppliers for the items, by item and supplier."""
    ctx.require_somewhere(Right.VIEW)
    return tables.terms_for(ctx.tx, ctx.tenant, item_ids)


def go_live(ctx: Context) -> datetime | None:
    """From when on sales reserve and issue stock; None: not yet decided, all sales are history."""
    ctx.require_somewhere(Right.VIEW)
    return tables.go_live(ctx.tx, ctx.tenant)


def set_go_live(ctx: Context, instant: datetime) -> None:
    """Decide from when on sales reserve and issue stock. Lines already taken keep their state.

    Raises:
        Invalid: the instant has no time zone.
    """
    ctx.require(Right.IMPORT_DATA)
    if instant.utcoffset() is None:
        raise Invalid(Fault("go_live", "an instant with its time zone", shorten(str(instant)), "Add the time zone."))
    tables.put_go_live(ctx.tx, ctx.tenant, instant)
    ctx.audit("go_live.decided", "tenant", at=instant.isoformat())
