"""Items with next to no history are forecast by others of their category, and by themselves the more they sold."""

from __future__ import annotations

import numpy as np
import pytest

from shelfwise.demand.forecasting.cold import Cold, category_column, cold, towards_own, weights
from tests.demand.panels.made import panel


def test_only_who_shares_a_category_with_one_that_is_known_is_forecast_by_others() -> None:
    quantity = np.full((6, 100), np.nan, np.float32)
    quantity[0] = 5
    quantity[1:5, 97:] = 2
    quantity[5] = [3] * 20 + [0] * 80
    known, units = panel(quantity), ["each", "each", "each", "each", "g", "each"]
    names = ["Tea", "Tea", "Salt", "", "Tea", "Salt"]
    assert cold(known, category_column(names, units, 107)) == {1: Cold(3, 2.0)}
    assert cold(known, category_column([""] * 6, units, 107)) == {}


def test_its_own_days_count_more_the_more_there_are() -> None:
    others = np.full((8, 7), 10.0, np.float32)
    assert towards_own(others, Cold(0, 0.0)).mean() == 10
    assert towards_own(others, Cold(7, 2.0, whole=False)).mean() == pytest.approx((28 * 10 + 7 * 2) / 35)
    drawn = towards_own(others, Cold(7, 2.0))
    assert (drawn % 1 == 0).all()
    assert not towards_own(np.zeros((8, 7), np.float32), Cold(7, 2.0)).any()


def test_grams_count_no_more_than_pieces() -> None:
    known = panel([[1000.0] * 30, [3000.0] * 30, [4.0] * 30])
    assert weights(known, ["g", "g", "each"]) == pytest.approx([1 / 2000, 1 / 2000, 1 / 4])
    assert weights(known, ["each"] * 3) is None
