"""What planning sees (a snapshot), what it may be told (parameters) and what it says (decisions). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid
from shelfwise.core.quantities import plain, round_down, round_up
from shelfwise.planning.reliability import Reliability
from shelfwise.planning.standing import CLASSES, Standing, Target
from shelfwise.records.model import LARGEST, Rule
from shelfwise.records.prices import Break, cost_of

Floats = NDArray[np.float64]
DAYS_IN_YEAR = 365.0
LONGEST_REVIEW = 90
DOUBTED = 0.8
"""Below this chance to come at all an order is counted on in part."""


@dataclass(frozen=True, eq=False)
class Amount:
    """A quantity that may be uncertain.

    Attributes:
        values: equally likely values, shape (k,); one value: it is known exactly.
    """

    values: Floats

    @classmethod
    def exactly(cls, value: Decimal) -> Amount:
        return cls(np.array([float(value)]))

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @property
    def exact(self) -> bool:
        return len(self.values) == 1


@dataclass(frozen=True)
class Arrival:
    """An outstanding quantity of a purchase order and when it is expected.

    Attributes:
        chance: that it comes at all.
        asked: 'change' or 'cancel': what its supplier was asked for and has not answered; it counts as it stands.
    """

    quantity: Decimal
    expected_at: datetime
    chance: float = 1.0
    asked: str | None = None

    @property
    def counts(self) -> float:
        """As how much it is counted on: all of it, and in part where it is so long overdue that it may be lost."""
        return float(self.quantity) * (self.chance if self.chance < DOUBTED else 1.0)


@dataclass(frozen=True, eq=False)
class DemandPaths:
    """Possible futures of an item's demand.

    Attributes:
        forecast_id: of the stored forecast; None: it was not stored.
        model: the method that won its race.
        first_day: the day of the first column.
        paths: shape (paths, days), float32, in the item's unit.
    """

    forecast_id: int | None
    model: str
    first_day: date
    paths: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LeadTime:
    """How long an order takes, in days.

    Attributes:
        stated: what the supplier says, or what is usual where nobody said.
        assumed: nobody said.
        observed: the supplier's orders it was learned from; `own`: of them, those of the item.
        lost: the chance that an order never comes.
        short: of one that comes, that less comes than was ordered; `share_when_short`: how much of it then.
        samples: equally likely lead times of orders that come, shape (k,), ascending, positive.
    """

    stated: float
    observed: int
    samples: Floats
    assumed: bool = False
    own: int = 0
    lost: float = 0.0
    short: float = 0.0
    share_when_short: float = 1.0

    @property
    def comes(self) -> float:
        """The share of what is ordered that comes in the end."""
        return (1 - self.lost) * (1 - self.short * (1 - self.share_when_short))

    def quantile(self, level: float) -> float:
        return float(np.quantile(self.samples, level, method="inverted_cdf"))


@dataclass(frozen=True)
class Offer:
    """Terms on which a supplier sells an item.

    Attributes:
        unit_cost: of one unit, where nothing in `breaks` says otherwise.
        breaks: (from so many units on, cost of one), the smallest quantity first.
        largest_order: the most units of one order; None: any number.
        weekly_capacity: the most units they can deliver in a week; None: any number.
        batch_days: what is needed within so many days is ordered at once.
        safety_days: always added to the lead time, and in it; `soft_safety_days`: it is ordered so much earlier where
            that is possible, and counted on no later arrival.
        waits_days: days until they take an order again, in the lead time; `order_gap_days`: from then to the next time.
        free_freight_from: from what on they pay the freight, in `currency`; None: never.
        reliability: what is believed of its next order; None: nothing, it always comes in full.
        rate: what one unit of `currency` is worth in the currency that all offers of the item are compared in.
        minimum_value: below this the supplier takes no order of all items together, in `currency`; None: nothing is
            asked.
    """

    supplier_id: int
    supplier: str
    unit_cost: Decimal
    currency: str
    pack_size: Decimal
    minimum_order: Decimal
    lead_time: LeadTime
    breaks: tuple[Break, ...] = ()
    rate: Decimal = Decimal(1)
    minimum_value: Decimal | None = None
    largest_order: Decimal | None = None
    weekly_capacity: Decimal | None = None
    batch_days: int = 0
    safety_days: float = 0.0
    soft_safety_days: float = 0.0
    waits_days: int = 0
    order_gap_days: int = 1
    free_freight_from: Decimal | None = None
    reliability: Reliability | None = None

    def cost_for(self, quantity: Decimal) -> Decimal:
        """What one unit costs when so many are ordered."""
        return cost_of(self.unit_cost, self.breaks, quantity)

    def total(self, quantity: Decimal) -> Decimal:
        return quantity * self.cost_for(quantity)

    @property
    def most(self) -> Decimal | None:
        """The most that can be ordered at once, in whole packs and never below the least; None: any number."""
        if self.largest_order is None:
            return None
        least = round_up(max(self.minimum_order, self.pack_size), self.pack_size)
        return max(round_down(self.largest_order, self.pack_size), least)


@dataclass(frozen=True)
class Deal:
    """More than is needed, for it is cheaper: all in all, or over the year.

    Attributes:
        instead: what is needed; `instead_cost`: what one unit of that costs.
        saves: what more saves in a year, keeping and ordering counted, in the currency of comparison.
        outright: it costs less altogether, whatever becomes of it.
    """

    quantity: Decimal
    unit_cost: Decimal
    instead: Decimal
    instead_cost: Decimal
    saves: float
    outright: bool


@dataclass(frozen=True)
class ItemState:
    """One item at one site.

    Attributes:
        on_hand: what lies in the site's places.
        reserved: promised of it to order lines.
        backordered: wanted by open order lines that have no reservation yet.
        on_order: outstanding purchase lines.
        demand: None: there is not enough evidence for a forecast.
        offers: who sells it; none: it cannot be ordered.
        unit_price: what a unit recently sold for, in the currency of its offers; None: unknown.
        left_out: currencies of offers that cannot be compared with the others, for they have no rate.
        rule: a person's own, which counts while there is no forecast.
        quantum: the smallest quantity; orders are whole multiples of it.
        shelf_life_days: from coming in to the last day of sale; None: it keeps.
        pallet_share: what a unit takes of a pallet; 0: unknown.
        standing: which policy won its race; None: it did not race.
        service_level: of this item; None: that of the run.
    """

    item_id: int
    sku: str
    description: str
    unit: str
    on_hand: Amount
    reserved: Decimal
    backordered: Decimal
    on_order: tuple[Arrival, ...]
    demand: DemandPaths | None
    offers: tuple[Offer, ...]
    unit_price: Decimal | None = None
    left_out: tuple[str, ...] = ()
    rule: Rule | None = None
    quantum: Decimal = Decimal(1)
    shelf_life_days: int | None = None
    pallet_share: float = 0.0
    standing: Standing | None = None
    service_level: float | None = None

    @property
    def ordered(self) -> Decimal:
        return sum((arrival.quantity for arrival in self.on_order), Decimal(0))

    @property
    def available(self) -> float:
        """On hand less what is promised or owed; negative: owed."""
        return self.on_hand.mean - float(self.reserved + self.backordered)

    @property
    def position(self) -> float:
        """The inventory position: available plus what is counted on of what is on order."""
        return self.available + sum(arrival.counts for arrival in self.on_order)


@dataclass(frozen=True)
class Snapshot:
    """A site at one instant; nothing outside it decides."""

    site_id: int
    at: datetime
    today: date
    items: tuple[ItemState, ...]

    @property
    def without_rate(self) -> dict[str, list[str]]:
        """Currencies whose offers could not be compared, each with the items that they are for."""
        found: dict[str, list[str]] = {}
        for item in self.items:
            for currency in item.left_out:
                found.setdefault(currency, []).append(item.sku)
        return found


@dataclass(frozen=True)
class Params:
    """What a person may set.

    Attributes:
        service_level: the share of replenishment cycles that should pass without a stockout, 0.5 to 0.999.
        review_days: days from one planning run to the next.
        holding_rate: cost of a year's stock as a share of its value.
        ordering_cost: cost of placing and receiving one order line, in the currency that offers are compared in.
        longest_cover_days: an order never covers more reviews than lie in so many days, whatever is cheaper
            (minimum order and pack excepted).
        samples: futures drawn for each item.
        valid_days: days a decision stands before it must be made anew.
        targets: of items of class A, B and C; None: `service_level` for all. Of an item that has not raced,
            `service_level` counts.
        budget: what all orders of a run may cost, in the currency that offers are compared in; None: no limit.
        pallets: what all orders of a run may take of the warehouse; None: no limit.

    Raises:
        Invalid: a value is out of its range; names every one.
    """

    service_level: float = 0.95
    review_days: int = 1
    holding_rate: float = 0.25
    ordering_cost: float = 15.0
    longest_cover_days: int = 60
    samples: int = 1000
    valid_days: int = 2
    targets: tuple[Target, Target, Target] | None = None
    budget: float | None = None
    pallets: float | None = None

    def of(self, item: ItemState) -> Params:
        """What holds for an item."""
        return self if item.service_level is None else replace(self, service_level=item.service_level)

    def at(self, offer: Offer) -> Params:
        """As they are for orders to a supplier: who takes orders once a week is reviewed once a week."""
        days = min(max(self.review_days, offer.order_gap_days), LONGEST_REVIEW)
        return self if days == self.review_days else replace(self, review_days=days)

    def target_of(self, group: str) -> Target:
        if self.targets is None or group not in CLASSES:
            return Target(level=self.service_level)
        return self.targets[CLASSES.index(group)]

    def __post_init__(self) -> None:
        ranges: dict[str, tuple[float, float]] = {
            "service_level": (0.5, 0.999),
            "review_days": (1, LONGEST_REVIEW),
            "holding_rate": (0.0, 10.0),
            "ordering_cost": (0.0, 1e6),
            "longest_cover_days": (1, 730),
            "samples": (100, 100_000),
            "valid_days": (1, 30),
        }
        faults = [
            Fault(name, f"a number from {low:g} to {high:g}", repr(getattr(self, name)), "Correct it.")
            for name, (low, high) in ranges.items()
            if not low <= getattr(self, name) <= high
        ]
        faults += [
            Fault(name, "zero or more, or nothing for no limit", repr(limit), "Correct it.")
            for name, limit in (("budget", self.budget), ("pallets", self.pallets))
            if limit is not None and not limit >= 0
        ]
        faults += [
            Fault(f"target of class {group}", "a share from 0.5 to 0.999", repr(one.level), "Correct it.")
            for group, one in zip(CLASSES, self.targets or (), strict=False)
            if not 0.5 <= one.level <= 0.999
        ]
        if faults:
            raise Invalid(*faults)


@dataclass(frozen=True)
class Decision:
    """An order that should be placed, and why.

    Attributes:
        quantity: whole packs, at least the minimum order.
        expected_days: the median lead time.
        reason: sentences with the numbers in them.
        evidence: every input and what follows from it, fit for JSON.
        alternative: what was not taken and what it would cost, fit for JSON.
        expected_value: of ordering now rather than at the next review, with an 80% interval, fit for JSON.
        expires_at: after this the snapshot is too old to act on.
    """

    site_id: int
    item_id: int
    sku: str
    supplier_id: int
    quantity: Decimal
    unit_cost: Decimal
    currency: str
    pack_size: Decimal
    minimum_order: Decimal
    expected_days: float
    forecast_id: int | None
    today: date
    reason: str
    evidence: dict[str, Any]
    alternative: dict[str, Any]
    expected_value: dict[str, Any]
    expires_at: datetime


def order_faults(quantity: Decimal, pack_size: Decimal, minimum_order: Decimal) -> list[Fault]:
    """What is wrong with ordering this much: nothing below the minimum, never a part of a pack."""
    faults = []
    if not (quantity.is_finite() and 0 < quantity < LARGEST) or quantity % pack_size != 0:
        faults.append(
            Fault(
                "quantity",
                f"whole packs of {plain(pack_size)}",
                str(quantity),
                "Order a multiple of the pack size, or reject the proposal.",
            )
        )
    elif quantity < minimum_order:
        faults.append(
            Fault(
                "quantity",
                f"at least the supplier's minimum of {plain(minimum_order)}",
                plain(quantity),
                "Order more, or reject the proposal.",
            )
        )
    return faults
