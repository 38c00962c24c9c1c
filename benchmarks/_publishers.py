"""A load of MQTT publishers on plain asyncio: one process, many connections, one or several readings a message."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import cast

import uvloop

_TICK_S = 0.002


@dataclass(frozen=True)
class Load:
    """What to send.

    Attributes:
        port: of the gateway.
        devices: one connection each; the secret of all is `secret`.
        seconds: how long, the warm-up of `warm_up` seconds included; its acknowledgements are not counted.
        rate: messages a second over all connections at a steady pace, whatever the answers; None: as fast as `window`
            unacknowledged messages for each connection allow.
        run: makes the ids of readings differ from those of other runs.
        batch: readings in one message.
    """

    port: int
    devices: tuple[str, ...]
    secret: str
    seconds: float
    warm_up: float
    rate: float | None
    window: int
    run: str
    batch: int = 1


@dataclass(frozen=True)
class Heard:
    """What came back: readings sent and acknowledged, and the seconds each counted message took."""

    sent: int
    acknowledged: int
    counted_seconds: float
    latencies: tuple[float, ...]


class Publisher(asyncio.Protocol):
    """One device; latency counts from when a message was due, not from when there was time to send it."""

    def __init__(self, device: str, load: Load, counter: Counter) -> None:
        self._counter = counter
        self._load = load
        topic = f"shelfwise/{device}/weight".encode()
        self._topic = len(topic).to_bytes(2, "big") + topic
        self._device = device
        self._due: deque[tuple[int, float]] = deque()
        self._number = 0
        self._transport: asyncio.Transport
        self._rest = b""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name, secret = self._device.encode(), self._load.secret.encode()
        body = b"\0\4MQTT\4\xc2\0\x3c" + b"".join(len(x).to_bytes(2, "big") + x for x in (name, name, secret))
        self._transport.write(bytes((0x10, len(body))) + body)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        whole = len(data) & ~3
        self._rest = data[whole:]
        now = time.monotonic()
        acknowledged = 0
        for at in range(0, whole, 4):
            if data[at] == 0x20:
                if data[at + 3]:
                    raise RuntimeError(f"sign-in refused with code {data[at + 3]}")
                self.ready.set_result(None)
                continue
            packet_id, due = self._due.popleft()
            if data[at] != 0x40 or data[at + 2] << 8 | data[at + 3] != packet_id:
                raise RuntimeError("acknowledgements are not in order")
            self._counter.acknowledged(now, due)
            acknowledged += 1
        if acknowledged and self._load.rate is None:
            self.publish(acknowledged, now)

    def connection_lost(self, exc: Exception | None) -> None:
        self._counter.lost += 1
        self._counter.settled.set()

    def publish(self, count: int, due: float) -> None:
        """Send messages that were due at an instant of `time.monotonic`."""
        counter = self._counter
        if counter.over:
            return
        packets = []
        for _ in range(count):
            self._number += 1
            packet_id = self._number % 65_535 + 1
            body = b"%s%c%c%s" % (self._topic, packet_id >> 8, packet_id & 255, self._payload())
            packets.append(b"\x32%s%s" % (_length(len(body)), body))
            self._due.append((packet_id, due))
        counter.sent += count * self._load.batch
        self._transport.write(b"".join(packets))

    def _payload(self) -> bytes:
        readings = [
            b'{"kind":"weight","value":%d.5,"unit":"g","at":"%s","id":"%s-%d-%d"}'
            % (self._number % 5000, self._counter.instant, self._load.run.encode(), self._number, number)
            for number in range(self._load.batch)
        ]
        return readings[0] if len(readings) == 1 else b"[%s]" % b",".join(readings)


class Counter:
    """What all publishers of a process have sent and heard."""

    def __init__(self, begins: float, batch: int) -> None:
        self.begins = begins
        self._batch = batch
        self.instant = b""
        self.sent = 0
        self.heard = 0
        self.lost = 0
        self.over = False
        self.settled = asyncio.Event()
        self.latencies: list[float] = []

    def acknowledged(self, now: float, due: float) -> None:
        self.heard += self._batch
        if not self.over:
            if due >= self.begins:
                self.latencies.append(now - due)
        elif self.heard == self.sent:
            self.settled.set()


async def _publish(load: Load) -> Heard:
    loop = asyncio.get_running_loop()
    counter = Counter(float("inf"), load.batch)
    counter.instant = _instant()
    publishers = []
    for device in load.devices:
        _, publisher = await loop.create_connection(partial(Publisher, device, load, counter), "127.0.0.1", load.port)
        publishers.append(publisher)
        await asyncio.wait_for(publisher.ready, 30)
    start = time.monotonic()
    counter.begins = start + load.warm_up
    end = start + load.seconds
    if load.rate is None:
        for publisher in publishers:
            publisher.publish(load.window, start)
        while time.monotonic() < end:
            await asyncio.sleep(0.01)
            counter.instant = _instant()
    else:
        await _paced(load, publishers, counter, start, end)
    counted = time.monotonic() - counter.begins
    counter.over = True
    if counter.heard == counter.sent or counter.lost:
        counter.settled.set()
    with suppress(TimeoutError):
        await asyncio.wait_for(counter.settled.wait(), 30)
    if counter.lost:
        raise RuntimeError(f"{counter.lost} connections were closed by the gateway")
    return Heard(counter.sent, counter.heard, counted, tuple(counter.latencies))


async def _paced(load: Load, publishers: list[Publisher], counter: Counter, start: float, end: float) -> None:
    rate = load.rate or 0.0
    number = 0
    total = int(load.seconds * rate)
    while number < total:
        now = time.monotonic()
        counter.instant = _instant()
        until = min(int((now - start) * rate), total)
        while number < until:
            publishers[number % len(publishers)].publish(1, start + number / rate)
            number += 1
        await asyncio.sleep(_TICK_S)
        if now > end + 30:
            raise RuntimeError("the load generator cannot keep the pace")


def _length(size: int) -> bytes:
    """A length as MQTT writes it."""
    if size < 128:
        return b"%c" % size
    if size < 128 * 128:
        return b"%c%c" % (size & 127 | 128, size >> 7)
    return b"%c%c%c" % (size & 127 | 128, size >> 7 & 127 | 128, size >> 14)


def _instant() -> bytes:
    return datetime.now(UTC).isoformat(timespec="milliseconds").encode()


def publish(load: Load, answer: Pipe) -> None:
    """The main function of a process of publishers."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answer.send(runner.run(_publish(load)))
