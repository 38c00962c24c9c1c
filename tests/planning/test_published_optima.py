"""The simple levels against published optimal ones: what simplicity costs is known and bounded."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from shelfwise.planning.levels import levels
from shelfwise.planning.model import Params
from shelfwise.planning.simulate import draw
from tests.planning.examples import TODAY, Case, fixed, poisson

# Zheng, Y.-S. and Federgruen, A. (1991): Finding optimal (s, S) policies is about as simple as evaluating a single
# policy. Operations Research 39(4), 654-665. Poisson demand, no lead time, holding 1, backlog 9, order 64:
# (mean demand, s, S, average cost).
OPTIMA = [
    (10, 6, 40, 35.022),
    (15, 10, 49, 42.698),
    (20, 14, 62, 49.173),
    (25, 19, 56, 54.262),
    (30, 23, 66, 57.819),
    (35, 28, 77, 61.215),
    (40, 33, 87, 64.512),
    (45, 37, 97, 67.776),
    (50, 42, 108, 70.975),
    (55, 47, 118, 74.149),
    (60, 52, 129, 77.306),
    (65, 56, 75, 78.518),
    (70, 62, 81, 79.037),
    (75, 67, 86, 79.554),
    (21, 15, 65, 50.406),
    (22, 16, 68, 51.632),
    (23, 17, 52, 52.757),
    (24, 18, 54, 53.518),
    (51, 43, 110, 71.611),
    (52, 44, 112, 72.246),
    (59, 51, 126, 76.679),
    (61, 52, 131, 77.929),
    (63, 54, 73, 78.287),
    (64, 55, 74, 78.402),
]
HOLDING, BACKLOG, ORDER = 1.0, 9.0, 64.0


def average_cost(s: int, upto: int, mean: float) -> float:
    """Cost a period when position s or less is raised to `upto`, by renewal: their equations 1 to 4."""
    chance = [math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(400)]

    def expected(level: int) -> float:
        return sum(q * (HOLDING * max(level - d, 0) + BACKLOG * max(d - level, 0)) for d, q in enumerate(chance))

    density = [1 / (1 - chance[0])]
    for j in range(1, upto - s):
        density.append(sum(chance[k] * density[j - k] for k in range(1, j + 1)) / (1 - chance[0]))
    return (ORDER + sum(m * expected(upto - j) for j, m in enumerate(density))) / sum(density)


@pytest.mark.parametrize(("mean", "s", "upto", "cost"), OPTIMA[::4])
def test_the_oracle_reproduces_the_published_costs(mean: int, s: int, upto: int, cost: float) -> None:
    assert average_cost(s, upto, mean) == pytest.approx(cost, abs=6e-4)


def test_the_levels_cost_a_tenth_more_than_the_optimum_and_a_sixth_at_worst() -> None:
    params = Params(service_level=BACKLOG / (BACKLOG + HOLDING), holding_rate=1.0, ordering_cost=ORDER, samples=4000)
    gaps, gaps_of_upto = [], []
    for mean, optimal, _, cost in OPTIMA:
        # A unit cost of 365 at a rate of 1 a year is a holding cost of 1 a day.
        case = Case(demand=poisson(mean, paths=4000), lead_time=fixed(1), unit_cost="365")
        futures = draw(case.item, case.offer.lead_time, TODAY, params, 1, np.random.default_rng(0))
        futures.lead[:] = 0
        policy = levels(case.item, case.offer, futures, params)
        s, upto = int(policy.reorder_point), round(policy.order_up_to)
        # Position s is raised to S only where S is above it.
        gaps.append(average_cost(min(s, upto - 1), upto, mean) / cost - 1)
        distance = policy.order_up_to - policy.reorder_point
        with_best_s = min(
            average_cost(min(s, round(s + distance) - 1), round(s + distance), mean) for s in {optimal, optimal + 2, s}
        )
        gaps_of_upto.append(with_best_s / cost - 1)
    assert min(gaps) > -1e-4
    assert np.mean(gaps) < 0.095
    assert max(gaps) < 0.165
    assert np.mean(gaps_of_upto) < 0.02
    assert max(gaps_of_upto) < 0.06


def test_costlier_orders_are_larger_and_rarer() -> None:
    case = Case(demand=poisson(5.0), lead_time=fixed(3))
    futures = draw(case.item, case.offer.lead_time, TODAY, Params(), 1, np.random.default_rng(0))
    gaps = []
    for cost in (0.0, 0.2, 1.0, 5.0, 20.0):
        policy = levels(case.item, case.offer, futures, Params(ordering_cost=cost))
        gaps.append(policy.order_up_to - policy.reorder_point)
    assert gaps[0] == 0.0
    assert all(one < other for one, other in pairwise(gaps))
