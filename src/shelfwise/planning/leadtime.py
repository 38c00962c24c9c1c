"""Learning how long a supplier takes, from what it says and from what arrived when. Pure.

Logarithms of lead times, less that of what is stated, are normal. What is added to the stated one is, on the mean, the
same for all that a supplier sells, and for each item somewhat more or less: so a supplier late with one thing is
expected to be late with others, in part. How far its items differ is read off its receipts: of a few ratios of the
variance between items to that within them the one counts under which the differences of its orders are most probable,
whatever their mean (restricted likelihood; Harville 1974).

The prior is conjugate (normal-inverse-gamma; Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., sections 3.3 and
5.4): the stated lead time counts as two observed ones, and a spread of a fifth of it as six. The logarithm of the next
order then follows a Student t distribution; it is cut off at four times the longest lead time stated or seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from shelfwise.planning.model import Floats, LeadTime

STATED_COUNTS_AS = 2.0
SPREAD_COUNTS_AS = 6.0
PRIOR_SPREAD = 0.2
BETWEEN = (0.3, 0.0, 0.1, 1.0, 3.0)
"""Of equally probable ones the first: with one item nothing tells what is its supplier's and what its own."""
SHORTEST_DAYS = 0.25
AT_MOST_TIMES = 4.0
SAMPLES = 1000


@dataclass(frozen=True)
class Took:
    """An order that came.

    Attributes:
        days: from sending to receipt; shorter than six hours counts as six hours.
        stated: what the supplier says of the item, in days.
    """

    item_id: int
    days: float
    stated: float

    @property
    def log_ratio(self) -> float:
        return math.log(max(self.days, SHORTEST_DAYS) / max(self.stated, SHORTEST_DAYS))


@dataclass(frozen=True, eq=False)
class Habit:
    """How long a supplier takes beside what it states; all of it in logarithms.

    Attributes:
        between: the variance between items as a multiple of that within one.
        items: for each item (orders that came, their mean).
        centre: the mean over items; `weight`: what it is worth, in orders.
        freedom, scale: of the Student t of one order around its item's mean.
        longest: the largest of those seen; 0 where none is above what is stated.
    """

    between: float
    items: dict[int, tuple[int, float]]
    centre: float
    weight: float
    freedom: float
    scale: float
    longest: float

    def lead_time(self, item_id: int, stated: float) -> LeadTime:
        """The distribution of the next order's lead time of an item, of one that comes."""
        number, mean = self.items.get(item_id, (0, 0.0))
        shrunk = 1 / (1 + number * self.between)
        expected = shrunk * (number * mean * self.between + self.centre)
        doubt = shrunk * self.between + shrunk**2 / self.weight
        base = max(stated, SHORTEST_DAYS)
        days = base * np.exp(expected + self.scale * math.sqrt(1 + doubt) * _student(self.freedom))
        longest = AT_MOST_TIMES * base * math.exp(self.longest)
        seen = sum(count for count, _ in self.items.values())
        return LeadTime(stated, seen, np.clip(days, SHORTEST_DAYS, longest), own=number)


def habit(took: Iterable[Took], between: Sequence[float] = BETWEEN) -> Habit:
    """What a supplier's orders that came teach."""
    ratios: dict[int, list[float]] = {}
    for one in took:
        ratios.setdefault(one.item_id, []).append(one.log_ratio)
    longest = max((max(some) for some in ratios.values()), default=0.0)
    counts = {item: (len(some), sum(some) / len(some)) for item, some in ratios.items()}
    within = sum((ratio - counts[item][1]) ** 2 for item, some in ratios.items() for ratio in some)
    freedom = SPREAD_COUNTS_AS + sum(count for count, _ in counts.values())
    tried: list[tuple[float, Habit]] = []
    for ratio in between:
        weights = {item: count / (1 + count * ratio) for item, (count, _) in counts.items()}
        weight = STATED_COUNTS_AS + sum(weights.values())
        total = sum(weights[item] * mean for item, (_, mean) in counts.items())
        around = SPREAD_COUNTS_AS * PRIOR_SPREAD**2 + within
        around += sum(weights[item] * mean**2 for item, (_, mean) in counts.items())
        probable = 0.0
        if len(counts) > 1:
            seen = weight - STATED_COUNTS_AS
            probable = -0.5 * (
                sum(math.log1p(count * ratio) for count, _ in counts.values())
                + math.log(seen)
                + (freedom - 1) * math.log(around - total**2 / seen)
            )
        scale = math.sqrt((around - total**2 / weight) / freedom)
        tried.append((probable, Habit(ratio, counts, total / weight, weight, freedom, scale, max(longest, 0.0))))
    return max(tried, key=lambda one: one[0])[1]


def learn(stated: float, observed: Sequence[float]) -> LeadTime:
    """The distribution of the next order's lead time, where a supplier sells one thing.

    Args:
        stated: the supplier's own figure in days, not negative.
        observed: days from order to receipt, in any order.
    """
    return habit([Took(0, days, stated) for days in observed], (0.0,)).lead_time(0, stated)


@lru_cache(maxsize=512)
def _student(freedom: float) -> Floats:
    """A fixed ascending sample, symmetric about zero, so that the same receipts always teach the same."""
    half = np.abs(np.random.default_rng(2013).standard_t(freedom, SAMPLES // 2))
    return np.sort(np.concatenate((-half, half)))
