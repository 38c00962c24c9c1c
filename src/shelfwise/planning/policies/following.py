"""Levels that follow an outlook, and the choice between outlooks on the past as it was. Pure.

A bootstrap cuts the past into pieces, in which no forecast could see a season or a promotion coming. So here the past
is walked through once, from origin to origin, with what was expected at each of them; only lead times are drawn.

One item's past is short. Whoever picks the best of a hundred candidates for each item by itself picks the luckiest: on
weekly sales of shops that cost up to half as much inventory again. So items are pooled. A group has one outlook, and
its safety counts as much as `GROUP_COUNTS_AS` pasts of an item's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import due
from shelfwise.planning.policies.model import ANY, Observation, Rounds, Rule, Shelves, Unmet
from shelfwise.planning.policies.outlook import Outlook
from shelfwise.planning.policies.replay import CostsOfMany, Course, Ints, replay

GROUP_COUNTS_AS = 30.0
"""An item's own past against that of its group. Less, and the luck of single items comes through."""
CLEARLY = 0.1
"""By so much a forecast has to be cheaper than an average to be preferred: what learnt from little looks better than it
is. Where promotions or seasons can be seen coming it is by twice as much and more."""
SAFETIES = np.concatenate((np.linspace(-1.0, 4.5, 23), [5.0, 5.5, 6.0, 7.0, 8.0, 9.0]))
"""Standard deviations of safety that are tried."""
LEAST_SIZE = 0.2
"""An item counts as if it sold at least such a share of what its group sells on average."""
FUTURES = 4
"""Draws of lead times."""


@dataclass(frozen=True, eq=False)
class FollowedLevel(Rule):
    """Base-stock with a level for each period.

    Attributes:
        level: shape (periods, items, futures or 1); after the last period the last level stays.
    """

    level: Floats
    review: int = 1
    terms: Rounds = ANY

    def wanted(self, shelves: Shelves) -> Floats:
        level = self.level[min(shelves.period, len(self.level) - 1)]
        return due(self.review, shelves, level - shelves.position)

    def order(self, seen: Observation) -> float:
        if self.level.shape[1:] != (1, 1):
            expected = "the levels of one item"
            raise Invalid(Fault("level", expected, f"shape {self.level.shape}", "Ask the rule of one item."))
        return super().order(seen)


def walked(demand: Floats, leads: Sequence[Floats], rng: np.random.Generator, futures: int = FUTURES) -> Course:
    """The past as it was, in each future with other lead times.

    Args:
        demand: shape (items, periods), without unknown periods.
        leads: lead times of each item, as they were seen, in periods; rounded up.
    """
    shape = (demand.shape[1], len(demand), futures)
    lead = np.empty(shape, np.int64)
    for item, samples in enumerate(leads):
        whole = np.ceil(samples).astype(np.int64)
        lead[:, item] = whole[rng.integers(0, len(whole), (shape[0], futures))]
    return Course(np.broadcast_to(demand.T[:, :, None], shape), lead)


@dataclass(frozen=True, eq=False)
class Choice:
    """What suits each item, shape (items,) each.

    Attributes:
        way: its place among those that were tried, such as an outlook to follow.
        safety: in standard deviations.
    """

    way: Ints
    safety: Floats

    def level(self, outlooks: Sequence[Outlook]) -> Floats:
        """To order up to, shape (origins, items), by outlooks in the same order as those that were tried."""
        each = np.stack([one.level(self.safety) for one in outlooks])
        level: Floats = np.take_along_axis(each, self.way[None, None], axis=0)[0]
        return level


@dataclass(frozen=True, eq=False)
class Walk:
    """What came of every way with every safety, a period on average.

    Attributes:
        safeties: shape (safeties,).
        stock, missed, orders: shape (ways, safeties, items).
        demand: shape (items,).
    """

    safeties: Floats
    stock: Floats
    missed: Floats
    orders: Floats
    demand: Floats

    def choose(
        self,
        costs: CostsOfMany,
        groups: Ints | None = None,
        *,
        group_counts_as: float = GROUP_COUNTS_AS,
        handicaps: Sequence[float] | None = None,
    ) -> Choice:
        """The cheapest way of each group, and the cheapest safety of each item, drawn towards that of its group.

        Args:
            groups: shape (items,); whose costs of holding and shortage are alike may be pooled. None: all.
            handicaps: of each way, by what share it has to be cheaper than those without one; such as `CLEARLY` of what
                is less simple. None: nobody has one.
        """
        by_item = (
            costs.holding[:, 0] * self.stock + costs.shortage[:, 0] * self.missed + costs.order[:, 0] * self.orders
        )
        size = self.demand * costs.holding[:, 0]
        group = np.zeros(len(size), np.int64) if groups is None else groups
        way, safety = np.zeros((2, len(size)), np.int64)
        for one in np.unique(group):
            some = np.flatnonzero(group == one)
            together = by_item[:, :, some].sum(axis=2)
            least = together.min(axis=1) * (1 + (0.0 if handicaps is None else np.array(handicaps)))
            way[some] = chosen = least.argmin()
            # What hardly sold in the time that was walked would have its luck counted a thousand times.
            alone = by_item[chosen][:, some] / np.maximum(size[some], LEAST_SIZE * size[some].mean() + 1e-9)
            pooled = together[chosen] / (size[some].sum() + 1e-9)
            safety[some] = (alone + group_counts_as * pooled[:, None]).argmin(axis=0)
        return Choice(way, self.safeties[safety])


Maker = Callable[[Floats], Rule]
"""A way to order for safeties of shape (k,); its parameters are of shape (periods, items, k)."""


def following(outlook: Outlook, terms: Rounds) -> Maker:
    """Order up to what an outlook expects, and a safety of so many times its doubt."""
    mean, doubt = outlook.mean[:, :, None], outlook.doubt[:, :, None]
    return lambda safeties: FollowedLevel(mean + safeties * doubt, terms=terms)


def walk(
    ways: Sequence[Maker],
    course: Course,
    *,
    safeties: Floats = SAFETIES,
    unmet: Unmet = Unmet.LOST,
    review: int = 1,
    warm_up: int = 0,
) -> Walk:
    """Try every way with every safety on a course that begins at their first origin."""
    _, items, futures = course.demand.shape
    number = len(safeties)
    free = CostsOfMany(*(np.zeros((items, 1)) for _ in range(3)))
    # Safeties are stepped through together, as if they were futures.
    many = Course(np.tile(course.demand, (1, 1, number)), np.tile(course.lead, (1, 1, number)))
    ran = [
        replay(make(np.repeat(safeties, futures)), many, free, unmet=unmet, review=review, warm_up=warm_up)
        for make in ways
    ]

    def mean(of: Sequence[Floats]) -> Floats:
        by_safety: Floats = np.stack(of).reshape(len(ways), items, number, futures).mean(axis=3).transpose(0, 2, 1)
        return by_safety

    stock, missed, orders = (mean([getattr(one, name) for one in ran]) for name in ("stock", "missed", "orders"))
    return Walk(safeties, stock, missed, orders, course.demand[warm_up:].mean(axis=(0, 2)))
