"""MQTT 3.1.1 on the wire: bytes in, bytes out; no I/O. Section numbers are of the OASIS standard of 2014."""

from __future__ import annotations

from dataclasses import dataclass

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x40, 0x80, 0xA0, 0xC0, 0xE0
PINGRESP = b"\xd0\x00"

MAX_PACKET = 256 * 1024
MAX_BEFORE_SIGN_IN = 16 * 1024

# Return codes of CONNACK (3.2.2.3).
ACCEPTED, WRONG_LEVEL, REFUSED_ID, UNAVAILABLE, REFUSED_CREDENTIALS, NOT_AUTHORISED = range(6)


class Malformed(Exception):
    """The bytes break the protocol; the connection must be closed (4.8)."""


class Refusal(Exception):
    """A well-formed CONNECT that is answered with a return code other than 0, then closed."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


@dataclass(frozen=True)
class Connect:
    """What a CONNECT asks for; `keep_alive` in seconds, 0: none."""

    client_id: str
    keep_alive: int
    username: str | None
    password: bytes | None


def frame(data: bytes, position: int, end: int) -> tuple[int, int] | None:
    """Where the body of the packet at `position` begins and ends, or None when too little of its header is there.

    Raises:
        Malformed: the remaining length has more than four bytes (2.2.3).
    """
    position += 1
    if position >= end:
        return None
    length = data[position]
    position += 1
    if length > 127:
        length &= 127
        for shift in (7, 14, 21):
            if position >= end:
                return None
            byte = data[position]
            position += 1
            length |= (byte & 127) << shift
            if byte < 128:
                break
        else:
            raise Malformed("a remaining length of more than four bytes")
    return position, position + length


def read_topic(raw: bytes) -> str:
    """The name of a topic to publish to (4.7).

    Raises:
        Malformed: empty, not UTF-8, or with wildcards or NUL.
    """
    topic = _utf8(raw)
    if not topic or "+" in topic or "#" in topic:
        raise Malformed("an empty topic, or one with wildcards")
    return topic


def read_connect(body: bytes) -> Connect:
    """
    Raises:
        Malformed: not a CONNECT as section 3.1 has it.
        Refusal: another protocol level, or no client id without a clean session.
    """
    name, at = _string(body, 0)
    if name not in (b"MQTT", b"MQIsdp"):
        raise Malformed("not MQTT")
    if at >= len(body):
        raise Malformed("a truncated CONNECT")
    if body[at] != 4:
        raise Refusal(WRONG_LEVEL, f"protocol level {body[at]}; MQTT 3.1.1, level 4, is spoken here")
    if at + 4 > len(body):
        raise Malformed("a truncated CONNECT")
    flags = body[at + 1]
    keep_alive = body[at + 2] << 8 | body[at + 3]
    if flags & 1 or (flags & 0x40 and not flags & 0x80) or flags & 0x18 == 0x18 or (flags & 0x38 and not flags & 4):
        raise Malformed("flags of CONNECT that contradict each other")
    client_id, at = _string(body, at + 4)
    if flags & 4:
        _, at = _string(body, at)
        _, at = _string(body, at)
    username = password = None
    if flags & 0x80:
        raw, at = _string(body, at)
        username = _utf8(raw)
    if flags & 0x40:
        password, at = _string(body, at)
    if at != len(body):
        raise Malformed("bytes after the end of CONNECT")
    if not client_id and not flags & 2:
        raise Refusal(REFUSED_ID, "an empty client id without a clean session")
    return Connect(_utf8(client_id), keep_alive, username, password)


def read_subscribe(body: bytes) -> tuple[int, list[tuple[str, int]]]:
    """(packet identifier, [(topic filter, QoS)]) of a SUBSCRIBE (3.8).

    Raises:
        Malformed: it is none.
    """
    packet_id, at = _packet_id(body)
    wishes = []
    while at < len(body):
        raw, at = _string(body, at)
        if at >= len(body) or body[at] > 2:
            raise Malformed("a topic filter without a QoS from 0 to 2")
        wishes.append((_utf8(raw), body[at]))
        at += 1
    if not wishes:
        raise Malformed("SUBSCRIBE without a topic filter")
    return packet_id, wishes


def read_unsubscribe(body: bytes) -> int:
    """The packet identifier of an UNSUBSCRIBE (3.10).

    Raises:
        Malformed: it is none.
    """
    packet_id, at = _packet_id(body)
    if at >= len(body):
        raise Malformed("UNSUBSCRIBE without a topic filter")
    while at < len(body):
        raw, at = _string(body, at)
        _utf8(raw)
    return packet_id


def connack(code: int) -> bytes:
    return bytes((0x20, 2, 0, code))


def puback(packet_id: int) -> bytes:
    return bytes((0x40, 2, packet_id >> 8, packet_id & 255))


def suback(packet_id: int, codes: bytes) -> bytes:
    return bytes((0x90,)) + _length(2 + len(codes)) + packet_id.to_bytes(2, "big") + codes


def unsuback(packet_id: int) -> bytes:
    return bytes((0xB0, 2)) + packet_id.to_bytes(2, "big")


def _length(length: int) -> bytes:
    encoded = bytearray()
    while length > 127:
        encoded.append(length & 127 | 128)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)


def _packet_id(body: bytes) -> tuple[int, int]:
    if len(body) < 2 or not (packet_id := body[0] << 8 | body[1]):
        raise Malformed("no packet identifier")
    return packet_id, 2


def _string(body: bytes, at: int) -> tuple[bytes, int]:
    """The length-prefixed bytes at a position, and the position behind them (1.5.3)."""
    start = at + 2
    if start > len(body):
        raise Malformed("a truncated text")
    stop = start + (body[at] << 8 | body[at + 1])
    if stop > len(body):
        raise Malformed("a text that reaches beyond its packet")
    return body[start:stop], stop


def _utf8(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"a text that is not UTF-8 (byte {error.start})") from error
    if "\0" in text:
        raise Malformed("a text with NUL")
    return text
