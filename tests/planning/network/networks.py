"""Small networks for tests, invented by a seed, and the best plan of one by trying all of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from shelfwise.planning.network.check import check
from shelfwise.planning.network.curve import newsvendor
from shelfwise.planning.network.model import Item, Lane, Offer, Problem, Shelf, Site, Supplier
from shelfwise.planning.network.plan import Ended, Line, Solution, Transfer, costs_of


def invented(
    seed: int, items: int = 2, sites: int = 2, suppliers: int = 2, carriers: int = 1, *, tight: bool = False
) -> Problem:
    """A network with every rule in it, most of them in force in a tight one."""
    rng = np.random.default_rng(seed)
    things = tuple(Item(f"item {n}", float(rng.integers(1, 5)), float(rng.uniform(0.1, 1))) for n in range(items))
    places = tuple(Site(f"site {n}", float(rng.uniform(2, 6)) * items if tight and n else None) for n in range(sites))
    sources = tuple(
        Supplier(n, float(rng.uniform(0, 30)), float(rng.uniform(20, 80)) if tight or n else 0.0,
                 float(rng.integers(8, 20)) * items if tight else None)
        for n in range(suppliers)
    )  # fmt: skip
    shelves, offers = [], []
    for item in things:
        for place in places:
            demand = rng.poisson(rng.uniform(2, 9), 40)
            available = float(rng.choice([-1, 0, 2, 12]))
            shelves.append(
                Shelf(item.id, place.id, available, newsvendor(demand, rng.uniform(15, 40), rng.uniform(-2, 2), 6),
                      keep=float(rng.integers(0, 2)), wait=float(rng.uniform(0, 0.4)), late=float(rng.uniform(0, 4)))
            )  # fmt: skip
        for source in sources:
            price, multiple = float(rng.uniform(4, 10)), int(rng.integers(3, 7))
            breaks = ((2 * multiple, 0.9 * price),) if rng.random() < 0.5 else ()
            offers.append(
                Offer(item.id, source.id, price, multiple, int(rng.integers(0, 8)),
                      int(rng.integers(6, 20)) if tight else None, float(rng.integers(0, 9)), breaks,
                      bool(rng.random() < 0.5))
            )  # fmt: skip

    def way(origin: str | int, destination: str | int, carrier: int) -> Lane:
        return Lane(
            origin, destination, f"carrier {carrier}", float(rng.uniform(0, 40)), float(rng.uniform(0, 0.5)),
            float(rng.uniform(0, 0.5)), float(rng.integers(15, 40)) * items / 2 if tight else None,
            float(rng.integers(1, 5)), float(rng.uniform(0.7, 1)),
        )  # fmt: skip

    lanes = [way(a.id, b.id, c) for a, b, c in product(sources, places, range(carriers))]
    links = [way(a.id, b.id, c) for a, b, c in product(places, places, range(carriers)) if a != b]
    budget = 60.0 * items if tight else None
    return Problem(things, places, tuple(shelves), sources, tuple(offers), tuple(lanes), tuple(links), budget)


def cheapest(problem: Problem) -> float:
    """The cost of the best of all plans."""
    return min(costs_of(problem, *plan).total for plan in _plans(problem))


def _plans(problem: Problem) -> Iterator[tuple[tuple[Line, ...], tuple[Transfer, ...]]]:
    """All that keep the rules."""
    shelves = {(one.item, one.site): one for one in problem.shelves}
    lines: list[list[Line | None]] = []
    for offer, lane in product(problem.offers, problem.lanes):
        if offer.supplier == lane.origin:
            shelf = shelves[offer.item, lane.destination]
            free = int(problem.most(shelf) - shelf.available)
            quantities = [one for one in range(1, max(free, 0) + 1) if offer.allows(one)]
            line = [Line(offer.item, offer.supplier, lane.destination, lane.carrier, one) for one in quantities]
            lines.append([None, *line])
    moves: list[list[Transfer | None]] = []
    for item, link in product(problem.items, problem.links):
        give = shelves[item.id, link.origin].to_give
        found = [Transfer(item.id, link.origin, link.destination, link.carrier, one) for one in range(1, give + 1)]
        moves.append([None, *found])
    for chosen in product(*lines):
        for sent in product(*moves):
            plan = tuple(one for one in chosen if one), tuple(one for one in sent if one)
            costs = costs_of(problem, *plan)
            if not check(problem, Solution(*plan, costs, -np.inf, Ended.PROVED)):
                yield plan
