"""The floor: what is where, and is it well? Drawn by the server, kept live by small updates."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.condition import service as condition
from shelfwise.core.errors import Forbidden, NotFound, ShelfwiseError, Unauthenticated
from shelfwise.edge import standing
from shelfwise.edge.health import service as health
from shelfwise.edge.health import words
from shelfwise.edge.health.tables import Doubt
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.stock import service as stock
from shelfwise.web import device_history, pages, tables
from shelfwise.web.floor_racks import aisles, front, spread
from shelfwise.web.floor_svg import draw, fill_box
from shelfwise.web.floor_view import (
    BinFacts,
    BinView,
    Box,
    FloorView,
    ZoneFacts,
    how_sure,
    limit_words,
    see_bin,
    see_zone,
    stale_after,
)
from shelfwise.web.live import HEARTBEAT, Live
from shelfwise.web.moved import PAGE, place_of, zone_of
from shelfwise.web.visits import Visitor, visitor

router = APIRouter(include_in_schema=False)


def chosen_site(ctx: Context, code: str | None) -> Site | None:
    """The site named, or the first; None where none was set up.

    Raises:
        NotFound: a site is named that does not exist.
    """
    if code:
        return records.site(ctx, code)
    return next(iter(records.sites(ctx)), None)


def bin_facts(ctx: Context, site_id: int) -> list[BinFacts]:
    """The bins of a site; one that has no place on its floor yet is a box without size."""
    bins = [one for one in stock.bins(ctx, site_id) if one.kind == "bin"]
    items = {one.item_id for one in bins if one.item_id is not None}
    on_hand = {level.item_id: level.on_hand for level in stock.levels(ctx, site_id, items)}
    doubted = {device: one for (device, kind), one in health.in_doubt(ctx).items() if kind == "weight"}
    return [
        BinFacts(
            place_id=one.place_id,
            code=one.code,
            item_id=one.item_id,
            box=Box(one.x_m or 0.0, one.y_m or 0.0, one.width_m or 0.0, one.depth_m or 0.0),
            zone_id=one.zone_id,
            sku=one.sku,
            description=one.description or "",
            unit=one.unit or "each",
            book=one.on_hand,
            capacity=one.capacity,
            elsewhere=on_hand.get(one.item_id or 0, Decimal(0)) - one.on_hand,
            has_scale=one.scale is not None,
            weighed=one.observed,
            weighed_at=one.observed_at,
            weighed_to=one.doubt,
            scale_doubt=_why(doubted.get(one.scale or "")),
            aisle=one.aisle,
            bay=one.bay,
            level=one.level,
            position=one.position,
        )
        for one in bins
    ]


def zone_facts(ctx: Context, site_id: int) -> list[ZoneFacts]:
    """The zones of a site with their temperature."""
    doubted = [one for (_, kind), one in health.in_doubt(ctx).items() if kind == "temperature"]
    return [
        ZoneFacts(
            zone_id=one.zone_id,
            code=one.code,
            name=one.name,
            kind=one.kind,
            box=Box(one.x_m, one.y_m, one.width_m, one.depth_m),
            low_degc=one.low_degc,
            high_degc=one.high_degc,
            degc=one.degc,
            observed_at=one.observed_at,
            excursion_since=one.since,
            excursion_confirmed=one.excursion == "confirmed",
            sensors=one.sensors,
            doubts=tuple(f"{it.name or it.device} {_why(it)}" for it in doubted if it.zone_id == one.zone_id),
            only_doubted=one.doubted,
        )
        for one in condition.zone_states(ctx, site_id)
    ]


def _why(one: Doubt | None) -> str:
    return "" if one is None else words.what(one.cause, one.kind, one.size, one.evidence)


def floor_bins(ctx: Context, site: Site) -> tuple[BinView, ...]:
    """Every bin of a site as it is now, drawn on the floor or not."""
    stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
    return tuple(see_bin(facts, ctx.now, stale) for facts in bin_facts(ctx, site.site_id))


def floor_view(ctx: Context, site: Site) -> FloorView:
    """The floor of a site as it is now, the levels of each bay beside each other."""
    stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
    drawn = spread(facts for facts in bin_facts(ctx, site.site_id) if facts.box.drawn)
    return FloorView(
        site.code,
        site.name,
        site.width_m,
        site.depth_m,
        tuple(see_zone(facts, ctx.now, stale) for facts in zone_facts(ctx, site.site_id)),
        tuple(see_bin(facts, ctx.now, stale) for facts in drawn),
    )


def summary(view: FloorView) -> dict[str, Any]:
    """How many bins and zones are in which state."""
    return {
        "bins": Counter(one.state for one in view.bins),
        "doubtful": sum(1 for one in view.bins if one.doubt),
        "zones": Counter(one.state for one in view.zones),
        "aisles": aisles(view.bins),
    }


@router.get("/floor")
def floor(visit: Visitor, site: str | None = None) -> Response:
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            return pages.render(visit, ctx, "floor_empty.html")
        view = floor_view(ctx, here)
        return pages.render(
            visit,
            ctx,
            "floor.html",
            here=here,
            sites=records.sites(ctx),
            floor=view,
            map=draw(view),
            sums=summary(view),
        )


@router.get("/floor/side")
def side(visit: Visitor, site: str | None = None) -> Response:
    """What stands beside the map, for its live refresh."""
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            raise NotFound("site", site)
        view = floor_view(ctx, here)
        return pages.render(visit, ctx, "floor_side.html", here=here, floor=view, sums=summary(view))


@router.get("/floor/state")
def state(visit: Visitor, site: str | None = None) -> Response:
    """Every bin and zone in a few words, for the page's script to draw what changed."""
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            raise NotFound("site", site)
        view = floor_view(ctx, here)
    return JSONResponse(
        {
            "bins": {
                one.facts.place_id: [one.state, bool(one.doubt), *(round(part, 3) for part in fill_box(one)), one.label]
                for one in view.bins
            },
            "zones": {one.facts.zone_id: [one.state, one.reading, one.label] for one in view.zones},
        }
    )


