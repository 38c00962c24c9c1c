"""Items with next to no history are forecast by others of their category, and by themselves the more they sold."""

from __future__ import annotations

import numpy as np
import pytest

from shelfwise.demand.forecasting.cold import Cold, category_column, cold, towards_own


def test_only_who_shares_a_category_with_one_that_is_known_is_forecast_by_others() -> None:
    quantity = np.full((4, 30), np.nan, np.float32)
    quantity[0] = 5
    quantity[1:, 27:] = 2
    assert cold(quantity, category_column(["Tea", "Tea", "Salt", ""], 37)) == {1: Cold(3, 2.0)}
    assert cold(quantity, category_column(["", "", "", ""], 37)) == {}


def test_its_own_days_count_more_the_more_there_are() -> None:
    others = np.full((8, 7), 10.0, np.float32)
    assert towards_own(others, Cold(0, 0.0)).mean() == 10
    assert towards_own(others, Cold(7, 2.0)).mean() == pytest.approx((28 * 10 + 7 * 2) / 35)
    assert not towards_own(np.zeros((8, 7), np.float32), Cold(7, 2.0)).any()
