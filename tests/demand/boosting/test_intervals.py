"""Intervals come from windows of the past, each forecast by a model that did not know it."""

from __future__ import annotations

import numpy as np

from shelfwise.demand.boosting.features import Table
from shelfwise.demand.boosting.intervals import Examined


def _examined() -> Examined:
    """Two series at each of two origins, two periods ahead."""
    table = Table(("size",), np.arange(8, dtype=np.float32)[:, None], np.full(8, 10, np.float32), ())
    nothing = np.zeros((4, 2), np.float32)
    series, origin = np.array([0, 1, 0, 1], np.int32), np.array([30, 30, 32, 32], np.int32)
    return Examined(table, nothing, nothing, np.zeros(4, np.int32), series, origin)


def test_only_the_windows_since_an_origin_are_forecast_by_the_model_that_knows_what_came_before() -> None:
    older = _examined().forecast_by(lambda table: np.ones(len(table.values), np.float32), 0)
    newer = older.forecast_by(lambda table: table.values[:, 0], 32)
    assert older.expected.tolist() == [[10, 10]] * 4
    assert newer.expected.tolist() == [[10, 10], [10, 10], [40, 50], [60, 70]]
