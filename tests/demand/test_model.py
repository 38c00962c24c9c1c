"""Histories without holes, days that stand alone, and what holds of possible futures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.demand.futures import keep_totals, whole_numbers
from shelfwise.demand.model import DemandHistory, screen

MONDAY = date(2026, 1, 5)


def history(quantity: list[float]) -> DemandHistory:
    return DemandHistory(MONDAY, np.array(quantity), np.zeros(len(quantity), bool))


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
