"""Where recordings of real sensors and real sales lie on machines that have them: beside the checkout.

They may not be passed on.
"""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SENSING = _DATA / "sensing"
DEMAND = _DATA / "demand"
