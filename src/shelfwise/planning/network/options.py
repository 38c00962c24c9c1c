"""The plan that is best among few options of each shelf: which lane or link supplies it, and with how much.

Under the prices of a bound only few options of each shelf come near the best one. When it is settled which lanes are
open, choosing among these is a linear program with one row a shelf and a handful that tie them: its solution is whole
but for about as many shelves as limits bind.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.network.arrays import Network
from shelfwise.planning.network.bound import Priced
from shelfwise.planning.network.highs import Ints, Program
from shelfwise.planning.network.pattern import Pattern
from shelfwise.planning.network.state import State, sums

RANKS = 4
"""Lanes that are compared for each shelf."""
RANKS_OF_MOVES = 2
WHOLE = 1e-6
"""What is nearer to a whole number is one."""
HALF = 0.5 + WHOLE


@dataclass(frozen=True, eq=False)
class Options:
    """Rows and moves, each with one quantity; a row or move may be there with several."""

    row: Ints
    row_quantity: Ints
    move: Ints
    move_quantity: Ints


def promising(net: Network, priced: Priced, pattern: Pattern) -> Options:
    """Options that come near the best of their shelf at the prices of a bound, on a pattern's lanes and links."""
    rows, moves = net.rows, net.moves
    gain = np.where(pattern.lane[rows.lane] & (priced.row.quantity > 0), priced.row.gain, -inf)
    rank = _ranks(rows.shelf, gain)
    near = np.flatnonzero((rank < RANKS) & np.isfinite(gain))
    first = np.flatnonzero((rank < 2) & np.isfinite(gain))
    chosen = [(near, priced.row.quantity[near])]
    for pack in (-1, 1):
        other = priced.row.quantity[first] + pack * rows.multiple[first]
        fits = (other >= rows.low[first]) & (other <= rows.high[first])
        chosen.append((first[fits], other[fits]))
    quantity, worth = priced.move
    worth = np.where(pattern.link[moves.link] & (quantity > 0), worth, -inf)
    near = np.flatnonzero((_ranks(moves.shelf, worth) < RANKS_OF_MOVES) & np.isfinite(worth))
    whole = quantity.astype(np.int64)
    moved = [(near, whole[near]), (near, np.maximum(whole[near] // 2, 1)), (near, moves.high[near])]
    return Options(*_distinct(chosen), *_distinct(moved))


def _ranks(group: Ints, value: Floats) -> Ints:
    """The place of each among its group, the greatest value first."""
    order = np.lexsort((-value, group))
    sorted_ = group[order]
    start = np.flatnonzero(np.diff(sorted_, prepend=-1))
    place = np.arange(len(group)) - np.repeat(start, np.diff(start, append=len(group)))
    ranks = np.empty(len(group), dtype=np.int64)
    ranks[order] = place
    return ranks


def _distinct(parts: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    both = np.unique(np.stack([np.concatenate(one) for one in zip(*parts, strict=True)], axis=1), axis=0)
    return both[:, 0], both[:, 1]


def choose(net: Network, options: Options, *, seconds: float | None) -> tuple[State, Ints] | None:
    """The best plan of these options when all their lanes are open, and the items of which it is in doubt; None
    where the time or the limits do not allow one. It is rounded, and may use a little more or less of a limit than it
    should."""
    begun = time.monotonic()
    for minimum in (True, False):  # the minimum values may be out of reach together
        model = _Model(net, options, minimum=minimum)
        left = None if seconds is None else seconds - (time.monotonic() - begun)
        found = model.program.solve(seconds=left, nodes=None, gap=0.0, relaxed=True)
        if found.values is not None:
            return model.read(found.values)
    return None


class _Model:
    """The linear program; everything in it is open."""

    def __init__(self, net: Network, options: Options, *, minimum: bool = True) -> None:
        self.net, self.options, self.program = net, options, Program()
        self.minimum_value = net.minimum_value * minimum
        self._columns()
        self._shelves()
        self._limits()

    def _columns(self) -> None:
        net, options, add = self.net, self.options, self.program.add
        rows, moves = net.rows, net.moves
        row, amount, move, moved = options.row, options.row_quantity, options.move, options.move_quantity
        self.goods = rows.price[row] * amount + rows.fixed[row]
        cost = self.goods + rows.unit[row] * amount + _saved(net, rows.shelf[row], amount)
        self.row = add(cost, 0, 1, whole=True, size=len(row))
        cost = moves.unit[move] * moved + _saved(net, moves.shelf[move], moved)
        self.move = add(cost, 0, 1, whole=True, size=len(move))

    def _shelves(self) -> None:
        """One option a shelf; who gives gets none. What is given costs by the pieces of the giver's curve."""
        net, program, options = self.net, self.program, self.options
        rows, moves = net.rows, net.moves
        once = program.rows_of(-inf, 1, len(net.available))
        program.put(once[rows.shelf[options.row]], self.row, 1.0)
        program.put(once[moves.shelf[options.move]], self.move, 1.0)
        giver, giver_of = np.unique(moves.giver[options.move], return_inverse=True)
        base, top = net.available[giver] - net.to_give[giver], net.available[giver]
        ends = np.full((len(giver), 1), inf)
        edges = np.concatenate((-ends, net.curves.levels[giver], ends), axis=1)
        widths = np.diff(np.clip(edges, base[:, None], top[:, None]), axis=1)
        shelf, piece = np.nonzero(widths > 0)
        self.giver, self.piece_giver, self.piece_width = giver, shelf, widths[shelf, piece]
        self.pieces = program.add(
            -net.curves.slopes[giver][shelf, piece], 0, self.piece_width, whole=False, size=len(shelf)
        )
        given = program.rows_of(0, 0, len(giver))
        program.put(given[giver_of], self.move, -options.move_quantity)
        program.put(given[shelf], self.pieces, 1.0)
        spared = program.rows_of(-inf, net.to_give[giver], len(giver))
        program.put(spared[giver_of], self.move, options.move_quantity)
        place = np.full(len(net.available), -1)
        place[giver] = np.arange(len(giver))
        for shelves, columns in ((rows.shelf[options.row], self.row), (moves.shelf[options.move], self.move)):
            inside = place[shelves] >= 0
            program.put(spared[place[shelves[inside]]], columns[inside], net.to_give[shelves[inside]])

    def _limits(self) -> None:
        net, options = self.net, self.options
        rows, moves = net.rows, net.moves
        row, amount, move, moved = options.row, options.row_quantity, options.move, options.move_quantity
        suppliers, minimum = rows.supplier[row], self.minimum_value
        self._limit(rows.lane[row], self.row, net.weight[rows.item[row]] * amount, net.lane_capacity)
        self._limit(moves.link[move], self.move, net.weight[moves.item[move]] * moved, net.link_capacity)
        self._limit(suppliers, self.row, amount, net.supplier_capacity)
        self._limit(rows.offer[row], self.row, amount, net.maximum)
        self._limit(np.zeros(len(row), dtype=np.int64), self.row, self.goods, np.array([net.budget]))
        used = np.bincount(suppliers, minlength=len(minimum)) > 0
        self._limit(suppliers, self.row, -self.goods, np.where(used & (minimum > 0), -minimum, inf))
        site = np.concatenate((rows.site[row], moves.site[move], moves.origin[move]))
        size = net.volume[moves.item[move]] * moved
        use = np.concatenate((net.volume[rows.item[row]] * amount, size, -size))
        self._limit(site, np.concatenate((self.row, self.move, self.move)), use, net.room)

    def _limit(self, group: Ints, columns: Ints, use: Floats | Ints, limit: Floats) -> None:
        bounded = np.flatnonzero(np.isfinite(limit))
        where = np.full(len(limit), -1)
        where[bounded] = np.arange(len(bounded))
        inside = where[group] >= 0
        rows = self.program.rows_of(-inf, limit[bounded], len(bounded))
        self.program.put(rows[where[group[inside]]], columns[inside], use[inside])

    def read(self, values: Floats) -> tuple[State, Ints]:
        """The plan that columns' values say, rounded, and the items of which more than one quantity is in doubt.

        A transfer may be of any quantity, so that fractions of its options make one of fewer units.
        """
        net, options = self.net, self.options
        row, move = values[self.row], values[self.move]
        quantity, moved = np.zeros(len(net.rows), dtype=np.int64), np.zeros(len(net.moves), dtype=np.int64)
        quantity[options.row[row > HALF]] = options.row_quantity[row > HALF]
        moved += np.floor(sums(options.move, options.move_quantity * move, len(moved)) + WHOLE).astype(np.int64)
        ordered = sums(net.rows.shelf, quantity, len(net.available))
        taken = ordered + sums(net.moves.shelf, moved, len(net.available))
        moved[(ordered > 0)[net.moves.giver]] = 0
        moved[(net.available + taken > net.most)[net.moves.shelf] & (ordered > 0)[net.moves.shelf]] = 0
        giving = sums(net.moves.giver, moved, len(net.available)) > 0
        moved[giving[net.moves.shelf]] = 0
        sent = sums(options.move, move, len(moved)) > WHOLE
        mixed = sums(net.moves.shelf, sent, len(net.available)) > 0
        doubtful = (row > WHOLE) & (row < 1 - WHOLE) & ~mixed[net.rows.shelf[options.row]]
        return State(quantity, moved), np.unique(net.rows.item[options.row[doubtful]])


def _saved(net: Network, shelf: Ints, quantity: Ints) -> Floats:
    """By how much the expected cost of a shelf changes with so many units more; negative where they are needed."""
    stock = net.available[shelf]
    return np.asarray(net.curves.at(shelf, stock + quantity) - net.curves.at(shelf, stock))
