"""Signed webhooks after the Standard Webhooks specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

from shelfwise.connectors import guarded
from shelfwise.connectors.guarded import TIMEOUT_S, Network, NotReached

PREFIX = "whsec_"
_MOST_READ = 2048


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


def post(
    url: str, body: bytes, sent_headers: dict[str, str], allowed: Sequence[Network] = (), timeout_s: float = TIMEOUT_S
) -> str:
    """POST once; returns what the receiver said, such as '204 No Content'. Redirects are not followed.

    Args:
        allowed: networks that may be reached although they are not out on the internet; only there without TLS.

    Raises:
        NotTaken: no answer in time, an answer other than 2xx, or an address that must not be reached.
        Gone: the receiver answered 410.
    """
    try:
        answer = guarded.ask("POST", url, body, sent_headers, allowed, _MOST_READ, timeout_s)
    except NotReached as error:
        raise NotTaken(str(error)) from error
    if answer.good:
        return f"{answer.status} {answer.reason}".strip()
    if answer.status == 410:
        raise Gone(f"{answer.host} answered 410: it wants no more of these.")
    raise NotTaken(answer.words, _retry_after(answer.headers))


def _retry_after(sent: Message) -> timedelta | None:
    """How long the receiver wants to be left alone, by its Retry-After."""
    asked = (sent.get("retry-after") or "").strip()
    if asked.isdecimal() and len(asked) < 8:
        return timedelta(seconds=int(asked))
    try:
        return parsedate_to_datetime(asked) - parsedate_to_datetime(sent.get("date") or "")
    except (TypeError, ValueError):
        return None
