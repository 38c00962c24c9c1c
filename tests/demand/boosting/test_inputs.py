"""Columns are judged by what forecasts are without them, and what is rare is given the benefit of the doubt."""

from __future__ import annotations

import numpy as np

from shelfwise.demand.boosting.inputs import _is_rare
from shelfwise.demand.panel import Column


def test_a_feast_is_rare_and_a_weekly_promotion_is_not() -> None:
    feast = np.full((5, 100), np.nan, np.float32)
    feast[:, 40] = 0
    weekly = np.tile(np.array([1, 0, 0, 0, 0, 0, 0], np.float32), (5, 20))
    assert _is_rare(Column("event", feast, ("feast",), True))
    assert not _is_rare(Column("promotion", weekly, ahead=True))
