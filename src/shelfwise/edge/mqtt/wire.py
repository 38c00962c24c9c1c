"""What MQTT 3.1.1 and 5 have in common on the wire: bytes in, bytes out; no I/O. Sections are of MQTT 5."""

from __future__ import annotations

from shelfwise.edge.mqtt.codes import MALFORMED_PACKET, SUCCESS, TOPIC_INVALID

CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 0x10, 0x30, 0x40, 0x50, 0x60, 0x70
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 0x80, 0x90, 0xA0, 0xB0
PINGREQ, DISCONNECT = 0xC0, 0xE0
# The lower half of the first byte, where it is not 0 (2.1.3); in PUBLISH it tells something.
FLAGS = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}
PINGRESP = b"\xd0\x00"

MAX_PACKET = 256 * 1024
MAX_BEFORE_SIGN_IN = 16 * 1024

_REASON_STRING = 0x1F
_LONGEST_REASON = 500


class Malformed(Exception):
    """The bytes break the protocol; the connection must be closed (4.13).

    Attributes:
        code: what a client of MQTT 5 is told.
    """

    def __init__(self, text: str, code: int = MALFORMED_PACKET) -> None:
        self.code = code
        super().__init__(text)


def frame(data: bytes, position: int, end: int) -> tuple[int, int] | None:
    """Where the body of the packet at `position` begins and ends, or None when too little of its header is there.

    Raises:
        Malformed: the remaining length has more than four bytes (2.1.4).
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
    topic = utf8(raw)
    if not topic or "+" in topic or "#" in topic:
        raise Malformed("an empty topic, or one with wildcards", TOPIC_INVALID)
    return topic


def read_packet_id(body: bytes) -> int:
    if len(body) < 2 or not (packet_id := body[0] << 8 | body[1]):
        raise Malformed("no packet identifier")
    return packet_id


def read_bytes(body: bytes, at: int) -> tuple[bytes, int]:
    """The length-prefixed bytes at a position, and the position behind them (1.5.6)."""
    start = at + 2
    if start > len(body):
        raise Malformed("a truncated text")
    stop = start + (body[at] << 8 | body[at + 1])
    if stop > len(body):
        raise Malformed("a text that reaches beyond its packet")
    return body[start:stop], stop


def read_text(body: bytes, at: int) -> tuple[str, int]:
    raw, at = read_bytes(body, at)
    return utf8(raw), at


def read_varint(body: bytes, at: int) -> tuple[int, int]:
    """The variable byte integer at a position, and the position behind it (1.5.5), of MQTT 5 alone."""
    value = 0
    for shift in (0, 7, 14, 21):
        if at >= len(body):
            raise Malformed("a truncated number")
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if shift and not byte:
                raise Malformed("a number of more bytes than it needs")
            return value, at
    raise Malformed("a number of more than four bytes")


def utf8(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"a text that is not UTF-8 (byte {error.start})") from error
    if "\0" in text:
        raise Malformed("a text with NUL")
    return text


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def text_field(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + varint(len(body)) + body


def acknowledgement(kind: int, packet_id: int) -> bytes:
    """PUBACK, PUBREC, PUBREL or PUBCOMP: in MQTT 5, with success and nothing to add, the same four bytes."""
    return bytes((kind, 2, packet_id >> 8, packet_id & 255))


def reasoned(first: int, packet_id: int | None, code: int, reason: str | None, largest: int) -> bytes:
    """An acknowledgement or DISCONNECT of MQTT 5 with a code, and a reason where it fits into the client's packets."""
    head = b"" if packet_id is None else packet_id.to_bytes(2, "big")
    if reason:
        field = bytes((_REASON_STRING,)) + text_field(reason[:_LONGEST_REASON])
        told = packet(first, head + bytes((code,)) + varint(len(field)) + field)
        if len(told) <= largest:
            return told
    return packet(first, head if code == SUCCESS and packet_id is not None else head + bytes((code,)))
