"""The MQTT door: MQTT 3.1.1 (OASIS, 2014) for devices that publish.

QoS 0 and 1, sign-in by device name and secret, keep-alive; a device may subscribe to ``shelfwise/<device>/command``
and to nothing else. It is no broker: nothing is handed on to other clients, so retained messages and wills are taken
without effect. A PUBACK means that the message is durable, and PUBACKs leave in the order the messages came. What
breaks the protocol closes the connection, with the reason in the log and in the counters.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, cast

import psycopg
import structlog

from shelfwise.edge.devices import Device
from shelfwise.edge.directory import Directory
from shelfwise.edge.formats import UNKNOWN, origin_of_topic
from shelfwise.edge.messages import Message
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.model import Origin
from shelfwise.edge.pipeline import Pipeline
from shelfwise.edge.wire import (
    ACCEPTED,
    CONNECT,
    DISCONNECT,
    MAX_BEFORE_SIGN_IN,
    MAX_PACKET,
    NOT_AUTHORISED,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBLISH,
    REFUSED_CREDENTIALS,
    SUBSCRIBE,
    UNAVAILABLE,
    UNSUBSCRIBE,
    Malformed,
    Refusal,
    connack,
    frame,
    puback,
    read_connect,
    read_subscribe,
    read_topic,
    read_unsubscribe,
    suback,
    unsuback,
)

log = structlog.get_logger(__name__)

_SIGN_IN_S = 10.0
_STUCK_S = 30.0
_TOPICS_REMEMBERED = 64
_NOTE_BYTES = 1024


class MqttDoor:
    """All MQTT connections of one gateway."""

    def __init__(self, directory: Directory, pipeline: Pipeline, metrics: Metrics, most_connections: int) -> None:
        self.directory = directory
        self.pipeline = pipeline
        self.metrics = metrics
        self.most_connections = most_connections
        self.connections: set[Connection] = set()
        self.sessions: dict[tuple[str, str], Connection] = {}
        self.received = metrics.messages.labels("mqtt")
        self._tasks: set[asyncio.Task[None]] = set()

    def connection(self) -> Connection:
        return Connection(self)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def devices_changed(self) -> None:
        """Close the connections of devices that are shut out or have a new secret."""
        for connection in list(self.connections):
            if connection.device is not None and not self.directory.allows(connection.device):
                connection.close("revoked", "the device was shut out or has a new secret")

    def room(self) -> None:
        """The pipeline takes messages again."""
        for connection in list(self.connections):
            if not self.pipeline.full:
                connection.go_on()

    async def watch(self) -> None:
        """Close connections that fell silent, until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            now = time.monotonic()
            for connection in list(self.connections):
                connection.check(now)

    def stop_reading(self) -> None:
        """Take nothing more; what was taken is still acknowledged."""
        for connection in self.connections:
            connection.hold()

    def close(self) -> None:
        for connection in list(self.connections):
            connection.close("shutdown", None)


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, door: MqttDoor) -> None:
        self.door = door
        self.device: Device | None = None
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self._pipeline = door.pipeline
        self._buffer = bytearray()
        self._wanted = 2
        self._largest = MAX_BEFORE_SIGN_IN
        self._acks = bytearray()
        self._origins: dict[bytes, Origin] = {}
        self._client_id = ""
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
        if len(self.door.connections) > self.door.most_connections:
            self.close("too many connections", f"there are {self.door.most_connections} already")

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._buffer.clear()
        self.door.connections.discard(self)
        self.door.metrics.connections.set(len(self.door.connections))
        if self.device is not None and self.door.sessions.get((self.device.device, self._client_id)) is self:
            del self.door.sessions[self.device.device, self._client_id]

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

    # What the pipeline calls.

    def acknowledge(self, token: int, outcome: str | None) -> None:
        if token:
            self._acks += puback(token)

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

    def close(self, reason: str, detail: str | None) -> None:
        """Close the connection; acknowledgements that were given still go out."""
        if self._closed:
            return
        self._closed = True
        self._buffer.clear()
        self.door.metrics.closed.labels(reason).inc()
        if detail is not None:
            device = self.device.device if self.device else None
            peer = self._transport.get_extra_info("peername")
            log.warning("mqtt connection closed", reason=reason, detail=detail, device=device, peer=str(peer))
        if self._stuck_since is None:
            self._transport.close()
        else:
            self._transport.abort()

    def _read(self, data: bytes) -> None:
        """Take every whole packet; keep the rest for later."""
        position, end = 0, len(data)
        self._wanted = 2
        taken = 0
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
                    taken += 1
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
            self.close("malformed", f"{error} (packet type {data[position] >> 4})")
            return
        except Refusal as refusal:
            self._transport.write(connack(refusal.code))
            self.close("refused", str(refusal))
            return
        finally:
            if taken:
                self.door.received.inc(taken)
        if position < end:
            self._buffer += data[position:]

    def _publish(self, first: int, data: bytes, body: int, stop: int) -> None:
        after = body + 2
        topic_end = after + (data[body] << 8 | data[body + 1]) if after <= stop else stop + 1
        if topic_end > stop:
            raise Malformed("the topic reaches beyond the packet")
        quality = first & 0x06
        token = 0
        start = topic_end
        if quality == 0x02:
            start = topic_end + 2
            if start > stop:
                raise Malformed("the packet ends before its packet identifier")
            token = data[topic_end] << 8 | data[topic_end + 1]
            if not token:
                raise Malformed("a packet identifier of 0")
        elif quality:
            raise Malformed("QoS 2 and 3 are not offered; publish with QoS 0 or 1")
        topic = data[after:topic_end]
        origin = self._origins.get(topic) or self._origin(topic)
        self._pipeline.submit(Message(self, token, origin, data[start:stop], self._heard))

    def _origin(self, topic: bytes) -> Origin:
        device = cast(Device, self.device)
        origin = origin_of_topic(read_topic(topic), device.device, device.speaks_for, device.format)
        if len(self._origins) >= _TOPICS_REMEMBERED:
            self._origins.clear()
        self._origins[topic] = origin
        return origin

    def _other(self, first: int, body: bytes) -> None:
        kind, flags = first & 0xF0, first & 0x0F
        if self.device is None:
            self._connect(body)
        elif kind == PINGREQ and not flags and not body:
            self._transport.write(PINGRESP)
        elif kind == DISCONNECT and not flags and not body:
            self.close("disconnect", None)
        elif kind == PUBACK and not flags and len(body) == 2:
            pass
        elif kind == SUBSCRIBE and flags == 2:
            packet_id, wishes = read_subscribe(body)
            own = f"shelfwise/{self.device.device}/command"
            codes = bytes(min(quality, 1) if topic == own else 0x80 for topic, quality in wishes)
            self._transport.write(suback(packet_id, codes))
        elif kind == UNSUBSCRIBE and flags == 2:
            self._transport.write(unsuback(read_unsubscribe(body)))
        else:
            raise Malformed("a packet that a publishing device does not send")

    def _connect(self, body: bytes) -> None:
        wish = read_connect(body)
        self._client_id = wish.client_id or f"unnamed-{id(self)}"
        self._keep_alive = wish.keep_alive
        self._signing_in = True
        self.hold()
        self.door.run(self._sign_in(wish.username, wish.password))

    async def _sign_in(self, username: str | None, password: bytes | None) -> None:
        code = REFUSED_CREDENTIALS
        device = None
        if username and password is not None:
            try:
                device = await self.door.directory.sign_in(username, password)
                code = ACCEPTED if device else NOT_AUTHORISED
            except psycopg.Error:
                code = UNAVAILABLE
        if self._closed:
            return
        self._transport.write(connack(code))
        if device is None:
            self.close("sign-in", f"code {code} for {(username or '')[:64]!r}")
            return
        self.device = device
        self._largest = MAX_PACKET
        self._heard = time.monotonic()
        before = self.door.sessions.get((device.device, self._client_id))
        self.door.sessions[device.device, self._client_id] = self
        if before is not None:
            before.close("taken over", "the same client connected again")
        self._signing_in = False
        self.go_on()

    def _too_large(self, data: bytes, size: int) -> None:
        """Nobody sends a reading of this size: keep the beginning for a person to see, and close."""
        if self.device is not None:
            origin = Origin("mqtt", self.device.device, self.device.speaks_for, self.device.device, "", UNKNOWN)
            note = (
                f"packet: expected at most {self._largest} bytes, got {size}. Only its first bytes were kept and the "
                "connection was closed; send smaller messages."
            )
            self._pipeline.submit(Message(None, 0, origin, data[:_NOTE_BYTES], self._heard, note))
        self.close("too large", f"a packet of {size} bytes")
