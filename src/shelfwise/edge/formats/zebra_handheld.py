"""Zebra handheld readers (RFD40, RFD90) with the IoT Connector: batches of tags and of scanned barcodes.

MQTT topic ``<tenant>/DATA/clients/data1event/<device>`` as the reader's data endpoint has it, or
``zebra-handheld/<device>/<anything>``; HTTP ``/v1/zebra-handheld``. Where a topic ends in a serial number, register the
reader under it. A tag or barcode that cannot be right does not cost the others: it goes to quarantine alone. What makes
a tag unique is its ``eventNum`` together with the message's time; a barcode its text and that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from shelfwise.core.errors import Fault, Invalid
from shelfwise.edge.formats import tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import LONGEST_NAME, Moment, Origin, Reading, speaker, text

EXAMPLE = (
    b'{"type": "BALANCED_PERFORMANCE", "timestamp": "2026-03-02T11:59:52.604Z", "data": {'
    b'"tagData": [{"EPCid": "3034257BF7194E4000001A85", "eventNum": 1, "peakRssi": -26, "seenCount": 1}], '
    b'"barcodeData": [{"decodedBarcode": "09506000134352", "symbology": "EAN13"}]}}'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "timestamp": "when the batch was made",
        "data.tagData[].EPCid": "the EPC memory, hexadecimal; `idHex` is understood too",
        "data.tagData[].eventNum": "the reader's number of the event; part of the source key",
        "data.tagData[].peakRssi": "`rssi`, dBm",
        "data.tagData[].antenna": "`antenna`",
        "data.tagData[].seenCount": "`reads`, how often since the last report",
        "data.tagData[].TID": "`tid`, the tag's own serial memory",
        "data.barcodeData[].decodedBarcode": "a scan: `code`",
        "data.barcodeData[].symbology": "`symbology`",
    }
)


class _Tag(msgspec.Struct):
    epc_id: str | None = msgspec.field(default=None, name="EPCid")
    id_hex: str | None = msgspec.field(default=None, name="idHex")
    event_num: int | None = msgspec.field(default=None, name="eventNum")
    peak_rssi: float | None = msgspec.field(default=None, name="peakRssi")
    antenna: int | None = None
    seen_count: int | None = msgspec.field(default=None, name="seenCount")
    tid: str | None = msgspec.field(default=None, name="TID")


class _Barcode(msgspec.Struct, rename="camel"):
    decoded_barcode: str | None = None
    symbology: str | None = None
    event_num: int | None = None


class _Data(msgspec.Struct, rename="camel"):
    tag_data: list[msgspec.Raw] | None = None
    barcode_data: list[msgspec.Raw] | None = None


class _Batch(msgspec.Struct):
    data: _Data
    timestamp: tags.Time = None
    type: str | None = None


_decode = msgspec.json.Decoder(_Batch).decode
_decode_tag = msgspec.json.Decoder(_Tag).decode
_decode_barcode = msgspec.json.Decoder(_Barcode).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Partly: some tags or barcodes cannot be right.
        Invalid: none can, or it is no message of this format.
    """
    device = speaker(origin, None)
    batch = decoded(_decode, payload)
    if batch.data.tag_data is None and batch.data.barcode_data is None:
        raise Invalid(Fault("data", "tagData or barcodeData", "neither", "Send the reader's data events unchanged."))
    at = tags.instant(batch.timestamp, when, "timestamp")
    seen = batch.data.tag_data or []
    # Told apart by identity: a tag and a barcode may be written alike.
    barcodes = {id(part) for part in batch.data.barcode_data or ()}

    def read(part: msgspec.Raw) -> list[Reading]:
        if id(part) in barcodes:
            return [_scan(decoded(_decode_barcode, bytes(part)), device, when, at)]
        found = decoded(_decode_tag, bytes(part))
        code = tags.epc(found.epc_id if found.epc_id is not None else found.id_hex, "EPCid")
        tid = None if found.tid is None else tags.epc(found.tid, "TID")
        own_id = None if found.event_num is None else str(found.event_num)
        return [tags.tag(device, code, when, at, own_id, antenna=found.antenna, rssi=found.peak_rssi,
                         reads=tags.count(found.seen_count), tid=tid)]  # fmt: skip

    def message_of(odd: list[msgspec.Raw]) -> bytes:
        split: dict[str, Any] = {
            "tagData": [part for part in odd if id(part) not in barcodes],
            "barcodeData": [part for part in odd if id(part) in barcodes],
        }
        return msgspec.json.encode({"type": batch.type, "timestamp": batch.timestamp, "data": split})

    return tags.each("entry", [*seen, *(batch.data.barcode_data or ())], read, message_of)


def _scan(found: _Barcode, device: str, when: Moment, at: datetime | None) -> Reading:
    code = text(found.decoded_barcode, "decodedBarcode")
    detail: dict[str, Any] = {"code": code}
    if found.symbology is not None:
        detail["symbology"] = text(found.symbology, "symbology", LONGEST_NAME)
    return tags.keyed(device, "scan", code, detail, when, at, None if found.event_num is None else str(found.event_num))
