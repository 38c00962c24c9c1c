"""A guesser is slowed down; nobody is shut out by somebody else's guesses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from shelfwise.access import service, throttle
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.access.service import Caller
from shelfwise.access.throttle import Attempt, Brake, caller_address, network_of, networks, wait_words
from shelfwise.core.errors import Invalid, Unauthenticated
from shelfwise.settings import Settings
from shelfwise.store.database import Database

PASSWORD = "three random words"
HOME, AWAY = Caller("192.0.2.7"), Caller("198.51.100.9")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Watch:
    """A wall clock that is set by hand."""

    at: datetime = field(default=START)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def house(database: Database, watch: Watch) -> Office:
    """Mara is at home; the wall clock stands still."""
    office = Office(database, wall=watch)
    with office.context(person("boss", Role.ADMIN)) as ctx:
        service.add_user(ctx, "mara", "Mara", PASSWORD, Role.MANAGER)
        service.add_user(ctx, "otto", "Otto", PASSWORD, Role.OPERATOR)
    return office


def fail(office: Office, caller: Caller, login: str = "mara", times: int = 1) -> str:
    """Failed sign-ins; what the last one was told."""
    for _ in range(times):
        with pytest.raises(Unauthenticated) as caught:
            service.sign_in(office, login, "wrong", caller)
    return str(caught.value)


def test_a_stranger_cannot_shut_a_person_out(house: Office) -> None:
    assert "Too many" in fail(house, AWAY, times=20)
    assert service.sign_in(house, "mara", PASSWORD, HOME)


def test_pauses_grow_with_each_failure_and_end(house: Office, watch: Watch) -> None:
    assert "do not match" in fail(house, AWAY, times=throttle.PAIR.free + 1)
    waits = []
    for _ in range(5):
        begin = watch.at
        # The attempt that ends the wait fails too, and counts.
        while "Too many" in fail(house, AWAY):
            watch.at += timedelta(seconds=5)
        waits.append((watch.at - begin).total_seconds())
    assert waits == [5, 10, 20, 40, 80]


def test_the_right_password_within_a_pause_does_not_help_a_guesser_and_after_it_does(
    house: Office, watch: Watch
) -> None:
    fail(house, AWAY, times=throttle.PAIR.free + 1)
    with pytest.raises(Unauthenticated, match="Wait 5 seconds"):
        service.sign_in(house, "mara", PASSWORD, AWAY)
    watch.at += timedelta(seconds=5)
    assert service.sign_in(house, "mara", PASSWORD, AWAY)
    # Whoever got in is no guesser: all is forgotten.
    assert "do not match" in fail(house, AWAY, times=throttle.PAIR.free)


def test_an_unknown_login_is_slowed_down_just_the_same(house: Office) -> None:
    told = [fail(house, AWAY, login) for login in ("mara", "nobody") for _ in range(throttle.PAIR.free + 2)]
    half = len(told) // 2
    assert told[:half] == told[half:]


def test_an_address_that_tries_many_logins_is_slowed_down_for_all_of_them(house: Office) -> None:
    for n in range(throttle.ADDRESS.free + 1):
        fail(house, AWAY, f"login{n}")
    with pytest.raises(Unauthenticated, match="Too many"):
        service.sign_in(house, "otto", PASSWORD, AWAY)
    assert service.sign_in(house, "otto", PASSWORD, HOME)


def test_a_login_tried_from_many_addresses_is_slowed_down_but_not_for_a_browser_that_is_known(house: Office) -> None:
    desk = Caller("192.0.2.7", device="the token of a browser")
    service.sign_in(house, "mara", PASSWORD, desk)
    with house.database.transaction() as tx:
        for n in range(throttle.LOGIN.free + 1):
            throttle.remember_failure(tx, 1, Attempt("password", "mara", f"203.0.113.{n}"), START)
    with pytest.raises(Unauthenticated, match="Too many"):
        service.sign_in(house, "mara", PASSWORD, HOME)
    assert service.sign_in(house, "mara", PASSWORD, desk)
    # Known for mara, not for others; and it has pauses of its own.
    assert "do not match" in fail(house, desk, "otto")
    assert "Too many" in fail(house, desk, times=throttle.PAIR.free + 2)


def test_failures_of_a_known_browser_do_not_count_against_its_address(house: Office) -> None:
    desk = Caller("192.0.2.7", device="the token of a browser")
    service.sign_in(house, "mara", PASSWORD, desk)
    fail(house, desk, times=throttle.PAIR.free + 5)
    assert service.sign_in(house, "mara", PASSWORD, HOME)


def test_a_whole_ipv6_household_is_one_address(house: Office) -> None:
    for n in range(throttle.PAIR.free + 1):
        fail(house, Caller(f"2001:db8:1:2::{n}"))
    assert "Too many" in fail(house, Caller("2001:db8:1:2:ffff::1"))
    assert "do not match" in fail(house, Caller("2001:db8:1:3::1"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", ""),
        (None, ""),
    ],
)
def test_what_counts_as_one_address(address: str | None, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "caller"),
    [
        # Nobody's header is believed unless it comes from a proxy of ours.
        ("198.51.100.9", ["192.0.2.7"], "", "198.51.100.9"),
        ("198.51.100.9", ["192.0.2.7"], "10.0.0.0/8", "198.51.100.9"),
        ("10.0.0.5", ["192.0.2.7"], "10.0.0.0/8", "192.0.2.7"),
        # What the caller wrote before our proxy added the address it saw.
        ("10.0.0.5", ["1.1.1.1, 192.0.2.7"], "10.0.0.5", "192.0.2.7"),
        ("10.0.0.5", ["1.1.1.1", "192.0.2.7, 10.0.0.6"], "10.0.0.0/8", "192.0.2.7"),
        ("::ffff:10.0.0.5", ["192.0.2.7"], "10.0.0.0/8", "192.0.2.7"),
        ("10.0.0.5", ["nonsense"], "10.0.0.0/8", "10.0.0.5"),
        ("10.0.0.5", [], "10.0.0.0/8", "10.0.0.5"),
        (None, ["192.0.2.7"], "10.0.0.0/8", ""),
    ],
)
def test_a_forwarded_address_is_believed_from_our_own_proxies_alone(
    peer: str | None, forwarded: list[str], proxies: str, caller: str
) -> None:
    assert caller_address(peer, forwarded, networks(proxies)) == caller


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    assert Settings.read({"SHELFWISE_TRUSTED_PROXIES": "10.0.0.5, 2001:db8::/32"}).trusted_proxies
    with pytest.raises(Invalid, match="SHELFWISE_TRUSTED_PROXIES"):
        Settings.read({"SHELFWISE_TRUSTED_PROXIES": "10.0.0.5, our proxy"})


def test_a_pause_is_never_longer_than_the_longest() -> None:
    brake = Brake(2, timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1))
    waits = [brake.until(failures, START) for failures in (0, 2, 3, 4, 5, 100, 10_000)]
    assert waits[:2] == [None, None]
    assert [(one - START).total_seconds() for one in waits[2:] if one] == [5, 10, 20, 60, 60]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 second"), (45, "45 seconds"), (61, "2 minutes"), (7300, "3 hours")]
)
def test_how_long_to_wait_is_rounded_up(seconds: float, words: str) -> None:
    assert wait_words(START + timedelta(seconds=seconds), START) == words
