"""A problem as arrays, for whoever computes with all of it at once. Pure.

A `row` is a line that may be ordered at one tier of its offer's prices (a line with price breaks has several rows, of
which one may be used), a `move` a transfer of an item by a link. Both lead to a shelf.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.network.curve import NEARLY
from shelfwise.planning.network.highs import Ints
from shelfwise.planning.network.model import Id, Lane, Problem
from shelfwise.planning.network.plan import Line, Transfer, unit_freight, unit_waiting


@dataclass(frozen=True, eq=False)
class Curves:
    """The curves of all shelves.

    Attributes:
        levels: shape (shelves, k); short ones repeat their last level.
        slopes: shape (shelves, k + 1).
        cost: at the first level.
    """

    levels: Floats
    slopes: Floats
    cost: Floats

    def at(self, shelf: Ints, stock: Floats) -> Floats:
        """Expected cost of some shelves with so much stock each."""
        total = self.cost[shelf] + self.slopes[shelf, 0] * np.minimum(stock - self.levels[shelf, 0], 0)
        for piece in range(1, self.slopes.shape[1]):
            beyond = np.maximum(stock - self.levels[shelf, piece - 1], 0)
            if piece < self.levels.shape[1]:
                beyond = np.minimum(beyond, self.levels[shelf, piece] - self.levels[shelf, piece - 1])
            total += self.slopes[shelf, piece] * beyond
        return np.asarray(total)

    def wanted(self, shelf: Ints, price: Floats) -> Floats:
        """The stock up to which a further unit is worth more than its price; -inf: none is, inf: always."""
        pieces = (self.slopes[shelf] < -price[:, None]).sum(axis=1)
        last = self.levels[shelf, np.clip(pieces - 1, 0, self.levels.shape[1] - 1)]
        return np.where(pieces == 0, -inf, np.where(pieces == self.slopes.shape[1], inf, last))


@dataclass(frozen=True, eq=False)
class Rows:
    """Lines that may be ordered, each at one tier of its price.

    Attributes:
        line: rows with the same number are tiers of one line.
        price, fixed: of the goods; what a unit costs beyond them is `unit`.
        low, high: the quantities of the tier, whole packs.
    """

    shelf: Ints
    item: Ints
    site: Ints
    offer: Ints
    supplier: Ints
    lane: Ints
    line: Ints
    price: Floats
    fixed: Floats
    unit: Floats
    multiple: Ints
    low: Ints
    high: Ints

    def __len__(self) -> int:
        return len(self.shelf)


@dataclass(frozen=True, eq=False)
class Moves:
    """Transfers that may be made; `unit` is what a unit costs, `high` the most that can be given."""

    giver: Ints
    shelf: Ints
    item: Ints
    origin: Ints
    site: Ints
    link: Ints
    unit: Floats
    high: Ints

    def __len__(self) -> int:
        return len(self.shelf)


@dataclass(frozen=True, eq=False)
class Network:
    """A problem as arrays. Limits that are not set are infinite."""

    problem: Problem
    curves: Curves
    available: Floats
    to_give: Ints
    most: Floats
    item: Ints
    rows: Rows
    moves: Moves
    weight: Floats
    volume: Floats
    room: Floats
    order_cost: Floats
    minimum_value: Floats
    supplier_capacity: Floats
    maximum: Floats
    lane_fixed: Floats
    lane_capacity: Floats
    lane_supplier: Ints
    link_fixed: Floats
    link_capacity: Floats
    budget: float

    def lines(self, quantity: Ints) -> tuple[Line, ...]:
        """What is ordered, from the quantities of all rows."""
        problem, rows = self.problem, self.rows
        found = []
        for row in np.flatnonzero(quantity).tolist():
            lane, shelf = problem.lanes[rows.lane[row]], problem.shelves[rows.shelf[row]]
            found.append(Line(shelf.item, lane.origin, shelf.site, lane.carrier, int(quantity[row])))
        return tuple(found)

    def transfers(self, moved: Ints) -> tuple[Transfer, ...]:
        """What is sent to other sites, from the quantities of all moves."""
        problem, moves = self.problem, self.moves
        found = []
        for move in np.flatnonzero(moved).tolist():
            link, shelf = problem.links[moves.link[move]], problem.shelves[moves.shelf[move]]
            found.append(Transfer(shelf.item, link.origin, link.destination, link.carrier, int(moved[move])))
        return tuple(found)


def network(problem: Problem) -> Network:
    """The arrays of a problem, without what can never be ordered or moved."""
    items = {one.id: place for place, one in enumerate(problem.items)}
    sites = {one.id: place for place, one in enumerate(problem.sites)}
    suppliers = {one.id: place for place, one in enumerate(problem.suppliers)}
    shelf_item = np.array([items[one.item] for one in problem.shelves], dtype=np.int64)
    available = np.array([one.available for one in problem.shelves], dtype=np.float64)
    weight = np.array([one.weight for one in problem.items])
    return Network(
        problem,
        _curves(problem),
        available,
        np.array([one.to_give for one in problem.shelves], dtype=np.int64),
        np.array([problem.most(one) for one in problem.shelves], dtype=np.float64),
        shelf_item,
        _rows(problem, items, sites, suppliers),
        _moves(problem, items, sites),
        weight,
        np.array([one.volume for one in problem.items]),
        _limits([one.room for one in problem.sites]),
        np.array([one.order_cost for one in problem.suppliers]),
        np.array([one.minimum_value for one in problem.suppliers]),
        _limits([one.capacity for one in problem.suppliers]),
        _limits([one.maximum for one in problem.offers]),
        np.array([one.fixed for one in problem.lanes]),
        _limits([one.capacity for one in problem.lanes]),
        np.array([suppliers[one.origin] for one in problem.lanes], dtype=np.int64),
        np.array([one.fixed for one in problem.links]),
        _limits([one.capacity for one in problem.links]),
        inf if problem.budget is None else problem.budget,
    )


def _limits(given: list[float | None] | list[int | None]) -> Floats:
    return np.array([inf if one is None else one for one in given], dtype=np.float64)


def _curves(problem: Problem) -> Curves:
    longest = max((len(one.cost.levels) for one in problem.shelves), default=1)
    levels = np.empty((len(problem.shelves), longest))
    slopes = np.empty((len(problem.shelves), longest + 1))
    for place, shelf in enumerate(problem.shelves):
        known = len(shelf.cost.levels)
        levels[place, :known], levels[place, known:] = shelf.cost.levels, shelf.cost.levels[-1]
        slopes[place, : known + 1], slopes[place, known + 1 :] = shelf.cost.slopes, shelf.cost.slopes[-1]
    return Curves(levels, slopes, np.array([one.cost.cost for one in problem.shelves]))


def _lanes_by_ends(ways: tuple[Lane, ...]) -> dict[tuple[Id, Id], list[tuple[int, Lane]]]:
    found: dict[tuple[Id, Id], list[tuple[int, Lane]]] = {}
    for place, lane in enumerate(ways):
        found.setdefault((lane.origin, lane.destination), []).append((place, lane))
    return found


def _rows(problem: Problem, items: dict[Id, int], sites: dict[Id, int], suppliers: dict[Id, int]) -> Rows:
    lanes = _lanes_by_ends(problem.lanes)
    offers: dict[Id, list[int]] = {}
    for place, offer in enumerate(problem.offers):
        offers.setdefault(offer.item, []).append(place)
    whole: list[tuple[int, ...]] = []
    real: list[tuple[float, float, float]] = []
    line = 0
    for shelf_place, shelf in enumerate(problem.shelves):
        item, free = problem.items[items[shelf.item]], problem.most(shelf) - shelf.available
        for offer_place in offers.get(shelf.item, ()):
            offer = problem.offers[offer_place]
            most = floor(min(free, inf if offer.maximum is None else offer.maximum) + NEARLY)
            for lane_place, lane in lanes.get((offer.supplier, shelf.site), ()):
                unit = unit_freight(lane, item) + unit_waiting(lane, shelf, offer.days)
                ends = (shelf_place, items[shelf.item], sites[shelf.site], offer_place, suppliers[offer.supplier])
                for tier in offer.tiers:
                    high = int(min(tier.high, most)) // offer.multiple * offer.multiple
                    if tier.low <= high:
                        whole.append((*ends, lane_place, line, offer.multiple, tier.low, high))
                        real.append((tier.price, tier.fixed, unit))
                line += 1
    numbers = np.array(whole, dtype=np.int64).reshape(-1, 10).T
    costs = np.array(real, dtype=np.float64).reshape(-1, 3).T
    return Rows(*numbers[:7], *costs, *numbers[7:])


def _moves(problem: Problem, items: dict[Id, int], sites: dict[Id, int]) -> Moves:
    shelves = {(one.item, one.site): place for place, one in enumerate(problem.shelves)}
    whole: list[tuple[int, ...]] = []
    unit: list[float] = []
    from_site = {one.id: [(place, link) for place, link in enumerate(problem.links) if link.origin == one.id]
                 for one in problem.sites}  # fmt: skip
    for from_, shelf in enumerate(problem.shelves):
        if shelf.to_give < 1:
            continue
        item = items[shelf.item]
        for place, link in from_site[shelf.site]:
            to = shelves.get((shelf.item, link.destination))
            if to is None:
                continue
            other = problem.shelves[to]
            most = min(shelf.to_give, floor(problem.most(other) - other.available + NEARLY))
            if most >= 1:
                both = (sites[shelf.site], sites[link.destination])
                whole.append((from_, to, item, *both, place, most))
                unit.append(unit_freight(link, problem.items[item]) + unit_waiting(link, other, 0.0))
    numbers = np.array(whole, dtype=np.int64).reshape(-1, 7).T
    giver, taker, of, origin, destination, way, high = numbers
    return Moves(giver, taker, of, origin, destination, way, np.array(unit, dtype=np.float64), high)
