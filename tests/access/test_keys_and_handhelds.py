"""Keys have limits of place and time; a handheld lets people in with badge and PIN, for the floor of its site alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shelfwise.access import service, throttle
from shelfwise.access.context import Office
from shelfwise.access.model import ON_THE_FLOOR, RIGHTS, Right, Role, person
from shelfwise.access.service import Caller
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from shelfwise.records import service as records
from shelfwise.store.database import Database, value
from tests.access.test_throttle import PASSWORD, Watch

BOSS = person("boss", Role.ADMIN)
PHONE = Caller("192.0.2.7")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def house(database: Database, watch: Watch) -> Office:
    """Two sites; mara is admin, pia planner at the second one; both have badges."""
    office = Office(database, wall=watch)
    with office.context(BOSS) as ctx:
        for code in ("ONE", "TWO"):
            records.add_site(ctx, code=code, name=code, time_zone="Europe/London", width_m=9, depth_m=9)
        mara = service.add_user(ctx, "mara", "Mara", PASSWORD, Role.ADMIN)
        pia = service.add_user(ctx, "pia", "Pia", PASSWORD, None, {2: Role.PLANNER})
        service.set_badge(ctx, mara, " badge-1 ")
        service.set_badge(ctx, pia, "BADGE-2")
    return office


def pin_of(office: Office, user_id: int) -> str:
    with office.context(BOSS) as ctx:
        return service.reset_pin(ctx, user_id)


def enrolled(office: Office, site_id: int = 1, idle: timedelta = timedelta(minutes=10)) -> tuple[int, str]:
    """A handheld's id and its token."""
    with office.context(BOSS) as ctx:
        handheld_id, code = service.add_handheld(ctx, site_id, "Zebra", idle)
    return handheld_id, service.enrol(office, code, PHONE)


def test_a_key_is_good_at_its_sites_alone(house: Office) -> None:
    with house.context(BOSS) as ctx:
        secret = service.add_key(ctx, "shop", [Right.TAKE_ORDERS, Right.VIEW], sites=[2])
    shop = service.actor_of_key(house, secret)
    assert shop.may(Right.TAKE_ORDERS, 2)
    assert not shop.may(Right.TAKE_ORDERS, 1)
    assert not shop.may(Right.TAKE_ORDERS)
    assert (shop.by, shop.sites(Right.VIEW)) == ("key:shop", frozenset({2}))


def test_a_key_ends_on_its_day_or_when_it_is_revoked(house: Office, watch: Watch) -> None:
    with house.context(BOSS) as ctx:
        short = service.add_key(ctx, "short", [Right.VIEW], expires_at=watch.at + timedelta(days=1))
        long = service.add_key(ctx, "long", [Right.VIEW])
        (number,) = [key.key_id for key in service.keys(ctx) if key.name == "long"]
    assert service.actor_of_key(house, short).name == "short"
    watch.at += timedelta(days=1)
    with pytest.raises(Unauthenticated, match="expired"):
        service.actor_of_key(house, short)
    assert service.actor_of_key(house, long).name == "long"
    with house.context(BOSS) as ctx:
        assert service.revoke_key(ctx, number).revoked_at == watch.at
    with pytest.raises(Unauthenticated):
        service.actor_of_key(house, long)


def test_that_a_key_was_used_is_noted_now_and_then(house: Office, watch: Watch) -> None:
    with house.context(BOSS) as ctx:
        secret = service.add_key(ctx, "shop", [Right.VIEW])
    begin = watch.at
    for minutes, noted in ((0, 0), (4, 0), (5, 5), (9, 5)):
        watch.at = begin + timedelta(minutes=minutes)
        service.actor_of_key(house, secret)
        with house.context(BOSS) as ctx:
            assert service.keys(ctx)[0].last_used_at == begin + timedelta(minutes=noted)


