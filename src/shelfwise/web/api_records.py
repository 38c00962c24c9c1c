"""REST: master data of items, sites, zones and places."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.records import service as records
from shelfwise.records import succession
from shelfwise.records.item_tables import Barcode
from shelfwise.records.model import Item, Place
from shelfwise.records.succession import Succession
from shelfwise.stock import service as stock
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Told
from shelfwise.web.api_records_model import (
    BarcodeGoneIn,
    BarcodeIn,
    BarcodeOut,
    ItemChangeIn,
    ItemIn,
    ItemOut,
    ItemRecordOut,
    PackIn,
    PackOut,
    PlaceChangeIn,
    PlaceIn,
    PlaceRecordOut,
    ReplacesIn,
    ReplacesOut,
    SiteChangeIn,
    SiteIn,
    SiteOut,
    ZoneChangeIn,
    ZoneIn,
    ZoneOut,
)
from shelfwise.web.api_stock import Limit, Offset
from shelfwise.web.visits import Visitor

router = APIRouter()
Sku = Annotated[str, Path(max_length=200, description="It may hold slashes")]
Which = Annotated[Id, Path()]


def _all(told: Told) -> dict[str, Any]:
    """Every field, as it is and not as it is written in JSON."""
    return {name: getattr(told, name) for name in type(told).model_fields}


def _given(told: Told) -> dict[str, Any]:
    """What a change says; what it leaves out stays as it is."""
    return {name: getattr(told, name) for name in told.model_fields_set - {"confirmed"}}


@router.get("/items", tags=["records"], responses=errors())
def items(
    visit: Visitor,
    search: Annotated[str, Query(max_length=200)] = "",
    archived: Annotated[bool, Query(description="Also those that are phased out")] = False,
    limit: Limit = 200,
    offset: Offset = 0,
) -> list[ItemRecordOut]:
    """Items whose SKU, description, category or barcode contains a text, by SKU; also those without stock."""
    with visit.context() as ctx:
        return [ItemRecordOut.model_validate(one) for one in records.items(ctx, search, limit, offset, archived)]


@router.post("/items", tags=["records"], responses=errors(409))
def add_item(visit: Visitor, told: ItemIn) -> ItemRecordOut:
    """Add an item."""
    with visit.context() as ctx:
        item_id = records.add_item(ctx, **_all(told))
        return ItemRecordOut.model_validate(records.item(ctx, item_id))


@router.post("/items/{sku:path}/change", tags=["records"], responses=errors(404, 409))
def change_item(visit: Visitor, sku: Sku, told: ItemChangeIn) -> ItemRecordOut:
    """Change some fields of an item. Where that means something for what is there, 409 says what, until confirmed."""
    with visit.context() as ctx:
        item = _item(ctx, sku)
        to = replace(item.as_new, **_given(told))
        return ItemRecordOut.model_validate(records.change_item(ctx, item.item_id, to, confirmed=told.confirmed))


def _item(ctx: Context, sku: str) -> Item:
    """An item that the actor may change."""
    ctx.require(Right.EDIT_RECORDS)
    return records.item_by_sku(ctx, sku)


@router.post("/items/{sku:path}/archive", tags=["records"], responses=errors(404))
def archive_item(visit: Visitor, sku: Sku) -> ItemRecordOut:
    """Phase an item out: not offered and not ordered any more. What is there is sold as ever."""
    with visit.context() as ctx:
        return ItemRecordOut.model_validate(records.archive_item(ctx, _item(ctx, sku).item_id))


@router.post("/items/{sku:path}/restore", tags=["records"], responses=errors(404))
def restore_item(visit: Visitor, sku: Sku) -> ItemRecordOut:
    """Offer an item again that was phased out."""
    with visit.context() as ctx:
        return ItemRecordOut.model_validate(records.restore_item(ctx, _item(ctx, sku).item_id))


@router.get("/items/{sku:path}/packs", tags=["records"], responses=errors(404))
def packs(visit: Visitor, sku: Sku) -> list[PackOut]:
    """What the packs of an item hold and held, each from a day on; the newest of a level first."""
    with visit.context() as ctx:
        found = records.pack_history(ctx, records.item_by_sku(ctx, sku).item_id)
        return [PackOut.model_validate(one) for one in found]


@router.post("/items/{sku:path}/packs", tags=["records"], responses=errors(404, 409))
def set_pack(visit: Visitor, sku: Sku, told: PackIn) -> list[PackOut]:
    """Say what a pack holds from a day on. What was told in packs before stays as it was told."""
    with visit.context() as ctx:
        item_id = _item(ctx, sku).item_id
        records.set_pack(ctx, item_id, told.level, told.quantity, told.valid_from)
        return [PackOut.model_validate(one) for one in records.pack_history(ctx, item_id)]


@router.get("/items/{sku:path}/replaces", tags=["records"], responses=errors(404))
def replaces(visit: Visitor, sku: Sku) -> list[ReplacesOut]:
    """Which item it takes the place of; an empty list: none."""
    with visit.context() as ctx:
        return _replaces(ctx, records.item_by_sku(ctx, sku).item_id)


def _replaces(ctx: Context, item_id: int) -> list[ReplacesOut]:
    found = succession.predecessor_of(ctx, item_id)
    if found is None:
        return []
    sku = records.item(ctx, found.replaces_id).sku
    return [ReplacesOut(replaces=sku, from_day=found.from_day, factor=found.factor)]


@router.post("/items/{sku:path}/replaces", tags=["records"], responses=errors(404))
def set_predecessor(visit: Visitor, sku: Sku, told: ReplacesIn) -> list[ReplacesOut]:
    """Say which item it takes the place of: what that one sold counts as its history."""
    with visit.context() as ctx:
        item_id = _item(ctx, sku).item_id
        replaced = records.item_by_sku(ctx, told.replaces).item_id
        succession.set_predecessor(ctx, Succession(item_id, replaced, told.from_day, told.factor))
        return _replaces(ctx, item_id)


@router.post("/items/{sku:path}/replaces/remove", tags=["records"], responses=errors(404))
def remove_predecessor(visit: Visitor, sku: Sku) -> list[ReplacesOut]:
    """Say that it takes no other item's place."""
    with visit.context() as ctx:
        item_id = _item(ctx, sku).item_id
        succession.remove_predecessor(ctx, item_id)
        return _replaces(ctx, item_id)


