"""How a device, what it said last and where it stands are told; for the list of devices and the page of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shelfwise.access.context import Context
from shelfwise.edge.connected import Presence
from shelfwise.edge.devices import DeviceState
from shelfwise.edge.model import KINDS
from shelfwise.records import service as records
from shelfwise.web.words import number, temperature

# Words, and the page that shows what they name; no page: it has none.
Named = tuple[str, str | None]
_ENDED = {
    "left": ("unknown", "signed off"),
    "lost": ("attention", "connection lost"),
    "closed": ("unknown", "sent away"),
}
_FIRST = ("weight", "temperature", "humidity")


@dataclass(frozen=True)
class Standings:
    """Words and the address of each zone and each place."""

    zones: Mapping[int, Named]
    places: Mapping[int, Named]

    def of(self, one: DeviceState) -> Named:
        """Where a device stands."""
        if one.place_id is not None:
            return self.places.get(one.place_id, ("", None))
        if one.zone_id is not None:
            return self.zones.get(one.zone_id, ("", None))
        return ("a gateway" if one.speaks_for == "gateway" else "not placed yet", None)


def standings(ctx: Context) -> Standings:
    zones: dict[int, Named] = {}
    places: dict[int, Named] = {}
    for site in records.sites(ctx):
        for zone in records.zones(ctx, site.site_id):
            zones[zone.zone_id] = (zone.name, f"/zones/{zone.zone_id}")
        for place in records.places(ctx, site.site_id):
            places[place.place_id] = (place.code, f"/bins/{place.place_id}" if place.kind == "bin" else None)
    return Standings(zones, places)


def last_heard(states: Sequence[DeviceState]) -> datetime | None:
    return max((state.observed_at for state in states if state.observed_at is not None), default=None)


def how_it_is(
    one: DeviceState, heard: datetime | None, now: datetime, stale: timedelta, bearing: str | None = None
) -> str:
    """In one or two words; `bearing` is what `health.bearings` knows, and where it knows nothing, age alone decides."""
    if one.retired_at is not None:
        return "retired"
    if not one.active:
        return "switched off"
    if heard is None:
        return "never heard"
    if bearing in ("in doubt", "silent"):
        return bearing
    if now - heard <= stale or bearing == "steady":
        return "reporting"
    return "quiet" if bearing == "by events" else "silent"


def connection(presence: Presence | None) -> tuple[str, str]:
    """How its connection is: the state that pages colour it by, and words; no words: it never kept one open."""
    if presence is None:
        return "unknown", ""
    return ("well", "connected") if presence.ended is None else _ENDED[presence.ended]


def importance(state: DeviceState) -> int:
    return _FIRST.index(state.kind) if state.kind in _FIRST else len(_FIRST)


def says(state: DeviceState) -> str:
    """What it said of one kind, for a line in which the other kinds stand too."""
    return "nothing yet" if state.kind is None else says_of(state.kind, state.value, state.detail)


def says_of(kind: str, value: float | None, detail: Mapping[str, Any] | None) -> str:
    """What one reading says, with its kind where the figure alone would not tell."""
    if value is None and kind not in ("tag", "scan"):
        return kind
    words = told(kind, value, detail)
    return f"{kind} {words}" if kind in ("humidity", "battery", "tag", "scan") else words


def said(state: DeviceState) -> str:
    """The value it said last of one kind, with its unit."""
    return told(state.kind, state.value, state.detail)


def told(kind: str | None, value: float | None, detail: Mapping[str, Any] | None) -> str:
    """What one reading says, with its unit."""
    detail = detail or {}
    if kind is None or value is None:
        words = detail.get("epc") or detail.get("code")
        if "lat" in detail and "lon" in detail:
            words = f"{detail['lat']}, {detail['lon']}"
        return str(words or "–")
    if kind == "temperature":
        return temperature(value)
    if kind in ("humidity", "battery"):
        return f"{number(round(value))} %"
    unit = KINDS[kind].unit if kind in KINDS else ""
    return f"{number(round(value))} {unit}".rstrip()
