"""Sessions: they end by themselves, are seen by their person and by admins, and can be ended one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from shelfwise.access import service
from shelfwise.access.context import Office
from shelfwise.access.model import Role, key_actor, person
from shelfwise.access.service import Caller
from shelfwise.access.sessions import IDLE
from shelfwise.core.errors import Forbidden, NotFound, Unauthenticated
from shelfwise.store.database import Database, value
from tests.access.test_throttle import PASSWORD, Watch

BOSS = person("boss", Role.ADMIN)
DESK = Caller("192.0.2.7", "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def house(database: Database, watch: Watch) -> Office:
    office = Office(database, wall=watch)
    with office.context(BOSS) as ctx:
        service.add_user(ctx, "mara", "Mara", PASSWORD, Role.MANAGER)
        service.add_user(ctx, "otto", "Otto", PASSWORD, Role.OPERATOR)
    return office


def test_a_session_that_nobody_uses_ends(house: Office, watch: Watch) -> None:
    token = service.sign_in(house, "mara", PASSWORD)
    for _ in range(3):
        watch.at += IDLE - timedelta(minutes=1)
        assert service.session_of(house, token)
    watch.at += IDLE
    with pytest.raises(Unauthenticated):
        service.session_of(house, token)


def test_what_a_page_asks_by_itself_keeps_no_session_alive(house: Office, watch: Watch) -> None:
    token = service.sign_in(house, "mara", PASSWORD)
    for _ in range(4):
        watch.at += IDLE / 4 - timedelta(seconds=1)
        assert service.session_of(house, token, active=False)
    watch.at += timedelta(seconds=5)
    with pytest.raises(Unauthenticated):
        service.session_of(house, token, active=False)


def test_a_session_ends_after_twelve_hours_however_busy(house: Office, watch: Watch) -> None:
    token = service.sign_in(house, "mara", PASSWORD)
    for _ in range(11):
        watch.at += timedelta(hours=1)
        assert service.session_of(house, token)
    watch.at += timedelta(hours=1)
    with pytest.raises(Unauthenticated):
        service.session_of(house, token)


def test_use_is_noted_once_a_minute_at_most(house: Office, watch: Watch) -> None:
    token = service.sign_in(house, "mara", PASSWORD)
    begin = watch.at
    for seconds, seen in ((30, 0), (59, 0), (60, 60), (100, 60)):
        watch.at = begin + timedelta(seconds=seconds)
        service.session_of(house, token)
        with house.database.transaction() as tx:
            assert value(tx, "select last_seen_at from session") == begin + timedelta(seconds=seen)


def test_signing_in_again_ends_the_session_that_the_browser_had(house: Office) -> None:
    old = service.sign_in(house, "mara", PASSWORD)
    new = service.sign_in(house, "mara", PASSWORD, Caller(replaces=old))
    assert new != old
    with pytest.raises(Unauthenticated):
        service.session_of(house, old)
    assert service.session_of(house, new)


def test_a_person_sees_and_ends_their_own_sessions_alone(house: Office) -> None:
    here = service.session_of(house, service.sign_in(house, "mara", PASSWORD, DESK))
    there = service.session_of(house, service.sign_in(house, "mara", PASSWORD, Caller("198.51.100.9")))
    otto = service.session_of(house, service.sign_in(house, "otto", PASSWORD))
    with house.context(here.actor) as ctx:
        lines = {one.session_id: one for one in service.own_sessions(ctx)}
        assert set(lines) == {here.session_id, there.session_id}
        assert (lines[here.session_id].address, lines[here.session_id].agent) == (DESK.address, DESK.agent)
        with pytest.raises(NotFound):
            service.end_own_session(ctx, otto.session_id)
        service.end_own_session(ctx, there.session_id)
        assert [one.session_id for one in service.own_sessions(ctx)] == [here.session_id]


def test_all_other_sessions_end_at_once(house: Office) -> None:
    tokens = [service.sign_in(house, "mara", PASSWORD) for _ in range(3)]
    here = service.session_of(house, tokens[0])
    with house.context(here.actor) as ctx:
        assert service.end_own_sessions(ctx, here.session_id) == 2
    assert service.session_of(house, tokens[0]).session_id == here.session_id
    for token in tokens[1:]:
        with pytest.raises(Unauthenticated):
            service.session_of(house, token)


def test_an_admin_sees_and_ends_the_sessions_of_others(house: Office) -> None:
    token = service.sign_in(house, "otto", PASSWORD)
    with house.context(BOSS) as ctx:
        (line,) = service.sessions(ctx)
        assert line.login == "otto"
        service.end_session(ctx, line.session_id)
        assert service.audit_log(ctx, 1)[0].action == "session.ended"
    with pytest.raises(Unauthenticated):
        service.session_of(house, token)
    service.sign_in(house, "otto", PASSWORD)
    with house.context(BOSS) as ctx:
        assert service.end_sessions(ctx, 2) == 1


def test_a_key_has_no_sessions(house: Office) -> None:
    with house.context(key_actor("shop", frozenset())) as ctx, pytest.raises(Forbidden):
        service.own_sessions(ctx)


def test_a_password_kept_with_less_work_is_hashed_anew_at_the_next_sign_in(
    house: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> str:
        with house.database.transaction() as tx:
            return str(value(tx, "select password_hash from app_user where login = 'mara'"))

    before = kept()
    service.sign_in(house, "mara", PASSWORD)
    assert kept() == before
    harder = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    monkeypatch.setattr("shelfwise.access.sessions.hasher", lambda: harder)
    service.sign_in(house, "mara", PASSWORD)
    assert kept() != before
    assert not harder.check_needs_rehash(kept())
    assert service.sign_in(house, "mara", PASSWORD)
