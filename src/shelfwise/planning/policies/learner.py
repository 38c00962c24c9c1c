"""A policy that knows neither demand nor lead times, and finds both out while it orders. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.deliveries import Deliveries, Ledger
from shelfwise.planning.policies.expectation import AHEAD, Expectation
from shelfwise.planning.policies.model import ANY, NEARLY, Costs, Observation, Terms, Unmet

Ints = NDArray[np.int64]
FUTURES = 256
"""Possible futures that are drawn for each order."""
MOST = 1e9
"""Units that no order exceeds."""
RARE = 0.05
"""Longer lead times than all but so many are reckoned as the longest of the others."""
LONGER = 4
"""Periods after the next order's arrival in which what is too much may still lie there."""


class Learner:
    """Orders as many units as are each worth it in expectation.

    For every possible future (of demand, and of when what is outstanding, this order and the next one arrive) it is
    reckoned what is on the shelf when the order comes, lost sales on the way included. A unit is worth ordering if what
    it earns when it is sold before the next order comes, times how often it is, exceeds what holding it costs until
    then. With a fixed lead time and no losses this is the projected level of `ProjectedLevel` at the newsvendor's
    quantile; where orders get lost or cross, an order covers more periods.

    It remembers what it has read: a new item needs a new learner. The same observations give the same orders.

    Args:
        costs: what holding and missing a unit costs, where an observation does not say.
        promised: lead time in periods; 0: an order serves the demand of its own period.
        before: demand of the periods before the first observation, the oldest first.
        terms: what the supplier sells.
    """

    def __init__(
        self, costs: Costs, promised: int, before: Iterable[float] = (), terms: Terms = ANY, seed: int = 0
    ) -> None:
        self._before = tuple(float(demand) for demand in before)
        if promised < 0 or min(self._before, default=0.0) < 0:
            got = f"{promised}, {self._before}"
            raise Invalid(Fault("promised", "a lead time and demand of zero or more", got, "Correct it."))
        self._costs, self._promised, self._terms, self._seed = costs, promised, terms, seed
        self._begin()

    def _begin(self) -> None:
        self._ledger = Ledger(self._promised)
        self._expectation = Expectation()
        for demand in self._before:
            self._expectation.see(demand, self._promised + 1)
        self._read = 0

    def order(self, seen: Observation) -> float:
        if seen.period < self._read:
            self._begin()
        deliveries = self._ledger.read(seen)
        covers = min(int(deliveries.lead @ np.arange(len(deliveries.lead)) + 0.5) + 1, AHEAD - LONGER)
        self._listen(seen, covers)
        if not len(self._expectation):
            # Nothing is known at all: one unit, to find out.
            return float(self._terms.rounded(np.array([1.0]))[0]) if seen.on_hand + seen.in_transit <= 0 else 0.0
        rng = np.random.default_rng([self._seed, seen.period])
        demand = self._expectation.outlook(covers).paths(FUTURES, rng)
        wanted = worthwhile(seen, deliveries, demand, seen.costs or self._costs, rng)
        return float(self._terms.rounded(np.array([wanted]))[0])

    def _listen(self, seen: Observation, covers: int) -> None:
        for period in range(self._read, len(seen.sales)):
            sold = seen.sales[period]
            told = seen.demand_seen or seen.unmet is Unmet.WAITS or not seen.left
            if told or seen.left[period] > NEARLY:
                self._expectation.see(sold, covers)
            elif sold > 0 or len(self._expectation):
                self._expectation.censored(sold, covers)
        self._read = len(seen.sales)


def worthwhile(
    seen: Observation, deliveries: Deliveries, demand: Floats, costs: Costs, rng: np.random.Generator
) -> float:
    """How many units earn more than they cost.

    Args:
        demand: possible futures, shape (futures, periods).
    """
    futures = len(demand)
    # As far as an order can probably take, the next one after it, and what may lie there after that.
    latest = min(int(np.searchsorted(np.cumsum(deliveries.lead), 1 - RARE)), demand.shape[1] - LONGER - 2)
    periods = latest + 2 + LONGER
    demand = demand[:, :periods]
    uniform = rng.random((len(deliveries.outstanding) + periods, futures))
    coming = np.zeros((futures, periods + 1))
    everyone = np.arange(futures)
    for (age, quantity), row in zip(deliveries.outstanding, uniform[periods:], strict=True):
        coming[everyone, np.minimum(deliveries.remaining(age, row), periods).astype(np.int64)] += quantity
    comes = np.minimum(deliveries.arrives(uniform[0]), latest).astype(np.int64)
    later = np.arange(1, periods)[:, None] + deliveries.remaining(0, uniform[1:periods])
    following = np.minimum(np.maximum(later, comes + 1).min(axis=0), latest + 1).astype(np.int64)
    following = np.maximum(following, comes + 1)
    stock, shelf = np.full(futures, seen.on_hand), np.empty(futures)
    for period in range(latest + 1):
        stock = stock + coming[:, period]
        shelf = np.where(comes == period, stock, shelf)
        stock = stock - demand[:, period]
        if seen.unmet is Unmet.LOST:
            stock = np.maximum(stock, 0.0)
    return _last_worth_it(shelf, comes, following, demand, coming, costs)


def _last_worth_it(shelf: Floats, comes: Ints, following: Ints, demand: Floats, coming: Floats, costs: Costs) -> float:
    """Search by halves for the last unit whose expected earnings exceed its expected holding."""
    futures, periods = demand.shape
    steps = np.arange(periods)
    within = (steps >= comes[:, None]) & (steps < following[:, None])
    wanted = np.cumsum(np.where(steps >= comes[:, None], demand, 0.0), axis=1)
    extra = np.cumsum(np.where(steps > comes[:, None], coming[:, :-1], 0.0), axis=1)
    net = wanted - extra - shelf[:, None]
    after = (steps >= following[:, None]) & (steps < following[:, None] + LONGER)
    usual = np.sort(demand[np.arange(futures), following])[int(costs.ratio * (futures - 1))]

    def worth(unit: float) -> float:
        lies = (net < unit) & within
        sold = (net >= unit) & within
        too_much = (net < unit - usual) & after
        return float(
            (costs.shortage * sold.any(axis=1) - costs.holding * (lies.sum(axis=1) + too_much.sum(axis=1))).mean()
        )

    low, high = 0.0, max(float(usual), 1.0)
    while worth(high) > 0 and high < MOST:
        low, high = high, 2 * high
    while high - low > max(0.5, 0.002 * low):
        middle = (low + high) / 2
        low, high = (middle, high) if worth(middle) > 0 else (low, middle)
    return float(np.floor(high))
