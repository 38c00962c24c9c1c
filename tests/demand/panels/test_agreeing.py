"""Paths say the same as the quantiles and the mean that were told: planning goes by the paths."""

from __future__ import annotations

import numpy as np
import pytest

from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Numbers
from shelfwise.demand.race.agreeing import MOST_ABOVE, agreeing


def told(mean: float, low: float, middle: float, high: float, ahead: int) -> tuple[Numbers, dict[float, Numbers]]:
    """Of one series whose last total has these quantiles."""
    share = np.arange(1, ahead + 1, dtype=np.float32)[None, :] / ahead
    totals = {level: (value * share).astype(np.float32) for level, value in ((0.1, low), (0.5, middle), (0.9, high))}
    return np.full((1, ahead), mean / ahead, np.float32), totals


def drawn(totals: Floats, ahead: int = 4) -> Numbers:
    return np.repeat((totals / ahead)[:, None, None], ahead, axis=2).astype(np.float32)


def test_totals_get_the_quantiles_that_were_told_and_keep_their_order() -> None:
    totals = np.random.default_rng(1).gamma(9, 10, 400)
    paths = agreeing(drawn(totals), *told(101, 70, 100, 133, 4), np.random.default_rng(0))
    moved = paths.sum(axis=2)[:, 0]
    assert np.quantile(moved, (0.1, 0.5, 0.9)) == pytest.approx((70, 100, 133), rel=1e-3)
    assert (np.argsort(moved) == np.argsort(totals)).all()


def test_of_lumpy_demand_the_upper_quantile_and_the_mean_stand() -> None:
    totals = np.concatenate((np.linspace(0, 60, 350), np.linspace(100, 2000, 50)))
    paths = agreeing(drawn(totals), *told(30, 4, 29, 70, 4), np.random.default_rng(0))
    moved = paths.sum(axis=2)[:, 0]
    assert moved.mean() == pytest.approx(30 * MOST_ABOVE, rel=0.1)
    assert np.quantile(moved, 0.9) == pytest.approx(70, rel=0.15)


def test_whole_numbers_stay_whole_and_a_closed_day_unknown() -> None:
    paths = np.random.default_rng(2).poisson(3, (200, 2, 5)).astype(np.float32)
    paths[:, :, 2] = np.nan
    mean, totals = told(18, 12, 18, 24, 5)
    both = {level: np.repeat(values, 2, axis=0) for level, values in totals.items()}
    moved = agreeing(paths, np.repeat(mean, 2, axis=0), both, np.random.default_rng(0))
    assert np.isnan(moved[:, :, 2]).all()
    open_days = np.delete(moved, 2, axis=2)
    assert (open_days == np.floor(open_days)).all()
    assert np.quantile(open_days.sum(axis=2), 0.5, axis=0) == pytest.approx([18, 18], abs=1)


def test_what_never_sells_stays_so() -> None:
    assert not agreeing(drawn(np.zeros(50)), *told(0, 0, 0, 0, 4), np.random.default_rng(0)).any()


def test_where_the_upper_quantile_is_nothing_a_rare_sale_stays_possible() -> None:
    totals = np.concatenate((np.zeros(236), np.full(20, 50.0)))
    paths = agreeing(drawn(totals), *told(0.5, 0, 0, 0, 4), np.random.default_rng(0))
    assert paths.any()
