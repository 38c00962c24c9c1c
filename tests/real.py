"""Where recordings of sensors, real sales and published optima lie on machines that have them: beside the checkout.

The recordings may not be passed on.
"""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SENSING = _DATA / "sensing"
DEMAND = _DATA / "demand"
INVENTORY = _DATA / "inventory"
