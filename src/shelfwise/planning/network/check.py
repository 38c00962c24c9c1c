"""Whether a plan keeps every rule of its problem, told from the two alone: it knows nothing of how plans are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import isclose

from shelfwise.core.errors import Fault
from shelfwise.planning.network.curve import NEARLY
from shelfwise.planning.network.model import Problem
from shelfwise.planning.network.plan import Flows, Line, Solution, Transfer, costs_of, flows

SAME = 1e-6
"""Costs that differ by less, as a share, are the same."""


def check(problem: Problem, solution: Solution) -> tuple[Fault, ...]:
    """What is wrong with a plan; nothing, where it can be carried out and costs what it says."""
    unknown = tuple(_unknown(problem, solution))
    if unknown:
        return unknown
    found = flows(problem, solution.lines, solution.transfers)
    return (
        *_quantities(problem, solution),
        *_suppliers(problem, found),
        *_ways(problem, found),
        *_shelves(problem, found),
        *_costs(problem, solution),
    )


def _fault(where: object, expected: str, got: object) -> Fault:
    return Fault(str(where), expected, str(got), "The plan cannot be carried out.")


def _over(used: float, limit: float | None) -> bool:
    return limit is not None and used > limit * (1 + NEARLY) + NEARLY


def _unknown(problem: Problem, solution: Solution) -> Iterable[Fault]:
    offers = {(one.item, one.supplier) for one in problem.offers}
    shelves = {(one.item, one.site) for one in problem.shelves}
    lanes, links = {one.key for one in problem.lanes}, {one.key for one in problem.links}
    for line in solution.lines:
        there = (line.item, line.supplier) in offers and (line.item, line.site) in shelves
        if not there or (line.supplier, line.site, line.carrier) not in lanes:
            yield _fault(line, "an offer, a shelf and a lane of the problem", "one that is not there")
    for move in solution.transfers:
        ends = (move.item, move.origin) in shelves and (move.item, move.destination) in shelves
        if not ends or (move.origin, move.destination, move.carrier) not in links:
            yield _fault(move, "two shelves and a link of the problem", "one that is not there")
    ways: list[Line | Transfer] = [*solution.lines, *solution.transfers]
    for way, times in Counter(ways).items():
        if times > 1:
            yield _fault(way, "to be there once", f"{times} times")


def _quantities(problem: Problem, solution: Solution) -> Iterable[Fault]:
    offers = {(one.item, one.supplier): one for one in problem.offers}
    for line in solution.lines:
        offer = offers[line.item, line.supplier]
        if not isinstance(line.quantity, int) or not offer.allows(line.quantity):
            yield _fault(line, f"packs of {offer.multiple}, at least {offer.least}", line.quantity)
    for move in solution.transfers:
        if not isinstance(move.quantity, int) or move.quantity < 1:
            yield _fault(move, "whole units", move.quantity)
    keys = [(one.item, one.supplier, one.site, one.carrier) for one in solution.lines]
    moves = [(one.item, one.origin, one.destination, one.carrier) for one in solution.transfers]
    for key, times in (*Counter(keys).items(), *Counter(moves).items()):
        if times > 1:
            yield _fault(key, "one line or transfer", f"{times} of them")


def _suppliers(problem: Problem, found: Flows) -> Iterable[Fault]:
    for supplier in problem.suppliers:
        value, units = found.goods.get(supplier.id, 0.0), found.units.get(supplier.id, 0)
        if units and value < supplier.minimum_value * (1 - NEARLY) - NEARLY:
            yield _fault(f"supplier {supplier.id}", f"goods for {supplier.minimum_value} or none", value)
        if _over(units, supplier.capacity):
            yield _fault(f"supplier {supplier.id}", f"at most {supplier.capacity} units", units)
    for offer in problem.offers:
        sold = found.sold.get((offer.item, offer.supplier), 0)
        if _over(sold, offer.maximum):
            yield _fault(f"offer {offer.item, offer.supplier}", f"at most {offer.maximum} units", sold)
    spent = sum(found.goods.values())
    if _over(spent, problem.budget):
        yield _fault("budget", f"at most {problem.budget}", spent)


def _ways(problem: Problem, found: Flows) -> Iterable[Fault]:
    carried = [(one, found.weight.get(one.key, 0.0)) for one in problem.lanes]
    carried += [(one, found.linked.get(one.key, 0.0)) for one in problem.links]
    for lane, weight in carried:
        if _over(weight, lane.capacity):
            yield _fault(f"lane {lane.key}", f"at most {lane.capacity} kg", weight)
    for site in problem.sites:
        if _over(found.volume.get(site.id, 0.0), site.room):
            yield _fault(f"site {site.id}", f"at most {site.room} of volume more", found.volume[site.id])


def _shelves(problem: Problem, found: Flows) -> Iterable[Fault]:
    for shelf in problem.shelves:
        key = shelf.item, shelf.site
        received, given = found.received.get(key, 0), found.given.get(key, 0)
        if received and given:
            yield _fault(f"shelf {key}", "to get or to give", f"{received} in and {given} out")
        if given > shelf.to_give:
            yield _fault(f"shelf {key}", f"at most {shelf.to_give} units to be given", given)
        if received and _over(shelf.available + received, problem.most(shelf)):
            yield _fault(f"shelf {key}", f"at most {problem.most(shelf)} units", shelf.available + received)


def _costs(problem: Problem, solution: Solution) -> Iterable[Fault]:
    total = costs_of(problem, solution.lines, solution.transfers).total
    if not isclose(total, solution.costs.total, rel_tol=SAME, abs_tol=SAME):
        yield _fault("costs", f"{total} in all", solution.costs.total)
    if solution.bound > total + SAME * (1 + abs(total)):
        yield _fault("bound", f"no more than {total}", solution.bound)
