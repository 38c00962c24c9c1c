"""Databases as the version before left them, each of its own, on the server that all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from shelfwise.operations import backup
from shelfwise.settings import Settings
from shelfwise.store import dumps
from shelfwise.store.migrate import migrate
from tests.conftest import with_database

STORED = Path(__file__).parent.parent / "store" / "dumps" / "schema-0023.dump"
# Its last migration.
STORED_SCHEMA = 23

NewDatabase = Callable[[str], str]


@pytest.fixture(scope="session")
def stored(server_url: str) -> str:
    """The name of a database that holds the stored dump, to be copied."""
    name = f"stored_{os.getpid()}"
    _run(server_url, f'create database "{name}" template template0')
    with STORED.open("rb") as dump:
        dumps.load(with_database(server_url, name), dump)
    return name


@pytest.fixture(scope="session")
def upgraded_once(server_url: str, stored: str) -> str:
    """The name of a database that holds the stored dump in today's schema, to be copied."""
    name = f"upgraded_{os.getpid()}"
    _copy(server_url, stored, name)
    migrate(with_database(server_url, name))
    return name


@pytest.fixture
def new_database(server_url: str) -> Iterator[NewDatabase]:
    """Makes databases: a copy of the one named, or empty after template0."""
    made: list[str] = []

    def make(template: str = "template0") -> str:
        made.append(f"operations_{os.getpid()}_{len(made)}")
        _copy(server_url, template, made[-1])
        return with_database(server_url, made[-1])

    yield make
    for name in made:
        _run(server_url, f'drop database if exists "{name}" with (force)')


@pytest.fixture
def stored_url(server_url: str, stored: str) -> str:
    """The same database for all tests: whoever changes it takes `old_url`."""
    return with_database(server_url, stored)


@pytest.fixture
def old_url(new_database: NewDatabase, stored: str) -> str:
    """A database of the version before, with data in it."""
    return new_database(stored)


@pytest.fixture(scope="session")
def backed_up(server_url: str, stored: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the stored dump, with secrets; to be copied."""
    home = tmp_path_factory.mktemp("backed-up")
    (home / "secrets" / "web" / "key").mkdir(parents=True)
    (home / "secrets" / "postgres").write_text("of this server alone", "ascii")
    (home / "secrets" / "web" / "key" / "first").write_text("a key", "ascii")
    return backup.make(with_database(server_url, stored), home, home / "backups", "by-hand", ["SHELFWISE_HOST"])


@pytest.fixture
def made(backed_up: Path, settings: Settings) -> Path:
    """The same backup, where this installation would have put it."""
    (settings.home / "secrets" / "postgres").write_text("of this server alone", "ascii")
    settings.backups.mkdir(mode=0o700)
    return Path(shutil.copy2(backed_up, settings.backups))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "home" / "secrets").mkdir(parents=True)
    return Settings(home=tmp_path / "home")


def _copy(url: str, template: str, name: str) -> None:
    """Files are copied as they are: the way by the write-ahead log takes many times the computing."""
    _run(url, f'create database "{name}" template "{template}" strategy file_copy')


def _run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.encode())
