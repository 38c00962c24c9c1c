"""The methods expect what their definitions say, and their paths keep what planning needs: honest totals."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.demand.methods import METHODS, Method, keep_totals, sample_paths, whole_numbers
from shelfwise.demand.model import DemandHistory, Floats, screen
from tests.demand import oracle

MONDAY = date(2026, 1, 5)
BY_NAME = {method.name: method for method in METHODS}


def history(quantity: list[float] | Floats, masked: list[bool] | None = None) -> DemandHistory:
    values = np.asarray(quantity, np.float64)
    mask = np.zeros(len(values), bool) if masked is None else np.asarray(masked, bool)
    return DemandHistory(MONDAY, values, mask)


days = st.lists(
    st.tuples(st.one_of(st.just(0), st.integers(0, 40), st.integers(0, 10**9)), st.booleans() | st.just(False)),
    min_size=1,
    max_size=120,
)


@settings(max_examples=60, deadline=None)
@given(days, st.integers(1, 20))
def test_expectations_are_those_of_a_plain_loop(rows: list[tuple[int, bool]], horizon: int) -> None:
    quantity, masked = [float(q) for q, _ in rows], [m for _, m in rows]
    known = history(quantity, masked)
    for ahead in range(1, horizon + 1):
        for name, wanted in (
            ("moving average", oracle.moving_average(quantity, masked)),
            ("seasonal naive", oracle.seasonal_naive(quantity, masked, ahead)),
            ("same-weekday mean", oracle.same_weekday_mean(quantity, masked, ahead)),
        ):
            got = BY_NAME[name].expected(known.quantity, known.masked, horizon)[-1, ahead - 1]
            if wanted is None:
                assert np.isnan(got), name
            else:
                assert got == pytest.approx(wanted, rel=1e-9, abs=1e-6), name


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_no_row_of_expectations_knows_a_later_day(method: Method) -> None:
    rng = np.random.default_rng(3)
    quantity = rng.poisson(4, 150).astype(float)
    masked = rng.random(150) < 0.1
    before = method.expected(quantity, masked, 10)
    for origin in (30, 90, 148):
        changed, hidden = quantity.copy(), masked.copy()
        changed[origin + 1 :] = 1e6
        hidden[origin + 1 :] = ~hidden[origin + 1 :]
        after = method.expected(changed, hidden, 10)
        np.testing.assert_array_equal(after[: origin + 1], before[: origin + 1])


@settings(max_examples=80, deadline=None)
@given(days, st.integers(1, 30), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_paths_are_finite_whole_not_negative_and_the_same_for_the_same_seed(
    rows: list[tuple[int, bool]], horizon: int, count: int, seed: int
) -> None:
    known = history([float(q) for q, _ in rows], [m for _, m in rows])
    for method in METHODS:
        paths = sample_paths(method, known, horizon, count, np.random.default_rng(seed))
        again = sample_paths(method, known, horizon, count, np.random.default_rng(seed))
        if paths is None or again is None:
            assert paths is None and again is None
            continue
        assert paths.shape == (count, horizon)
        assert paths.dtype == np.float32
        assert np.isfinite(paths).all()
        assert (paths >= 0).all()
        assert (paths == np.floor(paths)).all()
        np.testing.assert_array_equal(paths, again)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_what_is_masked_does_not_matter(method: Method) -> None:
    rng = np.random.default_rng(5)
    quantity = rng.poisson(6, 100).astype(float)
    masked = rng.random(100) < 0.2
    nonsense = np.where(masked, np.nan, quantity)
    zeroed = np.where(masked, 0.0, quantity)
    one = sample_paths(method, history(nonsense, list(masked)), 14, 50, np.random.default_rng(1))
    other = sample_paths(method, history(zeroed, list(masked)), 14, 50, np.random.default_rng(1))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_an_empty_shelf_is_not_learned_as_no_demand(method: Method) -> None:
    empty = [i % 3 == 0 for i in range(120)]
    known = history([0.0 if out else 10.0 for out in empty], empty)
    paths = sample_paths(method, known, 14, 64, np.random.default_rng(0))
    assert paths is not None
    np.testing.assert_allclose(paths, 10.0)


def test_a_first_week_with_a_hole_gives_no_expectation_and_no_nonsense() -> None:
    """After seven days, one unknown, some weekdays can be forecast and one cannot: that day is not learned from."""
    quantity = np.arange(60.0)
    masked = [number in (3, 4) for number in range(60)]
    for method in METHODS:
        paths = sample_paths(method, history(quantity, masked), 14, 200, np.random.default_rng(0))
        assert paths is not None
        assert np.isfinite(paths).all()


def test_constant_demand_is_forecast_exactly() -> None:
    for method in METHODS:
        paths = sample_paths(method, history([7.0] * 60), 28, 32, np.random.default_rng(0))
        assert paths is not None
        np.testing.assert_array_equal(paths, 7.0)


def test_parts_of_a_unit_stay_parts_where_history_has_them() -> None:
    quantity = np.random.default_rng(0).gamma(2.0, 1.5, 100)
    paths = sample_paths(METHODS[0], history(quantity), 14, 32, np.random.default_rng(0))
    assert paths is not None
    assert (paths != np.floor(paths)).any()


@given(st.lists(st.lists(st.floats(-50, 80), min_size=6, max_size=6), min_size=1, max_size=8))
def test_clipping_at_zero_keeps_the_totals(rows: list[list[float]]) -> None:
    before = np.array(rows)
    after = keep_totals(before)
    assert (after >= 0).all()
    np.testing.assert_allclose(after.sum(axis=1), np.maximum(before.sum(axis=1), 0.0), atol=1e-9)


def test_rounding_to_whole_numbers_keeps_the_mean_of_totals_and_every_running_total_within_one() -> None:
    before = np.full((20_000, 10), 0.31)
    after = whole_numbers(before, np.random.default_rng(0))
    assert abs(after.sum(axis=1).mean() - 3.1) < 0.02
    assert np.abs(np.cumsum(after, axis=1) - np.cumsum(before, axis=1)).max() <= 1.0 + 1e-6


def test_totals_of_independent_demand_have_the_spread_of_their_distribution() -> None:
    """Poisson demand of 5 a day: the total of ten days is Poisson(50), 10%..90% quantiles 41 and 59."""
    rng = np.random.default_rng(11)
    lows, highs = [], []
    for _ in range(20):
        paths = sample_paths(METHODS[0], history(rng.poisson(5, 365).astype(float)), 10, 400, rng)
        assert paths is not None
        low, high = np.quantile(paths.sum(axis=1), (0.1, 0.9))
        lows.append(low)
        highs.append(high)
    # A little wider than the truth, because the method does not know the rate but estimates it from 28 days.
    assert 36 <= np.mean(lows) <= 42
    assert 58 <= np.mean(highs) <= 64


def test_a_day_that_stands_alone_is_set_aside_and_named() -> None:
    quantity = [float(i % 4) for i in range(60)]
    quantity[40] = 80_995.0
    screened, aside = screen(history(quantity))
    assert [(one.day, one.quantity) for one in aside] == [(date(2026, 2, 14), 80_995.0)]
    assert screened.masked.sum() == 1
    assert screened.masked[40]


def test_two_large_days_support_each_other_and_slow_movers_are_left_alone() -> None:
    twice = [float(i % 4) for i in range(60)]
    twice[20] = twice[40] = 500.0
    assert screen(history(twice))[1] == ()
    slow = [0.0] * 60
    slow[3], slow[30] = 1.0, 60.0
    assert screen(history(slow))[1] == ()


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), 1e13])
def test_quantities_beyond_belief_are_refused(wrong: float) -> None:
    with pytest.raises(Invalid, match="demand history"):
        history([1.0, wrong])


def test_vectors_of_different_lengths_are_refused() -> None:
    with pytest.raises(Invalid, match="one length"):
        DemandHistory(MONDAY, np.zeros(3), np.zeros(4, bool))
