"""Connections, transactions and typed rows. SQL itself lives in each room's `tables.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from shelfwise.core.errors import Unavailable

Tx = psycopg.Connection[TupleRow]
Params = Mapping[str, Any] | Sequence[Any]
Row = TypeVar("Row")

# The name of connections while their transaction stands aside; a trigger on `reading` knows it too.
ASIDE = "shelfwise-aside"

# What Postgres reports when it cannot take more: disk, memory, connections, or its own shutdown.
_REFUSALS = (
    psycopg.errors.InsufficientResources,
    psycopg.errors.OperatorIntervention,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.IoError,
)


class Database:
    """A pool of connections to one Postgres.

    Args:
        url: a libpq URL; a transaction pooler between us and Postgres breaks LISTEN and cursors.
        size: the most connections to hold.
    """

    def __init__(self, url: str, size: int = 8) -> None:
        self.url = url
        self._pool: ConnectionPool[Tx] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            kwargs={"options": "-c timezone=UTC"},
            timeout=10,
            check=ConnectionPool.check_connection,
        )

    def open(self, timeout: float = 10.0) -> Database:
        """Open the pool; returns itself.

        Raises:
            Unavailable: Postgres did not answer within `timeout` seconds.
        """
        try:
            self._pool.open(wait=True, timeout=timeout)
        except psycopg.OperationalError as error:
            self._pool.close()
            raise Unavailable(f"Postgres does not answer: {error}. Is `shelfwise up` running?") from error
        return self

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """One transaction: committed at the end, rolled back on any exception.

        Raises:
            Unavailable: Postgres cannot be reached or refuses work (full disk, shutting down); nothing was applied.
        """
        try:
            with self._pool.connection() as tx:
                yield tx
        except _REFUSALS as error:
            raise Unavailable(f"Postgres refuses work: {error}. Nothing was applied; try again.") from error
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                raise Unavailable("The connection to Postgres was lost. Nothing is known to be applied.") from error
            raise

    def listen_connection(self) -> Tx:
        """A connection of its own, in autocommit, for LISTEN; the caller closes it."""
        return psycopg.connect(self.url, autocommit=True)


def stand_aside(tx: Tx) -> None:
    """Say, at the beginning of a transaction that may take long, that it writes no reading.

    Whoever reads on in the readings then does not wait for its end. Postgres refuses readings in it from here on.
    """
    tx.execute(f"set local application_name = '{ASIDE}'")


def rows(tx: Tx, kind: type[Row], sql: str, params: Params | None = None) -> list[Row]:
    """All rows of a query as dataclasses of `kind`, matched by column name."""
    with tx.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql, params).fetchall()


def first(tx: Tx, kind: type[Row], sql: str, params: Params | None = None) -> Row | None:
    """The first row of a query as a dataclass, or None."""
    with tx.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql, params).fetchone()


def values(tx: Tx, sql: str, params: Params | None = None) -> list[TupleRow]:
    """All rows of a query as tuples."""
    return tx.execute(sql, params).fetchall()


def value(tx: Tx, sql: str, params: Params | None = None) -> Any:
    """The first column of the first row, or None where there is no row."""
    row = tx.execute(sql, params).fetchone()
    return None if row is None else row[0]


def run(tx: Tx, sql: str, params: Params | None = None) -> int:
    """Execute a statement; returns how many rows it touched."""
    return tx.execute(sql, params).rowcount


def notify(tx: Tx, channel: str, payload: str = "") -> None:
    """A hint to listeners once this transaction commits. Only a hint: nothing may depend on its arrival."""
    tx.execute("select pg_notify(%s, %s)", (channel, payload))
