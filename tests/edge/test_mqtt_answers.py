"""What the door answers to whatever a client may send, in both versions of MQTT: the table of the guide, row by row.

Each row is what a conformance suite probes: the bytes of MQTT 3.1.1 and of MQTT 5, and what comes back. The sections
named are of the standards of OASIS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shelfwise.edge.mqtt.connection import Connection
from tests.edge.notes import Pipeline_, another, commit, connection
from tests.edge.packets import PINGREQ, connect, connect5, packet, publish, publish5, subscribe, subscribe5, text

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "what-mqtt-answers.md"
TOPIC = "shelfwise/scale-7/weight"
CONFIG, COMMAND, OWN = (f"shelfwise/scale-7/{one}" for one in ("config", "command", "#"))
ONE = b"\x00\x01"

Step = bytes | Callable[[Connection, Pipeline_], None]


@dataclass(frozen=True)
class Row:
    """A row of the guide: what a client does, and for each version the bytes and the answer; None: there is no such."""

    words: str
    three: Step | None
    told_three: str
    five: Step | None
    told_five: str


def refused(made: Connection, notes: Pipeline_) -> None:
    made.data_received(publish5(TOPIC, b"1", 1) if made._level == 5 else publish(TOPIC, b"1", 1))
    commit(made, notes, "too much waits", refused=True)


def released(made: Connection, notes: Pipeline_) -> None:
    five = made._level == 5
    made.data_received(publish5(TOPIC, b"1", 1, quality=2) if five else publish(TOPIC, b"1", 1, quality=2))
    commit(made, notes)
    made.data_received(packet(0x62, ONE))
    commit(made, notes)


def silent(made: Connection, notes: Pipeline_) -> None:
    made.check(made._heard + 91)


def taken_over(made: Connection, notes: Pipeline_) -> None:
    again, _ = another(made.door)
    again.data_received(connect("scale-7", "secret"))


def shut_out(made: Connection, notes: Pipeline_) -> None:
    made.close("revoked", "the device was shut out")


def stops(made: Connection, notes: Pipeline_) -> None:
    made.close("shutdown", None)


def connect_as(level: int, flags: int, rest: bytes) -> bytes:
    return packet(0x10, text("MQTT") + bytes((level, flags)) + b"\x00\x3c" + (b"\x00" if level == 5 else b"") + rest)


def connects(flags: int, rest: bytes) -> tuple[bytes, bytes]:
    return connect_as(4, flags, rest), connect_as(5, flags, rest)


def both(words: str, steps: tuple[Step, Step], three: str, five: str) -> Row:
    return Row(words, steps[0], three, steps[1], five)


def same(words: str, step: Step, three: str, five: str) -> Row:
    return Row(words, step, three, step, five)


def only_five(words: str, five: Step, told: str) -> Row:
    return Row(words, None, "", five, told)


def unsubscribes(*names: str) -> tuple[bytes, bytes]:
    body = b"".join(map(text, names))
    return packet(0xA2, ONE + body), packet(0xA2, ONE + b"\x00" + body)


def options(one: int, name: str = CONFIG) -> tuple[bytes, bytes]:
    body = text(name) + bytes((one,))
    return packet(0x82, ONE + body), packet(0x82, ONE + b"\x00" + body)


WILL = text("a") + text("gone")
SIGNED = text("scale-7") + text("secret")
MANY = range(1, 1026)

# 3.1
SIGN_INS = [
    both("the device's name and its secret", (connect("scale-7", "secret"), connect5("scale-7", "secret")),
         "CONNACK 0", "CONNACK 0x00"),
    both("another secret, or an unknown name", (connect("scale-7", "other"), connect5("scale-7", "other")),
         "CONNACK 5, end", "CONNACK 0x87, end"),
    both("no user name", connects(2, text("c")), "CONNACK 4, end", "CONNACK 0x86, end"),
    both("no client id and nothing kept (clean session, clean start)", connects(0xC2, text("") + SIGNED),
         "CONNACK 0", "CONNACK 0x00"),
    both("no client id, without that flag", connects(0xC0, text("") + SIGNED), "CONNACK 2, end", "CONNACK 0x00"),
    both("a client id of more than 512 characters", connects(0xC2, text("c" * 513) + SIGNED),
         "CONNACK 2, end", "CONNACK 0x85, end"),
    Row("MQTT 3.1 (`MQIsdp`, level 3); a level above 5",
        packet(0x10, text("MQIsdp") + b"\x03\xc2\x00\x3c" + text("c") + SIGNED), "CONNACK 1, end",
        connect_as(6, 0xC2, text("c") + SIGNED), "CONNACK 0x84, end"),
    same("another protocol name", packet(0x10, text("HTTP") + b"\x05\xc2\x00\x3c" + text("c")), "end", "end"),
    both("the reserved flag", connects(0xC3, text("c") + SIGNED), "end", "CONNACK 0x81, end"),
    both("a will of QoS 3", connects(0xDE, text("c") + WILL + SIGNED), "end", "CONNACK 0x81, end"),
    both("a will's QoS or retain without a will", connects(0xE2, text("c") + SIGNED), "end", "CONNACK 0x81, end"),
    both("a will whose topic has wildcards",
         (connect_as(4, 0xC6, text("c") + text("a/#") + text("") + SIGNED),
          connect_as(5, 0xC6, text("c") + b"\x00" + text("a/#") + text("") + SIGNED)), "end", "CONNACK 0x90, end"),
    both("a password without a user name", connects(0x42, text("c") + text("secret")), "end", "CONNACK 0x86, end"),
    both("a client id with U+0000, or that is not UTF-8", connects(0xC2, text(b"c\x00") + SIGNED),
         "end", "CONNACK 0x81, end"),
    both("bytes after the end, or too few", connects(0xC2, text("c") + SIGNED + b"x"), "end", "CONNACK 0x81, end"),
    only_five("a property twice, or a value that may not be", connect5("scale-7", "secret", properties=b"\x17\x02"),
              "CONNACK 0x82, end"),
    only_five("a length or number of more bytes than it needs",
              packet(0x10, text("MQTT") + b"\x05\xc2\x00\x3c\x80\x00" + text("c") + SIGNED), "CONNACK 0x81, end"),
    only_five("a property that may not stand there", connect5("scale-7", "secret", properties=b"\x23\x00\x01"),
              "CONNACK 0x81, end"),
    only_five("a maximum packet size that is too small for an answer",
              connect5("scale-7", "secret", properties=b"\x27\x00\x00\x00\x10"), "CONNACK 0x83, end"),
    only_five("enhanced authentication", connect5("scale-7", "secret", properties=b"\x15\x00\x05SCRAM"),
              "CONNACK 0x8C, end"),
    same("anything else before CONNECT", PINGREQ, "end", "end"),
]  # fmt: skip

# 3.3 to 3.7
MESSAGES = [
    both("QoS 0", (publish(TOPIC, b"1"), publish5(TOPIC, b"1")), "nothing", "nothing"),
    both("QoS 1, once it is stored", (publish(TOPIC, b"1", 1), publish5(TOPIC, b"1", 1)), "PUBACK", "PUBACK 0x00"),
    both("QoS 2, once it is stored", (publish(TOPIC, b"1", 1, quality=2), publish5(TOPIC, b"1", 1, quality=2)),
         "PUBREC", "PUBREC 0x00"),
    both("QoS 2 twice before it is released; it counts once",
         (publish(TOPIC, b"1", 1, quality=2) * 2, publish5(TOPIC, b"1", 1, quality=2) * 2), "PUBREC", "PUBREC 0x00"),
    same("QoS 2, and PUBREL", released, "PUBREC, PUBCOMP", "PUBREC 0x00, PUBCOMP 0x00"),
    same("PUBREL of what nobody sent", packet(0x62, ONE), "PUBCOMP", "PUBCOMP 0x92"),
    both("retained, with content or without", (packet(0x33, text(TOPIC) + ONE), publish5(TOPIC, b"", 1, first=1)),
         "PUBACK", "PUBACK 0x00"),
    same("about unknown devices, while as much as may waits", refused, "PUBACK", "PUBACK 0x97"),
    both("QoS 3", (publish(TOPIC, b"1", 1, quality=3), publish5(TOPIC, b"1", 1, quality=3)),
         "end", "DISCONNECT 0x81, end"),
    both("marked as a copy, with QoS 0", (packet(0x38, text(TOPIC)), publish5(TOPIC, b"1", first=8)),
         "end", "DISCONNECT 0x81, end"),
    both("a packet identifier of 0", (packet(0x32, text(TOPIC) + b"\x00\x00"), publish5(TOPIC, b"", 0, quality=1)),
         "end", "DISCONNECT 0x82, end"),
    both("a topic with wildcards", (publish("a/+", b"1"), publish5("a/+", b"1")), "end", "DISCONNECT 0x90, end"),
    both("a topic that is empty", (publish("", b"1"), publish5("", b"1")), "end", "DISCONNECT 0x82, end"),
    both("a topic with U+0000, or that is not UTF-8", (publish(b"a\x00", b"1"), publish5(b"\xff", b"1")),
         "end", "DISCONNECT 0x81, end"),
    only_five("a topic alias of 0, or above 32", publish5(TOPIC, b"1", properties=b"\x23\x00\x21"),
              "DISCONNECT 0x94, end"),
    only_five("a topic alias that stands for nothing", publish5("", b"1", properties=b"\x23\x00\x05"),
              "DISCONNECT 0x82, end"),
    only_five("more than 1,024 without an acknowledgement", b"".join(publish5(TOPIC, b"1", one) for one in MANY),
              "DISCONNECT 0x93, end"),
    same("a packet of more than 256 KiB", b"\x30\x81\x80\x10", "end", "DISCONNECT 0x95, end"),
    same("a remaining length of five bytes", b"\x30\x80\x80\x80\x80\x01", "end", "DISCONNECT 0x81, end"),
]  # fmt: skip

# 3.8 to 3.11
SUBSCRIPTIONS = [
    both("`shelfwise/<device>/config`; what is retained there follows", (subscribe(1, CONFIG), subscribe5(1, CONFIG)),
         "SUBACK 0x01, PUBLISH", "SUBACK 0x01, PUBLISH"),
    both("`shelfwise/<device>/command`", (subscribe(1, COMMAND), subscribe5(1, COMMAND)), "SUBACK 0x01", "SUBACK 0x01"),
    both("`shelfwise/<device>/+` or `/#`, which means both", (subscribe(1, OWN), subscribe5(1, f"{OWN[:-1]}+")),
         "SUBACK 0x01, PUBLISH", "SUBACK 0x01, PUBLISH"),
    both("QoS 2 of an own topic", options(2, COMMAND), "SUBACK 0x01", "SUBACK 0x01"),
    both("any other topic, with wildcards or without", (subscribe(1, "a/b"), subscribe5(1, "#")),
         "SUBACK 0x80", "SUBACK 0x80"),
    both("another one, then an own one", (subscribe(1, "a", COMMAND), subscribe5(1, "#", COMMAND)),
         "SUBACK 0x80 0x01", "SUBACK 0x80 0x01"),
    both("a shared subscription", (subscribe(1, "$share/g/a"), subscribe5(1, "$share/g/a")),
         "SUBACK 0x80", "SUBACK 0x9E"),
    only_five("a subscription identifier", packet(0x82, ONE + b"\x02\x0b\x05" + text("a") + b"\x00"),
              "DISCONNECT 0xA1, end"),
    both("no topic filter", (packet(0x82, ONE), packet(0x82, ONE + b"\x00")),
         "end", "DISCONNECT 0x82, end"),
    both("a wildcard that does not stand alone in its level", (subscribe(1, "a#"), subscribe5(1, "a/#/b")),
         "end", "DISCONNECT 0x8F, end"),
    both("a QoS of 3", options(3), "end", "DISCONNECT 0x82, end"),
    both("reserved bits in the options", options(0x40), "end", "DISCONNECT 0x81, end"),
    both("other flags in the first byte", (packet(0x80, ONE + text("a") + b"\x00"),
         packet(0x83, ONE + b"\x00" + text("a") + b"\x00")), "end", "DISCONNECT 0x81, end"),
    both("UNSUBSCRIBE from what was not subscribed to", unsubscribes("a"), "UNSUBACK", "UNSUBACK 0x11"),
    both("UNSUBSCRIBE without a topic filter", unsubscribes(), "end", "DISCONNECT 0x82, end"),
]  # fmt: skip

# 3.1.2.10, 3.12 to 3.15, 4.13
CONNECTIONS = [
    same("PINGREQ", PINGREQ, "PINGRESP", "PINGRESP"),
    same("a remaining length of more bytes than it needs", b"\xc0\x80\x00", "PINGRESP", "DISCONNECT 0x81, end"),
    same("PINGREQ with flags or content", b"\xc1\x00", "end", "DISCONNECT 0x81, end"),
    both("a second CONNECT", (connect("scale-7", "secret"), connect5("scale-7", "secret")),
         "end", "DISCONNECT 0x82, end"),
    same("a packet that only servers send", b"\xd0\x00", "end", "DISCONNECT 0x82, end"),
    same("AUTH", b"\xf0\x00", "end", "DISCONNECT 0x82, end"),
    same("a packet of type 0", b"\x00\x00", "end", "DISCONNECT 0x81, end"),
    same("DISCONNECT", b"\xe0\x00", "end", "end"),
    same("DISCONNECT with flags", b"\xe1\x00", "end", "DISCONNECT 0x81, end"),
    only_five("DISCONNECT that prolongs a session that was to end", packet(0xE0, b"\x00\x05\x11\x00\x00\x00\x09"),
              "DISCONNECT 0x82, end"),
    same("silence for one and a half keep-alive times", silent, "end", "DISCONNECT 0x8D, end"),
    same("another connection with the same client id", taken_over, "end", "DISCONNECT 0x8E, end"),
    same("the device is shut out", shut_out, "end", "DISCONNECT 0x87, end"),
    same("the gateway stops", stops, "end", "DISCONNECT 0x8B, end"),
]  # fmt: skip

SECTIONS = {"CONNECT": SIGN_INS, "PUBLISH": MESSAGES, "SUBSCRIBE": SUBSCRIPTIONS, "the connection": CONNECTIONS}

_NAMES = {
    0x20: "CONNACK", 0x30: "PUBLISH", 0x40: "PUBACK", 0x50: "PUBREC", 0x70: "PUBCOMP", 0x90: "SUBACK", 0xB0: "UNSUBACK",
    0xD0: "PINGRESP", 0xE0: "DISCONNECT",
}  # fmt: skip


def codes(kind: str, body: bytes, level: int) -> bytes:
    """The codes of an answer; without any it says success."""
    if kind in ("PINGRESP", "PUBLISH") or (level == 4 and kind.startswith(("PUB", "UNSUB"))):
        return b""
    if kind == "CONNACK":
        return body[1:2]
    if kind == "DISCONNECT":
        return body[:1]
    if level == 5 and kind.endswith("SUBACK"):
        return body[3:]
    return body[2:3] if kind.startswith("PUB") and len(body) > 2 else body[2:] or b"\x00"


def in_words(written: bytes, closed: bool, level: int) -> str:
    """What came back, as the guide says it; what is said twice stands there once."""
    said = []
    while written:
        kind, stop = _NAMES[written[0] & 0xF0], 2 + written[1]
        decimal = kind == "CONNACK" and level == 4
        said.append(
            " ".join([kind, *(f"{one}" if decimal else f"0x{one:02X}" for one in codes(kind, written[2:stop], level))])
        )
        written = written[stop:]
    return ", ".join([*dict.fromkeys(said), *(["end"] if closed else [])]) or "nothing"


def answer(step: Step, level: int, signed_in: bool) -> str:
    made, transport, notes = connection()
    if signed_in:
        made.data_received(connect5("scale-7", "secret") if level == 5 else connect("scale-7", "secret"))
        transport.written = b""
    if isinstance(step, bytes):
        made.data_received(step + (publish5 if level == 5 else publish)(TOPIC, b"after"))
        # What follows is heard exactly where the connection goes on.
        assert ([one.payload for one in notes.messages][-1:] == [b"after"]) is (not transport.closed)
        commit(made, notes)
    else:
        step(made, notes)
    return in_words(transport.written, transport.closed, level)


ROWS = [(section == "CONNECT", row) for section, rows in SECTIONS.items() for row in rows]


@pytest.mark.parametrize(("signs_in", "row"), ROWS, ids=lambda part: part.words if isinstance(part, Row) else "")
def test_what_a_client_does_is_answered_as_the_standard_has_it(signs_in: bool, row: Row) -> None:
    if row.three is not None:
        assert answer(row.three, 4, signed_in=not signs_in) == row.told_three
    if row.five is not None:
        assert answer(row.five, 5, signed_in=not signs_in) == row.told_five


def test_the_guide_has_the_same_rows() -> None:
    told = [line for line in GUIDE.read_text("utf-8").splitlines() if line.count(" | ") == 2]
    rows = [f"| {row.words} | {row.told_three or '-'} | {row.told_five} |" for _, row in ROWS]
    heads = [f"| {section} | 3.1.1 | 5 |" for section in SECTIONS]
    assert [line for line in told if line not in heads] == rows
