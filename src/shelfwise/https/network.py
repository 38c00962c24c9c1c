"""What this machine is called, and its addresses on the local network."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys

from shelfwise.https.model import as_address, is_name, is_private

# Networks inside this machine, of containers and virtual machines: no phone reaches them.
_INSIDE = ("lo", "docker", "br-", "veth", "virbr")
_SIOCGIFADDR = 0x8915


def names_here() -> tuple[str, ...]:
    """The private IPv4 addresses, the one on the way out first, then the machine's names. IPv6 has to be named."""
    return tuple(dict.fromkeys([*_addresses(), *_host_names()]))


def _addresses() -> list[str]:
    found = [_on_the_way_out(), *(_of_interfaces() if sys.platform == "linux" else _of_own_name())]
    return [one for one in found if one and (address := as_address(one)) and is_private(address) and not _inside(one)]


def _inside(address: str) -> bool:
    return address.startswith(("127.", "169.254."))


def _on_the_way_out() -> str | None:
    """The address that a packet to the internet would carry; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address


def _of_interfaces() -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            if name.startswith(_INSIDE):
                continue
            try:
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                # It has no address now.
                continue
            found.append(socket.inet_ntoa(answer[20:24]))
    return found


def _of_own_name() -> list[str]:
    try:
        return [str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    except OSError:
        return []


def _host_names() -> list[str]:
    full = socket.gethostname().lower().rstrip(".")
    short = full.partition(".")[0]
    # Machines tell their name with .local to the network around them (mDNS).
    return [one for one in (full, short, f"{short}.local") if is_name(one) and short != "localhost"]
