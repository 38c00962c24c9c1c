"""Decoding, by tables: what is understood, and what is refused with which words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.edge.formats import FORMATS, UNKNOWN, chirpstack, generic, origin_of_topic
from shelfwise.edge.model import Known, Origin, Reading, moment, of_nobody
from tests.conftest import NOON

NOW = moment(NOON)
SCALE = Origin("mqtt", "scale-7", "self", "scale-7", "shelfwise/scale-7/weight", "generic")
GATE = Origin("mqtt", "gate-1", "gateway", "gate-1", "shelfwise/gate-1/x", "generic")
KNOWN = Known(frozenset({"scale-7", "gate-1", "probe-1", "0101010101010101"}), {"gate-2": frozenset({"probe-1"})})
EUI = "0101010101010101"
UPLINK = Origin("mqtt", "gate-1", "gateway", EUI, f"application/1/device/{EUI}/event/up", "chirpstack")


def decode(message: object, origin: Origin = SCALE) -> list[Reading]:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return generic.decode(payload, origin, NOW)


def uplink(fields: dict[str, Any] | None, **others: Any) -> bytes:
    frame = {"deduplicationId": "d-1", "time": NOON.isoformat(), "deviceInfo": {"devEui": EUI}, "object": fields}
    return json.dumps({name: value for name, value in (frame | others).items() if value is not None}).encode()


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_the_example_of_every_format_is_understood(form: Any) -> None:
    origin = UPLINK if form.name == "chirpstack" else GATE
    if form.announced is not None:
        origin = origin_of_topic("homeassistant/sensor/cold-1/temperature/config", "gate-1", "gateway")
        assert form.announced(form.example, origin)
    else:
        assert form.decode(form.example, origin, NOW)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "stored"),
    [
        ("weight", 12450, "g", 12450.0),
        ("weight", 12.45, "kg", 12450.0),
        ("weight", 1, "lb", 453.59237),
        ("weight", 0, None, 0.0),
        ("temperature", -18.5, None, -18.5),
        ("temperature", 14, "degF", -10.0),
        ("temperature", 0.5, "°F", -17.5),
        ("temperature", 273.15, "K", 0.0),
        ("temperature", 4, "°C", 4.0),
        ("humidity", 0.4, "ratio", 40.0),
        ("humidity", 100, "%RH", 100.0),
        ("battery", 97, "%", 97.0),
    ],
)
def test_units_are_converted_at_the_door(kind: str, value: float, unit: str | None, stored: float) -> None:
    message = {"kind": kind, "value": value, "at": NOON.isoformat()} | ({"unit": unit} if unit else {})
    (reading,) = decode(message)
    assert reading.value == pytest.approx(stored, abs=1e-9)
    assert (reading.device, reading.kind, reading.detail) == ("scale-7", kind, None)


@pytest.mark.parametrize(
    ("kind", "value", "detail"),
    [
        ("tag", "300833B2DDD9014000000000", {"epc": "300833B2DDD9014000000000"}),
        ("scan", "0109506000134352\x1d10AB", {"code": "0109506000134352\x1d10AB"}),
        ("position", {"lat": 52.1, "lon": 4.3, "speed": 0}, {"lat": 52.1, "lon": 4.3, "speed": 0.0}),
        ("position", {"lat": -90, "lon": 180}, {"lat": -90.0, "lon": 180.0}),
    ],
)
def test_what_is_no_number_stands_in_detail(kind: str, value: object, detail: dict[str, Any]) -> None:
    (reading,) = decode({"kind": kind, "value": value, "id": 1})
    assert (reading.value, reading.detail) == (None, detail)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "the end, byte 0: expected JSON"),
        (b"weight=5", "byte 0: expected JSON, got 'weight=5'"),
        (b'{"kind":"weight","val', "the end, byte 21: expected JSON"),
        (b'{"kind":"weight","value":NaN}', "byte 25: expected JSON"),
        (b'{"kind":"weight","value":Infinity}', "byte 25: expected JSON"),
        (b'{"kind":"weight","value":1e999}', "value: expected what the format describes, got number out of range"),
        (b'{"kind":"weight","value":' + b"9" * 400 + b"}", "out of range"),
        (b'{"kind":"weight","value":null}', "value: expected a number, a text or an object, got null"),
        (b'{"kind":"weight"}', "the message: expected a field value, got none"),
        (b'{"value":1}', "expected a field kind"),
        (b'{"kind":"w\xff","value":1}', "expected UTF-8, got byte 0xff"),
        (b'{"kind":"scan","value":"\\ud800"}', "expected JSON"),
        (b'{"kind":"weight","value":-0.5}', "value: expected weight from 0 g, got -0.5 g"),
        (b'{"kind":"weight","value":1e18}', "value: expected weight from 0 g"),
        (b'{"kind":"weight","value":"12"}', "value: expected a number in g, got '12'"),
        (b'{"kind":"weight","value":true}', "got true or false"),
        (b'{"kind":"weight","value":5,"unit":"stone"}', "unit: expected one of g, kg, mg, t, lb, oz, got 'stone'"),
        (b'{"kind":"temperature","value":151}', "value: expected temperature from -90 to 150 degC, got 151 degC"),
        (b'{"kind":"temperature","value":-91}', "got -91 degC"),
        (b'{"kind":"humidity","value":100.1}', "expected humidity from 0 to 100 %RH"),
        (b'{"kind":"battery","value":-1}', "expected battery from 0 to 100 %"),
        (b'{"kind":"volume","value":1}', "kind: expected one of weight, temperature, humidity, battery, tag"),
        (b'{"kind":"tag","value":5}', "value: expected 1 to 512 printable characters, got '5.0'"),
        (b'{"kind":"tag","value":""}', "value: expected 1 to 512 printable characters"),
        (b'{"kind":"scan","value":"a\\u0000b"}', "value: expected 1 to 512 printable characters"),
        (b'{"kind":"position","value":{"lat":91,"lon":0}}', "value, lat: expected -90 to 90 degrees, got 91"),
        (b'{"kind":"position","value":{"lat":1,"lon":0,"speed":-1}}', "value, speed: expected 0 m/s or more"),
        (b'{"kind":"position","value":"here"}', "value: expected an object"),
        (b'{"kind":"weight","value":1,"at":"1970-01-01T00:00:00Z"}', "at: expected a time from 2025-01-26 12:00"),
        (b'{"kind":"weight","value":1,"at":"2100-01-01T00:00:00Z"}', "got 2100-01-01 00:00:00+00:00"),
        (b'{"kind":"weight","value":1,"at":"0001-01-01T00:00:00+14:00"}', "at: expected a time from"),
        (b'{"kind":"weight","value":1,"at":0}', "at: expected a time from"),
        (b'{"kind":"weight","value":1,"at":' + b"9" * 400 + b"}", "at: expected a time from"),
        (b'{"kind":"weight","value":1,"at":"2026-03-02T12:00:00"}', "at: expected a time with a timezone"),
        (b'{"kind":"weight","value":1,"at":"yesterday"}', "at: expected a time such as 2026-03-02T12:00:00Z"),
        (b'{"kind":"weight","value":1,"id":""}', "id: expected 1 to 128 printable characters"),
        (b"[]", "the message: expected at least one reading, got an empty list"),
        (b"[" * 10_000, "expected an object, got a list"),
        (b'[{"kind":"weight","value":1},{"kind":"weight","value":-1}]', "reading 2 of 2, value: expected weight"),
        (b'[{"kind":"weight","value":1},{"kind":7}]', "reading 2, kind: expected a text, got a whole number"),
    ],
    ids=lambda part: str(part)[:40],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_in_words(payload: bytes, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(payload)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("at", "stored"),
    [
        ("2026-03-02T13:00:00.5+01:00", NOON + timedelta(seconds=0.5)),
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp() * 1000), NOON),
        ((NOON - timedelta(days=399)).isoformat(), NOON - timedelta(days=399)),
        ((NOON + timedelta(hours=23)).isoformat(), NOON + timedelta(hours=23)),
        (None, NOON),
    ],
)
def test_the_claimed_time_counts_if_it_can_be_believed(at: object, stored: datetime) -> None:
    (reading,) = decode({"kind": "weight", "value": 1, "at": at})
    assert (reading.observed_at, reading.received_at) == (stored, NOON)
    assert reading.observed_at.tzinfo is UTC


def test_a_device_speaks_for_itself_only() -> None:
    assert decode({"device": "scale-7", "kind": "weight", "value": 1})[0].device == "scale-7"
    with pytest.raises(Invalid, match="device: expected 'scale-7', the device that signed in, got 'probe-1'"):
        decode({"device": "probe-1", "kind": "weight", "value": 1})


def test_the_topic_names_the_device_of_a_message_that_does_not() -> None:
    with pytest.raises(Invalid, match="the device that signed in, got 'probe-1'"):
        decode({"kind": "weight", "value": 1}, origin_of_topic("shelfwise/probe-1/x", "scale-7", "self"))
    (reading,) = decode({"kind": "weight", "value": 1}, origin_of_topic("shelfwise/probe-1/x", "gate-1", "gateway"))
    assert reading.device == "probe-1"


def about(device: str, sender: Origin) -> list[str]:
    """Who of the devices in a message is nobody's."""
    readings = decode([{"device": device, "kind": "weight", "value": 1}], sender)
    return [reading.device for reading in of_nobody(readings, sender, KNOWN)]


