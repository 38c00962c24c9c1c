"""Bring a database to the schema of this version: numbered SQL files, each once, one process at a time."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import psycopg

from shelfwise.core.errors import Refused
from shelfwise.store.database import Tx, run, value, values

# Any constant will do, as long as every version of Shelfwise uses the same.
_ADVISORY_LOCK = 7_305_437_221


def migrations() -> list[tuple[int, str, str]]:
    """(number, file name, SQL) of every migration of this version, in order."""
    folder = resources.files("shelfwise.store.migrations")
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name.split("_", 1)[0]), name, (folder / name).read_text("utf-8")) for name in files]


@dataclass(frozen=True)
class Schema:
    """How far a database is, as seen by this version.

    Attributes:
        number: of the last migration it has; None: there is nothing in it yet.
        pending: names of the migrations it lacks.
    """

    number: int | None
    pending: list[str]


def schema(url: str) -> Schema:
    """Look, and change nothing.

    Raises:
        Refused: the database was written by a newer Shelfwise, or runs on a Postgres older than 15.
    """
    with psycopg.connect(url) as tx:
        done = _done(tx) if value(tx, "select to_regclass('schema_migration') is not null") else set()
    return Schema(max(done, default=None), [name for number, name, _ in migrations() if number not in done])


def migrate(url: str) -> list[str]:
    """Apply what is missing, all in one transaction; returns the names applied.

    Raises:
        Refused: the database was written by a newer Shelfwise, or runs on a Postgres older than 15.
    """
    with psycopg.connect(url) as tx:
        run(tx, "select pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
        run(tx, "create table if not exists schema_migration (number int primary key, name text not null)")
        done = _done(tx)
        applied = []
        for number, name, sql in migrations():
            if number not in done:
                run(tx, sql)
                run(tx, "insert into schema_migration values (%s, %s)", (number, name))
                applied.append(name)
        _install_job_queue(tx)
        _renumber_what_was_restored(tx)
        return applied


def _done(tx: Tx) -> set[int]:
    if tx.info.server_version < 150_000:
        raise Refused(f"Shelfwise needs Postgres 15 or newer; this is {tx.info.server_version // 10_000}.")
    done: set[int] = {number for (number,) in values(tx, "select number from schema_migration")}
    if unknown := done - {number for number, _, _ in migrations()}:
        raise Refused(
            f"This database has migration {max(unknown)}, which this version does not know. "
            "It was used by a newer Shelfwise: install that version, or restore the backup made before it."
        )
    return done


def _install_job_queue(tx: Tx) -> None:
    """The job queue's own schema, which comes with its library."""
    if values(tx, "select 1 from pg_class where relname = 'procrastinate_jobs'"):
        return
    from procrastinate.schema import SchemaManager

    run(tx, SchemaManager.get_schema())


def _renumber_what_was_restored(tx: Tx) -> None:
    """After a restore into another server: let consumers go on where they were.

    Facts and positions bear the transaction numbers of the server they were written on. Where the new one has not got
    as far, whatever happens now would lie before every position, and nobody would ever hear of it. So all that is there
    gets the lowest number, and each position goes back before the first fact its consumer has not seen: some facts may
    come a second time, none is left out.
    """
    ahead = "tx >= pg_snapshot_xmax(pg_current_snapshot())"
    if not values(tx, f"select 1 from consumer where {ahead} union all select 1 from event where {ahead} limit 1"):
        return
    for stream, seq in (("event", "event_id"), ("reading", "seq")):
        run(
            tx,
            f"""update consumer c set tx = '3', seq = coalesce(
                    (select min({seq}) - 1 from {stream} f
                        where f.tenant_id = c.tenant_id and (f.tx, f.{seq}) > (c.tx, c.seq)),
                    (select max({seq}) from {stream} f where f.tenant_id = c.tenant_id), 0)
                where stream = %s""",
            (stream,),
        )
        run(tx, f"update {stream} set tx = '3'")
