"""Tag readers: what Impinj and Zebra send, by tables, and that one odd tag costs none of the others."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.edge.formats import impinj, zebra, zebra_handheld
from shelfwise.edge.messages import Message
from shelfwise.edge.model import Known, Origin, Partly, Reading, moment
from tests.conftest import NOON

NOW = moment(NOON)
EPC = "300833B2DDD9014000000000"
OTHER = "E28011606000020E8A58E4DB"
GATE = Origin("mqtt", "gate-1", "self", "gate-1", "impinj/gate-1/tags", "impinj")
FORMATS = {"impinj": impinj.decode, "zebra": zebra.decode, "zebra-handheld": zebra_handheld.decode}


def decode(form: str, message: object) -> list[Reading]:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return FORMATS[form](payload, GATE, NOW)


def inventory(**tag: Any) -> dict[str, Any]:
    return {"eventType": "tagInventory", "timestamp": NOON.isoformat(), "tagInventoryEvent": {"epcHex": EPC} | tag}


def event(**data: Any) -> dict[str, Any]:
    return {"data": {"idHex": EPC, "eventNum": 7} | data, "timestamp": NOON.isoformat(), "type": "SIMPLE"}


def batch(*tags: dict[str, Any], barcodes: Any = None, **others: Any) -> dict[str, Any]:
    data = {"tagData": tags} | ({} if barcodes is None else {"barcodeData": barcodes})
    return {"type": "BALANCED_PERFORMANCE", "timestamp": NOON.isoformat(), "data": data} | others


def details(readings: list[Reading]) -> list[dict[str, Any] | None]:
    return [reading.detail for reading in readings]


@pytest.mark.parametrize(
    ("tag", "detail"),
    [
        ({}, {"epc": EPC}),
        ({"epcHex": EPC.lower()}, {"epc": EPC}),
        ({"epcHex": None, "epc": "MAgzst3ZAUAAAAAA"}, {"epc": EPC}),
        ({"antennaPort": 1, "peakRssiCdbm": -5234}, {"epc": EPC, "antenna": 1, "rssi": -52.34}),
        ({"antennaPort": 3, "antennaName": "Dock 3"}, {"epc": EPC, "antenna": 3, "antenna_name": "Dock 3"}),
        ({"tidHex": "e28011b0a5050076c4d7530a"}, {"epc": EPC, "tid": "E28011B0A5050076C4D7530A"}),
        ({"phaseAngle": 32.5, "frequency": 865700, "transmitPowerCdbm": 3000}, {"epc": EPC}),
    ],
)
def test_an_impinj_tag_is_read_by_the_table(tag: dict[str, Any], detail: dict[str, Any]) -> None:
    (reading,) = decode("impinj", inventory(**tag))
    assert (reading.device, reading.kind, reading.detail, reading.observed_at) == ("gate-1", "tag", detail, NOON)


def test_an_impinj_tag_was_read_when_it_was_last_seen() -> None:
    (reading,) = decode("impinj", inventory(lastSeenTime="2026-03-02T11:59:58.123456789Z"))
    assert reading.observed_at == NOON - timedelta(seconds=1.876544)


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n"])
def test_impinj_events_come_one_a_line_in_a_list_or_alone(separator: str) -> None:
    events = [inventory(), inventory(epcHex=OTHER)]
    lines = separator.join(json.dumps(one) for one in events) + separator
    assert details(decode("impinj", lines.encode())) == details(decode("impinj", events)) == [
        {"epc": EPC}, {"epc": OTHER}
    ]  # fmt: skip
    assert details(decode("impinj", json.dumps(inventory(), indent=2).encode())) == [{"epc": EPC}]


def test_impinj_events_of_other_types_carry_no_readings() -> None:
    status = {"eventType": "inventoryStatus", "timestamp": NOON.isoformat(), "inventoryStatusEvent": {"status": "idle"}}
    assert decode("impinj", status) == []
    assert details(decode("impinj", [status, inventory()])) == [{"epc": EPC}]


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        (event(), {"epc": EPC}),
        (event(antenna=1, peakRssi=-45, reads=9, channel=909.75, phase=32.68, CRC="f3b3", PC="3000"),
         {"epc": EPC, "antenna": 1, "rssi": -45.0, "reads": 9}),
        (event(format="fastID", idHex="e28011b0a5050076c4d7530ae28011b02000b30a26ba03b6"),
         {"epc": "E28011B0A5050076C4D7530A", "tid": "E28011B02000B30A26BA03B6"}),
        (event(TID="e28011b02000b30a26ba03b6"), {"epc": EPC, "tid": "E28011B02000B30A26BA03B6"}),
        (event() | {"type": "INVENTORY"}, {"epc": EPC}),
    ],
)  # fmt: skip
def test_a_zebra_tag_is_read_by_the_table(message: dict[str, Any], detail: dict[str, Any]) -> None:
    (reading,) = decode("zebra", message)
    assert (reading.kind, reading.detail, reading.observed_at) == ("tag", detail, NOON)
    assert details(decode("zebra", [message, message | {"type": "CUSTOM"}])) == [detail, detail]


@pytest.mark.parametrize(
    "at", ["2026-03-02T12:00:00.000+0000", "2026-03-02T13:00:00+01:00", 1772452800000, "1772452800000", 1772452800]
)
def test_zebra_writes_times_in_several_ways(at: object) -> None:
    assert decode("zebra", event() | {"timestamp": at})[0].observed_at == NOON


def test_zebra_management_events_carry_no_readings() -> None:
    heartbeat = {"component": "RC", "data": {"radio_control": {}}, "eventNum": 373, "timestamp": NOON.isoformat(),
                 "type": "heartbeat"}  # fmt: skip
    assert decode("zebra", heartbeat) == []
    assert decode("zebra", {"data": {"pin": 1, "state": "HIGH"}, "timestamp": NOON.isoformat(), "type": "GPI"}) == []


def test_a_handheld_sends_tags_and_barcodes() -> None:
    tags = [{"EPCid": OTHER, "eventNum": 1, "peakRssi": -26, "seenCount": 2}, {"idHex": EPC, "eventNum": 2}]
    barcodes = [{"decodedBarcode": "0109506000134352\x1d10AB", "symbology": "DATAMATRIX"}]
    readings = decode("zebra-handheld", batch(*tags, barcodes=barcodes))
    assert [(one.kind, one.detail) for one in readings] == [
        ("tag", {"epc": OTHER, "rssi": -26.0, "reads": 2}),
        ("tag", {"epc": EPC}),
        ("scan", {"code": "0109506000134352\x1d10AB", "symbology": "DATAMATRIX"}),
    ]
    assert {one.observed_at for one in readings} == {NOON}
    assert len({one.key for one in readings}) == 3


@pytest.mark.parametrize(
    ("form", "first", "other"),
    [
        ("impinj", inventory(antennaPort=1), inventory(antennaPort=2)),
        ("impinj", inventory(), inventory(epcHex=OTHER)),
        ("impinj", inventory(), inventory(lastSeenTime="2026-03-02T11:59:58Z")),
        ("zebra", event(), event(eventNum=8)),
        ("zebra", event(), event() | {"timestamp": "2026-03-02T11:00:00Z"}),
        ("zebra-handheld", batch({"EPCid": EPC, "eventNum": 1}), batch({"EPCid": EPC, "eventNum": 2})),
    ],
)
def test_a_read_told_twice_counts_once_and_another_one_again(form: str, first: Any, other: Any) -> None:
    keys = [decode(form, message)[0].key for message in (first, first, other)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("impinj", {"tagInventoryEvent": {"epcHex": EPC}, "eventType": "tagInventory"}),
        ("zebra", {"data": {"idHex": EPC, "eventNum": 1}}),
        ("zebra-handheld", {"data": {"tagData": [{"EPCid": EPC, "eventNum": 1}]}}),
    ],
)
def test_a_tag_without_a_time_is_at_least_once_and_says_so(form: str, message: Any) -> None:
    first, second = decode(form, message)[0], decode(form, message)[0]
    assert first.key != second.key
    assert first.detail == {"epc": EPC, "at_least_once": True}
    assert first.observed_at == NOON


@pytest.mark.parametrize(
    ("form", "message", "words"),
    [
        ("impinj", inventory(epcHex="30083"), "epcHex: expected 2 to 124 hexadecimal digits, in pairs, got '30083'"),
        ("impinj", inventory(epcHex=""), "epcHex: expected 2 to 124"),
        ("impinj", inventory(epcHex=None), "epcHex: expected 2 to 124 hexadecimal digits, in pairs, got 'None'"),
        ("impinj", inventory(epcHex=None, epc="?"), "epc: expected base64, got '?'"),
        ("impinj", inventory(antennaPort=-1), "antenna: expected the number of a port, got '-1'"),
        ("impinj", inventory(peakRssiCdbm=99999), "rssi: expected -150 to 50 dBm, got 999.99 dBm"),
        ("impinj", inventory(lastSeenTime="yesterday"), "lastSeenTime: expected a time such as"),
        ("impinj", inventory(lastSeenTime="2026-03-02T12:00:00"), "lastSeenTime: expected a time such as"),
        ("impinj", inventory(lastSeenTime="1970-01-01T00:00:00Z"), "lastSeenTime: expected a time from"),
        ("impinj", {"eventType": "tagInventory"}, "tagInventoryEvent: expected a tag, got none"),
        ("impinj", b"", "expected JSON"),
        ("impinj", b"{}\n{", "event 1 of 2, tagInventoryEvent: expected a tag"),
        ("zebra", event(idHex=None), "data, idHex: expected"),
        ("zebra", event(format="fastID"), "data, idHex: expected an EPC and a TID behind it"),
        ("zebra", {"type": "SIMPLE"}, "data: expected a tag, or the component"),
        ("zebra", [event(idHex="x"), event(idHex="y")], "event 1 of 2, data, idHex"),
        ("zebra-handheld", batch({"eventNum": 1}), "EPCid: expected"),
        ("zebra-handheld", {"data": {}}, "data: expected tagData or barcodeData, got neither"),
        ("zebra-handheld", batch(barcodes=[{"symbology": "EAN13"}]), "decodedBarcode: expected 1 to 512"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_in_words(form: str, message: object, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(form, message)
    assert words in str(refused.value)
    assert not isinstance(refused.value, Partly)


@pytest.mark.parametrize(
    ("form", "good", "odd", "words"),
    [
        ("impinj", [inventory(epcHex=f"30{number:022X}") for number in range(199)], inventory(epcHex="no"),
         "event 200 of 200, epcHex: expected"),
        ("zebra", [event(eventNum=number) for number in range(199)], event(idHex=""), "event 200 of 200, data, idHex"),
        ("zebra-handheld", [{"EPCid": EPC, "eventNum": number} for number in range(199)], {"EPCid": "no"},
         "entry 200 of 200, EPCid: expected"),
    ],
)  # fmt: skip
def test_one_odd_tag_of_two_hundred_is_set_aside_alone(form: str, good: list[Any], odd: Any, words: str) -> None:
    wrapped = batch(*good, odd) if form == "zebra-handheld" else [*good, odd]
    with pytest.raises(Partly) as partly:
        decode(form, wrapped)
    assert len(partly.value.readings) == 199
    assert words in str(partly.value)
    alone = batch(odd) if form == "zebra-handheld" else [odd]
    assert strip(json.loads(partly.value.rest)) == strip(json.loads(json.dumps(alone)))
    with pytest.raises(Invalid) as again:
        decode(form, partly.value.rest)
    assert not isinstance(again.value, Partly)


def strip(message: Any) -> Any:
    """Without the empty list of barcodes that a batch may have."""
    if isinstance(message, dict):
        message["data"].pop("barcodeData", None)
    return message


def test_a_message_of_which_a_part_is_odd_is_stored_and_its_rest_waits_in_quarantine() -> None:
    payload = json.dumps([inventory(), inventory(epcHex="no")]).encode()
    message = Message(None, 0, GATE, payload, 0.0)
    message.when = NOW
    message.decode(1, Known(frozenset({"gate-1"})))
    assert message.readings == 1
    assert message.rows
    assert message.days is not None and len(message.days) == 1
    assert message.unreadable is not None
    assert json.loads(message.unreadable.payload) == [inventory(epcHex="no")]
    assert message.outcome == message.unreadable.reason
