"""Changing sites, zones and places, and taking places out of use; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from zoneinfo import ZoneInfo

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.records import tables
from shelfwise.records.changes import NeedsWord, differences, taken
from shelfwise.records.model import NewPlace, Place, Site, Zone, place_faults, refuse, site_faults, zone_faults
from shelfwise.records.sites import require_items
from shelfwise.records.tables import InPlace

_CALLED = {"bin": "bin", "dock": "dock", "packing": "packing bench"}
# So many things are named where they stand in the way of a change.
_NAMED = 5


def change_site(ctx: Context, site_id: int, to: Site, *, confirmed: bool = False) -> Site:
    """Set the code, name, time zone and size of a site; returns it as it is now.

    Args:
        to: the fields as they shall be, e.g. `replace(site, name="...")`; its id and provenance count for nothing.
        confirmed: a person has read what another time zone means.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such site.
        Refused: the code is taken.
        NeedsWord: it means something that must be confirmed.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    before = tables.locked_site(ctx.tx, ctx.tenant, site_id)
    if before is None:
        raise NotFound("site", site_id)
    to = replace(to, site_id=site_id, provenance=before.provenance)
    refuse(site_faults(to))
    changed = differences(asdict(before), asdict(to))
    if not changed:
        return before
    if to.time_zone != before.time_zone and not confirmed:
        raise NeedsWord(_other_days(ctx, before, to))
    try:
        with ctx.tx.transaction():
            tables.update_site(ctx.tx, ctx.tenant, to)
    except pg.UniqueViolation as error:
        raise taken("site", to.code) from error
    ctx.audit("site.changed", f"site:{site_id}", before=changed.before, after=changed.after)
    return to


def _other_days(ctx: Context, before: Site, to: Site) -> str:
    then, now = (ctx.now.astimezone(ZoneInfo(one.time_zone)) for one in (before, to))
    return (
        f"The days of {before.code} begin at midnight in {to.time_zone} then, where it is {now:%H:%M on %-d %b} now, "
        f"instead of {before.time_zone}, where it is {then:%H:%M on %-d %b}. What was counted by day until now stays "
        "under the day it was counted under; last days of lots, the nightly planning and what happens from now on "
        "follow the new days."
    )


def change_zone(ctx: Context, zone_id: int, to: Zone) -> Zone:
    """Set all of a zone but its site; the next reading is judged by the new limits. Returns it as it is now.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such zone.
        Refused: the code is taken at its site.
    """
    ctx.require_somewhere(Right.EDIT_RECORDS)
    before = tables.zone(ctx.tx, ctx.tenant, zone_id)
    if before is None:
        raise NotFound("zone", zone_id)
    ctx.require(Right.EDIT_RECORDS, before.site_id)
    to = replace(to, zone_id=zone_id, site_id=before.site_id)
    refuse(zone_faults(to))
    changed = differences(asdict(before), asdict(to))
    if not changed:
        return before
    try:
        with ctx.tx.transaction():
            tables.update_zone(ctx.tx, ctx.tenant, to)
    except pg.UniqueViolation as error:
        raise taken("zone", to.code) from error
    ctx.audit("zone.changed", f"zone:{zone_id}", before=changed.before, after=changed.after)
    return to


