"""Stores that sell what was really sold: an order-up-to rule of their own, suppliers who are late, some who fail.

What a store knows is what its own records say: sales, its open orders with their age and promise, past receipts. When
an order will come, if ever, only the future knows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import Floats, LeadTime
from shelfwise.planning.risk.coming import Coming, on_its_way

SUPPLIERS = 12
RECEIPTS = (3, 40)
"""So many past receipts of a supplier are known."""
FAILS = 0.02
"""An order never comes with this chance; nobody is told."""
KNOWN_ORDERS = 100
GIVEN_UP = 3.0
"""An order that is so many times older than its promise is given up."""


@dataclass(frozen=True)
class Open:
    """An order on its way; `comes`: when it really will be there, infinite if never."""

    quantity: float
    ordered: int
    comes: float


@dataclass(frozen=True, eq=False)
class Suppliers:
    """Who delivers, in periods.

    Attributes:
        promised: what each one says.
        learned: what its receipts teach.
        never: what past orders say of those that never come.
    """

    promised: Floats
    middle: Floats
    spread: Floats
    learned: tuple[LeadTime, ...]
    never: Floats

    @classmethod
    def drawn(cls, rng: np.random.Generator, shortest: float, longest: float) -> Suppliers:
        promised = rng.uniform(shortest, longest, SUPPLIERS)
        middle = promised * rng.lognormal(0.1, 0.2, SUPPLIERS)
        spread = rng.uniform(0.1, 0.45, SUPPLIERS)
        seen = [rng.lognormal(np.log(m), s, rng.integers(*RECEIPTS)) for m, s in zip(middle, spread, strict=True)]
        failed = rng.binomial(KNOWN_ORDERS, FAILS, SUPPLIERS)
        return cls(
            promised, middle, spread,
            tuple(learn(said, days.tolist()) for said, days in zip(promised, seen, strict=True)),
            (failed + 0.5) / (KNOWN_ORDERS + 1),
        )  # fmt: skip

    def takes(self, supplier: int, rng: np.random.Generator) -> float:
        if rng.random() < FAILS:
            return float("inf")
        return float(rng.lognormal(np.log(self.middle[supplier]), self.spread[supplier]))


@dataclass(frozen=True, eq=False)
class Standing:
    """One item of a store at the beginning of a period."""

    series: int
    on_hand: float
    open: tuple[Open, ...]
    supplier: int

    def coming(self, suppliers: Suppliers, origin: int) -> list[Coming]:
        """What the store may think of its open orders."""
        lead, never = suppliers.learned[self.supplier], float(suppliers.never[self.supplier])
        return [on_its_way(one.quantity, lead, origin - one.ordered, never=never) for one in self.open]

    def promised(self, suppliers: Suppliers, origin: int, ahead: int) -> Floats:
        """What should have come by the end of each period by its promise, overdue orders in the first one."""
        there = np.zeros(ahead)
        for one in self.open:
            due = int(max(one.ordered + suppliers.promised[self.supplier] - origin, 0))
            there[min(due, ahead) :] += one.quantity
        return there

    def played(self, demand: Floats, origin: int) -> NDArray[np.bool_]:
        """Whether it had run out by the end of each period, had nobody ordered any more."""
        level = self.on_hand - np.cumsum(demand)
        for one in self.open:
            if one.comes < origin + len(demand):
                level[max(int(one.comes) - origin, 0) :] += one.quantity
        gone: NDArray[np.bool_] = np.minimum.accumulate(level) <= 0
        return gone


@dataclass(frozen=True, eq=False)
class Stores:
    """Series of demand, each kept by its own rule at one supplier's.

    Attributes:
        demand: shape (series, periods), what customers wanted.
        recent: so many last periods tell the rule what sells.
        review: periods between two looks.
    """

    demand: Floats
    suppliers: Suppliers
    recent: int
    review: int
    supplier: NDArray[np.int64]
    safety: Floats
    cover: Floats
    pack: Floats

    @classmethod
    def drawn(
        cls, demand: Floats, suppliers: Suppliers, recent: int, review: int, cover: tuple[float, float],
        rng: np.random.Generator,
    ) -> Stores:  # fmt: skip
        """Careful ones and careless ones, those who order often and those who order much."""
        number = len(demand)
        return cls(
            demand, suppliers, recent, review, rng.integers(0, SUPPLIERS, number), rng.normal(0.7, 0.9, number),
            rng.uniform(*cover, number), rng.choice([1.0, 1.0, 6.0, 12.0], number),
        )  # fmt: skip

    def at(self, series: int, origins: Collection[int], rng: np.random.Generator) -> dict[int, Standing]:
        """How an item stands at some periods, after it was kept by its rule from the beginning."""
        demand, who = self.demand[series], int(self.supplier[series])
        on_hand, orders, found = float(demand[: self.recent].sum()), list[Open](), dict[int, Standing]()
        span = float(self.suppliers.promised[who]) + self.review
        for period in range(self.recent, max(origins) + 1):
            if period in origins:
                found[period] = Standing(series, on_hand, tuple(orders), who)
            on_hand += sum(one.quantity for one in orders if one.comes < period + 1)
            orders = [
                one for one in orders
                if one.comes >= period + 1 and period - one.ordered < GIVEN_UP * self.suppliers.promised[who]
            ]  # fmt: skip
            on_hand = max(on_hand - float(demand[period]), 0.0)
            if (period - self.recent) % self.review:
                continue
            lately = demand[period + 1 - self.recent : period + 1]
            wanted = float(lately.mean()) * span + self.safety[series] * float(lately.std()) * span**0.5
            position = on_hand + sum(one.quantity for one in orders)
            if position <= wanted:
                missing = wanted + float(lately.mean()) * self.cover[series] - position
                packs = np.ceil(max(missing, 1.0) / self.pack[series])
                comes = period + 1 + self.suppliers.takes(who, rng)
                orders.append(Open(float(packs * self.pack[series]), period + 1, comes))
        return found
