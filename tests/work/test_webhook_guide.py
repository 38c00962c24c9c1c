"""The receiver that the guide shows takes what we send and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shelfwise.connectors import webhooks

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "webhooks.md"
BODY = '{"type":"stock.moved","data":{"note":"°"}}'.encode()


def verify(secret: bytes, headers: dict[str, str], body: bytes) -> Any:
    found = re.search(r"```python verify\.py\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    scope: dict[str, Any] = {}
    exec(compile(found[1], "verify.py", "exec"), scope)
    return scope["verify"](webhooks.written(secret), headers, body)


def test_it_takes_what_is_signed_with_its_secret_among_others() -> None:
    sent = webhooks.headers([b"n" * 32, b"o" * 32], "evt_1", datetime.now(UTC), BODY)
    for secret in (b"n" * 32, b"o" * 32):
        assert verify(secret, {name.title(): value for name, value in sent.items()}, BODY)["type"] == "stock.moved"


@pytest.mark.parametrize("change", ["secret", "body", "id", "age"])
def test_it_refuses_what_is_not(change: str) -> None:
    at = datetime.now(UTC) - (timedelta(minutes=6) if change == "age" else timedelta(0))
    sent = webhooks.headers([b"n" * 32], "evt_1", at, BODY)
    if change == "id":
        sent["webhook-id"] = "evt_2"
    with pytest.raises(ValueError, match="too old" if change == "age" else "not signed"):
        verify(b"x" * 32 if change == "secret" else b"n" * 32, sent, BODY + b" " * (change == "body"))
