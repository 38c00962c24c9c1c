"""Master data. One thing at a time is added and changed by who may edit records, thousands by who may import data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.records import tables
from shelfwise.records.changes import taken
from shelfwise.records.item_packs import (
    add_barcode,
    add_barcodes,
    barcodes_of,
    by_barcode,
    in_base,
    pack_history,
    packs_of,
    remove_barcode,
    set_pack,
    set_packs,
)
from shelfwise.records.items import (
    add_item,
    add_items,
    archive_item,
    change_item,
    item,
    item_by_sku,
    item_ids,
    items,
    items_by_id,
    restore_item,
)
from shelfwise.records.model import (
    Provenance,
    Supplier,
    Terms,
    code_faults,
    refuse,
    terms_faults,
    text_faults,
)
from shelfwise.records.site_changes import (
    archive_place,
    change_place,
    change_site,
    change_zone,
    place,
    restore_place,
    zone,
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
    zones,
)

__all__ = [
    "add_barcode",
    "add_barcodes",
    "add_item",
    "add_items",
    "add_many_terms",
    "add_place",
    "add_places",
    "add_site",
    "add_supplier",
    "add_terms",
    "add_zone",
    "archive_item",
    "archive_place",
    "barcodes_of",
    "by_barcode",
    "change_item",
    "change_place",
    "change_site",
    "change_zone",
    "go_live",
    "in_base",
    "item",
    "item_by_sku",
    "item_ids",
    "items",
    "items_by_id",
    "pack_history",
    "packs_of",
    "place",
    "place_by_code",
    "places",
    "remove_barcode",
    "restore_item",
    "restore_place",
    "set_go_live",
    "set_pack",
    "set_packs",
    "site",
    "site_by_id",
    "sites",
    "supplier",
    "suppliers",
    "terms_for",
    "zone",
    "zones",
]


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
