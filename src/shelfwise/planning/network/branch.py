"""A better bound by cases: a supplier is open or closed, and no plan beats the better case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from shelfwise.planning.network.bound import Bound, Fixed, Relaxation, ascend

ROUNDS, LAST_ROUNDS = 80, 300
"""Of improving the prices of each case, and of one in which all suppliers are decided."""


@dataclass(frozen=True, eq=False)
class _Case:
    fixed: Fixed
    bound: Bound

    @property
    def value(self) -> float:
        return self.bound.value.bound

    def with_(self, bound: Bound, fixed: Fixed | None = None) -> _Case:
        """The case, or one within it, with a bound that was found for it: no worse than the one known already."""
        value = replace(bound.value, bound=max(bound.value.bound, self.value))
        return _Case(self.fixed if fixed is None else fixed, replace(bound, value=value))


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
    most: int,
    stop: Callable[[], bool],
) -> Bound:
    """The root's bound, raised by looking at cases of which suppliers are open, those with the lowest bound first.

    Args:
        root: the bound without any case.
        tuned: the bound of the case `to`, the best plan's, with prices to begin with in all cases that hold in it.
        target: cost of the best plan known; cases that reach it are not looked into.
        gap: share of the target below which the bound need not be raised.
        most: how many cases are told apart, at most.
        stop: ends the search when it is true.
    """
    cases = [_Case(free(relaxation), root)]
    known: list[_Case] = []
    while cases and len(cases) < most and not stop():
        case = min(cases, key=lambda one: one.value)
        if case.value >= target - gap * abs(target) or any(one.value <= case.value for one in known):
            break
        cases.remove(case)
        supplier = _undecided(relaxation, case)
        if supplier is None:
            bound = ascend(relaxation, case.bound.prices, case.fixed, target, LAST_ROUNDS, stop)
            known.append(case.with_(bound))
            continue
        for one in (0, 1):
            suppliers = case.fixed.supplier.copy()
            suppliers[supplier] = one
            fixed = replace(case.fixed, supplier=suppliers)
            begin = tuned.prices if tuned is not None and _holds(fixed, to) else case.bound.prices
            cases.append(case.with_(ascend(relaxation, begin, fixed, target, ROUNDS, stop), fixed))
    lowest = min((*cases, *known), key=lambda one: one.value)
    return lowest.bound if lowest.value > root.value.bound else root


def _holds(fixed: Fixed, to: Fixed) -> bool:
    """Whether what is known in one case is so in another."""
    pairs = ((fixed.supplier, to.supplier), (fixed.lane, to.lane), (fixed.link, to.link))
    return all(bool(((one < 0) | (one == other)).all()) for one, other in pairs)


def _undecided(relaxation: Relaxation, case: _Case) -> int | None:
    """The supplier of which the relaxation is most in doubt: what it earns is nearest to its cost."""
    net = relaxation.net
    size = net.order_cost + net.minimum_value
    open_ = np.flatnonzero((case.fixed.supplier < 0) & (size > 0))
    if not len(open_):
        return None
    doubt = np.abs(case.bound.value.supplier[open_]) / size[open_]
    return int(open_[doubt.argmin()])
