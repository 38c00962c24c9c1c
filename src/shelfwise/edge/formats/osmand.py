"""Trackers that speak the OsmAnd protocol: the Traccar Client app, OsmAnd, and many others.

HTTP ``/v1/osmand``, GET or POST, in one of two forms: parameters of a query or a form (``id``, ``lat``, ``lon``,
``timestamp``, ``speed`` in knots, ``batt`` ...), or the JSON of the Traccar Client from version 9 (``speed`` in m/s).
A tracker that can be told nothing but an address signs in within it: ``/v1/osmand/<device>:<secret>``. A fix that is
marked as not valid, or is at 0, 0, is none. A fix of the same time and place is stored once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import parse_qsl

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import positions, tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import LONGEST_NAME, Moment, Origin, Reading, believable, speaker, text

EXAMPLE = (
    b'{"location": {"timestamp": "2026-03-02T11:59:30.000Z", "coords": {"latitude": 52.0907, "longitude": 5.1214, '
    b'"accuracy": 5.2, "speed": 13.9, "heading": 271.0, "altitude": 12.4}, "is_moving": true, '
    b'"battery": {"level": 0.87, "is_charging": false}}, "device_id": "truck-7"}'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "id, deviceid; device_id": "the device; without one, who signed in",
        "timestamp; location.timestamp": "seconds or milliseconds since 1970, ISO 8601, or `2026-03-02 12:00:00` (UTC)",
        "lat, lon; location.coords.latitude, longitude": "degrees, WGS84",
        "location": "`lat,lon` in one parameter",
        "speed; location.coords.speed": "knots as a parameter, m/s in JSON; stored in m/s",
        "accuracy; location.coords.accuracy": "m",
        "bearing, heading; location.coords.heading": "degrees from north",
        "altitude; location.coords.altitude": "m",
        "valid": "`false` or `0`: there is no fix",
        "batt; location.battery.level": "percent as a parameter, 0 to 1 in JSON",
    }
)

_MOST_PARAMETERS = 100


class _Coords(msgspec.Struct):
    latitude: float | None = None
    longitude: float | None = None
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None


class _Battery(msgspec.Struct):
    level: float | None = None


class _Location(msgspec.Struct):
    coords: _Coords | None = None
    timestamp: tags.Time = None
    battery: _Battery | None = None


class _Message(msgspec.Struct):
    location: _Location
    device_id: str | None = None


_decode = msgspec.json.Decoder(_Message).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Invalid: the message cannot be right; nothing of it counts.
    """
    if payload.lstrip().startswith(b"{"):
        return _of_json(decoded(_decode, payload), origin, when)
    return _of_parameters(_parameters(payload), origin, when)


def _of_json(message: _Message, origin: Origin, when: Moment) -> list[Reading]:
    device = speaker(origin, None if message.device_id is None else text(message.device_id, "device_id", LONGEST_NAME))
    place, coords = message.location, message.location.coords or _Coords()
    at = tags.instant(place.timestamp, when, "location, timestamp")
    level = None if place.battery is None or place.battery.level is None else place.battery.level * 100
    return [
        *positions.fix(
            device, when, at, None, coords.latitude, coords.longitude, speed=_known(coords.speed),
            accuracy=_known(coords.accuracy), heading=_known(coords.heading), altitude=coords.altitude,
        ),
        *positions.battery(device, when, at, None, level),
    ]  # fmt: skip


def _of_parameters(told: Mapping[str, str], origin: Origin, when: Moment) -> list[Reading]:
    named = told.get("id") or told.get("deviceid")
    device = speaker(origin, None if named is None else text(named, "id", LONGEST_NAME))
    at = _time(told.get("timestamp"), when)
    lat, lon = _number(told, "lat"), _number(told, "lon")
    if "location" in told and lat is None:
        first, _, second = told["location"].partition(",")
        both = {"location": first, "location ": second}
        lat, lon = _number(both, "location"), _number(both, "location ")
    if told.get("valid", "true").lower() not in ("true", "1"):
        lat = lon = None
    knots = _known(_number(told, "speed"))
    heading = _number(told, "bearing")
    return [
        *positions.fix(
            device, when, at, None, lat, lon, speed=None if knots is None else round(knots * positions.KNOT, 6),
            accuracy=_known(_number(told, "accuracy")),
            heading=_known(_number(told, "heading") if heading is None else heading),
            altitude=_number(told, "altitude"),
        ),
        *positions.battery(device, when, at, None, _number(told, "batt")),
    ]  # fmt: skip


def _parameters(payload: bytes) -> dict[str, str]:
    try:
        told = dict(parse_qsl(payload.decode().strip(), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
    except ValueError as error:
        raise _unknown(payload) from error
    if not {"lat", "lon", "location", "batt", "valid"} & set(told):
        raise _unknown(payload)
    return told


def _unknown(payload: bytes) -> Invalid:
    return Invalid(
        Fault(
            "the message", "id=...&lat=...&lon=...&timestamp=..., or the JSON of the Traccar Client",
            shorten(payload[:60].decode("utf-8", "replace")), "Send one of the two.",
        )
    )  # fmt: skip


def _number(told: Mapping[str, str], name: str) -> float | None:
    words = told.get(name, "").strip()
    if not words or words.lower() == "nan":
        return None
    try:
        number = float(words) if words.isascii() else math.nan
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    raise Invalid(Fault(name.strip(), "a number", shorten(words), "Leave out what is not known."))


def _known(told: float | None) -> float | None:
    """Phones say -1 for a speed, a heading or an accuracy that they do not know."""
    return None if told is None or told < 0 else told


def _time(told: str | None, when: Moment) -> datetime | None:
    if told is not None and len(told) == 19 and told[10] == " ":
        try:
            return believable(datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC), when, "timestamp")
        except ValueError:
            pass
    return tags.instant(told, when, "timestamp")
