"""Killed at any point: an upgrade was not begun and can be finished, a restore left the old state or the new one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from _pytest.mark import ParameterSet

from shelfwise.operations import backup, restore, upgrade
from shelfwise.settings import Settings
from shelfwise.store import dumps, migrate
from shelfwise.store.database import run, value
from tests.installation import wait_for
from tests.operations.conftest import STORED_SCHEMA

# The points that are named; those of RARE are walked by `make check-all` alone.
RARE = {"before it has looked", "when the backup is there", "before the dump is loaded", "when it is loaded"}
UPGRADE = {
    "before it has looked": ("operations.upgrade.plan", 1),
    "while the backup is written": ("store.dumps.census", 1),
    "when the backup is there": ("operations.upgrade.migrate", 1),
    "in the first migration": ("store.migrate.run", 4),
    "before the commit": ("store.migrate._renumber_what_was_restored", 1),
}
RESTORE = {
    "while what was there is backed up": ("store.dumps.dump", 1),
    "before the dump is loaded": ("store.dumps.load", 1),
    "when it is loaded": ("operations.restore.migrate", 1),
    "when its secrets wait": ("store.dumps.replace", 1),
    # The first clears up before, the second behind.
    "when the databases were switched": ("operations.restore.finish", 2),
    "before the old one is dropped": ("operations.restore._mark_of", 1),
}


def points(named: dict[str, tuple[str, int]]) -> list[ParameterSet]:
    return [
        pytest.param(point, id=words, marks=[pytest.mark.slow] if words in RARE else [])
        for words, point in named.items()
    ]


def kill(action: str, url: str, settings: Settings, file: Path, point: tuple[str, int]) -> None:
    """Run it in a process of its own until that point, and wait until Postgres has let go of it."""
    given = [action, url, str(settings.home), str(file), point[0], str(point[1])]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.operations.killed", *given], capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    def let_go() -> bool:
        with psycopg.connect(dumps.beside(url, "postgres")) as tx:
            connected = "select count(*) from pg_stat_activity where datname like %s"
            return bool(value(tx, connected, (f"{dumps.name_of(url)}%",)) == 0)

    wait_for(let_go, "the end of what was connected")


def contents(url: str) -> dict[str, tuple[int, str]]:
    with psycopg.connect(url) as tx:
        return dumps.census(tx)


def the_old_version_starts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the version before does first: it finds nothing that it does not know, and nothing to do."""
    known = [one for one in migrate.migrations() if one[0] <= STORED_SCHEMA]
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda: known)
        assert migrate.schema(url).pending == []


@pytest.mark.parametrize("point", points(UPGRADE))
def test_of_a_killed_upgrade_the_old_version_starts_and_the_new_one_finishes(
    point: tuple[str, int], old_url: str, settings: Settings, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old_url)
    kill("upgrade", old_url, settings, made, point)
    assert contents(old_url) == before
    the_old_version_starts(old_url, monkeypatch)
    finished(old_url, settings)


def finished(url: str, settings: Settings) -> None:
    """The new version does what is left, with a backup behind it, and no half file beside that."""
    before = contents(url)["movement"]
    way_back = upgrade.upgrade(url, settings, print)
    assert way_back is not None
    assert backup.read(way_back) is not None
    assert not list(settings.backups.glob("*.part"))
    assert upgrade.plan(url).pending == []
    assert contents(url)["movement"][0] == before[0]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 60, 2))
def test_of_an_upgrade_killed_at_any_statement_the_old_version_starts_and_the_new_one_finishes(
    number: int, old_url: str, settings: Settings, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = 2 + 2 * len(migrate.schema(old_url).pending)
    before = contents(old_url)
    kill("upgrade", old_url, settings, made, ("store.migrate.run", 1 + number % statements))
    assert contents(old_url) == before
    the_old_version_starts(old_url, monkeypatch)
    finished(old_url, settings)


@pytest.mark.parametrize("point", points(RESTORE))
def test_of_a_killed_restore_the_old_state_is_there_or_the_new_one_and_nothing_is_left_lying(
    point: tuple[str, int], old_url: str, settings: Settings, made: Path
) -> None:
    with psycopg.connect(old_url) as tx:
        run(tx, "insert into item (tenant_id, sku) values (1, 'LATER')")
    kill("restore", old_url, settings, made, point)
    restore.finish(old_url, settings.home)
    with psycopg.connect(old_url) as tx:
        old = value(tx, "select count(*) from item where sku = 'LATER'") == 1
        beside = value(tx, "select count(*) from pg_database where datname like %s", (f"{dumps.name_of(old_url)}\\_%",))
    assert beside == 0
    # The secrets are those of the database that is there.
    assert (settings.home / "secrets" / "web" / "key" / "first").exists() is not old
    assert not (settings.home / restore.WAITING).exists()
    assert old is (point not in (RESTORE["when the databases were switched"], RESTORE["before the old one is dropped"]))
    restore.restore(old_url, settings, made, over=True, say=print)
    assert (settings.home / "secrets" / "web" / "key" / "first").read_text("ascii") == "a key"


def test_a_killed_backup_leaves_nothing_under_the_name_of_a_backup(
    old_url: str, settings: Settings, made: Path
) -> None:
    made.unlink()
    kill("backup", old_url, settings, made, ("store.dumps.census", 1))
    assert [path.suffix for path in settings.backups.iterdir()] == [".part"]
    whole = backup.make(old_url, settings.home, settings.backups, "by-hand")
    assert [path.name for path in settings.backups.iterdir()] == [whole.name]
