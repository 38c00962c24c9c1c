"""People, sessions and keys of an installation from before roles by site are what they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from shelfwise.access import service
from shelfwise.access.context import Office, set_business_time
from shelfwise.access.model import Right, Role, person
from shelfwise.access.passwords import digest, hasher
from shelfwise.core.clocks import BusinessTime
from shelfwise.store.database import Database, run
from shelfwise.store.migrate import migrate
from tests.upgrading import as_it_was


@pytest.fixture
def before(server_url: str) -> Iterator[str]:
    """The URL of a database as the version before left it, with people in it."""
    now = datetime.now(UTC)
    with as_it_was(server_url, "upgraded", before=7) as url:
        with psycopg.connect(url) as tx:
            run(tx, "insert into tenant values (1, 'Old', 'EUR')")
            set_business_time(tx, 1, BusinessTime(now, now))
            for login, role in (("mara", "manager"), ("omar", "operator")):
                run(
                    tx,
                    "insert into app_user (tenant_id, login, name, password_hash, role) values (1, %s, '', %s, %s)",
                    (login, hasher().hash("three random words"), role),
                )
            run(
                tx,
                """insert into session (tenant_id, token_hash, user_id, created_at, expires_at)
                   values (1, %s, 1, %s, %s)""",
                (digest("token"), now, now + timedelta(hours=12)),
            )
            run(
                tx,
                "insert into api_key (tenant_id, name, key_hash, scopes) values (1, 'shop', %s, '{take_orders}')",
                (digest("secret"),),
            )
            run(tx, "insert into sign_in_failure (tenant_id, login, failed_at) values (1, 'omar', %s)", (now,))
        yield url


def test_who_could_do_everything_before_is_admin_and_all_else_is_as_it_was(before: str) -> None:
    migrate(before)
    database = Database(before, size=2).open()
    try:
        office = Office(database)
        assert service.actor_of_session(office, "token") == person("mara", Role.ADMIN, user_id=1)
        omar = service.actor_of_session(office, service.sign_in(office, "omar", "three random words"))
        assert omar == person("omar", Role.OPERATOR, user_id=2)
        shop = service.actor_of_key(office, "secret")
        assert shop.may(Right.TAKE_ORDERS)
        with office.context(person("mara", Role.ADMIN)) as ctx:
            assert [(one.login, one.role, one.active) for one in service.users(ctx)] == [
                ("mara", Role.ADMIN, True),
                ("omar", Role.OPERATOR, True),
            ]
            assert [key.sites for key in service.keys(ctx)] == [None]
    finally:
        database.close()
