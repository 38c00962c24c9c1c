"""What a policy sees, what it answers, and what it costs to be wrong. Pure.

A period passes in this order: the policy is asked and orders; what is due comes in; demand takes from the shelf; the
period is charged for what is left and for what was missed. An order of period t with lead time L serves demand from
period t + L on; without a lead time, that of t itself. A simulator that takes deliveries in before it asks fits too:
what has come is then on hand and no longer in transit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats

NEARLY = 1e-9
"""Sums of floating point numbers that differ by less are equal."""


class Unmet(StrEnum):
    """What becomes of demand that the shelf cannot serve."""

    LOST = "lost"
    WAITS = "waits"


@dataclass(frozen=True)
class Costs:
    """What a period costs, in one currency.

    Attributes:
        holding: of a unit that is left at the end of a period.
        shortage: of a unit that was wanted and is lost, or of one that is owed at the end of a period.
        order: of placing an order, whatever its size.

    Raises:
        Invalid: one is negative, or neither holding nor shortage costs anything.
    """

    holding: float
    shortage: float
    order: float = 0.0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, "a cost of zero or more", repr(getattr(self, name)), "Correct it.")
            for name in ("holding", "shortage", "order")
            if not 0 <= getattr(self, name) < float("inf")
        ]
        if not faults and self.holding + self.shortage == 0:
            faults.append(Fault("shortage", "holding or shortage above zero", "0", "Say what a missed unit costs."))
        if faults:
            raise Invalid(*faults)

    @property
    def ratio(self) -> float:
        """The newsvendor's critical ratio: how often the shelf should suffice (Arrow, Harris and Marschak 1951)."""
        return self.shortage / (self.shortage + self.holding)


