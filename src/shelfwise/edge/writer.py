"""The pipeline's port to Postgres: a batch becomes durable in one transaction, or it is refused as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import psycopg

from shelfwise.core.errors import Unavailable
from shelfwise.edge import tables
from shelfwise.edge.tables import Unreadable
from shelfwise.store.database import Tx, notify, run

CrashPoint = Callable[[str], None]

# What a row can be guilty of: data, constraint and size errors. Everything else is the database's own trouble.
_ROWS_FAULT = ("21", "22", "23", "54")


class BadRow(Exception):
    """Postgres would not take one row of the batch; which one, only trying the parts can tell."""


@dataclass(frozen=True)
class Batch:
    """What is to become durable together.

    Attributes:
        rows: rows encoded by `tables.copy_row`, in order.
        readings: how many rows that are.
        days: the UTC days they were observed on, as `tables.day_number` counts.
        timeless: whether a reading has an id but no claimed time.
        unreadable: messages for the quarantine.
    """

    rows: Sequence[bytes]
    readings: int
    days: frozenset[int]
    timeless: bool
    unreadable: Sequence[Unreadable]


class Writer(Protocol):
    """Whatever makes batches durable."""

    def write(self, batch: Batch) -> int:
        """Make a batch durable; returns how many of its readings were new.

        Raises:
            Unavailable: nothing is known to be durable; try again unchanged.
            BadRow: nothing was stored, because of a row in the batch.
        """
        ...

    def close(self) -> None: ...


class PostgresWriter:
    """One connection, kept open; made anew after any error.

    Args:
        url: the database.
        tenant: whose readings these are.
        crash_point: called with 'copied', 'before_commit' and 'after_commit', for tests of crashes.
    """

    def __init__(self, url: str, tenant: int, crash_point: CrashPoint) -> None:
        self._url = url
        self._tenant = tenant
        self._crash_point = crash_point
        self._tx: Tx | None = None
        self._days: set[int] = set()

    def write(self, batch: Batch) -> int:
        knew_of_partitions = bool(self._days)
        try:
            tx = self._tx or self._connect()
            return self._write(tx, batch)
        except psycopg.Error as error:
            if knew_of_partitions and isinstance(error, psycopg.errors.CheckViolation):
                # Perhaps one of them was dropped meanwhile: look again before a row is blamed.
                self.close()
                return self.write(batch)
            self.close()
            if isinstance(error, psycopg.DataError) or (error.sqlstate or "").startswith(_ROWS_FAULT):
                raise BadRow(f"Postgres refused a row: {error}") from error
            raise Unavailable(f"Postgres refuses readings: {error or type(error).__name__}") from error

    def close(self) -> None:
        self._days = set()
        if self._tx is not None:
            self._tx.close()
            self._tx = None

    def _connect(self) -> Tx:
        options = "-c timezone=UTC -c jit=off -c synchronous_commit=on -c application_name=shelfwise-gateway"
        tx: Tx = psycopg.connect(
            self._url, autocommit=True, options=options, connect_timeout=5, tcp_user_timeout=30_000, prepare_threshold=1
        )
        self._tx = tx
        run(tx, tables.CREATE_INCOMING)
        return tx

    def _write(self, tx: Tx, batch: Batch) -> int:
        if not batch.days <= self._days:
            with tx.transaction():
                tables.ensure_partitions(tx, batch.days - self._days)
            self._days |= batch.days
        run(tx, "begin")
        new = self._store(tx, batch) if batch.readings else 0
        if batch.unreadable:
            tables.put_in_quarantine(tx, self._tenant, batch.unreadable)
            notify(tx, "live", "quarantine")
        self._crash_point("before_commit")
        run(tx, "notify reading; commit" if new else "commit")
        self._crash_point("after_commit")
        return new

    def _store(self, tx: Tx, batch: Batch) -> int:
        with tx.cursor() as cursor, cursor.copy(tables.COPY_INCOMING) as copy:
            copy.write(b"".join((tables.COPY_HEADER, *batch.rows, tables.COPY_TRAILER)))
        self._crash_point("copied")
        if batch.timeless:
            return run(tx, tables.STORE_INCOMING_TIMELESS, {"tenant": self._tenant})
        return run(tx, tables.STORE_INCOMING, (self._tenant,))
