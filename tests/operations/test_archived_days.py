"""Files of archived days lie beside the backups that name them, and come back with a restore."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from shelfwise.access.context import Office, stand_still
from shelfwise.edge.history.archive import Archive
from shelfwise.operations import archived_days, backup, restore
from shelfwise.settings import Settings
from shelfwise.store.database import value
from tests.conftest import NOON
from tests.edge.history.telling import CONSUMERS, MARA, Said, add_probe, hear_and_sum, tell
from tests.operations.conftest import NewDatabase


@pytest.fixture
def kept(office: Office, tmp_path: Path) -> Path:
    """A backup of an installation with one archived day."""
    with office.context(MARA) as ctx:
        add_probe(ctx)
        tell(ctx, [Said(NOON + timedelta(minutes=n), float(n)) for n in range(100)])
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=9))
    hear_and_sum(office)
    home = tmp_path / "home"
    home.mkdir()
    assert Archive(office, home / "history", CONSUMERS).keep() == 1
    return backup.make(office.database.url, home, tmp_path / "backups", "by-hand")


def restored(kept: Path, new_database: NewDatabase, home: Path) -> tuple[str, list[str]]:
    url, said = new_database("template0"), list[str]()
    home.mkdir()
    restore.restore(url, Settings(home=home), kept, over=False, say=said.append)
    return url, said


def test_a_backup_names_its_files_and_they_come_back(office: Office, kept: Path, new_database: NewDatabase) -> None:
    manifest = backup.read(kept)
    assert manifest is not None
    ((name, _, size),) = manifest.history
    assert (kept.parent / "history" / name).stat().st_size == size
    assert backup.verify(office.database.url, kept) == []
    home = kept.parent.parent / "other"
    url, _ = restored(kept, new_database, home)
    assert (home / "history" / name).read_bytes() == (kept.parent / "history" / name).read_bytes()
    with psycopg.connect(url) as tx:
        assert value(tx, "select kinds from reading_day") == {"temperature": 100}
    archived_days.clear(kept.parent, manifest.history)
    assert archived_days.missing(manifest.history, kept.parent) == []


def test_a_restore_without_the_files_says_so_and_knows_the_hours(
    office: Office, kept: Path, new_database: NewDatabase
) -> None:
    shutil.rmtree(kept.parent / "history")
    assert ["is missing" in words for words in backup.verify(office.database.url, kept)] == [True]
    url, said = restored(kept, new_database, kept.parent.parent / "other")
    assert any("1 of 1 files of archived days do not lie" in words for words in said)
    with psycopg.connect(url) as tx:
        assert value(tx, "select kinds from reading_day") == {}
        assert value(tx, "select sum(readings) from reading_hour") == 100
