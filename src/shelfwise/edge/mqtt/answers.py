"""What the door answers, in the words of the version that the client speaks."""

from __future__ import annotations

from collections.abc import Sequence

from shelfwise.edge.mqtt import aliases, codes
from shelfwise.edge.mqtt import properties as p
from shelfwise.edge.mqtt.requests import Connect
from shelfwise.edge.mqtt.session import MOST_EXPIRY_S, RECEIVE_MAXIMUM
from shelfwise.edge.mqtt.wire import DISCONNECT, MAX_PACKET, SUBACK, UNSUBACK, acknowledgement, packet, reasoned

# What a client of MQTT 5 is told when its connection is closed for a reason.
FAREWELLS = {
    "revoked": codes.NOT_AUTHORISED,
    "taken over": codes.TAKEN_OVER,
    "shutdown": codes.SHUTTING_DOWN,
    "keep-alive": codes.KEEP_ALIVE_TIMEOUT,
    "too large": codes.PACKET_TOO_LARGE,
    "memory": codes.QUOTA_EXCEEDED,
}
# What a person reads in quarantine.
TOO_LARGE = (
    "packet: expected at most {} bytes, got {}. Only its first bytes were kept and the connection was closed; send "
    "smaller messages."
)

_CONNACK = 0x20


def welcome(wish: Connect, present: bool, assigned: str | None, most_keep_alive: int) -> bytes:
    """The CONNACK of a client that is let in."""
    if wish.level == 4:
        return bytes((_CONNACK, 2, present, 0))
    told: dict[int, int | str] = {
        p.RECEIVE_MAXIMUM: RECEIVE_MAXIMUM,
        p.MAXIMUM_PACKET: MAX_PACKET,
        p.TOPIC_ALIAS_MAXIMUM: aliases.MOST,
        p.IDENTIFIERS: 0,
        p.SHARED: 0,
    }
    if wish.expiry > MOST_EXPIRY_S:
        told[p.SESSION_EXPIRY] = MOST_EXPIRY_S
    if assigned is not None:
        told[p.ASSIGNED_CLIENT_ID] = assigned
    if keep_alive(wish, most_keep_alive) != wish.keep_alive:
        told[p.SERVER_KEEP_ALIVE] = most_keep_alive
    return packet(_CONNACK, bytes((present, codes.SUCCESS)) + p.written(told))


def keep_alive(wish: Connect, most: int) -> int:
    """The keep-alive that holds: clients of MQTT 5 can be told a shorter one, those of 3.1.1 have the one they want."""
    return wish.keep_alive if wish.level == 4 or 0 < wish.keep_alive <= most else most


def refusal(level: int, code: int, reason: str, largest: int) -> bytes:
    """The CONNACK of a client that is not let in."""
    if level == 4:
        return bytes((_CONNACK, 2, 0, codes.in_311(code)))
    told = packet(_CONNACK, bytes((0, code)) + p.written({p.REASON_STRING: reason}))
    return told if len(told) <= largest else packet(_CONNACK, bytes((0, code, 0)))


def acknowledged(wish: Connect, kind: int, packet_id: int, outcome: str | None, refused: bool) -> bytes:
    """PUBACK, PUBREC or PUBCOMP, with the reason why a message is not stored for who asked for reasons.

    MQTT 3.1.1 has no word for a message that was refused; to close instead (3.3.5) would bring it back at once.
    """
    if outcome is None or wish.level == 4:
        return acknowledgement(kind, packet_id)
    code = codes.QUOTA_EXCEEDED if refused else codes.SUCCESS
    words = outcome if refused else f"Waits for a person. {outcome}"
    return reasoned(kind, packet_id, code, words if wish.problems else None, wish.largest)


def farewell(code: int, reason: str | None, largest: int) -> bytes:
    """The DISCONNECT of a client of MQTT 5."""
    return reasoned(DISCONNECT, None, code, reason, largest)


def suback(level: int, packet_id: int, granted: Sequence[int]) -> bytes:
    none = b"\0" if level == 5 else b""
    return packet(SUBACK, packet_id.to_bytes(2, "big") + none + bytes(granted))


def unsuback(level: int, packet_id: int, outcomes: Sequence[int]) -> bytes:
    return packet(UNSUBACK, packet_id.to_bytes(2, "big") + (b"\0" + bytes(outcomes) if level == 5 else b""))


def refused_filter(level: int, name: str) -> int:
    """Why a subscription is refused; one by one, so that the others of a SUBSCRIBE hold."""
    if level == 5 and name.startswith("$share/"):
        return codes.SHARED_NOT_OFFERED
    # Whether another device has such a topic is not told, and there are clients that know this failure alone.
    return codes.UNSPECIFIED
