"""A plan as quantities of a network's rows and moves: what it uses and costs, and how it comes to keep rules. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import Floats
from shelfwise.planning.network.arrays import Network
from shelfwise.planning.network.curve import NEARLY
from shelfwise.planning.network.highs import Ints

NEAR = 0.05
"""Share of a minimum value that may be missing for more to be ordered; else nothing is."""


@dataclass(frozen=True, eq=False)
class State:
    """Quantities, by row and by move."""

    quantity: Ints
    moved: Ints

    def cost(self, net: Network) -> float:
        """What it costs in all."""
        used = usage(net, self)
        goods = float(used.value.sum())
        fixed = net.lane_fixed[used.lanes > 0].sum() + net.link_fixed[used.links > 0].sum()
        fixed += net.order_cost[used.units > 0].sum()
        unit = float((net.rows.unit * self.quantity).sum() + (net.moves.unit * self.moved).sum())
        every = np.arange(len(net.available))
        return goods + float(fixed) + unit + float(net.curves.at(every, used.stock).sum())


@dataclass(frozen=True, eq=False)
class Usage:
    """What a state uses.

    Attributes:
        goods: cost of each row's goods.
        value, units: by supplier.
        sold: units by offer.
        carried, lanes: weight and units by lane; `linked` and `links` by link.
        room: volume by site, in less out.
        got, given, stock: units by shelf.
    """

    goods: Floats
    value: Floats
    units: Floats
    sold: Floats
    carried: Floats
    lanes: Floats
    linked: Floats
    links: Floats
    room: Floats
    got: Floats
    given: Floats
    stock: Floats


def nothing(net: Network) -> State:
    """No order and no transfer, which keeps every rule."""
    return State(np.zeros(len(net.rows), dtype=np.int64), np.zeros(len(net.moves), dtype=np.int64))


def usage(net: Network, state: State) -> Usage:
    """Sums of a state."""
    rows, moves, quantity, moved = net.rows, net.moves, state.quantity, state.moved
    goods = rows.price * quantity + rows.fixed * (quantity > 0)
    suppliers, sites, shelves = len(net.order_cost), len(net.room), len(net.available)
    incoming = sums(rows.shelf, quantity, shelves) + sums(moves.shelf, moved, shelves)
    given = sums(moves.giver, moved, shelves)
    volume, size = net.volume[rows.item] * quantity, net.volume[moves.item] * moved
    room = sums(rows.site, volume, sites) + sums(moves.site, size, sites)
    return Usage(
        goods,
        sums(rows.supplier, goods, suppliers),
        sums(rows.supplier, quantity, suppliers),
        sums(rows.offer, quantity, len(net.maximum)),
        sums(rows.lane, net.weight[rows.item] * quantity, len(net.lane_fixed)),
        sums(rows.lane, quantity, len(net.lane_fixed)),
        sums(moves.link, net.weight[moves.item] * moved, len(net.link_fixed)),
        sums(moves.link, moved, len(net.link_fixed)),
        room - sums(moves.origin, size, sites),
        incoming,
        given,
        np.asarray(net.available + incoming - given),
    )


def sums(group: Ints, amount: Floats | Ints | NDArray[np.bool_], size: int) -> Floats:
    """Of each group; real numbers also where there is nothing to add."""
    return np.bincount(group, amount, size).astype(np.float64)


def feasible(net: Network, state: State) -> bool:
    """Whether a state keeps every rule."""
    used = usage(net, state)
    open_ = used.units > 0
    tiers = (state.quantity == 0) | (
        (state.quantity >= net.rows.low) & (state.quantity <= net.rows.high) & (state.quantity % net.rows.multiple == 0)
    )
    lines = np.bincount(net.rows.line, state.quantity > 0) if len(net.rows) else np.zeros(1)
    return bool(
        tiers.all()
        and (lines <= 1).all()
        and (state.quantity >= 0).all()
        and (state.moved >= 0).all()
        and _within(used.value.sum(), net.budget)
        and _within(used.room, net.room)
        and _within(used.units, net.supplier_capacity)
        and _within(used.sold, net.maximum)
        and _within(used.carried, net.lane_capacity)
        and _within(used.linked, net.link_capacity)
        and (used.value[open_] >= net.minimum_value[open_] * (1 - NEARLY)).all()
        and ((used.got == 0) | (used.given == 0)).all()
        and (used.given <= net.to_give).all()
        and ((used.got == 0) | (used.stock <= net.most * (1 + NEARLY) + NEARLY)).all()
    )


def _within(used: Floats | np.floating, limit: Floats | float) -> bool:
    return bool((np.asarray(used) <= np.asarray(limit) * (1 + NEARLY) + NEARLY).all())


def repaired(net: Network, state: State) -> State:
    """The same without what is too much: lines and transfers that save least for what they use of a limit are left
    out until all keeps to it; suppliers whose minimum value is then not reached get no order."""
    quantity, moved = state.quantity.copy(), state.moved.copy()
    gains = worth(net, state)
    rows, moves = net.rows, net.moves
    _cut(moved, moves.link, net.weight[moves.item] * moved, net.link_capacity, np.zeros(len(moves)))
    _cut(quantity, rows.offer, quantity.astype(np.float64), net.maximum, gains)
    _cut(quantity, rows.lane, net.weight[rows.item] * quantity, net.lane_capacity, gains)
    _cut(quantity, rows.supplier, quantity.astype(np.float64), net.supplier_capacity, gains)
    while True:
        used = usage(net, State(quantity, moved))
        free = net.room - (used.room - np.bincount(rows.site, net.volume[rows.item] * quantity, len(net.room)))
        if (free < 0).any():  # transfers alone are too much for a site
            moved[(free < 0)[moves.site]] = 0
            continue
        _cut(quantity, rows.site, net.volume[rows.item] * quantity, free, gains)
        goods = rows.price * quantity + rows.fixed * (quantity > 0)
        _cut(quantity, np.zeros(len(rows), dtype=np.int64), goods, np.array([net.budget]), gains)
        value = usage(net, State(quantity, moved)).value
        short = (value > 0) & (value < net.minimum_value)
        units = np.bincount(rows.supplier, quantity, len(net.order_cost)) > 0
        short |= units & (value < net.minimum_value)
        if short.any() and _topped_up(net, quantity, moved, short):
            continue
        if not short.any():
            return State(quantity, moved)
        quantity[short[rows.supplier]] = 0


def _topped_up(net: Network, quantity: Ints, moved: Ints, short: NDArray[np.bool_]) -> bool:
    """Add packs to what is ordered from suppliers that are a little short of their minimum value, those that are missed
    least first; `quantity` is changed. False where that does not help."""
    rows = net.rows
    used = usage(net, State(quantity, moved))
    missing = net.minimum_value - used.value
    if (missing[short] > NEAR * net.minimum_value[short]).any():
        return False
    before = quantity.copy()
    more = quantity + rows.multiple
    fits = (quantity > 0) & (more <= rows.high) & (used.stock[rows.shelf] + rows.multiple <= net.most[rows.shelf])
    stock = used.stock[rows.shelf]
    loss = net.curves.at(rows.shelf, stock + rows.multiple) - net.curves.at(rows.shelf, stock)
    loss = (loss + (rows.price + rows.unit) * rows.multiple) / np.maximum(rows.price * rows.multiple, NEARLY)
    for supplier in np.flatnonzero(short):
        some = np.flatnonzero(fits & (rows.supplier == supplier))
        some = some[np.argsort(loss[some], kind="stable")]
        some = some[np.unique(rows.shelf[some], return_index=True)[1]]
        some = some[np.argsort(loss[some], kind="stable")]
        reached = np.cumsum(rows.price[some] * rows.multiple[some])
        some = some[: int(np.searchsorted(reached, missing[supplier])) + 1]
        quantity[some] = more[some]
    grown = usage(net, State(quantity, moved))
    within = (
        _within(grown.value.sum(), net.budget)
        and _within(grown.room, net.room)
        and _within(grown.units, net.supplier_capacity)
        and _within(grown.sold, net.maximum)
        and _within(grown.carried, net.lane_capacity)
        and bool((grown.value[short] >= net.minimum_value[short]).all())
    )
    if not within:
        quantity[:] = before
    return within


def _cut(amount: Ints, group: Ints, use: Floats, limit: Floats, gains: Floats) -> None:
    """Set to zero what saves least for its use in every group that uses more than its limit; `amount` is changed."""
    total = np.bincount(group, use, len(limit))
    for over in np.flatnonzero(total > limit * (1 + NEARLY)):
        members = np.flatnonzero((group == over) & (use > 0) & (amount > 0))
        order = members[np.argsort(-gains[members] / use[members], kind="stable")]
        fits = np.cumsum(use[order]) <= limit[over]
        amount[order[~fits]] = 0


def worth(net: Network, state: State) -> Floats:
    """What each row saves in shortage and holding beyond its own cost, given all others."""
    used = usage(net, state)
    shelf = net.rows.shelf
    without = net.curves.at(shelf, used.stock[shelf] - state.quantity)
    saved = without - net.curves.at(shelf, used.stock[shelf])
    return np.asarray(saved - used.goods - net.rows.unit * state.quantity)
