"""Fetch what a source on the internet publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shelfwise.connectors import guarded
from shelfwise.connectors.guarded import Network, NotReached
from shelfwise.core.errors import Unavailable

MOST_BYTES = 4 * 2**20


def fetch(url: str, headers: Mapping[str, str], allowed: Sequence[Network] = ()) -> bytes:
    """GET once; returns the whole answer. Redirects are not followed, nor is anything of our own network reached.

    Args:
        allowed: networks that may be reached although they are not out on the internet; only there without TLS.

    Raises:
        Unavailable: no answer, another one than 2xx, or one that is too long or broke off. Its text names the host
            alone, for the rest of such an address may hold a key.
    """
    try:
        answer = guarded.ask("GET", url, None, {"user-agent": "Shelfwise", **headers}, allowed, MOST_BYTES)
    except NotReached as error:
        raise Unavailable(str(error)) from error
    if not answer.good:
        raise Unavailable(answer.words)
    if not answer.whole:
        longer = len(answer.body) == MOST_BYTES
        raise Unavailable(
            f"{answer.host} sent more than {MOST_BYTES // 2**20} MB: ask it for fewer days."
            if longer
            else f"The answer of {answer.host} broke off."
        )
    return answer.body
