"""Which devices are connected: told to Postgres once a second, so that a storm of connections is one statement."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from shelfwise.core.clocks import BusinessTime
from shelfwise.edge.link import Connection, Link
from shelfwise.edge.mqtt.requests import Will

LEFT, LOST, CLOSED = "left", "lost", "closed"
# The reasons that say how a stay ended; where a connection just broke it was lost, and else it was closed.
ENDINGS = {"disconnect": LEFT, "keep-alive": LOST, "stuck": LOST}
_LONGEST_WORDS = 200


@dataclass(frozen=True)
class Change:
    """What became of a device. `due`: in seconds of `time.monotonic`, not before a will's delay is over."""

    since: datetime
    due: float
    ended: str | None = None
    last_words: str | None = None


class Presence:
    """See the module. A device is connected while one of its clients is.

    Args:
        business: how business time runs now.
    """

    def __init__(self, link: Link, tenant: int, gateway: str, business: Callable[[], BusinessTime]) -> None:
        self._link = link
        self._tenant = tenant
        self._gateway = gateway
        self._business = business
        self._connected: Counter[str] = Counter()
        self._changes: dict[str, Change] = {}

    def connections_of(self, device: str) -> int:
        return self._connected[device]

    def came(self, device: str) -> None:
        """A client of the device has signed in; what its will was waiting to say is not said any more."""
        self._connected[device] += 1
        if self._connected[device] == 1:
            self._changes[device] = Change(self._now(), time.monotonic())

    def went(self, device: str, ended: str, will: Will | None, most_delay_s: int) -> None:
        """A connection of the device has ended. `will`: None where there is none, or it is not to be said."""
        self._connected[device] -= 1
        if self._connected[device] > 0:
            return
        del self._connected[device]
        delay = min(will.delay, most_delay_s) if will is not None else 0
        words = None if will is None else _readable(will.payload)
        self._changes[device] = Change(self._now(), time.monotonic() + delay, ended, words)

    async def write_down(self, everything: bool = False) -> None:
        """
        Raises:
            psycopg.Error: it could not be written; it will be tried again.
        """
        now = time.monotonic()
        due = {device: change for device, change in self._changes.items() if everything or change.due <= now}
        if not due:
            return
        rows = [
            (change.ended is None, change.since, change.ended, change.last_words, self._gateway, self._tenant, device)
            for device, change in due.items()
        ]

        async def work(db: Connection) -> None:
            async with db.transaction(), db.cursor() as cursor:
                # Of a device that is gone by now there is nothing to tell.
                await cursor.executemany(
                    """insert into device_presence (tenant_id, device, online, since, ended, last_words, gateway)
                       select d.tenant_id, d.device, %s, %s, %s, %s, %s from device d
                       where d.tenant_id = %s and d.device = %s
                       on conflict (tenant_id, device) do update
                       set online = excluded.online, since = excluded.since, ended = excluded.ended,
                           last_words = excluded.last_words, gateway = excluded.gateway""",
                    rows,
                )
                await cursor.execute("select pg_notify('live', 'floor')")

        await self._link.do(work)
        for device, change in due.items():
            if self._changes.get(device) is change:
                del self._changes[device]

    async def begin(self) -> None:
        """After a start: nobody is connected to this gateway, whatever it wrote down before it was killed."""
        now = self._now()

        async def work(db: Connection) -> None:
            await db.execute(
                """update device_presence set online = false, since = %s, ended = %s, last_words = null
                   where tenant_id = %s and gateway = %s and online""",
                (now, CLOSED, self._tenant, self._gateway),
            )

        await self._link.do(work)

    def _now(self) -> datetime:
        return self._business().at(datetime.now(UTC))


def _readable(payload: bytes) -> str:
    text = payload[:_LONGEST_WORDS].decode(errors="replace")
    return "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in text)
