"""Suppliers and the terms on which they sell. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, time
from decimal import Decimal

from shelfwise.records.model import Provenance


@dataclass(frozen=True)
class NewSupplier:
    """A supplier to be added, or as one shall be.

    Attributes:
        order_url: where orders go by HTTP; goes before `email`. None of the two: a person tells them.
        account_number: what they call us.
        address: lines, as on paper.
        currency: in which they bill; None: as the terms of each item say.
        numbers: how numbers are written on what they read: 'en' 1,234.50, 'de' 1.234,50, 'fr' 1 234,50.
        minimum_value: what an order has to come to at least, in `currency`; None: nothing is asked.
        free_freight_from: from what on they pay the freight, in `currency`; None: never, or nobody said.
        order_days: on which days they take orders, such as 'mon,thu'; '': every day.
        orders_until: until what time of such a day, by the clock of the site that orders; None: all day.
    """

    code: str
    name: str
    order_url: str | None = None
    email: str | None = None
    account_number: str | None = None
    address: str = ""
    currency: str | None = None
    numbers: str = "en"
    provenance: Provenance = "entered"
    minimum_value: Decimal | None = None
    free_freight_from: Decimal | None = None
    order_days: str = ""
    orders_until: time | None = None


@dataclass(frozen=True)
class Supplier:
    """Whoever we buy from; the fields are those of `NewSupplier`."""

    supplier_id: int
    code: str
    name: str
    order_url: str | None
    email: str | None
    account_number: str | None
    address: str
    currency: str | None
    numbers: str
    provenance: Provenance
    minimum_value: Decimal | None = None
    free_freight_from: Decimal | None = None
    order_days: str = ""
    orders_until: time | None = None

    @property
    def as_new(self) -> NewSupplier:
        return NewSupplier(**{one.name: getattr(self, one.name) for one in fields(NewSupplier)})


@dataclass(frozen=True)
class Terms:
    """On which terms a supplier sells an item: cost of one unit, whole packs, at least `minimum_order` units.

    Attributes:
        lead_time_days: None: nobody said; orders assume what is usual for the company.
        supplier_sku: what they call the item.
        largest_order: the most units of one order; None: any number.
        batch_days: what is needed of the item within so many days is ordered at once; 0: it is not waited for.
        safety_days: always added to the lead time, whatever the supplier says.
        soft_safety_days: it is ordered so much earlier where that is possible; counts on no later arrival.
        weekly_capacity: the most units they can deliver in a week; None: as many as are ordered.
        valid_from: the first day on which it is sold to us; None: it always was.
        valid_until: the last one; None: no end is known.
    """

    supplier_id: int
    item_id: int
    unit_cost: Decimal
    currency: str
    lead_time_days: float | None
    pack_size: Decimal = Decimal(1)
    minimum_order: Decimal = Decimal(0)
    provenance: Provenance = "entered"
    supplier_sku: str = ""
    largest_order: Decimal | None = None
    batch_days: int = 0
    safety_days: float = 0.0
    soft_safety_days: float = 0.0
    weekly_capacity: Decimal | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def sold_on(self, day: date) -> bool:
        """Whether it can be ordered on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True)
class Period:
    """What the terms of a supplier and an item say otherwise for a time; None: as always.

    Of several that hold on a day the one that began last counts.

    Attributes:
        valid_until: its last day; None: until another one begins.
    """

    supplier_id: int
    item_id: int
    valid_from: date
    valid_until: date | None = None
    lead_time_days: float | None = None
    pack_size: Decimal | None = None
    minimum_order: Decimal | None = None
    largest_order: Decimal | None = None
    batch_days: int | None = None
    safety_days: float | None = None
    soft_safety_days: float | None = None
    weekly_capacity: Decimal | None = None


SAID_BY_PERIODS = tuple(one.name for one in fields(Period) if one.default is None and one.name != "valid_until")
