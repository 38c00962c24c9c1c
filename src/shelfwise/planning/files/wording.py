"""How many of what, and some names of many. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 3


def many(count: int, what: str) -> str:
    """1 item; 2,000 items."""
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def few(names: Sequence[str]) -> str:
    """The first names of many."""
    return ", ".join(map(repr, names[:_SHOWN])) + (" and others" if len(names) > _SHOWN else "")