def test_a_gateway_speaks_for_itself_and_for_known_devices_and_others_are_nobodys() -> None:
    assert [about(device, GATE) for device in ("gate-1", "probe-1", "ghost")] == [[], [], ["ghost"]]


def test_a_gateway_that_is_limited_speaks_for_no_other_known_device() -> None:
    limited = replace(GATE, device="gate-2", subject="gate-2")
    assert [about(device, limited) for device in ("gate-2", "probe-1", "ghost")] == [[], [], ["ghost"]]
    with pytest.raises(Invalid, match="device: expected a device that 'gate-2' speaks for, got 'scale-7'"):
        about("scale-7", limited)


def test_what_cannot_be_registered_does_not_wait_either() -> None:
    with pytest.raises(Invalid, match="device: expected 1 to 128 printable characters"):
        about("a/b", GATE)


def test_a_device_with_a_site_key_speaks_for_itself_alone_and_is_nobodys_until_it_is_known() -> None:
    keyed = replace(SCALE, device="new-1", subject="new-1", speaks_for="key:1")
    assert about("new-1", keyed) == ["new-1"]
    assert about("scale-7", replace(SCALE, speaks_for="key:1")) == []
    with pytest.raises(Invalid, match="device: expected 'new-1', the device that signed in"):
        about("scale-7", keyed)


