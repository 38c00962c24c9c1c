"""Counting on a page: what is to be counted, one place at a time at the shelf, and the differences afterwards."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records import service as records
from shelfwise.records.model import Place, Site
from shelfwise.stock import counts
from shelfwise.stock import service as stock
from shelfwise.stock.counts import CountLine
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.transfers import COUNTS
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=5000)


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/counts")
def list_counts(visit: Visitor, site: str | None = None, item: str = "") -> Response:
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        return pages.render(
            visit, ctx, "counts.html", at_site=None if here is None else here.site_id, here=here,
            found=find(ctx, COUNTS, visit.request.query_params), sites=records.sites(ctx), item=item,
            zones=[] if here is None else records.zones(ctx, here.site_id),
        )  # fmt: skip


@router.post("/counts")
def start(
    visit: Visitor,
    site: Annotated[str, Form(max_length=64)],
    zone: Annotated[str, Form(max_length=20)] = "",
    bins: Annotated[str, Form(max_length=2000)] = "",
    item: Annotated[str, Form(max_length=64)] = "",
    seen: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Ask for a zone, for bins by their codes (or how these begin), or for wherever an item lies."""
    with visit.context() as ctx:
        here = records.site(ctx, site)
        ctx.require(Right.COUNT_STOCK, here.site_id)
        places, items, title = _chosen(ctx, here, zone.strip(), bins.strip(), item.strip())
        count_id = counts.start_count(
            ctx, site_id=here.site_id, title=title, place_ids=[place.place_id for place in places], item_ids=items,
            blind=seen != "yes",
        )  # fmt: skip
    return pages.go(f"/counts/{count_id}", "Walk along and count; what you type is kept place by place.")


def _chosen(ctx: Context, here: Site, zone: str, bins: str, item: str) -> tuple[list[Place], list[int] | None, str]:
    real = [place for place in records.places(ctx, here.site_id) if place.real]
    if item:
        found = records.item_named(ctx, item)
        lies = {one.place_id for one in stock.item_stock(ctx, found.item_id) if one.site_id == here.site_id}
        places = [place for place in real if place.place_id in lies or place.item_id == found.item_id]
        return _some(places, f"a place for {item}"), [found.item_id], f"{item} wherever it lies"
    if bins:
        wanted = [one.strip().upper() for one in bins.replace(",", " ").split()]
        places = [place for place in real if any(_matches(place.code, one) for one in wanted)]
        return _some(places, bins), None, f"Bins {shorten(bins, 80)}"
    zones = {str(one.zone_id): one.name for one in records.zones(ctx, here.site_id)}
    if zone in zones:
        places = [place for place in real if str(place.zone_id) == zone]
        return _some(places, zones[zone]), None, zones[zone]
    raise Invalid(Fault("what", "a zone, bins or an item", "nothing", "Say what to count."))


def _matches(code: str, wanted: str) -> bool:
    return code.upper() == wanted or (wanted.endswith("*") and code.upper().startswith(wanted[:-1]))


def _some(places: list[Place], wanted: str) -> list[Place]:
    if not places:
        raise Invalid(Fault("what", "bins that exist; A-0* means all that begin so", shorten(wanted), "Correct it."))
    return places


@router.get("/counts/{count_id}")
def sheet(visit: Visitor, count_id: int, place: int | None = None) -> Response:
    """At the shelf: the next place that nobody looked at. Afterwards: what was found beyond the books, or was not."""
    with visit.context() as ctx:
        found = counts.count(ctx, count_id)
        lines = counts.count_lines(ctx, count_id)
        todo = [line.place_id for line in lines if line.state == "open"]
        now = place if place in {line.place_id for line in lines} else next(iter(todo), None)
        by_place: dict[int, list[CountLine]] = {}
        for line in lines:
            by_place.setdefault(line.place_id, []).append(line)
        return pages.render(
            visit,
            ctx,
            "count.html",
            at_site=found.site_id,
            count=found,
            lines=lines,
            by_place=by_place,
            # One for each showing of the form, so that sending it twice counts once.
            source=f"page:{secrets.token_hex(8)}",
            now=now if found.state == "open" else None,
            differences=[one for one in lines if one.difference and one.item_id],
        )


@router.post("/counts/{count_id}/places/{place_id}")
def tell(visit: Visitor, count_id: int, place_id: int, sent: Sent) -> Response:
    """What lies in a place: a field for each line that was expected, and free ones for what was not."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.COUNT_STOCK)
        sheet = counts.count(ctx, count_id)
        ctx.require(Right.COUNT_STOCK, sheet.site_id)
        skus = [str(one).strip() for one in sent.getlist("sku")]
        items = records.item_ids(ctx, {sku for sku in skus if sku})
        found: list[tuple[int, str, Decimal]] = []
        told = zip(skus, sent.getlist("lot"), sent.getlist("amount"), strict=False)
        for row, (sku, lot, amount) in enumerate(told, 1):
            text = str(amount).strip()
            if not sku and not text:
                continue
            of_label = ""
            if sku not in items:
                scan = records.scanned(ctx, sku)
                if scan is None:
                    raise Invalid(Fault(f"line {row}, item", "an item that exists", shorten(sku), "Scan it again."))
                items[sku], of_label = scan.item.item_id, scan.label.lot or ""
            if not text:
                raise Invalid(Fault(f"line {row}, {sku}", "how many there are, 0 if none", "nothing", "Count it."))
            found.append((items[sku], str(lot).strip() or of_label, read_typed(text, f"line {row}, {sku}")))
        counts.tell_count(ctx, count_id, place_id, found, str(sent.get("source", ""))[:100] or secrets.token_hex(8))
        left = counts.count(ctx, count_id).places_left
    said = f"Kept. {left} {'place' if left == 1 else 'places'} to go." if left else "Kept. That was the last place."
    return pages.go(f"/counts/{count_id}", said)


@router.post("/counts/{count_id}/finish")
def finish(visit: Visitor, count_id: int) -> Response:
    with visit.context() as ctx:
        done = counts.finish_count(ctx, count_id)
    if done.state == "posted":
        return pages.go(f"/counts/{count_id}", "Finished: the books say what was counted.")
    return pages.go(f"/counts/{count_id}", "Finished. Large differences wait for somebody who did not count.")


@router.post("/counts/{count_id}/approve")
def approve(visit: Visitor, count_id: int) -> Response:
    with visit.context() as ctx:
        counts.approve_count(ctx, count_id)
    return pages.go(f"/counts/{count_id}", "Posted: the books say what was counted.")


@router.post("/counts/{count_id}/again")
def again(visit: Visitor, count_id: int, sent: Sent) -> Response:
    chosen = [int(str(one)) for one in sent.getlist("place") if str(one).isdecimal() and len(str(one)) < 19]
    with visit.context() as ctx:
        counts.count_again(ctx, count_id, chosen)
    return pages.go(f"/counts/{count_id}", "Asked: these places are to be counted once more.")


@router.post("/counts/{count_id}/cancel")
def cancel(visit: Visitor, count_id: int, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    with visit.context() as ctx:
        counts.cancel_count(ctx, count_id, reason)
    return pages.go("/counts", "Cancelled: nothing of it changes the books.")
