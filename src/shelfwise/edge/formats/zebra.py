"""Zebra fixed readers (FX7500, FX9600, FXR90, ATR7000) with the IoT Connector: tag data events, one or a list.

MQTT topic ``zebra/<device>/<anything>``, or HTTP ``/v1/zebra``. Management events (heartbeats, warnings, inputs) say
nothing about tags and are passed over. Times are ISO 8601, ``+0000`` included, or milliseconds since 1970. Where the
reader says ``fastID`` the last 24 digits of ``idHex`` are the tag's serial memory. An event that cannot be right does
not cost the others of its list: it goes to quarantine alone. What makes an event unique is its ``eventNum`` together
with its time, for readers count from 1 again after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.formats import tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import Moment, Origin, Reading, speaker

EXAMPLE = (
    b'[{"data": {"antenna": 2, "channel": 866.3, "eventNum": 194, "format": "epc", '
    b'"idHex": "3034257bf7194e4000001a85", "peakRssi": -54, "reads": 9}, '
    b'"timestamp": "2026-03-02T11:59:59.851+0000", "type": "SIMPLE"}]'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "timestamp": "when the tag was read",
        "data.idHex": "the EPC memory, hexadecimal; with `fastID` followed by the TID",
        "data.format": "`fastID`: see above; others are not looked at",
        "data.antenna": "`antenna`",
        "data.peakRssi": "`rssi`, dBm",
        "data.eventNum": "the reader's number of the event; part of the source key",
        "data.reads": "`reads`, how often since the last report",
        "data.TID": "`tid`, the tag's own serial memory",
        "component": "marks a management event, which carries no readings",
    }
)

_TID_DIGITS = 24
# Types of events that carry no tags; the others are named after the reader's operating mode.
_WITHOUT_TAGS = frozenset({"heartbeat", "gpi", "GPI", "userapp", "error", "warning", "exceptions", "status"})


class _Data(msgspec.Struct):
    id_hex: str | None = msgspec.field(default=None, name="idHex")
    format: str | None = None
    antenna: int | None = None
    peak_rssi: float | None = msgspec.field(default=None, name="peakRssi")
    event_num: int | None = msgspec.field(default=None, name="eventNum")
    reads: int | None = None
    tid: str | None = msgspec.field(default=None, name="TID")


class _Envelope(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    timestamp: tags.Time = None
    type: str | None = None
    component: str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode
_decode_data = msgspec.json.Decoder(_Data).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Partly: some events cannot be right.
        Invalid: none can, or it is no message of this format.
    """
    device = speaker(origin, None)
    trimmed = payload.strip()
    parts = decoded(_decode_list, trimmed) if trimmed.startswith(b"[") else [msgspec.Raw(trimmed)]
    return tags.each("event", parts, lambda part: _readings(part, device, when), tags.as_list)


def _readings(part: msgspec.Raw, device: str, when: Moment) -> list[Reading]:
    event = decoded(_decode, bytes(part))
    if event.component is not None or event.type in _WITHOUT_TAGS:
        return []
    if bytes(event.data) == b"null":
        raise Invalid(Fault("data", "a tag, or the component of a management event", "none", "Send events unchanged."))
    data = decoded(_decode_data, bytes(event.data))
    code, tid = tags.epc(data.id_hex, "data, idHex"), data.tid
    if data.format == "fastID":
        if len(code) <= _TID_DIGITS:
            raise Invalid(
                Fault("data, idHex", "an EPC and a TID behind it", shorten(code), "Switch fastID off, or send both.")
            )
        code, tid = code[:-_TID_DIGITS], code[-_TID_DIGITS:]
    return [
        tags.tag(
            device, code, when, tags.instant(event.timestamp, when, "timestamp"),
            None if data.event_num is None else str(data.event_num), antenna=data.antenna, rssi=data.peak_rssi,
            reads=tags.count(data.reads), tid=None if tid is None else tags.epc(tid, "data, TID"),
        )
    ]  # fmt: skip