def test_a_key_that_cannot_be_right_is_not_made(house: Office, watch: Watch) -> None:
    with house.context(BOSS) as ctx:
        with pytest.raises(Invalid, match="sites"):
            service.add_key(ctx, "a", [Right.VIEW], sites=[])
        with pytest.raises(Invalid, match="expires"):
            service.add_key(ctx, "a", [Right.VIEW], expires_at=watch.at)
        with pytest.raises(Refused, match="takes a person"):
            service.add_key(ctx, "a", [Right.RELEASE_STOCK])
    with pytest.raises(NotFound), house.context(BOSS) as ctx:
        service.add_key(ctx, "a", [Right.VIEW], sites=[3])


def test_a_badge_and_pin_give_the_work_of_the_floor_and_no_more_even_to_an_admin(house: Office) -> None:
    handheld_id, token = enrolled(house)
    session = service.sign_in_with_badge(house, token, "BADGE-1", pin_of(house, 1), PHONE)
    mara = service.actor_of_session(house, session)
    assert (mara.name, mara.rights, mara.handheld_id) == ("mara", frozenset(), handheld_id)
    assert mara.at_sites == ((1, ON_THE_FLOOR),)
    assert not mara.may(Right.MANAGE_PEOPLE)


def test_a_badge_gives_nobody_more_than_their_role(house: Office) -> None:
    _, token = enrolled(house, site_id=2)
    pia = service.actor_of_session(house, service.sign_in_with_badge(house, token, "badge-2", pin_of(house, 2), PHONE))
    assert pia.at_sites == ((2, ON_THE_FLOOR & RIGHTS[Role.PLANNER]),)
    assert not pia.may(Right.RECEIVE_GOODS, 2)


def test_who_has_no_role_at_a_site_cannot_sign_in_on_its_handhelds(house: Office) -> None:
    _, token = enrolled(house, site_id=1)
    with pytest.raises(Unauthenticated, match="do not match"):
        service.sign_in_with_badge(house, token, "BADGE-2", pin_of(house, 2), PHONE)


def test_a_pin_opens_nothing_but_a_handheld(house: Office) -> None:
    pin = pin_of(house, 1)
    for token in (None, "", "made up", service.sign_in(house, "mara", PASSWORD)):
        with pytest.raises(Unauthenticated, match="not a handheld"):
            service.sign_in_with_badge(house, token, "BADGE-1", pin, PHONE)
    with pytest.raises(Unauthenticated, match="do not match"):
        service.sign_in(house, "mara", pin)
    _, token = enrolled(house)
    session = service.session_of(house, service.sign_in_with_badge(house, token, "BADGE-1", pin, PHONE))
    for deed in (
        lambda: service.change_password(house, session, pin, "four more random words"),
        lambda: service.set_pin(house, session, pin, "7391"),
    ):
        with pytest.raises(Forbidden, match="password"):
            deed()
    with house.context(session.actor) as ctx, pytest.raises(Forbidden):
        service.own_sessions(ctx)


def test_a_code_makes_one_device_a_handheld_once_and_for_an_hour(house: Office, watch: Watch) -> None:
    with house.context(BOSS) as ctx:
        handheld_id, code = service.add_handheld(ctx, 1, "Zebra")
    first = service.enrol(house, code, PHONE)
    with pytest.raises(Unauthenticated, match="used"):
        service.enrol(house, code, PHONE)
    with house.context(BOSS) as ctx:
        late = service.handheld_code(ctx, handheld_id)
        service.handheld_code(ctx, handheld_id)
        newest = service.handheld_code(ctx, handheld_id)
    with pytest.raises(Unauthenticated):
        service.enrol(house, late, PHONE)
    second = service.enrol(house, newest, PHONE)
    assert service.handheld_of(house, first) is None
    assert service.handheld_of(house, second) is not None
    with house.context(BOSS) as ctx:
        code = service.handheld_code(ctx, handheld_id)
    watch.at += timedelta(hours=1)
    with pytest.raises(Unauthenticated):
        service.enrol(house, code, PHONE)


def test_a_code_for_a_password_makes_no_handheld_and_the_other_way_round(house: Office) -> None:
    with house.context(BOSS) as ctx:
        _, for_device = service.add_handheld(ctx, 1, "Zebra")
        for_person = service.password_code(ctx, 2)
    with pytest.raises(Unauthenticated):
        service.enrol(house, for_person, PHONE)
    with pytest.raises(Unauthenticated):
        service.use_password_code(house, for_device, "four more random words")


