"""One MQTT connection against a transport and a pipeline that only take notes: any bytes, in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.edge.mqtt.requests import Refusal, read_connect, read_subscribe, read_unsubscribe
from shelfwise.edge.mqtt.wire import Malformed, frame, read_topic
from tests.edge.notes import Pipeline_, another, connection, feed, signed_in
from tests.edge.packets import PINGREQ, connect, packet, publish, subscribe

payloads = st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 0xFFFF)), max_size=8)


@given(payloads, st.data())
@settings(deadline=None)
def test_any_split_of_valid_bytes_means_the_same(sent: list[tuple[bytes, int]], data: st.DataObject) -> None:
    stream = connect("scale-7", "secret") + b"".join(
        publish("shelfwise/scale-7/x", payload, packet_id) + PINGREQ for payload, packet_id in sent
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    made, transport, notes = connection()
    feed(made, transport, pieces)
    assert [(m.payload, m.token) for m in notes.messages] == sent
    assert transport.written == b"\x20\x02\x00\x00" + b"\xd0\x00" * len(sent)
    assert not transport.closed


@given(st.lists(st.binary(max_size=50), max_size=10))
@settings(deadline=None)
def test_any_bytes_before_sign_in_do_no_more_than_close(pieces: list[bytes]) -> None:
    made, transport, notes = connection()
    feed(made, transport, pieces)
    assert not notes.messages


@given(st.lists(st.binary(max_size=50) | st.just(PINGREQ) | st.just(publish("a/b", b"x", 7)), max_size=10))
@settings(deadline=None)
def test_any_bytes_after_sign_in_do_no_more_than_close(pieces: list[bytes]) -> None:
    feed(*signed_in()[:2], pieces)


@given(st.binary())
@settings(deadline=None)
def test_no_bytes_make_a_parser_fail_in_an_unforeseen_way(content: bytes) -> None:
    parsers = (
        read_connect,
        read_topic,
        lambda body: read_subscribe(body, 4),
        lambda body: read_unsubscribe(body, 4),
    )
    for parse in parsers:
        try:
            parse(content)
        except (Malformed, Refusal) as error:
            assert str(error)
    try:
        found = frame(content, 0, len(content))
        assert found is None or 2 <= found[0] <= 5
    except Malformed:
        pass


@pytest.mark.parametrize(
    "content",
    [
        packet(0x32, b"\x00"),
        packet(0x32, b"\x00\x09short"),
        packet(0x32, b"\x00\x03a/b"),
        packet(0x32, b"\x00\x03a/b\x01"),
        packet(0x32, b"\x00\x03a/b\x00\x00payload"),
        packet(0x30, b""),
        packet(0x30, b"\x00\x00payload"),
        publish("a/#", b"x"),
        publish(b"a\xff", b"x"),
        b"\x80\x05\x00\x01\x00\x00\x01",
        packet(0x82, b"\x00\x00\x00\x01a\x01"),
        packet(0x60, b"\x00\x01"),
        packet(0x62, b"\x00\x00"),
        packet(0x62, b"\x00\x01\x00"),
    ],
    ids=repr,
)
def test_a_packet_that_is_cut_short_or_runs_over_closes_the_connection(content: bytes) -> None:
    made, transport, notes = signed_in()
    made.data_received(content + publish("a/b", b"after", 9))
    assert transport.closed
    assert not transport.written
    assert [m.payload for m in notes.messages] == []


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (
            connect("scale-7", "secret", level=6),
            b"\x20\x2f\x00\x84\x2c\x1f\x00\x29level 6; MQTT 3.1.1 and 5 are spoken here",
        ),
        (connect("scale-7", "secret", level=3), b"\x20\x02\x00\x01"),
        (connect("scale-7", "wrong"), b"\x20\x02\x00\x05"),
        (connect("scale-7", None), b"\x20\x02\x00\x04"),
        (connect(None, None), b"\x20\x02\x00\x04"),
        (packet(0x10, text_ := b"\x00\x04MQTT\x04\x00\x00\x3c\x00\x00"), b"\x20\x02\x00\x02"),
        (packet(0x10, text_[:-1]), b""),
        (packet(0x10, b"\x00\x04HTTP\x04\x02\x00\x3c\x00\x00"), b""),
        (packet(0x10, b"\x00\x04MQTT\x04\x03\x00\x3c\x00\x00"), b""),
        (packet(0x10, b"\x00\x04MQTT\x04\x42\x00\x3c\x00\x00\x00\x01s"), b""),
        (packet(0x10, b"\x00\x04MQTT"), b""),
        (publish("a/b", b"x"), b""),
        (PINGREQ, b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
        (packet(0x10, bytes(20_000)), b""),
    ],
    ids=lambda part: repr(part)[:60],
)
def test_a_sign_in_that_is_refused(content: bytes, answer: bytes) -> None:
    made, transport, notes = connection()
    made.data_received(content)
    assert (transport.written, transport.closed, notes.messages) == (answer, True, [])


def test_a_device_may_subscribe_to_its_own_commands_only() -> None:
    made, transport, _ = signed_in()
    made.data_received(subscribe(5, "shelfwise/scale-7/command", "shelfwise/probe-1/command", "#"))
    assert transport.written == b"\x90\x05\x00\x05\x01\x80\x80"
    made.data_received(packet(0xA2, b"\x00\x06\x00\x01a"))
    assert transport.written[7:] == b"\xb0\x02\x00\x06"


def test_a_packet_that_is_too_large_closes_and_leaves_a_note() -> None:
    made, transport, notes = signed_in()
    made.data_received(publish("shelfwise/scale-7/x", b"x" * 300_000, 7)[:5000])
    assert transport.closed
    (note,) = notes.messages
    assert len(note.payload) == 1024
    assert "expected at most 262144 bytes, got 300" in str(note.note)


def test_a_full_pipeline_stops_reading_in_the_middle_of_what_came() -> None:
    pipeline = Pipeline_(room=2)
    made, transport, _ = signed_in(pipeline)
    made.data_received(b"".join(publish("a/b", b"%d" % n, n) for n in range(1, 6)))
    assert transport.paused
    assert [m.token for m in pipeline.messages] == [1, 2]
    pipeline.room = 4
    made.go_on()
    assert transport.paused
    pipeline.room = 100
    made.go_on()
    assert not transport.paused
    assert [m.token for m in pipeline.messages] == [1, 2, 3, 4, 5]


def test_acknowledgements_of_a_batch_leave_together_and_qos_0_has_none() -> None:
    made, transport, _ = signed_in()
    for token in (3, 0, 1):
        made.acknowledge(token, None, refused=False)
    made.flush()
    assert transport.written == b"\x40\x02\x00\x03\x40\x02\x00\x01"


def test_a_client_that_falls_silent_is_closed_and_one_that_is_held_is_not() -> None:
    made, transport, _ = signed_in()
    heard = made._heard
    made.check(heard + 1.5 * 60 - 1)
    assert not transport.closed
    made.hold()
    made.check(heard + 1.5 * 60 + 1)
    assert not transport.closed
    made.go_on()
    made.check(made._heard + 1.5 * 60 + 1)
    assert transport.closed


def test_a_client_that_does_not_sign_in_or_does_not_read_is_closed() -> None:
    made, transport, _ = connection()
    made.check(made._heard + 11)
    assert transport.closed
    made, transport, _ = signed_in()
    made.pause_writing()
    assert transport.paused
    made.check(made._heard + 60)
    assert transport.closed


def test_the_same_client_connecting_again_takes_over() -> None:
    made, transport, _ = signed_in()
    again, other = another(made.door)
    again.data_received(connect("scale-7", "secret"))
    assert transport.closed
    assert not other.closed
