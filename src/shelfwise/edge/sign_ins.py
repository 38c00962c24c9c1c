"""Who used which credential last: noted in memory at each sign-in, written now and then."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

_AGAIN_S = 300.0
_FLUSH_S = 2.0

_WRITE = """
    insert into device_sign_in as s (tenant_id, device, at, address, by_what, failed, failed_at, failed_address)
    select %(tenant)s, d.device, %(at)s, %(address)s, %(by)s, %(failed)s, %(failed_at)s, %(failed_address)s
    from device d where d.tenant_id = %(tenant)s and d.device = %(device)s
    on conflict (tenant_id, device) do update
    set at = coalesce(excluded.at, s.at),
        address = case when excluded.at is null then s.address else excluded.address end,
        by_what = case when excluded.at is null then s.by_what else excluded.by_what end,
        failed = s.failed + excluded.failed,
        failed_at = coalesce(excluded.failed_at, s.failed_at),
        failed_address = case when excluded.failed_at is null then s.failed_address else excluded.failed_address end"""


@dataclass
class _Noted:
    """What happened at a device's sign-ins since it was written."""

    at: datetime | None = None
    address: str = ""
    by: str = ""
    failed: int = 0
    failed_at: datetime | None = None
    failed_address: str = ""


class SignIns:
    """The sign-ins of registered devices at one gateway.

    A device that signs in for each message from the same address is written once in five minutes.
    """

    def __init__(self) -> None:
        self._noted: dict[str, _Noted] = {}
        self._written: dict[str, tuple[str, str, float]] = {}
        self._flushed = 0.0

    def succeeded(self, device: str, address: str, by: str) -> None:
        known = self._written.get(device)
        if known is not None and known[:2] == (address, by) and time.monotonic() - known[2] < _AGAIN_S:
            return
        noted = self._noted.setdefault(device, _Noted())
        noted.at, noted.address, noted.by = datetime.now(UTC), address, by

    def failed(self, device: str, address: str) -> None:
        noted = self._noted.setdefault(device, _Noted())
        noted.failed += 1
        noted.failed_at, noted.failed_address = datetime.now(UTC), address

    async def write(self, db: psycopg.AsyncConnection[psycopg.rows.TupleRow], tenant: int) -> None:
        """Write what was noted, if it is time.

        Raises:
            psycopg.Error: nothing was written; what was noted is kept for the next time.
        """
        now = time.monotonic()
        if not self._noted or now - self._flushed < _FLUSH_S:
            return
        self._flushed = now
        taken, self._noted = self._noted, {}
        try:
            async with db.transaction(), db.cursor() as cursor:
                # In this order at every gateway, so that two never wait for each other.
                await cursor.executemany(
                    _WRITE,
                    [{"tenant": tenant, "device": device, **vars(noted)} for device, noted in sorted(taken.items())],
                )
        except psycopg.Error:
            self._noted = taken | self._noted
            raise
        for device, noted in taken.items():
            if noted.at is not None:
                self._written[device] = (noted.address, noted.by, now)
