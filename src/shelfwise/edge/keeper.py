"""Which gateway holds which connection, and the life of those that this one holds.

A connection has one slot or several; each slot is a lease in Postgres, renewed every few seconds. A gateway that dies
renews nothing, and another takes over. A gateway takes one slot of each connection, and a further one only when its
holder has been gone for a minute: a broker keeps messages for whoever sat there.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import psycopg
import structlog
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shelfwise.core.errors import ShelfwiseError
from shelfwise.edge.connection_model import Connection
from shelfwise.edge.link import Connection as Db
from shelfwise.edge.link import connect
from shelfwise.edge.status import Status

log = structlog.get_logger(__name__)

LEASE_S = 15.0
_RENEW_S = 4.0
_ORPHANED_S = 60.0
# Without Postgres for so long, whoever still reaches it shall have the connection.
_GIVE_UP_S = 120.0
_PAUSE_S = 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_STABLE_S = 30.0

_ACTIVE = """
    select c.connection_id, c.device, c.kind, c.host, c.port, c.settings, c.slots, c.active
    from connection c join device d using (tenant_id, device)
    where c.tenant_id = %s and c.active and d.active order by c.connection_id"""
_ADD_SLOTS = """
    insert into connection_lease (tenant_id, connection_id, slot)
    select tenant_id, connection_id, generate_series(1, slots) from connection where tenant_id = %s
    on conflict do nothing"""
_TAKE = """
    update connection_lease l set held_by = %(me)s, held_until = clock_timestamp() + %(lease)s * interval '1 s',
        state = 'connecting', since = clock_timestamp(), per_second = null
    from (select tenant_id, connection_id, slot from connection_lease
          where tenant_id = %(tenant)s and connection_id = %(connection)s and slot <= %(slots)s
              and (held_by is null or held_until < clock_timestamp())
              and (not %(has_one)s or held_until < clock_timestamp() - %(orphaned)s * interval '1 s')
          order by slot limit 1 for update skip locked) free
    where (l.tenant_id, l.connection_id, l.slot) = (free.tenant_id, free.connection_id, free.slot)
    returning l.slot"""
_RENEW = """
    update connection_lease set held_until = clock_timestamp() + %(lease)s * interval '1 s', state = %(state)s,
        since = %(since)s, trouble = coalesce(%(trouble)s, trouble), trouble_at = coalesce(%(trouble_at)s, trouble_at),
        per_second = %(per_second)s, heard_at = coalesce(%(heard_at)s, heard_at), facts = %(facts)s
    where tenant_id = %(tenant)s and connection_id = %(connection)s and slot = %(slot)s and held_by = %(me)s"""
_GIVE_BACK = """
    update connection_lease set held_by = null, held_until = clock_timestamp(), state = 'waiting', per_second = null,
        since = clock_timestamp()
    where tenant_id = %s and connection_id = %s and slot = %s and held_by = %s"""


class Call(Protocol):
    """One attempt at a connection, of whatever kind."""

    async def serve(self) -> None:
        """Connect and work until it breaks, which is raised as a ShelfwiseError, or until cancelled."""
        ...


# Makes a call for a slot of a connection; awaited, for it looks the address up. Raises ShelfwiseError.
MakeCall = Callable[[Connection, int, Status], Awaitable[Call]]


class _Holding:
    """A slot that this gateway holds."""

    def __init__(self, connection: Connection, slot: int, make: MakeCall) -> None:
        self.connection = connection
        self.slot = slot
        self.status = Status()
        self._make = make
        self._counted, self._counted_at = 0, time.monotonic()
        self.task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        """One call after the other, with longer and longer pauses while none holds."""
        pause = _FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            try:
                call = await self._make(self.connection, self.slot, self.status)
                await call.serve()
            except ShelfwiseError as error:
                self.status.failed(str(error))
            except Exception as error:  # one connection's trouble is not the gateway's
                log.exception("a connection failed", device=self.connection.device)
                self.status.failed(f"Something nobody foresaw: {type(error).__name__}: {error}. Report this.")
            if time.monotonic() - began > _STABLE_S:
                pause = _FIRST_PAUSE_S
            log.warning("connection lost", device=self.connection.device, why=self.status.trouble)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def per_second(self) -> float | None:
        """Since it was asked last."""
        now = time.monotonic()
        span, count = now - self._counted_at, self.status.messages - self._counted
        self._counted, self._counted_at = self.status.messages, now
        return round(count / span, 1) if span > 0 and self.status.state == "connected" else None

    async def end(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


class Keeper:
    """The connections of one gateway.

    Args:
        make: makes the call for a slot; see `MakeCall`.
    """

    def __init__(self, url: str, tenant: int, make: MakeCall) -> None:
        self._url = url
        self._tenant = tenant
        self._make = make
        self.name = f"{socket.gethostname()[:40]}-{secrets.token_hex(4)}"
        self._held: dict[tuple[int, int], _Holding] = {}
        self._renewed = time.monotonic()

    def statuses(self) -> list[tuple[Connection, Status]]:
        return [(holding.connection, holding.status) for holding in self._held.values()]

    async def watch(self) -> None:
        """Keep what may be kept, until cancelled; then end all and give the leases back."""
        try:
            while True:
                try:
                    await self._watch()
                except psycopg.Error as error:
                    log.warning("leases of connections cannot be renewed", error=str(error))
                if time.monotonic() - self._renewed > _GIVE_UP_S:
                    await self._end(list(self._held))
                await asyncio.sleep(_PAUSE_S)
        finally:
            held = list(self._held.values())
            await self._end(list(self._held))
            with contextlib.suppress(psycopg.Error, OSError):
                await self._give_back(held)

    async def _watch(self) -> None:
        async with await connect(self._url) as db:
            await db.execute("listen connection; listen device")
            while True:
                await self._go_round(db)
                self._renewed = time.monotonic()
                async for _ in db.notifies(timeout=_RENEW_S, stop_after=1):
                    pass

    async def _go_round(self, db: Db) -> None:
        async with db.cursor(row_factory=class_row(Connection)) as cursor:
            await cursor.execute(_ACTIVE, (self._tenant,))
            wanted = {one.connection_id: one async for one in cursor}
        stale = [
            key
            for key, holding in self._held.items()
            if wanted.get(key[0]) != holding.connection or not await self._renew(db, holding)
        ]
        ended = [self._held[key] for key in stale]
        await self._end(stale)
        for holding in ended:
            await db.execute(_GIVE_BACK, (self._tenant, holding.connection.connection_id, holding.slot, self.name))
        if wanted:
            await db.execute(_ADD_SLOTS, (self._tenant,))
        for connection in wanted.values():
            await self._take(db, connection)

    async def _take(self, db: Db, connection: Connection) -> None:
        terms = {
            "me": self.name, "tenant": self._tenant, "connection": connection.connection_id, "slots": connection.slots,
            "lease": LEASE_S, "orphaned": _ORPHANED_S,
            "has_one": any(key[0] == connection.connection_id for key in self._held),
        }  # fmt: skip
        cursor = await db.execute(_TAKE, terms)
        if (row := await cursor.fetchone()) is not None:
            self._held[connection.connection_id, row[0]] = _Holding(connection, row[0], self._make)

    async def _renew(self, db: Db, holding: _Holding) -> bool:
        status = holding.status
        cursor = await db.execute(
            _RENEW,
            {
                "lease": LEASE_S, "tenant": self._tenant, "connection": holding.connection.connection_id,
                "slot": holding.slot, "me": self.name, "state": status.state, "since": status.since,
                "trouble": status.trouble, "trouble_at": status.trouble_at, "per_second": holding.per_second(),
                "heard_at": status.heard_at, "facts": Jsonb(status.facts),
            },
        )  # fmt: skip
        return cursor.rowcount == 1

    async def _end(self, keys: list[tuple[int, int]]) -> None:
        ending = [self._held.pop(key) for key in keys]
        await asyncio.gather(*(holding.end() for holding in ending))

    async def _give_back(self, held: list[_Holding]) -> None:
        if not held:
            return
        async with await connect(self._url) as db:
            for holding in held:
                await db.execute(_GIVE_BACK, (self._tenant, holding.connection.connection_id, holding.slot, self.name))
            await db.execute("notify connection")
