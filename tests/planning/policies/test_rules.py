"""What holds of every rule: orders are whole, never negative, and what is in transit is never ordered again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.planning.policies.backlog import Batches, OrderUpTo, ReorderPoint
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.lost import CappedOrderUpTo, CappedReorderPoint, ProjectedLevel, projected
from shelfwise.planning.policies.model import Costs, Diary, Observation, Policy, Rule, Shelves, Terms

DEMAND = Demand.negative_binomial(4.0, 9.0)
RULES: tuple[Rule, ...] = (
    OrderUpTo(21.5),
    OrderUpTo(21.5, review=3),
    ReorderPoint(14.0, 30.0),
    Batches(14.0, 6.0),
    CappedOrderUpTo(22.0, 7.0),
    CappedReorderPoint(15.0, 30.0, 9.0),
    ProjectedLevel(7.3, DEMAND, 3),
    ProjectedLevel(7.3, DEMAND, 3, cap=6.0),
)
NAMES = [f"{type(rule).__name__} {number}" for number, rule in enumerate(RULES, 1)]
quantities = st.integers(0, 30).map(float)
seen = st.builds(
    Observation,
    period=st.integers(0, 9),
    on_hand=st.integers(-10, 40).map(float),
    pipeline=st.lists(quantities, max_size=5).map(tuple),
)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
@settings(max_examples=25, deadline=None)
@given(seen=seen, pack=st.integers(1, 7), minimum=st.integers(0, 20))
def test_orders_are_whole_packs_and_never_negative(rule: Rule, seen: Observation, pack: int, minimum: int) -> None:
    rule = replace(rule, terms=Terms(pack, minimum))  # type: ignore[type-var]
    order = rule.order(seen)
    assert order >= 0
    assert order % pack == 0
    assert order == 0 or order >= minimum


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
@settings(max_examples=25, deadline=None)
@given(seen=seen, more=st.integers(1, 30), age=st.integers(0, 4))
def test_more_in_transit_never_orders_more(rule: Rule, seen: Observation, more: int, age: int) -> None:
    assert seen.pipeline is not None
    fuller = list(seen.pipeline) + [0.0] * (age + 1 - len(seen.pipeline))
    fuller[age] += more
    if isinstance(rule, Batches):
        # Batches wrap round: what counts is the position that the order leaves.
        more = 6 * more
        fuller[age] += more - more // 6
    assert rule.order(replace(seen, pipeline=tuple(fuller))) <= rule.order(seen)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_full_pipeline_orders_nothing(rule: Rule) -> None:
    assert rule.order(Observation(0, 0.0, 60.0, pipeline=(20.0, 20.0, 20.0))) == 0
    assert rule.order(Observation(0, 0.0)) > 0


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_many_shelves_are_answered_as_each_would_be(rule: Rule) -> None:
    rng = np.random.default_rng(1)
    on_hand, pipeline = rng.integers(0, 20, (4, 3)).astype(float), rng.integers(0, 9, (2, 4, 3)).astype(float)
    together = rule.quantities(Shelves(0, on_hand, pipeline.sum(axis=0), pipeline))
    for at in np.ndindex(4, 3):
        ages = tuple(pipeline[:, at[0], at[1]])
        assert together[at] == rule.order(Observation(0, float(on_hand[at]), sum(ages), ages))


def test_the_projection_is_what_simulation_finds() -> None:
    rng = np.random.default_rng(2)
    stock = np.full(200_000, 6.0)
    for arriving in (3.0, 0.0, 9.0):
        stock = np.maximum(stock + arriving - rng.choice(len(DEMAND.chances), len(stock), p=DEMAND.chances), 0)
    shelves = Shelves(0, np.array([6.0]), np.array([12.0]), np.array([[9.0], [0.0], [3.0]]))
    assert projected(shelves, DEMAND, 3)[0] == pytest.approx(stock.mean(), abs=0.02)


def test_large_stocks_are_projected_in_coarser_units() -> None:
    demand = Demand.poisson(4000)
    shelves = Shelves(0, np.array([9000.0, 1000.5]), np.array([2000.0, 3500.0]), np.array([[2000.0, 3500.0]]))
    assert projected(shelves, demand, 1) == pytest.approx([7000.0, 505.0], abs=12)


def test_only_the_latest_orders_are_still_to_come_where_ages_are_unknown() -> None:
    known = Observation(3, 0.0, in_transit=7.0, orders=(4.0, 5.0, 6.0))
    assert known.by_age == (6.0, 1.0)
    assert Observation(0, 0.0, in_transit=7.0).by_age == (7.0,)


def test_a_diary_remembers_what_was_told_and_asks_with_it() -> None:
    asked: list[Observation] = []

    class Listens:
        def order(self, seen: Observation) -> float:
            asked.append(seen)
            return 5.0

    listens = Listens()
    assert isinstance(listens, Policy)
    diary = Diary(listens, Costs(1, 4))
    diary.step(8.0)
    diary.step(2.0, sold=6.0)
    diary.step(0.0, sold=7.0, arrived=5.0)
    last = asked[-1]
    assert (last.period, last.orders, last.sales, last.arrivals) == (2, (5.0, 5.0), (6.0, 7.0), (0.0, 5.0))
    assert (last.left, last.in_transit) == ((2.0, 0.0), 5.0)


@pytest.mark.parametrize(
    "wrong", [lambda: Costs(-1, 2), lambda: Costs(0, 0), lambda: Terms(0), lambda: Terms(6, 10, 11)]
)
def test_what_cannot_be_is_refused(wrong: type) -> None:
    with pytest.raises(Invalid):
        wrong()


def test_distributions_add_up() -> None:
    for demand in (Demand.poisson(7), DEMAND, Demand.observed([3, 0, 0, 5])):
        assert demand.over(3).mean == pytest.approx(3 * demand.mean)
        assert demand.over(3).variance == pytest.approx(3 * demand.variance, rel=1e-6)
    assert DEMAND.mean == pytest.approx(4)
    assert DEMAND.variance == pytest.approx(9)
    assert Demand.observed([1, 2, 3, 4]).quantile(0.5) == 2
    assert Demand.observed([1, 3]).expected_left(3) == pytest.approx([0, 0, 0.5, 1])
