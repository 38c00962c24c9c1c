"""Filling like water: whoever is likeliest to run out is served first, never whoever comes first."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.planning.model import Floats
from shelfwise.planning.sharing.shares import common_cases, fair_shares, needed, risk_with


def cases(*values: float) -> Floats:
    return np.sort(np.array(values, dtype=float))


def test_what_suffices_is_given_and_no_more() -> None:
    spares = [cases(-3, -1, 2), cases(-9, 0, 4)]
    assert fair_shares(spares, 100, 1, 0) == [3, 9]
    assert fair_shares(spares, 100, 1, 1) == [1, 0]


def test_too_little_is_shared_so_that_the_worst_off_is_as_well_off_as_can_be() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        spares = [np.sort(rng.integers(-6, 2, 5)).astype(float) for _ in range(3)]
        stock = int(rng.integers(0, 9))
        shares = fair_shares(spares, stock, 1, 0)
        worst = max(risk_with(one, share) for one, share in zip(spares, shares, strict=True))
        best = min(
            max(risk_with(one, share) for one, share in zip(spares, tried, strict=True))
            for tried in product(range(stock + 1), repeat=3)
            if sum(tried) <= stock
        )
        assert worst == best


def test_the_last_piece_goes_to_another_each_day() -> None:
    alike = [cases(-4, -4, -4), cases(-4, -4, -4)]
    assert fair_shares(alike, 5, 1, 0, first=0) == [3, 2]
    assert fair_shares(alike, 5, 1, 0, first=1) == [2, 3]


def test_where_nothing_suffices_all_lack_the_same_part() -> None:
    assert fair_shares([cases(-100, -100), cases(-50, -50)], 30, 1, 0) == [20, 10]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-30, 30), min_size=4, max_size=4), min_size=1, max_size=4),
    st.integers(0, 60),
    st.sampled_from([0.5, 1.0, 3.0]),
    st.integers(0, 3),
)
def test_never_more_than_there_is_nor_more_than_is_needed_always_whole_steps(
    drawn: list[list[int]], stock: int, step: float, allowed: int
) -> None:
    spares = [cases(*one) for one in drawn]
    shares = fair_shares(spares, stock, step, allowed)
    assert sum(shares) <= stock + 1e-9
    for one, share in zip(spares, shares, strict=True):
        assert share >= 0
        assert share / step == pytest.approx(round(share / step))
        assert share <= needed(one, allowed, step) + 1e-9


def test_how_often_all_must_run_out_if_everything_were_shared() -> None:
    assert common_cases([cases(-5, -2, 9), cases(1, 4, 9)], 0) == 1
    assert common_cases([cases(-5, -2, 9), cases(9, 9, 9)], 0) == 0
    assert common_cases([cases(-5, -5, -5)], 0) == 2
