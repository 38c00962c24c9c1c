"""Bring a database to this version, with a backup of before: one transaction, so that it is done or was not begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shelfwise.core.errors import Refused, ShelfwiseError
from shelfwise.operations import backup, restore
from shelfwise.settings import Settings
from shelfwise.store.migrate import migrate, migrations, schema

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What an upgrade would do.

    Attributes:
        at: the last migration of the database; None: it is empty.
        to: the last migration of this version.
        pending: names of those between.
    """

    at: int | None
    to: int
    pending: list[str]


def plan(url: str) -> Plan:
    """Look, and change nothing.

    Raises:
        Refused: the database was used by a newer version.
    """
    found = schema(url)
    return Plan(found.number, migrations()[-1][0], found.pending)


def upgrade(url: str, settings: Settings, say: Say, *, without_backup: bool = False) -> Path | None:
    """Back up what is there, then migrate; returns the backup, None where nothing was to be done or nothing was there.

    Killed at any point, the database is as it was, or is of this version; calling it again does what is left.

    Raises:
        Refused: a newer version used it, or no backup could be made.
    """
    restore.finish(url, settings.home)
    wanted = plan(url)
    before = None
    if wanted.pending and wanted.at is not None and not without_backup:
        say(f"This version brings {len(wanted.pending)} changes of the database; backing it up first")
        try:
            before = backup.make(url, settings.home, settings.backups, "before-upgrade", settings.changed())
        except ShelfwiseError as error:
            raise Refused(
                f"Nothing was upgraded, because no backup could be made. {error} If you have one of your own: "
                "shelfwise upgrade --without-backup"
            ) from error
        say(f"The way back: the version of before, and with it: shelfwise restore --replace {before}")
    if applied := migrate(url):
        say(f"Brought the database to this version: {len(applied)} migrations")
    return before
