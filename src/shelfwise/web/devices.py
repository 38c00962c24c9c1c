"""Devices: what reports, from where, and when it last did."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from shelfwise.access.context import Context, business_time
from shelfwise.edge import devices
from shelfwise.edge.devices import DeviceState
from shelfwise.edge.model import KINDS
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.floor_view import stale_after
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Standing:
    """Where a device stands, in words, and the page that shows it."""

    words: str
    link: str | None


@router.get("/devices")
def list_devices(visit: Visitor, search: str = "") -> Response:
    with visit.context() as ctx:
        found = devices.device_states(ctx)
        wanted = search.strip().lower()
        shown = [one for one in found if wanted in f"{one.device} {one.name}".lower()]
        standings = _standings(ctx)
        stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
        return pages.render(
            visit,
            ctx,
            "devices.html",
            devices=[
                (
                    one,
                    _standing(one, standings),
                    _says(one),
                    one.observed_at is not None and ctx.now - one.observed_at <= stale,
                )
                for one in shown
            ],
            total=len({one.device for one in found}),
            search=search,
        )


def _standings(ctx: Context) -> tuple[dict[int, Standing], dict[int, Standing]]:
    zones: dict[int, Standing] = {}
    places: dict[int, Standing] = {}
    for site in records.sites(ctx):
        for zone in records.zones(ctx, site.site_id):
            zones[zone.zone_id] = Standing(zone.name, f"/zones/{zone.zone_id}")
        for place in records.places(ctx, site.site_id):
            places[place.place_id] = Standing(place.code, f"/bins/{place.place_id}" if place.kind == "bin" else None)
    return zones, places


def _standing(state: DeviceState, standings: tuple[dict[int, Standing], dict[int, Standing]]) -> Standing | None:
    if state.place_id is not None:
        return standings[1].get(state.place_id)
    return standings[0].get(state.zone_id) if state.zone_id is not None else None


def _says(state: DeviceState) -> str:
    if state.kind is None:
        return "nothing yet"
    kind = KINDS.get(state.kind)
    if state.value is None or kind is None:
        return state.kind
    unit = {"degC": "°C", "%RH": "% humidity"}.get(kind.unit, kind.unit)
    places = 0 if kind.unit == "g" else 1
    return f"{state.value:,.{places}f} {unit}"
