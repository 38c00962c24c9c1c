"""The best plan that can be found in the time, and how good it is known to be.

A small network is one program for HiGHS. A large one is taken apart by its suppliers and lanes: prices make each of
them a question of its own and bound what any plan can cost (`bound`, `branch`), a search settles what to open
(`pattern`), a linear program chooses among the few options that are then left for each shelf (`options`), and what
remains of the time goes into planning some items after the other exactly, with all others as they are (`exact`). A plan
is there from the start.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from shelfwise.planning.network.arrays import Network, network
from shelfwise.planning.network.bound import Bound, Prices, Relaxation, ascend
from shelfwise.planning.network.branch import branched, free
from shelfwise.planning.network.exact import improve, part, shadow_prices, whole
from shelfwise.planning.network.highs import Ints
from shelfwise.planning.network.model import Problem
from shelfwise.planning.network.options import choose, promising
from shelfwise.planning.network.pattern import Pattern, search
from shelfwise.planning.network.plan import Ended, Limits, Solution, bindings, costs_of
from shelfwise.planning.network.start import first, resumed
from shelfwise.planning.network.state import State, feasible, nothing, repaired, sums, usage

RESERVE = 0.08
"""Share of the time that is kept for writing the plan down."""
PROGRAM = 2.0
"""How many times longer than building the arrays a program of the whole network may take."""
SMALL = 1500
"""Rows and moves up to which a network is one program."""
TURNS = 2
"""How often prices and patterns are improved by turns."""
CASES = 40
CHUNK = 15
"""Items that are planned together exactly."""
FINE, ROUGH = 1e-5, 3e-4
"""Shares of the whole cost that the exact planning of a few items, or of all, may be off the best."""


@dataclass(frozen=True)
class Clock:
    """How much of the time is left.

    Attributes:
        built: seconds that building the arrays and the first plan took. Whatever looks at all of the network takes
            about as long on this machine and under its load: nothing is begun which could not end in time.
    """

    begun: float
    seconds: float | None
    built: float = 0.0

    def left(self, share: float = 1.0) -> float | None:
        """Seconds until a share of the time is used; None: there is no limit."""
        if self.seconds is None:
            return None
        until = self.begun + self.seconds * (1 - RESERVE) * share - self.built * (share == 1)
        return max(until - time.monotonic(), 0.0)

    def over(self, share: float = 1.0) -> bool:
        """Whether that share of the time is used."""
        return self.left(share) == 0.0

    def short(self) -> bool:
        """Whether too little is left to solve a program of the whole network."""
        left = self.left()
        return left is not None and left < PROGRAM * self.built


def solve(problem: Problem, limits: Limits | None = None, start: Solution | None = None) -> Solution:
    """Plan a network. There always is a plan: what the rules do not let be ordered is not, and what is then missing
    costs what the curves say.

    Args:
        limits: when to stop.
        start: a plan to begin with, such as the one of before a change; what no longer keeps the rules is left out.
    """
    limits = limits or Limits()
    clock = Clock(time.monotonic(), limits.seconds)
    net = network(problem)
    state = nothing(net)
    if not clock.over():
        state = _better(net, state, first(net))
    if start is not None:
        state = _better(net, state, resumed(net, start))
    clock = replace(clock, built=time.monotonic() - clock.begun)
    if len(net.rows) + len(net.moves) <= SMALL:
        gap = limits.gap * abs(state.cost(net))
        found = improve(net, state, whole(net), seconds=clock.left(), nodes=limits.nodes, gap=gap)
        state, bound = _better(net, state, found.state), found.bound
    else:
        state, bound = _Search(net, limits, clock).run(state)
    cost = state.cost(net)
    proved = cost - bound <= limits.gap * abs(cost) + 1e-9
    ended = Ended.PROVED if proved else Ended.TIME if clock.over() else Ended.ROUNDS
    return _solution(net, state, bound, ended, clock)


def _better(net: Network, state: State, other: State) -> State:
    """The cheaper one of two that keep the rules."""
    return other if feasible(net, other) and other.cost(net) < state.cost(net) else state


class _Search:
    """A large network, taken apart."""

    def __init__(self, net: Network, limits: Limits, clock: Clock) -> None:
        self.net, self.limits, self.clock = net, limits, clock
        self.relaxation = Relaxation(net)

    def run(self, state: State) -> tuple[State, float]:
        """The best plan found, and the bound."""
        net, clock, relaxation = self.net, self.clock, self.relaxation
        rounds = max(self.limits.rounds // 8, 1)
        pattern = Pattern(np.zeros(len(net.lane_fixed), dtype=np.bool_), np.zeros(len(net.link_fixed), dtype=np.bool_))
        bound = ascend(
            relaxation, relaxation.start(), free(relaxation), state.cost(net), rounds, partial(clock.over, 0.1)
        )
        tuned, opened = None, free(relaxation)
        for turn in range(TURNS):
            share = 0.1 + 0.4 * (turn + 1) / TURNS
            if self._near(state, bound) or clock.over(share) or clock.short():
                break
            begin = Pattern(bound.value.opened, bound.value.link > 0) if turn == 0 else pattern
            pattern = search(net, bound.prices, relaxation.priced(bound.prices), begin)
            some = part(net, np.arange(len(net.weight)), pattern.lane, pattern.link)
            shadow = shadow_prices(net, some, seconds=clock.left(0.6))
            if shadow is None:
                break
            if clock.short():
                break
            state = self._planned(state, pattern, shadow)
            # Prices that fit the pattern are the best to begin with where nothing is known to be open or closed, too.
            opened = pattern.fixed(net)
            stop, cost = partial(clock.over, share), state.cost(net)
            tuned = ascend(relaxation, shadow, opened, cost, rounds, stop)
            now = ascend(relaxation, tuned.prices, free(relaxation), cost, rounds, stop)
            bound = now if now.value.bound > bound.value.bound else bound
        if not self._near(state, bound):
            stop, cost = partial(clock.over, 0.75), state.cost(net)
            bound = branched(relaxation, bound, tuned, opened, cost, self.limits.gap, CASES, stop)
        return self._polished(state, pattern, bound), bound.value.bound

    def _near(self, state: State, bound: Bound) -> bool:
        cost = state.cost(self.net)
        return cost - bound.value.bound <= self.limits.gap * abs(cost)

    def _planned(self, state: State, pattern: Pattern, prices: Prices) -> State:
        """The plan that follows from a pattern and prices, or the given one where that is cheaper."""
        net, clock = self.net, self.clock
        found = choose(net, promising(net, self.relaxation.priced(prices), pattern), seconds=clock.left(0.6))
        if found is None:
            return state
        rounded, doubtful = found
        state = _better(net, state, repaired(net, rounded))
        items = part(net, doubtful, pattern.lane, pattern.link)
        seconds = clock.left(0.6)
        gap = FINE * abs(state.cost(net))
        exact = improve(net, rounded, items, seconds=seconds, nodes=self.limits.nodes, gap=gap).state
        return _better(net, state, repaired(net, exact))

    def _polished(self, state: State, pattern: Pattern, bound: Bound) -> State:
        """The plan after planning some items after the other exactly, on the lanes and links that are open; those first
        for which transfers promise most, as they may go with an order."""
        net = self.net
        _, promised = self.relaxation.priced(bound.prices).move
        items = np.argsort(-sums(net.moves.item, promised, len(net.weight)), kind="stable")
        for at in range(0, len(items), CHUNK):
            if self.clock.over() or self._near(state, bound):
                break
            used = usage(net, state)
            chunk: Ints = items[at : at + CHUNK]
            open_ = part(net, chunk, pattern.lane | (used.lanes > 0), pattern.link | (used.links > 0))
            gap = ROUGH * abs(state.cost(net)) * len(chunk) / len(items)
            found = improve(net, state, open_, seconds=self.clock.left(), nodes=self.limits.nodes, gap=gap)
            state = _better(net, state, found.state)
        return state


def _solution(net: Network, state: State, bound: float, ended: Ended, clock: Clock) -> Solution:
    lines, transfers = net.lines(state.quantity), net.transfers(state.moved)
    costs = costs_of(net.problem, lines, transfers)
    return Solution(
        lines,
        transfers,
        costs,
        min(bound, costs.total),
        ended,
        bindings(net.problem, lines, transfers),
        time.monotonic() - clock.begun,
    )
