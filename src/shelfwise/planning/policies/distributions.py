"""What is wanted in a period, in whole units, as a discrete distribution. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats

TAIL = 1e-12
"""Chances below this at the end of a distribution are left out."""


@dataclass(frozen=True, eq=False)
class Demand:
    """Demand of one period.

    Attributes:
        chances: shape (k,): the chance that 0, 1, 2, ... units are wanted; together 1.

    Raises:
        Invalid: the chances are none.
    """

    chances: Floats

    def __post_init__(self) -> None:
        chances = self.chances
        if chances.ndim != 1 or not len(chances) or chances.min() < 0 or abs(chances.sum() - 1) > 1e-6:
            raise Invalid(Fault("chances", "numbers from 0 to 1 that add up to 1", repr(chances), "Correct them."))

    def __repr__(self) -> str:
        return f"Demand(mean {self.mean:g}, variance {self.variance:g})"

    @classmethod
    def of(cls, weights: Sequence[float] | Floats) -> Demand:
        """From weights of 0, 1, 2, ... units, which are made to add up to 1; a negligible tail is cut off."""
        chances = np.asarray(weights, np.float64)
        chances = chances / chances.sum()
        return cls(_cut(chances))

    @classmethod
    def poisson(cls, mean: float) -> Demand:
        """Many customers who do not know of each other, one unit each."""
        if mean == 0:
            return cls(np.ones(1))
        units = np.arange(math.ceil(mean + 12 * math.sqrt(mean) + 20))
        logs = units * math.log(mean) - mean - np.cumsum(np.log(np.maximum(units, 1)))
        return cls.of(np.exp(logs))

    @classmethod
    def negative_binomial(cls, mean: float, variance: float) -> Demand:
        """Counts that vary more than Poisson's do; those where the variance is not above the mean."""
        if variance <= mean * (1 + 1e-6):
            return cls.poisson(mean)
        size, kept = mean**2 / (variance - mean), 1 - mean / variance
        units = np.arange(1, math.ceil(mean + 30 * math.sqrt(variance) + 20))
        logs = np.concatenate(([0.0], np.cumsum(np.log((size + units - 1) / units * kept))))
        return cls.of(np.exp(logs - logs.max()))

    @classmethod
    def observed(cls, quantities: Sequence[float] | Floats) -> Demand:
        """As often as it was seen: whole units, not negative."""
        return cls.of(np.bincount(np.rint(np.maximum(quantities, 0)).astype(np.int64)).astype(np.float64))

    @cached_property
    def mean(self) -> float:
        return float(self.chances @ np.arange(len(self.chances)))

    @cached_property
    def variance(self) -> float:
        return float(self.chances @ (np.arange(len(self.chances)) - self.mean) ** 2)

    @property
    def most(self) -> int:
        """The most that can be wanted."""
        return len(self.chances) - 1

    def quantile(self, level: float) -> int:
        """The least quantity that suffices with this chance."""
        return int(np.searchsorted(np.cumsum(self.chances), level - TAIL))

    def over(self, periods: int) -> Demand:
        """Demand of so many independent periods together."""
        return Demand(_power(self.chances.tobytes(), periods))

    def expected_left(self, upto: int) -> Floats:
        """What is expected to be left of 0, 1, ..., `upto` units after a period, shape (upto + 1,)."""
        below = np.cumsum(self.chances)
        below = np.concatenate((below, np.ones(max(upto - len(below), 0))))[:upto]
        left: Floats = np.concatenate(([0.0], np.cumsum(below)))
        return left


@lru_cache(maxsize=256)
def _power(chances: bytes, periods: int) -> Floats:
    """The sum's distribution, by doubling; Fourier transforms would lose the small chances to rounding."""
    base = np.frombuffer(chances)
    result = np.ones(1)
    while periods:
        if periods & 1:
            result = _cut(np.convolve(result, base))
        periods >>= 1
        if periods:
            base = _cut(np.convolve(base, base))
    normed: Floats = result / result.sum()
    return normed


def _cut(chances: Floats) -> Floats:
    kept = chances[: len(chances) - int(np.searchsorted(np.cumsum(chances[::-1]), TAIL))]
    cut: Floats = kept / kept.sum()
    return cut
