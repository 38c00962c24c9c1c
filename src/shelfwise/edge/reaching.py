"""Where our own connections may go: to the house's machines and out on the internet, but not to ourselves.

Readers and brokers stand in private networks, so private addresses are allowed, unlike for webhooks. What is not:

- our own doors, pages and Postgres, on whatever address of this machine, and Postgres on its own machine;
- addresses that are nobody's or everybody's, and 169.254.0.0/16 and fe80::/10, where clouds keep their credentials.

The name is looked up each time before a connection is made, and the address that was found good is the one called.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import psycopg.conninfo

from shelfwise.core.errors import Refused, Unavailable, shorten

_LOOK_UP_S = 5.0
_POSTGRES_PORT = "5432"


@dataclass(frozen=True)
class Ours:
    """What must not be called: ports on this machine, and (host, port) elsewhere."""

    ports: Collection[int] = ()
    elsewhere: Sequence[tuple[str, int]] = ()


def ours(database_url: str, *ports: int) -> Ours:
    """Our own doors at these ports, and the Postgres of a URL."""
    told = psycopg.conninfo.conninfo_to_dict(database_url)
    hosts = str(told.get("hostaddr") or told.get("host") or "").split(",")
    numbers = [int(one or _POSTGRES_PORT) for one in str(told.get("port") or _POSTGRES_PORT).split(",")]
    pairs = [(host, numbers[min(at, len(numbers) - 1)]) for at, host in enumerate(hosts)]
    local = [port for host, port in pairs if not host or host.startswith("/")]
    return Ours(frozenset((*ports, *local)), [(host, port) for host, port in pairs if host and host[0] != "/"])


async def address_of(host: str, port: int, forbidden: Ours) -> str:
    """The address to call.

    Raises:
        Unavailable: nobody knows the name.
        Refused: it must not be called.
    """
    for address in await _look_up(host, port):
        _check(address, port, host, forbidden)
        for other, other_port in forbidden.elsewhere:
            if port == other_port and address in await _look_up(other, port, quiet=True):
                raise Refused(f"{host}:{port} is Shelfwise's own Postgres. Give the address of the reader or broker.")
    return address


def _check(address: str, port: int, host: str, forbidden: Ours) -> None:
    known = ip_address(address.partition("%")[0])
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    if known.is_link_local or known.is_multicast or known.is_unspecified or str(known) == "255.255.255.255":
        raise Refused(f"{host} is {known}, an address that no reader or broker has. Give its own address.")
    if port in forbidden.ports and (known.is_loopback or _of_this_machine(str(known))):
        raise Refused(f"{host}:{port} is one of Shelfwise's own doors. Give the address of the reader or broker.")


async def _look_up(host: str, port: int, quiet: bool = False) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_LOOK_UP_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        if quiet:
            return []
        raise Unavailable(f"The name {shorten(host)} is not known here. Check it, or give the address.") from error
    # IPv4 first: readers' networks have it.
    return [str(one[4][0]) for one in sorted(found, key=lambda one: one[0] != socket.AF_INET)]


def _of_this_machine(address: str) -> bool:
    """Only an address of this machine can be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
