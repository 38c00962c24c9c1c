"""The database that tests use one after the other: emptied after each, and filled alike for those that begin alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from shelfwise.access.context import stand_still
from shelfwise.store.database import Tx, rows, run, values

Begun = TypeVar("Begun")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
# By this name Postgres knows the connections that one test leaves to the next.
LENT = "lent"


def fill(tx: Tx) -> None:
    """One tenant, its clock at NOON, and nothing else."""
    run(tx, "insert into tenant values (1, 'Test', 'EUR')")
    stand_still(tx, 1, NOON)


def empty(tx: Tx) -> None:
    """Delete all rows, which is many times faster than a new database; what was left unused is not touched.

    Whoever is still connected is sent away before, but for connections at rest that one test leaves to the next.
    """
    tx.execute(
        """select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
             and (application_name, state) <> (%s, 'idle')""",
        (LENT,),
    )
    emptying = ["set local session_replication_role = replica", "set local lock_timeout = '10s'"]
    emptying += [f"delete from {table}" for table in used_tables(tx)]
    # Restarting makes a new file. Only where connections took numbers in advance must they be told to forget them.
    emptying += [
        f"alter sequence {one.name} restart" if one.ahead > 1 else f"select setval('{one.name}', {one.start}, false)"
        for one in _used_sequences(tx)
    ]
    tx.execute("; ".join(emptying))


def used_tables(tx: Tx) -> set[str]:
    """The tables that hold rows."""
    tables = values(
        tx,
        """select format('%I', relname) from pg_class
           where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
             and relname <> 'schema_migration'""",
    )
    used = " union all ".join(f"select '{table}' where exists (select from {table})" for (table,) in tables)
    return {table for (table,) in values(tx, used)}


@dataclass(frozen=True)
class _Sequence:
    """Its last value, its first, and how many a connection takes in advance."""

    name: str
    last: int
    start: int
    ahead: int


def _used_sequences(tx: Tx) -> list[_Sequence]:
    return rows(
        tx,
        _Sequence,
        """select format('%I', sequencename) as name, last_value as last, start_value as start, cache_size as ahead
           from pg_sequences where schemaname = 'public' and last_value is not null""",
    )


@dataclass(frozen=True)
class _Kept:
    value: Any
    copying: str


class Beginnings:
    """What tests begin with is written by the first of them, as anybody would, and copied by Postgres for the others.

    The copies lie in temporary tables of one connection, so that nobody else ever sees them.
    """

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._kept: dict[str, _Kept] = {}

    def begin(self, name: str, write: Callable[[], Begun]) -> Begun:
        """What `write` wrote and gave back; a test that wrote something else before gets it written anew."""
        before = used_tables(self._tx)
        if _used_sequences(self._tx):
            return write()
        if name not in self._kept:
            value = write()
            self._kept[name] = _Kept(value, self._keep(name, before))
            return value
        with self._tx.transaction():
            self._tx.execute(self._kept[name].copying)
        begun: Begun = self._kept[name].value
        return begun

    def _keep(self, name: str, before: set[str]) -> str:
        """Copy all rows but those of tables that held some before; returns the SQL that writes them."""
        copying = ["set local session_replication_role = replica"]
        for table in sorted(used_tables(self._tx) - before):
            (columns,) = values(
                self._tx,
                """select string_agg(format('%%I', attname), ', ' order by attnum) from pg_attribute
                   where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''""",
                (table,),
            )[0]
            kept = f"{name}_{table}"
            run(self._tx, f"create temp table {kept} as select {columns} from {table}")
            copying.append(f"insert into {table} ({columns}) overriding system value select {columns} from {kept}")
        copying += [f"select setval('{one.name}', {one.last})" for one in _used_sequences(self._tx)]
        return "; ".join(copying)
