"""EPCIS 2.0: what a partner's events bring, and in which words they are refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.edge.formats import epcis
from shelfwise.edge.model import Origin, Partly, Reading, moment
from tests.conftest import NOON

NOW = moment(NOON)
PARTNER = Origin("http", "mill", "self", "mill", "/v1/epcis", "epcis")
ITEM, PALLET = "urn:epc:id:sgtin:0614141.812345.6789", "urn:epc:id:sscc:0614141.1234567890"


def decode(message: object) -> list[Reading]:
    return epcis.decode(json.dumps(message).encode(), PARTNER, NOW)


def event(kind: str = "ObjectEvent", **fields: Any) -> dict[str, Any]:
    told = {
        "type": kind, "eventTime": NOON.isoformat(), "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
        "eventID": "urn:uuid:1", "bizStep": "shipping", "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
    } | fields  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def document(*events: Any, **fields: Any) -> dict[str, Any]:
    return {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": NOON.isoformat(), "epcisBody": {"eventList": list(events)},
    } | fields  # fmt: skip


def sensor(*reports: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"sensorMetadata": metadata, "sensorReport": reports}


def test_each_epc_of_an_event_is_a_tag_with_what_was_done_and_where() -> None:
    readings = decode(document(event(epcList=[ITEM, "https://id.gs1.org/00/106141412345678908"])))
    common = {
        "event": "ObjectEvent", "action": "OBSERVE", "biz_step": "shipping",
        "read_point": "urn:epc:id:sgln:0614141.07346.1234",
    }  # fmt: skip
    assert [(one.kind, one.detail) for one in readings] == [
        ("tag", {"epc": ITEM} | common),
        ("tag", {"epc": "https://id.gs1.org/00/106141412345678908"} | common),
    ]
    assert {(one.device, one.observed_at) for one in readings} == {("mill", NOON)}
    assert len({one.key for one in readings}) == 2


@pytest.mark.parametrize(
    ("kind", "fields", "roles"),
    [
        ("AggregationEvent", {"parentID": PALLET, "childEPCs": [ITEM]}, [(PALLET, "parent"), (ITEM, "child")]),
        ("AssociationEvent", {"parentID": PALLET, "childEPCs": [ITEM]}, [(PALLET, "parent"), (ITEM, "child")]),
        ("TransactionEvent", {"epcList": [ITEM], "bizTransactionList": []}, [(ITEM, None)]),
        ("TransformationEvent", {"inputEPCList": [ITEM], "outputEPCList": [PALLET], "action": None},
         [(ITEM, "input"), (PALLET, "output")]),
    ],
)  # fmt: skip
def test_events_of_each_type_say_which_part_an_epc_plays(kind: str, fields: dict[str, Any], roles: list[Any]) -> None:
    found = [one.detail or {} for one in decode(event(kind, **fields))]
    assert [(one["epc"], one.get("role")) for one in found] == roles


@pytest.mark.parametrize("word", ["shipping", "https://ref.gs1.org/cbv/BizStep-shipping", "cbv:BizStep-shipping",
                                  "urn:epcglobal:cbv:bizstep:shipping"])  # fmt: skip
def test_a_business_step_is_one_word_however_it_is_written(word: str) -> None:
    (reading,) = decode(event(epcList=[ITEM], bizStep=word))
    assert (reading.detail or {})["biz_step"] == "shipping"


@pytest.mark.parametrize(
    ("report", "kind", "value"),
    [
        ({"type": "Temperature", "value": 26.1, "uom": "CEL"}, "temperature", 26.1),
        ({"type": "gs1:Temperature", "value": 14, "uom": "FAH"}, "temperature", -10.0),
        (
            {"type": "https://gs1.org/voc/MeasurementType-Temperature", "value": 273.15, "uom": "KEL"},
            "temperature",
            0.0,
        ),
        ({"type": "RelativeHumidity", "value": 40, "uom": "P1"}, "humidity", 40.0),
    ],
)
def test_a_sensor_report_is_a_reading(report: dict[str, Any], kind: str, value: float) -> None:
    at = (NOON - timedelta(minutes=5)).isoformat()
    others = {"type": "Speed", "value": 160.0, "uom": "KMH"}, {"type": "Temperature", "minValue": 1, "uom": "CEL"}
    told = sensor(*others, report, time=at, deviceID="urn:epc:id:giai:4000001.111")
    tag, reading = decode(event(epcList=[ITEM], sensorElementList=[told]))
    assert tag.kind == "tag"
    assert reading.kind == kind
    assert reading.value == pytest.approx(value, abs=1e-9)
    assert reading.observed_at == NOON - timedelta(minutes=5)
    assert reading.detail == {"event": "sensorReport 3", "sensor": "urn:epc:id:giai:4000001.111"}


def test_an_event_told_twice_counts_once_and_another_one_again() -> None:
    first, again = decode(document(event(epcList=[ITEM]))), decode(event(epcList=[ITEM], bizStep="x"))
    assert first[0].key == again[0].key
    assert decode(event(epcList=[ITEM], eventID="urn:uuid:2"))[0].key != first[0].key
    by_content = [decode(event(epcList=[ITEM], eventID=None, bizStep=step))[0].key for step in ("a", "a", "b")]
    assert by_content[0] == by_content[1] != by_content[2]


def test_an_odd_event_is_set_aside_whole_and_the_others_of_its_document_count() -> None:
    odd = event(epcList=[ITEM, "urn:epc:id:sgtin:0614141.1.1"], eventID="urn:uuid:2")
    with pytest.raises(Partly) as partly:
        decode(document(event(epcList=[ITEM]), odd, event(epcList=[PALLET], eventID="urn:uuid:3")))
    assert [(one.detail or {})["epc"] for one in partly.value.readings] == [ITEM, PALLET]
    assert "event 2 of 3, epcList 2: expected a pure identity" in str(partly.value)
    assert json.loads(partly.value.rest)["epcisBody"]["eventList"] == [odd]
    with pytest.raises(Invalid, match="epcList 2: expected a pure identity"):
        epcis.decode(partly.value.rest, PARTNER, NOW)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "EPCISQueryDocument"}, "type: expected EPCISDocument, or one of ObjectEvent"),
        (document(event(epcList=[ITEM]), schemaVersion="1.2"), "schemaVersion: expected 2.0, got '1.2'"),
        (document(), "epcisBody, eventList: expected at least one event, got none"),
        ({"type": "EPCISDocument", "schemaVersion": "2.0"}, "epcisBody, eventList: expected at least one event"),
        (event(epcList=[ITEM], eventTime=None), "the message: expected a field eventTime"),
        (event(epcList=[ITEM], eventTime="2026-03-02T12:00:00"), "eventTime: expected a time such as"),
        (event(epcList=[ITEM], eventTime=""), "eventTime: expected when it happened"),
        (event(epcList=[ITEM], eventTimeZoneOffset=None), "expected a field eventTimeZoneOffset"),
        (event(epcList=[ITEM], action="LOOK"), "action: expected ADD, OBSERVE or DELETE, got 'LOOK'"),
        (event(epcList=[ITEM], action=None), "action: expected ADD, OBSERVE or DELETE, got 'none'"),
        (event(epcList=["3074257BF7194E4000001A85"]), "epcList 1: expected a pure identity"),
        (event(epcList=["https://id.gs1.org/01/09506000134353/21/7"]), "a right last digit of the item number, 2"),
        (event(epcList=[7]), "epcList, reading 1: expected a text, got a whole number"),
        (event(epcList=[]), "the event: expected EPCs, a temperature or a relative humidity, got none of them"),
        (event(epcList=[ITEM], errorDeclaration={"declarationTime": NOON.isoformat()}), "errorDeclaration: expected"),
        (event(epcList=[ITEM], sensorElementList=[sensor({"type": "Temperature", "value": 900, "uom": "CEL"})]),
         "sensorReport 1, value: expected temperature from -90 to 150 degC"),
        (event(epcList=[ITEM], sensorElementList=[sensor({"type": "Temperature", "value": 4, "uom": "KMH"})]),
         "unit: expected one of degC"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_in_words(message: object, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(message)
    assert words in str(refused.value)
