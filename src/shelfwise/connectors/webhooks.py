"""Signed webhooks after the Standard Webhooks specification, and the guard that keeps them out of our own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httpx

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
PREFIX = "whsec_"
TIMEOUT_S = 15.0
# However slowly an answer drips in: then we hang up.
DEADLINE_S = 25.0
_MOST_READ = 2048
_NAT64 = ip_network("64:ff9b::/96")


class NotTaken(Exception):
    """The receiver does not have it, or does not say so; it may be tried again, not before `after`."""

    def __init__(self, said: str, after: timedelta | None = None) -> None:
        super().__init__(said)
        self.after = after


class Gone(Exception):
    """The receiver wants no more of these (410)."""


def written(secret: bytes) -> str:
    """A secret as people copy it: whsec_ and base64."""
    return PREFIX + base64.b64encode(secret).decode()


def sign(secret: bytes, message_id: str, at: datetime, body: bytes) -> str:
    """One signature, 'v1,' and the HMAC-SHA256 of id, time and body in base64."""
    signed = b".".join((message_id.encode(), str(int(at.timestamp())).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def headers(secrets: Sequence[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """What goes with a body: the id, the time of the attempt and a signature with each secret."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(sign(secret, message_id, at, body) for secret in secrets),
        "content-type": "application/json",
        "user-agent": "Shelfwise",
    }


def is_foreign(address: Address) -> bool:
    """Whether an address is out on the internet: not this machine's, not the house's, not the cloud's own."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_foreign(inner)
    return address.is_global and not address.is_multicast


def post(
    url: str, body: bytes, sent_headers: dict[str, str], allowed: Sequence[Network] = (), timeout_s: float = TIMEOUT_S
) -> str:
    """POST once; returns what the receiver said, such as '204 No Content'. Redirects are not followed.

    The name is looked up once and that very address is connected to, so that a name cannot point elsewhere in between.

    Args:
        allowed: networks that may be reached although they are not out on the internet; only there without TLS.

    Raises:
        NotTaken: no answer in time, an answer other than 2xx, or an address that must not be reached.
        Gone: the receiver answered 410.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(host, port, parts.scheme == "https", allowed)
    connection = _connection(parts, address, port, timeout_s)
    hang_up = threading.Timer(max(DEADLINE_S, timeout_s), _hang_up, [connection])
    hang_up.daemon = True
    hang_up.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {**sent_headers, "Host": parts.netloc.rpartition("@")[2]})
        answer = connection.getresponse()
        said = _said(answer)
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(f"{host} did not answer: {type(error).__name__} {error}".rstrip()) from error
    finally:
        hang_up.cancel()
        connection.close()
    if 200 <= answer.status < 300:
        return f"{answer.status} {answer.reason}".strip()
    if answer.status == 410:
        raise Gone(f"{host} answered 410: it wants no more of these.")
    moved = " Redirects are not followed: give the new address." if 300 <= answer.status < 400 else ""
    raise NotTaken(f"{host} answered {answer.status}: {said}{moved}", _retry_after(answer))


def _resolve(host: str, port: int, encrypted: bool, allowed: Sequence[Network]) -> Address:
    try:
        found = [ip_address(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, ValueError, UnicodeError) as error:
        raise NotTaken(f"{host or 'The address'} is not known to the name service.") from error
    for address in found:
        if any(address in network for network in allowed):
            continue
        if not is_foreign(address):
            raise NotTaken(
                f"{host} is {address}, inside our own network. An admin can allow it in SHELFWISE_WEBHOOK_NETWORKS."
            )
        if not encrypted:
            raise NotTaken(f"{host} is out on the internet and must be reached by https.")
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


def _hang_up(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        try:
            # Of the plain socket below TLS: whoever reads from it at this moment just finds it at its end.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            return


def _said(answer: http.client.HTTPResponse) -> str:
    """The first words of an answer, fit for a page and for Postgres."""
    text = answer.read(_MOST_READ).decode("utf-8", "replace")
    return "".join(ch if ch.isprintable() else " " for ch in text)[:200].strip() or answer.reason


def _retry_after(answer: http.client.HTTPResponse) -> timedelta | None:
    """How long the receiver wants to be left alone, by its Retry-After."""
    asked = (answer.getheader("retry-after") or "").strip()
    if asked.isdecimal() and len(asked) < 8:
        return timedelta(seconds=int(asked))
    try:
        return parsedate_to_datetime(asked) - parsedate_to_datetime(answer.getheader("date") or "")
    except (TypeError, ValueError):
        return None
