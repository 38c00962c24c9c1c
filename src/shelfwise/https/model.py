"""What a certificate says, when it has to be renewed, and whether a name is one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# So long before its end a certificate is renewed, or its end is told.
RENEWED_BEFORE = timedelta(days=30)
# Addresses that mean something else in every house: what the house's own authority may vouch for.
PRIVATE_NETWORKS = tuple(
    ip_network(one)
    for one in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
        "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
# Endings that no public name has.
PRIVATE_ENDINGS = ("local", "lan", "home.arpa", "internal")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True)
class Facts:
    """What a certificate says of itself.

    Attributes:
        names: the host names and addresses it is for, in its order; `*.shop.example` is for every `x.shop.example`.
        fingerprint: the SHA-256 of it, as devices show it: AB:CD:...
    """

    names: tuple[str, ...]
    starts: datetime
    ends: datetime
    fingerprint: str

    def is_for(self, host: str) -> bool:
        """Whether a browser that asked for this host finds it in the certificate."""
        host = host.lower().rstrip(".")
        return host in self.names or (as_address(host) is None and f"*.{host.partition('.')[2]}" in self.names)

    def ends_soon(self, now: datetime) -> bool:
        return self.ends - now < RENEWED_BEFORE

    def serves(self, wanted: Iterable[str], now: datetime) -> bool:
        """Whether it is for all of these names and has time left. Names that went away make no new certificate."""
        return not self.ends_soon(now) and self.starts <= now and all(self.is_for(one) for one in wanted)


def as_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_private(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in PRIVATE_NETWORKS if network.version == address.version)


def is_name(text: str) -> bool:
    """Whether a host name or an address can stand in a certificate."""
    return as_address(text) is not None or _HOST.fullmatch(text) is not None


def names_in(text: str) -> tuple[str, ...]:
    """The names of a setting, with commas between."""
    return tuple(dict.fromkeys(one.strip().lower() for one in text.split(",") if one.strip()))


def host_of(header: str) -> str:
    """The host of a Host header, without its port: `shop.lan:8443`, `[fe80::1]:8443`."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def in_address(host: str) -> str:
    """The host as it stands in an address."""
    return f"[{host}]" if ":" in host else host
