"""What clients ask for: CONNECT, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT, of both versions of MQTT."""

from __future__ import annotations

from dataclasses import dataclass

from shelfwise.edge.mqtt import properties as p
from shelfwise.edge.mqtt.codes import (
    BAD_AUTHENTICATION_METHOD,
    CLIENT_ID_INVALID,
    FILTER_INVALID,
    IDENTIFIERS_NOT_OFFERED,
    OF_CLIENTS_DISCONNECT,
    PROTOCOL_ERROR,
    UNSUPPORTED_VERSION,
)
from shelfwise.edge.mqtt.wire import Malformed, read_bytes, read_packet_id, read_text, read_topic, utf8

FOREVER = 0xFFFFFFFF
LONGEST_CLIENT_ID = 512
UNLIMITED = 268_435_460


class Refusal(Exception):
    """A CONNECT that is answered with a code other than success, then closed.

    Attributes:
        level: the version of MQTT to answer in.
    """

    def __init__(self, level: int, code: int, text: str) -> None:
        self.level = level
        self.code = code
        super().__init__(text)


@dataclass(frozen=True)
class Will:
    """What a client wants to have said when its connection ends without a word. `delay`: seconds to wait before."""

    topic: str
    payload: bytes
    delay: int = 0


@dataclass(frozen=True)
class Connect:
    """What a CONNECT asks for.

    Attributes:
        level: 4 is MQTT 3.1.1, 5 is MQTT 5.
        clean: nothing of an earlier session is wanted.
        expiry: seconds for which the session is to outlive its connection; FOREVER: as long as possible.
        keep_alive: in seconds, 0: none.
        receive_maximum: how many messages the client takes before it has acknowledged one.
        largest: the largest packet that the client takes.
        problems: whether the client asks to be told reasons. Who does not ask is told none: small clients read an
            acknowledgement as four bytes, though the standard would allow more.
    """

    level: int
    client_id: str
    clean: bool
    expiry: int
    keep_alive: int
    username: str | None
    password: bytes | None
    will: Will | None
    receive_maximum: int = 65_535
    largest: int = UNLIMITED
    problems: bool = False


def read_connect(body: bytes) -> Connect:
    """
    Raises:
        Malformed: not a CONNECT as section 3.1 has it.
        Refusal: a version that is not spoken here, a client id that cannot be taken, or extended authentication.
    """
    name, at = read_bytes(body, 0)
    if name not in (b"MQTT", b"MQIsdp"):
        raise Malformed("not MQTT")
    if at >= len(body):
        raise Malformed("a truncated CONNECT")
    level = body[at]
    if name != b"MQTT" or level not in (4, 5):
        raise Refusal(5 if level > 5 else 4, UNSUPPORTED_VERSION, f"level {level}; MQTT 3.1.1 and 5 are spoken here")
    try:
        return _read_connect(body, at, level)
    except Malformed as error:
        if level == 4:
            raise
        raise Refusal(level, error.code, str(error)) from error


def _read_connect(body: bytes, at: int, level: int) -> Connect:
    if at + 4 > len(body):
        raise Malformed("a truncated CONNECT")
    flags = body[at + 1]
    keep_alive = body[at + 2] << 8 | body[at + 3]
    if flags & 1 or flags & 0x18 == 0x18 or (flags & 0x38 and not flags & 4):
        raise Malformed("flags of CONNECT that contradict each other")
    if level == 4 and flags & 0x40 and not flags & 0x80:
        raise Malformed("a password without a user name")
    at += 4
    asked: p.Properties = {}
    if level == 5:
        asked, at = p.read_properties(body, at, p.IN_CONNECT)
    client_id, at = read_text(body, at)
    will = None
    if flags & 4:
        will, at = _read_will(body, at, level)
    username = password = None
    if flags & 0x80:
        username, at = read_text(body, at)
    if flags & 0x40:
        password, at = read_bytes(body, at)
    if at != len(body):
        raise Malformed("bytes after the end of CONNECT")
    if p.AUTH_DATA in asked and p.AUTH_METHOD not in asked:
        raise Malformed("authentication data without a method", PROTOCOL_ERROR)
    if p.AUTH_METHOD in asked:
        raise Refusal(level, BAD_AUTHENTICATION_METHOD, "sign in with user name and password")
    clean = bool(flags & 2)
    if not client_id and level == 4 and not clean:
        raise Refusal(level, CLIENT_ID_INVALID, "an empty client id without a clean session")
    if len(client_id) > LONGEST_CLIENT_ID:
        raise Refusal(level, CLIENT_ID_INVALID, f"a client id of more than {LONGEST_CLIENT_ID} characters")
    return Connect(
        level,
        client_id,
        clean,
        asked.get(p.SESSION_EXPIRY, 0) if level == 5 else (0 if clean else FOREVER),
        keep_alive,
        username,
        password,
        will,
        asked.get(p.RECEIVE_MAXIMUM, 65_535),
        asked.get(p.MAXIMUM_PACKET, UNLIMITED),
        bool(asked.get(p.PROBLEM_INFORMATION, 0)),
    )


