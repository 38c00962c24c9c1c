"""MQTT 5 on one connection: what is answered, byte by byte, and what closes it with which reason."""

from __future__ import annotations

import pytest

from shelfwise.edge.messages import Note
from tests.edge.notes import commit, connection, signed_in, signed_in5
from tests.edge.packets import PINGREQ, connect5, packet, publish5, subscribe5, text

TOPIC = "shelfwise/scale-7/w"


def alias(number: int) -> bytes:
    return b"\x23" + number.to_bytes(2, "big")


def test_a_welcome_says_what_is_offered_and_what_is_not() -> None:
    made, transport, _ = connection()
    made.data_received(connect5("scale-7", "secret", keep_alive=30))
    assert transport.written.hex(" ") == (
        "20 12 00 00 0f"  # success, no session
        " 21 04 00 27 00 04 00 00 22 00 20"  # 1024 messages at once, 256 KiB, 32 aliases
        " 29 00 2a 00"  # no subscription identifiers, no shared subscriptions
    )


@pytest.mark.parametrize(
    ("keep_alive", "told"), [(60, b""), (61, b"\x13\x00\x3c"), (0, b"\x13\x00\x3c")], ids=["within", "above", "none"]
)
def test_a_longer_keep_alive_is_lowered_and_that_is_told(keep_alive: int, told: bytes) -> None:
    made, transport, _ = connection()
    made.data_received(connect5("scale-7", "secret", keep_alive=keep_alive))
    assert transport.written.endswith(b"\x2a\x00" + told)
    made.check(made._heard + 91)
    assert transport.written.endswith(b"1.5 times 60 s")
    assert transport.closed


def test_a_client_without_an_id_is_given_one_and_a_session_has_an_end() -> None:
    made, transport, _ = connection()
    made.data_received(connect5("scale-7", "secret", client_id="", clean=False, properties=b"\x11\xff\xff\xff\xff"))
    assert b"\x12\x00\x18unnamed-" in transport.written
    assert b"\x11" + (7 * 86_400).to_bytes(4, "big") in transport.written


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (connect5("scale-7", "wrong"), 0x87),
        (connect5("scale-7", "secret", properties=b"\x15\x00\x05SCRAM"), 0x8C),
        (connect5("scale-7", "secret", properties=b"\x16\x00\x01x"), 0x82),
        (connect5("scale-7", "secret", properties=b"\x21\x00\x00"), 0x82),
        (connect5("scale-7", "secret", properties=b"\x11\x00\x00\x00\x01" * 2), 0x82),
        (connect5("scale-7", "secret", properties=b"\x17\x02"), 0x82),
        (connect5("scale-7", "secret", properties=b"\x01\x01"), 0x81),
        (connect5("scale-7", "secret", properties=b"\x7e\x01"), 0x81),
        (connect5("scale-7", "secret", properties=b"\x11\x00"), 0x81),
        (connect5("scale-7", "secret", properties=b"\x26\x00\x01a\x00\x09b"), 0x81),
        (connect5("scale-7", "secret", client_id="c" * 600), 0x85),
        (packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c\x00" + text("c")), 0x86),
        (packet(0x10, text("MQTT") + b"\x05\x03\x00\x3c\x00" + text("c")), 0x81),
    ],
    ids=repr,
)
def test_a_sign_in_that_is_refused_says_why(content: bytes, code: int) -> None:
    made, transport, _ = connection()
    made.data_received(content)
    assert transport.closed
    assert transport.written[0] == 0x20
    assert transport.written[3] == code
    assert transport.written[5] == 0x1F


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (publish5(TOPIC, b"x", properties=alias(0)), 0x94),
        (publish5(TOPIC, b"x", properties=alias(1) * 2), 0x82),
        (publish5(TOPIC, b"x", properties=b"\x0b\x01"), 0x81),
        (publish5(TOPIC, b"x", properties=b"\x01\x02"), 0x82),
        (publish5(TOPIC, b"x", properties=b"\x08\x00\x03a/+"), 0x82),
        (publish5(TOPIC, b"x", properties=b"\x03\x00\x02\xff\xfe"), 0x81),
        (packet(0x30, text(TOPIC) + b"\x09x"), 0x81),
        (packet(0x30, text(TOPIC)), 0x81),
        (packet(0x82, b"\x00\x01\x00" + text("a") + b"\x30"), 0x82),
        (packet(0x82, b"\x00\x01\x00" + text("$share/g/a") + b"\x04"), 0x82),
        (packet(0xE0, b"\x01"), 0x82),
        (packet(0x62, b"\x00\x01\x00\x00x"), 0x81),
    ],
    ids=repr,
)
def test_properties_and_codes_that_may_not_be_are_told_and_close(content: bytes, code: int) -> None:
    made, transport, notes = signed_in5()
    made.data_received(content + publish5(TOPIC, b"after", 9))
    assert transport.closed
    assert transport.written[0] == 0xE0
    assert transport.written[2] == code
    assert transport.written[4] == 0x1F
    assert notes.messages == []


