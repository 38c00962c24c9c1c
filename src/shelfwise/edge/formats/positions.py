"""What formats of trackers share: a fix, and a battery, as readings."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from shelfwise.core.errors import Fault, Invalid
from shelfwise.edge.model import KINDS, Moment, Reading, key_by_chance, key_by_content, key_by_id, measure

KNOT = 1852 / 3600

# (lowest, highest, what it is), in the unit it is stored in.
_RANGES = {
    "lat": (-90.0, 90.0, "degrees"),
    "lon": (-180.0, 180.0, "degrees"),
    "speed": (0.0, 1000.0, "m/s"),
    "accuracy": (0.0, 1_000_000.0, "m"),
    "heading": (0.0, 360.0, "degrees"),
    "altitude": (-12_000.0, 50_000.0, "m"),
}


def fix(
    device: str, when: Moment, at: datetime | None, own_id: str | None, lat: float | None, lon: float | None,
    **others: float | None,
) -> list[Reading]:  # fmt: skip
    """Where a tracker is, as no reading or one.

    Args:
        at: the time claimed; None: the time of arrival counts.
        others: speed (m/s), accuracy (m), heading (degrees), altitude (m); what is None is left out.

    Raises:
        Invalid: a number that cannot be.
    """
    # A receiver without a fix says 0, 0, which is in the Gulf of Guinea.
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return []
    told = {"lat": lat, "lon": lon} | {name: value for name, value in others.items() if value is not None}
    return [_reading(device, "position", None, {name: _within(name, told[name]) for name in told}, when, at, own_id)]


def battery(device: str, when: Moment, at: datetime | None, own_id: str | None, level: float | None) -> list[Reading]:
    """The charge in percent, as no reading or one; a tracker that does not know its charge says -1."""
    if level is None or level < 0:
        return []
    return [_reading(device, "battery", measure(KINDS["battery"], level, "%", "battery"), {}, when, at, own_id)]


def _reading(
    device: str, kind: str, value: float | None, detail: dict[str, Any], when: Moment, at: datetime | None,
    own_id: str | None,
) -> Reading:  # fmt: skip
    if at is None:
        detail["at_least_once"] = True
        key = key_by_chance()
    elif own_id is not None:
        key = key_by_id(device, kind, own_id, at)
    else:
        key = key_by_content(device, kind, at, detail or value)
    return Reading(key, device, kind, value, detail or None, at or when.received_at, when.received_at)


def _within(name: str, told: float) -> float:
    low, high, unit = _RANGES[name]
    if math.isfinite(told) and low <= told <= high:
        return float(told)
    raise Invalid(Fault(name, f"{low:g} to {high:g} {unit}", f"{told:g}", "Leave out what is not known."))
