"""Put the invented world into the books, through the rooms' services."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.core.clocks import local_day
from shelfwise.edge import devices
from shelfwise.edge.standing import Spot, Way, move_device
from shelfwise.records import service as records
from shelfwise.records.item_tables import Barcode
from shelfwise.records.model import NewItem, NewPlace
from shelfwise.records.supply import Terms
from shelfwise.stock import service as stock
from shelfwise.stock.opening import OpeningLot, opening_lots
from shelfwise.twin import world
from shelfwise.twin.gate import gtins
from shelfwise.twin.world import World


def lay_out(ctx: Context, built: World, go_live: datetime) -> int:
    """The site with its zones, and the items that are stocked; found, it is left alone. Returns the site's id."""
    here = [site for site in records.sites(ctx) if site.code == world.SITE]
    if here:
        return here[0].site_id
    dock = built.dock
    site_id = records.add_site(
        ctx, code=world.SITE, name=world.SITE_NAME, time_zone=world.TIME_ZONE, width_m=world.WIDTH_M,
        depth_m=world.DEPTH_M, provenance="invented", dock=(dock.x, dock.y, dock.width, dock.depth),
    )  # fmt: skip
    for zone in built.zones:
        records.add_zone(
            ctx, site_id=site_id, code=zone.code, name=zone.name, kind=zone.kind, x_m=zone.box.x, y_m=zone.box.y,
            width_m=zone.box.width, depth_m=zone.box.depth, low_degc=zone.low_degc, high_degc=zone.high_degc,
            delay=zone.delay,
        )  # fmt: skip
    records.add_items(
        ctx,
        [
            NewItem(
                item.sku, item.description, unit_weight_g=item.unit_weight_g, provenance="imported",
                tracking="none" if item.shelf_life_days is None else "lot",
                needs_expiry=item.shelf_life_days is not None, shelf_life_days=item.shelf_life_days,
            )
            for item in built.items
        ],
    )  # fmt: skip
    records.set_go_live(ctx, go_live)
    return site_id


def put_in(ctx: Context, built: World, site_id: int, device_secrets: dict[str, str], order_url: str) -> None:
    """Bins, devices, suppliers, terms and opening stock."""
    item_ids = records.item_ids(ctx, [item.sku for item in built.items])
    places = _bins(ctx, built, site_id, item_ids)
    records.add_barcodes(ctx, [Barcode(code, item_ids[sku]) for sku, code in gtins(built.items).items()])
    _devices(ctx, built, site_id, places, device_secrets)
    _terms(ctx, built, item_ids, order_url)
    _opening(ctx, built, item_ids, places)


def _opening(ctx: Context, built: World, item_ids: dict[str, int], places: dict[str, int]) -> None:
    """What lies where on the first day; a lot of the chilled room is held, for somebody to decide about."""
    stock.opening_stock(
        ctx,
        [
            (item_ids[item.sku], places[item.bin_code], Decimal(item.opening))
            for item in built.items
            if item.shelf_life_days is None
        ],
    )
    today = local_day(ctx.now, ZoneInfo(world.TIME_ZONE))
    lots = [
        OpeningLot(item_ids[item.sku], places[item.bin_code], Decimal(pieces), lot, last_day, made)
        for item in built.items
        for lot, pieces, made, last_day in item.lots(today)
    ]
    opening_lots(ctx, lots)
    if lots:
        held = max(lots, key=lambda one: (one.quantity, one.item_id))
        stock.hold(
            ctx, item_id=held.item_id, lot=held.lot, place_id=held.place_id, quantity=held.quantity // 4 or Decimal(1),
            reason="A box fell from the truck: look at each piece.", status="quarantine",
        )  # fmt: skip


def device_names(built: World) -> list[str]:
    """Every device of the world that signs in or is spoken for."""
    scales = [item.scale for item in built.items if item.scale]
    return [*scales, *(one.device for one in built.thermometers), world.LORA_GATEWAY, world.READER]


def _bins(ctx: Context, built: World, site_id: int, item_ids: dict[str, int]) -> dict[str, int]:
    zone_ids = {zone.code: zone.zone_id for zone in records.zones(ctx, site_id)}
    return records.add_places(
        ctx,
        site_id,
        [
            NewPlace(
                item.bin_code, "bin", zone_ids[item.zone], item.box.x, item.box.y, item.box.width, item.box.depth,
                item_ids[item.sku], Decimal(item.capacity),
            )
            for item in built.items
        ],
    )  # fmt: skip


def _devices(ctx: Context, built: World, site_id: int, places: dict[str, int], device_secrets: dict[str, str]) -> None:
    zone_ids = {zone.code: zone.zone_id for zone in records.zones(ctx, site_id)}
    for item in built.items:
        if item.scale:
            devices.add_device(
                ctx, item.scale, name=f"Scale under {item.bin_code}", place_id=places[item.bin_code],
                secret=device_secrets[item.scale], provenance="invented",
            )  # fmt: skip
    for one in built.thermometers:
        devices.add_device(
            ctx, one.device, name=f"Thermometer, {one.name}", zone_id=zone_ids[one.zone],
            secret=device_secrets[one.device], provenance="invented",
        )  # fmt: skip
    dock_id = records.place_by_code(ctx, site_id, "DOCK").place_id
    devices.add_device(
        ctx, world.READER, name="Reader at the dock door", place_id=dock_id, secret=device_secrets[world.READER],
        provenance="invented",
    )  # fmt: skip
    ways: tuple[Way, ...] = ("outside", "inside")
    for antenna, way in enumerate(ways, 1):
        move_device(ctx, world.READER, Spot(place_id=dock_id, way=way), antenna=antenna)
    devices.add_device(
        ctx, world.LORA_GATEWAY, name="LoRaWAN gateway", speaks_for="gateway",
        secret=device_secrets[world.LORA_GATEWAY], provenance="invented",
    )  # fmt: skip


def _terms(ctx: Context, built: World, item_ids: dict[str, int], order_url: str) -> None:
    supplier_ids = {
        one.code: records.add_supplier(ctx, code=one.code, name=one.name, order_url=order_url, provenance="invented")
        for one in built.suppliers
    }
    stated = {one.code: one.stated_days for one in built.suppliers}
    records.add_many_terms(
        ctx,
        [
            Terms(
                supplier_ids[item.supplier], item_ids[item.sku], Decimal(item.unit_cost), world.CURRENCY,
                stated[item.supplier], Decimal(item.pack_size), Decimal(item.minimum_order), "invented",
            )
            for item in built.items
        ],
    )  # fmt: skip
