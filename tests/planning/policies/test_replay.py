"""The simulator against exact costs, and races on an item's own past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import OrderUpTo, ReorderPoint, best_order_up_to, best_reorder_point
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.exact import LostSales
from shelfwise.planning.policies.families import FAMILIES, Family, ProjectedMean, Sizes, sizes_of
from shelfwise.planning.policies.lost import ProjectedLevel
from shelfwise.planning.policies.model import Costs, Observation, Rule, Shelves, Terms, Unmet
from shelfwise.planning.policies.race import Entrants, Goals, Placings, race, winning
from shelfwise.planning.policies.replay import CostsOfMany, Course, TermsOfMany, bootstrap, replay

FIVE = Demand.poisson(5)
DAYS = 420


def course(lead: int) -> Course:
    demand = np.random.default_rng(7).poisson(5, (300, 2, 150)).astype(float)
    return Course(demand, np.full(demand.shape, lead))


def of_many(costs: Costs, items: int = 2) -> CostsOfMany:
    return CostsOfMany(*(np.full((items, 1), each) for each in (costs.holding, costs.shortage, costs.order)))


@pytest.mark.parametrize("rule", [OrderUpTo(16.0), ReorderPoint(12.0, 19.0), ProjectedLevel(6.4, FIVE, 2, cap=7.0)])
def test_lost_sales_cost_what_they_cost_exactly(rule: Rule) -> None:
    costs = Costs(1, 4, 2)
    found = replay(rule, course(2), of_many(costs), warm_up=30)
    assert found.cost.mean() == pytest.approx(LostSales(FIVE, costs, 2).cost(rule), rel=0.01)


@pytest.mark.parametrize("review", [1, 4])
def test_waiting_demand_costs_what_it_costs_exactly(review: int) -> None:
    costs = Costs(1, 9, 20)
    for best in (best_order_up_to(FIVE, costs, 2, review), best_reorder_point(FIVE, costs, 2, review)):
        found = replay(best.policy, course(2), of_many(costs), unmet=Unmet.WAITS, review=review, warm_up=40)
        assert found.cost.mean() == pytest.approx(best.cost, rel=0.015)


def test_nothing_is_lost_from_the_books_where_lead_times_cross() -> None:
    demand = np.random.default_rng(1).poisson(4, (200, 3, 5)).astype(float)
    lead = np.random.default_rng(2).integers(0, 9, demand.shape)
    seen: list[Shelves] = []

    class Watches(OrderUpTo):
        def quantities(self, shelves: Shelves) -> Floats:
            seen.append(replace(shelves, in_transit=shelves.in_transit.copy()))
            return super().quantities(shelves)

    class Ages(Watches):
        by_age = True

    replay(Ages(40.0), Course(demand, lead), of_many(Costs(1, 4), 3))
    assert all(np.array_equal(one.pipeline.sum(axis=0), one.in_transit) for one in seen)
    assert all((one.on_hand >= 0).all() and (one.in_transit >= 0).all() for one in seen)


def test_blocks_keep_weekdays_and_unknown_days_are_no_zeros() -> None:
    week = np.array([1.0, 2, 3, 4, 5, 6, 7])
    past = np.tile(week, (2, 10))
    past[1, 3:40:7] = np.nan
    drawn = bootstrap(past, [np.array([2.0])] * 2, 56, 8, np.random.default_rng(0))
    assert (drawn.demand == np.tile(week, 8)[:, None, None]).all()
    assert (drawn.lead == 2).all()
    with pytest.raises(Invalid):
        bootstrap(past[:, :15], [np.array([2.0])] * 2, 56, 8, np.random.default_rng(0))


def test_a_mean_is_projected_nearly_as_a_distribution() -> None:
    demand = course(3)
    sizes = sizes_of(demand, [np.array([3.0])] * 2, of_many(Costs(1, 4)), 1)
    rng = np.random.default_rng(3)
    on_hand, pipeline = rng.integers(0, 12, (2, 40)).astype(float), rng.integers(0, 9, (3, 2, 40)).astype(float)
    shelves = Shelves(0, on_hand, pipeline.sum(axis=0), pipeline)
    one = ProjectedMean(np.full((2, 1), 60.0), sizes, Terms()).wanted(shelves)
    other = ProjectedLevel(60.0, FIVE, 3).wanted(shelves)
    assert np.abs(one - other).max() < 1.0
    assert np.abs(one - other).mean() < 0.4


def entrants(order: float) -> Entrants:
    rng = np.random.default_rng(5)
    past = rng.poisson(np.tile([3.0, 3, 3, 3, 6, 9, 1], DAYS // 7), (4, DAYS)).astype(float)
    past[:, 50:60] = np.nan
    leads = tuple(np.array([3.0, 4, 4, 6]) for _ in past)
    terms = TermsOfMany(np.array([[1.0], [1], [6], [6]]), np.zeros((4, 1)))
    return Entrants(past, leads, of_many(Costs(0.1, 2, order), 4), terms)


@pytest.fixture(scope="module")
def dear() -> Placings:
    return race(entrants(order=30.0))


def test_where_orders_cost_much_those_win_that_order_seldom(dear: Placings) -> None:
    assert {dear.names[place] for place in dear.winner} <= {"reorder point", "batches"}
    assert (dear.distance[dear.names.index("order up to")] > 0.2).all()
    assert (dear.distance.min(axis=0) > -0.011).all()
    assert dear.apart


def test_where_orders_cost_nothing_the_simplest_wins_that_is_not_clearly_beaten() -> None:
    first, second = race(entrants(order=0.0)), race(entrants(order=0.0))
    assert (first.winner == second.winner).all()
    for item, place in enumerate(first.winner):
        simpler = first.cost[:place, item]
        assert (simpler > 1.01 * first.cost[:, item].min()).all()


def test_cycles_without_a_miss_are_counted_from_delivery_to_delivery() -> None:
    demand = np.zeros((12, 1, 1))
    demand[[1, 2, 3, 8]] = 9.0
    made = Course(demand, np.ones(demand.shape, np.int64))
    found = replay(OrderUpTo(9.0), made, of_many(Costs(1, 4), 1), cycles=True)
    # Of four orders the second one comes too late for the second rush.
    assert found.dry is not None
    assert (found.orders.item() * 12, found.dry.item() * 12) == (4, 1)
    late = replay(OrderUpTo(9.0), Course(demand, np.full(demand.shape, 3)), of_many(Costs(1, 4), 1), cycles=True)
    # The second and the third rush are missed before anything comes: that is one cycle.
    assert late.missed.item() * 12 == 15
    assert (1 - late.cycles.item()) * late.orders.item() * 12 == pytest.approx(1)
    with pytest.raises(Invalid, match="counts them"):
        _ = replay(OrderUpTo(9.0), made, of_many(Costs(1, 4), 1)).cycles


@pytest.mark.parametrize("name", ["fill", "cycles"])
def test_what_is_promised_is_kept_as_cheaply_as_can_be(name: str) -> None:
    raced, nothing = entrants(order=30.0), np.full(4, np.nan)
    promised = {"fill": nothing, "cycles": nothing, name: np.array([0.9, 0.99, 0.9, np.nan])}
    found = race(replace(raced, goals=Goals(**promised)), FAMILIES[:2])
    assert found.able[found.winner, range(4)].all()
    alone = race(raced, FAMILIES[:2])
    # The first and the third differ from the second by their promise; the last one was promised nothing.
    safety = found.chosen[1][:, 0]
    assert safety[0] < safety[1]
    assert (found.chosen[1][3] == alone.chosen[1][3]).all()
    if name == "fill":
        judged = found.fill[found.winner, np.arange(4)]
        assert (np.abs(judged[:3] - promised["fill"][:3]) < 0.05).all()


def test_a_promise_that_none_can_keep_is_missed_by_as_little_as_can_be() -> None:
    raced = entrants(order=0.0)
    daring = Family("order up to", ((-3.0,), (-2.0,), (-1.0,)), FAMILIES[0].make)
    found = race(replace(raced, goals=Goals(np.full(4, 0.999), np.full(4, np.nan))), [daring])
    assert not found.able.any()
    assert (found.winner == 0).all()
    assert (found.chosen[0] == -1).all()


def test_the_winner_can_be_asked_step_by_step(dear: Placings) -> None:
    raced = entrants(order=30.0)
    for item in range(4):
        policy = winning(dear, raced, item)
        order = policy.order(Observation(0, 0.0))
        assert order > 0
        assert order % float(raced.terms.multiple[item, 0]) == 0
        assert policy.order(Observation(0, 500.0)) == 0


def test_every_family_answers_for_one_item_as_for_many() -> None:
    drawn = course(2)
    sizes = sizes_of(drawn, [np.array([2.0])] * 2, of_many(Costs(1, 4, 9)), 1)
    for family in FAMILIES:
        rule = family.make(sizes.of(1), Terms(4), list(family.grid[-1]))
        assert rule.order(Observation(0, 3.0, 8.0, (4.0, 4.0))) % 4 == 0
    assert isinstance(Sizes.joined([sizes, sizes]), Sizes)
