"""The doors through which we call: readers and brokers that were set up as connections, held by a keeper."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg
from psycopg.rows import class_row

from shelfwise.core.errors import Unavailable
from shelfwise.edge.bridge import BridgeCall
from shelfwise.edge.connection_model import Connection, Secrets
from shelfwise.edge.directory import Directory
from shelfwise.edge.keeper import Call, Keeper
from shelfwise.edge.link import connect
from shelfwise.edge.llrp import ReaderCall
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.pipeline import Pipeline
from shelfwise.edge.reaching import Ours, address_of
from shelfwise.edge.status import Status

_SECRETS = """select password, certificate, private_key from connection_secret
              where tenant_id = %s and connection_id = %s"""


class Outgoing:
    """All calls of one gateway."""

    def __init__(self, url: str, tenant: int, directory: Directory, pipeline: Pipeline, metrics: Metrics) -> None:
        self._url = url
        self._tenant = tenant
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
        if connection.kind == "mqtt":
            secrets = await self._secrets(connection)
            host = connection.host if connection.settings.get("tls") else address
            return BridgeCall(connection, secrets, host, slot, self._directory, self._pipeline, status)
        return ReaderCall(connection, address, self._pipeline, lambda: self._directory.time, status)

    async def _secrets(self, connection: Connection) -> Secrets:
        """As they are now: they are not kept in memory longer than a connection is made."""
        try:
            async with await connect(self._url) as db, db.cursor(row_factory=class_row(Secrets)) as cursor:
                await cursor.execute(_SECRETS, (self._tenant, connection.connection_id))
                return await cursor.fetchone() or Secrets()
        except psycopg.Error as error:
            raise Unavailable(f"Postgres does not answer: {error}") from error

    def _connected(self) -> int:
        return sum(status.state == "connected" for _, status in self.keeper.statuses())
