"""Master data. One thing at a time is added and changed by who may edit records, thousands by who may import data."""

from __future__ import annotations

from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records import tables
from shelfwise.records.books import books
from shelfwise.records.drawing import draw_floor, floor_of
from shelfwise.records.item_packs import (
    add_barcode,
    add_barcodes,
    barcodes_of,
    by_barcode,
    codes_of,
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
    categories,
    change_item,
    item,
    item_by_sku,
    item_ids,
    items,
    items_by_id,
    restore_item,
)
from shelfwise.records.scanning import Scan, item_named, scanned
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
    site,
    site_by_id,
    sites,
    zones,
)
from shelfwise.records.suppliers import (
    add_many_prices,
    add_many_terms,
    add_supplier,
    add_suppliers,
    add_terms,
    change_supplier,
    change_terms,
    costs,
    prices_for,
    put_terms,
    remove_terms,
    set_prices,
    supplier,
    supplier_ids,
    suppliers,
    terms,
    terms_for,
    terms_of,
)

__all__ = [
    "Scan",
    "add_barcode",
    "add_barcodes",
    "add_item",
    "add_items",
    "add_many_prices",
    "add_many_terms",
    "add_place",
    "add_places",
    "add_site",
    "add_supplier",
    "add_suppliers",
    "add_terms",
    "add_zone",
    "archive_item",
    "archive_place",
    "barcodes_of",
    "by_barcode",
    "categories",
    "change_item",
    "change_place",
    "change_site",
    "change_supplier",
    "change_terms",
    "change_zone",
    "codes_of",
    "costs",
    "draw_floor",
    "floor_of",
    "go_live",
    "in_base",
    "item",
    "item_by_sku",
    "item_ids",
    "item_named",
    "items",
    "items_by_id",
    "pack_history",
    "packs_of",
    "place",
    "place_by_code",
    "places",
    "prices_for",
    "put_terms",
    "remove_barcode",
    "remove_terms",
    "restore_item",
    "restore_place",
    "scanned",
    "set_go_live",
    "set_pack",
    "set_packs",
    "set_prices",
    "site",
    "site_by_id",
    "sites",
    "supplier",
    "supplier_ids",
    "suppliers",
    "terms",
    "terms_for",
    "terms_of",
    "zone",
    "zones",
]


def go_live(ctx: Context) -> datetime | None:
    """From when on sales reserve and issue stock; None: not yet decided, or an ERP keeps the books: all are history."""
    ctx.require_somewhere(Right.VIEW)
    return None if books(ctx).elsewhere else tables.go_live(ctx.tx, ctx.tenant)


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
