"""Simple methods on many series: each against a rule that can be checked by hand, and none looks ahead."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from shelfwise.demand.contest import Asked
from shelfwise.demand.panel import Column, Frequency
from shelfwise.demand.simple.alike import alike
from shelfwise.demand.simple.forecaster import Simple, simple_forecasters
from shelfwise.demand.simple.methods import Method, methods_for
from shelfwise.demand.simple.past import Past
from tests.demand.panels.made import panel, seasonal_counts

EVERY = [(frequency, method) for frequency in Frequency for method in methods_for(frequency)]


def expected(name: str, quantity: list[float], ahead: int = 7, frequency: Frequency = Frequency.DAY) -> list[float]:
    method = next(one for one in methods_for(frequency) if one.name == name)
    past = Past.of(panel(quantity, ahead, frequency))
    return list(method.expected(past, np.array([past.periods]), ahead)[0, 0])


def named(name: str, frequency: Frequency = Frequency.DAY) -> Simple:
    return next(one for one in simple_forecasters(frequency) if one.name == name)


@pytest.mark.parametrize(("frequency", "method"), EVERY, ids=lambda one: getattr(one, "name", str(one)))
@pytest.mark.parametrize("ahead", [5, 400])
def test_what_comes_after_an_origin_changes_nothing_that_was_expected_at_it(
    frequency: Frequency, method: Method, ahead: int
) -> None:
    rows = seasonal_counts(4, 800)
    rows[1, 100:140] = np.nan
    other = rows.copy()
    other[:, 500:] = np.random.default_rng(0).integers(0, 1000, other[:, 500:].shape)
    other[0, 520:600] = np.nan
    origins = np.array([1, 60, 400, 499, 500])
    one, two = (method.expected(Past.of(panel(each, ahead, frequency)), origins, ahead) for each in (rows, other))
    np.testing.assert_array_equal(one, two)


def test_a_moving_average_is_of_the_known_days_among_the_last_28() -> None:
    assert expected("moving average", [100.0] * 10 + [1.0, 3.0] * 14)[0] == pytest.approx(2)
    assert expected("moving average", [100.0] * 10 + [float("nan")] * 14 + [2.0] * 14)[0] == pytest.approx(2)


def test_with_few_known_days_in_the_window_all_of_the_past_is_looked_at() -> None:
    assert expected("moving average", [4.0] * 6 + [float("nan")] * 24 + [7.0] * 3)[0] == pytest.approx(5)


def test_the_same_weekday_repeats_and_a_closed_one_is_looked_for_further_back() -> None:
    days = [1.0, 2, 3, 4, 5, 6, 7, 8, 9, float("nan"), 11, 12, 13, 14]
    assert expected("seasonal naive", days, 8) == [8, 9, 3, 11, 12, 13, 14, 8]


def test_last_year_is_taken_at_the_level_of_the_last_weeks() -> None:
    first = [10.0 + (week % 4) for week in range(52)]
    assert expected("last year by level", first + [2 * one for one in first[:20]], 3, Frequency.WEEK) == pytest.approx(
        [2 * one for one in first[20:23]]
    )


def test_weeks_without_a_year_behind_them_fall_back_to_the_average() -> None:
    assert expected("seasonal naive", [5.0] * 20, 2, Frequency.WEEK) == [5, 5]


def test_croston_is_size_by_gap_and_tsb_fades_when_sales_end() -> None:
    every_third = [0.0, 0, 6] * 40
    assert expected("Croston-SBA", every_third)[0] == pytest.approx(0.95 * 2)
    assert expected("TSB", every_third)[0] == pytest.approx(2, rel=0.1)
    ended = every_third + [0.0] * 60
    assert expected("Croston-SBA", ended)[0] == pytest.approx(0.95 * 2)
    assert expected("TSB", ended)[0] < 0.15


def test_smoothing_follows_a_step_and_theta_half_of_a_trend() -> None:
    assert expected("exponential smoothing", [10.0] * 30 + [50.0] * 30, 1, Frequency.WEEK)[0] == pytest.approx(50, 0.02)
    trend = expected("Theta", [float(week) for week in range(100)], 10, Frequency.WEEK)
    assert trend[9] - trend[0] == pytest.approx(4.5, rel=0.1)


def test_quantiles_of_days_and_of_totals_hold_what_they_promise() -> None:
    rows = seasonal_counts(400, 400, seed=5)
    past = panel(rows, 7).at(400 - 7, 7)
    made = named("same-weekday mean").forecast([past], Asked())[0]
    came = rows[:, -7:]
    loud = rows.mean(axis=1) > 5
    inside = (made.quantiles[0.1] <= came) & (came <= made.quantiles[0.9])
    assert 0.76 < inside[loud].mean() < 0.88
    total = came.sum(axis=1)
    covered = (made.totals[0.1][:, -1] <= total) & (total <= made.totals[0.9][:, -1])
    assert 0.74 < covered[loud].mean() < 0.90


def test_a_closed_period_is_not_forecast_and_adds_nothing_to_the_total() -> None:
    base = panel(seasonal_counts(3), 4)
    base.wanted[:, 1] = False
    made = named("moving average").forecast([base], Asked(paths=20, seed=3))[0]
    assert np.isnan(made.mean[:, 1]).all()
    assert made.paths is not None
    running = np.nancumsum(made.paths, axis=2)
    assert (running[:, :, 1] == running[:, :, 0]).all()


@pytest.mark.parametrize("simple", simple_forecasters(Frequency.DAY), ids=lambda one: one.name)
def test_odd_histories_are_forecast_without_a_warning(simple: Simple) -> None:
    nan = float("nan")
    rows = np.full((7, 60), nan)
    rows[1] = 0
    rows[2] = 5
    rows[3, -1] = 3
    rows[4, 10:20] = 1e9
    rows[5, :30] = 2
    rows[6] = np.arange(60) % 7
    made = simple.forecast([panel(rows, 30)], Asked(paths=3))[0]
    assert np.isnan(made.mean[0]).all()
    assert not np.isnan(made.mean[1:]).any()
    assert (made.mean[1] == 0).all()
    assert (made.quantiles[0.9][1] == 0).all()
    assert (made.quantiles[0.1][1:] <= made.quantiles[0.9][1:]).all()


def test_the_same_seed_gives_the_same_forecast() -> None:
    base = panel(seasonal_counts())
    one, two = (named("Theta").forecast([base], Asked(paths=5, seed=9))[0] for _ in range(2))
    np.testing.assert_array_equal(one.paths, two.paths)


def test_a_series_without_a_history_sells_as_its_category_at_its_location_does() -> None:
    rows = np.repeat(np.array([[5], [50], [500], [np.nan], [np.nan], [np.nan]], np.float32), 60, axis=1)
    made = panel(rows, 3)
    told = np.array([0, 0, 1, 0, 1, np.nan], np.float32)
    made = replace(
        made,
        keys=(("a", "N"), ("b", "S"), ("c", "S"), ("d", "N"), ("e", "N"), ("f", "N")),
        columns=(Column("category", np.broadcast_to(told[:, None], (6, 63)), ("Milk", "Jam"), ahead=True),),
    )
    found = alike(made, np.array([3, 4, 5]), Asked())
    assert found.mean[:, 0].tolist() == [5, 500, 5]
    assert [re.split(" others? of ", note)[1] for note in found.notes.values()] == [
        "its category at its location", "its category", "its location",
    ]  # fmt: skip
