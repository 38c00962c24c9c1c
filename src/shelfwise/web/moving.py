"""Carrying goods from bin to bin with a scanner: where from, what, how many, where to; and what waits on the docks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import JSONResponse

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.core.quantities import ZERO, plain
from shelfwise.records import service as records
from shelfwise.records.model import Item, Place, Site
from shelfwise.stock import service as stock
from shelfwise.stock.explain import LiesAt
from shelfwise.stock.model import NewMovement, Status
from shelfwise.stock.posting import require_any
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.fulfilment_words import new_source
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(max_length=600)]
Sent = Annotated[str, Form(max_length=200)]
# A longer list of bins helps nobody to choose, and takes long to send.
MOST_CHOICES = 500


def move_address(site: str, start: str = "", **more: str) -> str:
    """The page on which something is carried away from a place."""
    asked = {"site": site, "from": start, **more}
    return "/move?" + urlencode({name: text for name, text in asked.items() if text})


@router.get("/move")
def move(
    visit: Visitor,
    site: str | None = None,
    start: Annotated[str, Query(alias="from", max_length=600)] = "",
    sku: Code = "",
    lot: Code = "",
    serial: Code = "",
    status: Status = "available",
    to: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """One thing at a time: the bin, then what is taken from it, then how many and where they go."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        here = chosen_site(ctx, site)
        require_any(ctx, "move", None if here is None else here.site_id)
        if here is None:
            return pages.render(visit, ctx, "move_from.html", here=None, sites=[], places=[], waiting=0)
        if not start.strip():
            return _ask_where(visit, ctx, here)
        spot = place_scanned(ctx, here, start)
        if spot is None:
            found = _where_it_lies(ctx, here, start.strip())
            return _ask_where(visit, ctx, here, start.strip(), found)
        lies = [one for one in stock.lies_at(ctx, place_id=spot.place_id) if one.on_hand > 0]
        if not sku:
            return pages.render(visit, ctx, "move_what.html", at_site=here.site_id, here=here, place=spot, lies=lies)
        item = records.item_by_sku(ctx, sku)
        there = lying(lies, item.item_id, lot, status)
        return pages.render(
            visit, ctx, "move.html", at_site=here.site_id, here=here, place=spot, item=item, lot=lot, serial=serial,
            condition=status, there=there, amount=Decimal(1) if serial or there <= 0 else there, source=new_source(),
            usual=to.strip() or _usual(ctx, here, item, spot), places=_choices(ctx, here), putting=spot.kind == "dock",
        )  # fmt: skip


def _ask_where(visit: Visit, ctx: Context, here: Site, scanned: str = "", found: Sequence[LiesAt] = ()) -> Response:
    return pages.render(
        visit, ctx, "move_from.html", at_site=here.site_id, here=here,
        sites=[one for one in records.sites(ctx) if visit.may("issue_goods", one.site_id)], scanned=scanned,
        found=found, places=_choices(ctx, here), waiting=len(stock.to_put_away(ctx, here.site_id)),
    )  # fmt: skip


def _choices(ctx: Context, here: Site) -> list[str]:
    real = [place.code for place in records.places(ctx, here.site_id) if place.real]
    return real if len(real) <= MOST_CHOICES else []


def _usual(ctx: Context, here: Site, item: Item, spot: Place) -> str:
    code = stock.usual_bin(ctx, here.site_id, item.item_id)
    return "" if code is None or code == spot.code else code


def place_scanned(ctx: Context, here: Site, code: str) -> Place | None:
    """The real place with this code, typed in whichever case; None: there is none."""
    for one in (code.strip(), code.strip().upper()):
        try:
            place = records.place_by_code(ctx, here.site_id, one)
        except NotFound:
            continue
        if place.real:
            return place
    return None


def real_place(ctx: Context, here: Site, code: str, where: str) -> Place:
    """
    Raises:
        Invalid: the site has no such bin, dock or packing bench.
    """
    place = place_scanned(ctx, here, code)
    if place is None:
        raise Invalid(Fault(where, f"a bin or dock of {here.name}", shorten(code), "Scan its label, or correct it."))
    return place


def lying(lies: Sequence[LiesAt], item_id: int, lot: str, status: str) -> Decimal:
    """How much of an item, in one lot ('': none) and status, is among what lies somewhere."""
    same = (one.on_hand for one in lies if (one.item_id, one.lot or "", one.status) == (item_id, lot, status))
    return sum(same, ZERO)


def _where_it_lies(ctx: Context, here: Site, code: str) -> list[LiesAt]:
    """Somebody scanned goods instead of a bin: where there are such goods."""
    found = records.scanned(ctx, code)
    if found is None:
        return []
    return [
        one
        for one in stock.lies_at(ctx, item_id=found.item.item_id, site_id=here.site_id)
        if one.on_hand > 0 and found.label.lot in (None, one.lot)
    ]