def _read_will(body: bytes, at: int, level: int) -> tuple[Will, int]:
    wishes: p.Properties = {}
    if level == 5:
        wishes, at = p.read_properties(body, at, p.IN_WILL)
    raw, at = read_bytes(body, at)
    payload, at = read_bytes(body, at)
    return Will(read_topic(raw), payload, wishes.get(p.WILL_DELAY, 0)), at


def read_subscribe(body: bytes, level: int) -> tuple[int, list[tuple[str, int]]]:
    """(packet identifier, [(topic filter, options)]) of a SUBSCRIBE (3.8). The two lowest bits of options are the QoS.

    Raises:
        Malformed: it is none.
    """
    packet_id, at = read_packet_id(body), 2
    if level == 5:
        asked, at = p.read_properties(body, at, p.IN_SUBSCRIBE)
        if p.SUBSCRIPTION_ID in asked:
            raise Malformed("subscription identifiers are not offered", IDENTIFIERS_NOT_OFFERED)
    wishes = []
    while at < len(body):
        name, at = _filter(body, at)
        if at >= len(body):
            raise Malformed("a topic filter without options")
        options = body[at]
        at += 1
        if options & 3 == 3 or options >> 4 == 3:
            raise Malformed("a QoS or retain handling of 3", PROTOCOL_ERROR)
        if options & (0xC0 if level == 5 else 0xFC):
            raise Malformed("reserved bits in the options of a subscription")
        if options & 4 and name.startswith("$share/"):
            raise Malformed("a shared subscription without one's own messages", PROTOCOL_ERROR)
        wishes.append((name, options))
    if not wishes:
        raise Malformed("SUBSCRIBE without a topic filter", PROTOCOL_ERROR)
    return packet_id, wishes


def read_unsubscribe(body: bytes, level: int) -> tuple[int, list[str]]:
    """The packet identifier and the topic filters of an UNSUBSCRIBE (3.10).

    Raises:
        Malformed: it is none.
    """
    packet_id, at = read_packet_id(body), 2
    if level == 5:
        _, at = p.read_properties(body, at, p.IN_UNSUBSCRIBE)
    names = []
    while at < len(body):
        name, at = _filter(body, at)
        names.append(name)
    if not names:
        raise Malformed("UNSUBSCRIBE without a topic filter", PROTOCOL_ERROR)
    return packet_id, names


def read_disconnect(body: bytes) -> tuple[int, int | None]:
    """(reason code, session expiry or None) of a DISCONNECT of MQTT 5 (3.14).

    Raises:
        Malformed: it is none.
    """
    if not body:
        return 0, None
    if body[0] not in OF_CLIENTS_DISCONNECT:
        raise Malformed(f"a DISCONNECT for the reason 0x{body[0]:02x}", PROTOCOL_ERROR)
    if len(body) == 1:
        return body[0], None
    found, at = p.read_properties(body, 1, p.IN_DISCONNECT)
    if at != len(body):
        raise Malformed("bytes after the end of DISCONNECT")
    return body[0], found.get(p.SESSION_EXPIRY)


def read_acknowledgement(body: bytes, level: int) -> tuple[int, int]:
    """(packet identifier, reason code) of PUBACK, PUBREC, PUBREL or PUBCOMP (3.4 to 3.7).

    Raises:
        Malformed: it is none.
    """
    packet_id = read_packet_id(body)
    if len(body) == 2:
        return packet_id, 0
    if level == 4:
        raise Malformed("bytes after the end of an acknowledgement")
    if len(body) > 3:
        _, at = p.read_properties(body, 3, p.IN_ACKNOWLEDGEMENT)
        if at != len(body):
            raise Malformed("bytes after the end of an acknowledgement")
    return packet_id, body[2]


def _filter(body: bytes, at: int) -> tuple[str, int]:
    raw, at = read_bytes(body, at)
    name = utf8(raw)
    if not name:
        raise Malformed("an empty topic filter", PROTOCOL_ERROR)
    levels = name.split("/")
    if any(len(one) > 1 and ("+" in one or "#" in one) for one in levels) or "#" in levels[:-1]:
        raise Malformed("wildcards in a topic filter that do not stand alone in their level", FILTER_INVALID)
    return name, at
