"""A better bound by cases: a supplier or a lane is open or closed, and no plan beats the better case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from shelfwise.planning.network.bound import Bound, Fixed, Relaxation, ascend
from shelfwise.planning.network.highs import Ints

ROUNDS = 100
"""Of improving the prices of each case."""


@dataclass(frozen=True, eq=False)
class _Case:
    fixed: Fixed
    bound: Bound

    @property
    def value(self) -> float:
        return self.bound.value.bound


def free(relaxation: Relaxation) -> Fixed:
    """Nothing is known of what is open."""
    net = relaxation.net
    return Fixed(*(np.full(len(one), -1) for one in (net.order_cost, net.lane_fixed, net.link_fixed)))


def branched(
    relaxation: Relaxation,
    root: Bound,
    tuned: Bound | None,
    to: Fixed,
    target: float,
    gap: float,
    cases: int,
    stop: Callable[[], bool],
) -> Bound:
    """The root's bound, raised by looking at cases of what is open, those with the lowest bound first.

    Args:
        root: the bound without any case.
        tuned: the bound of the case `to`, the best plan's, with prices to begin with in all cases that hold in it.
        target: cost of the best plan known; cases that reach it are not looked into.
        gap: share of the target below which the bound need not be raised.
        cases: how many are looked at, at most.
        stop: ends the search when it is true.
    """
    waiting = [_Case(free(relaxation), root)]
    reached: list[_Case] = []
    looked = 0
    while waiting and looked < cases and not stop():
        case = min(waiting, key=lambda one: one.value)
        if case.value >= target * (1 - gap) if target > 0 else case.value >= target * (1 + gap):
            break
        chosen = _undecided(relaxation, case)
        waiting.remove(case)
        if chosen is None:
            reached.append(case)
            continue
        for one in (0, 1):
            fixed = _with(case.fixed, *chosen, one)
            begin = tuned.prices if tuned is not None and _holds(fixed, to) else case.bound.prices
            bound = ascend(relaxation, begin, fixed, target, ROUNDS, stop)
            better = (
                bound
                if bound.value.bound > case.value
                else replace(bound, value=replace(bound.value, bound=case.value))
            )
            waiting.append(_Case(fixed, better))
            looked += 1
    lowest = min((one for one in (*waiting, *reached)), key=lambda one: one.value)
    return lowest.bound if lowest.value > root.value.bound else root


def _holds(fixed: Fixed, to: Fixed) -> bool:
    """Whether what is known in one case is so in another."""
    pairs = ((fixed.supplier, to.supplier), (fixed.lane, to.lane), (fixed.link, to.link))
    return all(bool(((one < 0) | (one == other)).all()) for one, other in pairs)


def _undecided(relaxation: Relaxation, case: _Case) -> tuple[str, int] | None:
    """A supplier, or else a lane, of which the relaxation is in doubt: what it earns is nearest to its cost."""
    value, net = case.bound.value, relaxation.net
    for name, earned, fixed, size in (
        ("supplier", value.supplier, case.fixed.supplier, net.order_cost + net.minimum_value),
        ("lane", value.lane, case.fixed.lane, net.lane_fixed),
    ):
        open_ = np.flatnonzero(fixed < 0)
        if len(open_):
            doubt = np.abs(earned[open_]) / np.maximum(size[open_], 1e-9)
            return name, int(open_[doubt.argmin()])
    return None


def _with(fixed: Fixed, name: str, number: int, value: int) -> Fixed:
    known: Ints = getattr(fixed, name).copy()
    known[number] = value
    return replace(fixed, **{name: known})
