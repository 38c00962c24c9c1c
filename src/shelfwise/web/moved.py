"""Down to the ledger: which movements made a figure, and all that lies in a bin, on a dock, in a zone or of an item."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.records import service as records
from shelfwise.records.model import Place, Site, Zone
from shelfwise.stock import service as stock
from shelfwise.stock.model import OWN_MISTAKES, Status
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
PAGE = 100
Number = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
Code = Annotated[str | None, Query(max_length=200)]
SiteCode = Annotated[str | None, Query(max_length=64)]


def place_of(ctx: Context, place_id: int) -> tuple[Site, Place]:
    """A real place, and its site.

    Raises:
        NotFound: there is none that the actor may see.
    """
    place = records.place(ctx, place_id)
    if not place.real:
        raise NotFound("bin", place_id)
    return records.site_by_id(ctx, place.site_id), place


def zone_of(ctx: Context, zone_id: int) -> tuple[Site, Zone]:
    """
    Raises:
        NotFound: there is none that the actor may see.
    """
    for site in records.sites(ctx):
        for zone in records.zones(ctx, site.site_id):
            if zone.zone_id == zone_id:
                return site, zone
    raise NotFound("zone", zone_id)


def address(path: str, **asked: Any) -> str:
    """A page with what it is asked for; what is None is left out, what is empty is not: a lot '' means none."""
    told = {name: value for name, value in asked.items() if value is not None}
    return f"{path}?{urlencode(told)}" if told else path


@router.get("/movements")
def movements(
    visit: Visitor, item: Number = None, place: Number = None, site: SiteCode = None, lot: Code = None,
    status: Status | None = None, before: Number = None,
) -> Response:  # fmt: skip
    """Every movement behind a figure, newest first; of one item, with the figure after each."""
    with visit.context() as ctx:
        if item is None and place is None:
            raise Invalid(Fault("item", "an item or a bin", "neither", "Open this page from an item or a bin."))
        what = None if item is None else records.item(ctx, item)
        here, spot = (None, None) if place is None else place_of(ctx, place)
        if here is None and site:
            here = records.site(ctx, site)
        site_id = None if here is None else here.site_id
        found = stock.movements(
            ctx, item, PAGE + 1, site_id=site_id, place_id=place, lot=lot, status=status, before=before
        )  # fmt: skip
        about = {"item": item, "place": place, "site": site, "lot": lot, "status": status}
        return pages.render(
            visit, ctx, "movements.html", at_site=site_id, own_since=stock.own_since(ctx), me=str(ctx.actor),
            own_mistakes=OWN_MISTAKES, item=what, here=here, place=spot, lot=lot, condition=status,
            moved=found[:PAGE], first=before is None, newest=address("/movements", **about),
            older=address("/movements", **about, before=found[PAGE - 1].movement_id) if len(found) > PAGE else None,
        )  # fmt: skip


@router.get("/lies")
def lies(
    visit: Visitor, item: Number = None, place: Number = None, zone: Number = None, site: SiteCode = None,
    status: Status | None = None, page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:  # fmt: skip
    """All that lies in a bin, on a dock, in a zone, at a site or of an item, page by page."""
    with visit.context() as ctx:
        what = None if item is None else records.item(ctx, item)
        here: Site | None = None
        title = "of it"
        if place is not None:
            here, spot = place_of(ctx, place)
            title = f"in {spot.code}"
        elif zone is not None:
            here, found_zone = zone_of(ctx, zone)
            title = f"in {found_zone.name}"
        elif site:
            here = records.site(ctx, site)
            title = f"at {here.name}"
        elif what is None:
            raise Invalid(
                Fault("place", "a bin, a zone, a site or an item", "none", "Open this page from one of them.")
            )
        found = stock.lies_at(
            ctx, item_id=item, place_id=place, zone_id=zone, status=status, limit=PAGE + 1, offset=(page - 1) * PAGE,
            site_id=None if here is None else here.site_id,
        )  # fmt: skip
        about = {"item": item, "place": place, "zone": zone, "site": site, "status": status}
        return pages.render(
            visit, ctx, "lies.html", at_site=None if here is None else here.site_id, item=what, title=title,
            condition=status, lies=found[:PAGE], page=page,
            before=address("/lies", **about, page=page - 1) if page > 1 else None,
            after=address("/lies", **about, page=page + 1) if len(found) > PAGE else None,
        )  # fmt: skip
