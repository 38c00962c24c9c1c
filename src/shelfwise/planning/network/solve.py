"""The best plan that can be found in the time, and how good it is known to be."""

from __future__ import annotations

import time
from dataclasses import dataclass

from shelfwise.planning.network.arrays import Network, network
from shelfwise.planning.network.exact import improve, whole
from shelfwise.planning.network.model import Problem
from shelfwise.planning.network.plan import Ended, Limits, Solution, bindings, costs_of
from shelfwise.planning.network.start import first
from shelfwise.planning.network.state import State, feasible, nothing

RESERVE = 0.05
"""Share of the time that is kept for writing the plan down."""


@dataclass(frozen=True)
class Clock:
    """How much of the time is left."""

    begun: float
    seconds: float | None

    @property
    def left(self) -> float | None:
        """Seconds; None: there is no limit."""
        if self.seconds is None:
            return None
        return max(self.begun + self.seconds * (1 - RESERVE) - time.monotonic(), 0.0)

    @property
    def over(self) -> bool:
        return self.left == 0.0


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
    state = first(net)
    found = improve(net, state, whole(net), seconds=clock.left, nodes=limits.nodes, gap=limits.gap)
    state = _better(net, state, found.state)
    ended = Ended.PROVED if found.proved else Ended.TIME if clock.over else Ended.ROUNDS
    return _solution(net, state, found.bound, ended, clock)


def _better(net: Network, state: State, other: State) -> State:
    """The cheaper one of two that keep the rules."""
    return other if feasible(net, other) and other.cost(net) < state.cost(net) else state


def _solution(net: Network, state: State, bound: float, ended: Ended, clock: Clock) -> Solution:
    if not feasible(net, state):
        state = nothing(net)
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
