"""A network too large for one program keeps every rule, comes near the bound, and gives the same plan again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from benchmarks._network import invented as shop

from shelfwise.planning.network import solve as solving
from shelfwise.planning.network.check import check
from shelfwise.planning.network.model import Supplier
from shelfwise.planning.network.plan import Ended, Limits
from shelfwise.planning.network.solve import solve
from tests.planning.network.networks import invented
from tests.planning.network.test_small import two_sites

FEW = Limits(seconds=None, rounds=120, nodes=5)


def test_a_network_taken_apart_has_a_plan_near_its_bound_and_the_same_one_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solving, "SMALL", 0)
    problem = shop(1, items=40, sites=2, suppliers=2, carriers=2)
    found = solve(problem, FEW)
    assert not check(problem, found)
    assert 0 < found.gap < 0.05
    assert solve(problem, FEW) == found


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_of_a_network_taken_apart_lies_below_its_best_plan(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    problem = invented(seed, items=3, tight=seed % 2 == 1)
    best = solve(problem, Limits(seconds=None, gap=0))
    monkeypatch.setattr(solving, "SMALL", 0)
    apart = solve(problem, FEW)
    assert not check(problem, apart)
    assert apart.bound <= best.costs.total + 1e-6 * abs(best.costs.total)
    assert apart.costs.total >= best.costs.total - 1e-6 * abs(best.costs.total)


def test_a_plan_of_before_is_begun_with_as_far_as_it_still_keeps_the_rules() -> None:
    problem = invented(2, items=6, tight=True)
    before = solve(problem, Limits(seconds=None))
    assert solve(problem, Limits(seconds=0.0), before).costs.total <= before.costs.total + 1e-6
    poorer = replace(problem, budget=before.costs.goods / 2)
    again = solve(poorer, Limits(seconds=0.0), before)
    assert not check(poorer, again)
    assert again.ended is Ended.TIME


@pytest.mark.parametrize(
    "change",
    [
        {"suppliers": (), "offers": (), "lanes": ()},
        {"lanes": (), "links": ()},
        {"links": ()},
        {"suppliers": (Supplier("grower", minimum_value=1e6),), "budget": 100.0},
    ],
)
def test_a_network_taken_apart_may_lack_any_of_its_parts(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setattr(solving, "SMALL", -1)
    problem = replace(two_sites(16), **change)
    found = solve(problem, FEW)
    assert not check(problem, found)
    assert found.bound <= found.costs.total
