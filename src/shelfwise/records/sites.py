"""Adding and looking up sites, their zones and places; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.records import tables
from shelfwise.records.changes import taken
from shelfwise.records.model import (
    STANDING_PLACES,
    NewPlace,
    Place,
    PlaceKind,
    Provenance,
    Site,
    Zone,
    ZoneKind,
    place_faults,
    refuse,
    site_faults,
    zone_faults,
)


def add_site(
    ctx: Context,
    *,
    code: str,
    name: str,
    time_zone: str,
    width_m: float,
    depth_m: float,
    provenance: Provenance = "entered",
    dock: tuple[float, float, float, float] | None = None,
) -> int:
    """Add a site with its virtual places and a dock; returns its id.

    Args:
        dock: where DOCK lies: x, y, width, depth in m; None: not drawn.

    Raises:
        Invalid: a field cannot be right.
        Refused: the code is taken.
    """
    ctx.require(Right.EDIT_RECORDS)
    new = Site(0, code, name, time_zone, width_m, depth_m, provenance)
    standing = [
        NewPlace(place, kind, None, *(dock if dock and place == "DOCK" else (None,) * 4))
        for place, kind in STANDING_PLACES.items()
    ]
    refuse(
        [
            *site_faults(new),
            *(fault for place in standing if place.kind == "dock" for fault in place_faults(place, "dock ")),
        ]
    )
    site_id = tables.insert_site(ctx.tx, ctx.tenant, new)
    if site_id is None:
        raise taken("site", code)
    tables.insert_places(ctx.tx, ctx.tenant, site_id, standing)
    ctx.audit("site.added", f"site:{site_id}", code=code)
    return site_id


def site(ctx: Context, code: str) -> Site:
    """
    Raises:
        NotFound: no site has this code.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.site(ctx.tx, ctx.tenant, code)
    if found is None:
        raise NotFound("site", code)
    ctx.require(Right.VIEW, found.site_id)
    return found


def site_by_id(ctx: Context, site_id: int) -> Site:
    """
    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    found = tables.site_by_id(ctx.tx, ctx.tenant, site_id)
    if found is None:
        raise NotFound("site", site_id)
    return found


def sites(ctx: Context) -> list[Site]:
    """The sites that the actor may see, by code."""
    allowed = ctx.sites(Right.VIEW)
    return [one for one in tables.sites(ctx.tx, ctx.tenant) if allowed is None or one.site_id in allowed]


def add_zone(
    ctx: Context,
    *,
    site_id: int,
    code: str,
    name: str,
    kind: ZoneKind,
    x_m: float,
    y_m: float,
    width_m: float,
    depth_m: float,
    low_degc: float | None = None,
    high_degc: float | None = None,
    delay: timedelta = timedelta(minutes=10),
) -> int:
    """Add a zone; returns its id. Without a limit its temperature is shown but not watched.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such site.
        Refused: the code is taken at this site.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    zone = Zone(0, site_id, code, name, kind, x_m, y_m, width_m, depth_m, low_degc, high_degc, delay)
    refuse(zone_faults(zone))
    site_by_id(ctx, site_id)
    zone_id = tables.insert_zone(ctx.tx, ctx.tenant, zone)
    if zone_id is None:
        raise taken("zone", code)
    ctx.audit("zone.added", f"zone:{zone_id}", code=code, low_degc=low_degc, high_degc=high_degc)
    return zone_id


def zones(ctx: Context, site_id: int) -> list[Zone]:
    """The zones of a site, by code."""
    ctx.require(Right.VIEW, site_id)
    return tables.zones(ctx.tx, ctx.tenant, site_id)


def add_place(
    ctx: Context,
    *,
    site_id: int,
    code: str,
    kind: PlaceKind = "bin",
    zone_id: int | None = None,
    x_m: float | None = None,
    y_m: float | None = None,
    width_m: float | None = None,
    depth_m: float | None = None,
    item_id: int | None = None,
    capacity: Decimal | None = None,
    aisle: str | None = None,
    bay: int | None = None,
    level: int | None = None,
    position: int | None = None,
    height_m: float | None = None,
    load_kg: float | None = None,
) -> int:
    """Add a bin, a dock or a packing bench; returns its id.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the site, zone or item does not exist.
        Refused: the code is taken at this site.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    place = NewPlace(
        code, kind, zone_id, x_m, y_m, width_m, depth_m, item_id, capacity, aisle, bay, level, position, height_m,
        load_kg,
    )  # fmt: skip
    if not _insert_places(ctx, site_id, [place], ""):
        raise taken("place", code)
    place_id = tables.place_ids(ctx.tx, ctx.tenant, site_id, [code])[code]
    ctx.audit("place.added", f"place:{place_id}", code=code)
    return place_id


def add_places(ctx: Context, site_id: int, places: Sequence[NewPlace]) -> dict[str, int]:
    """Add thousands of bins and docks at once; codes already there stay as they are. Returns the id of each code.

    Raises:
        Invalid: a field of some row cannot be right; nothing was added.
        NotFound: the site, or some zone or item, does not exist.
    """
    ctx.require(Right.IMPORT_DATA, site_id)
    added = _insert_places(ctx, site_id, places, "row {}, ")
    if added:
        ctx.audit("places.added", f"site:{site_id}", added=added)
    return tables.place_ids(ctx.tx, ctx.tenant, site_id, {place.code for place in places})


def _insert_places(ctx: Context, site_id: int, places: Sequence[NewPlace], row: str) -> int:
    refuse(fault for number, place in enumerate(places, 1) for fault in place_faults(place, row.format(number)))
    site_by_id(ctx, site_id)
    here = {zone.zone_id for zone in tables.zones(ctx.tx, ctx.tenant, site_id)}
    for place in places:
        if place.zone_id is not None and place.zone_id not in here:
            raise NotFound("zone of this site", place.zone_id)
    require_items(ctx, {place.item_id for place in places if place.item_id is not None})
    return tables.insert_places(ctx.tx, ctx.tenant, site_id, places)


def places(ctx: Context, site_id: int, archived: bool = False) -> list[Place]:
    """All places of a site, real and virtual, by code.

    Args:
        archived: also those that are out of use.
    """
    ctx.require(Right.VIEW, site_id)
    return [one for one in tables.places(ctx.tx, ctx.tenant, site_id) if archived or not one.archived]


def place_by_code(ctx: Context, site_id: int, code: str) -> Place:
    """
    Raises:
        NotFound: no place of the site has this code.
    """
    ctx.require(Right.VIEW, site_id)
    found = tables.place_by_code(ctx.tx, ctx.tenant, site_id, code)
    if found is None:
        raise NotFound("place", code)
    return found


def require_items(ctx: Context, ids: set[int]) -> None:
    """
    Raises:
        NotFound: one of the items does not exist.
    """
    if ids and (missing := ids - tables.quanta(ctx.tx, ctx.tenant, ids).keys()):
        raise NotFound("item", min(missing))
