"""What safety stock is kept for, and how sure the books are of what lies there. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from shelfwise.core.quantities import round_up
from shelfwise.planning.model import Amount, Floats
from shelfwise.planning.simulate import Futures

DEMAND, LEAD_TIME, RECORDS = "demand", "lead time", "records"
SURE_FOR_DAYS = 365.0
"""What is known of a site's counts weighs as much as so many days of an item's own."""
FEWEST_COUNTS = 10
"""With fewer counts at a site nobody knows how good its books are."""
VALUES = 40
LONGEST_DAYS = 730.0


def shares(safety: float, futures: Futures, review_days: int) -> dict[str, float]:
    """What each source of doubt has in a safety stock, in units: one source after the other is taken out, and the stock
    is shared by how much the spread of what it has to last for shrinks. Together they are the safety stock."""
    days = futures.lead + review_days
    demand = futures.over(days)
    whole = float((demand + futures.surprise).std())
    mean = float(days.mean())
    low, part = math.floor(mean), mean - math.floor(mean)
    timely = futures.demand[:, low] * (1 - part) + futures.demand[:, math.ceil(mean)] * part
    expected = futures.demand.mean(axis=0)[days]
    without = {DEMAND: expected + futures.surprise, LEAD_TIME: timely + futures.surprise, RECORDS: demand}
    shrinks = {name: max(whole - float(values.std()), 0.0) for name, values in without.items()}
    total = sum(shrinks.values())
    if total <= 0:
        return dict.fromkeys(shrinks, 0.0)
    return {name: safety * one / total for name, one in shrinks.items()}


@dataclass(frozen=True)
class Counted:
    """A count of an item: how far the books were off, as a share of what they said, so many days after the last one.

    Attributes:
        days: since it was counted before, or since the books began.
        off: absolute; 0: the books were right.
    """

    item_id: int
    days: float
    off: float


@dataclass(frozen=True, eq=False)
class RecordErrors:
    """How good a site's books are, learned from its counts.

    An error comes to an item's books at some rate and is then of some size. Rates are those of the item, drawn towards
    that of the site (Gamma prior, Gelman et al. 2013, section 2.6); sizes are those that were found at the site.

    Attributes:
        rate: errors a day and item at the site.
        own: by item, (errors found, days between its counts).
        sizes: shares of what the books said, ascending.
    """

    rate: float
    own: dict[int, tuple[int, float]]
    sizes: Floats

    @classmethod
    def learn(cls, counts: Sequence[Counted]) -> RecordErrors | None:
        """None where there are too few counts to say anything, or none ever found a difference."""
        wrong = [one for one in counts if one.off > 0]
        days = sum(max(one.days, 1.0) for one in counts)
        if len(counts) < FEWEST_COUNTS or not wrong:
            return None
        own: dict[int, tuple[int, float]] = {}
        for one in counts:
            errors, before = own.get(one.item_id, (0, 0.0))
            own[one.item_id] = errors + (one.off > 0), before + max(one.days, 1.0)
        return cls(len(wrong) / days, own, np.sort([min(one.off, 1.0) for one in wrong]))

    def chance(self, item_id: int, days: float) -> float:
        """That an item's books are wrong so many days after they were counted."""
        errors, seen = self.own.get(item_id, (0, 0.0))
        rate = (self.rate * SURE_FOR_DAYS + errors) / (SURE_FOR_DAYS + seen)
        return 1 - math.exp(-rate * min(max(days, 0.0), LONGEST_DAYS))

    def amount(self, item_id: int, book: Decimal, days: float, quantum: Decimal) -> Amount:
        """What may lie there. Too much and too little are taken as equally likely, so that the mean stays the books':
        to put them right is a count's affair."""
        pairs = round(VALUES / 2 * self.chance(item_id, days))
        if book <= 0 or not pairs:
            return Amount.exactly(book)
        sizes = np.quantile(self.sizes, (np.arange(pairs) + 0.5) / pairs, method="inverted_cdf")
        off = [min(float(round_up(book * Decimal(f"{size:.6f}"), quantum)), float(book)) for size in sizes]
        values = np.full(VALUES, float(book))
        values[:pairs] -= off
        values[pairs : 2 * pairs] += off
        return Amount(values)
