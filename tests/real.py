"""Where recordings of real sensors lie on machines that have them: beside the checkout. They may not be passed on."""

from __future__ import annotations

from pathlib import Path

SENSING = Path(__file__).resolve().parents[2] / "shared" / "data" / "sensing"
