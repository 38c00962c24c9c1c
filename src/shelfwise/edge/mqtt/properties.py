"""The properties of MQTT 5 (2.2.2): which there are, in which packet each may stand, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shelfwise.edge.mqtt.codes import PROTOCOL_ERROR
from shelfwise.edge.mqtt.wire import Malformed, read_bytes, read_text, read_varint, text_field, varint

PAYLOAD_FORMAT, MESSAGE_EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION = 0x01, 0x02, 0x03, 0x08, 0x09
SUBSCRIPTION_ID, SESSION_EXPIRY, ASSIGNED_CLIENT_ID, SERVER_KEEP_ALIVE = 0x0B, 0x11, 0x12, 0x13
AUTH_METHOD, AUTH_DATA, PROBLEM_INFORMATION, WILL_DELAY, RESPONSE_INFORMATION = 0x15, 0x16, 0x17, 0x18, 0x19
REASON_STRING, RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, TOPIC_ALIAS = 0x1F, 0x21, 0x22, 0x23
USER, MAXIMUM_PACKET, IDENTIFIERS, SHARED = 0x26, 0x27, 0x29, 0x2A

IN_CONNECT = frozenset(
    (SESSION_EXPIRY, RECEIVE_MAXIMUM, MAXIMUM_PACKET, TOPIC_ALIAS_MAXIMUM, RESPONSE_INFORMATION, PROBLEM_INFORMATION,
     USER, AUTH_METHOD, AUTH_DATA)
)  # fmt: skip
IN_PUBLISH = frozenset((PAYLOAD_FORMAT, MESSAGE_EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, USER, TOPIC_ALIAS))
IN_WILL = (IN_PUBLISH - {TOPIC_ALIAS}) | {WILL_DELAY}
IN_SUBSCRIBE = frozenset((SUBSCRIPTION_ID, USER))
IN_UNSUBSCRIBE = frozenset((USER,))
IN_ACKNOWLEDGEMENT = frozenset((REASON_STRING, USER))
IN_DISCONNECT = frozenset((SESSION_EXPIRY, REASON_STRING, USER))

_FLAGS = frozenset((PAYLOAD_FORMAT, PROBLEM_INFORMATION, RESPONSE_INFORMATION))
_NEVER_ZERO = frozenset((RECEIVE_MAXIMUM, MAXIMUM_PACKET, SUBSCRIPTION_ID))

Properties = Mapping[int, Any]


def _number(size: int) -> Callable[[bytes, int], tuple[int, int]]:
    def read(body: bytes, at: int) -> tuple[int, int]:
        if at + size > len(body):
            raise Malformed("a truncated property")
        return int.from_bytes(body[at : at + size], "big"), at + size

    return read


def _pair(body: bytes, at: int) -> tuple[tuple[str, str], int]:
    name, at = read_text(body, at)
    content, at = read_text(body, at)
    return (name, content), at


_byte, _two, _four = _number(1), _number(2), _number(4)
# Only what a client may send is read.
_READ: Mapping[int, Callable[[bytes, int], tuple[Any, int]]] = {
    PAYLOAD_FORMAT: _byte,
    MESSAGE_EXPIRY: _four,
    CONTENT_TYPE: read_text,
    RESPONSE_TOPIC: read_text,
    CORRELATION: read_bytes,
    SUBSCRIPTION_ID: read_varint,
    SESSION_EXPIRY: _four,
    AUTH_METHOD: read_text,
    AUTH_DATA: read_bytes,
    PROBLEM_INFORMATION: _byte,
    WILL_DELAY: _four,
    RESPONSE_INFORMATION: _byte,
    REASON_STRING: read_text,
    RECEIVE_MAXIMUM: _two,
    TOPIC_ALIAS_MAXIMUM: _two,
    TOPIC_ALIAS: _two,
    USER: _pair,
    MAXIMUM_PACKET: _four,
}


def read_properties(body: bytes, at: int, allowed: frozenset[int]) -> tuple[dict[int, Any], int]:
    """The properties at a position, without those of the user, and the position behind them.

    Raises:
        Malformed: they cannot be read, may not stand here, stand here twice, or have a value that may not be.
    """
    length, at = read_varint(body, at)
    stop = at + length
    if stop > len(body):
        raise Malformed("properties that reach beyond their packet")
    found: dict[int, Any] = {}
    within = body[:stop]
    while at < stop:
        name, at = read_varint(within, at)
        if name not in allowed:
            raise Malformed(f"a property 0x{name:02x} that may not stand here")
        value, at = _READ[name](within, at)
        if name == USER:
            continue
        if name in found:
            raise Malformed(f"the property 0x{name:02x} twice", PROTOCOL_ERROR)
        if (name in _FLAGS and value > 1) or (name in _NEVER_ZERO and not value):
            raise Malformed(f"a value of {value} of the property 0x{name:02x}", PROTOCOL_ERROR)
        if name == RESPONSE_TOPIC and (not value or "+" in value or "#" in value):
            raise Malformed("a response topic that is empty or has wildcards", PROTOCOL_ERROR)
        found[name] = value
    return found, stop


_SIZES = {
    SESSION_EXPIRY: 4, SERVER_KEEP_ALIVE: 2, RECEIVE_MAXIMUM: 2, TOPIC_ALIAS_MAXIMUM: 2, MAXIMUM_PACKET: 4,
    IDENTIFIERS: 1, SHARED: 1,
}  # fmt: skip


def written(properties: Mapping[int, int | str]) -> bytes:
    """Properties as the server sends them, with their length before them."""
    parts = [
        bytes((name,)) + (text_field(value) if isinstance(value, str) else value.to_bytes(_SIZES[name], "big"))
        for name, value in properties.items()
    ]
    body = b"".join(parts)
    return varint(len(body)) + body
