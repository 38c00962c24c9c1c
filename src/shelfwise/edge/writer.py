"""The pipeline's port to Postgres: a batch becomes durable in one transaction, or it is refused as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import psycopg

from shelfwise.core.errors import Unavailable
from shelfwise.edge import announced, tables, waiting
from shelfwise.edge.model import Announcement
from shelfwise.edge.tables import Receipt, Unreadable
from shelfwise.store.database import Tx, notify, run

CrashPoint = Callable[[str], None]

# What a row can be guilty of: data, constraint and size errors. Everything else is the database's own trouble.
_ROWS_FAULT = ("21", "22", "23", "54")
# So often a batch may be the one that Postgres gives up for another's sake, before that counts as its trouble.
GIVEN_UP = 5
# The most batches that are searched for copies after one that held some.
LONGEST_DOUBT = 64


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
        receipts: what sessions of QoS 2 keep or give back, in order.
        waiting: messages with readings of devices that are not known; they are told what became of them.
        announced: by device, what it said of its topics, in order.
    """

    rows: Sequence[bytes]
    readings: int
    days: frozenset[int]
    timeless: bool
    unreadable: Sequence[Unreadable]
    receipts: Sequence[Receipt] = ()
    waiting: Sequence[waiting.Waiting] = ()
    announced: Sequence[tuple[str, Announcement]] = ()


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
        self._copies = Copies()

    def write(self, batch: Batch) -> int:
        return self._write_or_refuse(batch, GIVEN_UP)

    def _write_or_refuse(self, batch: Batch, patience: int) -> int:
        knew_of_partitions = bool(self._days)
        try:
            tx = self._tx or self._connect()
            return self._write(tx, batch)
        except psycopg.Error as error:
            self.close()
            if knew_of_partitions and isinstance(error, psycopg.errors.CheckViolation):
                # Perhaps one of them was dropped meanwhile: look again before a row is blamed.
                return self._write_or_refuse(batch, patience)
            if patience and isinstance(error, psycopg.errors.DeadlockDetected):
                # Two gateways store one backlog in different orders: the other one has its rows now.
                return self._write_or_refuse(batch, patience - 1)
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
        heard = bool(batch.waiting) and waiting.keep(tx, self._tenant, batch.waiting)
        if batch.unreadable:
            tables.put_in_quarantine(tx, self._tenant, batch.unreadable)
            notify(tx, "live", "quarantine")
        if batch.receipts:
            # A message that was refused leaves nothing, so its packet identifier is free again.
            refused = {one.receipt for one in batch.waiting if one.refused}
            tables.keep_receipts(tx, self._tenant, [one for one in batch.receipts if one not in refused])
        if batch.announced:
            announced.keep(tx, self._tenant, batch.announced)
        self._crash_point("before_commit")
        run(tx, "notify reading; commit" if new or heard else "commit")
        self._crash_point("after_commit")
        return new

    def _store(self, tx: Tx, batch: Batch) -> int:
        """Copy a batch into the open transaction; returns how many of its readings were new."""
        content = b"".join((tables.COPY_HEADER, *batch.rows, tables.COPY_TRAILER))
        if not batch.timeless and self._copies.expects_none():
            try:
                _copy(tx, tables.COPY_NEW, content)
            except psycopg.errors.UniqueViolation:
                self._copies.found()
                run(tx, "rollback; begin")
            else:
                self._copies.found_none()
                self._crash_point("copied")
                return batch.readings
        _copy(tx, tables.COPY_INCOMING, content)
        self._crash_point("copied")
        new = run(tx, tables.STORE_INCOMING_TIMELESS if batch.timeless else tables.STORE_INCOMING)
        if new < batch.readings:
            self._copies.found()
        return new


class Copies:
    """Whether the next batch is likely to hold readings that are stored already.

    A batch that turns out to hold some is written twice, so after each of them more batches go the safe way: a
    gateway that sends a day again costs one attempt in `LONGEST_DOUBT`, not one in two.
    """

    def __init__(self) -> None:
        self._doubt = 0
        self._batches = 0

    def expects_none(self) -> bool:
        """Whether to try without looking for copies."""
        if self._batches:
            self._batches -= 1
            return False
        return True

    def found(self) -> None:
        """The last batch held copies."""
        self._doubt = min(max(1, 2 * self._doubt), LONGEST_DOUBT)
        self._batches = self._doubt

    def found_none(self) -> None:
        """An attempt went well."""
        self._doubt = 0


def _copy(tx: Tx, statement: str, content: bytes) -> None:
    with tx.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(content)
