"""The checker finds every way in which a plan can be wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shelfwise.planning.network.check import check
from shelfwise.planning.network.model import Offer, Problem, Site, Supplier
from shelfwise.planning.network.plan import Ended, Line, Solution, Transfer, costs_of
from tests.planning.network.test_small import two_sites

GOOD_LINE = Line("tea", "grower", "north", "post", 4)
GOOD_TRANSFER = Transfer("tea", "south", "north", "van", 6)


def plan(problem: Problem, *parts: Line | Transfer) -> Solution:
    lines = tuple(one for one in parts if isinstance(one, Line))
    transfers = tuple(one for one in parts if isinstance(one, Transfer))
    return Solution(lines, transfers, costs_of(problem, lines, transfers), 0.0, Ended.PROVED)


def test_a_good_plan_has_no_fault() -> None:
    assert check(two_sites(16), plan(two_sites(16), GOOD_LINE, GOOD_TRANSFER)) == ()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, (replace(GOOD_TRANSFER, quantity=0),)),
        ({}, (replace(GOOD_LINE, quantity=40),)),
        ({"shelves": (two_sites(16).shelves[0], replace(two_sites(16).shelves[1], keep=11.0))}, (GOOD_TRANSFER,)),
        ({}, (GOOD_LINE, replace(GOOD_LINE, quantity=2))),
        ({"offers": (Offer("tea", "grower", 5.0, multiple=3),)}, (GOOD_LINE,)),
        ({"offers": (Offer("tea", "grower", 5.0, minimum=5),)}, (GOOD_LINE,)),
        ({"offers": (Offer("tea", "grower", 5.0, maximum=3),)}, (GOOD_LINE,)),
        ({"suppliers": (Supplier("grower", minimum_value=21.0),)}, (GOOD_LINE,)),
        ({"suppliers": (Supplier("grower", capacity=3.0),)}, (GOOD_LINE,)),
        ({"budget": 19.0}, (GOOD_LINE,)),
        ({"lanes": (replace(two_sites(16).lanes[0], capacity=3.0),)}, (GOOD_LINE,)),
        ({"links": (replace(two_sites(16).links[0], capacity=5.0),)}, (GOOD_TRANSFER,)),
        ({"sites": (Site("north", room=9.0), Site("south")),
          "items": (replace(two_sites(16).items[0], volume=1.0),)}, (GOOD_LINE, GOOD_TRANSFER)),
    ],
)  # fmt: skip
def test_a_plan_that_breaks_one_rule_has_one_fault(change: dict[str, Any], parts: tuple[Line | Transfer, ...]) -> None:
    problem = replace(two_sites(16), **change)
    assert len(check(problem, plan(problem, *parts))) == 1


def test_a_plan_may_not_name_what_is_not_there_nor_hide_its_cost() -> None:
    problem, good = two_sites(16), plan(two_sites(16), GOOD_LINE)
    assert check(problem, replace(good, lines=(replace(GOOD_LINE, carrier="pigeon"),)))
    assert check(problem, replace(good, transfers=(replace(GOOD_TRANSFER, item="coffee"),)))
    assert check(problem, replace(good, costs=replace(good.costs, goods=0.0)))
    assert check(problem, replace(good, bound=good.costs.total + 1))
