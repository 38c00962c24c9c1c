"""The HTTP door."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from shelfwise.core.errors import Unavailable
from shelfwise.edge.writer import Batch
from tests.edge.conftest import SECRET, Running, Start
from tests.edge.packets import BareClient, publish

SCALE = {"authorization": f"Bearer scale-7:{SECRET}"}
GATE = {"authorization": f"Bearer gate-1:{SECRET}"}
WEIGHT = {"kind": "weight", "value": 12.5, "unit": "kg", "id": "a"}


def test_200_means_stored_and_the_same_again_changes_nothing(running: Running) -> None:
    for _ in range(2):
        answer = httpx.post(running.url("/v1/readings"), json=[WEIGHT, WEIGHT | {"id": "b"}], headers=SCALE)
        assert (answer.status_code, answer.json()) == (200, {"stored": True})
        assert running.sql("select device, kind, value from reading") == [("scale-7", "weight", 12500.0)] * 2


def test_one_wrong_reading_sends_the_whole_list_to_quarantine(running: Running) -> None:
    answer = httpx.post(running.url("/v1/readings"), json=[WEIGHT, {"kind": "weight", "value": -1}], headers=SCALE)
    assert answer.status_code == 202
    assert "reading 2 of 2, value" in answer.json()["quarantined"]
    assert running.sql("select count(*) from reading") == [(0,)]
    assert running.sql("select door, device, topic, format, state from quarantine") == [
        ("http", "scale-7", "/v1/readings", "generic", "waiting")
    ]


@pytest.mark.parametrize(
    "credentials",
    ["", "Bearer", "Bearer scale-7", "Bearer scale-7:", "Bearer scale-7:wrong", f"Bearer nobody:{SECRET}",
     f"Bearer gone-1:{SECRET}", f"Basic scale-7:{SECRET}", f"Bearer :{SECRET}"],
)  # fmt: skip
def test_nobody_unknown_gets_in(running: Running, credentials: str) -> None:
    answer = httpx.post(running.url("/v1/readings"), json=WEIGHT, headers={"authorization": credentials})
    assert answer.status_code == 401
    assert running.sql("select count(*) from reading") == [(0,)]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_more_than_a_megabyte_is_refused(running: Running, chunked: bool) -> None:
    body = b" " * (1024 * 1024 + 1)
    pieces = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    answer = httpx.post(running.url("/v1/readings"), content=pieces if chunked else body, headers=SCALE)
    assert answer.status_code == 413


def test_a_large_list_is_stored_whole(running: Running) -> None:
    readings = [{"kind": "weight", "value": n, "id": n} for n in range(10_000)]
    body = json.dumps(readings, separators=(",", ":")).encode()
    assert httpx.post(running.url("/v1/readings"), content=body, headers=SCALE, timeout=30).status_code == 200
    assert running.sql("select count(*), sum(value) from reading") == [(10_000, 49_995_000.0)]


def test_lora_uplinks_come_by_http_too(running: Running) -> None:
    frame = {"deviceInfo": {"devEui": "0101010101010101"}, "time": "2026-03-02T11:59:00Z", "object": {"humidity": 40}}
    for event in ("up", "join"):
        answer = httpx.post(running.url(f"/v1/chirpstack?event={event}"), json=frame, headers=GATE)
        assert answer.status_code == 200
    assert running.sql("select device, kind, value, observed_at from reading") == [
        ("0101010101010101", "humidity", 40.0, datetime(2026, 3, 2, 11, 59, tzinfo=UTC))
    ]


def test_the_gateway_tells_how_it_is(running: Running) -> None:
    httpx.post(running.url("/v1/readings"), json=[WEIGHT, WEIGHT], headers=SCALE)
    httpx.post(running.url("/v1/readings"), content=b"?", headers=SCALE)
    assert httpx.get(running.url("/livez")).status_code == 200
    assert httpx.get(running.url("/readyz")).text == "ready\n"
    numbers = httpx.get(running.url("/metrics")).text
    for line in (
        'shelfwise_edge_messages_received_total{door="http"} 2.0',
        "shelfwise_edge_readings_stored_total 1.0",
        "shelfwise_edge_readings_duplicate_total 1.0",
        "shelfwise_edge_messages_quarantined_total 1.0",
        'shelfwise_edge_acknowledgement_seconds_bucket{le="+Inf"} 2.0',
        "shelfwise_edge_queue_messages 0.0",
    ):
        assert line in numbers


class Refusing:
    """A database that takes nothing."""

    def write(self, batch: Batch) -> int:
        raise Unavailable("the disk is full")

    def close(self) -> None:
        """Nothing is open."""


def test_503_while_the_database_refuses(start: Start) -> None:
    with (
        start(writer=Refusing(), patience_s=0.1) as running,
        BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare,
    ):
        bare.send(publish("shelfwise/scale-7/w", json.dumps(WEIGHT).encode(), 1))
        while httpx.get(running.url("/readyz")).status_code == 200:
            pass
        assert httpx.get(running.url("/readyz")).text == "the disk is full\n"
        answer = httpx.post(running.url("/v1/readings"), json=WEIGHT, headers=SCALE)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert httpx.get(running.url("/livez")).status_code == 200
        assert bare.silent_for(0.3)


def test_a_name_of_an_event_that_no_text_can_hold_is_quarantined_too(running: Running) -> None:
    answer = httpx.post(running.url("/v1/chirpstack?event=u%00p"), json={}, headers=GATE)
    assert answer.status_code == 202
    assert running.sql("select topic from quarantine") == [("/v1/chirpstack/unreadable",)]