@router.get("/move/code")
def code(
    visit: Visitor, site: str, scanned: Code, start: Annotated[str, Query(alias="from", max_length=64)] = ""
) -> Response:
    """What a scanned code is, for the page's script: a bin, an item, goods at the bin, or nothing.

    A label that says its lot or serial number leads to just those goods.
    """
    with visit.context() as ctx:
        here = records.site(ctx, site)
        require_any(ctx, "move", here.site_id)
        place = place_scanned(ctx, here, scanned)
        if place is not None:
            return JSONResponse({"kind": "place", "code": place.code, "address": move_address(site, place.code)})
        if (found := _serial_at(ctx, here, start, scanned)) is not None:
            return found
        try:
            scan = records.scanned(ctx, scanned)
        except Invalid as error:
            return JSONResponse({"kind": "unreadable", "code": scanned, "address": "", "words": str(error)})
        if scan is None:
            return JSONResponse({"kind": "unknown", "code": scanned, "address": ""})
        label, sku = scan.label, scan.item.sku
        if label.serial and (found := _serial_at(ctx, here, start, label.serial, sku)) is not None:
            return found
        spot = place_scanned(ctx, here, start) if start else None
        lies = [] if spot is None else [
            one for one in stock.lies_at(ctx, place_id=spot.place_id, item_id=scan.item.item_id)
            if one.on_hand > 0 and label.lot in (None, one.lot)
        ]  # fmt: skip
        if len(lies) == 1:
            address = move_address(site, start, sku=sku, lot=lies[0].lot or "", status=lies[0].status)
            return JSONResponse({"kind": "goods", "code": sku, "address": address})
        return JSONResponse(
            {"kind": "several" if lies else "item", "code": sku,
             "address": move_address(site, start, sku=sku, lot=label.lot or "")}
        )  # fmt: skip


def _serial_at(ctx: Context, here: Site, start: str, serial: str, sku: str | None = None) -> Response | None:
    """The piece with this serial number, where it is at the bin that goods are taken from."""
    for one in stock.find_serial(ctx, serial):
        if one.site_id == here.site_id and one.place.upper() == start.upper() and sku in (None, one.sku):
            address = move_address(
                here.code, start, sku=one.sku, lot=one.lot or "", serial=one.serial, status=one.status
            )
            return JSONResponse({"kind": "goods", "code": one.serial, "address": address})
    return None


@router.post("/move")
def moved(
    visit: Visitor,
    site: Sent,
    start: Annotated[str, Form(alias="from", max_length=64)],
    sku: Sent,
    amount: Annotated[str, Form(max_length=40)],
    to: Annotated[str, Form(max_length=64)],
    source: Annotated[str, Form(max_length=100)],
    lot: Sent = "",
    serial: Sent = "",
    status: Annotated[Status, Form()] = "available",
    seen: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    with visit.context() as ctx:
        require_any(ctx, "move")
        here = records.site(ctx, site)
        require_any(ctx, "move", here.site_id)
        spot, end = real_place(ctx, here, start, "from"), real_place(ctx, here, to, "to")
        item = records.item_by_sku(ctx, sku)
        much = records.in_base(ctx, item.item_id, amount, ctx.now.astimezone(here.zone_info), "how many")
        lies = stock.lies_at(ctx, place_id=spot.place_id)
        there = lying(lies, item.item_id, lot, status)
        if much > there and seen != "yes" and not stock.told_before(ctx, source):
            told = {
                "site": site, "from": spot.code, "sku": sku, "amount": amount, "to": end.code, "source": source,
                "lot": lot, "serial": serial, "status": status,
            }  # fmt: skip
            return ask_again(
                visit, ctx, here, "/move", told, move_address(site, spot.code),
                title=f"Did you move {plain(much)}?", yes="Yes, I moved them",
                words=f"By the books, {spot.code} holds {plain(there)} of {item.sku}"
                f"{f', lot {lot}' if lot else ''}, and you name {plain(much)}. If it is so, the difference is booked "
                "as unaccounted for, and somebody is asked to count the bin.",
            )  # fmt: skip
        stock.post(
            ctx,
            NewMovement(
                item.item_id, spot.place_id, end.place_id, much, "put_away" if spot.kind == "dock" else "move",
                source=source, lot=lot, serial=serial or None, from_status=status, to_status=status,
            ),
        )  # fmt: skip
        left = sum((one.on_hand for one in stock.lies_at(ctx, place_id=spot.place_id) if one.on_hand > 0), ZERO)
    said = f"{plain(much)} of {item.sku} moved from {spot.code} to {end.code}."
    if spot.kind == "dock":
        return pages.go(f"/put-away?site={pages.segment(site)}", said)
    return pages.go(move_address(site, spot.code if left else ""), said)


def ask_again(
    visit: Visit, ctx: Context, here: Site, action: str, told: dict[str, str], back: str, *, title: str, words: str,
    yes: str,
) -> Response:  # fmt: skip
    """More is named than the books hold: the same form once more, to be sent by somebody who is sure."""
    return pages.render(
        visit, ctx, "sure.html", 409, at_site=here.site_id, action=action, told=told, back=back, title=title,
        words=words, yes=yes,
    )  # fmt: skip


@router.get("/put-away")
def put_away(visit: Visitor, site: str | None = None) -> Response:
    """What lies on the docks, the oldest first, and where it belongs."""
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        return pages.render(
            visit, ctx, "put_away.html", at_site=None if here is None else here.site_id, here=here,
            sites=records.sites(ctx), lies=[] if here is None else stock.to_put_away(ctx, here.site_id),
            address=move_address, may=here is not None and visit.may("issue_goods", here.site_id),
        )  # fmt: skip
