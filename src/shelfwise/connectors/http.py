"""Hand a message to a partner's HTTP endpoint."""

from __future__ import annotations

from typing import Any

import httpx

TIMEOUT_S = 10.0


def post(url: str, idempotency_key: str, body: dict[str, Any]) -> None:
    """POST a JSON body with an ``Idempotency-Key`` header; a 2xx answer means that the partner has it.

    Redirects are not followed: a partner that moved must be told to us by a person.

    Raises:
        httpx.HTTPError: no answer in time, or an answer other than 2xx.
    """
    answer = httpx.post(
        url, json=body, headers={"Idempotency-Key": idempotency_key}, timeout=TIMEOUT_S, follow_redirects=False
    )
    if not answer.is_success:
        raise httpx.HTTPStatusError(
            f"{url} answered {answer.status_code}: {answer.text[:200]}", request=answer.request, response=answer
        )
