"""Put a backup in the place of what is there: loaded beside it, compared, brought to this version, then switched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import psycopg
from psycopg import sql

from shelfwise.core.errors import Refused, Unavailable
from shelfwise.operations import archived_days, backup
from shelfwise.operations.model import Manifest, differences
from shelfwise.settings import Settings
from shelfwise.store import dumps
from shelfwise.store.database import Database, value
from shelfwise.store.migrate import migrate, migrations, schema

# Beside the living database while a restore is under way; the first start after one that was killed removes them.
INCOMING = "restoring"
OUTGOING = "replaced"
# Files of secrets wait here until the database they belong to is in its place.
WAITING = "secrets.restored"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        applied: migrations that brought an older backup to this version.
        before: the backup of what was there, if anything was.
        books: differences of the books that came with the backup.
    """

    manifest: Manifest | None
    applied: list[str]
    before: Path | None
    books: list[str]


def inspect(file: Path) -> Manifest | None:
    """Read a backup to its end before anything is touched.

    Raises:
        Refused: it is no backup, is damaged, or was made by a newer version.
    """
    manifest = backup.read(file)
    known = migrations()[-1][0]
    if manifest is not None and manifest.schema > known:
        raise Refused(
            f"{file} was made by Shelfwise {manifest.version} (migration {manifest.schema}), which is newer than this "
            f"one ({known}). Nothing was changed. Install that version, and restore with it."
        )
    return manifest


def restore(url: str, settings: Settings, file: Path, *, over: bool, say: Say) -> Restored:
    """Restore into a database that nobody uses meanwhile.

    Killed at any point, the old state is there or the new one is; `finish` clears up behind it.

    Args:
        over: replace what is there; it is backed up first.

    Raises:
        Refused: the backup is not fit, or something is there and `over` was not said; nothing was changed.
    """
    manifest, home = inspect(file), settings.home
    dumps.refuse_in_use(url)
    finish(url, home)
    before = None
    if schema_or_newer(url) is not None:
        if not over:
            raise Refused(
                f"There is an installation in {home} already. To replace it, say so: --replace. It is backed up first. "
                "Or restore into another folder with --into."
            )
        before = backup.make(url, home, settings.backups, "before-restore", settings.changed())
        say(f"What was there is kept in {before}")
    with dumps.scratch(url, INCOMING, keep=True) as incoming:
        with backup.opened(file) as dump:
            dumps.load(incoming, dump)
        if manifest is not None:
            _compare(incoming, manifest)
        say("Loaded" + (" and compared with its manifest" if manifest else "; a bare dump, nothing to compare it with"))
        if schema(incoming).number is None:
            raise Refused(f"{file} is a dump of something else than Shelfwise. Nothing was changed.")
        applied = migrate(incoming)
        if manifest is not None:
            _bring_history(incoming, settings, file, manifest, say)
        database = Database(incoming, size=2).open()
        try:
            books = backup.book_differences(database)
        finally:
            database.close()
        _leave_secrets(incoming, home, file, manifest)
        dumps.replace(url, dumps.name_of(incoming), f"{dumps.name_of(url)}_{OUTGOING}")
    finish(url, home)
    return Restored(manifest, applied, before, books)


def finish(url: str, home: Path) -> None:
    """Clear up behind a restore, also one that was killed: secrets that belong to the database, and what it left."""
    waiting = home / WAITING
    mark = waiting / "mark"
    # A database without the mark is not the one that these belong to, which then never got to its place.
    if mark.exists() and mark.read_text("ascii") == _mark_of(url):
        for path in sorted(one for one in waiting.rglob("*") if one.is_file() and one != mark):
            place = home / backup.SECRETS / path.relative_to(waiting)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(place)
    if waiting.exists():
        shutil.rmtree(waiting)
    for ending in (INCOMING, OUTGOING):
        dumps.drop(url, f"{dumps.name_of(url)}_{ending}")


def schema_or_newer(url: str) -> int | None:
    """The number of the last migration in a database, also one that this version does not know."""
    with psycopg.connect(url) as tx:
        if not value(tx, "select to_regclass('schema_migration') is not null"):
            return None
        found: int | None = value(tx, "select max(number) from schema_migration")
        return found


def _compare(url: str, manifest: Manifest) -> None:
    database = Database(url, size=2).open()
    try:
        with database.transaction() as tx:
            wrong = differences(manifest.tables, dumps.census(tx))
    finally:
        database.close()
    if wrong:
        raise Unavailable(f"What was restored is not what was backed up: {'; '.join(wrong[:5])}. Nothing was changed.")


def _bring_history(url: str, settings: Settings, file: Path, manifest: Manifest, say: Say) -> None:
    """Files of archived days come back before the database that names them; a name stands for one content."""
    with psycopg.connect(url) as tx:
        gone = archived_days.copy_in(tx, manifest.history, file.parent, settings.history)
    if gone:
        say(
            f"{len(gone)} of {len(manifest.history)} files of archived days do not lie in {file.parent / 'history'}: "
            "of these days only what each hour came to is known. To have all, put that folder there and restore again."
        )


def _leave_secrets(url: str, home: Path, file: Path, manifest: Manifest | None) -> None:
    """Put the secrets beside their place, with a mark that the database bears too."""
    waiting = home / WAITING
    if manifest is None or not manifest.secrets:
        return
    waiting.mkdir(mode=0o700, parents=True)
    with ZipFile(file) as pack:
        for name in manifest.secrets:
            place = waiting / name
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(pack.read(backup.SECRETS + name))
    mark = f"restored, {uuid4()}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            sql.SQL("comment on database {} is {}").format(sql.Identifier(dumps.name_of(url)), sql.Literal(mark))
        )
    (waiting / "mark").write_text(mark, "ascii")


def _mark_of(url: str) -> str | None:
    with psycopg.connect(url) as tx:
        found: str | None = value(
            tx,
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()",
        )
        return found
