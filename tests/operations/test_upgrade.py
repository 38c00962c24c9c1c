"""The version before, with data in it: restored and upgraded, everything is there and works."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shelfwise.access.context import Office
from shelfwise.core.errors import Refused
from shelfwise.operations import backup, restore, upgrade
from shelfwise.settings import Settings
from shelfwise.store import dumps, embedded, migrate
from shelfwise.store.database import Database, run
from shelfwise.web.app import create_app
from tests.operations.conftest import STORED, NewDatabase
from tests.web.world import PASSWORDS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

# What people of the version before entered, and what came of it. All of it is there afterwards.
KEPT = (
    "item", "lot", "movement", "balance", "sales_line", "purchase_order", "purchase_line", "shipment", "transfer",
    "app_user", "api_key", "alert", "task", "attachment", "proposal", "forecast", "quarantine", "device", "outbox",
)  # fmt: skip
PAGES = (
    "/", "/stock", "/items/21001", "/orders", "/sales", "/shipments", "/transfers", "/suppliers", "/alerts", "/inbox",
    "/proposals", "/devices", "/quarantine", "/people", "/audit", "/settings", "/counts",
)  # fmt: skip


def rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as tx:
        return {table: count for table, (count, _) in dumps.census(tx).items()}


@pytest.fixture
def upgraded(new_database: NewDatabase, settings: Settings) -> Iterator[Database]:
    url = new_database("template0")
    done = restore.restore(url, settings, STORED, over=False, say=print)
    assert done.applied
    assert done.books == []
    database = Database(url, size=8).open()
    yield database
    database.close()


def test_a_backup_of_the_version_before_is_restored_upgraded_and_works(upgraded: Database, stored_url: str) -> None:
    before, after = rows(stored_url), rows(upgraded.url)
    assert {table: after[table] for table in KEPT} == {table: before[table] for table in KEPT}
    assert all(before[table] for table in KEPT if table != "lot")
    app = create_app(Office(upgraded))
    with TestClient(
        app, base_url="http://shelfwise.test", headers={"Origin": "http://shelfwise.test"}, follow_redirects=True
    ) as browser:
        browser.post("/sign-in", data={"login": "mara", "password": PASSWORDS["mara"]})
        assert {page: browser.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)
        assert "Sign out" in browser.get("/").text


def test_an_upgrade_makes_a_backup_first_and_says_the_way_back(old_url: str, settings: Settings) -> None:
    said: list[str] = []
    before = rows(old_url)
    way_back = upgrade.upgrade(old_url, settings, said.append)
    assert way_back is not None
    assert f"shelfwise restore --replace {way_back}" in said[1]
    manifest = backup.read(way_back)
    assert manifest is not None
    assert manifest.kind == "before-upgrade"
    assert {table: count for table, (count, _) in manifest.tables.items()} == before
    assert upgrade.upgrade(old_url, settings, said.append) is None


def test_an_upgrade_that_cannot_be_backed_up_is_not_begun(old_url: str, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "ascii")
    elsewhere = Settings(home=settings.home, backup_folder=tmp_path / "file" / "backups")
    with pytest.raises(Refused, match=r"Nothing was upgraded.*--without-backup"):
        upgrade.upgrade(old_url, elsewhere, print)
    assert upgrade.plan(old_url).pending
    assert upgrade.upgrade(old_url, elsewhere, print, without_backup=True) is None
    assert not upgrade.plan(old_url).pending


def test_an_empty_database_needs_no_backup(new_database: NewDatabase, settings: Settings) -> None:
    url = new_database("template0")
    assert upgrade.upgrade(url, settings, print) is None
    assert not settings.backups.exists()


def test_an_older_version_refuses_a_newer_database_and_touches_nothing(old_url: str, settings: Settings) -> None:
    with psycopg.connect(old_url) as tx:
        run(tx, "insert into schema_migration values (9999, '9999_future.sql')")
    before = rows(old_url)
    for look in (lambda: upgrade.plan(old_url), lambda: upgrade.upgrade(old_url, settings, print)):
        with pytest.raises(Refused, match="used by a newer Shelfwise: install that version, or restore the backup"):
            look()
    with pytest.raises(Refused, match="used by a newer Shelfwise"):
        migrate.migrate(old_url)
    assert rows(old_url) == before
    assert not settings.backups.exists()


def test_the_way_back_out_of_a_newer_version_is_open(old_url: str, settings: Settings, made: Path) -> None:
    with psycopg.connect(old_url) as tx:
        run(tx, "insert into schema_migration values (9999, '9999_future.sql')")
    restore.restore(old_url, settings, made, over=True, say=print)
    assert upgrade.plan(old_url).pending == []


def test_a_data_folder_of_another_postgres_is_refused_with_the_way_to_bring_it_over(tmp_path: Path) -> None:
    cluster = embedded.find(tmp_path / "home")
    try:
        embedded._own(cluster, cluster.data)
        (cluster.data / "PG_VERSION").write_text("12\n", "ascii")
        with pytest.raises(Refused, match=r"written by Postgres 12.*shelfwise backup FILE.*restore FILE --into"):
            embedded.initialise(cluster)
    finally:
        embedded.remove(cluster)
