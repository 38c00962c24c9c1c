"""What tests share: one Postgres for the session, a fresh database and a clock standing still for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.store import embedded
from shelfwise.store.database import Database, run
from shelfwise.store.migrate import migrate

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Postgres whose user may create databases; SHELFWISE_TEST_DATABASE_URL names another one."""
    if given := os.environ.get("SHELFWISE_TEST_DATABASE_URL"):
        yield given
        return
    home = tmp_path_factory.mktemp("home")
    cluster = embedded.find(home)
    embedded.initialise(cluster)
    server = embedded.start(cluster, home / "postgres.log", "fsync=off", "full_page_writes=off", "max_connections=200")
    yield cluster.database_url("postgres")
    embedded.stop(server)
    embedded.remove(cluster)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a migrated database with one tenant in it, to be copied."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    url = with_database(server_url, name)
    migrate(url)
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'Test', 'EUR')")
        stand_still(tx, 1, NOON)
    return name


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh, migrated database of its own for one test."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
    yield with_database(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, size=12).open()
    yield database
    database.close()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def ctx(office: Office) -> Iterator[Context]:
    """A manager's context at NOON, in a transaction that is committed when the test ends."""
    with office.context(person("mara", Role.MANAGER)) as context:
        yield context


def with_database(url: str, name: str) -> str:
    head, _, tail = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped where it is not present."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder with real data is not beside this checkout")
    return folder
