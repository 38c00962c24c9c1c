"""A plan for a network, what it costs and how good it is known to be. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from shelfwise.planning.network.model import Id, Item, Lane, Problem, Shelf


@dataclass(frozen=True)
class Line:
    """So much of an item, ordered from a supplier to a site by a carrier."""

    item: Id
    supplier: Id
    site: Id
    carrier: Id
    quantity: int


@dataclass(frozen=True)
class Transfer:
    """So much of an item, sent from one site to another by a carrier."""

    item: Id
    origin: Id
    destination: Id
    carrier: Id
    quantity: int


@dataclass(frozen=True)
class Costs:
    """What a plan costs, in its parts.

    Attributes:
        goods: at the price of each line's quantity.
        ordering: what suppliers take for an order.
        freight: of lanes and links.
        waiting: for what comes later rather than at once, and for what may come late.
        stock: expected, of shortage and of what is left, by the curves.
    """

    goods: float = 0.0
    ordering: float = 0.0
    freight: float = 0.0
    waiting: float = 0.0
    stock: float = 0.0

    @property
    def total(self) -> float:
        return self.goods + self.ordering + self.freight + self.waiting + self.stock


class Ended(StrEnum):
    """Why the search for a better plan ended."""

    PROVED = "near enough to the bound"
    TIME = "out of time"
    ROUNDS = "rounds used up"


class Limited(StrEnum):
    """What can bind a plan."""

    BUDGET = "budget"
    ROOM = "room of a site"
    SUPPLIER = "capacity of a supplier"
    MINIMUM_VALUE = "minimum value of a supplier's order"
    LANE = "capacity of a lane"
    OFFER = "what a supplier has of an item"


@dataclass(frozen=True)
class Binding:
    """A limit that the plan reaches.

    Attributes:
        names: of the site, the supplier, the lane or the offer.
        used, limit: in the limit's own unit. Used is the larger one where a minimum binds.
    """

    what: Limited
    names: tuple[Id, ...]
    used: float
    limit: float


@dataclass(frozen=True)
class Limits:
    """When to stop.

    Attributes:
        seconds: on the wall, from the first to the last moment. None: only rounds end the search, so that two runs
            give the same plan on any machine.
        gap: share of the plan's cost that may lie between it and the bound.
        rounds: of improving the bound, at most.
        nodes: of each search by HiGHS, at most.
    """

    seconds: float | None = 30.0
    gap: float = 1e-4
    rounds: int = 1000
    nodes: int = 2000


@dataclass(frozen=True)
class Solution:
    """A plan that keeps every rule of its problem.

    Attributes:
        bound: no plan costs less.
        ended: why the search ended.
        binding: limits that the plan reaches.
        seconds: that it took.
    """

    lines: tuple[Line, ...]
    transfers: tuple[Transfer, ...]
    costs: Costs
    bound: float
    ended: Ended
    binding: tuple[Binding, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def gap(self) -> float:
        """How much cheaper a plan could be at most, as a share of this one's cost."""
        return max(self.costs.total - self.bound, 0.0) / max(abs(self.costs.total), 1e-9)


@dataclass
class Flows:
    """What a plan does to each part of its network, in sums."""

    goods: dict[Id, float] = field(default_factory=lambda: defaultdict(float))
    units: dict[Id, int] = field(default_factory=lambda: defaultdict(int))
    sold: dict[tuple[Id, Id], int] = field(default_factory=lambda: defaultdict(int))
    weight: dict[tuple[Id, Id, Id], float] = field(default_factory=lambda: defaultdict(float))
    linked: dict[tuple[Id, Id, Id], float] = field(default_factory=lambda: defaultdict(float))
    received: dict[tuple[Id, Id], int] = field(default_factory=lambda: defaultdict(int))
    given: dict[tuple[Id, Id], int] = field(default_factory=lambda: defaultdict(int))
    volume: dict[Id, float] = field(default_factory=lambda: defaultdict(float))


def flows(problem: Problem, lines: tuple[Line, ...], transfers: tuple[Transfer, ...]) -> Flows:
    """Sums by supplier, offer, lane, link, shelf and site.

    Raises:
        KeyError: a line or transfer names what the problem does not have.
    """
    offers = {(one.item, one.supplier): one for one in problem.offers}
    items = {one.id: one for one in problem.items}
    found = Flows()
    for line in lines:
        found.goods[line.supplier] += offers[line.item, line.supplier].goods(line.quantity)
        found.units[line.supplier] += line.quantity
        found.sold[line.item, line.supplier] += line.quantity
        found.weight[line.supplier, line.site, line.carrier] += items[line.item].weight * line.quantity
        found.received[line.item, line.site] += line.quantity
        found.volume[line.site] += items[line.item].volume * line.quantity
    for move in transfers:
        size = items[move.item].volume * move.quantity
        found.linked[move.origin, move.destination, move.carrier] += items[move.item].weight * move.quantity
        found.received[move.item, move.destination] += move.quantity
        found.given[move.item, move.origin] += move.quantity
        found.volume[move.destination] += size
        found.volume[move.origin] -= size
    return found


