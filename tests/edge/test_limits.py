"""What one sender may ask of the doors, and what becomes of who asks for more."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from shelfwise.edge import http_server
from shelfwise.edge.limits import Allowance, DeviceRates, SignInBrake
from shelfwise.edge.mqtt.door import MqttLimits
from tests.edge.conftest import SECRET, Running, Start
from tests.edge.notes import another, connection, signed_in, signed_in5
from tests.edge.packets import BareClient, connect, connect5, publish

TOPIC = "shelfwise/scale-7/w"
WEIGHT = b'{"kind": "weight", "value": 5, "id": "a"}'


def test_an_allowance_refills_at_its_rate_and_no_further_than_its_most() -> None:
    allowance = Allowance(2, 10)
    assert allowance.spend("a", 10, 0.0) == 0
    assert allowance.spend("a", 1, 0.0) == 0.5
    assert allowance.wait("a", 0.5) == 0
    assert allowance.spend("a", 11, 1000.0) == 0.5
    assert allowance.wait("b", 1000.0) == 0


def test_large_messages_count_for_more_than_one() -> None:
    rates = DeviceRates(10)
    assert rates.spend("a", 1, 1024 * 200, 0.0) == 0
    assert rates.spend("a", 1, 1024 * 10, 0.0) == 1


def test_a_wrong_secret_shuts_out_neither_other_devices_nor_other_addresses_and_many_names_do() -> None:
    brake = SignInBrake()
    for _ in range(11):
        brake.failed("10.0.0.1", "scale-7", 0.0)
    assert brake.wait("10.0.0.1", "scale-7", 0.0) == pytest.approx(6)
    assert brake.wait("10.0.0.1", "scale-8", 0.0) == brake.wait("10.0.0.2", "scale-7", 0.0) == 0
    for number in range(200):
        brake.failed("10.0.0.1", f"guess-{number}", 0.0)
    assert brake.wait("10.0.0.1", "scale-8", 0.0) > 0


def test_a_client_that_sends_more_than_it_may_is_not_read_from_for_a_while() -> None:
    made, transport, notes = signed_in()
    made.data_received(publish(TOPIC, b"x") * 20_001)
    made.door.count(made)
    assert transport.paused
    made.data_received(publish(TOPIC, b"y"))
    made.check(made._heard)
    assert (transport.paused, len(notes.messages)) == (True, 20_001)
    made.rest(0)
    made.check(made._heard)
    assert (transport.paused, notes.messages[-1].payload) == (False, b"y")


def test_more_connections_of_one_device_than_it_may_have_are_refused() -> None:
    made, _, _ = signed_in5()
    for number in range(4):
        another(made.door)[0].data_received(connect("scale-7", "secret", client_id=f"{number}"))
    for content, answer in (
        (connect("scale-7", "secret", client_id="x"), b"\x20\x02\x00\x03"),
        (connect5("scale-7", "secret", client_id="x"), b"\x20\x2b\x00\x97"),
    ):
        refused, transport = another(made.door)
        refused.data_received(content)
        assert transport.written.startswith(answer)
        assert transport.closed


def test_the_same_client_takes_over_also_where_no_further_one_may_come() -> None:
    made, _, _ = signed_in()
    for number in range(4):
        another(made.door)[0].data_received(connect("scale-7", "secret", client_id=f"{number}"))
    again, transport = another(made.door)
    again.data_received(connect("scale-7", "secret", client_id="3"))
    assert transport.written == b"\x20\x02\x00\x00"


def test_half_a_packet_is_not_waited_for_for_ever() -> None:
    made, transport, _ = signed_in()
    made.data_received(publish(TOPIC, b"x")[:-1])
    made.check(made._heard + 61)
    assert transport.closed


def test_whoever_fills_the_memory_most_is_sent_away() -> None:
    made, transport, _ = signed_in()
    less, other = another(made.door)
    less.data_received(connect("scale-7", "secret", client_id="less") + publish(TOPIC, b"x" * 900)[:-1])
    made.data_received(publish(TOPIC, b"x" * 2000)[:-1])
    made.door.limits = MqttLimits(buffered_bytes=2500)
    made.door._bound_memory()
    assert (transport.closed, other.closed) == (True, False)
    made.door._bound_memory()
    assert not other.closed


def test_sign_ins_that_keep_failing_are_not_looked_at() -> None:
    made, _, _ = connection()
    for _ in range(11):
        _, transport = (guess := another(made.door))
        guess[0].data_received(connect("scale-7", "wrong"))
        assert transport.written == b"\x20\x02\x00\x05"
        guess[0].connection_lost(None)
    guess = another(made.door)
    guess[0].data_received(connect5("scale-7", "secret"))
    assert guess[1].written[3] == 0x9F


def post(running: Running, body: bytes, **headers: str) -> tuple[int, Any, str | None]:
    request = Request(running.url("/v1/readings"), body, {"authorization": f"Bearer scale-7:{SECRET}", **headers})
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer), None
    except HTTPError as error:
        with error:
            return error.code, json.load(error)["error"], error.headers["retry-after"]


def test_a_body_may_be_packed_and_a_bomb_is_not_unpacked(running: Running) -> None:
    packed = {"content-encoding": "gzip"}
    assert post(running, gzip.compress(WEIGHT), **packed) == (200, {"stored": True}, None)
    for body, headers, status, words in (
        (gzip.compress(b" " * 50_000_000), packed, 413, "more than 1048576 bytes"),
        (WEIGHT, packed, 400, "not packed with gzip"),
        (gzip.compress(WEIGHT)[:-3], packed, 400, "not one whole gzip file"),
        (gzip.compress(WEIGHT) + b"x", packed, 400, "not one whole gzip file"),
        (WEIGHT, {"content-encoding": "br"}, 415, "packed with 'br'"),
    ):
        answer = post(running, body, **headers)
        assert (answer[0], words in answer[1]) == (status, True)


def test_by_http_whoever_sends_too_much_or_guesses_is_told_when_to_come_again(start: Start) -> None:
    with start(device_messages=1) as running:
        answers = [post(running, WEIGHT)[0] for _ in range(22)]
        assert answers[:20] == [200] * 20
        assert post(running, WEIGHT * 1_000)[0] in (200, 202, 429)
        status, words, after = post(running, WEIGHT)
        assert (status, words[:38]) == (429, "This device sends more than it may. Se")
        assert after is not None
        assert int(after) > 0
        wrong = {"authorization": "Bearer probe-1:wrong"}
        assert [post(running, WEIGHT, **wrong)[0] for _ in range(12)] == [401] * 11 + [429]


def test_a_request_that_does_not_get_beyond_its_head_is_cut_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "HEAD_S", 0.2)
    monkeypatch.setattr(http_server, "BODY_S", 0.2)
    with start() as running:
        head = b"POST /v1/readings HTTP/1.1\r\nhost: x\r\n"
        sign_in = f"authorization: Bearer scale-7:{SECRET}\r\n".encode()
        for sent, heard in ((head, b""), (head + sign_in + b"content-length: 9\r\n\r\n{", b"HTTP/1.1 408")):
            with socket.create_connection(("127.0.0.1", running.gateway.http_port), timeout=10) as slow:
                slow.sendall(sent)
                try:
                    assert slow.recv(12) == heard
                except ConnectionResetError:
                    assert heard == b""


def test_guesses_at_the_mqtt_door_are_slowed_down(running: Running) -> None:
    for _ in range(11):
        with BareClient(running.mqtt_port) as bare:
            bare.send(connect("scale-7", "wrong"))
            assert bare.receive(4) == b"\x20\x02\x00\x05"
    with BareClient(running.mqtt_port) as bare:
        bare.send(connect("scale-7", SECRET))
        assert bare.receive(4) == b"\x20\x02\x00\x03"
    with BareClient(running.mqtt_port) as bare:
        bare.sign_in("probe-1", SECRET)
