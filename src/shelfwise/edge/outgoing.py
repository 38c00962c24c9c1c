"""The doors through which we call: readers and brokers that were set up as connections, held by a keeper."""

from __future__ import annotations

import asyncio
import contextlib

from shelfwise.edge.connection_model import Connection
from shelfwise.edge.directory import Directory
from shelfwise.edge.keeper import Call, Keeper
from shelfwise.edge.llrp import ReaderCall
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.pipeline import Pipeline
from shelfwise.edge.reaching import Ours, address_of
from shelfwise.edge.status import Status


class Outgoing:
    """All calls of one gateway."""

    def __init__(self, url: str, tenant: int, directory: Directory, pipeline: Pipeline, metrics: Metrics) -> None:
        self._directory = directory
        self._pipeline = pipeline
        self._metrics = metrics
        self._ours = Ours()
        self._watching: asyncio.Task[None] | None = None
        self.keeper = Keeper(url, tenant, self._call)
        metrics.watch("connections_out", "Readers and brokers that are connected.", self._connected)

    def start(self, ours: Ours) -> None:
        """Begin to call, but never ourselves."""
        self._ours = ours
        self._watching = asyncio.get_running_loop().create_task(self.keeper.watch())

    async def stop(self) -> None:
        """Hang up everywhere and let other gateways call; what was heard is handed to the pipeline."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    async def _call(self, connection: Connection, slot: int, status: Status) -> Call:
        status.received = self._metrics.messages.labels(connection.kind).inc
        address = await address_of(connection.host, connection.port, self._ours)
        return ReaderCall(connection, address, self._pipeline, lambda: self._directory.time, status)

    def _connected(self) -> int:
        return sum(status.state == "connected" for _, status in self.keeper.statuses())
