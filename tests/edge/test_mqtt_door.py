"""The MQTT door with everything behind it, seen from a bare socket."""

from __future__ import annotations

import json
import time

import pytest

from tests.edge.conftest import SECRET, Running
from tests.edge.packets import BareClient, connect, connect5, publish, publish5


def reading(number: int) -> bytes:
    return json.dumps({"kind": "weight", "value": number, "id": f"r-{number}"}).encode()


def client(running: Running) -> BareClient:
    return BareClient(running.mqtt_port).sign_in("scale-7", SECRET)


def test_publishes_that_come_with_the_sign_in_are_taken(running: Running) -> None:
    with BareClient(running.mqtt_port) as bare:
        bare.send(connect("scale-7", SECRET) + publish("shelfwise/scale-7/w", reading(1), 1))
        assert bare.receive(4) == b"\x20\x02\x00\x00"
        assert bare.acknowledged(1) == [1]
    assert running.sql("select count(*) from reading") == [(1,)]


def test_acknowledgements_come_in_the_order_of_the_messages(running: Running) -> None:
    with client(running) as bare:
        numbers = [*range(65_535, 65_000, -1), *range(1, 1000)]
        bare.send(b"".join(publish("shelfwise/scale-7/w", reading(n % 100), n) for n in numbers))
        assert bare.acknowledged(len(numbers)) == numbers
    assert running.sql("select count(*) from reading") == [(100,)]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("shelfwise/scale-7/w", b'{"kind":"weight","value":-1}', "value: expected weight from 0 g, got -1 g%"),
        ("shelfwise/scale-7/w", b'{"kind":"weight\xff","value":1}', "%expected UTF-8, got byte 0xff%"),
        ("shelfwise/scale-7/w", b'{"kind":"weight","value":NaN}', "byte 25: expected JSON%"),
        ("shelfwise/scale-7/w", b'{"kind":"weight","value":1,"at":"1970-01-01T00:00:00Z"}', "at: expected a time%"),
        ("shelfwise/scale-7/w", b'{"kind":"weight","value":1,"at":"2100-01-01T00:00:00Z"}', "at: expected a time%"),
        ("shelfwise/probe-1/w", b'{"kind":"weight","value":1}', "device: expected 'scale-7', the device that signed%"),
        ("a" * 65_535, b'{"kind":"weight","value":1}', "topic: expected shelfwise/<device>/<anything>%"),
        ("weight", b'{"kind":"weight","value":1}', "topic: expected shelfwise/<device>/<anything>%got 'weight'%"),
        ("shelfwise/scale-7/w", b"", "the end, byte 0: expected JSON%"),
        ("shelfwise/scale-7/w", b"\x00" * 200_000, "byte 0: expected JSON%"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_cannot_be_understood_is_acknowledged_and_kept(
    running: Running, topic: str, payload: bytes, reason: str
) -> None:
    with client(running) as bare:
        bare.send(publish(topic, payload, 1) * 2 + publish("shelfwise/scale-7/w", reading(1), 2))
        assert bare.acknowledged(3) == [1, 1, 2]
    with running.office.database.transaction() as tx:
        found = tx.execute(
            "select payload, topic, device, door, seen from quarantine where reason like %s", (reason,)
        ).fetchall()
    assert found == [(payload, topic, "scale-7", "mqtt", 2)]
    assert running.sql("select count(*) from reading") == [(1,)]


def test_a_packet_that_is_too_large_leaves_a_note_in_quarantine(running: Running) -> None:
    with client(running) as bare:
        bare.send(publish("shelfwise/scale-7/w", b"x" * 300_000, 1)[:100_000])
        assert bare.closed()
    with client(running) as bare:
        bare.send(publish("shelfwise/scale-7/w", reading(1), 1))
        assert bare.acknowledged(1) == [1]
    assert running.sql("select length(payload), format from quarantine") == [(1024, "unknown")]


def test_a_topic_of_a_megabyte_closes_the_connection(running: Running) -> None:
    with client(running) as bare:
        bare.send(b"\x32\xff\xff\xff\x7f" + b"\xff\xff" + b"t" * 1_000_000)
        assert bare.closed()


def test_a_truncated_packet_is_waited_for_and_leaves_nothing(running: Running) -> None:
    with client(running) as bare:
        bare.send(publish("shelfwise/scale-7/w", reading(1), 1)[:-1])
    with client(running) as bare:
        bare.send(publish("shelfwise/scale-7/w", reading(2), 2))
        assert bare.acknowledged(1) == [2]
    assert running.sql("select value from reading") == [(2.0,)]


def test_a_client_that_keeps_its_connection_but_not_its_word_is_closed(running: Running) -> None:
    with BareClient(running.mqtt_port).sign_in("scale-7", SECRET, keep_alive=1) as bare:
        assert bare.closed()


def test_two_clients_of_one_device_stay_apart_by_their_client_ids(running: Running) -> None:
    with (
        BareClient(running.mqtt_port).sign_in("scale-7", SECRET, client_id="one") as one,
        BareClient(running.mqtt_port).sign_in("scale-7", SECRET, client_id="two") as two,
        BareClient(running.mqtt_port).sign_in("scale-7", SECRET, client_id="") as three,
        BareClient(running.mqtt_port).sign_in("scale-7", SECRET, client_id="") as four,
    ):
        for number, bare in enumerate((one, two, three, four), 1):
            bare.send(publish("shelfwise/scale-7/w", reading(number), number))
            assert bare.acknowledged(1) == [number]


def test_a_lora_uplink_comes_through_a_gateway(running: Running) -> None:
    eui = "0101010101010101"
    frame = {
        "deduplicationId": "d-1", "time": "2026-03-02T11:59:00Z", "deviceInfo": {"devEui": eui},
        "object": {"temperature": 4.5},
    }  # fmt: skip
    with BareClient(running.mqtt_port).sign_in("gate-1", SECRET) as bare:
        bare.send(publish(f"application/1/device/{eui}/event/up", json.dumps(frame).encode(), 1) * 2)
        bare.send(publish(f"application/1/device/{eui}/event/join", b"{}", 2))
        assert bare.acknowledged(3) == [1, 1, 2]
    assert running.sql("select device, kind, value from reading") == [(eui, "temperature", 4.5)]
    assert running.sql("select count(*) from quarantine") == [(0,)]


def test_a_client_that_is_told_why_it_is_sent_away_is_heard_out(running: Running) -> None:
    with BareClient(running.mqtt_port) as bare:
        bare.send(connect5("scale-7", SECRET))
        welcome = bare.receive(2)
        assert len(bare.receive(welcome[1])) == welcome[1]
        bare.send(b"\xf3\x00")
        assert bare.receive(1) == b"\xe0"
        # It has not read so far yet, and goes on: without an end that listens, these would break the connection.
        for number in range(1, 20):
            bare.send(publish5("shelfwise/scale-7/weight", b"{}", number))
            time.sleep(0.01)
        assert bare.receive(1024)[1] == 0x81
    assert running.sql("select count(*) from quarantine") == [(0,)]
