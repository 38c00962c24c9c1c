"""One client at the MQTT door: bytes in, messages to the pipeline, acknowledgements out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

import structlog

from shelfwise.edge.devices import Device
from shelfwise.edge.formats import UNKNOWN, origin_of_topic
from shelfwise.edge.messages import Message, Note
from shelfwise.edge.model import Origin
from shelfwise.edge.mqtt import answers, codes
from shelfwise.edge.mqtt import properties as p
from shelfwise.edge.mqtt.requests import (
    Connect,
    Refusal,
    Will,
    read_acknowledgement,
    read_connect,
    read_disconnect,
    read_subscribe,
    read_unsubscribe,
)
from shelfwise.edge.mqtt.session import EXACTLY_ONCE, MOST_EXPIRY_S, PACKET_ID, RELEASE, Session
from shelfwise.edge.mqtt.signin import admit
from shelfwise.edge.mqtt.wire import (
    CONNECT,
    DISCONNECT,
    MAX_BEFORE_SIGN_IN,
    MAX_PACKET,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Malformed,
    acknowledgement,
    frame,
    read_topic,
    reasoned,
)
from shelfwise.edge.tables import Receipt

if TYPE_CHECKING:
    from shelfwise.edge.mqtt.door import MqttDoor

log = structlog.get_logger(__name__)

_SIGN_IN_S = 10.0
_STUCK_S = 30.0
_TOPICS_REMEMBERED = 64
_NOTE_BYTES = 1024
# What a client of MQTT 5 is told when its connection is closed for a reason.
_FAREWELLS = {
    "revoked": codes.NOT_AUTHORISED,
    "taken over": codes.TAKEN_OVER,
    "shutdown": codes.SHUTTING_DOWN,
    "keep-alive": codes.KEEP_ALIVE_TIMEOUT,
    "too large": codes.PACKET_TOO_LARGE,
}


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, door: MqttDoor) -> None:
        self.door = door
        self.device: Device | None = None
        self.session: Session | None = None
        self.will: Will | None = None
        # Messages that the door has not counted yet.
        self.taken = 0
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self._pipeline = door.pipeline
        self._buffer = bytearray()
        self._wanted = 2
        self._largest = MAX_BEFORE_SIGN_IN
        self._acks = bytearray()
        self._origins: dict[bytes, Origin] = {}
        self._level = 4
        self._wish: Connect | None = None
        self._aliases: dict[int, bytes] = {}
        # Of QoS 1 in MQTT 5, without acknowledgement.
        self._open = 0
        self._keep_alive = _SIGN_IN_S
        self._opened = self._heard = time.monotonic()
        self._signing_in = False
        self._held = False
        self._stuck_since: float | None = None
        self._closed = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.door.connections.add(self)
        self.door.metrics.connections.set(len(self.door.connections))
        if len(self.door.connections) > self.door.limits.connections:
            self.close("too many connections", f"there are {self.door.limits.connections} already")

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._buffer.clear()
        self.door.connections.discard(self)
        self.door.metrics.connections.set(len(self.door.connections))
        self.door.count(self)
        self._leave()

    def data_received(self, data: bytes) -> None:
        self._heard = time.monotonic()
        if self._buffer or self._held:
            self._buffer += data
            if len(self._buffer) < self._wanted or self._held:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        self._read(data)

    def pause_writing(self) -> None:
        self._stuck_since = time.monotonic()
        self.hold()

    def resume_writing(self) -> None:
        self._stuck_since = None
        self.go_on()

    # What the pipeline calls, for QoS 2 by way of the session.

    def acknowledge(self, token: int, outcome: str | None) -> None:
        if token:
            if token <= PACKET_ID and self._level == 4:
                self._acks += acknowledgement(PUBACK, token)
            else:
                self._acks += self._acknowledgement(token, outcome)

    def flush(self) -> None:
        if self._acks:
            if not self._closed:
                self._transport.write(bytes(self._acks))
            self._acks.clear()

    # What the door calls.

    def hold(self) -> None:
        """Read no more from this client for now."""
        if not self._held and not self._closed:
            self._held = True
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read on: first what has come already, then from the network."""
        if not self._held or self._closed or self._signing_in or self._stuck_since is not None or self._pipeline.full:
            return
        self._held = False
        self._heard = time.monotonic()
        data = bytes(self._buffer)
        self._buffer.clear()
        self._read(data)
        if not self._held and not self._closed:
            self._transport.resume_reading()

    def check(self, now: float) -> None:
        """Close a client that has been silent for one and a half keep-alive times, or does not read its answers."""
        if self._stuck_since is not None:
            if now - self._stuck_since > _STUCK_S:
                self.close("stuck", f"the client has not read its acknowledgements for {_STUCK_S:g} s")
        elif self.device is None:
            if now - self._opened > _SIGN_IN_S:
                self.close("no sign-in", f"no CONNECT within {_SIGN_IN_S:g} s")
        elif self._keep_alive and not self._held and now - self._heard > 1.5 * self._keep_alive:
            self.close("keep-alive", f"nothing came for 1.5 times {self._keep_alive:g} s")

    def close(self, reason: str, detail: str | None, code: int | None = None) -> None:
        """Close the connection; acknowledgements that were given still go out.

        Args:
            code: what a client of MQTT 5 is told, where the reason alone does not say.
        """
        if self._closed:
            return
        self._closed = True
        self._buffer.clear()
        self.door.metrics.closed.labels(reason).inc()
        if detail is not None:
            device = self.device.device if self.device else None
            peer = self._transport.get_extra_info("peername")
            log.warning("mqtt connection closed", reason=reason, detail=detail, device=device, peer=str(peer))
        code = _FAREWELLS.get(reason) if code is None else code
        if self._level == 5 and self._wish is not None and self.device is not None and code is not None:
            self._transport.write(answers.farewell(code, detail, self._wish.largest))
        self._leave()
        if self._stuck_since is None:
            self._transport.close()
        else:
            self._transport.abort()

    def _leave(self) -> None:
        session = self.session
        if session is not None and session.line is self:
            session.line = None
            self.door.run(self.door.sessions.leave(session))

    def _read(self, data: bytes) -> None:
        """Take every whole packet; keep the rest for later."""
        position, end = 0, len(data)
        self._wanted = 2
        try:
            while position < end:
                first = data[position]
                if self.device is None and first != CONNECT:
                    raise Malformed("the first packet must be CONNECT")
                header = frame(data, position, end)
                if header is None:
                    self._wanted = end - position + 1
                    break
                body, stop = header
                if stop - position > self._largest:
                    self._too_large(data[position:], stop - position)
                    return
                if stop > end:
                    self._wanted = stop - position
                    break
                if first & 0xF0 == PUBLISH and self.device is not None:
                    self._publish(first, data, body, stop)
                    self.taken += 1
                else:
                    self._other(first, data[body:stop])
                position = stop
                if self._closed:
                    return
                if self._pipeline.full:
                    self.hold()
                if self._held:
                    self._wanted = 2
                    break
        except Malformed as error:
            self.close("malformed", f"{error} (packet type {data[position] >> 4})", error.code)
            return
        except Refusal as refusal:
            self._refuse(refusal)
            return
        if position < end:
            self._buffer += data[position:]

    def _publish(self, first: int, data: bytes, body: int, stop: int) -> None:
        after = body + 2
        topic_end = after + (data[body] << 8 | data[body + 1]) if after <= stop else stop + 1
        if topic_end > stop:
            raise Malformed("the topic reaches beyond the packet")
        token = 0
        start = topic_end
        if first & 0x06:
            start = topic_end + 2
            if start > stop:
                raise Malformed("the packet ends before its packet identifier")
            token = data[topic_end] << 8 | data[topic_end + 1]
            if not token:
                raise Malformed("a packet identifier of 0", codes.PROTOCOL_ERROR)
        topic = data[after:topic_end]
        if self._level == 5 or first & 0x0D:
            self._publish_with_care(first, token, topic, data[start:stop])
            return
        origin = self._origins.get(topic) or self._origin(topic)
        self._pipeline.submit(Message(self, token, origin, data[start:stop], self._heard))

    def _publish_with_care(self, first: int, token: int, topic: bytes, content: bytes) -> None:
        """What is not the plainest of messages: MQTT 5, QoS 2, retained, or sent again."""
        quality = first & 0x06
        if quality == 0x06 or (first & 0x08 and not quality):
            raise Malformed("a QoS of 3, or a copy of a message that has no QoS")
        if self._level == 5:
            topic, content = self._unfold(topic, content)
        origin = self._origins.get(topic) or self._origin(topic)
        session = cast(Session, self.session)
        if token and self._level == 5 and self._open + session.unreleased >= answers.RECEIVE_MAXIMUM:
            text = f"more than {answers.RECEIVE_MAXIMUM} messages without acknowledgement"
            raise Malformed(text, codes.RECEIVE_MAXIMUM_EXCEEDED)
        if quality == 0x04:
            self._exactly_once(session, token, origin, content)
            return
        if quality and self._level == 5:
            self._open += 1
        if first & 0x01 and not content:
            # That is how clients take back what they had retained.
            self._pipeline.submit(Note(self, token, origin, self._heard))
        else:
            self._pipeline.submit(Message(self, token, origin, content, self._heard))

    def _unfold(self, topic: bytes, content: bytes) -> tuple[bytes, bytes]:
        """The topic that a PUBLISH of MQTT 5 means, and its payload."""
        if content[:1] == b"\0" and topic:
            return topic, content[1:]
        found, at = p.read_properties(content, 0, p.IN_PUBLISH)
        alias = found.get(p.TOPIC_ALIAS)
        if alias is not None:
            if not 0 < alias <= answers.TOPIC_ALIASES:
                raise Malformed(f"a topic alias of {alias}", codes.TOPIC_ALIAS_INVALID)
            if topic:
                self._aliases[alias] = topic
            elif alias not in self._aliases:
                raise Malformed(f"a topic alias of {alias} that stands for nothing", codes.PROTOCOL_ERROR)
            topic = self._aliases[alias]
        elif not topic:
            raise Malformed("neither a topic nor an alias", codes.PROTOCOL_ERROR)
        return topic, content[at:]

    def _exactly_once(self, session: Session, packet_id: int, origin: Origin, payload: bytes) -> None:
        if packet_id in session.pending:
            return  # Its PUBREC follows its commit.
        if packet_id in session.received:
            self._pipeline.submit(Note(session, packet_id | EXACTLY_ONCE, origin, self._heard))
        elif session.unreleased >= answers.RECEIVE_MAXIMUM:
            text = f"more than {answers.RECEIVE_MAXIMUM} messages of QoS 2 that were not released"
            raise Malformed(text, codes.RECEIVE_MAXIMUM_EXCEEDED)
        else:
            self._pipeline.submit(session.message(packet_id, origin, payload, self._heard))

    def _release(self, body: bytes) -> None:
        packet_id, _ = read_acknowledgement(body, self._level)
        session = cast(Session, self.session)
        if packet_id not in session.received:
            self._transport.write(
                acknowledgement(PUBCOMP, packet_id)
                if self._level == 4
                else reasoned(PUBCOMP, packet_id, codes.PACKET_ID_NOT_FOUND, None, 0)
            )
        elif session.session_id is None:
            session.received.discard(packet_id)
            self._transport.write(acknowledgement(PUBCOMP, packet_id))
        else:
            receipt = Receipt(session.session_id, packet_id, released=True)
            self._pipeline.submit(Note(session, packet_id | RELEASE, self._own_origin(), self._heard, receipt))

    def _acknowledgement(self, token: int, outcome: str | None) -> bytes:
        kind = PUBREC if token & EXACTLY_ONCE else PUBCOMP if token & RELEASE else PUBACK
        packet_id = token & PACKET_ID
        if kind == PUBACK:
            self._open -= 1
        if outcome is None or self._level == 4 or self._wish is None or not self._wish.problems:
            return acknowledgement(kind, packet_id)
        return reasoned(kind, packet_id, codes.SUCCESS, f"Kept in quarantine. {outcome}", self._wish.largest)

    def _origin(self, topic: bytes) -> Origin:
        device = cast(Device, self.device)
        origin = origin_of_topic(read_topic(topic), device.device, device.speaks_for, device.format)
        if len(self._origins) >= _TOPICS_REMEMBERED:
            self._origins.clear()
        self._origins[topic] = origin
        return origin

    def _own_origin(self) -> Origin:
        device = cast(Device, self.device)
        return Origin("mqtt", device.device, device.speaks_for, device.device, "", UNKNOWN)

    def _other(self, first: int, body: bytes) -> None:
        kind, flags = first & 0xF0, first & 0x0F
        if self.device is None:
            self._connect(body)
        elif kind == PINGREQ and not flags and not body:
            self._transport.write(PINGRESP)
        elif kind == PUBREL and flags == 2:
            self._release(body)
        elif kind == DISCONNECT and not flags and (not body or self._level == 5):
            self._disconnect(body)
        elif kind == PUBACK and not flags:
            read_acknowledgement(body, self._level)
        elif kind == SUBSCRIBE and flags == 2:
            self._subscribe(body)
        elif kind == UNSUBSCRIBE and flags == 2:
            self._unsubscribe(body)
        else:
            raise Malformed("a packet that a publishing device does not send", codes.PROTOCOL_ERROR)

    def _disconnect(self, body: bytes) -> None:
        code, expiry = read_disconnect(body)
        wish, session = cast(Connect, self._wish), cast(Session, self.session)
        if expiry is not None:
            if expiry and not wish.expiry:
                raise Malformed("a session that was to end cannot be prolonged", codes.PROTOCOL_ERROR)
            session.expiry_s = min(expiry, MOST_EXPIRY_S)
        if code != codes.DISCONNECT_WITH_WILL:
            self.will = None
        self.close("disconnect", None)

    def _subscribe(self, body: bytes) -> None:
        packet_id, wishes = read_subscribe(body, self._level)
        session, device = cast(Session, self.session), cast(Device, self.device)
        own = f"shelfwise/{device.device}/command"
        granted = []
        for name, options in wishes:
            if name == own:
                session.subscriptions[name] = min(options & 3, 1)
                granted.append(session.subscriptions[name])
            else:
                granted.append(answers.refused_filter(self._level, name))
        self._transport.write(answers.suback(self._level, packet_id, granted))
        self.door.run(self.door.sessions.remember(session))

    def _unsubscribe(self, body: bytes) -> None:
        packet_id, names = read_unsubscribe(body, self._level)
        session = cast(Session, self.session)
        outcomes = [
            codes.NO_SUBSCRIPTION_EXISTED if session.subscriptions.pop(name, None) is None else codes.SUCCESS
            for name in names
        ]
        self._transport.write(answers.unsuback(self._level, packet_id, outcomes))
        self.door.run(self.door.sessions.remember(session))

    def _connect(self, body: bytes) -> None:
        wish = read_connect(body)
        self._level = wish.level
        self._wish = wish
        self._signing_in = True
        self.hold()
        self.door.run(self._sign_in(wish))

    async def _sign_in(self, wish: Connect) -> None:
        try:
            peer = self._transport.get_extra_info("peername")
            address = str(peer[0]) if peer else ""
            admitted = await admit(self.door.directory, self.door.sessions, wish, address)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        session = admitted.session
        if self._closed:
            await self.door.sessions.leave(session)
            return
        session.line = self
        self.device, self.session, self.will = admitted.device, session, wish.will
        self._keep_alive = answers.keep_alive(wish, self.door.limits.keep_alive_s)
        self._largest = MAX_PACKET
        self._heard = time.monotonic()
        self._transport.write(answers.welcome(wish, admitted.present, admitted.assigned, self.door.limits.keep_alive_s))
        self._signing_in = False
        self.go_on()

    def _refuse(self, refusal: Refusal) -> None:
        if not self._closed:
            self._transport.write(answers.refusal(refusal.level, refusal.code, str(refusal)))
            self.close("refused", str(refusal))

    def _too_large(self, data: bytes, size: int) -> None:
        """Nobody sends a reading of this size: keep the beginning for a person to see, and close."""
        if self.device is not None:
            note = (
                f"packet: expected at most {self._largest} bytes, got {size}. Only its first bytes were kept and the "
                "connection was closed; send smaller messages."
            )
            self._pipeline.submit(Message(None, 0, self._own_origin(), data[:_NOTE_BYTES], self._heard, note))
        self.close("too large", f"a packet of {size} bytes")