@router.get("/floor/rack")
def rack(visit: Visitor, site: str | None = None, aisle: Annotated[str, Query(max_length=64)] = "") -> Response:
    """An aisle from the front: which levels are full, and of what."""
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        bins = [] if here is None else [one for one in floor_bins(ctx, here) if one.facts.aisle == aisle]
        if here is None or not bins:
            raise NotFound("aisle", aisle)
        return pages.render(
            visit, ctx, "rack.html", at_site=here.site_id, here=here, aisle=aisle, bins=bins,
            picture=front(aisle, bins), names=[one.name for one in aisles(floor_bins(ctx, here))],
        )  # fmt: skip


@router.get("/bins/{place_id}")
def bin_page(visit: Visitor, place_id: int) -> Response:
    """A bin, a dock or a packing bench, whether it is drawn on the floor or not."""
    with visit.context() as ctx:
        here, place = place_of(ctx, place_id)
        facts = next((one for one in bin_facts(ctx, here.site_id) if one.place_id == place_id), None)
        lies = stock.lies_at(ctx, place_id=place_id, limit=PAGE + 1)
        view = None if facts is None else see_bin(facts, ctx.now, stale_after(business_time(ctx.tx, ctx.tenant).rate))
        known = None if view is None else view.weighed
        sure = "" if facts is None or known is None else how_sure(known, facts.weighed_to)
        return pages.render(
            visit, ctx, "bin.html", at_site=here.site_id, here=here, place=place, lies=lies[:PAGE], sure=sure,
            devices=standing.standing_at(ctx, place_id=place_id),
            more=len(lies) > PAGE, moved=stock.movements(ctx, limit=30, place_id=place_id),
            bin=view,
        )  # fmt: skip


@router.get("/zones/{zone_id}")
def zone_page(visit: Visitor, zone_id: int) -> Response:
    with visit.context() as ctx:
        here, _ = zone_of(ctx, zone_id)
        facts = next((one for one in zone_facts(ctx, here.site_id) if one.zone_id == zone_id), None)
        if facts is None:
            raise NotFound("zone", zone_id)
        lies = stock.lies_at(ctx, zone_id=zone_id, limit=PAGE + 1)
        view = see_zone(facts, ctx.now, stale_after(business_time(ctx.tx, ctx.tenant).rate))
        since = ctx.now - timedelta(hours=24)
        excursions = condition.excursions(ctx, zone_id, ctx.now - timedelta(days=30))
        return pages.render(
            visit,
            ctx,
            "zone.html",
            at_site=here.site_id,
            zone=view,
            lies=lies[:PAGE],
            more=len(lies) > PAGE,
            limits=limit_words(facts.low_degc, facts.high_degc),
            history=device_history.drawn(
                ctx,
                tables.temperatures(ctx, zone_id, since, timedelta(minutes=5)),
                (facts.low_degc, facts.high_degc),
                [one for one in excursions if one.ended_at is None or one.ended_at > since],
            ),
            excursions=excursions,
        )


@router.get("/live")
async def live(request: Request) -> Response:
    """Server-sent events: which topics changed. Ends soon after the session does."""
    visit = await asyncio.to_thread(visitor, request)
    if not visit.actor.may_somewhere(Right.VIEW):
        raise Forbidden("This key may not view. Give it the scope `view`.")
    hub: Live = request.app.state.live

    async def stream() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        known = time.monotonic()
        async for topics in hub.follow():
            if time.monotonic() - known > HEARTBEAT:
                try:
                    await asyncio.to_thread(visitor, request)
                except Unauthenticated:
                    yield "event: signed-out\ndata: -\n\n"
                    return
                except (ShelfwiseError, psycopg.OperationalError):
                    # Who asks cannot be found out now: the page comes back by itself, and is asked again.
                    return
                known = time.monotonic()
            yield f"event: changed\ndata: {' '.join(sorted(topics))}\n\n" if topics else ": still here\n\n"

    return StreamingResponse(
        stream(), media_type="text/event-stream", headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    )
