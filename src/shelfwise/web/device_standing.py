"""Where a device, its antennas and what it carries stand, and since when; a part of the page of one device."""

from __future__ import annotations

from typing import Any

from shelfwise.access.context import Context


def parts(ctx: Context, device: str) -> dict[str, Any]:
    """What the template device_standing.html shows of a device; empty: nothing is shown."""
    return {}