def test_properties_are_taken_off_and_an_alias_stands_for_its_topic() -> None:
    made, _, notes = signed_in5()
    made.data_received(
        publish5(TOPIC, b"1", 1, properties=b"\x02\x00\x00\x00\x3c\x01\x01\x26\x00\x01a\x00\x01b\x26\x00\x01a\x00\x01b")
        + publish5(TOPIC, b"2", 2, properties=alias(32))
        + publish5("", b"3", 3, properties=alias(32))
        + publish5("shelfwise/scale-7/v", b"4", 4, properties=alias(32))
        + publish5("", b"5", 5, properties=alias(32))
    )
    assert [(m.payload, m.origin.topic) for m in notes.messages] == [
        (b"1", TOPIC), (b"2", TOPIC), (b"3", TOPIC), (b"4", "shelfwise/scale-7/v"), (b"5", "shelfwise/scale-7/v"),
    ]  # fmt: skip


def test_an_acknowledgement_says_what_is_in_quarantine_to_who_asks_and_has_room() -> None:
    for properties, told in (
        (b"\x17\x01", b"\x40\x24\x00\x07\x00\x20\x1f\x00\x1dWaits for a person. No weight"),
        (b"", b"\x40\x02\x00\x07"),
        (b"\x17\x00", b"\x40\x02\x00\x07"),
        (b"\x17\x01\x27\x00\x00\x00\x14", b"\x40\x02\x00\x07"),
    ):
        made, transport, notes = signed_in5(properties=properties)
        made.data_received(publish5(TOPIC, b"x", 7))
        commit(made, notes, "No weight")
        assert transport.written == told
        transport.written = b""
        made.data_received(publish5(TOPIC, b"x", 8))
        commit(made, notes)
        assert transport.written == b"\x40\x02\x00\x08"


def test_more_messages_than_the_receive_maximum_without_an_acknowledgement_close() -> None:
    made, transport, notes = signed_in5()
    made.data_received(b"".join(publish5(TOPIC, b"x", n, quality=1 + n % 2) for n in range(1, 1025)))
    assert not transport.closed
    commit(made, notes)
    made.data_received(b"".join(publish5(TOPIC, b"x", n) for n in range(2001, 2513)))
    assert not transport.closed
    transport.written = b""
    made.data_received(publish5(TOPIC, b"x", 2600))
    assert transport.written[2] == 0x93
    assert transport.closed


def test_subscriptions_are_granted_or_refused_one_by_one() -> None:
    made, transport, _ = signed_in5()
    own = "shelfwise/scale-7/command"
    made.data_received(subscribe5(5, own, "shelfwise/probe-1/command", "#", "$share/g/a"))
    assert transport.written == b"\x90\x07\x00\x05\x00\x01\x80\x80\x9e"
    transport.written = b""
    made.data_received(packet(0xA2, b"\x00\x06\x00" + text(own) + text(own) + text("a")))
    assert transport.written == b"\xb0\x06\x00\x06\x00\x00\x11\x11"


@pytest.mark.parametrize(
    ("reason", "code"), [("taken over", 0x8E), ("shutdown", 0x8B), ("revoked", 0x87), ("keep-alive", 0x8D)]
)
def test_a_client_is_told_why_it_is_sent_away(reason: str, code: int) -> None:
    made, transport, _ = signed_in5()
    made.close(reason, None)
    assert transport.written == bytes((0xE0, 1, code))


def test_a_packet_that_is_too_large_is_told() -> None:
    made, transport, _ = signed_in5()
    made.data_received(publish5(TOPIC, b"x" * 300_000, 7)[:5000])
    assert transport.written[:3] == b"\xe0\x1d\x95"


def test_a_retained_message_without_content_takes_back_and_says_nothing() -> None:
    for made, transport, notes in (signed_in5(), signed_in()):
        made.data_received(
            publish5(TOPIC, b"", 7, first=1) if made._level == 5 else packet(0x33, text(TOPIC) + b"\x00\x07")
        )
        assert isinstance(notes.messages[0], Note)
        commit(made, notes)
        assert transport.written == b"\x40\x02\x00\x07"


def test_a_farewell_may_carry_properties_and_shorten_the_session() -> None:
    made, transport, _ = signed_in5(properties=b"\x11\x00\x00\x00\x3c", clean=False)
    session = made.session
    assert session is not None
    made.data_received(PINGREQ + packet(0xE0, b"\x00\x05\x11\x00\x00\x00\x09"))
    assert transport.written == b"\xd0\x00"
    assert (transport.closed, session.line, session.expiry_s) == (True, None, 9)
