"""What tests share: one Postgres for the session, an empty database and a clock standing still for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher

from shelfwise.access import passwords
from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.store import embedded
from shelfwise.store.database import Database, run
from shelfwise.store.migrate import migrate

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


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
    yield cluster.database_url("postgres")
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


@pytest.fixture
def database_url(shared_url: str) -> Iterator[str]:
    """A database with one tenant, its clock at NOON and nothing else; sequences start at 1."""
    with psycopg.connect(shared_url) as tx:
        run(tx, "insert into tenant values (1, 'Test', 'EUR')")
        stand_still(tx, 1, NOON)
    yield shared_url
    with psycopg.connect(shared_url) as tx:
        tx.execute(_EMPTY)


# Deleting is many times faster than a new database for each test. Only tables and sequences in use are touched.
_EMPTY = """
do $$
declare name text; used boolean;
begin
    perform pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend';
    set local session_replication_role = replica;
    set local lock_timeout = '10s';
    for name in select format('%I', relname) from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
              and relname <> 'schema_migration' loop
        execute 'select exists (select from ' || name || ')' into used;
        if used then execute 'delete from ' || name; end if;
    end loop;
    for name in select format('%I', sequencename) from pg_sequences
            where schemaname = 'public' and last_value is not null loop
        execute 'alter sequence ' || name || ' restart';
    end loop;
end $$
"""


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
