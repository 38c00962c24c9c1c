"""How well a device does, and what of what it said is doubted; a part of the page of one device."""

from __future__ import annotations

from typing import Any

from shelfwise.access.context import Context


def parts(ctx: Context, device: str) -> dict[str, Any]:
    """What the template device_health.html shows of a device; empty: nothing is shown."""
    return {}
