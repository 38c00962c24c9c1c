"""A first plan, found in moments: lanes are opened one after the other while they save more than they cost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.network.arrays import Network
from shelfwise.planning.network.highs import Ints
from shelfwise.planning.network.plan import Solution
from shelfwise.planning.network.state import State, feasible, nothing, repaired, sums, usage

SIZES = 12
"""How many quantities of a transfer are compared."""


@dataclass(frozen=True, eq=False)
class Best:
    """What each row is worth by itself: the quantity that saves most, and what it saves beyond its own cost."""

    quantity: Ints
    gain: Floats


def best(net: Network, cost: Floats, fixed: Floats, stock: Floats) -> Best:
    """The best quantity of each row, as if it were the only one.

    Args:
        cost: of a unit, by row; `fixed` comes on top of it where a row is used.
        stock: of each shelf without it.
    """
    rows = net.rows
    if not len(rows):
        return Best(np.zeros(0, dtype=np.int64), np.zeros(0))
    wanted = net.curves.wanted(rows.shelf, cost) - stock[rows.shelf]
    packs = np.clip(wanted, 0, rows.high) / rows.multiple
    before = net.curves.at(rows.shelf, stock[rows.shelf])
    quantity, gain = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows))
    for rounded in (np.floor(packs), np.ceil(packs)):
        tried = np.clip(rounded.astype(np.int64) * rows.multiple, rows.low, rows.high)
        saved = before - net.curves.at(rows.shelf, stock[rows.shelf] + tried) - cost * tried - fixed
        better = saved > gain
        quantity[better], gain[better] = tried[better], saved[better]
    return Best(quantity, gain)


def first(net: Network) -> State:
    """Shelves are supplied by one lane each; what does not fit is left out; then transfers are added."""
    state = _opened(net)
    moved = _transferred(net, state)
    return moved if moved.cost(net) <= state.cost(net) else state


def _opened(net: Network) -> State:
    """The greedy heuristic of facility location (Kuehn and Hamburger 1963), suppliers' costs and minimum in it."""
    rows = net.rows
    if not len(rows):
        return nothing(net)
    found = best(net, rows.price + rows.unit, rows.fixed, net.available)
    allowed = np.ones(len(net.order_cost), dtype=np.bool_)
    while True:
        state = repaired(net, _greedy(net, found, allowed))
        used = np.unique(rows.supplier[state.quantity > 0])
        planned = np.unique(rows.supplier[_greedy(net, found, allowed).quantity > 0])
        dropped = np.setdiff1d(planned, used)
        if not len(dropped):
            return state if state.cost(net) < nothing(net).cost(net) else nothing(net)
        allowed[dropped] = False


def _greedy(net: Network, found: Best, allowed: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> State:
    rows, lanes = net.rows, len(net.lane_fixed)
    served = np.zeros(len(net.available))
    chosen = np.full(len(net.available), -1)
    usable = allowed[rows.supplier]
    lane_open, supplier_open = np.zeros(lanes, dtype=np.bool_), np.zeros(len(allowed), dtype=np.bool_)
    density = net.lane_fixed + np.where(supplier_open, 0.0, net.order_cost)[net.lane_supplier]
    while True:
        more = np.where(usable, np.maximum(found.gain - served[rows.shelf], 0), 0)
        load = sums(rows.lane, net.weight[rows.item] * found.quantity * (more > 0), lanes)
        fits = np.minimum(1.0, net.lane_capacity / np.maximum(load, 1e-9))
        gained = sums(rows.lane, more, lanes) * fits
        density = net.lane_fixed + np.where(supplier_open, 0.0, net.order_cost)[net.lane_supplier]
        net_gain = np.where(lane_open, -inf, gained - density)
        lane = int(net_gain.argmax())
        if net_gain[lane] <= 0:
            break
        lane_open[lane] = supplier_open[net.lane_supplier[lane]] = True
        members = np.flatnonzero((rows.lane == lane) & (more > 0))
        weight = net.weight[rows.item[members]] * found.quantity[members]
        order = members[np.argsort(-more[members] / np.maximum(weight, 1e-9), kind="stable")]
        order = order[np.cumsum(net.weight[rows.item[order]] * found.quantity[order]) <= net.lane_capacity[lane]]
        for row in order.tolist():  # tiers of one line come one after the other; the best one stays
            if found.gain[row] > served[rows.shelf[row]]:
                served[rows.shelf[row]], chosen[rows.shelf[row]] = found.gain[row], row
    quantity = np.zeros(len(rows), dtype=np.int64)
    taken = chosen[chosen >= 0]
    quantity[taken] = found.quantity[taken]
    return State(quantity, np.zeros(len(net.moves), dtype=np.int64))


def _transferred(net: Network, state: State) -> State:
    """Transfers that pay, the best first; each shelf takes part in one, and none that was ordered for."""
    moves = net.moves
    if not len(moves):
        return state
    used = usage(net, state)
    quantity = np.zeros(len(moves), dtype=np.int64)
    gain = np.zeros(len(moves))
    for step in range(1, SIZES + 1):
        tried = np.ceil(moves.high * step / SIZES).astype(np.int64)
        saved = net.curves.at(moves.shelf, used.stock[moves.shelf])
        saved = saved - net.curves.at(moves.shelf, used.stock[moves.shelf] + tried)
        lost = net.curves.at(moves.giver, used.stock[moves.giver] - tried)
        lost = lost - net.curves.at(moves.giver, used.stock[moves.giver])
        pays = saved - lost - moves.unit * tried
        better = pays > gain
        quantity[better], gain[better] = tried[better], pays[better]
    busy = used.got > 0
    moved = np.zeros(len(moves), dtype=np.int64)
    for move in np.argsort(-gain, kind="stable").tolist():
        if gain[move] <= 0:
            break
        ends = moves.giver[move], moves.shelf[move]
        if not busy[ends[0]] and not busy[ends[1]]:
            moved[move] = quantity[move]
            busy[ends[0]] = busy[ends[1]] = True
    paid = sums(moves.link, gain * (moved > 0), len(net.link_fixed)) > net.link_fixed
    moved[~paid[moves.link]] = 0
    return repaired(net, State(state.quantity, moved))


def resumed(net: Network, solution: Solution) -> State:
    """What of an earlier plan still keeps the rules."""
    problem, rows, moves = net.problem, net.rows, net.moves
    lines = {(one.item, one.supplier, one.site, one.carrier): one.quantity for one in solution.lines}
    sent = {(one.item, one.origin, one.destination, one.carrier): one.quantity for one in solution.transfers}
    quantity, moved = np.zeros(len(rows), dtype=np.int64), np.zeros(len(moves), dtype=np.int64)
    if lines:
        for row, (lane, shelf) in enumerate(zip(rows.lane.tolist(), rows.shelf.tolist(), strict=True)):
            way = problem.lanes[lane]
            given = lines.get((problem.shelves[shelf].item, *way.key), 0)
            if rows.low[row] <= given <= rows.high[row] and given % rows.multiple[row] == 0:
                quantity[row] = given
    if sent:
        for move, (link, shelf) in enumerate(zip(moves.link.tolist(), moves.shelf.tolist(), strict=True)):
            way = problem.links[link]
            moved[move] = min(sent.get((problem.shelves[shelf].item, *way.key), 0), int(moves.high[move]))
    state = repaired(net, State(quantity, moved))
    return state if feasible(net, state) else repaired(net, State(quantity, 0 * moved))
