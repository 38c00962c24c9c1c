"""Bytes that no client would send, in both versions of MQTT: no more than a closed connection comes of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.edge.mqtt.properties import IN_CONNECT, IN_PUBLISH, IN_WILL, read_properties
from shelfwise.edge.mqtt.requests import (
    Refusal,
    read_acknowledgement,
    read_connect,
    read_disconnect,
    read_subscribe,
    read_unsubscribe,
)
from shelfwise.edge.mqtt.wire import MAX_PACKET, Malformed
from tests.edge.notes import commit, connection, signed_in, signed_in5
from tests.edge.packets import PINGREQ, connect, connect5, packet, publish, publish5, subscribe, subscribe5, text

TOPIC = "shelfwise/scale-7/config"
WILL = b"\x05\x18\x00\x00\x00\x3c" + text("a") + text("gone")
REAL = (
    PINGREQ,
    publish(TOPIC, b"x"),
    publish(TOPIC, b"x", 7),
    publish(TOPIC, b"x", 8, quality=2),
    publish5(TOPIC, b"x", 9, properties=b"\x23\x00\x03\x26\x00\x01a\x00\x01b"),
    publish5("", b"x", 10, properties=b"\x23\x00\x03"),
    publish5(TOPIC, b"x", 11, quality=2, first=1),
    packet(0x62, b"\x00\x08"),
    packet(0x62, b"\x00\x0b\x92\x05\x1f\x00\x02no"),
    packet(0x40, b"\x00\x01"),
    packet(0x40, b"\x00\x01\x00\x00"),
    subscribe(5, TOPIC, "#"),
    subscribe5(6, TOPIC, "$share/a/b"),
    packet(0xA2, b"\x00\x06\x00" + text(TOPIC)),
    packet(0xE0, b"\x04\x05\x11\x00\x00\x00\x09"),
    connect("scale-7", "secret", will=("a", b"gone")),
    connect5("scale-7", "secret", will=WILL, properties=b"\x11\x00\x00\x00\x3c\x21\x00\x01"),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Real packets, one after the other, with some bytes changed, left out or added."""
    content = bytearray(b"".join(draw(st.lists(st.sampled_from(REAL), min_size=1, max_size=6))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(content)


@st.composite
def in_pieces(draw: st.DrawFn) -> list[bytes]:
    content = draw(mutated())
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=6)))
    return [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]


@given(in_pieces(), st.sampled_from([signed_in, signed_in5, connection]))
@settings(deadline=None, max_examples=400)
def test_mutated_packets_are_taken_or_close(pieces: list[bytes], begin: object) -> None:
    made, transport, notes = begin()  # type: ignore[operator]
    for piece in pieces:
        if transport.closed:
            break
        made.data_received(piece)
        assert made.buffered <= MAX_PACKET
        if made.device is not None:
            commit(made, notes)
    if made.device is None:
        assert not notes.messages
    if transport.closed:
        assert made.session is None or made.session.line is None


@given(in_pieces(), st.sampled_from([signed_in, signed_in5]))
@settings(deadline=None, max_examples=200)
def test_any_split_means_the_same(pieces: list[bytes], begin: object) -> None:
    answers = []
    for parts in (pieces, [b"".join(pieces)]):
        made, transport, notes = begin()  # type: ignore[operator]
        for piece in parts:
            if not transport.closed:
                made.data_received(piece)
        # Of a packet that is too large a note is kept, with as much as had come.
        answers.append((transport.written, transport.closed, [m.payload for m in notes.messages if m.note is None]))
    assert answers[0] == answers[1]


@given(st.binary(max_size=200) | mutated())
@settings(deadline=None, max_examples=300)
def test_no_bytes_make_a_parser_fail_in_an_unforeseen_way(content: bytes) -> None:
    parsers = (
        read_connect,
        read_disconnect,
        *(lambda body, level=level: read_subscribe(body, level) for level in (4, 5)),
        *(lambda body, level=level: read_unsubscribe(body, level) for level in (4, 5)),
        *(lambda body, level=level: read_acknowledgement(body, level) for level in (4, 5)),
        *(
            lambda body, allowed=allowed: read_properties(body, 0, allowed)
            for allowed in (IN_CONNECT, IN_PUBLISH, IN_WILL)
        ),
    )
    for parse in parsers:
        for body in (content, text("MQTT") + b"\x05" + content):
            try:
                parse(body)
            except (Malformed, Refusal) as error:
                assert str(error)