@dataclass(frozen=True)
class Terms:
    """In what quantities a supplier sells.

    Attributes:
        multiple: an order is a whole number of these (a pack).
        minimum: the least that can be ordered at once.
        maximum: the most; None: no limit. It is rounded down to whole packs.
    """

    multiple: int = 1
    minimum: int = 0
    maximum: int | None = None

    def __post_init__(self) -> None:
        most = None if self.maximum is None else self.maximum // max(self.multiple, 1) * self.multiple
        if self.multiple < 1 or self.minimum < 0 or (most is not None and most < max(self.minimum, self.multiple)):
            expected = "packs of one or more, and a maximum that leaves room for the minimum in whole packs"
            raise Invalid(Fault("terms", expected, repr(self), "Ask the supplier, and correct them."))

    def rounded(self, wanted: Floats) -> Floats:
        """What can be ordered of what is wanted: whole packs that suffice, or nothing where nothing is wanted."""
        rounded = whole_packs(wanted, self.multiple, self.minimum)
        return rounded if self.maximum is None else np.minimum(rounded, self.maximum // self.multiple * self.multiple)


class Rounds(Protocol):
    """Terms of one item, or of many."""

    def rounded(self, wanted: Floats) -> Floats: ...


def whole_packs(wanted: Floats, multiple: float | Floats, minimum: float | Floats) -> Floats:
    """The fewest packs that hold what is wanted, and at least the minimum; none where nothing is wanted."""
    packs = np.maximum(wanted, minimum) / multiple
    packs -= NEARLY
    packs = np.ceil(packs, out=packs)
    packs *= multiple
    packs *= wanted > NEARLY
    rounded: Floats = packs
    return rounded


ANY = Terms()


@dataclass(frozen=True)
class Observation:
    """What is known when a policy is asked. Quantities are in the item's unit; tuples have one value for each period
    that has passed, the first one first.

    Attributes:
        period: how many periods have passed.
        on_hand: what lies there; negative: owed.
        in_transit: ordered and not yet come, all together, with what may have got lost.
        pipeline: the same by age: the first value was ordered one period ago; None: only the total is known.
        sales: what was sold; of a period that ended without stock, only the least that was wanted.
        arrivals: what came in.
        orders: what was ordered.
        left: what was on hand when each period had passed; none: not known, and no period counts as sold out.
        by_life: `on_hand` by the periods it can still be sold: the first value only in this one; None: not known.
        demand_seen: `sales` say what was wanted also where the shelf was empty.
        day: of the period that begins; None: it has no date.

    Raises:
        Invalid: the past of one thing is longer than that of another.
    """

    period: int
    on_hand: float
    in_transit: float = 0.0
    pipeline: tuple[float, ...] | None = None
    sales: tuple[float, ...] = ()
    arrivals: tuple[float, ...] = ()
    orders: tuple[float, ...] = ()
    left: tuple[float, ...] = ()
    by_life: tuple[float, ...] | None = None
    unmet: Unmet = Unmet.LOST
    costs: Costs | None = None
    demand_seen: bool = False
    day: date | None = None

    def __post_init__(self) -> None:
        told = {"sales": self.sales, "arrivals": self.arrivals, "orders": self.orders, "left": self.left}
        lengths = {name: len(values) for name, values in told.items() if values}
        if len(set(lengths.values())) > 1:
            expected = "as many periods of each, or none"
            raise Invalid(Fault("observation", expected, repr(lengths), "Pass on what every period has shown."))

    @property
    def by_age(self) -> tuple[float, ...]:
        """The pipeline; where only its total is known, the latest orders are taken to be what is still to come."""
        if self.pipeline is not None:
            return self.pipeline
        ages: list[float] = []
        rest = self.in_transit
        for ordered in reversed(self.orders):
            if rest <= NEARLY:
                break
            ages.append(min(ordered, rest))
            rest -= ages[-1]
        if rest > NEARLY:
            ages.append(rest)
        return tuple(ages)


@runtime_checkable
class Policy(Protocol):
    """Whatever can be asked for the next order."""

    def order(self, seen: Observation) -> float:
        """The quantity to order now: whole units, never negative."""
        ...


@dataclass(frozen=True, eq=False)
class Shelves:
    """Many shelves at one instant; they may be items, possible futures, or both.

    Attributes:
        on_hand: shape (...); negative: owed.
        in_transit: shape (...).
        pipeline: `in_transit` by age, shape (ages, ...): the first row was ordered one period ago.
        recent: tells mean and standard deviation of what was wanted in the last so many periods, of such shapes; None:
            not known.
    """

    period: int
    on_hand: Floats
    in_transit: Floats
    pipeline: Floats
    recent: Callable[[int], tuple[Floats, Floats]] | None = None

    @property
    def position(self) -> Floats:
        """The inventory position: on hand less owed plus in transit."""
        return self.on_hand + self.in_transit


class Rule(ABC):
    """A policy that needs no memory: what it orders depends on what it is shown of the shelf, and on nothing else. It
    answers for many shelves at once; its parameters may differ between them (shapes that broadcast)."""

    terms: Rounds
    by_age: ClassVar[bool] = False
    """It looks at the pipeline by age; others need only the total."""
    remembers: ClassVar[bool] = False
    """It looks at what was wanted lately."""

    @abstractmethod
    def wanted(self, shelves: Shelves) -> Floats:
        """What would be ordered if any quantity could be, shape (...)."""

    def quantities(self, shelves: Shelves) -> Floats:
        """What is ordered, shape (...)."""
        return self.terms.rounded(self.wanted(shelves))

    def order(self, seen: Observation) -> float:
        ages = np.array(seen.by_age, np.float64)[:, None, None]
        shelves = Shelves(seen.period, np.array([[seen.on_hand]], np.float64), ages.sum(axis=0), ages)
        return float(self.quantities(shelves).item())


class Diary:
    """Writes down what a step-by-step simulator reveals, and asks a policy with all of it.

    Args:
        policy: who is asked.
        costs: what a period costs, where that stays the same.
        demand_seen: the simulator says what was wanted, not only what was sold.
    """

    def __init__(
        self, policy: Policy, costs: Costs | None = None, unmet: Unmet = Unmet.LOST, *, demand_seen: bool = False
    ) -> None:
        self._policy, self._costs, self._unmet, self._demand_seen = policy, costs, unmet, demand_seen
        self._sales: list[float] = []
        self._arrivals: list[float] = []
        self._orders: list[float] = []
        self._left: list[float] = []

    def step(
        self,
        on_hand: float,
        sold: float = 0.0,
        arrived: float = 0.0,
        *,
        in_transit: float | None = None,
        pipeline: Sequence[float] | None = None,
        costs: Costs | None = None,
        day: date | None = None,
    ) -> float:
        """The order of the next period.

        Args:
            on_hand: now, before the order.
            sold, arrived: in the period that has just passed; of the first step nothing is noted.
            in_transit: ordered and not come, lost orders included; None: it is what was ordered less what came.
            pipeline: the same by age, where it is known.
            costs: of this period, where they change.
        """
        if self._orders:
            self._sales.append(sold)
            self._arrivals.append(arrived)
            self._left.append(on_hand)
        on_its_way = sum(self._orders) - sum(self._arrivals) if in_transit is None else in_transit
        seen = Observation(
            period=len(self._orders),
            on_hand=on_hand,
            in_transit=max(on_its_way if pipeline is None else sum(pipeline), 0.0),
            pipeline=None if pipeline is None else tuple(pipeline),
            sales=tuple(self._sales),
            arrivals=tuple(self._arrivals),
            orders=tuple(self._orders),
            left=tuple(self._left),
            unmet=self._unmet,
            costs=costs or self._costs,
            demand_seen=self._demand_seen,
            day=day,
        )
        quantity = self._policy.order(seen)
        self._orders.append(quantity)
        return quantity
