"""Throttling of guesses: a guesser is slowed down, and cannot shut out the person whose login is guessed.

Failures are counted by who made them, not by whom they were aimed at: each address has growing pauses for a login. Two
brakes stand behind: one for an address that tries many logins, and a high one for a login that many addresses try. A
browser that the person signed in with before passes all of these and has pauses of its own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shelfwise.store.database import Tx, first, run


@dataclass(frozen=True)
class Brake:
    """How failures of one kind slow down.

    Attributes:
        free: so many failures cost no pause.
        first: the pause after one more; it doubles with each further one.
        longest: no pause is longer.
        window: what failed longer ago is forgotten.
    """

    free: int
    first: timedelta
    longest: timedelta
    window: timedelta

    def until(self, failures: int, last: datetime | None) -> datetime | None:
        """When the next attempt is taken; None: now."""
        if last is None or failures <= self.free:
            return None
        doubled = min(failures - self.free - 1, 20)
        return last + min(self.first * (1 << doubled), self.longest)


_HOUR = timedelta(hours=1)
# One address, or one known browser, with one login.
PAIR = Brake(4, timedelta(seconds=5), timedelta(minutes=15), _HOUR)
# One address with any login.
ADDRESS = Brake(30, timedelta(seconds=30), timedelta(minutes=15), _HOUR)
# One login from any address.
LOGIN = Brake(100, timedelta(seconds=30), timedelta(minutes=10), _HOUR)
# PINs are short: a person's are tried a few times a day at most, wherever; and a handheld is no machine for guessing.
PIN_PERSON = Brake(11, timedelta(hours=12), timedelta(hours=12), timedelta(hours=24))
PIN_PAIR = Brake(3, timedelta(seconds=15), timedelta(minutes=15), _HOUR)
PIN_HANDHELD = Brake(15, timedelta(seconds=30), timedelta(minutes=10), _HOUR)
KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Attempt:
    """Who tries what.

    Attributes:
        door: 'password', 'pin' or 'code'.
        login: whose login, or whose badge.
        address: where from, as `network_of` gives it; for a PIN the handheld.
        device: the hash of a known browser's cookie; None for all others.
    """

    door: str
    login: str
    address: str
    device: bytes | None = None


@dataclass(frozen=True)
class _Count:
    failures: int
    last: datetime | None


def refused_until(tx: Tx, tenant: int, attempt: Attempt, now: datetime) -> datetime | None:
    """When the attempt may be made; None: now."""
    pair, wide, anywhere = _BRAKES[attempt.door]
    login, place = "login = %(login)s", "address = %(address)s"
    if attempt.device is not None:
        checks = [(pair, f"{login} and device = %(device)s")]
    else:
        checks = [
            (pair, f"{login} and {place} and device is null"),
            (wide, f"{place} and device is null"),
            (anywhere, f"{login} and device is null"),
        ]
    named = {"tenant": tenant, **vars(attempt)}
    ends = []
    for brake, where in checks:
        count = first(
            tx,
            _Count,
            f"""select count(*) as failures, max(failed_at) as last from sign_in_failure
                where tenant_id = %(tenant)s and door = %(door)s and {where} and failed_at > %(since)s""",
            {**named, "since": now - brake.window},
        )
        if count is not None and (end := brake.until(count.failures, count.last)) is not None and end > now:
            ends.append(end)
    return max(ends, default=None)


_BRAKES = {
    "password": (PAIR, ADDRESS, LOGIN),
    "code": (PAIR, ADDRESS, LOGIN),
    "pin": (PIN_PAIR, PIN_HANDHELD, PIN_PERSON),
}


def remember_failure(tx: Tx, tenant: int, attempt: Attempt, now: datetime) -> None:
    run(
        tx,
        """insert into sign_in_failure (tenant_id, door, login, address, device, failed_at)
           values (%s, %s, %s, %s, %s, %s)""",
        (tenant, attempt.door, attempt.login, attempt.address, attempt.device, now),
    )
    run(tx, "delete from sign_in_failure where tenant_id = %s and failed_at <= %s", (tenant, now - KEPT))


def forgive(tx: Tx, tenant: int, attempt: Attempt) -> None:
    """Whoever got in at last is no guesser: what this address or browser failed with this login is forgotten."""
    run(
        tx,
        """delete from sign_in_failure where tenant_id = %s and door = %s and login = %s
           and (address = %s and device is null or device = %s)""",
        (tenant, attempt.door, attempt.login, attempt.address, attempt.device),
    )


def wait_words(until: datetime, now: datetime) -> str:
    """How long to wait, rounded up: 20 seconds, 3 minutes, 2 hours."""
    seconds = max(1, int((until - now).total_seconds() + 0.999))
    for size, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds > size or size == 1:
            number = -(-seconds // size)
            return f"{number} {name}{'s' if number != 1 else ''}"
    raise AssertionError


def network_of(address: str | None) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one, which is one household's; '' unknown."""
    try:
        ip = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """Networks named in a text, with commas between.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def caller_address(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """Where a request really comes from.

    Only what our own proxies say of it is believed: from the peer on, back through the header, up to the first address
    that is none of them. Without a configured proxy the header is never looked at, for anybody can write it.

    Args:
        peer: the address at the other end of the connection.
        forwarded: the values of X-Forwarded-For, in order.
        proxies: the networks of our own proxies.
    """
    chain = [part.strip() for value in forwarded for part in value.split(",")]
    address = peer or ""
    while _is_in(address, proxies) and chain:
        said = chain.pop()
        try:
            ipaddress.ip_address(said)
        except ValueError:
            break
        address = said
    return address


def _is_in(address: str, proxies: Sequence[Network]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in proxies)
