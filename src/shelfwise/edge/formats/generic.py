"""Generic JSON: one reading or a list of them.

``{"device": "scale-7", "kind": "weight", "value": 12.45, "unit": "kg", "at": "2026-03-02T12:00:00Z", "id": "a-1"}``

`kind` and `value` are required. Without `device` the reading is about whoever the topic names or whoever signed in;
without `unit` the value is in the kind's own unit; `at` is RFC 3339 with a zone, or seconds or milliseconds since 1970.
With `id` or `at` a reading sent twice is stored once; with neither it is stored as often as it comes, and marked so.
A list is taken whole or not at all. Other fields are not looked at.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import (
    KINDS,
    LONGEST_NAME,
    Kind,
    Moment,
    Origin,
    Reading,
    believable,
    key_by_chance,
    key_by_content,
    key_by_id,
    measure,
    speaker,
    text,
)

EXAMPLE = (
    b'{"device": "scale-7", "kind": "weight", "value": 12.45, "unit": "kg", "at": "2026-03-02T12:00:00Z", "id": "a-1"}'
)


class _Position(msgspec.Struct):
    lat: float
    lon: float
    speed: float | None = None


class _Message(msgspec.Struct, gc=False):
    kind: str
    value: float | str | _Position
    device: str | None = None
    unit: str | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)] | int | float | None = None
    id: str | int | None = None


_decode = msgspec.json.Decoder(_Message | list[_Message]).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Invalid: one reading or the whole message cannot be right; nothing of it counts.
    """
    messages = decoded(_decode, payload)
    if not isinstance(messages, list):
        return [_reading(messages, origin, when)]
    if not messages:
        raise Invalid(Fault("the message", "at least one reading", "an empty list", "Send none then."))
    readings = []
    for number, message in enumerate(messages, 1):
        try:
            readings.append(_reading(message, origin, when))
        except Invalid as error:
            fault = error.faults[0]
            raise Invalid(
                Fault(f"reading {number} of {len(messages)}, {fault.where}", fault.expected, fault.got, fault.remedy)
            ) from error
    return readings


def _reading(message: _Message, origin: Origin, when: Moment) -> Reading:
    device = speaker(origin, message.device)
    kind = KINDS.get(message.kind)
    if kind is None:
        raise Invalid(Fault("kind", "one of " + ", ".join(KINDS), shorten(message.kind), "Correct the kind."))
    value: float | None = None
    detail: dict[str, Any] | None = None
    if kind.measured:
        value = measure(kind, message.value, message.unit, "value")
    else:
        detail = _detail(kind, message.value)
    observed_at = believable(message.at, when)
    if message.id is not None:
        own_id = message.id if isinstance(message.id, int) else text(message.id, "id", LONGEST_NAME)
        key = key_by_id(device, kind.name, own_id, None if message.at is None else observed_at)
    elif message.at is not None:
        key = key_by_content(device, kind.name, observed_at, detail or value)
    else:
        key = key_by_chance()
        detail = {**(detail or {}), "at_least_once": True}
    return Reading(key, device, kind.name, value, detail, observed_at, when.received_at)


def _detail(kind: Kind, value: float | str | _Position) -> dict[str, Any]:
    if kind.name == "position":
        return _position(value)
    name = {"tag": "epc", "scan": "code"}[kind.name]
    return {name: text(value, "value")}


def _position(value: object) -> dict[str, Any]:
    if not isinstance(value, _Position):
        raise Invalid(Fault("value", 'an object {"lat", "lon", "speed"}', shorten(value), "Send degrees, m/s."))
    detail = {"lat": _between(value.lat, 90.0, "lat"), "lon": _between(value.lon, 180.0, "lon")}
    if value.speed is not None:
        if not 0 <= value.speed < math.inf:
            raise Invalid(Fault("value, speed", "0 m/s or more", f"{value.speed:g}", "Leave it out when not known."))
        detail["speed"] = value.speed
    return detail


def _between(value: float, limit: float, name: str) -> float:
    if -limit <= value <= limit:
        return value
    raise Invalid(
        Fault(f"value, {name}", f"-{limit:g} to {limit:g} degrees", f"{value:g}", "Leave a reading without a fix out.")
    )
