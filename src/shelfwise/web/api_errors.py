"""How the REST interface documents its errors."""

from __future__ import annotations

from typing import Any

from shelfwise.web.api_model import ErrorOut

_WORDS = {
    401: "Nobody known is asking",
    403: "The asker lacks the right",
    404: "Something named does not exist",
    409: "Against a rule, as things stand",
    413: "The body is too large",
    422: "Input that cannot be right; each fault is named",
    503: "Not carried out; may be sent again unchanged",
}


def errors(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides success: the common ones and those given."""
    return {code: {"model": ErrorOut, "description": _WORDS[code]} for code in sorted({401, 403, 422, 503, *codes})}
