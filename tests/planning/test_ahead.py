"""Beyond the horizon of a forecast demand goes on as it was, but not past an item's last day or before its first."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import DemandPaths
from shelfwise.planning.simulate import ahead

MONDAY = date(2026, 3, 2)


def weeks(*sold: float) -> list[float]:
    """What is sold a week over twelve weeks, where a forecast of four says a day so much in each of them."""
    paths = np.repeat(np.array(sold, np.float32), 7)[None, :].repeat(3, axis=0)
    demand = DemandPaths(None, "", MONDAY, paths)
    found: NDArray[np.float64] = ahead(demand, MONDAY, 84, np.random.default_rng(0))
    return [float(one) for one in found[0].reshape(-1, 7).sum(axis=1)]


def test_what_is_sold_goes_on() -> None:
    assert weeks(1, 1, 1, 1) == [7] * 12


def test_what_has_ended_stays_so() -> None:
    assert weeks(2, 1, 0, 0) == [14, 7, *[0] * 10]


def test_weeks_before_the_first_day_do_not_come_again() -> None:
    assert weeks(0, 0, 1, 2) == [0, 0, 7, 14, 7, 14, 7, 14, 7, 14, 7, 14]


def test_a_forecast_that_begins_earlier_is_read_from_today_on() -> None:
    demand = DemandPaths(None, "", MONDAY, np.arange(28, dtype=np.float32)[None, :].repeat(2, axis=0))
    found = ahead(demand, MONDAY + timedelta(days=3), 4, np.random.default_rng(0))
    assert found[0].tolist() == [3, 4, 5, 6]
