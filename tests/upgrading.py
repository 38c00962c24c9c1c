"""Databases as an earlier version left them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from shelfwise.store.database import run
from shelfwise.store.migrate import migrations
from tests.conftest import with_database


@contextmanager
def as_it_was(server_url: str, name: str, before: int) -> Iterator[str]:
    """The URL of a new database that knows the migrations numbered below `before`; it is dropped in the end."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create database {name}")
    url = with_database(server_url, name)
    try:
        with psycopg.connect(url) as tx:
            run(tx, "create table schema_migration (number int primary key, name text not null)")
            for number, file, sql in migrations():
                if number < before:
                    run(tx, sql)
                    run(tx, "insert into schema_migration values (%s, %s)", (number, file))
        yield url
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(f"drop database {name} with (force)")
