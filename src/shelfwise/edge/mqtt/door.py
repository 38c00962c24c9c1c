"""All MQTT connections of one gateway."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog

from shelfwise.edge.directory import Directory
from shelfwise.edge.limits import DeviceRates, SignInBrake
from shelfwise.edge.link import Link
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.mqtt.configuration import configurations
from shelfwise.edge.mqtt.connection import Connection
from shelfwise.edge.mqtt.presence import Presence
from shelfwise.edge.mqtt.session import Sessions
from shelfwise.edge.pipeline import Pipeline

log = structlog.get_logger(__name__)

_CLEAR_UP_S = 600.0
_WRITE_DOWN_S = 1.0


@dataclass(frozen=True)
class MqttLimits:
    """How much the door takes.

    Attributes:
        connections, connections_of_device: at once.
        keep_alive_s: the longest silence that a client of MQTT 5 is allowed.
        buffered_bytes: of all clients together, of packets that are not whole yet or not read on; above it, who has
            the most is sent away.
    """

    connections: int = 5_000
    connections_of_device: int = 50
    keep_alive_s: int = 60
    buffered_bytes: int = 128 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """Whose door it is. `gateway`: the name by which it knows its own rows in Postgres after a crash."""

    tenant: int
    gateway: str


class MqttDoor:
    """See the module."""

    def __init__(
        self,
        directory: Directory,
        pipeline: Pipeline,
        metrics: Metrics,
        limits: MqttLimits,
        rates: DeviceRates,
        brake: SignInBrake,
        link: Link,
        at: Place,
    ) -> None:
        self.directory = directory
        self.pipeline = pipeline
        self.metrics = metrics
        self.sessions = Sessions(link, at.tenant, at.gateway)
        self.presence = Presence(link, at.tenant, at.gateway, lambda: directory.time)
        self._link = link
        self._at = at
        self.limits = limits
        self.rates = rates
        self.brake = brake
        self.connections: set[Connection] = set()
        self._received = metrics.messages.labels("mqtt")
        self._tasks: set[asyncio.Task[None]] = set()

    def count(self, connection: Connection) -> None:
        """Count what a connection has taken since it was last asked: a counter for each message would cost too much.

        Who has sent more than a device may is not read from for a while.
        """
        taken, size, connection.taken, connection.taken_bytes = connection.taken, connection.taken_bytes, 0, 0
        if taken:
            self._received.inc(taken)
        if size and connection.device is not None:
            now = time.monotonic()
            if wait := self.rates.spend(connection.device.device, taken, size, now):
                self.metrics.held_back.inc()
                connection.rest(now + wait)

    def connection(self) -> Connection:
        return Connection(self)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def devices_changed(self) -> None:
        """Close the connections of devices that are shut out or have a new secret; look at topics anew."""
        for connection in list(self.connections):
            connection.forget_topics()
            if connection.device is not None and not self.directory.allows(connection.device):
                connection.close("revoked", "the device was shut out or has a new secret")
        if listening := [one for one in self.connections if one.down is not None and one.down.hears_config]:
            self.run(self.tell_config(listening, retained=False))

    async def tell_config(self, connections: Sequence[Connection], retained: bool) -> None:
        """Say to each client the configuration of its device."""
        devices = {one.device.device for one in connections if one.device is not None}
        try:
            told = await configurations(self._link, self._at.tenant, devices)
        except psycopg.Error as error:
            log.warning("configurations could not be read", error=str(error))
            return
        for one in connections:
            # It may have left meanwhile.
            if one in self.connections and one.device is not None and one.down is not None:
                one.down.tell_config(told.get(one.device.device, b""), retained)

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
                self.count(connection)
                connection.check(now)
            self._bound_memory()

    def _bound_memory(self) -> None:
        total = sum(connection.buffered for connection in self.connections)
        if total > self.limits.buffered_bytes:
            largest = max(self.connections, key=lambda connection: connection.buffered)
            largest.close("memory", f"{total} bytes wait in buffers, {largest.buffered} of this client")

    async def keep_books(self) -> None:
        """Write down who is connected, and forget sessions that have expired, until cancelled."""
        begun = False
        clear_up_at = 0.0
        while True:
            try:
                if not begun:
                    await self.presence.begin()
                if time.monotonic() >= clear_up_at:
                    await self.sessions.clear_up(after_a_start=not begun)
                    clear_up_at = time.monotonic() + _CLEAR_UP_S
                begun = True
                await self.presence.write_down()
            except psycopg.Error as error:
                log.warning("connections could not be written down", error=str(error))
            await asyncio.sleep(_WRITE_DOWN_S)

    def stop_reading(self) -> None:
        """Take nothing more; what was taken is still acknowledged."""
        for connection in self.connections:
            connection.hold()

    async def close(self) -> None:
        for connection in list(self.connections):
            connection.close("shutdown", None)
        # Connections tell of their end in the loop's next round.
        await asyncio.sleep(0)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        with contextlib.suppress(psycopg.Error):
            await self.presence.write_down(everything=True)
