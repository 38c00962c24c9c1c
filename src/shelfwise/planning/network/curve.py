"""What it is expected to cost to face the time ahead with so much stock: a convex curve of straight pieces. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from shelfwise.core.errors import Fault, Invalid

NEARLY = 1e-9
"""Sums of floating point numbers that differ by less, as a share, are equal."""


@dataclass(frozen=True)
class Curve:
    """Expected cost of shortage and of what is left, by the stock a site has for the time ahead.

    Attributes:
        levels: of stock, rising: where one straight piece ends and the next begins.
        slopes: cost of one more unit, not falling: before the first level, between two levels, and after the last;
            one more than levels. Negative where a further unit is worth having.
        cost: at the first level.

    Raises:
        Invalid: the curve is not convex, or its parts do not fit together.
    """

    levels: tuple[float, ...]
    slopes: tuple[float, ...]
    cost: float = 0.0

    def __post_init__(self) -> None:
        rises = all(low < high for low, high in pairwise(self.levels))
        convex = all(low <= high + NEARLY * (1 + abs(low)) for low, high in pairwise(self.slopes))
        finite = np.isfinite([*self.levels, *self.slopes, self.cost]).all()
        if not (finite and rises and convex and self.levels and len(self.slopes) == len(self.levels) + 1):
            expected = "rising levels, and one slope more than levels, none smaller than the one before it"
            raise Invalid(Fault("curve", expected, repr(self)[:200], "Build it with newsvendor()."))

    @cached_property
    def _costs(self) -> tuple[float, ...]:
        """At each level."""
        costs = [self.cost]
        for slope, (low, high) in zip(self.slopes[1:-1], pairwise(self.levels), strict=True):
            costs.append(costs[-1] + slope * (high - low))
        return tuple(costs)

    def __call__(self, stock: float) -> float:
        """Expected cost with so much stock."""
        piece = bisect_right(self.levels, stock)
        at = max(piece - 1, 0)
        return self._costs[at] + self.slopes[piece] * (stock - self.levels[at])


def newsvendor(demand: ArrayLike, shortage: float, holding: float, pieces: int = 12) -> Curve:
    """The newsvendor's expected cost of each stock level, from equally likely totals of demand.

    Args:
        demand: samples of what is wanted over the time ahead, such as the sums of sample paths; or its quantiles at
            evenly spaced levels.
        shortage: cost of a unit that is wanted and missing: what it would have earned, its purchase included.
        holding: cost of a unit that is left at the end, less what it is then still worth; negative where it keeps most
            of its value.
        pieces: how many straight pieces lie between the least and the greatest demand, at most. Costs are exact at
            their ends and a little too high in between.

    Raises:
        Invalid: no demand, a number that is not finite, or missing a unit costs less than having it left.
    """
    values = np.sort(np.asarray(demand, dtype=np.float64).ravel())
    if not len(values) or not np.isfinite(values).all():
        raise Invalid(Fault("demand", "samples of demand", f"{len(values)} values", "Leave unknown ones out."))
    if not np.isfinite([shortage, holding]).all() or shortage + holding < 0:
        got = f"shortage {shortage!r}, holding {holding!r}"
        raise Invalid(Fault("shortage", "a missing unit to cost no less than one left over", got, "Correct the costs."))
    places = np.rint(np.linspace(0, len(values) - 1, pieces + 1)).astype(np.int64)
    levels = np.unique(values[places])
    missing = np.maximum(values - levels[:, None], 0).mean(axis=1)
    left = missing + levels - values.mean()
    costs = shortage * missing + holding * left
    inner = np.diff(costs) / np.diff(levels)
    slopes = np.maximum.accumulate(np.concatenate(([-shortage], inner, [max(holding, -shortage)])))
    return Curve(_plain(levels), _plain(slopes), float(costs[0]))


def _plain(values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
