"""What the doors know of the database without asking for each message: the devices and how business time runs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg.rows import class_row

from shelfwise.core.clocks import BusinessTime
from shelfwise.core.errors import Invalid
from shelfwise.edge.announced import SELECT_ANNOUNCED, Announcements, Topics, by_topic, learn, of_row
from shelfwise.edge.devices import SELECT_DEVICES, Device, hash_of
from shelfwise.edge.formats import ANNOUNCED
from shelfwise.edge.link import Connection, connect
from shelfwise.edge.model import Announcement, Known, Origin, fault_of_name
from shelfwise.edge.scopes import SELECT_SCOPES, SELECT_SITE_KEYS, Scope, SiteKeySecret, reach_of
from shelfwise.edge.sign_ins import SignIns

log = structlog.get_logger(__name__)

_LOOK_S = 1.0
_PAUSE_S = 0.5
_FIRST_READ_S = 5.0
# By then what was learned is committed, or will be sent again.
_COMMITTED_S = 30.0
_CLOCK = "select wall_anchor, business_anchor, rate from business_clock where tenant_id = %s"


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
        self._keys: dict[bytes, SiteKeySecret] = {}
        self._scopes: list[Scope] = []
        self._sign_ins = SignIns()
        self._lookup: Connection | None = None
        self._lock = asyncio.Lock()
        self._read = asyncio.Event()
        self.known = Known()
        # Counts changes of devices and of what their topics mean, for whoever remembers what followed from them.
        self.changes = 0
        self._announced: dict[str, Announcements] = {}
        self._topics: dict[str, Topics] = {}
        # Just learned, and perhaps not committed yet when the table is read next.
        self._learned: dict[tuple[str, str], tuple[float, Announcement]] = {}
        self._loop = asyncio.get_running_loop()
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

    async def sign_in(self, name: str, secret: bytes, address: str = "") -> Device | None:
        """The device as it proved to be, if it is active and the secret is its own or a key of the site it stands at.

        One that is new, or has a new secret, is looked up. With a site key a name that nobody registered may sign in
        too: what it says waits until somebody claims it.

        Args:
            address: from where; kept for whoever asks when the credential was used last.

        Raises:
            psycopg.Error: that could not be found out.
        """
        try:
            await asyncio.wait_for(self._read.wait(), _FIRST_READ_S)
        except TimeoutError:
            raise psycopg.OperationalError(self.trouble or "") from None
        proven = None
        if self.trouble is None:
            proven = _proven(self._devices.get(name), secret)
        if proven is None:
            found = await self._look_up(name)
            proven = _proven(found, secret) or self._with_site_key(name, found, secret)
        if proven is not None:
            by = "secret before" if proven.by == "secret" and not self._is_newest(proven) else proven.by
            self._sign_ins.succeeded(name, address, by)
        elif name in self._devices:
            self._sign_ins.failed(name, address)
        return proven

    def allows(self, device: Device) -> bool:
        """Whether a device that signed in before may stay."""
        found = self._devices.get(device.device)
        if device.by == "secret":
            return found is not None and (
                (found.speaks_for, found.format) == (device.speaks_for, device.format)
                and found.lets_in(device.secret_hash)
            )
        key = self._keys.get(device.secret_hash)
        return key is not None and _may_use(key, found)

    def _with_site_key(self, name: str, found: Device | None, secret: bytes) -> Device | None:
        secret_hash = hash_of(secret)
        key = self._keys.get(secret_hash)
        if key is None or fault_of_name(name) is not None or not _may_use(key, found):
            return None
        return Device(name, secret_hash, key.name, True, found.format if found else None, by=key.name)

    def _is_newest(self, device: Device) -> bool:
        found = self._devices.get(device.device)
        return found is not None and found.secret_hash == device.secret_hash

    def format_of(self, device: str) -> str | None:
        """What a device speaks wherever it publishes, where it was registered so."""
        found = self._devices.get(device)
        return None if found is None else found.format

    def understood(self, origin: Origin) -> Origin:
        """The same, with what the topic's values mean where the sender announced that."""
        means = self._topics.get(origin.device, {}).get(origin.topic)
        return origin if means is None else replace(origin, subject=origin.device, format=ANNOUNCED, means=means)

    def learn(self, device: str, told: Announcement) -> None:
        """Take what a device announced; on any thread.

        Raises:
            Invalid: it has announced too much.
        """
        known = dict(self._announced.get(device, {}))
        learn(known, told)
        self._learned[device, told.topic] = (time.monotonic(), told)
        self._announced[device] = known
        self._topics[device] = by_topic(known)
        self.changes += 1
        self._loop.call_soon_threadsafe(self._on_change)

    async def close(self) -> None:
        if self._lookup is not None:
            with contextlib.suppress(psycopg.Error):
                await self._lookup.close()
            self._lookup = None

    async def _watch(self) -> None:
        async with await connect(self._url) as db:
            await db.execute("listen device; listen clock")
            while True:
                await self._read_devices(db)
                told = False
                while not told:
                    await self._read_clock(db)
                    self.trouble = None
                    self._read.set()
                    await self._sign_ins.write(db, self._tenant)
                    if self._an_overlap_ended():
                        self._on_change()
                    async for _ in db.notifies(timeout=_LOOK_S, stop_after=1):
                        told = True
                # Many changes at once are one reading of the table.
                await asyncio.sleep(0.02)
                async for _ in db.notifies(timeout=0):
                    pass

    async def _read_devices(self, db: Connection) -> None:
        # Under the same lock as single look-ups, so that an older picture never replaces a newer one.
        async with self._lock:
            async with db.cursor(row_factory=class_row(Device)) as devices:
                await devices.execute(SELECT_DEVICES, (self._tenant,))
                self._devices = {device.device: device async for device in devices}
            async with db.cursor(row_factory=class_row(Scope)) as scopes:
                await scopes.execute(SELECT_SCOPES, (self._tenant,))
                self._scopes = await scopes.fetchall()
            async with db.cursor(row_factory=class_row(SiteKeySecret)) as keys:
                await keys.execute(SELECT_SITE_KEYS, (self._tenant,))
                self._keys = {key.secret_hash: key async for key in keys}
        active = frozenset(name for name, device in self._devices.items() if device.active)
        self.known = Known(active, reach_of(self._scopes, self._devices.values()))
        await self._read_announced(db)
        self.changes += 1
        self._on_change()

    def _an_overlap_ended(self) -> bool:
        """Whether a secret before the present one has become useless since the last look."""
        now = datetime.now(UTC)
        ended = [
            device
            for device in self._devices.values()
            if device.secret_before_until is not None and device.secret_before_until <= now
        ]
        for device in ended:
            self._devices[device.device] = replace(device, secret_before=None, secret_before_until=None)
        return bool(ended)

    async def _read_announced(self, db: Connection) -> None:
        found: dict[str, Announcements] = {}
        async for device, topic, states in await db.execute(SELECT_ANNOUNCED, (self._tenant,)):
            found.setdefault(device, {})[topic] = of_row(topic, states)
        since = time.monotonic() - _COMMITTED_S
        self._learned = {key: told for key, told in self._learned.items() if told[0] > since}
        for (device, _), (_, told) in self._learned.items():
            with contextlib.suppress(Invalid):
                learn(found.setdefault(device, {}), told)
        self._announced = found
        self._topics = {device: by_topic(known) for device, known in found.items()}

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
            self._lookup = await connect(self._url)
            return await self._ask(self._lookup, name)

    async def _ask(self, db: Connection, name: str) -> Device | None:
        async with db.cursor(row_factory=class_row(Device)) as cursor:
            await cursor.execute(f"{SELECT_DEVICES} and d.device = %s", (self._tenant, name))
            found = await cursor.fetchone()
        if found is not None and found.active:
            self._devices[name] = found
            reach = reach_of(self._scopes, self._devices.values()) if self._scopes else {}
            self.known = Known(frozenset((*self.known.active, name)), reach)
        return found


def _proven(found: Device | None, secret: bytes) -> Device | None:
    """The device as it signed in, if that is one of its own secrets."""
    if found is None:
        return None
    secret_hash = hash_of(secret)
    return replace(found, secret_hash=secret_hash) if found.lets_in(secret_hash) else None


def _may_use(key: SiteKeySecret, found: Device | None) -> bool:
    """Whether a device may sign in with the key of a site: it stands there for itself, or is nobody's."""
    return found is None or (found.active and found.speaks_for == "self" and found.site_id == key.site_id)