@router.get("/items/{sku:path}/barcodes", tags=["records"], responses=errors(404))
def barcodes(visit: Visitor, sku: Sku) -> list[BarcodeOut]:
    """What scanners read off an item and its packs."""
    with visit.context() as ctx:
        return _barcodes(ctx, records.item_by_sku(ctx, sku))


def _barcodes(ctx: Context, item: Item) -> list[BarcodeOut]:
    return [_barcode(one, item.sku) for one in records.barcodes_of(ctx, item.item_id)]


def _barcode(found: Barcode, sku: str) -> BarcodeOut:
    return BarcodeOut(barcode=found.barcode, sku=sku, level=found.level)


@router.post("/items/{sku:path}/barcodes", tags=["records"], responses=errors(404, 409))
def add_barcode(visit: Visitor, sku: Sku, told: BarcodeIn) -> list[BarcodeOut]:
    """Say what a scanner reads off an item; a barcode is on one item."""
    with visit.context() as ctx:
        item = _item(ctx, sku)
        records.add_barcode(ctx, item.item_id, told.barcode, told.level)
        return _barcodes(ctx, item)


@router.post("/items/{sku:path}/barcodes/remove", tags=["records"], responses=errors(404))
def remove_barcode(visit: Visitor, sku: Sku, told: BarcodeGoneIn) -> list[BarcodeOut]:
    """Take a barcode off an item."""
    with visit.context() as ctx:
        item = _item(ctx, sku)
        records.remove_barcode(ctx, item.item_id, told.barcode)
        return _barcodes(ctx, item)


# After all addresses that go on behind the SKU, which may hold slashes itself.
@router.get("/items/{sku:path}", tags=["stock"], responses=errors(404))
def item(visit: Visitor, sku: Sku) -> ItemOut:
    """An item, where it lies and its latest movements."""
    with visit.context() as ctx:
        found = records.item_by_sku(ctx, sku)
        shown = ItemOut.model_validate(found)
        return shown.model_copy(
            update={
                "places": stock.item_stock(ctx, found.item_id),
                "movements": stock.movements(ctx, found.item_id, 100),
            }
        )


@router.get("/barcodes/{barcode:path}", tags=["records"], responses=errors(404))
def scanned(visit: Visitor, barcode: Annotated[str, Path(max_length=200)]) -> BarcodeOut:
    """The item, and the pack of it, that a scanner has read."""
    with visit.context() as ctx:
        found = records.by_barcode(ctx, barcode)
        if found is None:
            raise NotFound("barcode", barcode)
        return _barcode(found, records.item(ctx, found.item_id).sku)


