"""Whole databases: dumped, loaded, counted, and put in another's place, with the tools that come along."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Protocol, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shelfwise.core.errors import Refused, Unavailable
from shelfwise.store import embedded
from shelfwise.store.database import Tx, value, values

_AT_ONCE = 1 << 20
# Sensors' readings: too many to look at each. They are counted.
COUNTED_ALONE = frozenset({"reading"})

_IN_USE = "Others are connected to the database {}. Stop every Shelfwise that uses it, and try again."


class Sink(Protocol):
    def write(self, part: bytes, /) -> object: ...


@dataclass(frozen=True)
class Written:
    """What a dump came to."""

    size: int
    sha256: str


def dump(url: str, snapshot: str, sink: Sink) -> Written:
    """Write the database, as one snapshot of it shows it, in pg_dump's custom format.

    Raises:
        Refused: the server is newer than the tools.
        Unavailable: pg_dump failed; its own words are quoted.
    """
    _refuse_newer(url)
    command = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    with _tool("pg_dump", url, command, stdout=subprocess.PIPE) as (process, pipe, said):
        digest, size = hashlib.sha256(), 0
        while part := pipe.read(_AT_ONCE):
            sink.write(part)
            digest.update(part)
            size += len(part)
        if process.wait() != 0:
            raise Unavailable(f"The database could not be dumped: {_words(said)}")
    return Written(size, digest.hexdigest())


def load(url: str, source: IO[bytes]) -> None:
    """Load a dump into an empty database.

    Raises:
        Refused: it is no dump, or is damaged; the database holds part of it then.
    """
    with psycopg.connect(url) as tx:
        old = tx.info.server_version < 170_000
    command = ["--no-owner", "--no-privileges", *([] if old else ["--exit-on-error"])]
    with _tool("pg_restore", url, command, stdin=subprocess.PIPE) as (process, pipe, said):
        with suppress(BrokenPipeError):
            while part := source.read(_AT_ONCE):
                pipe.write(part)
            pipe.close()
        if process.wait() != 0 and not (old and _is_about_a_new_setting(said)):
            raise Refused(f"The dump could not be loaded: {_words(said)}. Nothing was changed.")


def census(tx: Tx) -> dict[str, tuple[int, str]]:
    """Of every table its rows and a sum over what they hold, which does not depend on their order."""
    for name, to in (("timezone", "UTC"), ("datestyle", "ISO"), ("intervalstyle", "postgres"), ("bytea_output", "hex")):
        tx.execute("select set_config(%s, %s, true)", (name, to))
    found = {}
    for (table,) in values(
        tx,
        """select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and not relispartition order by relname""",
    ):
        total = "null" if table in COUNTED_ALONE else "sum(('x' || left(md5(t::text), 12))::bit(48)::bigint)"
        counted = sql.SQL("select count(*), coalesce({}, 0)::text from {} t").format(
            sql.SQL(total),
            sql.Identifier(table),
        )
        ((rows, held),) = tx.execute(counted).fetchall()
        found[table] = (int(rows), str(held))
    return found


@contextmanager
def snapshot(url: str) -> Iterator[tuple[Tx, str]]:
    """A transaction that sees one instant, and the name under which others can see the same."""
    with psycopg.connect(url) as tx:
        tx.execute("set transaction isolation level repeatable read read only")
        yield tx, value(tx, "select pg_export_snapshot()")


@contextmanager
def scratch(url: str, ending: str, *, keep: bool = False) -> Iterator[str]:
    """The URL of a new, empty database beside this one, dropped at the end, or on any error alone with `keep`.

    Raises:
        Refused: the role may not create databases.
    """
    name = f"{name_of(url)}_{ending}"
    drop(url, name)
    try:
        with _administration(url) as admin:
            admin.execute(sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused(
            "This takes a second database for a while, and the role in SHELFWISE_DATABASE_URL may not create one. "
            f"Allow it, as the server's administrator: alter role {conninfo_to_dict(url).get('user', '...')} createdb"
        ) from error
    try:
        yield beside(url, name)
    except BaseException:
        drop(url, name)
        raise
    if not keep:
        drop(url, name)


def drop(url: str, name: str) -> None:
    """Drop a database beside this one, if it is there."""
    with _administration(url) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def replace(url: str, new: str, old: str) -> None:
    """Give the database `new` the name of this one, which becomes `old`, both in one step.

    Raises:
        Refused: somebody is connected to it.
    """
    name = name_of(url)
    drop(url, old)
    try:
        with _administration(url) as admin, admin.transaction():
            for before, after in ((name, old), (new, name)):
                if value(admin, "select 1 from pg_database where datname = %s", (before,)):
                    admin.execute(
                        sql.SQL("alter database {} rename to {}").format(sql.Identifier(before), sql.Identifier(after))
                    )
    except psycopg.errors.ObjectInUse as error:
        raise Refused(_IN_USE.format(name)) from error


def refuse_in_use(url: str) -> None:
    """
    Raises:
        Refused: somebody is connected to the database.
    """
    with psycopg.connect(url) as tx:
        if value(
            tx,
            """select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
               and coalesce(backend_type, 'client backend') = 'client backend' limit 1""",
        ):
            raise Refused(_IN_USE.format(name_of(url)))


def name_of(url: str) -> str:
    """The name of the database that a URL leads to."""
    given = conninfo_to_dict(url)
    return str(given.get("dbname") or given.get("user") or "postgres")


def beside(url: str, name: str) -> str:
    """How to connect to another database on the same server."""
    return make_conninfo(url, dbname=name)


def _administration(url: str) -> Tx:
    return psycopg.connect(beside(url, "postgres"), autocommit=True)


def _refuse_newer(url: str) -> None:
    binaries = embedded.tools()
    said = subprocess.run([binaries / "pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
    ours = int(said.split()[2].split(".")[0])
    with psycopg.connect(url) as tx:
        theirs = tx.info.server_version // 10_000
    if theirs > ours:
        raise Refused(
            f"Your Postgres is version {theirs}, and the pg_dump that comes along is {ours}, which cannot read it. "
            "Make backups with the pg_dump of your own Postgres until Shelfwise brings a newer one."
        )


@contextmanager
def _tool(
    name: str, url: str, arguments: list[str], stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]:
    """Run one of the tools on a database; gives the process, its one pipe, and the file of what it complains about."""
    # The password goes by the environment: what stands on a command line, every user of the machine can read.
    given = conninfo_to_dict(url)
    password = given.pop("password", None)
    environment = os.environ | {"LC_ALL": "C"} | ({} if password is None else {"PGPASSWORD": str(password)})
    command = [str(embedded.tools() / name), *arguments, f"--dbname={make_conninfo('', **given)}"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=said, env=environment)
        pipe = cast(IO[bytes], process.stdin or process.stdout)
        try:
            yield process, pipe, said
        finally:
            with suppress(BrokenPipeError):
                pipe.close()
            if process.poll() is None:
                process.terminate()
            process.wait()


def _is_about_a_new_setting(said: IO[bytes]) -> bool:
    """Our pg_restore begins with a setting that servers before 17 do not have; it may fail at that and nothing else."""
    said.seek(0)
    errors = [line for line in said if line.startswith(b"pg_restore: error:")]
    return len(errors) == 1 and b"transaction_timeout" in errors[0]


def _words(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read(2000).decode("utf-8", "replace").strip() or "it gave no reason"
