"""What arrivals tell of lead times, and of orders that will never come. Pure.

Nobody says when an order will arrive, or that it got lost: only that so much came in so many periods after it was
placed. Each arrival is matched to the orders it most probably was; what is overdue is lost with a growing probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.policies.model import NEARLY, Observation

PROMISE_COUNTS_AS = 0.7
"""Observed orders that the promised lead time is worth."""
PROMISE_HOLDS, SPREAD = 8.0, 0.5
"""Before anything is seen: what the promise weighs beside lead times one, two, ... periods off, which weigh the second
number to that power."""
LOST_BEFORE, COME_BEFORE = 0.2, 5.0
"""Lost orders and others that are believed before anything is seen."""
FORGETS = 0.96
"""An order counts so much for each order that came after it: suppliers change."""
BEYOND = 4
"""Lead times are thought possible up to so many periods above twice the promise, or above the longest seen."""
ROUNDS, AT_ONCE, CANDIDATES = 4, 3, 10


@dataclass(frozen=True, eq=False)
class Deliveries:
    """What is believed of the orders that have not come, and of the next one.

    Attributes:
        outstanding: (age in periods, quantity) of each order that has not come: 1 was placed one period ago.
        lead: shape (k,): the chance of each lead time 0, 1, ... of an order that comes.
        lost: the chance that an order never comes.
    """

    outstanding: tuple[tuple[int, float], ...]
    lead: Floats
    lost: float

    def chance_to_come(self, age: int) -> float:
        """That an order of this age, which has not come, still will: in the periods before now it could have."""
        later = float(self.lead[age:].sum()) * (1 - self.lost)
        return later / (later + self.lost)

    def remaining(self, age: int, uniform: Floats) -> Floats:
        """Periods from now until such an order comes, 0: in this period, infinite: never; for each of the uniform
        random numbers, of any shape."""
        chances = np.concatenate((self.lead[age:] * (1 - self.lost), [self.lost]))
        waits = np.arange(len(chances), dtype=np.float64)
        waits[-1] = np.inf
        return _drawn(np.cumsum(chances), waits, uniform)

    def arrives(self, uniform: Floats) -> Floats:
        """Lead times of orders that do come."""
        return _drawn(np.cumsum(self.lead), np.arange(len(self.lead), dtype=np.float64), uniform)


def _drawn(cumulative: Floats, values: Floats, uniform: Floats) -> Floats:
    at = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    drawn: Floats = values[np.minimum(at, len(values) - 1)]
    return drawn


class Ledger:
    """Matches arrivals to orders, one period after the other."""

    def __init__(self, promised: int) -> None:
        self._promised = promised
        self._open: dict[int, float] = {}
        self._seen = _around(promised)
        self._leads: list[int] = []
        self._periods = 0

    def read(self, seen: Observation) -> Deliveries:
        """What is believed after everything that was seen; what was read before is not read again."""
        if len(seen.arrivals) < self._periods:
            self.__init__(self._promised)  # type: ignore[misc]
        for period in range(self._periods, len(seen.arrivals)):
            if seen.orders and seen.orders[period] > NEARLY:
                self._open[period] = seen.orders[period]
            self._match(period, seen.arrivals[period])
        self._periods = len(seen.arrivals)
        self._reconcile(seen.in_transit)
        outstanding = tuple((seen.period - placed, quantity) for placed, quantity in self._open.items())
        lead, lost = self._believed([age for age, _ in outstanding])
        return Deliveries(outstanding, lead, lost)

    def _match(self, period: int, arrived: float) -> None:
        """The most probable orders that make up what arrived; in part where none make it up exactly."""
        if arrived <= NEARLY:
            return
        chance = self._chances(period - min(self._open, default=period))
        likely = sorted(self._open, key=lambda placed: -chance[period - placed])[:CANDIDATES]
        exact = [
            (sum(np.log(chance[period - placed]) for placed in some), some)
            for size in range(1, AT_ONCE + 1)
            for some in combinations(likely, size)
            if abs(sum(self._open[placed] for placed in some) - arrived) < 1e-6
        ]
        for placed in max(exact)[1] if exact else likely:
            taken = min(arrived, self._open[placed])
            arrived -= taken
            self._open[placed] -= taken
            if self._open[placed] <= NEARLY:
                del self._open[placed]
                self._leads.append(period - placed)
            if arrived <= NEARLY:
                return

    def _reconcile(self, in_transit: float) -> None:
        """What is not in transit any more will not come: the oldest orders are struck off."""
        for placed in sorted(self._open):
            excess = sum(self._open.values()) - in_transit
            if excess <= 1e-6:
                return
            self._open[placed] -= min(excess, self._open[placed])
            if self._open[placed] <= NEARLY:
                del self._open[placed]

    def _chances(self, longest: int) -> Floats:
        counts = np.zeros(max(2 * self._promised + BEYOND, longest, max(self._leads, default=0) + BEYOND) + 1)
        prior = _around(self._promised, len(counts))
        counts += PROMISE_COUNTS_AS * prior
        for age, lead in enumerate(reversed(self._leads)):
            counts[lead] += FORGETS**age
        chances: Floats = counts / counts.sum()
        return chances

    def _believed(self, ages: list[int]) -> tuple[Floats, float]:
        """Lead times and losses that explain both what came and what has not come yet (Dempster, Laird and Rubin
        1977): each outstanding order is lost in part, and in part still to come."""
        came = self._chances(max(ages, default=0))
        total = PROMISE_COUNTS_AS + sum(FORGETS**age for age in range(len(self._leads)))
        counts = came * total
        lead, lost = came, LOST_BEFORE / (LOST_BEFORE + COME_BEFORE)
        for _ in range(ROUNDS):
            expected, gone = counts.copy(), LOST_BEFORE
            for age in ages:
                later = lead[age:] * (1 - lost)
                whole = later.sum() + lost
                gone += lost / whole
                expected[age:] += later / whole
            lead = expected / expected.sum()
            lost = gone / (gone + COME_BEFORE + float(expected.sum()) - PROMISE_COUNTS_AS)
        return lead, lost


def _around(promised: int, count: int = 0) -> Floats:
    distance = np.abs(np.arange(max(count, 2 * promised + BEYOND + 1)) - promised)
    chances = np.where(distance == 0, PROMISE_HOLDS, SPREAD**distance)
    normed: Floats = chances / chances.sum()
    return normed
