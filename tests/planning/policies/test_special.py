"""Goods that perish, and orders that are joined up to a supplier's minimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.planning.policies.joined import Line, join
from shelfwise.planning.policies.model import Observation, Terms
from shelfwise.planning.policies.perishable import FreshOrderUpTo, ages_of, taken


def test_customers_take_from_either_end_of_the_shelf() -> None:
    shelf = np.array([3.0, 4.0, 5.0])
    assert taken(shelf, 5.0, 1.0) == pytest.approx([0, 2, 5])
    assert taken(shelf, 6.0, 0.0) == pytest.approx([3, 3, 0])
    assert taken(shelf, 8.0, 0.5) == pytest.approx([0, 3, 1])
    assert taken(shelf, 50.0, 0.5).sum() == 0


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.floats(0, 40), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_nobody_takes_more_than_is_there_or_than_is_wanted(shelf: list[int], demand: float, share: float) -> None:
    there = np.array(shelf, float)
    left = taken(there, demand, share)
    assert (left >= 0).all()
    assert (left <= there + 1e-9).all()
    assert there.sum() - left.sum() == pytest.approx(min(demand, there.sum()))


def test_what_will_perish_first_is_ordered_anew() -> None:
    fresh = FreshOrderUpTo(20.0, mean=4.0, life=3, lead_time=2)
    old = Observation(0, 12.0, by_life=(12.0, 0.0, 0.0))
    new = replace(old, by_life=(0.0, 0.0, 12.0))
    assert fresh.expected_waste(old) == 8.0
    assert fresh.order(old) == 16.0
    assert fresh.order(new) == 8.0


def test_ages_are_told_from_what_came_and_was_sold() -> None:
    seen = Observation(3, 9.0, arrivals=(6.0, 0.0, 8.0), sales=(1.0, 2.0, 2.0), orders=(6.0, 0.0, 8.0))
    # Of the first six one is left, which can be sold in this period; of the eight all.
    assert ages_of(seen, 4, 1.0) == pytest.approx([1, 0, 8, 0])
    assert ages_of(replace(seen, arrivals=(), sales=()), 3, 1.0) == pytest.approx([3, 3, 3])


def waste_and_miss(policy: FreshOrderUpTo, periods: int = 600) -> float:
    """What is thrown away at 7 and missed at 5, a period."""
    demand = np.random.default_rng(3).poisson(policy.mean, periods)
    shelf, pipeline, cost = np.zeros(policy.life), [0.0] * policy.lead_time, 0.0
    for wanted in demand:
        order = policy.order(Observation(0, float(shelf.sum()), sum(pipeline), tuple(pipeline), by_life=tuple(shelf)))
        pipeline.insert(0, order)
        shelf[-1] += pipeline.pop()
        cost += 5 * max(wanted - shelf.sum(), 0)
        shelf = taken(shelf, wanted, policy.oldest_first)
        cost += 7 * shelf[0]
        shelf = np.append(shelf[1:], 0.0)
    return cost / periods


class Blind(FreshOrderUpTo):
    """Base-stock that does not look at ages."""

    def expected_waste(self, seen: Observation) -> float:
        return 0.0


def test_who_looks_at_ages_wastes_and_misses_less_where_customers_take_the_freshest() -> None:
    plain = min(waste_and_miss(Blind(level, 5.0, 3, 2, 0.0)) for level in (13.0, 15.0, 17.0))
    aware = min(waste_and_miss(FreshOrderUpTo(level, 5.0, 3, 2, 0.0)) for level in (13.0, 15.0, 17.0))
    assert aware < 0.95 * plain


def test_a_life_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        FreshOrderUpTo(20.0, 4.0, 0, 1)


BREAD = Line(position=4, reorder_point=5, order_up_to=25, rate=2, unit_cost=3)
MILK = Line(position=12, reorder_point=5, order_up_to=20, rate=3, unit_cost=1, terms=Terms(6))
JAM = Line(position=90, reorder_point=10, order_up_to=30, rate=1, unit_cost=8)


def test_nothing_is_ordered_where_nothing_is_needed() -> None:
    assert join([MILK, JAM], 500, 60) == (0, 0)


def test_an_order_that_is_large_enough_is_left_as_it_is() -> None:
    assert join([BREAD, MILK, JAM], 63, 60) == (21, 0, 0)


def test_the_minimum_is_filled_with_what_runs_out_first() -> None:
    bread, milk, jam = join([BREAD, MILK, JAM], 100, 60)
    assert 3 * bread + milk + 8 * jam >= 100
    assert milk > 0
    assert milk % 6 == 0
    assert jam == 0
    assert abs(BREAD.cover(bread) - MILK.cover(milk)) <= 2.0


def test_where_the_minimum_would_last_too_long_only_what_is_urgent_is_ordered() -> None:
    assert join([BREAD, MILK, JAM], 5000, 30) == (21, 0, 0)
