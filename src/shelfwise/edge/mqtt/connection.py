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
from shelfwise.edge.mqtt.aliases import Aliases
from shelfwise.edge.mqtt.downstream import Downstream
from shelfwise.edge.mqtt.leaving import Leaving
from shelfwise.edge.mqtt.presence import CLOSED, ENDINGS, LOST
from shelfwise.edge.mqtt.requests import (
    UNLIMITED,
    Connect,
    Refusal,
    Will,
    read_acknowledgement,
    read_connect,
    read_disconnect,
)
from shelfwise.edge.mqtt.session import EXACTLY_ONCE, MOST_EXPIRY_S, PACKET_ID, RECEIVE_MAXIMUM, RELEASE, Session
from shelfwise.edge.mqtt.signin import admit
from shelfwise.edge.mqtt.stream import Stream
from shelfwise.edge.mqtt.wire import (
    CONNECT,
    DISCONNECT,
    FLAGS,
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

if TYPE_CHECKING:
    from shelfwise.edge.mqtt.door import MqttDoor

log = structlog.get_logger(__name__)

_SIGN_IN_S, _STUCK_S, _HALF_S = 10.0, 30.0, 60.0
_TOPICS_REMEMBERED = 64
_NOTE_BYTES = 1024


class Connection(Stream):
    """One client."""

    def __init__(self, door: MqttDoor) -> None:
        super().__init__(door.pipeline)
        self.door = door
        self.device: Device | None = None
        self.session: Session | None = None
        self.will: Will | None = None
        self.down: Downstream | None = None
        self._largest = MAX_BEFORE_SIGN_IN
        self._acks = bytearray()
        self._origins: dict[bytes, Origin] = {}
        self._level = 4
        self._wish: Connect | None = None
        self._aliases = Aliases()
        # Of QoS 1 in MQTT 5, without acknowledgement.
        self._open = 0
        self._keep_alive = _SIGN_IN_S

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
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
        self._leave(LOST)

    # What the pipeline calls, for QoS 2 by way of the session.

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None:
        if token:
            if token <= PACKET_ID and self._level == 4:
                self._acks += acknowledgement(PUBACK, token)
            else:
                self._acks += self._acknowledgement(token, outcome, refused)

    def flush(self) -> None:
        if self._acks:
            if not self._closed:
                self._transport.write(bytes(self._acks))
            self._acks.clear()

    def _say(self, content: bytes) -> None:
        if not self._closed:
            self._transport.write(content)

    def knows_nothing_of(self, packet_id: int) -> None:
        code = codes.PACKET_ID_NOT_FOUND if self._level == 5 else codes.SUCCESS
        self._say(reasoned(PUBCOMP, packet_id, code, None, 0))

    # What the door calls.

    def check(self, now: float) -> None:
        """Close a client that has been silent for one and a half keep-alive times, or does not read its answers."""
        if self._stuck_since is not None:
            if now - self._stuck_since > _STUCK_S:
                self.close("stuck", f"the client has not read its acknowledgements for {_STUCK_S:g} s")
        elif self.device is None:
            if now - self._opened > _SIGN_IN_S:
                self.close("no sign-in", f"no CONNECT within {_SIGN_IN_S:g} s")
        elif self._held:
            # It is not silent, it is not listened to.
            self.go_on()
        elif self._buffer and now - self._heard > _HALF_S:
            self.close("half a packet", f"nothing came for {_HALF_S:g} s in the middle of a packet")
        elif self._keep_alive and now - self._heard > 1.5 * self._keep_alive:
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
            log.warning("mqtt connection closed", reason=reason, detail=detail, device=device, peer=self._address())
        code = answers.FAREWELLS.get(reason) if code is None else code
        told = self._level == 5 and self._wish is not None and self.device is not None and code is not None
        if told:
            self._transport.write(answers.farewell(cast(int, code), detail, cast(Connect, self._wish).largest))
        self._leave(ENDINGS.get(reason, CLOSED))
        if self._stuck_since is not None:
            self._transport.abort()
        elif told and reason != "shutdown" and self._transport.can_write_eof():
            Leaving(self, self._transport).listen_on(self._held)
        else:
            self._transport.close()

    def _address(self) -> str:
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    def _leave(self, ending: str) -> None:
        session = self.session
        if session is not None and session.line is self:
            session.line = None
            self.door.presence.went(session.key[0], ending, self.will, session.expiry_s)
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
                if not data[body - 1] and body - position > 2 and self._level == 5:
                    raise Malformed("a remaining length of more bytes than it needs")
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
                    if self._closed:
                        return
                position = stop
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
            topic, content = self._aliases.unfold(topic, content)
        origin = self._origins.get(topic) or self._origin(topic)
        session = cast(Session, self.session)
        if token and self._level == 5 and self._open + session.unreleased >= RECEIVE_MAXIMUM:
            text = f"more than {RECEIVE_MAXIMUM} messages without acknowledgement"
            raise Malformed(text, codes.RECEIVE_MAXIMUM_EXCEEDED)
        if quality == 0x04:
            if (message := session.message(token, origin, content, self._heard)) is not None:
                self._pipeline.submit(message)
            return
        if quality and self._level == 5:
            self._open += 1
        if first & 0x01 and not content:
            # That is how clients take back what they had retained.
            self._pipeline.submit(Note(self, token, origin, self._heard))
        else:
            self._pipeline.submit(Message(self, token, origin, content, self._heard))

    def _release(self, body: bytes) -> None:
        packet_id, _ = read_acknowledgement(body, self._level)
        note = cast(Session, self.session).release(packet_id, self._own_origin(), self._heard)
        if note is not None:
            self._pipeline.submit(note)

    def _acknowledgement(self, token: int, outcome: str | None, refused: bool) -> bytes:
        if token <= PACKET_ID:
            self._open -= 1
        kind = PUBREC if token & EXACTLY_ONCE else PUBCOMP if token & RELEASE else PUBACK
        return answers.acknowledged(cast(Connect, self._wish), kind, token & PACKET_ID, outcome, refused)

    def _origin(self, topic: bytes) -> Origin:
        device = cast(Device, self.device)
        told = origin_of_topic(read_topic(topic), device.device, device.speaks_for, device.format)
        origin = self.door.directory.understood(told)
        if origin.format == UNKNOWN:
            # The next message may say what this topic carries.
            return origin
        if len(self._origins) >= _TOPICS_REMEMBERED:
            self._origins.clear()
        self._origins[topic] = origin
        return origin

    def forget_topics(self) -> None:
        """What topics carry may have changed."""
        self._origins.clear()

    def _own_origin(self) -> Origin:
        device = cast(Device, self.device)
        return Origin("mqtt", device.device, device.speaks_for, device.device, "", UNKNOWN)

    def _other(self, first: int, body: bytes) -> None:
        kind, flags = first & 0xF0, first & 0x0F
        if not kind or flags != FLAGS.get(kind, 0):
            raise Malformed(f"a packet that begins with 0x{first:02x}")
        if self.device is None:
            self._connect(body)
        elif kind == PINGREQ and not body:
            self._transport.write(PINGRESP)
        elif kind == PUBREL:
            self._release(body)
        elif kind == DISCONNECT and (not body or self._level == 5):
            self._disconnect(body)
        elif kind == PUBACK:
            if cast(Downstream, self.down).acknowledged(read_acknowledgement(body, self._level)[0]):
                self._remember()
        elif kind == SUBSCRIBE:
            self._subscribe(body)
        elif kind == UNSUBSCRIBE:
            cast(Downstream, self.down).unsubscribe(body)
            self._remember()
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
        if cast(Downstream, self.down).subscribe(body):
            self.door.run(self.door.tell_config([self], retained=True))
        self._remember()

    def _remember(self) -> None:
        self.door.run(self.door.sessions.remember(cast(Session, self.session)))

    def _connect(self, body: bytes) -> None:
        self._wish = wish = read_connect(body)
        self._level = wish.level
        self._signing_in = True
        self.hold()
        self.door.run(self._sign_in(wish))

    async def _sign_in(self, wish: Connect) -> None:
        try:
            admitted = await admit(self.door, wish, self._address())
        except Refusal as refusal:
            self._refuse(refusal)
            return
        session = admitted.session
        welcome = answers.welcome(wish, admitted.present, admitted.assigned, self.door.limits.keep_alive_s)
        if self._closed or len(welcome) > wish.largest:
            await self.door.sessions.leave(session)
            words = f"a welcome has {len(welcome)} bytes, and the client takes {wish.largest}"
            self._refuse(Refusal(wish.level, codes.IMPLEMENTATION_SPECIFIC, words))
            return
        session.line = self
        self.door.presence.came(admitted.device.device)
        self.down = Downstream(wish, session, self._say)
        self.device, self.session, self.will = admitted.device, session, wish.will
        self._keep_alive = answers.keep_alive(wish, self.door.limits.keep_alive_s)
        self._largest = MAX_PACKET
        self._heard = time.monotonic()
        self._transport.write(welcome)
        self._signing_in = False
        if self.down.hears_config:
            self.door.run(self.door.tell_config([self], retained=False))
        self.go_on()

    def _refuse(self, refusal: Refusal) -> None:
        if not self._closed:
            largest = UNLIMITED if self._wish is None else self._wish.largest
            self._transport.write(answers.refusal(refusal.level, refusal.code, str(refusal), largest))
            self.close("refused", str(refusal))

    def _too_large(self, data: bytes, size: int) -> None:
        """Nobody sends a reading of this size: keep the beginning for a person to see, and close."""
        if self.device is not None:
            note = answers.TOO_LARGE.format(self._largest, size)
            self._pipeline.submit(Message(None, 0, self._own_origin(), data[:_NOTE_BYTES], self._heard, note))
        self.close("too large", f"a packet of {size} bytes")
