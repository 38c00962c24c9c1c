"""Changing a whole floor at once, as somebody drew it; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from psycopg import Rollback
from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.records import tables
from shelfwise.records.changes import taken
from shelfwise.records.floor_model import Draft, Drawn, draft_faults, fingerprint, footprint, stand, zone_at
from shelfwise.records.model import NewPlace, Place, Site, Zone, refuse
from shelfwise.records.racks import bins
from shelfwise.records.site_changes import refuse_if_used

# So many codes are named in the audit log.
_LISTED = 500


class FloorChanged(Refused):
    """Somebody else changed the floor since it was looked at."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            f"Somebody else changed the floor of {site.name} while you were drawing. Nothing of yours is lost: take "
            "their changes in, look at both together, and save again."
        )


@dataclass(frozen=True)
class Floor:
    """A site with all that stands on its floor, and the fingerprint of it."""

    site: Site
    zones: Sequence[Zone]
    places: Sequence[Place]
    seen: str


def floor_of(ctx: Context, site_id: int) -> Floor:
    """The floor as it is now: zones, and the bins, docks and packing benches in use.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    site = tables.site_by_id(ctx.tx, ctx.tenant, site_id)
    if site is None:
        raise NotFound("site", site_id)
    zones = tables.zones(ctx.tx, ctx.tenant, site_id)
    places = [one for one in tables.places(ctx.tx, ctx.tenant, site_id) if one.real and not one.archived]
    return Floor(site, zones, places, fingerprint(site, zones, places))


def draw_floor(ctx: Context, site_id: int, draft: Draft, *, only_say: bool = False) -> Drawn:
    """Change the floor as it was drawn: all of it or, where something cannot be, nothing. Returns what that was.

    A bin belongs to the smallest zone that holds its middle, wherever the draft moved the bin or the zone.

    Args:
        only_say: what would be done; nothing is.

    Raises:
        Invalid: something cannot stand as drawn; each fault is named.
        NotFound: there is no such site, zone or place.
        Refused: a code is taken; goods or devices are in what shall go.
        FloorChanged: somebody else changed the floor meanwhile.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    done = Drawn()
    with ctx.tx.transaction() as attempt:
        done = _draw(ctx, site_id, draft)
        if only_say:
            raise Rollback(attempt)
    return done


def _draw(ctx: Context, site_id: int, draft: Draft) -> Drawn:
    site = tables.locked_site(ctx.tx, ctx.tenant, site_id)
    if site is None:
        raise NotFound("site", site_id)
    before = floor_of(ctx, site_id)
    if draft.seen and draft.seen != before.seen:
        raise FloorChanged(site)
    known_zones = {zone.zone_id: zone for zone in before.zones}
    places = {place.place_id: place for place in before.places}
    _refuse_strangers(draft, known_zones.keys(), places.keys())
    size = draft.size or (site.width_m, site.depth_m)
    changed = [replace(one, site_id=site_id) for one in draft.zones if replace(one, site_id=site_id)
               != known_zones.get(one.zone_id)]  # fmt: skip
    new = [*draft.places, *(bin_ for rack in draft.racks for bin_ in bins(rack))]
    moves = {
        place_id: at for place_id, at in draft.moved.items()
        if place_id not in draft.gone and at != footprint(places[place_id])
    }  # fmt: skip
    standing = {
        place_id: stand(place.as_new, moves[place_id]) if place_id in moves else place.as_new
        for place_id, place in places.items()
        if place_id not in draft.gone
    }
    touched = {standing[place_id].code for place_id in moves}
    if there := tables.place_ids(ctx.tx, ctx.tenant, site_id, [place.code for place in new]):
        raise taken("place", min(there))
    refuse(draft_faults(size, changed, new, list(standing.values()), touched))
    resized = size != (site.width_m, site.depth_m)
    if resized:
        tables.update_site(ctx.tx, ctx.tenant, replace(site, width_m=size[0], depth_m=size[1]))
    _take_out_of_use(ctx, [places[place_id] for place_id in sorted(draft.gone)])
    zones_made = _put_zones(ctx, changed)
    zones = tables.zones(ctx.tx, ctx.tenant, site_id)
    zones = [zone for zone in zones if zone.zone_id not in draft.zones_gone]
    other = {zone.zone_id for zone in changed if zone.zone_id} | set(draft.zones_gone) | set(zones_made)
    rewritten = {
        place_id: zoned for place_id, place in standing.items()
        if (zoned := _zoned(place, zones, place_id in moves, other)) != places[place_id].as_new
    }  # fmt: skip
    if rewritten:
        tables.update_places(ctx.tx, ctx.tenant, rewritten)
    _take_zones_away(ctx, [known_zones[zone_id] for zone_id in sorted(draft.zones_gone)])
    made = tables.insert_places(ctx.tx, ctx.tenant, site_id, [_zoned(place, zones, True, other) for place in new])
    done = Drawn(
        made, len(moves), len(draft.gone), len(zones_made), len(changed) - len(zones_made), len(draft.zones_gone),
        resized,
    )  # fmt: skip
    if done != Drawn():
        ctx.audit(
            "floor.drawn", f"site:{site_id}", words=done.words, made=[one.code for one in new][:_LISTED],
            moved=sorted(touched)[:_LISTED], gone=sorted(places[one].code for one in draft.gone)[:_LISTED],
        )  # fmt: skip
    return done


