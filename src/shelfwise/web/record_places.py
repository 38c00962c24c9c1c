"""Sites, zones and places as records: lists, and one form for each."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from zoneinfo import available_timezones

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, ShelfwiseError, shorten
from shelfwise.records import service as records
from shelfwise.records.model import ZONE_KINDS, NewPlace, Place, PlaceKind, Site, Zone
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.records import PLACES
from shelfwise.web.record_forms import SHOWN_AGAIN, Answers, shown_again
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
KINDS: tuple[PlaceKind, ...] = ("bin", "dock", "packing")
LONGEST_DELAY_MIN = 100_000
CALLED = {"bin": "bin", "dock": "dock", "packing": "packing bench"}
_NEW_SITE = Site(0, "", "", "", 20, 12, "entered")
_NEW_ZONE = Zone(0, 0, "", "", "ambient", 0, 0, 5, 5, None, None, timedelta(minutes=10))


@router.get("/places")
def list_places(visit: Visitor) -> Response:
    with visit.context() as ctx:
        found = find(ctx, PLACES, visit.request.query_params)
        return pages.render(visit, ctx, "record_places.html", found=found, sites=records.sites(ctx))


@router.get("/records/sites")
def list_sites(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        zones = {site.site_id: records.zones(ctx, site.site_id) for site in records.sites(ctx)}
        return pages.render(visit, ctx, "record_sites.html", sites=records.sites(ctx), zones=zones)


@router.get("/records/sites/new")
def new_site(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _new_site_page(visit, ctx)


def _new_site_page(
    visit: Visit, ctx: Context, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS)
    return _site_page(visit, ctx, None, _NEW_SITE, sent, error)


def _site_page(
    visit: Visit, ctx: Context, site: Site | None, shown: Site, sent: FormData | None, error: ShelfwiseError | None
) -> Response:
    return pages.render(
        visit, ctx, "record_site.html", site=site, zones=[] if site is None else records.zones(ctx, site.site_id),
        time_zones=sorted(available_timezones()), **shown_again(asdict(shown), sent, error),
    )  # fmt: skip


@router.post("/records/sites/new")
def add_site(visit: Visitor, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS)
            told = _told_site(sent)
            site_id = records.add_site(
                ctx, code=told.code, name=told.name, time_zone=told.time_zone, width_m=told.width_m,
                depth_m=told.depth_m,
            )  # fmt: skip
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _new_site_page(visit, ctx, sent, error)
    return pages.go(f"/records/sites/{site_id}", f"{told.name} is added, with a dock and a packing bench.")


def _told_site(sent: FormData) -> Site:
    answers = Answers(sent)
    told = Site(
        0, answers.text("code"), answers.text("name"), answers.text("time_zone"),
        float(answers.needed("width_m", "Width")), float(answers.needed("depth_m", "Depth")), "entered",
    )  # fmt: skip
    answers.check()
    return told


@router.get("/records/sites/{site_id}")
def edit_site(visit: Visitor, site_id: int) -> Response:
    with visit.context() as ctx:
        return _edit_site_page(visit, ctx, site_id)


def _edit_site_page(
    visit: Visit, ctx: Context, site_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS, site_id)
    site = records.site_by_id(ctx, site_id)
    return _site_page(visit, ctx, site, site, sent, error)


@router.post("/records/sites/{site_id}")
def change_site(visit: Visitor, site_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS, site_id)
            after = records.change_site(ctx, site_id, _told_site(sent), confirmed=Answers(sent).ticked("confirmed"))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _edit_site_page(visit, ctx, site_id, sent, error)
    return pages.go(f"/records/sites/{site_id}", f"{after.name} is saved.")


@router.get("/records/sites/{site_id}/zones/new")
def new_zone(visit: Visitor, site_id: int) -> Response:
    with visit.context() as ctx:
        return _new_zone_page(visit, ctx, site_id)


def _new_zone_page(
    visit: Visit, ctx: Context, site_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS, site_id)
    return _zone_page(visit, ctx, records.site_by_id(ctx, site_id), None, _NEW_ZONE, sent, error)


def _zone_page(
    visit: Visit, ctx: Context, site: Site, zone: Zone | None, shown: Zone, sent: FormData | None,
    error: ShelfwiseError | None,
) -> Response:  # fmt: skip
    values = asdict(shown) | {"delay": shown.delay / timedelta(minutes=1)}
    return pages.render(
        visit, ctx, "record_zone.html", site=site, zone=zone, kinds=ZONE_KINDS,
        **shown_again(values, sent, error),
    )  # fmt: skip


@router.post("/records/sites/{site_id}/zones/new")
def add_zone(visit: Visitor, site_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS, site_id)
            told = _told_zone(sent)
            records.add_zone(
                ctx, site_id=site_id, code=told.code, name=told.name, kind=told.kind, x_m=told.x_m, y_m=told.y_m,
                width_m=told.width_m, depth_m=told.depth_m, low_degc=told.low_degc, high_degc=told.high_degc,
                delay=told.delay,
            )  # fmt: skip
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _new_zone_page(visit, ctx, site_id, sent, error)
    return pages.go(f"/records/sites/{site_id}", f"{told.name} is added. A thermometer that stands there watches it.")


def _told_zone(sent: FormData) -> Zone:
    answers = Answers(sent)
    minutes = answers.needed("delay", "Allowed for, min")
    if minutes > LONGEST_DELAY_MIN:
        wanted = f"at most {LONGEST_DELAY_MIN} minutes"
        answers.faults.append(Fault("Allowed for, min", wanted, shorten(str(minutes)), "Correct it."))
        minutes = Decimal(0)
    told = Zone(
        0, 0, answers.text("code"), answers.text("name"), answers.chosen("kind", ZONE_KINDS, "Kind"),
        float(answers.needed("x_m", "From the left")), float(answers.needed("y_m", "From the top")),
        float(answers.needed("width_m", "Width")), float(answers.needed("depth_m", "Depth")),
        answers.real("low_degc", "Lowest"), answers.real("high_degc", "Highest"),
        timedelta(minutes=float(minutes)),
    )  # fmt: skip
    answers.check()
    return told


@router.get("/records/zones/{zone_id}")
def edit_zone(visit: Visitor, zone_id: int) -> Response:
    with visit.context() as ctx:
        return _edit_zone_page(visit, ctx, zone_id)


def _edit_zone_page(
    visit: Visit, ctx: Context, zone_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    zone = _zone(ctx, zone_id)
    return _zone_page(visit, ctx, records.site_by_id(ctx, zone.site_id), zone, zone, sent, error)


def _zone(ctx: Context, zone_id: int) -> Zone:
    """A zone that the actor may change."""
    ctx.require_somewhere(Right.EDIT_RECORDS)
    found = records.zone(ctx, zone_id)
    ctx.require(Right.EDIT_RECORDS, found.site_id)
    return found


@router.post("/records/zones/{zone_id}")
def change_zone(visit: Visitor, zone_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            _zone(ctx, zone_id)
            after = records.change_zone(ctx, zone_id, _told_zone(sent))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _edit_zone_page(visit, ctx, zone_id, sent, error)
    return pages.go(f"/records/sites/{after.site_id}", f"{after.name} is saved.")


@router.get("/records/sites/{site_id}/places/new")
def new_place(visit: Visitor, site_id: int) -> Response:
    with visit.context() as ctx:
        return _new_place_page(visit, ctx, site_id)


def _new_place_page(
    visit: Visit, ctx: Context, site_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS, site_id)
    return _place_page(visit, ctx, records.site_by_id(ctx, site_id), None, sent, error)


def _place_page(
    visit: Visit, ctx: Context, site: Site, place: Place | None, sent: FormData | None, error: ShelfwiseError | None
) -> Response:
    item = None if place is None or place.item_id is None else records.item(ctx, place.item_id)
    values = asdict(place or NewPlace("")) | {"sku": "" if item is None else item.sku}
    return pages.render(
        visit, ctx, "record_place.html", site=site, place=place, item=item, kinds=CALLED,
        zones=records.zones(ctx, site.site_id), **shown_again(values, sent, error),
    )  # fmt: skip


@router.post("/records/sites/{site_id}/places/new")
def add_place(visit: Visitor, site_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS, site_id)
            told = _told_place(ctx, sent)
            place_id = records.add_place(ctx, site_id=site_id, **asdict(told))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _new_place_page(visit, ctx, site_id, sent, error)
    if Answers(sent).ticked("another"):
        return pages.go(f"/records/sites/{site_id}/places/new", f"{told.code} is added. The next one:")
    return pages.go(f"/records/places/{place_id}", f"{told.code} is added.")


def _told_place(ctx: Context, sent: FormData) -> NewPlace:
    answers = Answers(sent)
    item_id, zone = None, answers.text("zone_id")
    if sku := answers.text("sku"):
        try:
            item_id = records.item_by_sku(ctx, sku).item_id
        except NotFound:
            answers.faults.append(
                Fault("Kept for", "the SKU of an item that exists", shorten(sku), "Correct the SKU, or add the item.")
            )
    if zone and not (zone.isascii() and zone.isdecimal() and len(zone) < 19):
        answers.faults.append(Fault("Zone", "a zone of this site", shorten(zone), "Choose one of them."))
        zone = ""
    told = NewPlace(
        answers.text("code"), answers.chosen("kind", KINDS, "Kind"), int(zone) if zone else None,
        answers.real("x_m", "From the left"), answers.real("y_m", "From the top"), answers.real("width_m", "Width"),
        answers.real("depth_m", "Depth"), item_id, answers.number("capacity", "Fits"),
        answers.text("aisle") or None, answers.whole("bay", "Bay"), answers.whole("level", "Level"),
        answers.whole("position", "Position"), answers.real("height_m", "Height"), answers.real("load_kg", "Carries"),
    )  # fmt: skip
    answers.check()
    return told


@router.get("/records/places/{place_id}")
def edit_place(visit: Visitor, place_id: int) -> Response:
    with visit.context() as ctx:
        return _edit_place_page(visit, ctx, place_id)


def _edit_place_page(
    visit: Visit, ctx: Context, place_id: int, sent: FormData | None = None, error: ShelfwiseError | None = None
) -> Response:
    place = _place(ctx, place_id)
    return _place_page(visit, ctx, records.site_by_id(ctx, place.site_id), place, sent, error)


def _place(ctx: Context, place_id: int) -> Place:
    """A place of the floor that the actor may change."""
    ctx.require_somewhere(Right.EDIT_RECORDS)
    found = records.place(ctx, place_id)
    ctx.require(Right.EDIT_RECORDS, found.site_id)
    if not found.real:
        raise NotFound("bin, dock or packing bench", found.code)
    return found


@router.post("/records/places/{place_id}")
def change_place(visit: Visitor, place_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            _place(ctx, place_id)
            after = records.change_place(ctx, place_id, _told_place(ctx, sent))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _edit_place_page(visit, ctx, place_id, sent, error)
    return pages.go(f"/records/places/{place_id}", f"{after.code} is saved.")


@router.post("/records/places/{place_id}/archive")
def archive(visit: Visitor, place_id: int) -> Response:
    try:
        with visit.context() as ctx:
            place = records.archive_place(ctx, place_id)
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _edit_place_page(visit, ctx, place_id, None, error)
    return pages.go(f"/records/places/{place_id}", f"{place.code} is out of use. Its history stays.")


@router.post("/records/places/{place_id}/restore")
def restore(visit: Visitor, place_id: int) -> Response:
    with visit.context() as ctx:
        place = records.restore_place(ctx, place_id)
    return pages.go(f"/records/places/{place_id}", f"{place.code} is in use again.")