def unit_freight(lane: Lane, item: Item) -> float:
    """What a unit costs on a lane beyond its fixed cost."""
    return lane.per_unit + lane.per_kg * item.weight


def unit_waiting(lane: Lane, shelf: Shelf, days: float) -> float:
    """What it costs that a unit comes by this lane, so many days after it was ordered, and not at once and for sure."""
    return shelf.wait * (days + lane.days) + shelf.late * (1 - lane.on_time)


def costs_of(problem: Problem, lines: tuple[Line, ...], transfers: tuple[Transfer, ...]) -> Costs:
    """What a plan costs, from its lines and transfers alone.

    Raises:
        KeyError: a line or transfer names what the problem does not have.
    """
    found = flows(problem, lines, transfers)
    items = {one.id: one for one in problem.items}
    shelves = {(one.item, one.site): one for one in problem.shelves}
    offers = {(one.item, one.supplier): one for one in problem.offers}
    lanes, links = {one.key: one for one in problem.lanes}, {one.key: one for one in problem.links}
    freight = sum(lanes[key].fixed for key in found.weight) + sum(links[key].fixed for key in found.linked)
    waiting = 0.0
    for line in lines:
        lane = lanes[line.supplier, line.site, line.carrier]
        freight += line.quantity * unit_freight(lane, items[line.item])
        ready = offers[line.item, line.supplier].days
        waiting += line.quantity * unit_waiting(lane, shelves[line.item, line.site], ready)
    for move in transfers:
        link = links[move.origin, move.destination, move.carrier]
        freight += move.quantity * unit_freight(link, items[move.item])
        waiting += move.quantity * unit_waiting(link, shelves[move.item, move.destination], 0.0)
    stock = sum(
        one.cost(one.available + found.received.get((one.item, one.site), 0) - found.given.get((one.item, one.site), 0))
        for one in problem.shelves
    )
    ordering = sum(one.order_cost for one in problem.suppliers if one.id in found.units)
    return Costs(sum(found.goods.values()), ordering, freight, waiting, stock)


def bindings(problem: Problem, lines: tuple[Line, ...], transfers: tuple[Transfer, ...]) -> tuple[Binding, ...]:
    """The limits that a plan reaches: less than the smallest further line or unit is left, or a minimum is just met."""
    found = flows(problem, lines, transfers)
    offers = {(one.item, one.supplier): one for one in problem.offers}
    items = {one.id: one for one in problem.items}
    pack = max((one.goods(one.least) for one in problem.offers), default=0.0)
    binding = []
    spent = sum(found.goods.values())
    if problem.budget is not None and spent + pack > problem.budget:
        binding.append(Binding(Limited.BUDGET, (), spent, problem.budget))
    for site in problem.sites:
        largest = max((one.volume for one in problem.items), default=0.0)
        if site.room is not None and largest > 0 and found.volume[site.id] + largest > site.room:
            binding.append(Binding(Limited.ROOM, (site.id,), found.volume[site.id], site.room))
    for supplier in problem.suppliers:
        units, value = found.units.get(supplier.id, 0), found.goods.get(supplier.id, 0.0)
        if supplier.capacity is not None and units and units + 1 > supplier.capacity:
            binding.append(Binding(Limited.SUPPLIER, (supplier.id,), units, supplier.capacity))
        if units and supplier.minimum_value and value - pack < supplier.minimum_value:
            binding.append(Binding(Limited.MINIMUM_VALUE, (supplier.id,), value, supplier.minimum_value))
    ways = [(one, found.weight) for one in problem.lanes] + [(one, found.linked) for one in problem.links]
    for lane, carried in ways:
        heaviest = max((one.weight for one in items.values()), default=0.0)
        if lane.capacity is not None and lane.key in carried and carried[lane.key] + heaviest > lane.capacity:
            binding.append(Binding(Limited.LANE, lane.key, carried[lane.key], lane.capacity))
    for key, sold in found.sold.items():
        maximum = offers[key].maximum
        if maximum is not None and sold + offers[key].multiple > maximum:
            binding.append(Binding(Limited.OFFER, key, sold, maximum))
    return tuple(binding)
