"""Hand a message to a partner's HTTP endpoint."""

from __future__ import annotations

from typing import Any

import httpx

TIMEOUT_S = 10.0


def post(url: str, idempotency_key: str, body: dict[str, Any]) -> None:
    """POST a JSON body with an ``Idempotency-Key`` header; a 2xx answer means that the partner has it.

    Redirects are not followed: a partner that moved must be told to us by a person.

    Raises:
        httpx.HTTPError: no answer in time, or an answer other than 2xx. Its text names the partner's host alone, for
            the rest of an address may be a secret between us and the partner.
    """
    answer = httpx.post(
        url, json=body, headers={"Idempotency-Key": idempotency_key}, timeout=TIMEOUT_S, follow_redirects=False
    )
    if not answer.is_success:
        said = answer.text
        for path in (answer.url.raw_path.decode(), answer.url.path):
            said = said.replace(path, "…") if path != "/" else said
        raise httpx.HTTPStatusError(
            f"{answer.url.host} answered {answer.status_code}: {said[:200]}", request=answer.request, response=answer
        )
