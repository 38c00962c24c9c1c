"""Policies against published optima. The figures are facts of the papers named beside them."""

from __future__ import annotations

import pytest

from shelfwise.planning.policies.backlog import Batches, ReorderPoint, best_order_up_to, best_reorder_point
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.exact import LostSales
from shelfwise.planning.policies.fit import best_base_stock, best_capped_reorder_point, best_projected
from shelfwise.planning.policies.model import Costs
from tests.planning.test_published_optima import OPTIMA

FIVE = Demand.poisson(5)
# Zipkin, P. (2008): Old and new methods for lost-sales inventory systems. Operations Research 56(5), 1256-1263.
# Poisson demand of 5, holding 1: (shortage, lead time, cost of the best policy, of the best base-stock level).
ZIPKIN = [(4, 1, 4.04, 4.16), (4, 2, 4.40, 4.64), (9, 2, 6.09, 6.32), (19, 2, 7.66, 7.84), (39, 1, 7.84, 7.86)]


@pytest.mark.parametrize(("mean", "s", "upto", "cost"), OPTIMA)
def test_the_best_reorder_point_is_the_published_one(mean: int, s: int, upto: int, cost: float) -> None:
    best = best_reorder_point(Demand.poisson(mean), Costs(1, 9, 64), lead_time=0)
    assert (best.policy.reorder_point, best.policy.order_up_to) == (s, upto)
    assert best.cost == pytest.approx(cost, abs=6e-4)


@pytest.mark.parametrize(("shortage", "lead_time", "optimal", "base_stock"), ZIPKIN)
def test_the_projected_level_is_near_the_optimum_of_lost_sales(
    shortage: int, lead_time: int, optimal: float, base_stock: float
) -> None:
    system = LostSales(FIVE, Costs(1, shortage), lead_time)
    assert best_base_stock(system).cost == pytest.approx(base_stock, abs=6e-3)
    assert optimal - 6e-3 < best_projected(system).cost < 1.004 * optimal


def test_lost_sales_with_a_fixed_cost_come_within_half_a_percent() -> None:
    # Bijvank, M., Bhulai, S. and Huh, W. T. (2015): Parametric replenishment policies for inventory systems with lost
    # sales and fixed order cost. European Journal of Operational Research 241(2), 381-390.
    system = LostSales(FIVE, Costs(1, 14, 5), 2)
    assert system.cost(ReorderPoint(17.0, 23.0)) == pytest.approx(11.62, abs=6e-3)
    assert system.cost(Batches(17.0, 7.0)) == pytest.approx(11.56, abs=6e-3)
    assert system.optimum(most_ordered=12, most_on_hand=32) == pytest.approx(11.46, abs=6e-3)
    assert best_capped_reorder_point(system).cost < 1.005 * 11.46


def test_the_optimum_of_lost_sales_is_the_published_one() -> None:
    for shortage, lead_time, optimal, _ in ZIPKIN[:2]:
        found = LostSales(FIVE, Costs(1, shortage), lead_time).optimum(most_ordered=9, most_on_hand=24)
        assert found == pytest.approx(optimal, abs=6e-3)


def test_without_a_fixed_cost_the_reorder_point_is_a_base_stock() -> None:
    costs = Costs(2, 7)
    best, level = best_reorder_point(FIVE, costs, 3), best_order_up_to(FIVE, costs, 3)
    assert best.policy.order_up_to == level.policy.level == best.policy.reorder_point + 1
    assert best.cost == pytest.approx(level.cost)
