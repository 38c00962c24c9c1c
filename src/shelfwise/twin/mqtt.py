"""A small MQTT 3.1.1 client that publishes with QoS 1, as a device does: it keeps what was not acknowledged.

Written from the OASIS standard MQTT 3.1.1 (2014), and on purpose by itself: it shares nothing with the door.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

CONNECT, CONNACK, PUBLISH, PUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 12, 13, 14
KEEP_ALIVE_S = 60
ACK_PATIENCE_S = 20.0
LONGEST_PAUSE_S = 15.0
REASONS = {1: "protocol version", 2: "client id", 3: "server unavailable", 4: "bad name or password", 5: "not allowed"}


class ConnectionRefused(Exception):
    """The server answered CONNECT with a reason to refuse."""


def connect(client_id: str, username: str, password: str, keep_alive_s: int = KEEP_ALIVE_S) -> bytes:
    """A CONNECT packet with a clean session, a name and a password."""
    clean, with_password, with_name = 0x02, 0x40, 0x80
    variable = _text("MQTT") + bytes([4, clean | with_password | with_name]) + keep_alive_s.to_bytes(2)
    return _packet(CONNECT, 0, variable + _text(client_id) + _text(username) + _text(password))


def publish(topic: str, payload: bytes, packet_id: int, again: bool = False) -> bytes:
    """A PUBLISH packet with QoS 1; `again` marks one that may have arrived before."""
    qos_1 = 0x02
    return _packet(PUBLISH, qos_1 | (0x08 if again else 0), _text(topic) + packet_id.to_bytes(2) + payload)


def ping() -> bytes:
    return _packet(PINGREQ, 0, b"")


def disconnect() -> bytes:
    return _packet(DISCONNECT, 0, b"")


def _packet(kind: int, flags: int, rest: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + _length(len(rest)) + rest


def _length(number: int) -> bytes:
    """A length in 7-bit groups, the least first; the top bit says that more follow."""
    groups = bytearray()
    while True:
        number, group = divmod(number, 128)
        groups.append(group | (0x80 if number else 0))
        if not number:
            return bytes(groups)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next packet's kind and what follows its length."""
    (head,) = await reader.readexactly(1)
    length = shift = 0
    while True:
        (group,) = await reader.readexactly(1)
        length |= (group & 0x7F) << shift
        if not group & 0x80:
            return head >> 4, await reader.readexactly(length)
        shift += 7


@dataclass
class Publisher:
    """One device's connection. What it was given to send stays until it is acknowledged, over reconnects too.

    Attributes:
        host, port: the door.
        name, secret: what the device signs in with.
        waiting: (topic, payload), the oldest first; the oldest fall out when nobody takes them for too long.
    """

    host: str
    port: int
    name: str
    secret: str
    waiting: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=2000))
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _packet_id: int = 0

    def send(self, topic: str, payload: bytes) -> None:
        """Send as soon as possible, at least once."""
        self.waiting.append((topic, payload))
        self._more.set()

    async def run(self) -> None:
        """Keep connected and send what is waiting, until cancelled; pauses grow while the door does not answer."""
        pause, again = 0.5, False
        while True:
            try:
                reader, writer = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), 10)
                try:
                    await self._sign_in(reader, writer)
                    pause = 0.5
                    await self._serve(reader, writer, again)
                finally:
                    writer.close()
            except (OSError, EOFError, TimeoutError, ConnectionRefused) as error:
                again = True
                log.info("connection lost", device=self.name, error=f"{type(error).__name__}: {error}", pause_s=pause)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_S, pause * 2)

    async def _sign_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(connect(self.name, self.name, self.secret))
        kind, rest = await asyncio.wait_for(read_packet(reader), ACK_PATIENCE_S)
        if kind != CONNACK or len(rest) != 2 or rest[1] != 0:
            raise ConnectionRefused(REASONS.get(rest[1], str(rest[1])) if kind == CONNACK else f"packet {kind}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, again: bool) -> None:
        while True:
            if not self.waiting:
                self._more.clear()
                try:
                    await asyncio.wait_for(self._more.wait(), KEEP_ALIVE_S / 2)
                except TimeoutError:
                    writer.write(ping())
                    await self._expect(reader, PINGRESP, None)
                continue
            message = self.waiting[0]
            self._packet_id = self._packet_id % 65535 + 1
            writer.write(publish(*message, self._packet_id, again))
            await self._expect(reader, PUBACK, self._packet_id)
            again = False
            # The queue may have pushed the message out meanwhile.
            if self.waiting and self.waiting[0] is message:
                self.waiting.popleft()

    async def _expect(self, reader: asyncio.StreamReader, kind: int, packet_id: int | None) -> None:
        async with asyncio.timeout(ACK_PATIENCE_S):
            while True:
                got, rest = await read_packet(reader)
                if got == kind and (packet_id is None or rest == packet_id.to_bytes(2)):
                    return
