"""What is on its way, and when it may be there: the learned lead time of whoever brings it, given its age. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shelfwise.planning.model import Floats, LeadTime
from shelfwise.planning.reliability import never as never_comes

LEAST_LEFT = 20
"""With fewer samples left beyond an order's age, how much longer it takes is told by how the longest ones spread."""
LONGEST_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Coming:
    """A quantity on its way.

    Attributes:
        days: equally likely times until it is on the shelf, in days from now, shape (k,), ascending, not negative.
        never: the probability that it does not come at all.
    """

    quantity: float
    days: Floats
    never: float = 0.0

    def drawn(self, count: int, rng: np.random.Generator) -> Floats:
        """Days until it is there in `count` futures; infinite where it never comes."""
        when = stratified(self.days, count, rng)
        return np.where(rng.random(count) < self.never, np.inf, when) if self.never > 0 else when


def known_day(quantity: float, days: float) -> Coming:
    """What comes on a day that is taken as certain."""
    return Coming(quantity, np.array([max(days, 0.0)]))


def on_its_way(
    quantity: float, lead: LeadTime, age: float, promised: float | None = None, never: float = 0.0
) -> Coming:
    """An open order: what its lead time still may be, now that it is so old and has not come.

    A promise between what the supplier states and what it usually takes says nothing new. One that is shorter or longer
    than both stretches the lead times in proportion. Of those only the ones that are longer than the order is old are
    still possible. Where hardly any are, it is later than anything seen; then it takes longer in the proportions in
    which the longest tenth of lead times exceed where that tenth begins.

    Args:
        age: days since it was ordered.
        promised: days from order to the promised arrival; None: nobody promised.
        never: the probability that a new order never comes. Of an old one it is higher: those that come have come.
    """
    days = np.sort(lead.samples)
    if promised is not None and promised > 0:
        low, high = sorted((lead.quantile(0.5), lead.stated if lead.stated > 0 else lead.quantile(0.5)))
        days = days * (promised / min(max(promised, low), high))
    age = max(age, 0.0)
    left = days[days > age]
    still = len(left) / len(days)
    if len(left) < LEAST_LEFT and len(left) < len(days):
        longest = days[int(len(days) * (1 - LONGEST_SHARE)) :]
        left = age * longest / longest[0]
        still = max(still, 1 / (len(days) + 1))
    return Coming(quantity, left - age, never_comes(never, still))


def stratified(values: Floats, count: int, rng: np.random.Generator) -> Floats:
    """`count` of some values, each as often as any other, as evenly as it goes, in random order."""
    if len(values) == 1:
        return np.full(count, float(values[0]))
    place = ((np.arange(count) + rng.random()) * len(values) / count).astype(np.int64)
    drawn: Floats = values[np.minimum(place, len(values) - 1)]
    return rng.permutation(drawn)
