"""Ordering under uncertainty: invented instances, and one shop after another that is stepped through each.

Demand is steady, jumps, grows or fades, swings with a season, changes its spread, bursts, remembers its last value, or
lives and dies like a fashion. Orders come at once, after a fixed time, after a time other than the promised one, or
after a random one, and some never come. The policy knows five periods of demand before, the promise, the margin and
what holding costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import Floats
from shelfwise.planning.policies.model import Costs, Diary, Observation, Policy

PERIODS, BEFORE = 50, 5
NEVER = 10_000
MARGINS = (1.0, 3.0, 9.0, 19.0)
"""Profit of a unit sold for each that holding it a period costs."""
Make = Callable[["Instance"], Policy]


@dataclass(frozen=True, eq=False)
class Instance:
    """One item's course.

    Attributes:
        before: shape (5,): demand of the periods before.
        demand, lead: shape (periods,); lead times by period of the order, `NEVER` of those that get lost.
        promised: lead time.
        group: demand and delivery in a word each.
    """

    group: tuple[str, str]
    before: Floats
    demand: Floats
    lead: NDArray[np.int64]
    promised: int
    margin: float
    holding: float = 1.0

    @property
    def costs(self) -> Costs:
        return Costs(self.holding, self.margin * self.holding)


def invented(seed: int, each: int) -> list[Instance]:
    """`each` instances of each kind of demand and of delivery."""
    rng = np.random.default_rng([seed, 8])
    kinds = product(SHAPES.items(), DELIVERIES, range(each))
    return [
        delivered(rng, shape(rng), name, delivery, MARGINS[(place // (each * len(DELIVERIES)) + number) % len(MARGINS)])
        for place, ((name, shape), delivery, number) in enumerate(kinds)
    ]


def delivered(rng: np.random.Generator, demand: Floats, name: str, delivery: str, margin: float) -> Instance:
    """Demand of `BEFORE` and further periods, with lead times of a kind."""
    promised, lead = DELIVERIES[delivery](rng, len(demand) - BEFORE)
    return Instance((name, delivery), demand[:BEFORE], demand[BEFORE:], lead, promised, margin)


def reward(instance: Instance, make: Make, *, demand_seen: bool = True) -> float:
    """Margin of what was sold less holding, as a share of what would be earned if all could be sold and none held;
    at least 0. The shelf is empty at first, and what is lost stays in transit for the policy."""
    diary = Diary(make(instance), instance.costs, demand_seen=demand_seen)
    due = np.zeros(len(instance.demand) + NEVER + 1)
    on_hand = in_transit = sold = told = earned = arrived = 0.0
    for period, wanted in enumerate(instance.demand):
        order = diary.step(on_hand, told, arrived, in_transit=in_transit)
        due[period + instance.lead[period]] += order
        arrived = float(due[period])
        in_transit += order - arrived
        sold = min(on_hand + arrived, float(wanted))
        on_hand += arrived - sold
        earned += instance.holding * (instance.margin * sold - on_hand)
        told = float(wanted) if demand_seen else sold
    return max(earned / (instance.margin * instance.holding * float(instance.demand.sum())), 0.0)


@dataclass(frozen=True, eq=False)
class Plain:
    """Capped order-up-to by the mean and spread of all demand so far and the promised lead time: the baseline."""

    instance: Instance

    def order(self, seen: Observation) -> float:
        known = np.concatenate((self.instance.before, seen.sales))
        mean, spread = float(known.mean()), float(known.std(ddof=1))
        covers = self.instance.promised + 1
        z = NormalDist().inv_cdf(self.instance.costs.ratio) if self.instance.costs.ratio > 0 else 0.0
        wanted = covers * mean + z * covers**0.5 * spread - seen.on_hand - seen.in_transit
        return float(int(max(min(wanted, mean + 1.645 * spread), 0.0)))


def _base(rng: np.random.Generator) -> tuple[float, float]:
    mean = float(np.exp(rng.uniform(np.log(15), np.log(300))))
    return mean, mean * float(rng.uniform(0.1, 0.5))


def _noisy(rng: np.random.Generator, mean: Floats, spread: Floats | float) -> Floats:
    return _counted(mean + spread * rng.standard_normal(len(mean)))


def _counted(demand: Floats) -> Floats:
    counted: Floats = np.rint(np.maximum(demand, 0.0))
    return counted


def _steady(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    return _noisy(rng, np.full(PERIODS + BEFORE, mean), spread)


def _jump(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    factor = np.ones(PERIODS + BEFORE)
    for _ in range(rng.integers(1, 3)):
        factor[rng.integers(12, 45) :] *= rng.choice([0.4, 0.6, 1.6, 2.2])
    return _noisy(rng, mean * factor, spread * np.sqrt(factor))


def _trend(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    grown = np.linspace(1, float(rng.choice([0.1, 0.4, 2.0, 4.0])), PERIODS + BEFORE)
    return _noisy(rng, mean * grown, spread * np.sqrt(grown))


def _season(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    wave = np.sin(2 * np.pi * (np.arange(PERIODS + BEFORE) / rng.choice([6, 8, 13, 26]) + rng.random()))
    return _noisy(rng, mean * (1 + rng.uniform(0.3, 0.8) * wave), 0.6 * spread)


def _spread(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    wider = np.where(np.arange(PERIODS + BEFORE) < rng.integers(15, 40), 1.0, rng.choice([0.2, 2.0]))
    return _noisy(rng, np.full(PERIODS + BEFORE, mean), spread * wider)


def _burst(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    factor = np.ones(PERIODS + BEFORE)
    for _ in range(rng.integers(1, 4)):
        start = rng.integers(8, 50)
        factor[start : start + rng.integers(1, 5)] *= rng.choice([0.2, 2.5, 3.5])
    return _noisy(rng, mean * factor, spread)


def _remembers(rng: np.random.Generator) -> Floats:
    mean, spread = _base(rng)
    keeps, off = float(rng.choice([-0.4, 0.5, 0.8])), 0.0
    demand: list[float] = []
    for shock in rng.standard_normal(PERIODS + BEFORE):
        off = keeps * off + spread * (1 - keeps**2) ** 0.5 * shock
        demand.append(mean + off)
    return _counted(np.array(demand))


def _fashion(rng: np.random.Generator) -> Floats:
    """Rises within weeks, fades over months, sells little before and after, and varies more than Poisson."""
    week = np.arange(PERIODS + BEFORE) - rng.integers(-25, 35)
    life = np.where(week < 0, np.exp(week / rng.uniform(2, 8)), np.exp(-week / rng.uniform(5, 30)))
    season = 1 + 0.4 * np.sin(2 * np.pi * (week / 52 + rng.random()))
    mean = np.maximum(np.exp(rng.uniform(np.log(10), np.log(300))) * life * season, 0.2)
    return _counted(rng.poisson(mean * rng.gamma(4, 0.25, len(mean))).astype(np.float64))


SHAPES: dict[str, Callable[[np.random.Generator], Floats]] = {
    "steady": _steady,
    "jump": _jump,
    "trend": _trend,
    "season": _season,
    "spread": _spread,
    "burst": _burst,
    "remembers": _remembers,
    "fashion": _fashion,
}


def _fixed(periods: int, rng: np.random.Generator, count: int) -> tuple[int, NDArray[np.int64]]:
    return periods, np.full(count, periods)


def _other(rng: np.random.Generator, count: int) -> tuple[int, NDArray[np.int64]]:
    """Not what was promised, and different again from some period on."""
    promised = int(rng.integers(1, 5))
    first, then = rng.integers(0, 6, 2)
    return promised, np.where(np.arange(count) < rng.integers(10, 40), first, then)


def _random(rng: np.random.Generator, count: int) -> tuple[int, NDArray[np.int64]]:
    """Around the promise, and a part never comes."""
    promised = int(rng.integers(1, 4))
    lead = np.maximum(promised + rng.choice([-1, 0, 1, 2], count, p=[0.25, 0.4, 0.25, 0.1]), 0)
    return promised, np.where(rng.random(count) < rng.choice([0.05, 0.15, 0.3]), NEVER, lead)


DELIVERIES: dict[str, Callable[[np.random.Generator, int], tuple[int, NDArray[np.int64]]]] = {
    "at once": partial(_fixed, 0),
    "in four": partial(_fixed, 4),
    "other than promised": _other,
    "random, some lost": _random,
}