def zone(ctx: Context, zone_id: int) -> Zone:
    """
    Raises:
        NotFound: there is no such zone.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.zone(ctx.tx, ctx.tenant, zone_id)
    if found is None:
        raise NotFound("zone", zone_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def change_place(ctx: Context, place_id: int, to: NewPlace) -> Place:
    """Set the code, kind, zone, position, item and capacity of a bin, dock or packing bench; returns it as it is now.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such place, or no such zone or item.
        Refused: the code is taken; goods lie in a place that shall become something else; no place of the floor.
    """
    before = _locked_place(ctx, place_id)
    refuse(place_faults(to))
    if to.zone_id is not None and to.zone_id not in {
        one.zone_id for one in tables.zones(ctx.tx, ctx.tenant, before.site_id)
    }:
        raise NotFound("zone of this site", to.zone_id)
    require_items(ctx, set() if to.item_id is None else {to.item_id})
    changed = differences(asdict(before.as_new), asdict(to))
    if not changed:
        return before
    if to.kind != before.kind:
        refuse_if_used(ctx, before, f"made a {_CALLED[to.kind]}")
    try:
        with ctx.tx.transaction():
            tables.update_place(ctx.tx, ctx.tenant, place_id, to)
    except pg.UniqueViolation as error:
        raise taken("place", to.code) from error
    ctx.audit("place.changed", f"place:{place_id}", before=changed.before, after=changed.after)
    return replace(before, **asdict(to))


def archive_place(ctx: Context, place_id: int) -> Place:
    """Take an empty place out of use: it is not offered any more, and drawn only if something is found there.

    Raises:
        NotFound: there is no such place.
        Refused: goods lie there, a device stands there, or it is the last of its kind that the site cannot do without.
    """
    before = _locked_place(ctx, place_id)
    if before.archived:
        return before
    refuse_if_used(ctx, before, "taken out of use")
    if standing := tables.devices_at(ctx.tx, ctx.tenant, place_id):
        raise Refused(f"{', '.join(standing[:_NAMED])} stands at {before.code}. Move the device first.")
    return _set_archived(ctx, before, True)


def restore_place(ctx: Context, place_id: int) -> Place:
    """Use a place again.

    Raises:
        NotFound: there is no such place.
        Refused: no place of the floor.
    """
    before = _locked_place(ctx, place_id)
    return _set_archived(ctx, before, False) if before.archived else before


def _set_archived(ctx: Context, before: Place, archived: bool) -> Place:
    tables.set_place_archived(ctx.tx, ctx.tenant, before.place_id, archived)
    ctx.audit("place.archived" if archived else "place.restored", f"place:{before.place_id}", code=before.code)
    return replace(before, archived=archived)


def place(ctx: Context, place_id: int) -> Place:
    """
    Raises:
        NotFound: there is no such place.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.places_by_id(ctx.tx, ctx.tenant, [place_id]).get(place_id)
    if found is None:
        raise NotFound("place", place_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def _locked_place(ctx: Context, place_id: int) -> Place:
    """The place, if it may be changed; movements into it wait until the end of the transaction."""
    ctx.require_somewhere(Right.EDIT_RECORDS)
    found = tables.places_by_id(ctx.tx, ctx.tenant, [place_id]).get(place_id)
    if found is None:
        raise NotFound("place", place_id)
    ctx.require(Right.EDIT_RECORDS, found.site_id)
    if not found.real:
        raise Refused(f"{found.code} is no place of the floor: it belongs to the books of its site and stays.")
    return tables.locked_place(ctx.tx, ctx.tenant, place_id)


def refuse_if_used(ctx: Context, found: Place, what: str) -> None:
    """
    Raises:
        Refused: goods lie there, or it is the last dock or packing bench in use at its site.
    """
    if lying := tables.lying_in(ctx.tx, ctx.tenant, found.place_id):
        raise Refused(f"{found.code} cannot be {what} while {_named(lying)} lies there. Move it first.")
    if found.kind != "bin" and not any(
        one.kind == found.kind and one.place_id != found.place_id and not one.archived
        for one in tables.places(ctx.tx, ctx.tenant, found.site_id)
    ):
        called = _CALLED[found.kind]
        raise Refused(f"{found.code} is the last {called} of its site, which needs one. Add another one first.")


def _named(lying: Iterable[InPlace]) -> str:
    """12 each of MUG, 3 kg of CHEESE and 4 other items."""
    all_of_it = list(lying)
    said = ", ".join(f"{plain(one.quantity)} {one.unit} of {one.sku}" for one in all_of_it[:_NAMED])
    more = len(all_of_it) - _NAMED
    return said if more <= 0 else f"{said} and {more} other {'item' if more == 1 else 'items'}"
