"""What no plan can undercut: what shelves, suppliers and lanes share gets a price, so that each can be looked at alone.

Lagrangian relaxation (Geoffrion 1974; for warehouses and lanes, Erlenkotter 1978). Every shelf has a price for a unit
it gets. A lane then earns from each shelf what it may deliver there at that price less what that costs, and is opened
where this exceeds its fixed cost; a supplier, where its lanes earn more than an order costs. Limits have prices, too.

For a shelf with price p, what its stock saves, B(x), is at most K(p) + G(x), where K(p) = max B(x) - p x = B(D) - p D,
and G takes from the curve what is worth more than p a unit at p: p x up to D, and B(x) - K(p) beyond. G is concave from
zero, so several lanes to one shelf together earn no more than each by itself: the bound holds for every plan. A shelf
that gives units away gets none, so that it saves the greater of K(p) and what giving earns.

The prices are improved by subgradients, scaled to each price's size, with Polyak's step to the cheapest plan known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import Floats
from shelfwise.planning.network.arrays import Network
from shelfwise.planning.network.highs import Ints
from shelfwise.planning.network.start import best
from shelfwise.planning.network.state import sums

Flags = NDArray[np.bool_]
REFRESH = 4
"""Rounds after which what depends on the prices of limits is computed anew."""
PATIENCE = 16
"""Rounds without a better bound after which steps become shorter."""


@dataclass(frozen=True, eq=False)
class Prices:
    """Of what is shared; zero where there is no limit.

    Attributes:
        unit: of a unit that a shelf gets.
        given: of a unit that a shelf gives.
        lane, link: of a kilogram.
        supplier: of a unit of its capacity.
        value: of an order's value that is missing to its minimum, as a share.
        offer: of a unit of what a supplier has of an item.
        room: of a volume.
        budget: of money, as a share.
    """

    unit: Floats
    given: Floats
    lane: Floats
    link: Floats
    supplier: Floats
    value: Floats
    offer: Floats
    room: Floats
    budget: Floats

    def parts(self) -> tuple[Floats, ...]:
        limits = (self.lane, self.link, self.supplier, self.value, self.offer, self.room, self.budget)
        return (self.unit, self.given, *limits)


@dataclass(frozen=True, eq=False)
class Fixed:
    """Suppliers, lanes and links that are known to be open or closed: 1, 0, or -1 for neither."""

    supplier: Ints
    lane: Ints
    link: Ints


@dataclass(frozen=True, eq=False)
class Value:
    """The bound at some prices.

    Attributes:
        bound: no plan costs less.
        slope: by which it changes with each of the prices, as in `Prices`.
        lane, link: what each earns beyond its fixed cost.
        supplier: what its lanes earn together beyond its order.
        opened: lanes that are open in the relaxation.
    """

    bound: float
    slope: tuple[Floats, ...]
    lane: Floats
    link: Floats
    supplier: Floats
    opened: Flags


class Relaxation:
    """A network of which every part is looked at by itself."""

    def __init__(self, net: Network) -> None:
        self.net = net
        shelves = len(net.available)
        self.every = np.arange(shelves)
        self.nothing = net.curves.at(self.every, net.available)
        self.free = np.maximum(net.most - net.available, 0)
        rows = net.rows
        self.first = np.flatnonzero(np.diff(rows.line, prepend=-1)) if len(rows) else np.zeros(0, dtype=np.int64)
        self.tiered = len(self.first) < len(rows)
        self.lane_of = rows.lane[self.first]
        self.limited = tuple(
            np.where(np.isfinite(limit), limit, 0.0)
            for limit in (net.lane_capacity, net.link_capacity, net.supplier_capacity, net.maximum, net.room)
        )

    def start(self) -> Prices:
        """A unit costs what the cheapest way to get it costs."""
        net, rows = self.net, self.net.rows
        cheapest = np.full(len(net.available), inf)
        np.minimum.at(cheapest, rows.shelf, rows.price + rows.unit)
        steepest = np.maximum(-net.curves.slopes[:, 0], 0.0)
        unit = np.where(np.isfinite(cheapest), cheapest * 1.05, steepest)
        lane, link, supplier = (np.zeros(len(one)) for one in (net.lane_fixed, net.link_fixed, net.order_cost))
        offer, room = np.zeros(len(net.maximum)), np.zeros(len(net.room))
        return Prices(unit, unit.copy(), lane, link, supplier, supplier.copy(), offer, room, np.zeros(1))

    def priced(self, prices: Prices) -> Priced:
        """What depends on the prices of limits alone."""
        return Priced(self, prices)


class Priced:
    """Rows and moves at the prices of limits: what a unit costs, and the best that can be made of each by itself."""

    def __init__(self, relaxation: Relaxation, prices: Prices) -> None:
        net = relaxation.net
        rows, moves = net.rows, net.moves
        self.prices = prices
        self.scale = 1 + prices.budget[0] - prices.value[rows.supplier]
        self.unit = rows.unit + net.weight[rows.item] * prices.lane[rows.lane] + prices.supplier[rows.supplier]
        self.unit += prices.offer[rows.offer] + net.volume[rows.item] * prices.room[rows.site]
        self.fixed = rows.fixed * self.scale
        self.cost = rows.price * self.scale + self.unit
        self.row = best(net, self.cost, self.fixed, net.available)
        self.freight = moves.unit + net.weight[moves.item] * prices.link[moves.link]
        self.freight += net.volume[moves.item] * (prices.room[moves.site] - prices.room[moves.origin])
        self.move_cost = self.freight + prices.given[moves.giver]
        self.move = _best_moves(net, self.move_cost)


def _best_moves(net: Network, cost: Floats) -> tuple[Floats, Floats]:
    """The quantity of each move that saves most at its shelf, and what it saves beyond its cost."""
    moves = net.moves
    stock = net.available[moves.shelf]
    wanted = np.clip(net.curves.wanted(moves.shelf, cost) - stock, 0, moves.high)
    before = net.curves.at(moves.shelf, stock)
    quantity, gain = np.zeros(len(moves)), np.zeros(len(moves))
    for tried in (np.floor(wanted), np.ceil(wanted)):
        saved = before - net.curves.at(moves.shelf, stock + tried) - cost * tried
        better = saved > gain
        quantity[better], gain[better] = tried[better], saved[better]
    return quantity, gain


def evaluate(relaxation: Relaxation, prices: Prices, priced: Priced, fixed: Fixed) -> Value:
    """The bound at these prices; `priced` was computed with the same prices of limits."""
    net, rows, moves = relaxation.net, relaxation.net.rows, relaxation.net.moves
    every, shelves = relaxation.every, len(net.available)
    # Shelves: how much they want at their price, and what they save by it.
    want = np.clip(net.curves.wanted(every, prices.unit) - net.available, 0, relaxation.free)
    save = relaxation.nothing - net.curves.at(every, net.available + want) - prices.unit * want
    gives = np.clip(net.available - net.curves.wanted(every, prices.given), 0, net.to_give)
    earns = prices.given * gives + relaxation.nothing - net.curves.at(every, net.available - gives)
    gets = save >= earns
    # Rows: the best of them beyond what their shelf wants at its price, or the most below it.
    gain, quantity = _earned(
        prices.unit[rows.shelf], want[rows.shelf], save[rows.shelf], priced.cost, priced.fixed,
        priced.row.gain, priced.row.quantity, rows.multiple, rows.low, rows.high,
    )  # fmt: skip
    line_gain = gain
    if relaxation.tiered:
        line_gain = np.maximum.reduceat(gain, relaxation.first)
        quantity = np.where(gain >= np.repeat(line_gain, np.diff(relaxation.first, append=len(gain))), quantity, 0.0)
    capacity, linked, units, maximum, room = relaxation.limited
    lanes = sums(relaxation.lane_of, line_gain, len(net.lane_fixed)) + prices.lane * capacity - net.lane_fixed
    opened = np.where(fixed.lane < 0, lanes > 0, fixed.lane == 1)
    earned = np.where(opened, lanes, 0.0)
    suppliers = sums(net.lane_supplier, earned, len(net.order_cost))
    suppliers += prices.supplier * units - prices.value * net.minimum_value - net.order_cost
    forced = sums(net.lane_supplier, fixed.lane == 1, len(net.order_cost)) > 0
    busy = np.where(fixed.supplier < 0, (suppliers > 0) | forced, fixed.supplier == 1)
    opened &= busy[net.lane_supplier]
    move_gain, moved = _earned(
        prices.unit[moves.shelf], want[moves.shelf], save[moves.shelf], priced.move_cost, 0.0,
        priced.move[1], priced.move[0], 1, 1, moves.high,
    )  # fmt: skip
    links = sums(moves.link, move_gain, len(net.link_fixed)) + prices.link * linked - net.link_fixed
    joined = np.where(fixed.link < 0, links > 0, fixed.link == 1)
    budget = prices.budget[0] * net.budget if np.isfinite(net.budget) else 0.0
    bound = relaxation.nothing.sum() - np.maximum(save, earns).sum() - budget
    bound -= (prices.offer * maximum).sum() + (prices.room * room).sum()
    bound -= suppliers[busy].sum() + links[joined].sum()
    # The slopes: what is used of everything less what there is of it.
    used = quantity * opened[rows.lane]
    sent = moved * joined[moves.link]
    goods = rows.price * used + rows.fixed * (used > 0)
    delivered = sums(rows.shelf, np.minimum(used, want[rows.shelf]), shelves)
    delivered += sums(moves.shelf, np.minimum(sent, want[moves.shelf]), shelves)
    volume, size = net.volume[rows.item] * used, net.volume[moves.item] * sent
    sites = len(net.room)
    taken = sums(rows.site, volume, sites) + sums(moves.site, size, sites)
    slope = (
        want * gets - delivered,
        sums(moves.giver, sent, shelves) - gives * ~gets,
        sums(rows.lane, net.weight[rows.item] * used, len(capacity)) - capacity * opened,
        sums(moves.link, net.weight[moves.item] * sent, len(linked)) - linked * joined,
        sums(rows.supplier, used, len(units)) - units * busy,
        net.minimum_value * busy - sums(rows.supplier, goods, len(units)),
        sums(rows.offer, used, len(maximum)) - maximum,
        taken - sums(moves.origin, size, sites) - room,
        np.array([goods.sum() - net.budget]) if np.isfinite(net.budget) else np.zeros(1),
    )
    slopes = tuple(np.asarray(one, dtype=np.float64) for one in slope)
    return Value(float(bound), slopes, lanes, links, suppliers, opened)


def _earned(
    unit: Floats, want: Floats, save: Floats, cost: Floats, fixed: Floats | float, gain: Floats,
    amount: Ints | Floats, multiple: Ints | int, low: Ints | int, high: Ints,
) -> tuple[Floats, Floats]:  # fmt: skip
    """What each row earns at most, and the quantity with which it does."""
    below = np.minimum(np.floor(want / multiple + 1e-9) * multiple, high)
    small = np.where(below >= low, (unit - cost) * below - fixed, 0.0)
    large = gain - save
    earned = np.maximum(np.maximum(small, large), 0.0)
    quantity = np.where(large >= small, amount, below) * (earned > 0)
    return earned, quantity


@dataclass(frozen=True, eq=False)
class Bound:
    """The best bound found, with its prices."""

    value: Value
    prices: Prices


def ascend(
    relaxation: Relaxation, prices: Prices, fixed: Fixed, target: float, rounds: int, stop: Callable[[], bool]
) -> Bound:
    """Improve prices towards the target, the cost of a plan, for so many rounds at most.

    Args:
        stop: called without arguments after every refresh; ends the search when it is true.
    """
    net = relaxation.net
    bounded = _bounded(net)
    sizes = [size * there for size, there in zip(_sizes(relaxation, prices), bounded, strict=True)]
    priced = relaxation.priced(prices)
    value = evaluate(relaxation, prices, priced, fixed)
    top, kept = Bound(value, prices), priced
    length, idle = 1.0, 0
    direction = [np.zeros_like(one) for one in prices.parts()]
    for round_ in range(rounds):
        if value.bound >= target or (round_ % REFRESH == 0 and stop()):
            break
        direction = [0.6 * old + new for old, new in zip(direction, value.slope, strict=True)]
        # What depends on the prices of limits is dear to compute: they move in some of the rounds only.
        all_ = round_ % REFRESH == REFRESH - 1
        parts = len(direction) if all_ else 1
        square = sum(float((sizes[part] * direction[part] ** 2).sum()) for part in range(parts))
        step = length * (target - value.bound) / max(square, 1e-12)
        moved = list(prices.parts())
        for part in range(parts):
            moved[part] = np.maximum(moved[part] + step * sizes[part] * direction[part], 0.0) * bounded[part]
        moved[5] = np.minimum(moved[5], 1.0 + moved[8][0])
        prices = Prices(*moved)
        if all_:
            priced = relaxation.priced(prices)
        value = evaluate(relaxation, prices, priced, fixed)
        if value.bound > top.value.bound + 1e-6 * abs(target - top.value.bound):
            top, idle, kept = Bound(value, prices), 0, priced
        else:
            idle += 1
        if idle >= PATIENCE:
            length, idle = length * 0.6, 0
            prices, value, priced = top.prices, top.value, kept
            direction = [np.zeros_like(one) for one in prices.parts()]
            if length < 1e-3:
                break
    return top


def _sizes(relaxation: Relaxation, prices: Prices) -> tuple[Floats, ...]:
    """How far each price may go for each unit of its slope: its own size, by the size of what is priced."""
    net = relaxation.net
    want = np.maximum(np.clip(net.curves.wanted(relaxation.every, prices.unit) - net.available, 0, relaxation.free), 1)
    typical = float(np.median(net.rows.price)) if len(net.rows) else 1.0
    heavy = max(float(np.median(net.weight)), 1e-6) if len(net.weight) else 1.0
    large = max(float(np.median(net.volume)), 1e-9) if len(net.volume) else 1.0
    capacity, linked, units, maximum, room = relaxation.limited
    dear = 0.05 * typical

    def size(price: float, limit: Floats) -> Floats:
        return price / np.maximum(limit, 1e-6)

    return (
        np.maximum(prices.unit, 1e-6) / want,
        np.maximum(prices.given, 1e-6) / np.maximum(net.to_give, 1),
        size(dear / heavy, capacity),
        size(dear / heavy, linked),
        size(dear, units),
        size(0.05, net.minimum_value),
        size(dear, maximum),
        size(dear / large, room),
        np.array([0.05 / max(net.budget, 1e-6) if np.isfinite(net.budget) else 0.0]),
    )


def _bounded(net: Network) -> tuple[Floats, ...]:
    """1 where there is something to be priced."""
    limits = (net.lane_capacity, net.link_capacity, net.supplier_capacity)
    return (
        np.ones(len(net.available)),
        np.ones(len(net.available)),
        *(np.isfinite(one).astype(np.float64) for one in limits),
        (net.minimum_value > 0).astype(np.float64),
        np.isfinite(net.maximum).astype(np.float64),
        np.isfinite(net.room).astype(np.float64),
        np.full(1, float(np.isfinite(net.budget))),
    )
