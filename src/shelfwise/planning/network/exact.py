"""A network, or some items of one with all else as it is, as one mixed-integer program for HiGHS.

Stock is what the straight pieces of its curve hold; the curve is convex, so they fill up in order. A lane's fixed cost
is tied to every row that uses it (the strong formulation of facility location), so that the relaxation is tight.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import Floats
from shelfwise.planning.network.arrays import Network
from shelfwise.planning.network.bound import Prices
from shelfwise.planning.network.highs import Ints, Outcome, Program
from shelfwise.planning.network.state import State, Usage, usage

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Part:
    """What may be changed.

    Attributes:
        rows, moves: numbers of those that may be used; all others of the items keep to zero.
        shelves: of the items that may be changed.
    """

    rows: Ints
    moves: Ints
    shelves: Ints


def whole(net: Network) -> Part:
    """All of it."""
    return Part(np.arange(len(net.rows)), np.arange(len(net.moves)), np.arange(len(net.available)))


def part(net: Network, items: Ints, lanes: Flags, links: Flags) -> Part:
    """Some items, on some lanes and links."""
    chosen = np.zeros(len(net.weight), dtype=np.bool_)
    chosen[items] = True
    return Part(
        np.flatnonzero(chosen[net.rows.item] & lanes[net.rows.lane]),
        np.flatnonzero(chosen[net.moves.item] & links[net.moves.link]),
        np.flatnonzero(chosen[net.item]),
    )


@dataclass(frozen=True, eq=False)
class Improved:
    """The better plan, and what HiGHS says of it: `bound` is of the whole plan's cost."""

    state: State
    bound: float
    proved: bool


def improve(
    net: Network, state: State, part: Part, *, seconds: float | None, nodes: int | None, gap: float
) -> Improved:
    """The best plan in which only a part differs; the same plan where none better is found in time.

    Args:
        state: a plan that keeps every rule; the part's own quantities are where the search begins.
        gap: cost by which the plan may be dearer than the best one.
    """
    rest = State(state.quantity.copy(), state.moved.copy())
    rest.quantity[part.rows] = 0
    rest.moved[part.moves] = 0
    if not len(part.rows) + len(part.moves):
        return Improved(state, state.cost(net), True)
    model = _Model(net, part, usage(net, rest))
    found = model.program.solve(seconds=seconds, nodes=nodes, gap=gap, start=model.start(state))
    return _read(net, state, rest, part, model, found)


def _read(net: Network, state: State, rest: State, part: Part, model: _Model, found: Outcome) -> Improved:
    bound = rest.cost(net) - model.without + model.offset + found.bound
    if found.values is None:
        return Improved(state, bound, False)
    quantity, moved = rest.quantity.copy(), rest.moved.copy()
    packs = np.rint(found.values[model.packs]).astype(np.int64)
    quantity[part.rows] = packs * net.rows.multiple[part.rows]
    moved[part.moves] = np.rint(found.values[model.moved]).astype(np.int64)
    return Improved(State(quantity, moved), bound, found.proved)