@router.get("/sites", tags=["records"], responses=errors())
def sites(visit: Visitor) -> list[SiteOut]:
    """The sites one may see, by code."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        return [SiteOut.of(one) for one in records.sites(ctx)]


@router.post("/sites", tags=["records"], responses=errors(409))
def add_site(visit: Visitor, told: SiteIn) -> SiteOut:
    """Add a site; it comes with a dock, a packing bench and the places of its books."""
    with visit.context() as ctx:
        return SiteOut.of(records.site_by_id(ctx, records.add_site(ctx, **_all(told))))


@router.post("/sites/{site_id}/change", tags=["records"], responses=errors(404, 409))
def change_site(visit: Visitor, site_id: Which, told: SiteChangeIn) -> SiteOut:
    """Change some fields of a site. What another time zone means, 409 says, until confirmed."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS, site_id)
        to = replace(records.site_by_id(ctx, site_id), **_given(told))
        return SiteOut.of(records.change_site(ctx, site_id, to, confirmed=told.confirmed))


@router.get("/sites/{site_id}/zones", tags=["records"], responses=errors(404))
def zones(visit: Visitor, site_id: Which) -> list[ZoneOut]:
    """The zones of a site, by code."""
    with visit.context() as ctx:
        return [ZoneOut.of(one) for one in records.zones(ctx, records.site_by_id(ctx, site_id).site_id)]


@router.post("/sites/{site_id}/zones", tags=["records"], responses=errors(404, 409))
def add_zone(visit: Visitor, site_id: Which, told: ZoneIn) -> ZoneOut:
    """Add a zone to a site."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS, site_id)
        return ZoneOut.of(records.zone(ctx, records.add_zone(ctx, site_id=site_id, **with_delay(_all(told)))))


def with_delay(told: dict[str, Any]) -> dict[str, Any]:
    if "delay_min" in told:
        told["delay"] = timedelta(minutes=told.pop("delay_min"))
    return told


@router.post("/zones/{zone_id}/change", tags=["records"], responses=errors(404, 409))
def change_zone(visit: Visitor, zone_id: Which, told: ZoneChangeIn) -> ZoneOut:
    """Change some fields of a zone; the next reading is judged by the new limits."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        to = replace(records.zone(ctx, zone_id), **with_delay(_given(told)))
        return ZoneOut.of(records.change_zone(ctx, zone_id, to))


@router.get("/sites/{site_id}/places", tags=["records"], responses=errors(404))
def places(
    visit: Visitor,
    site_id: Which,
    archived: Annotated[bool, Query(description="Also those that are out of use")] = False,
) -> list[PlaceRecordOut]:
    """The bins, docks and packing benches of a site, by code."""
    with visit.context() as ctx:
        found = records.places(ctx, records.site_by_id(ctx, site_id).site_id, archived)
        return _places(ctx, [one for one in found if one.real])


def _places(ctx: Context, found: list[Place]) -> list[PlaceRecordOut]:
    known = records.items_by_id(ctx, {one.item_id for one in found if one.item_id is not None})
    names = [name for name in PlaceRecordOut.model_fields if name != "sku"]
    return [
        PlaceRecordOut(
            **{name: getattr(one, name) for name in names},
            sku=known[one.item_id].sku if one.item_id is not None else None,
        )
        for one in found
    ]


@router.post("/sites/{site_id}/places", tags=["records"], responses=errors(404, 409))
def add_place(visit: Visitor, site_id: Which, told: PlaceIn) -> PlaceRecordOut:
    """Add a bin, a dock or a packing bench to a site."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS, site_id)
        place_id = records.add_place(ctx, site_id=site_id, **_with_item(ctx, _all(told)))
        return _places(ctx, [records.place(ctx, place_id)])[0]


def _with_item(ctx: Context, told: dict[str, Any]) -> dict[str, Any]:
    if "sku" in told:
        sku = told.pop("sku")
        told["item_id"] = None if sku is None else records.item_by_sku(ctx, sku).item_id
    return told


@router.post("/places/{place_id}/change", tags=["records"], responses=errors(404, 409))
def change_place(visit: Visitor, place_id: Which, told: PlaceChangeIn) -> PlaceRecordOut:
    """Change some fields of a place."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        before = records.place(ctx, place_id)
        ctx.require(Right.EDIT_RECORDS, before.site_id)
        to = replace(before.as_new, **_with_item(ctx, _given(told)))
        return _places(ctx, [records.change_place(ctx, place_id, to)])[0]


@router.post("/places/{place_id}/archive", tags=["records"], responses=errors(404, 409))
def archive_place(visit: Visitor, place_id: Which) -> PlaceRecordOut:
    """Take an empty place out of use."""
    with visit.context() as ctx:
        return _places(ctx, [records.archive_place(ctx, place_id)])[0]


@router.post("/places/{place_id}/restore", tags=["records"], responses=errors(404, 409))
def restore_place(visit: Visitor, place_id: Which) -> PlaceRecordOut:
    """Use a place again."""
    with visit.context() as ctx:
        return _places(ctx, [records.restore_place(ctx, place_id)])[0]
