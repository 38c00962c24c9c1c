"""Traccar's position forwarding: each position of each tracker that a Traccar server knows, one by one.

HTTP ``/v1/traccar``. The server must be registered as a gateway, and each tracker under its identifier in Traccar
(``uniqueId``). Traccar counts speed in knots. A position that is outdated or not valid is no fix; its battery counts
all the same. What makes a position unique is Traccar's own id of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from shelfwise.edge.formats import positions, tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import LONGEST_NAME, Moment, Origin, Reading, speaker, text

EXAMPLE = (
    b'{"position": {"id": 8358, "deviceId": 3, "protocol": "teltonika", "fixTime": "2026-03-02T11:59:30.000+00:00", '
    b'"outdated": false, "valid": true, "latitude": 52.0907, "longitude": 5.1214, "altitude": 12.4, "speed": 27.0, '
    b'"course": 271.0, "accuracy": 5.2, "attributes": {"batteryLevel": 87, "motion": true}}, '
    b'"device": {"id": 3, "name": "Truck 7", "uniqueId": "truck-7", "status": "online"}}'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "device.uniqueId": "the device",
        "position.id": "part of the source key",
        "position.fixTime": "when; ISO 8601",
        "position.valid, outdated": "whether there is a fix",
        "position.latitude, longitude": "degrees, WGS84",
        "position.speed": "knots, stored in m/s",
        "position.course": "`heading`, degrees from north",
        "position.altitude, accuracy": "m",
        "position.attributes.batteryLevel": "percent",
    }
)


class _Attributes(msgspec.Struct, rename="camel"):
    battery_level: float | None = None


class _Position(msgspec.Struct, rename="camel"):
    latitude: float
    longitude: float
    id: int | None = None
    fix_time: tags.Time = None
    valid: bool = True
    outdated: bool = False
    speed: float | None = None
    course: float | None = None
    altitude: float | None = None
    accuracy: float | None = None
    attributes: _Attributes | None = None


class _Device(msgspec.Struct, rename="camel"):
    unique_id: str


class _Message(msgspec.Struct):
    position: _Position
    device: _Device


_decode = msgspec.json.Decoder(_Message).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Invalid: the message cannot be right; nothing of it counts.
    """
    message = decoded(_decode, payload)
    told = message.position
    device = speaker(origin, text(message.device.unique_id, "device, uniqueId", LONGEST_NAME))
    at = tags.instant(told.fix_time, when, "position, fixTime")
    # Traccar gives 0 to positions that it does not keep.
    own_id = str(told.id) if told.id else None
    fixed = told.valid and not told.outdated
    return [
        *positions.fix(
            device, when, at, own_id, told.latitude if fixed else None, told.longitude,
            speed=None if told.speed is None else round(told.speed * positions.KNOT, 6), heading=told.course,
            altitude=told.altitude, accuracy=told.accuracy or None,
        ),
        *positions.battery(
            device, when, at, own_id, None if told.attributes is None else told.attributes.battery_level
        ),
    ]  # fmt: skip
