"""Two records side by side: what speaks for their being the same thing, what against, and how sure that is. Pure.

Evidence is added up as Fellegi and Sunter (1969) do: each finding carries a weight, the logarithm to base 2 of how much
more often it is met in the same thing than in two different ones. Certainty is what the sum makes of the prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.intake.joining.names import Name, standard

Numbers = NDArray[np.int64]
SEEN_OFTEN = 3
"""From this many cases on a swap of words, or a period of selling, says something."""

NONE = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Record:
    """One record of a thing, and how it was sold under that name.

    Attributes:
        key: what the caller knows it by.
        description: as written.
        prices: usual prices of one; several where it is sold to several kinds of customers. None known: empty.
        days: distinct days on which it was sold, in order, as day numbers.
        orders: distinct orders it was sold in, in order, as numbers.
        codes: barcodes, and the codes suppliers give it as "supplier:code": two records that share one are the same.
        attributes: whatever else was said of it and can be compared: unit, category.
    """

    key: Any
    description: str
    prices: tuple[float, ...] = ()
    days: Numbers = field(default_factory=lambda: NONE)
    orders: Numbers = field(default_factory=lambda: NONE)
    codes: frozenset[str] = frozenset()
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> Name:
        return standard(self.description)

    def price_apart(self, other: Record) -> float | None:
        """log2 of the ratio of their nearest usual prices; None: not known."""
        return min((abs(math.log2(mine / theirs)) for mine in self.prices for theirs in other.prices), default=None)


@dataclass(frozen=True)
class Evidence:
    """One finding: above zero it speaks for the same thing, below against.

    Attributes:
        what: in words a person can check.
        weight: log2 of the likelihood ratio.
    """

    what: str
    weight: float


@dataclass(frozen=True)
class Judgement:
    """What was found out about two records, the weightiest first."""

    evidence: tuple[Evidence, ...]
    prior: float

    @property
    def weight(self) -> float:
        return self.prior + sum(one.weight for one in self.evidence)

    @property
    def certainty(self) -> float:
        """The probability that both are the same thing."""
        return float(1 / (1 + 2.0 ** -min(max(self.weight, -60), 60)))


@dataclass(frozen=True)
class Meeting:
    """How two records were sold beside each other.

    Attributes:
        together: orders that hold both.
        expected: orders that would, were they bought without regard to each other.
        overlap: share of the shorter selling period (its middle 90%) in which the other sold too; below zero: a gap.
        fewest: selling days of the one that has fewer.
        price_apart: log2 of the ratio of their nearest usual prices; None: not known.
    """

    together: int
    expected: float
    overlap: float
    fewest: int
    price_apart: float | None

    @property
    def one_followed_the_other(self) -> bool:
        return self.fewest >= SEEN_OFTEN and self.overlap < 0.15 and not self.together