def test_a_device_publishes_to_its_own_topics_only() -> None:
    elsewhere = replace(SCALE, subject="probe-1", topic="shelfwise/probe-1/weight")
    with pytest.raises(Invalid, match="topic: expected 'scale-7', the device that signed in, got 'probe-1'"):
        decode({"device": "scale-7", "kind": "weight", "value": 1}, elsewhere)


def test_the_same_reading_has_the_same_key() -> None:
    by_id = {"kind": "weight", "value": 1, "id": "a", "at": NOON.isoformat()}
    keys = [decode(message)[0].key for message in (by_id, by_id | {"value": 2}, [by_id])[:2]]
    assert keys[0] == keys[1]
    by_time = {"kind": "weight", "value": 1, "at": NOON.isoformat()}
    assert decode(by_time)[0].key == decode([by_time | {"unit": "g"}])[0].key


@pytest.mark.parametrize(
    "other", [{"id": "b"}, {"kind": "battery"}, {"at": (NOON + timedelta(seconds=1)).isoformat()}, {"id": None}]
)
def test_another_reading_has_another_key(other: dict[str, object]) -> None:
    message = {"kind": "weight", "value": 1, "id": "a", "at": NOON.isoformat()}
    assert decode(message)[0].key != decode(message | other)[0].key


def test_another_device_has_other_keys() -> None:
    message = {"kind": "weight", "value": 1, "id": "a"}
    assert decode(message | {"device": "probe-1"}, GATE)[0].key != decode(message | {"device": "scale-7"}, GATE)[0].key


def test_without_id_and_time_a_reading_is_at_least_once_and_says_so() -> None:
    message = {"kind": "weight", "value": 1}
    first, second = decode(message)[0], decode(message)[0]
    assert first.key != second.key
    assert first.detail == {"at_least_once": True}


