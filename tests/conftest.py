"""What tests share: one Postgres for the session, an empty database and a clock standing still for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from psycopg.conninfo import make_conninfo

from shelfwise.access import passwords
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.store import embedded
from shelfwise.store.database import Database, Tx
from shelfwise.store.migrate import migrate
from tests.shared import LENT, Beginnings, empty, fill
from tests.shared import NOON as NOON

# What takes longest comes first, so that of two processes none works on such a file when the other is done.
_FIRST = ("tests/browser/", "tests/web/", "tests/test_", "tests/books/", "tests/operations/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_FIRST))


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashing takes long on purpose, and tests sign in by the thousand: here it is the same with little work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1))
        passwords.hasher.cache_clear()
        yield


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
    url = cluster.database_url("postgres")
    with psycopg.connect(url, autocommit=True) as superuser:
        # A password that is worked out in one round instead of 4096: tests connect by the thousand.
        superuser.execute("set scram_iterations = 1")
        superuser.execute(f"alter role shelfwise password '{cluster.password}'")
    yield url
    embedded.stop(server)
    embedded.remove(cluster)


@pytest.fixture(scope="session")
def shared_url(server_url: str) -> str:
    """The URL of a migrated database that tests use one after the other."""
    name = f"test_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    url = with_database(server_url, name)
    migrate(url)
    return url


@pytest.fixture(scope="session")
def shared_tx(shared_url: str) -> Iterator[Tx]:
    """The connection that fills and empties the shared database; it stays open, and so knows the tables already."""
    with psycopg.connect(shared_url, autocommit=True) as tx:
        yield tx


@pytest.fixture(scope="session")
def beginnings(shared_tx: Tx) -> Beginnings:
    """Copies of what many tests begin with."""
    return Beginnings(shared_tx)


@pytest.fixture
def database_url(shared_url: str, shared_tx: Tx) -> Iterator[str]:
    """A database with one tenant, its clock at NOON and nothing else; sequences start at 1."""
    with shared_tx.transaction():
        fill(shared_tx)
    yield shared_url
    with shared_tx.transaction():
        empty(shared_tx)


@pytest.fixture(scope="session")
def shared_pool(shared_url: str) -> Iterator[Database]:
    """Connections that stay open from test to test: each new one would have to learn all tables and queries anew."""
    pool = Database(make_conninfo(shared_url, application_name=LENT), size=12).open()
    yield pool
    pool.close()


@pytest.fixture
def database(database_url: str, shared_pool: Database) -> Iterator[Database]:
    database = _Lent(database_url, shared_pool)
    yield database
    database.close()


class _Lent(Database):
    """A test's own handle on the pool; closed, it is as closed as any other database."""

    def __init__(self, url: str, pool: Database) -> None:
        super().__init__(url)
        self._never_opened, self._pool = self._pool, pool._pool

    def close(self) -> None:
        self._pool = self._never_opened


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def ctx(office: Office) -> Iterator[Context]:
    """A manager's context at NOON, in a transaction that is committed when the test ends."""
    with office.context(person("mara", Role.ADMIN)) as context:
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