def _refuse_strangers(draft: Draft, zones: Collection[int], places: Collection[int]) -> None:
    """
    Raises:
        NotFound: the draft names a zone or a place that is not on this floor.
    """
    named = {zone.zone_id for zone in draft.zones if zone.zone_id} | set(draft.zones_gone)
    if missing := named.difference(zones):
        raise NotFound("zone of this site", min(missing))
    if missing := {*draft.moved, *draft.gone}.difference(places):
        raise NotFound("place in use at this site", min(missing))


def _zoned(place: NewPlace, zones: Sequence[Zone], moved: bool, other: Collection[int]) -> NewPlace:
    """The place in the zone it stands in, where it or one of the two zones was moved."""
    at = footprint(place)
    if at is None:
        gone = place.zone_id is not None and place.zone_id not in {zone.zone_id for zone in zones}
        return replace(place, zone_id=None) if gone else place
    found = zone_at(at, zones)
    zone_id = None if found is None else found.zone_id
    return replace(place, zone_id=zone_id) if moved or not {zone_id, place.zone_id}.isdisjoint(other) else place


def _put_zones(ctx: Context, zones: Sequence[Zone]) -> list[int]:
    """Make and change zones; returns the ids of the new ones."""
    made = []
    for zone in zones:
        try:
            with ctx.tx.transaction():
                if zone.zone_id:
                    tables.update_zone(ctx.tx, ctx.tenant, zone)
                else:
                    zone_id = tables.insert_zone(ctx.tx, ctx.tenant, zone)
                    if zone_id is None:
                        raise taken("zone", zone.code)
                    made.append(zone_id)
        except pg.UniqueViolation as error:
            raise taken("zone", zone.code) from error
    return made


def _take_zones_away(ctx: Context, zones: Sequence[Zone]) -> None:
    for zone in zones:
        try:
            with ctx.tx.transaction():
                tables.delete_zone(ctx.tx, ctx.tenant, zone.zone_id)
        except pg.ForeignKeyViolation as error:
            raise Refused(
                f"Zone {zone.code} cannot be taken away: a thermometer stands there or its temperatures are on record. "
                "Move it or make it smaller instead."
            ) from error


def _take_out_of_use(ctx: Context, places: Sequence[Place]) -> None:
    """
    Raises:
        Refused: goods or devices are in one of them, or it is the last of its kind.
    """
    if not places:
        return
    ids = [place.place_id for place in places]
    tables.lock_places(ctx.tx, ctx.tenant, ids)
    if used := tables.used_places(ctx.tx, ctx.tenant, ids):
        more = f" So do {len(used) - 3} others." if len(used) > 3 else ""
        raise Refused(
            f"{', '.join(used[:3])} cannot go out of use: goods lie there or a device stands there.{more} Move them "
            "first, or leave the place where it is."
        )
    for place in places:
        if place.kind != "bin":
            refuse_if_used(ctx, place, "taken out of use")
        tables.set_place_archived(ctx.tx, ctx.tenant, place.place_id, True)
