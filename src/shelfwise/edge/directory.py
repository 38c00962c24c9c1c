"""What the doors know of the database without asking for each message: the devices and how business time runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg.rows import class_row

from shelfwise.core.clocks import BusinessTime
from shelfwise.edge.devices import SELECT_DEVICES, Device

log = structlog.get_logger(__name__)

_LOOK_S = 1.0
_PAUSE_S = 0.5
_FIRST_READ_S = 5.0
_CLOCK = "select wall_anchor, business_anchor, rate from business_clock where tenant_id = %s"

Connection = psycopg.AsyncConnection[psycopg.rows.TupleRow]


class Directory:
    """Devices and business time, at most about a second old while Postgres answers.

    A change of a device is told by NOTIFY and taken over at once; the clock is read about each second, which also shows
    whether the connection that would be told still lives.

    Args:
        on_change: called after devices changed, so that doors can close what is no longer allowed.
    """

    def __init__(self, url: str, tenant: int, on_change: Callable[[], None]) -> None:
        self._url = url
        self._tenant = tenant
        self._on_change = on_change
        self._devices: dict[str, Device] = {}
        self._lookup: Connection | None = None
        self._lock = asyncio.Lock()
        self._read = asyncio.Event()
        self.active: frozenset[str] = frozenset()
        now = datetime.now(UTC)
        self.time = BusinessTime(now, now)
        self.trouble: str | None = "the devices have not been read yet"

    async def watch(self) -> None:
        """Keep up to date, until cancelled."""
        while True:
            try:
                await self._watch()
            except psycopg.Error as error:
                if self.trouble is None:
                    log.warning("postgres does not answer", error=str(error))
                self.trouble = f"Postgres does not answer: {error}"
            await asyncio.sleep(_PAUSE_S)

    async def sign_in(self, name: str, secret: bytes) -> Device | None:
        """The device, if it is active and the secret is its own. One that is new, or has a new secret, is looked up.

        Raises:
            psycopg.Error: that could not be found out.
        """
        try:
            await asyncio.wait_for(self._read.wait(), _FIRST_READ_S)
        except TimeoutError:
            raise psycopg.OperationalError(self.trouble or "") from None
        found = self._devices.get(name)
        if self.trouble is None and found is not None and found.active and found.proves(secret):
            return found
        found = await self._look_up(name)
        return found if found is not None and found.active and found.proves(secret) else None

    def allows(self, device: Device) -> bool:
        """Whether a device that signed in before may stay."""
        return self._devices.get(device.device) == device and device.active

    async def close(self) -> None:
        if self._lookup is not None:
            with contextlib.suppress(psycopg.Error):
                await self._lookup.close()
            self._lookup = None

    async def _watch(self) -> None:
        async with await _connect(self._url) as db:
            await db.execute("listen device; listen clock")
            while True:
                await self._read_devices(db)
                told = False
                while not told:
                    await self._read_clock(db)
                    self.trouble = None
                    self._read.set()
                    async for _ in db.notifies(timeout=_LOOK_S, stop_after=1):
                        told = True
                # Many changes at once are one reading of the table.
                await asyncio.sleep(0.02)
                async for _ in db.notifies(timeout=0):
                    pass

    async def _read_devices(self, db: Connection) -> None:
        # Under the same lock as single look-ups, so that an older picture never replaces a newer one.
        async with self._lock, db.cursor(row_factory=class_row(Device)) as cursor:
            await cursor.execute(SELECT_DEVICES, (self._tenant,))
            self._devices = {device.device: device async for device in cursor}
        self.active = frozenset(name for name, device in self._devices.items() if device.active)
        self._on_change()

    async def _read_clock(self, db: Connection) -> None:
        async with db.cursor(row_factory=class_row(BusinessTime)) as cursor:
            await cursor.execute(_CLOCK, (self._tenant,))
            time = await cursor.fetchone()
        if time is None:
            raise psycopg.DataError(f"tenant {self._tenant} has no business clock; set it up with `shelfwise up`")
        self.time = time

    async def _look_up(self, name: str) -> Device | None:
        if not name.isprintable():
            return None
        async with self._lock:
            if self._lookup is not None:
                try:
                    return await self._ask(self._lookup, name)
                except psycopg.Error:
                    # Perhaps only this connection is gone: Postgres may be back by now.
                    await self.close()
            self._lookup = await _connect(self._url)
            return await self._ask(self._lookup, name)

    async def _ask(self, db: Connection, name: str) -> Device | None:
        async with db.cursor(row_factory=class_row(Device)) as cursor:
            await cursor.execute(f"{SELECT_DEVICES} and device = %s", (self._tenant, name))
            found = await cursor.fetchone()
        if found is not None and found.active:
            self._devices[name] = found
            self.active |= {name}
        return found


async def _connect(url: str) -> Connection:
    return await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=5, options="-c application_name=shelfwise-gateway"
    )
