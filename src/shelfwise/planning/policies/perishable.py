"""Goods that perish: base-stock less what will have perished before the order comes. Pure.

Base-stock counts a carton that will be thrown away tomorrow as if it could be sold. The estimate takes expected demand
from the ages on the shelf as customers do, and lets the rest grow old (Broekmeulen and van Donselaar 2009, A heuristic
to manage perishable inventory with batch ordering, positive lead-times, and time-varying demand, Computers & Operations
Research 36(11)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.model import ANY, Observation, Rounds


@dataclass(frozen=True, eq=False)
class FreshOrderUpTo:
    """Raise the position, less what is expected to perish, to a level.

    Attributes:
        level: S.
        mean: expected demand of a period.
        life: periods in which a unit can be sold, that of its arrival included.
        lead_time: periods.
        oldest_first: the share of customers who take the oldest (FIFO); the others take the freshest (LIFO).
    """

    level: float
    mean: float
    life: int
    lead_time: int
    oldest_first: float = 1.0
    terms: Rounds = ANY

    def __post_init__(self) -> None:
        if self.life < 1 or self.lead_time < 0 or not 0 <= self.oldest_first <= 1:
            expected = "a life of one period or more, and a share from 0 to 1"
            raise Invalid(Fault("life", expected, repr(self), "Correct it."))

    def order(self, seen: Observation) -> float:
        wasted = self.expected_waste(seen)
        wanted = self.level - (seen.on_hand + seen.in_transit - wasted)
        return float(self.terms.rounded(np.array([wanted]))[0])

    def expected_waste(self, seen: Observation) -> float:
        """Units that perish, at expected demand, before an order placed now arrives."""
        shelf = ages_of(seen, self.life, self.oldest_first)
        coming = np.zeros(self.lead_time + 1)
        for age, quantity in enumerate(seen.by_age, 1):
            coming[max(self.lead_time - age, 0)] += quantity
        wasted = 0.0
        for arriving in coming[: self.lead_time]:
            shelf[-1] += arriving
            shelf = taken(shelf, self.mean, self.oldest_first)
            wasted += float(shelf[0])
            shelf = np.append(shelf[1:], 0.0)
        return wasted


def taken(shelf: Floats, demand: float, oldest_first: float) -> Floats:
    """What is left when customers have been served.

    Args:
        shelf: by periods it can still be sold, the oldest first, shape (life,).
    """
    left = shelf.astype(np.float64)
    from_oldest = min(demand * oldest_first, float(left.sum()))
    left -= np.diff(np.minimum(np.cumsum(left), from_oldest), prepend=0.0)
    from_freshest = min(demand * (1 - oldest_first), float(left.sum()))
    backwards = left[::-1]
    rest: Floats = (backwards - np.diff(np.minimum(np.cumsum(backwards), from_freshest), prepend=0.0))[::-1]
    return np.maximum(rest, 0.0)


def ages_of(seen: Observation, life: int, oldest_first: float) -> Floats:
    """What is on hand by the periods it can still be sold, shape (life,); where nobody says, by what came in and was
    sold since, brought to what is on hand."""
    shelf = np.zeros(life)
    if seen.by_life is not None:
        known = seen.by_life[:life]
        shelf[: len(known)] = known
        return shelf
    last = min(len(seen.sales), life + 1)
    for arrived, sold in zip(
        seen.arrivals[len(seen.arrivals) - last :], seen.sales[len(seen.sales) - last :], strict=True
    ):
        shelf[-1] += arrived
        shelf = np.append(taken(shelf, sold, oldest_first)[1:], 0.0)
    total = float(shelf.sum())
    on_hand = max(seen.on_hand, 0.0)
    if total > 0:
        return shelf * (on_hand / total)
    # Nothing is known of its age: as old as it would be on average.
    return np.full(life, on_hand / life)