def test_the_key_that_follows_a_revoked_one_has_its_name(house: Office) -> None:
    with house.context(BOSS) as ctx:
        service.add_key(ctx, "shop", [Right.VIEW])
        with pytest.raises(Refused, match="Revoke it"):
            service.add_key(ctx, "shop", [Right.VIEW])
        (first,) = service.keys(ctx)
        service.revoke_key(ctx, first.key_id)
        assert service.add_key(ctx, "shop", [Right.VIEW])
        assert sorted((one.name, one.revoked) for one in service.keys(ctx)) == [("shop", False), ("shop", True)]


def test_a_revoked_handheld_is_out_at_once(house: Office) -> None:
    handheld_id, token = enrolled(house)
    pin = pin_of(house, 1)
    session = service.sign_in_with_badge(house, token, "BADGE-1", pin, PHONE)
    with house.context(BOSS) as ctx:
        service.revoke_handheld(ctx, handheld_id)
    with pytest.raises(Unauthenticated):
        service.session_of(house, session)
    with pytest.raises(Unauthenticated, match="not a handheld"):
        service.sign_in_with_badge(house, token, "BADGE-1", pin, PHONE)


def test_a_handheld_signs_out_whoever_put_it_down(house: Office, watch: Watch) -> None:
    _, token = enrolled(house, idle=timedelta(minutes=5))
    session = service.sign_in_with_badge(house, token, "BADGE-1", pin_of(house, 1), PHONE)
    watch.at += timedelta(minutes=4)
    assert service.session_of(house, session)
    watch.at += timedelta(minutes=5)
    with pytest.raises(Unauthenticated):
        service.session_of(house, session)


def test_pins_are_not_guessed_on_one_handheld_nor_on_many(house: Office, watch: Watch) -> None:
    pin = pin_of(house, 1)
    tokens = [enrolled(house)[1] for _ in range(4)]

    def guess(token: str) -> str:
        with pytest.raises(Unauthenticated) as caught:
            service.sign_in_with_badge(house, token, "BADGE-1", "0000", PHONE)
        return str(caught.value)

    told = [guess(tokens[0]) for _ in range(throttle.PIN_PAIR.free + 2)]
    assert "Too many" in told[-1]
    assert service.sign_in_with_badge(house, tokens[1], "BADGE-1", pin, PHONE)
    for hour in range(1, 4):
        watch.at += timedelta(hours=hour)
        for token in tokens:
            guess(token)
    with pytest.raises(Unauthenticated, match="Too many"):
        service.sign_in_with_badge(house, tokens[1], "BADGE-1", pin, PHONE)
    # A password is another door, and a new PIN from an admin opens this one again.
    assert service.sign_in(house, "mara", PASSWORD)
    assert service.sign_in_with_badge(house, tokens[1], "BADGE-1", pin_of(house, 1), PHONE)


def test_badges_are_told_apart_and_what_is_done_with_one_says_on_which_handheld(house: Office) -> None:
    with house.context(BOSS) as ctx, pytest.raises(Refused, match="mara has this badge"):
        service.set_badge(ctx, 2, "badge-1")
    handheld_id, token = enrolled(house)
    session = service.sign_in_with_badge(house, token, "BADGE-1", pin_of(house, 1), PHONE)
    with house.context(service.actor_of_session(house, session)) as ctx:
        ctx.audit("test.done", "test:1")
        assert value(ctx.tx, "select detail from audit_entry where action = 'test.done'") == {"handheld": handheld_id}


def test_one_sets_a_pin_of_ones_own_with_the_password(house: Office) -> None:
    session = service.session_of(house, service.sign_in(house, "mara", PASSWORD))
    for simple in ("1234", "0000", "121212", "123", "abcd", "123456789"):
        with pytest.raises(Invalid):
            service.set_pin(house, session, PASSWORD, simple)
    with pytest.raises(Unauthenticated):
        service.set_pin(house, session, "wrong", "7391")
    service.set_pin(house, session, PASSWORD, "7391")
    _, token = enrolled(house)
    assert service.sign_in_with_badge(house, token, "BADGE-1", "7391", PHONE)