def test_an_uplink_gives_one_reading_for_each_known_field() -> None:
    fields = {"temperature": -18.5, "Hum_SHT": 40, "battery": 97, "door": "open", "weight_kg": 2}
    readings = chirpstack.decode(uplink(fields), UPLINK, NOW)
    assert [(r.kind, r.value, r.detail) for r in readings] == [
        ("temperature", -18.5, {"field": "temperature"}),
        ("humidity", 40.0, {"field": "Hum_SHT"}),
        ("battery", 97.0, {"field": "battery"}),
        ("weight", 2000.0, {"field": "weight_kg"}),
    ]
    assert {r.device for r in readings} == {EUI}
    assert len({r.key for r in readings}) == 4


def test_the_channels_of_cayenne_lpp_are_readings_of_their_own() -> None:
    readings = chirpstack.decode(uplink({"temperatureSensor": {"3": 4.5, "5": -20, "6": None}}), UPLINK, NOW)
    assert [(r.value, r.detail) for r in readings] == [
        (4.5, {"field": "temperatureSensor.3"}),
        (-20.0, {"field": "temperatureSensor.5"}),
    ]


def test_an_uplink_told_twice_has_the_same_keys() -> None:
    assert [chirpstack.decode(uplink({"temperature": value}), UPLINK, NOW)[0].key for value in (1, 1)] == [
        chirpstack.decode(uplink({"temperature": 1}), UPLINK, NOW)[0].key
    ] * 2


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (uplink(None), "object: expected a field such as temperature, temp, tempc_sht, got none"),
        (uplink({"door": 1}), "got 'door'"),
        (uplink({"temperature": None}), "object: expected a field such as"),
        (uplink({"temperature": "cold"}), "object, temperature: expected a number in degC, got 'cold'"),
        (uplink({"temperature": True}), "object, temperature: expected a number in degC, got 'True'"),
        (uplink({"temperature": 10**400}), "object, temperature: expected a number"),
        (uplink({"temperature": 400}), "expected temperature from -90 to 150 degC"),
        (uplink({"temperature": 1}, deviceInfo=None), "expected a field deviceInfo"),
        (uplink({"temperature": 1}, deviceInfo={"devEui": "ffff"}), f"expected '{EUI}' as in the topic, got 'ffff'"),
        (uplink({"temperature": 1}, time="1970-01-01T00:00:00Z"), "time: expected a time from"),
        (b'{"object":' + b"[" * 200_000, "expected"),
    ],
    ids=lambda part: str(part)[:40],
)  # fmt: skip
def test_an_uplink_that_cannot_be_right_is_refused_in_words(payload: bytes, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        chirpstack.decode(payload, UPLINK, NOW)
    assert words in str(refused.value)


def test_other_events_of_a_lora_device_carry_no_readings() -> None:
    origin = origin_of_topic(f"application/1/device/{EUI}/event/join", "gate-1", "gateway")
    assert chirpstack.decode(b'{"devAddr":"1"}', origin, NOW) == []


def test_a_topic_without_a_format_is_unknown() -> None:
    for topic in ("shelfwise/scale-7", "weight", "application/1/device/x/up", "$SYS/broker"):
        assert origin_of_topic(topic, "scale-7", "self").format == UNKNOWN


def decode_in_every_format(payload: bytes) -> None:
    for form, origin in ((generic, SCALE), (chirpstack, UPLINK)):
        try:
            form.decode(payload, origin, NOW)
        except Invalid as refused:
            assert str(refused)


@given(st.binary() | st.text().map(str.encode))
@settings(deadline=None)
def test_no_bytes_make_a_decoder_fail_in_an_unforeseen_way(payload: bytes) -> None:
    decode_in_every_format(payload)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_fields = st.sampled_from(["kind", "value", "device", "unit", "at", "id", "object", "time", "deviceInfo"])


@given(st.dictionaries(_fields, _json | st.sampled_from(["weight", "scan", "position", NOON.isoformat()])))
@settings(deadline=None)
def test_no_json_makes_a_decoder_fail_in_an_unforeseen_way(message: dict[str, object]) -> None:
    decode_in_every_format(json.dumps(message).encode())
