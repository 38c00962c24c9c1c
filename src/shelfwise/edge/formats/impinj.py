"""Impinj readers (R700 and others with the IoT device interface): tag inventory events.

MQTT topic ``impinj/<device>/<anything>``, or HTTP ``/v1/impinj``: one event, one a line as in the reader's HTTP stream,
or a JSON list. Events of other types (inventory status, inputs, diagnostics) say nothing about tags and are passed
over. ``epcHex`` is used, else ``epc``, which is base64. An event that cannot be right does not cost the others of its
message: it goes to quarantine alone. The same tag at the same antenna and time is stored once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import LONGEST_NAME, Moment, Origin, Reading, speaker, text

EXAMPLE = (
    b'{"timestamp": "2026-03-02T12:00:00.500000000Z", "hostname": "impinj-14-46-36", "eventType": "tagInventory", '
    b'"tagInventoryEvent": {"epcHex": "3034257BF7194E4000001A85", "antennaPort": 2, "antennaName": "Dock 2", '
    b'"peakRssiCdbm": -5234, "lastSeenTime": "2026-03-02T11:59:59.871000000Z"}}'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "eventType": "`tagInventory`; others carry no readings",
        "timestamp": "when the event was made, RFC 3339; used where `lastSeenTime` is missing",
        "tagInventoryEvent.epcHex": "the EPC memory, hexadecimal",
        "tagInventoryEvent.epc": "the same in base64, where `epcHex` is switched off",
        "tagInventoryEvent.antennaPort": "`antenna`",
        "tagInventoryEvent.antennaName": "`antenna_name`",
        "tagInventoryEvent.peakRssiCdbm": "hundredths of a dBm, stored as `rssi` in dBm",
        "tagInventoryEvent.lastSeenTime": "when the tag was read, RFC 3339",
        "tagInventoryEvent.tidHex": "`tid`, the tag's own serial memory",
    }
)


class _Tag(msgspec.Struct, rename="camel"):
    epc_hex: str | None = None
    epc: str | None = None
    antenna_port: int | None = None
    antenna_name: str | None = None
    peak_rssi_cdbm: float | None = None
    last_seen_time: str | None = None
    tid_hex: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    event_type: str | None = None
    timestamp: str | None = None
    tag_inventory_event: _Tag | None = None


_decode = msgspec.json.Decoder(_Event).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Partly: some events cannot be right.
        Invalid: none can, or it is no message of this format.
    """
    device = speaker(origin, None)
    return tags.each("event", _parts(payload), lambda part: _readings(part, device, when), tags.as_list)


def _parts(payload: bytes) -> list[msgspec.Raw]:
    trimmed = payload.strip()
    if trimmed.startswith(b"["):
        return decoded(_decode_list, trimmed)
    lines = [line for line in trimmed.splitlines() if line.strip()]
    # An event may also stand on several lines; then the first one does not end it.
    if len(lines) > 1 and lines[0].rstrip().endswith(b"}"):
        return [msgspec.Raw(line) for line in lines]
    return [msgspec.Raw(trimmed)]


def _readings(part: msgspec.Raw, device: str, when: Moment) -> list[Reading]:
    event = decoded(_decode, bytes(part))
    found = event.tag_inventory_event
    if found is None:
        if event.event_type in (None, "tagInventory"):
            raise Invalid(Fault("tagInventoryEvent", "a tag", "none", "Send the reader's events as they are."))
        return []
    code = tags.epc(found.epc_hex if found.epc_hex is not None else _of_base64(found.epc), "epcHex")
    named = None if found.antenna_name is None else text(found.antenna_name, "antennaName", LONGEST_NAME)
    at = tags.instant(found.last_seen_time or event.timestamp, when, "lastSeenTime")
    return [
        tags.tag(
            device, code, when, at, antenna=found.antenna_port,
            rssi=None if found.peak_rssi_cdbm is None else found.peak_rssi_cdbm / 100, antenna_name=named,
            tid=None if found.tid_hex is None else tags.epc(found.tid_hex, "tidHex"),
        )
    ]  # fmt: skip


def _of_base64(told: str | None) -> str | None:
    if told is None:
        return None
    try:
        return base64.b64decode(told[:256], altchars=b"-_" if {"-", "_"} & set(told) else None, validate=True).hex()
    except (binascii.Error, ValueError):
        raise Invalid(Fault("epc", "base64", shorten(told), "Switch epcHex on in the reader's preset.")) from None