class _Model:
    """The columns and rows of a part.

    Attributes:
        without: what the part's shelves cost with nothing ordered or moved.
    """

    def __init__(self, net: Network, part: Part, used: Usage, *, opened: bool = False, minimum: bool = True) -> None:
        self.net, self.part, self.used, self.program = net, part, used, Program()
        self.least_open = float(opened)
        self.minimum_value = net.minimum_value * minimum
        self._columns()
        self._shelves()
        self._limits()

    def _columns(self) -> None:
        net, part, add = self.net, self.part, self.program.add
        rows, moves = part.rows, part.moves
        r, m = net.rows, net.moves
        self.multiple = r.multiple[rows]
        self.item = r.item[rows]
        self.packs = add(
            (r.price[rows] + r.unit[rows]) * self.multiple, 0, r.high[rows] / self.multiple, whole=True, size=len(rows)
        )
        self.moved = add(m.unit[moves], 0, m.high[moves], whole=True, size=len(moves))
        tiers = np.bincount(r.line[rows], minlength=int(r.line.max(initial=0)) + 1)[r.line[rows]] > 1
        self.tiered = np.flatnonzero(tiers | (r.low[rows] > self.multiple) | (r.fixed[rows] != 0))
        self.chosen = add(r.fixed[rows][self.tiered], 0, 1, whole=True, size=len(self.tiered))
        self.lane, self.lane_of = np.unique(r.lane[rows], return_inverse=True)
        self.link, self.link_of = np.unique(m.link[moves], return_inverse=True)
        self.supplier, self.supplier_of = np.unique(r.supplier[rows], return_inverse=True)
        lanes = np.where(self.used.lanes[self.lane] > 0, 0.0, net.lane_fixed[self.lane])
        links = np.where(self.used.links[self.link] > 0, 0.0, net.link_fixed[self.link])
        open_ = self.used.units[self.supplier] > 0
        self.lane_open = add(lanes, self.least_open, 1, whole=True, size=len(self.lane))
        self.link_open = add(links, self.least_open, 1, whole=True, size=len(self.link))
        # A supplier that others order from stays open; its minimum value may need what is ordered here.
        cost = np.where(open_, 0.0, net.order_cost[self.supplier])
        self.supplier_open = add(cost, np.maximum(open_, self.least_open), 1, whole=True, size=len(self.supplier))

    def _shelves(self) -> None:
        net, part, program = self.net, self.part, self.program
        shelves = part.shelves
        place = np.full(len(net.available), -1)
        place[shelves] = np.arange(len(shelves))
        row_shelf, taker, giver = (
            place[net.rows.shelf[part.rows]],
            place[net.moves.shelf[part.moves]],
            place[net.moves.giver[part.moves]],
        )
        n = len(shelves)
        gives = np.bincount(giver, minlength=n) > 0
        gets = (np.bincount(row_shelf, minlength=n) + np.bincount(taker, minlength=n)) > 0
        base = net.available[shelves] - np.where(gives, net.to_give[shelves], 0)
        levels, slopes = net.curves.levels[shelves], net.curves.slopes[shelves]
        edges = np.concatenate((np.full((n, 1), -inf), levels, np.full((n, 1), inf)), axis=1)
        widths = np.diff(np.maximum(edges, base[:, None]), axis=1)
        shelf, piece = np.nonzero(widths > 0)
        self.pieces = program.add(slopes[shelf, piece], 0, widths[shelf, piece], whole=False, size=len(shelf))
        self.piece_shelf, self.piece_width, self.base = shelf, widths[shelf, piece], base
        self.without = float(net.curves.at(shelves, net.available[shelves]).sum())
        self.offset = float(net.curves.at(shelves, base).sum())
        self.balance = balance = program.rows_of(net.available[shelves] - base, net.available[shelves] - base, n)
        program.put(balance[shelf], self.pieces, 1.0)
        program.put(balance[row_shelf], self.packs, -self.multiple)
        program.put(balance[taker], self.moved, -1.0)
        program.put(balance[giver], self.moved, 1.0)
        # Who gives gets nothing, and no shelf gets more than it may hold.
        free = np.maximum(net.most[shelves] - net.available[shelves], 0)
        self.both = np.flatnonzero(gives & gets)
        self.giving = program.add(0.0, 0, 1, whole=True, size=len(self.both))
        spot = np.full(n, -1)
        spot[self.both] = np.arange(len(self.both))
        taken = program.rows_of(-inf, free, n)
        program.put(taken[row_shelf], self.packs, self.multiple)
        program.put(taken[taker], self.moved, 1.0)
        program.put(taken[self.both], self.giving, free[self.both])
        bounded = np.flatnonzero(gives)
        limit = np.where(spot[bounded] >= 0, 0.0, net.to_give[shelves][bounded])
        self.giver, self.given = bounded, program.rows_of(-inf, limit, len(bounded))
        given = self.given
        where = np.full(n, -1)
        where[bounded] = np.arange(len(bounded))
        program.put(given[where[giver]], self.moved, 1.0)
        program.put(given[where[self.both]], self.giving, -net.to_give[shelves][self.both])

    def _limits(self) -> None:
        net, part, program, used = self.net, self.part, self.program, self.used
        rows, moves = part.rows, part.moves
        r = net.rows
        packs, tiered = r.high[rows] / self.multiple, self.tiered
        upper = program.rows_of(-inf, 0, len(tiered))
        program.put(upper, self.packs[tiered], 1.0)
        program.put(upper, self.chosen, -packs[tiered])
        lower = program.rows_of(0, inf, len(tiered))
        program.put(lower, self.packs[tiered], self.multiple[tiered])
        program.put(lower, self.chosen, -r.low[rows][tiered])
        line, line_of = np.unique(r.line[rows][tiered], return_inverse=True)
        once = program.rows_of(-inf, 1, len(line))
        program.put(once[line_of], self.chosen, 1.0)
        if not self.least_open:
            for quantity, opens, most in (
                (self.packs, self.lane_open[self.lane_of], packs),
                (self.moved, self.link_open[self.link_of], net.moves.high[moves]),
            ):
                tied = program.rows_of(-inf, 0, len(quantity))
                program.put(tied, quantity, 1.0)
                program.put(tied, opens, -most)
        tied = program.rows_of(-inf, 0, len(self.lane))
        program.put(tied, self.lane_open, 1.0)
        program.put(tied, self.supplier_open[np.searchsorted(self.supplier, net.lane_supplier[self.lane])], -1.0)
        weight = net.weight[self.item] * self.multiple
        self.lane_row = self._limit(
            self.lane_of, self.packs, weight, self._free(net.lane_capacity, used.carried)[self.lane], self.lane_open
        )
        self.link_row = self._limit(
            self.link_of,
            self.moved,
            net.weight[net.moves.item[moves]],
            self._free(net.link_capacity, used.linked)[self.link],
            self.link_open,
        )
        free = self._free(net.supplier_capacity, used.units)[self.supplier]
        self.supplier_row = self._limit(self.supplier_of, self.packs, self.multiple, free, self.supplier_open)
        offer, offer_of = np.unique(r.offer[rows], return_inverse=True)
        self.offer, free = offer, self._free(net.maximum, used.sold)[offer]
        self.offer_row = self._limit(offer_of, self.packs, self.multiple, free, None)
        self._values()
        self._rooms()

    @staticmethod
    def _free(limit: Floats, used: Floats) -> Floats:
        return np.asarray(np.maximum(limit - used, 0))

    def _limit(self, group: Ints, columns: Ints, use: Floats | Ints, free: Floats, opens: Ints | None) -> Ints:
        """No group uses more than is free; where it has a column that opens it, nothing until it is open. The row of
        each group, -1 where there is no limit."""
        bounded = np.isfinite(free)
        where = np.full(len(free), -1)
        where[bounded] = np.arange(bounded.sum())
        inside = bounded[group] if len(group) else np.zeros(0, dtype=np.bool_)
        rows = self.program.rows_of(-inf, 0.0 if opens is not None else free[bounded], int(bounded.sum()))
        self.program.put(rows[where[group[inside]]], columns[inside], use[inside])
        if opens is not None:
            self.program.put(rows, opens[bounded], -free[bounded])
        where[bounded] = rows
        return where

    def _values(self) -> None:
        """The budget, and the least value of each supplier's order."""
        net, program, r, rows = self.net, self.program, self.net.rows, self.part.rows
        goods = r.price[rows] * self.multiple
        least = self.minimum_value[self.supplier]
        open_ = self.used.units[self.supplier] > 0
        needed = np.where(open_, least - self.used.value[self.supplier], 0.0)
        self.value_row = value = program.rows_of(needed, inf, len(self.supplier))
        program.put(value[self.supplier_of], self.packs, goods)
        program.put(value[self.supplier_of[self.tiered]], self.chosen, r.fixed[rows][self.tiered])
        program.put(value, self.supplier_open, np.where(open_, 0.0, -least))
        self.budget_row = np.full(1, -1)
        if net.budget < inf:
            self.budget_row = spent = program.rows_of(-inf, max(net.budget - float(self.used.value.sum()), 0.0), 1)
            program.put(spent[np.zeros(len(rows), dtype=np.int64)], self.packs, goods)
            program.put(spent[np.zeros(len(self.tiered), dtype=np.int64)], self.chosen, r.fixed[rows][self.tiered])

    def _rooms(self) -> None:
        net, program, part = self.net, self.program, self.part
        m = net.moves
        bounded = np.flatnonzero(np.isfinite(net.room))
        where = np.full(len(net.room), -1)
        where[bounded] = np.arange(len(bounded))
        free = net.room[bounded] - self.used.room[bounded]
        rows = program.rows_of(-inf, free, len(bounded))
        self.room_row = np.full(len(net.room), -1)
        self.room_row[bounded] = rows
        for columns, site, size in (
            (self.packs, net.rows.site[part.rows], net.volume[self.item] * self.multiple),
            (self.moved, m.site[part.moves], net.volume[m.item[part.moves]]),
            (self.moved, m.origin[part.moves], -net.volume[m.item[part.moves]]),
        ):
            inside = where[site] >= 0
            program.put(rows[where[site[inside]]], columns[inside], size[inside])

    def prices(self, duals: Floats) -> Prices:
        """What a unit more of everything would save, by the duals of the relaxation."""
        net, part = self.net, self.part

        def worth(rows: Ints, places: Ints, size: int, sign: float = -1.0) -> Floats:
            found = np.zeros(size)
            there = rows >= 0
            found[places[there]] = np.maximum(sign * duals[rows[there]], 0.0)
            return found

        unit = worth(self.balance, part.shelves, len(net.available))
        given = unit + worth(self.given, part.shelves[self.giver], len(net.available))
        return Prices(
            unit,
            given,
            worth(self.lane_row, self.lane, len(net.lane_fixed)),
            worth(self.link_row, self.link, len(net.link_fixed)),
            worth(self.supplier_row, self.supplier, len(net.order_cost)),
            worth(self.value_row, self.supplier, len(net.order_cost), 1.0),
            worth(self.offer_row, self.offer, len(net.maximum)),
            worth(self.room_row, np.arange(len(net.room)), len(net.room)),
            worth(self.budget_row, np.zeros(1, dtype=np.int64), 1),
        )

    def start(self, state: State) -> Floats:
        """The columns' values of a plan."""
        net, part = self.net, self.part
        values = np.zeros(self.program.columns)
        quantity, moved = state.quantity[part.rows], state.moved[part.moves]
        values[self.packs], values[self.moved] = quantity / self.multiple, moved
        values[self.chosen] = quantity[self.tiered] > 0
        for opens, group, amount in (
            (self.lane_open, self.lane_of, quantity),
            (self.link_open, self.link_of, moved),
            (self.supplier_open, self.supplier_of, quantity),
        ):
            values[opens] = np.bincount(group, amount, len(opens)) > 0
        values[self.supplier_open] = np.maximum(values[self.supplier_open], self.used.units[self.supplier] > 0)
        used = usage(net, state)
        values[self.giving] = used.given[part.shelves[self.both]] > 0
        height = used.stock[part.shelves] - self.base
        below = _below(self.piece_shelf, self.piece_width)
        values[self.pieces] = np.clip(height[self.piece_shelf] - below, 0, self.piece_width)
        return values


def shadow_prices(net: Network, some: Part, *, seconds: float | None) -> Prices | None:
    """What a unit more of everything would be worth if all lanes and links of a part were open and fractions could be
    ordered; None where the time does not suffice."""
    nobody = State(np.zeros(len(net.rows), dtype=np.int64), np.zeros(len(net.moves), dtype=np.int64))
    begun = time.monotonic()
    for minimum in (True, False):  # the minimum values may be out of reach together
        model = _Model(net, some, usage(net, nobody), opened=True, minimum=minimum)
        left = None if seconds is None else seconds - (time.monotonic() - begun)
        found = model.program.solve(seconds=left, nodes=None, gap=0.0, relaxed=True)
        if found.duals is not None:
            return model.prices(found.duals)
    return None


def _below(group: Ints, width: Floats) -> Floats:
    """The sum of the widths before each piece of its group; only the last piece of a group is endless."""
    finite = np.where(np.isfinite(width), width, 0.0)
    before = np.cumsum(finite) - finite
    first = np.searchsorted(group, group)
    return np.asarray(before - before[first])
