"""Devices: what reports, from where, and when it last did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from fastapi import APIRouter, Response

from shelfwise.access.context import Context, business_time
from shelfwise.edge import devices
from shelfwise.edge.devices import DeviceState
from shelfwise.edge.model import KINDS
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.floor_view import stale_after
from shelfwise.web.visits import Visitor
from shelfwise.web.words import number, temperature

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Standing:
    """Where a device stands, in words, and the page that shows it."""

    words: str
    link: str | None


@dataclass(frozen=True)
class Row:
    """A device with all that it says."""

    device: DeviceState
    standing: Standing | None
    says: str
    heard: datetime | None
    fresh: bool


@router.get("/devices")
def list_devices(visit: Visitor, search: str = "") -> Response:
    with visit.context() as ctx:
        stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
        standings = _standings(ctx)
        every = [
            _row(list(states), standings, ctx.now, stale)
            for _, states in groupby(devices.device_states(ctx), attrgetter("device"))
        ]
        wanted = search.strip().lower()
        shown = [row for row in every if wanted in f"{row.device.device} {row.device.name}".lower()]
        return pages.render(visit, ctx, "devices.html", rows=shown, total=len(every), search=search)


def _row(
    states: list[DeviceState],
    standings: tuple[dict[int, Standing], dict[int, Standing]],
    now: datetime,
    stale: timedelta,
) -> Row:
    heard = max((one.observed_at for one in states if one.observed_at is not None), default=None)
    says = " · ".join(_says(one) for one in sorted(states, key=_importance))
    return Row(states[0], _standing(states[0], standings), says, heard, heard is not None and now - heard <= stale)


def _importance(state: DeviceState) -> int:
    order = ("weight", "temperature", "humidity")
    return order.index(state.kind) if state.kind in order else len(order)


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
    if state.value is None:
        return state.kind
    if state.kind == "temperature":
        return temperature(state.value)
    if state.kind in ("humidity", "battery"):
        return f"{state.kind} {number(round(state.value))} %"
    unit = KINDS[state.kind].unit if state.kind in KINDS else ""
    return f"{number(round(state.value))} {unit}".rstrip()
