"""Requests to addresses that people typed: the guard that keeps them out of our own network."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httpx

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
TIMEOUT_S = 15.0
# However slowly an answer drips in: then we hang up.
DEADLINE_S = 25.0
_LONGEST_URL = 2000
_NAT64 = ip_network("64:ff9b::/96")


class NotReached(Exception):
    """No answer in time, or an address that must not be reached; the text names its host alone."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        body: no more of it than was wanted.
        whole: the answer ended there.
    """

    host: str
    status: int
    reason: str
    headers: Message
    body: bytes
    whole: bool

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """Its first words, fit for a page and for Postgres."""
        text = self.body[:2048].decode("utf-8", "replace")
        said = "".join(ch if ch.isprintable() else " " for ch in text)[:200].strip() or self.reason
        moved = " Redirects are not followed: give the new address." if 300 <= self.status < 400 else ""
        return f"{self.host} answered {self.status}: {said}{moved}"


def well_formed(url: str) -> str | None:
    """The address without its fragment; None where nothing can be reached by it: no http, no host, a password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in ("https", "http") or not host or parts.username is not None or len(url) > _LONGEST_URL
        or not url.isascii() or not url.isprintable() or " " in url
    ):  # fmt: skip
        return None
    return parts._replace(fragment="").geturl()


def is_foreign(address: Address) -> bool:
    """Whether an address is out on the internet: not this machine's, not the house's, not the cloud's own."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_foreign(inner)
    return address.is_global and not address.is_multicast


def ask(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    allowed: Sequence[Network],
    most_read: int,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Ask once. Redirects are not followed.

    The name is looked up once and that very address is connected to, so that a name cannot point elsewhere in between.

    Args:
        allowed: networks that may be reached although they are not out on the internet; only there without TLS.
        most_read: bytes of the answer.

    Raises:
        NotReached: no answer in time, or an address that must not be reached.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(host, port, parts.scheme == "https", allowed)
    connection = _connection(parts, address, port, timeout_s)
    hung_up = threading.Event()
    hang_up = threading.Timer(max(DEADLINE_S, timeout_s), _hang_up, [connection, hung_up])
    hang_up.daemon = True
    hang_up.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, {**headers, "Host": parts.netloc.rpartition("@")[2]})
        answer = connection.getresponse()
        read = answer.read(most_read + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NotReached(f"{host} did not answer: {type(error).__name__} {error}".rstrip()) from error
    finally:
        hang_up.cancel()
        connection.close()
    whole = len(read) <= most_read and not answer.length and not hung_up.is_set()
    return Answer(host, answer.status, answer.reason, answer.headers, read[:most_read], whole)


def _resolve(host: str, port: int, encrypted: bool, allowed: Sequence[Network]) -> Address:
    try:
        found = [ip_address(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, ValueError, UnicodeError) as error:
        raise NotReached(f"{host or 'The address'} is not known to the name service.") from error
    for address in found:
        if any(address in network for network in allowed):
            continue
        if not is_foreign(address):
            raise NotReached(
                f"{host} is {address}, inside our own network. An admin can allow it in SHELFWISE_WEBHOOK_NETWORKS."
            )
        if not encrypted:
            raise NotReached(f"{host} is out on the internet and must be reached by https.")
    return found[0]


def _connection(parts: SplitResult, address: Address, port: int, timeout_s: float) -> http.client.HTTPConnection:
    if parts.scheme == "https":
        return _Pinned(parts.hostname or "", port, str(address), timeout_s)
    return http.client.HTTPConnection(str(address), port, timeout=timeout_s)


class _Pinned(http.client.HTTPSConnection):
    """Connects to one address and asks there for the certificate of the name."""

    def __init__(self, host: str, port: int, address: str, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s, context=_tls())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        # The socket is known before the handshake, so that a handshake without end is hung up on too.
        self.sock = _tls().wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _hang_up(connection: http.client.HTTPConnection, hung_up: threading.Event) -> None:
    hung_up.set()
    sock = connection.sock
    if sock is not None:
        try:
            # Of the plain socket below TLS: whoever reads from it at this moment just finds it at its end.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            return
