"""When there is not enough, all come to the same share of their needs, or the same risk, and nothing is left over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.planning.network.shares import equal_risks, fair_shares

AMOUNTS = st.floats(0, 200, allow_nan=False)


def test_sites_get_the_same_share_of_what_they_need() -> None:
    assert fair_shares(60, [100, 50, 50]) == (30, 15, 15)
    assert fair_shares(60, [100, 50, 50], has=[40, 0, 0]) == (10, 25, 25)


def test_who_has_more_than_the_share_already_gets_nothing() -> None:
    assert fair_shares(10, [100, 10, 10], has=[90, 0, 0]) == (0, 5, 5)


def test_nobody_gets_more_than_it_needs() -> None:
    assert fair_shares(1000, [100, 50, 0], has=[0, 60, 0]) == (100, 0, 0)


def test_who_owes_goods_is_served_for_that_too() -> None:
    assert fair_shares(10, [10, 0], has=[0, -10]) == (5, 5)


@settings(deadline=None)
@given(st.integers(0, 400), st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6))
def test_all_is_given_as_long_as_somebody_needs_it(available: int, sites: list[tuple[float, float]]) -> None:
    needs, has = np.array(sites).T
    given_ = np.array(fair_shares(available, needs, has))
    missing = np.ceil(np.maximum(needs - has, 0) - 1e-9)
    assert given_.sum() == min(available, missing.sum())
    assert (given_ >= 0).all() and (given_ <= missing).all()
    # One unit moved from any site to another never raises the lower one of their two shares.
    share = (has + given_) / np.maximum(needs, 1e-9)
    for giver in np.flatnonzero(given_ > 0):
        for taker in np.flatnonzero(given_ < missing):
            less = (has[giver] + given_[giver] - 1) / needs[giver]
            assert min(less, (has[taker] + given_[taker] + 1) / needs[taker]) <= min(share[giver], share[taker]) + 1e-6


def test_sites_are_equally_likely_to_run_out() -> None:
    steady, wild = np.arange(40, 60), np.arange(0, 100)
    few, many = equal_risks(120, [steady, wild])
    assert few + many == 120
    assert (steady > few).mean() == pytest.approx((wild > many).mean(), abs=0.06)


def test_a_share_of_nonsense_is_refused() -> None:
    for available, needs in ((-1, [1.0]), (float("nan"), [1.0]), (1, [-1.0]), (1, [float("inf")])):
        with pytest.raises(Invalid):
            fair_shares(available, needs)
    with pytest.raises(Invalid):
        equal_risks(1, [[]])
