"""Plans of small networks are the best of all, keep every rule, and are found whatever is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.network.check import check
from shelfwise.planning.network.curve import Curve, newsvendor
from shelfwise.planning.network.model import Item, Lane, Offer, Problem, Shelf, Site, Supplier
from shelfwise.planning.network.plan import Limits, Line, Transfer
from shelfwise.planning.network.solve import solve
from tests.planning.network.networks import cheapest, invented

EXACT = Limits(seconds=None, gap=0)
NEEDS_TEN = Curve((10.0,), (-20.0, 1.0))


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_the_plan_of_a_small_network_is_the_cheapest_of_all_plans(seed: int, tight: bool) -> None:
    problem = invented(seed, items=1, tight=tight)
    found = solve(problem, EXACT)
    assert not check(problem, found)
    assert found.costs.total == pytest.approx(cheapest(problem))
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_the_bound_counts_what_is_settled_before_the_search() -> None:
    """With a start, HiGHS forgets the cost of what presolve can fix: here, of the order."""
    wanted = newsvendor([12, 15, 18, 20, 22, 25], shortage=9.0, holding=-4.0)
    problem = Problem(
        (Item("tea", weight=0.5),),
        (Site("north"), Site("south")),
        (Shelf("tea", "north", 0, wanted), Shelf("tea", "south", 22, wanted, keep=3)),
        (Supplier("grower", order_cost=5, minimum_value=60),),
        (Offer("tea", "grower", 5.0, 6, breaks=((18, 4.8),)),),
        (Lane("grower", "north", "post", per_kg=1.5), Lane("grower", "north", "truck", fixed=12, per_kg=0.4)),
        (Lane("south", "north", "van", fixed=2),),
    )
    found = solve(problem, EXACT)
    assert found.costs.ordering == 5.0
    assert found.bound == pytest.approx(found.costs.total)


def test_a_plan_keeps_every_rule_when_time_is_short() -> None:
    problem = invented(3, items=8, sites=3, suppliers=3, carriers=2, tight=True)
    for seconds in (0.0, 0.2):
        assert not check(problem, solve(problem, Limits(seconds=seconds)))


def two_sites(has: float, **offer: Any) -> Problem:
    """A site that lacks ten, another with so much more than its own ten; one supplier that delivers to the first."""
    shelves = (Shelf("tea", "north", 0, NEEDS_TEN), Shelf("tea", "south", has, NEEDS_TEN))
    return Problem(
        (Item("tea", weight=1.0),),
        (Site("north"), Site("south")),
        shelves,
        (Supplier("grower"),),
        (Offer("tea", "grower", **({"price": 5.0} | offer)),),
        (Lane("grower", "north", "post", per_kg=1.0),),
        (Lane("south", "north", "van", per_kg=0.5),),
    )


def test_what_a_site_can_spare_is_moved_and_the_rest_is_ordered() -> None:
    found = solve(two_sites(16), EXACT)
    assert found.transfers == (Transfer("tea", "south", "north", "van", 6),)
    assert found.lines == (Line("tea", "grower", "north", "post", 4),)
    assert found.costs.goods == 20 and found.costs.freight == 7


def test_a_site_gives_nothing_that_it_needs_itself_or_keeps() -> None:
    assert solve(two_sites(10), EXACT).transfers == ()
    problem = two_sites(16)
    kept = replace(problem, shelves=(problem.shelves[0], replace(problem.shelves[1], keep=14.0)))
    assert solve(kept, EXACT).transfers == (Transfer("tea", "south", "north", "van", 2),)


def test_less_than_the_minimum_value_is_not_ordered_at_all() -> None:
    problem = two_sites(10)
    dear = replace(problem, suppliers=(Supplier("grower", minimum_value=10_000.0),))
    assert solve(dear, EXACT).lines == ()
    enough = replace(problem, suppliers=(Supplier("grower", minimum_value=55.0),))
    assert solve(enough, EXACT).lines == (Line("tea", "grower", "north", "post", 11),)


def test_a_network_without_anything_to_plan_has_an_empty_plan() -> None:
    empty = solve(Problem((), (), ()), EXACT)
    assert (empty.lines, empty.transfers, empty.costs.total, empty.gap) == ((), (), 0.0, 0.0)
    alone = solve(Problem((Item(1),), (Site(1),), (Shelf(1, 1, 0, NEEDS_TEN),)), EXACT)
    assert (alone.lines, alone.costs.total) == ((), 200.0)


@pytest.mark.parametrize(
    "change",
    [
        {"items": (Item("tea"), Item("tea"))},
        {"sites": (Site("north"),)},
        {"suppliers": (Supplier("grower", order_cost=-1.0),)},
        {"lanes": (Lane("grower", "north", "post", on_time=1.5),)},
        {"links": (Lane("north", "north", "van"),)},
        {"offers": (Offer("tea", "grower", float("nan")),)},
        {"offers": (Offer("tea", "grower", 1.0, multiple=0),)},
        {"offers": (Offer("tea", "grower", 1.0, breaks=((10, 0.9), (5, 0.8))),)},
        {"budget": -1.0},
    ],
)
def test_a_network_that_cannot_be_is_refused_with_what_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        replace(two_sites(16), **change)
    assert refused.value.faults
