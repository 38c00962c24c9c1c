"""ChirpStack v4 uplinks (LoRaWAN): the decoded `object` of each frame, by a table of field names.

Topic ``application/<id>/device/<devEui>/event/up``, or HTTP ``/v1/chirpstack?event=up``; JSON encoding. The frame
needs a payload codec in ChirpStack's device profile. A device is filed under its devEui in lower case, and the sender
(a bridge, or ChirpStack's HTTP integration) must be registered as a gateway. Fields that are not in the table, and
fields that are null, are passed over; a frame with none that is understood goes to quarantine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import (
    KINDS,
    LONGEST_NAME,
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
    b'{"deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d", "time": "2026-03-02T11:59:58.775023242+00:00", '
    b'"deviceInfo": {"devEui": "0101010101010101"}, "fCnt": 7, "fPort": 1, "data": "AXUMA2cBEA==", '
    b'"object": {"temperature": -18.5, "humidity": 40.5, "battery": 97}}'
)


@dataclass(frozen=True)
class Field:
    """What a field of a codec's object means; `unit` as in `KINDS`."""

    kind: str
    unit: str


_CELSIUS = Field("temperature", "degC")
_HUMIDITY = Field("humidity", "%RH")
_BATTERY = Field("battery", "%")
_GRAM = Field("weight", "g")

# In lower case. Names as the codecs of common sensors give them: Milesight, Dragino (…_sht, …_ds), Elsys, Cayenne LPP.
FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "temperature": _CELSIUS, "temp": _CELSIUS, "tempc_sht": _CELSIUS, "tempc_ds": _CELSIUS,
        "externaltemperature": _CELSIUS, "temperaturesensor": _CELSIUS, "temperature_f": Field("temperature", "degF"),
        "humidity": _HUMIDITY, "hum_sht": _HUMIDITY, "humiditysensor": _HUMIDITY,
        "battery": _BATTERY, "battery_level": _BATTERY, "batterypercent": _BATTERY,
        "weight": _GRAM, "weight_g": _GRAM, "weight_kg": Field("weight", "kg"),
    }
)  # fmt: skip

# Events of a device that say nothing about the warehouse.
WITHOUT_READINGS = frozenset({"join", "ack", "txack", "log", "status", "location", "integration"})


class _DeviceInfo(msgspec.Struct, rename="camel"):
    dev_eui: str


class _Uplink(msgspec.Struct, rename="camel"):
    device_info: _DeviceInfo
    object: dict[str, Any] | None = None
    deduplication_id: str | None = None
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_decode = msgspec.json.Decoder(_Uplink).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Invalid: the frame cannot be right or holds nothing that is understood; nothing of it counts.
    """
    event = origin.topic.rsplit("/", 1)[-1]
    if event in WITHOUT_READINGS:
        return []
    if event != "up":
        raise Invalid(Fault("topic", "event/up", shorten(event), "Send uplinks; other events carry no readings."))
    uplink = decoded(_decode, payload)
    named = text(uplink.device_info.dev_eui, "deviceInfo, devEui", LONGEST_NAME).lower()
    if origin.door == "mqtt" and named != origin.subject:
        raise Invalid(
            Fault("deviceInfo, devEui", f"{origin.subject!r} as in the topic", shorten(named), "Check the integration.")
        )
    device = speaker(origin, named)
    observed_at = believable(uplink.time, when, "time")
    readings = [
        _reading(uplink, device, field, channel, value, observed_at, when)
        for field, channel, value in _understood(uplink.object or {})
    ]
    if not readings:
        raise Invalid(
            Fault(
                "object", "a field such as " + ", ".join(list(FIELDS)[:3]),
                shorten(", ".join(uplink.object)) if uplink.object else "none",
                "Give the device profile a payload codec; a new field name needs a line in the format's table.",
            )
        )  # fmt: skip
    return readings


def _understood(found: Mapping[str, Any]) -> Iterator[tuple[Field, str, object]]:
    """(meaning, channel, value) of every known field; Cayenne LPP nests channels: {"temperatureSensor": {"3": 4.5}}."""
    for name, value in found.items():
        field = FIELDS.get(name.lower())
        if field is None or value is None:
            continue
        if isinstance(value, dict):
            for channel, inner in value.items():
                if inner is not None:
                    yield field, f"{name}.{channel}", inner
        else:
            yield field, name, value


def _reading(
    uplink: _Uplink, device: str, field: Field, channel: str, value: object, observed_at: datetime, when: Moment
) -> Reading:
    number = measure(KINDS[field.kind], value, field.unit, f"object, {channel}")
    detail: dict[str, Any] = {"field": text(channel, "object", LONGEST_NAME)}
    if uplink.deduplication_id is not None:
        own_id = text(uplink.deduplication_id, "deduplicationId", LONGEST_NAME)
        key = key_by_id(device, channel, own_id, None if uplink.time is None else observed_at)
    elif uplink.time is not None:
        key = key_by_content(device, channel, observed_at, number)
    else:
        key = key_by_chance()
        detail["at_least_once"] = True
    return Reading(key, device, field.kind, number, detail, observed_at, when.received_at)
