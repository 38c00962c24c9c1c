"""How many of what, some names of many, and numbers as they were written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

_SHOWN = 3


def many(count: int, what: str) -> str:
    """1 item; 2,000 items."""
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def few(names: Sequence[str]) -> str:
    """The first names of many."""
    return ", ".join(map(repr, names[:_SHOWN])) + (" and others" if len(names) > _SHOWN else "")


def exact(value: float) -> Decimal:
    """The decimal that was written; six places are finer than any quantum in use."""
    return Decimal(repr(round(value, 6)))
