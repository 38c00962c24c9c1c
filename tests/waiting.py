"""Waiting for something that another thread or process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable

_PATIENCE_S = 30.0


def until(happened: Callable[[], object], patience_s: float = _PATIENCE_S) -> None:
    """Wait until it did; the time allowed is far more than a slow machine takes."""
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
