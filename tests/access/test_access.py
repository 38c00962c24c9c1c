"""Who gets in, and what they may do once they are in."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shelfwise.access import passwords, service, sessions, throttle
from shelfwise.access.context import Context, Office
from shelfwise.access.model import RIGHTS, Actor, Right, Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, Refused, Unauthenticated
from shelfwise.store.database import run, value

PASSWORD = "three random words"


@pytest.fixture
def mara(office: Office) -> str:
    with office.context(person("boss", Role.ADMIN)) as ctx:
        service.add_user(ctx, "mara", "Mara", PASSWORD, Role.OPERATOR)
    return "mara"


def test_a_session_knows_the_person_and_the_role(office: Office, mara: str) -> None:
    token = service.sign_in(office, mara, PASSWORD)
    assert service.actor_of_session(office, token) == person("mara", Role.OPERATOR, user_id=1)


def test_the_token_itself_is_not_in_the_database(office: Office, mara: str) -> None:
    token = service.sign_in(office, mara, PASSWORD)
    with office.database.transaction() as tx:
        assert value(tx, "select count(*) from session where token_hash = %s", (token.encode(),)) == 0


@pytest.mark.parametrize(("login", "password"), [("mara", "wrong"), ("nobody", PASSWORD), ("", ""), ("mara", "")])
def test_a_wrong_sign_in_does_not_say_what_was_wrong(office: Office, mara: str, login: str, password: str) -> None:
    with pytest.raises(Unauthenticated, match="do not match"):
        service.sign_in(office, login, password)


def test_many_failures_close_the_login_for_a_while_even_for_the_right_password(office: Office, mara: str) -> None:
    for _ in range(throttle.PAIR.free + 1):
        with pytest.raises(Unauthenticated):
            service.sign_in(office, mara, "wrong")
    with pytest.raises(Unauthenticated, match="Too many"):
        service.sign_in(office, mara, PASSWORD)


def test_many_sign_ins_at_once_take_their_memory_in_turn(
    office: Office, mara: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, under_way, most = threading.Lock(), 0, 0

    class Hasher:
        def verify(self, password_hash: str, password: str) -> bool:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.02)
            with lock:
                under_way -= 1
            return True

        def check_needs_rehash(self, password_hash: str) -> bool:
            return False

    monkeypatch.setattr(passwords, "hasher", Hasher)
    monkeypatch.setattr(sessions, "hasher", Hasher)
    with ThreadPoolExecutor(8) as people:
        tokens = list(people.map(lambda _: service.sign_in(office, mara, PASSWORD), range(16)))
    assert len(set(tokens)) == 16
    assert most == 2


def test_a_session_ends_at_sign_out(office: Office, mara: str) -> None:
    token = service.sign_in(office, mara, PASSWORD)
    service.sign_out(office, token)
    with pytest.raises(Unauthenticated):
        service.actor_of_session(office, token)


def test_a_session_ends_when_the_person_is_no_longer_active(office: Office, mara: str) -> None:
    token = service.sign_in(office, mara, PASSWORD)
    with office.database.transaction() as tx:
        run(tx, "update app_user set active = false where login = 'mara'")
    with pytest.raises(Unauthenticated):
        service.actor_of_session(office, token)


def test_an_expired_session_is_none(office: Office, mara: str) -> None:
    token = service.sign_in(office, mara, PASSWORD)
    with office.database.transaction() as tx:
        run(tx, "update session set expires_at = created_at")
    with pytest.raises(Unauthenticated):
        service.actor_of_session(office, token)


def test_a_key_has_its_scopes_and_nothing_else(office: Office, ctx: Context) -> None:
    secret = service.add_key(ctx, "shop", [Right.TAKE_ORDERS])
    ctx.tx.commit()
    actor = service.actor_of_key(office, secret)
    assert actor == Actor("key", "shop", frozenset({Right.TAKE_ORDERS}))
    with pytest.raises(Unauthenticated):
        service.actor_of_key(office, secret + "x")


def test_no_key_may_manage_people(ctx: Context) -> None:
    with pytest.raises(Refused):
        service.add_key(ctx, "shop", [Right.MANAGE_PEOPLE])


def test_a_login_is_given_once_and_a_password_has_a_length(ctx: Context) -> None:
    service.add_user(ctx, "ada", "Ada", PASSWORD, Role.VIEWER)
    with pytest.raises(Refused, match="taken"):
        service.add_user(ctx, "ada", "Ada", PASSWORD, Role.VIEWER)
    with pytest.raises(Invalid, match="password"):
        service.add_user(ctx, "eve", "Eve", "short", Role.VIEWER)
    with pytest.raises(Invalid, match="login"):
        service.add_user(ctx, "e v e", "Eve", PASSWORD, Role.VIEWER)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_only_managers_add_people_and_keys(office: Office, role: Role) -> None:
    with office.context(person("eve", role)) as ctx:
        with pytest.raises(Forbidden):
            service.add_user(ctx, "x", "X", PASSWORD, Role.ADMIN)
        with pytest.raises(Forbidden):
            service.add_key(ctx, "x", [Right.VIEW])
        with pytest.raises(Forbidden):
            service.audit_log(ctx)


def test_what_people_do_is_in_the_audit_log(office: Office, mara: str) -> None:
    service.sign_in(office, mara, PASSWORD)
    with office.context(person("boss", Role.ADMIN)) as ctx:
        entries = service.audit_log(ctx)
    assert [(entry.action, entry.subject) for entry in entries] == [
        ("sign_in", "user:mara"),
        ("user.added", "user:mara"),
    ]


def test_each_role_may_do_more_than_the_one_below() -> None:
    assert RIGHTS[Role.VIEWER] < RIGHTS[Role.OPERATOR] < RIGHTS[Role.ADMIN]


def test_no_person_sends_readings_and_the_system_decides_no_proposal() -> None:
    assert all(Right.SEND_READINGS not in rights for rights in RIGHTS.values())
    assert not system("planning").may(Right.DECIDE_PROPOSALS)


def test_an_empty_database_gets_its_first_manager_once(office: Office) -> None:
    assert not service.set_up_tenant(office.database, "Second", "EUR", "x", PASSWORD)
