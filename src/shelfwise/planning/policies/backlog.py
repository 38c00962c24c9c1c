"""Where demand waits: base-stock, (s, S), (R, S) and (R, nQ), and their best levels, exactly. Pure.

The position (on hand less owed plus in transit) decides alone, because what is ordered now and what was ordered
before has all come when the lead time and the review have passed (Silver, Pyke and Thomas 2017, chapter 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.model import ANY, NEARLY, Costs, Rounds, Rule, Shelves

Level = float | Floats
"""A parameter of one shelf, or of many: shape that broadcasts with theirs."""


@dataclass(frozen=True, eq=False)
class OrderUpTo(Rule):
    """Base-stock: raise the position to a level at every review; with a review of R periods it is (R, S).

    Attributes:
        level: S.
        review: periods from one order to the next.
    """

    level: Level
    review: int = 1
    terms: Rounds = ANY

    def wanted(self, shelves: Shelves) -> Floats:
        return due(self.review, shelves, self.level - shelves.position)


@dataclass(frozen=True, eq=False)
class ReorderPoint(Rule):
    """(s, S): when the position is not above s, raise it to S. `review` as in `OrderUpTo`."""

    reorder_point: Level
    order_up_to: Level
    review: int = 1
    terms: Rounds = ANY

    def wanted(self, shelves: Shelves) -> Floats:
        low = shelves.position <= self.reorder_point + NEARLY
        return due(self.review, shelves, np.where(low, self.order_up_to - shelves.position, 0.0))


@dataclass(frozen=True, eq=False)
class Batches(Rule):
    """(R, nQ): when the position is not above r, order as many batches of Q as raise it above."""

    reorder_point: Level
    batch: Level
    review: int = 1
    terms: Rounds = ANY

    def wanted(self, shelves: Shelves) -> Floats:
        number = np.floor((self.reorder_point - shelves.position) / self.batch + NEARLY) + 1
        return due(self.review, shelves, number * self.batch)


def due(review: int, shelves: Shelves, quantity: Floats) -> Floats:
    """The quantity, never negative; nothing between reviews."""
    waiting: Floats = np.maximum(quantity, 0.0) if shelves.period % review == 0 else np.zeros_like(quantity)
    return waiting


Kind = TypeVar("Kind", bound=Rule)


@dataclass(frozen=True, eq=False)
class Best(Generic[Kind]):
    """A policy that is the best of its kind, and what it costs a period, exactly."""

    policy: Kind
    cost: float


def best_order_up_to(demand: Demand, costs: Costs, lead_time: int, review: int = 1) -> Best[OrderUpTo]:
    """The base-stock level of least cost; optimal where placing an order costs nothing (Clark and Scarf 1960)."""
    charged = level_costs(demand, costs, lead_time, review)
    best = int(np.argmin(charged.inside))
    placed = costs.order * float(1 - demand.over(review).chances[0])
    return Best(OrderUpTo(float(best), review), (float(charged.inside[best]) + placed) / review)


def best_reorder_point(demand: Demand, costs: Costs, lead_time: int, review: int = 1) -> Best[ReorderPoint]:
    """The (s, S) of least cost, which is optimal among all policies (Scarf 1960).

    The algorithm of Zheng and Federgruen (1991), Finding optimal (s, S) policies is about as simple as evaluating a
    single policy, Operations Research 39(4): S grows from the level of least cost, s follows it, and a bound ends the
    search. A cycle's cost is that of a renewal process.

    Args:
        demand: of one period, with whole units.
        lead_time: whole periods from order to arrival; 0: it serves the demand of its own period.
        review: whole periods from one opportunity to the next.

    Raises:
        Invalid: nobody wants the item, or holding or missing it costs nothing: there is no best size of an order.
    """
    chances = demand.over(review).chances
    if demand.mean < NEARLY or min(costs.holding, costs.shortage) == 0:
        raise Invalid(
            Fault("costs", "some demand, holding and shortage above zero", repr(costs), "Say what they cost.")
        )
    charged = level_costs(demand, costs, lead_time, review)
    at, stays = _Charged(charged), _Stays(chances)

    def cost(s: int, upto: int) -> float:
        return (costs.order + float(stays.first(upto - s) @ at.down(upto, s))) / stays.length(upto - s)

    best_upto = int(np.argmin(charged.inside))
    best_s = best_upto - 1
    while cost(best_s, best_upto) > at[best_s]:
        best_s -= 1
    least, upto = cost(best_s, best_upto), best_upto + 1
    while at[upto] <= least:
        if cost(best_s, upto) < least:
            best_upto = upto
            while cost(best_s, best_upto) <= at[best_s + 1]:
                best_s += 1
            least = cost(best_s, best_upto)
        upto += 1
    return Best(ReorderPoint(float(best_s), float(best_upto), review), least / review)


def best_batches(demand: Demand, costs: Costs, lead_time: int, batch: int, review: int = 1) -> Best[Batches]:
    """The r of least cost for a given Q: after a review each position from r + 1 to r + Q is equally likely
    (Hadley and Whitin 1963), and an order is placed as often as demand crosses from one batch into the next."""
    charged = level_costs(demand, costs, lead_time, review)
    levels = np.arange(-batch, len(charged.inside) + batch)
    windows = np.convolve(charged.of(levels), np.ones(batch), "valid") / batch
    best = int(np.argmin(windows))
    chances = demand.over(review).chances
    placed = costs.order * float(chances @ np.minimum(np.arange(len(chances)), batch)) / batch
    policy = Batches(float(levels[best] - 1), float(batch), review)
    return Best(policy, (float(windows[best]) + placed) / review)


def newsvendor(demand: Demand, costs: Costs) -> int:
    """What to have for one season, of which a unit too much costs `holding` and one too few `shortage`: the critical
    quantile (Arrow, Harris and Marschak 1951)."""
    return demand.quantile(costs.ratio)


@dataclass(frozen=True, eq=False)
class LevelCosts:
    """What is charged for a review period in which the position was raised to a level, without the order itself.

    Attributes:
        inside: of levels 0, 1, ... up to the most that can be wanted until the next order could come.
        falls, rises: by how much each level below and above those costs more.
    """

    inside: Floats
    falls: float
    rises: float

    def of(self, levels: NDArray[np.int64]) -> Floats:
        most = len(self.inside) - 1
        beyond = self.falls * np.maximum(-levels, 0) + self.rises * np.maximum(levels - most, 0)
        charged: Floats = self.inside[np.clip(levels, 0, most)] + beyond
        return charged


def level_costs(demand: Demand, costs: Costs, lead_time: int, review: int = 1) -> LevelCosts:
    """An order now decides what is left and owed from its arrival until that of the next one."""
    most = demand.over(lead_time + review).most
    levels = np.arange(most + 1)
    total = np.zeros(most + 1)
    for passed in range(lead_time + 1, lead_time + review + 1):
        until = demand.over(passed)
        left = until.expected_left(most)
        total += costs.holding * left + costs.shortage * (until.mean - levels + left)
    return LevelCosts(total, costs.shortage * review, costs.holding * review)


class _Charged:
    """Costs of levels, kept from the highest down as far as they were asked for."""

    def __init__(self, costs: LevelCosts) -> None:
        self._costs = costs
        self._look(-1, len(costs.inside))

    def __getitem__(self, level: int) -> float:
        return float(self.down(level, level - 1)[0])

    def down(self, upto: int, s: int) -> Floats:
        """Of the levels from `upto` down to just above s."""
        if upto > self._high or s < self._low:
            reach = self._high - self._low
            self._look(min(self._low, s - reach), max(self._high, upto + reach))
        return self._known[self._high - upto : self._high - s]

    def _look(self, low: int, high: int) -> None:
        self._low, self._high = low, high
        self._known = self._costs.of(np.arange(high, low, -1))


class _Stays:
    """How many reviews the position spends j units below S in a cycle, in expectation: the renewal density."""

    def __init__(self, chances: Floats) -> None:
        self._chances = chances
        self._known = np.array([1 / (1 - chances[0])])
        self._sums = self._known.tolist()

    def first(self, count: int) -> Floats:
        if count > len(self._known):
            self._grow(max(count, 2 * len(self._known)))
        return self._known[:count]

    def length(self, count: int) -> float:
        """Of a cycle that ends when the position is `count` or more below S, in reviews."""
        self.first(count)
        return float(self._sums[count - 1])

    def _grow(self, count: int) -> None:
        known = np.zeros(count)
        done = len(self._known)
        known[:done] = self._known
        backwards = self._chances[:0:-1] / (1 - self._chances[0])
        for j in range(done, count):
            reach = min(j, len(backwards))
            known[j] = backwards[len(backwards) - reach :] @ known[j - reach : j]
        self._known, self._sums = known, np.cumsum(known).tolist()
