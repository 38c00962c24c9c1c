"""All MQTT connections of one gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog

from shelfwise.edge.directory import Directory
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.mqtt.connection import Connection
from shelfwise.edge.mqtt.session import Sessions
from shelfwise.edge.pipeline import Pipeline

log = structlog.get_logger(__name__)

_CLEAR_UP_S = 600.0


@dataclass(frozen=True)
class MqttLimits:
    """How much the door takes.

    Attributes:
        connections: at once.
        keep_alive_s: the longest silence that a client of MQTT 5 is allowed.
    """

    connections: int = 5_000
    keep_alive_s: int = 60


class MqttDoor:
    """See the module."""

    def __init__(
        self, directory: Directory, pipeline: Pipeline, metrics: Metrics, sessions: Sessions, limits: MqttLimits
    ) -> None:
        self.directory = directory
        self.pipeline = pipeline
        self.metrics = metrics
        self.sessions = sessions
        self.limits = limits
        self.connections: set[Connection] = set()
        self._received = metrics.messages.labels("mqtt")
        self._tasks: set[asyncio.Task[None]] = set()

    def count(self, connection: Connection) -> None:
        """Count what a connection has taken since it was last asked: a counter for each message would cost too much."""
        if connection.taken:
            self._received.inc(connection.taken)
            connection.taken = 0

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
                self.count(connection)
                connection.check(now)

    async def clear_up(self) -> None:
        """Forget sessions that have expired, until cancelled."""
        after_a_start = True
        while True:
            try:
                await self.sessions.clear_up(after_a_start)
                after_a_start = False
                await asyncio.sleep(_CLEAR_UP_S)
            except psycopg.Error as error:
                log.warning("sessions could not be cleared up", error=str(error))
                await asyncio.sleep(5)

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
