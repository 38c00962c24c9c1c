"""Backups: one file that holds the database, its secrets, and a manifest of what must be in it.

A backup is a ZIP file, so that it can be opened without Shelfwise: `database.dump` is what pg_dump writes, and
`secrets/` what lay in the folder of secrets.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO

from shelfwise import __version__
from shelfwise.access.context import Office
from shelfwise.access.model import system
from shelfwise.core.errors import Refused, Unavailable
from shelfwise.operations import archived_days
from shelfwise.operations.model import Manifest, differences, file_name
from shelfwise.stock import service as stock
from shelfwise.store import dumps
from shelfwise.store.database import Database, value
from shelfwise.store.migrate import migrations

DUMP = "database.dump"
MANIFEST = "manifest.json"
SECRETS = "secrets/"
# Of this installation's own Postgres: another one has another.
OWN_SECRET = "postgres"  # noqa: S105
_PLAIN_DUMP = b"PGDMP"
# One backup at a time for each database; any constant will do.
_ADVISORY_LOCK = 7_305_437_222


def make(url: str, home: Path, target: Path, kind: str, settings: Sequence[str] = ()) -> Path:
    """Write a backup; `target` is a folder, where it gets a name of its own, or the file. Returns the file.

    It appears under its name when it is complete, and only its owner can read it.

    Args:
        kind: why it is made, one of `model.KINDS`.
        settings: names of the variables that whoever restores it will want to set again.

    Raises:
        Refused: the file exists, another backup is being made, or the server is newer than our pg_dump.
        Unavailable: it could not be written.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    if target.is_dir() or not target.suffix:
        while (file := target / file_name(now, kind)).exists():
            now += timedelta(seconds=1)
    else:
        file = target
    if file.exists():
        raise Refused(f"{file} is there already. Name another file; a backup is never overwritten.")
    half = file.with_name(f"{file.name}.part")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with dumps.snapshot(url) as (tx, name):
            if not value(tx, "select pg_try_advisory_xact_lock(%s)", (_ADVISORY_LOCK,)):
                raise Refused("Another backup is being made. Wait until it is done.")
            for left_over in (half, *file.parent.glob("shelfwise-*Z-*.zip.part")):
                left_over.unlink(missing_ok=True)
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                with zipfile.ZipFile(out, "w") as pack:
                    with pack.open(DUMP, "w", force_zip64=True) as sink:
                        written = dumps.dump(url, name, sink)
                    secrets = _secrets(home)
                    for secret in secrets:
                        pack.write(home / SECRETS / secret, SECRETS + secret)
                    manifest = Manifest(
                        __version__,
                        int(value(tx, "select max(number) from schema_migration")),
                        kind,
                        now,
                        tx.info.parameter_status("server_version") or "",
                        written.size,
                        written.sha256,
                        dumps.census(tx),
                        secrets,
                        settings,
                        archived_days.copy_out(tx, file.parent),
                    )
                    pack.writestr(MANIFEST, json.dumps(asdict(manifest), default=_plain, indent=1))
                out.flush()
                os.fsync(out.fileno())
        half.rename(file)
        _make_durable(file.parent)
    except BaseException as error:
        with suppress(OSError):
            half.unlink()
        if isinstance(error, OSError):
            raise Unavailable(
                f"The backup {file} could not be written: {error.strerror or error}. Make room, or name another folder."
            ) from error
        raise
    return file


def read(file: Path) -> Manifest | None:
    """What a backup says of itself; None: a bare dump of pg_dump, which says nothing.

    The whole file is read and compared with its checksum.

    Raises:
        Refused: it is no backup, or is damaged.
    """
    manifest = glance(file)
    if manifest is not None:
        digest = sha256()
        try:
            with opened(file) as dump:
                while part := dump.read(1 << 20):
                    digest.update(part)
            with zipfile.ZipFile(file) as pack:
                for secret in manifest.secrets:
                    pack.read(SECRETS + secret)
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            raise Refused(f"{file} is damaged: {error}. Nothing was changed. Take another backup.") from error
        if digest.hexdigest() != manifest.sha256:
            raise Refused(f"{file} is damaged: its checksum differs. Nothing was changed. Take another backup.")
    return manifest


def glance(file: Path) -> Manifest | None:
    """The same without reading all of it, so that damage may go unnoticed.

    Raises:
        Refused: it is no backup, or was cut off.
    """
    try:
        with file.open("rb") as start:
            if start.read(len(_PLAIN_DUMP)) == _PLAIN_DUMP:
                return None
        with zipfile.ZipFile(file) as pack:
            told = json.loads(pack.read(MANIFEST))
            told["tables"] = {name: (int(rows), str(held)) for name, (rows, held) in told["tables"].items()}
            told["made_at"] = datetime.fromisoformat(told["made_at"])
            told["history"] = [(name, sha256, size) for name, sha256, size in told.get("history", ())]
            if any(Path(one).is_absolute() or ".." in Path(one).parts for one in told["secrets"]):
                raise ValueError("a secret outside its folder")
            if any(Path(one).is_absolute() or ".." in Path(one).parts for one, _, _ in told["history"]):
                raise ValueError("an archived day outside its folder")
            return Manifest(**told)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Refused(
            f"{file} is no backup of Shelfwise, or was cut off on its way ({error}). Nothing was changed. Copy it anew "
            "from where it was made, or take another one."
        ) from error


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """The dump inside a backup."""
    if not zipfile.is_zipfile(file):
        with file.open("rb") as plain:
            yield plain
        return
    with zipfile.ZipFile(file) as pack, pack.open(DUMP) as dump:
        yield dump


def verify(url: str, file: Path, tenant: int = 1) -> list[str]:
    """Restore it beside the living database, compare, and drop that again; what differs, in words.

    Raises:
        Refused: it is damaged, or the role may not create a database.
    """
    manifest = read(file)
    gone = [] if manifest is None else archived_days.missing(manifest.history, file.parent)
    with dumps.scratch(url, "trying_a_backup") as scratch:
        with opened(file) as dump:
            dumps.load(scratch, dump)
        database = Database(scratch, size=2).open()
        try:
            with database.transaction() as tx:
                wrong = [] if manifest is None else differences(manifest.tables, dumps.census(tx))
            if manifest is None or manifest.schema == migrations()[-1][0]:
                wrong += book_differences(database, tenant)
        finally:
            database.close()
    return wrong + [f"the file {name} of an archived day is missing" for name in gone]


def book_differences(database: Database, tenant: int = 1) -> list[str]:
    """Where balances and movements of a database differ, in words."""
    with Office(database, tenant).context(system("backup")) as ctx:
        return [words for _, words in stock.in_words(ctx, stock.rebuild_check(ctx))]


def _secrets(home: Path) -> list[str]:
    folder = home / SECRETS
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and str(path.relative_to(folder)) != OWN_SECRET
    )


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(held: object) -> str:
    return held.isoformat() if isinstance(held, datetime) else str(held)
