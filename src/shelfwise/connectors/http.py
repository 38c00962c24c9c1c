"""Hand a message to a partner's HTTP endpoint."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from shelfwise.core.errors import Unavailable

TIMEOUT_S = 10.0
_MOST_READ = 4096


def post(url: str, idempotency_key: str, body: dict[str, Any]) -> None:
    """POST a JSON body with an ``Idempotency-Key`` header; a 2xx answer means that the partner has it.

    Redirects are not followed: a partner that moved must be told to us by a person.

    Raises:
        httpx.HTTPError: no answer in time, or an answer other than 2xx. Its text names the partner's host alone, for
            the rest of an address may be a secret between us and the partner. Of an answer no more than a few words
            are read: it may have no end.
    """
    headers = {"Idempotency-Key": idempotency_key}
    with httpx.stream("POST", url, json=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False) as answer:
        if answer.is_success:
            return
        said = _beginning(answer)
        for path in (answer.url.raw_path.decode(), answer.url.path):
            said = said.replace(path, "…") if path != "/" else said
        raise httpx.HTTPStatusError(
            f"{answer.url.host} answered {answer.status_code}: {said[:200]}", request=answer.request, response=answer
        )


def call(url: str) -> None:
    """GET an address to say that we live; of the answer only the status is looked at.

    Raises:
        Unavailable: no 2xx in time. Its text names the host alone: the rest of such an address is a secret.
    """
    host = urlsplit(url).hostname
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_S, follow_redirects=False) as answer:
            if not answer.is_success:
                raise Unavailable(f"{host} answered {answer.status_code}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"{host} cannot be reached: {type(error).__name__}") from error


def answers(url: str) -> bool:
    """Does a part of ourselves answer there with 200?"""
    try:
        return httpx.get(url, timeout=5.0).status_code == 200
    except httpx.HTTPError:
        return False


def trouble(url: str) -> str | None:
    """Why a part of ourselves says there that it is not ready; None: it is, or says nothing at all."""
    try:
        answer = httpx.get(url, timeout=2.0)
    except httpx.HTTPError:
        return None
    return answer.text.strip()[:300] if answer.status_code == 503 else None


def _beginning(answer: httpx.Response) -> str:
    """The first words of an answer, fit for a page and for Postgres."""
    read, deadline = b"", time.monotonic() + TIMEOUT_S
    for part in answer.iter_bytes(_MOST_READ):
        read += part
        if len(read) >= _MOST_READ or time.monotonic() > deadline:
            break
    text = read[:_MOST_READ].decode("utf-8", "replace")
    return "".join(ch if ch.isprintable() else " " for ch in text)
