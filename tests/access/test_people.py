"""People: what each may do where, and that somebody who can manage them is always left."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from shelfwise.access import service
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Right, Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from shelfwise.records import service as records
from shelfwise.store.database import run, value

PASSWORD = "three random words"
BOSS = person("boss", Role.ADMIN)


@pytest.fixture
def site(office: Office) -> int:
    with office.context(BOSS) as ctx:
        return records.add_site(ctx, code="LON", name="London", time_zone="Europe/London", width_m=9, depth_m=9)


def add(office: Office, login: str, role: Role | None = Role.OPERATOR, **more: object) -> int:
    with office.context(BOSS) as ctx:
        return service.add_user(ctx, login, login.title(), PASSWORD, role, **more)  # type: ignore[arg-type]


def test_a_role_at_a_site_is_good_there_and_nowhere_else(office: Office, site: int) -> None:
    add(office, "pia", None, at_sites={site: Role.PLANNER})
    pia = service.actor_of_session(office, service.sign_in(office, "pia", PASSWORD))
    assert pia.may(Right.RUN_PLANNING, site)
    assert not pia.may(Right.RUN_PLANNING, site + 1)
    assert not pia.may(Right.RUN_PLANNING)
    assert pia.sites(Right.VIEW) == frozenset({site})


def test_a_role_at_a_site_comes_beside_the_one_for_all(office: Office, site: int) -> None:
    add(office, "vera", Role.VIEWER, at_sites={site: Role.OPERATOR})
    vera = service.actor_of_session(office, service.sign_in(office, "vera", PASSWORD))
    assert vera.may(Right.VIEW)
    assert vera.may(Right.RECEIVE_GOODS, site)
    assert not vera.may(Right.RECEIVE_GOODS)


def test_a_change_of_role_holds_for_sessions_that_are_open(office: Office, site: int) -> None:
    user_id = add(office, "omar", Role.MANAGER)
    token = service.sign_in(office, "omar", PASSWORD)
    with office.context(BOSS) as ctx:
        service.change_user(ctx, user_id, "Omar", None, {site: Role.VIEWER})
    assert service.actor_of_session(office, token) == person("omar", None, {site: Role.VIEWER}, user_id)


def test_what_was_changed_is_told_with_before_and_after(office: Office, site: int) -> None:
    user_id = add(office, "omar")
    with office.context(BOSS) as ctx:
        service.change_user(ctx, user_id, "Omar", Role.VIEWER, {site: Role.QUALITY})
        newest = service.audit_log(ctx, 1)[0]
    assert newest.action == "user.changed"
    assert newest.detail == {
        "before": {"role": "operator", "at_sites": {}},
        "after": {"role": "viewer", "at_sites": {"LON": "quality"}},
    }


def test_an_admin_is_one_everywhere_or_not_at_all(office: Office, site: int) -> None:
    with pytest.raises(Invalid, match="every site"):
        add(office, "ada", None, at_sites={site: Role.ADMIN})
    with pytest.raises(NotFound):
        add(office, "ada", None, at_sites={site + 1: Role.VIEWER})


def test_who_is_shut_out_is_out_at_once_and_can_come_back(office: Office) -> None:
    user_id = add(office, "omar")
    token = service.sign_in(office, "omar", PASSWORD)
    with office.context(BOSS) as ctx:
        service.set_active(ctx, user_id, False)
    with pytest.raises(Unauthenticated):
        service.actor_of_session(office, token)
    with pytest.raises(Unauthenticated, match="do not match"):
        service.sign_in(office, "omar", PASSWORD)
    with office.context(BOSS) as ctx:
        service.set_active(ctx, user_id, True)
    with pytest.raises(Unauthenticated):
        service.actor_of_session(office, token)
    assert service.sign_in(office, "omar", PASSWORD)


def test_the_last_admin_who_can_sign_in_stays(office: Office) -> None:
    ada = add(office, "ada", Role.ADMIN)
    with office.context(BOSS) as ctx:
        service.add_user(ctx, "invited", "", None, Role.ADMIN)
        for change in (
            lambda: service.set_active(ctx, ada, False),
            lambda: service.change_user(ctx, ada, "Ada", Role.MANAGER, {}),
            lambda: service.change_user(ctx, ada, "Ada", None, {}),
        ):
            with pytest.raises(Refused, match="last admin"):
                change()
    add(office, "bea", Role.ADMIN)
    with office.context(BOSS) as ctx:
        service.set_active(ctx, ada, False)


def test_two_admins_cannot_remove_each_other_at_the_same_moment(office: Office) -> None:
    ids = [add(office, "ada", Role.ADMIN), add(office, "bea", Role.ADMIN)]
    start, refused = threading.Barrier(2), []

    def remove(user_id: int) -> None:
        start.wait()
        try:
            with office.context(BOSS) as ctx:
                service.set_active(ctx, user_id, False)
        except Refused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=remove, args=(user_id,)) for user_id in ids]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(refused) == 1


def test_a_code_sets_a_password_once(office: Office) -> None:
    with office.context(BOSS) as ctx:
        user_id = service.add_user(ctx, "nina", "Nina", None, Role.VIEWER)
        code = service.password_code(ctx, user_id)
        assert value(ctx.tx, "select count(*) from one_time_code where code_hash = %s", (code.encode(),)) == 0
    with pytest.raises(Unauthenticated):
        service.sign_in(office, "nina", "")
    with pytest.raises(Invalid):
        service.use_password_code(office, code, "short")
    token = service.use_password_code(office, code.upper().replace("-", " "), PASSWORD)
    assert service.actor_of_session(office, token).name == "nina"
    assert service.sign_in(office, "nina", PASSWORD)
    with pytest.raises(Unauthenticated, match="used"):
        service.use_password_code(office, code, "another three words")


@pytest.mark.parametrize("why", ["too old", "a newer one", "shut out"])
def test_a_code_stops_working(office: Office, why: str) -> None:
    with office.context(BOSS) as ctx:
        user_id = service.add_user(ctx, "nina", "Nina", None, Role.VIEWER)
        code = service.password_code(ctx, user_id)
        if why == "too old":
            run(ctx.tx, "update one_time_code set expires_at = %s", (ctx.wall.now() - timedelta(seconds=1),))
        elif why == "a newer one":
            service.password_code(ctx, user_id)
        else:
            service.set_active(ctx, user_id, False)
            service.set_active(ctx, user_id, True)
    with pytest.raises(Unauthenticated):
        service.use_password_code(office, code, PASSWORD)


def test_a_new_password_ends_every_session_of_the_person_and_of_nobody_else(office: Office) -> None:
    add(office, "omar")
    add(office, "otto")
    old, desk = service.sign_in(office, "omar", PASSWORD), service.sign_in(office, "omar", PASSWORD)
    others = service.sign_in(office, "otto", PASSWORD)
    new = service.change_password(office, service.session_of(office, desk), PASSWORD, "four more random words")
    for token in (old, desk):
        with pytest.raises(Unauthenticated):
            service.actor_of_session(office, token)
    assert service.actor_of_session(office, new).name == "omar"
    assert service.actor_of_session(office, others).name == "otto"
    with pytest.raises(Unauthenticated):
        service.sign_in(office, "omar", PASSWORD)


def test_changing_a_password_needs_the_old_one_and_cannot_be_guessed_at(office: Office) -> None:
    add(office, "omar")
    session = service.session_of(office, service.sign_in(office, "omar", PASSWORD))
    with pytest.raises(Refused, match="the old one"):
        service.change_password(office, session, PASSWORD, PASSWORD)
    for _ in range(5):
        with pytest.raises(Unauthenticated, match="not your password"):
            service.change_password(office, session, "wrong", "four more random words")
    with pytest.raises(Unauthenticated, match="Too many"):
        service.change_password(office, session, PASSWORD, "four more random words")


def test_a_password_that_another_gave_has_to_be_changed(office: Office) -> None:
    add(office, "nina", Role.VIEWER, must_change=True)
    session = service.session_of(office, service.sign_in(office, "nina", PASSWORD))
    assert session.must_change
    token = service.change_password(office, session, PASSWORD, "four more random words")
    assert not service.session_of(office, token).must_change


def test_only_who_manages_people_everywhere_does(office: Office, site: int) -> None:
    user_id = add(office, "omar")
    for actor in (person("m", Role.MANAGER), person("s", None, {site: Role.MANAGER}), system("worker")):
        with office.context(BOSS) as ctx:
            wrong = replace(ctx, actor=actor)
            for deed in (
                lambda wrong: service.users(wrong),
                lambda wrong: service.change_user(wrong, user_id, "X", Role.ADMIN, {}),
                lambda wrong: service.password_code(wrong, user_id),
                lambda wrong: service.reset_pin(wrong, user_id),
                lambda wrong: service.sessions(wrong),
            ):
                with pytest.raises(Forbidden):
                    deed(wrong)


def test_a_login_cannot_be_taken_for_a_key(ctx: Context) -> None:
    with pytest.raises(Invalid, match="colon"):
        service.add_user(ctx, "key:shop", "", PASSWORD, Role.VIEWER)
