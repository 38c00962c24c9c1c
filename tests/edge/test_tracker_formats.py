"""Trackers: the two forms of the OsmAnd protocol, and what a Traccar server forwards."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shelfwise.core.errors import Invalid
from shelfwise.edge.formats import osmand, traccar
from shelfwise.edge.model import Origin, Reading, moment
from tests.conftest import NOON
from tests.edge.conftest import SECRET, Running

NOW = moment(NOON)
TRUCK = Origin("http", "truck-7", "self", "truck-7", "/v1/osmand", "osmand")
SERVER = Origin("http", "gate-1", "gateway", "gate-1", "/v1/traccar", "traccar")
FIX = {"id": "truck-7", "lat": "52.1", "lon": "4.3", "timestamp": str(int(NOON.timestamp()))}


def parameters(**told: str | None) -> list[Reading]:
    body = urlencode({name: value for name, value in (FIX | told).items() if value is not None})
    return osmand.decode(body.encode(), TRUCK, NOW)


def client(coords: dict[str, Any], **others: Any) -> list[Reading]:
    message = {"location": {"timestamp": NOON.isoformat(), "coords": coords} | others, "device_id": "truck-7"}
    return osmand.decode(json.dumps(message).encode(), TRUCK, NOW)


def forwarded(attributes: dict[str, Any] | None = None, **told: Any) -> list[Reading]:
    place = {"id": 8, "fixTime": NOON.isoformat(), "valid": True, "latitude": 52.1, "longitude": 4.3} | told
    message = {"position": place | {"attributes": attributes or {}}, "device": {"id": 3, "uniqueId": "truck-7"}}
    return traccar.decode(json.dumps(message).encode(), SERVER, NOW)


def told(readings: list[Reading]) -> list[tuple[str, float | None, dict[str, Any] | None]]:
    return [(one.kind, one.value, one.detail) for one in readings]


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({}, {"lat": 52.1, "lon": 4.3}),
        ({"speed": "10"}, {"lat": 52.1, "lon": 4.3, "speed": 5.144444}),
        ({"accuracy": "5.5", "altitude": "-3", "bearing": "271"},
         {"lat": 52.1, "lon": 4.3, "accuracy": 5.5, "altitude": -3.0, "heading": 271.0}),
        ({"speed": "-1", "heading": "-1", "hdop": "1.2", "driverUniqueId": "x"}, {"lat": 52.1, "lon": 4.3}),
        ({"lat": None, "lon": None, "location": "52.1,4.3"}, {"lat": 52.1, "lon": 4.3}),
        ({"timestamp": "2026-03-02 12:00:00"}, {"lat": 52.1, "lon": 4.3}),
        ({"timestamp": "2026-03-02T13:00:00+01:00"}, {"lat": 52.1, "lon": 4.3}),
        ({"timestamp": str(int(NOON.timestamp() * 1000))}, {"lat": 52.1, "lon": 4.3}),
        ({"id": None, "deviceid": "truck-7"}, {"lat": 52.1, "lon": 4.3}),
    ],
)  # fmt: skip
def test_parameters_are_read_and_knots_become_metres_a_second(given: dict[str, str], detail: dict[str, Any]) -> None:
    (reading,) = parameters(**given)
    assert (reading.device, reading.kind, reading.detail, reading.observed_at) == ("truck-7", "position", detail, NOON)


def test_the_json_of_the_client_has_metres_a_second_and_a_share_of_the_battery() -> None:
    readings = client(
        {"latitude": 52.1, "longitude": 4.3, "accuracy": 5, "speed": 10, "heading": -1, "altitude": 2},
        battery={"level": 0.87, "is_charging": False}, activity={"type": "in_vehicle"},
    )  # fmt: skip
    assert told(readings) == [
        ("position", None, {"lat": 52.1, "lon": 4.3, "speed": 10.0, "accuracy": 5.0, "altitude": 2.0}),
        ("battery", 87.0, None),
    ]


def test_what_traccar_forwards_is_in_knots_and_of_the_tracker() -> None:
    readings = forwarded({"batteryLevel": 87, "motion": True}, speed=10, course=90, accuracy=0, altitude=4)
    assert told(readings) == [
        ("position", None, {"lat": 52.1, "lon": 4.3, "speed": 5.144444, "heading": 90.0, "altitude": 4.0}),
        ("battery", 87.0, None),
    ]
    assert {one.device for one in readings} == {"truck-7"}


@pytest.mark.parametrize(
    "readings",
    [
        lambda: parameters(valid="false", batt="50"), lambda: parameters(valid="0", batt="50"),
        lambda: parameters(lat="0", lon="0.0", batt="50"), lambda: parameters(lat=None, lon=None, batt="50"),
        lambda: client({"latitude": 0, "longitude": 0}, battery={"level": 0.5}),
        lambda: forwarded({"batteryLevel": 50}, valid=False), lambda: forwarded({"batteryLevel": 50}, outdated=True),
    ],
)  # fmt: skip
def test_without_a_fix_the_battery_counts_alone(readings: Any) -> None:
    assert told(readings()) == [("battery", 50.0, None)]


def test_a_battery_that_is_not_known_is_no_reading() -> None:
    assert [one.kind for one in client({"latitude": 52.1, "longitude": 4.3}, battery={"level": -1})] == ["position"]


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (lambda: parameters(), lambda: parameters(lat="52.2")),
        (lambda: parameters(), lambda: parameters(timestamp=str(int(NOON.timestamp()) - 1))),
        (lambda: client({"latitude": 1, "longitude": 1}), lambda: client({"latitude": 1, "longitude": 2})),
        (lambda: forwarded(), lambda: forwarded(id=9)),
    ],
)
def test_a_fix_told_twice_counts_once_and_another_one_again(first: Any, other: Any) -> None:
    assert first()[0].key == first()[0].key != other()[0].key


def test_a_fix_without_a_time_is_at_least_once_and_says_so() -> None:
    first, second = parameters(timestamp=None)[0], parameters(timestamp=None)[0]
    assert first.key != second.key
    assert first.detail == {"lat": 52.1, "lon": 4.3, "at_least_once": True}


@pytest.mark.parametrize(
    ("decode", "words"),
    [
        (lambda: parameters(lat="91"), "lat: expected -90 to 90 degrees, got 91"),
        (lambda: parameters(lon="-181"), "lon: expected -180 to 180 degrees, got -181"),
        (lambda: parameters(lat="north"), "lat: expected a number, got 'north'"),
        (lambda: parameters(lat="1e999"), "lat: expected a number"),
        (lambda: parameters(speed="99999"), "speed: expected 0 to 1000 m/s"),
        (lambda: parameters(batt="150"), "expected battery from 0 to 100 %, got 150 %"),
        (lambda: parameters(timestamp="noon"), "timestamp: expected a time such as"),
        (lambda: parameters(timestamp="0"), "timestamp: expected a time from"),
        (lambda: parameters(id="truck-8"), "device: expected 'truck-7', the device that signed in, got 'truck-8'"),
        (lambda: osmand.decode(b"hello", TRUCK, NOW), "the message: expected id=...&lat=..."),
        (lambda: osmand.decode(b"\xff=1", TRUCK, NOW), "the message: expected id=...&lat=..."),
        (lambda: osmand.decode(b"{}", TRUCK, NOW), "the message: expected a field location"),
        (lambda: traccar.decode(b"{}", SERVER, NOW), "the message: expected a field position"),
        (lambda: forwarded(latitude="x"), "position, latitude: expected a number, got a text"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(decode: Any, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode()
    assert words in str(refused.value)


@pytest.mark.parametrize("way", ["header", "basic", "address"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_tracker_signs_in_as_it_can(running: Running, way: str, method: str) -> None:
    place: dict[str, str | float] = {"id": "scale-7", "lat": 52.1, "lon": 4.3}
    path = f"/v1/osmand/scale-7:{SECRET}" if way == "address" else "/v1/osmand"
    answer = httpx.request(
        method, running.url(path), params=place if method == "GET" else None, data=place if method == "POST" else None,
        headers={"authorization": f"Bearer scale-7:{SECRET}"} if way == "header" else None,
        auth=("scale-7", SECRET) if way == "basic" else None,
    )  # fmt: skip
    assert answer.status_code == 200
    (kept,) = running.sql("select device, kind, detail ->> 'lat' from reading")
    assert kept == ("scale-7", "position", "52.1")


def test_a_wrong_secret_in_the_address_lets_nobody_in(running: Running) -> None:
    assert httpx.get(running.url("/v1/osmand/scale-7:wrong?lat=1&lon=1")).status_code == 401
    assert httpx.get(running.url("/v1/osmand?id=scale-7&lat=1&lon=1")).status_code == 401
