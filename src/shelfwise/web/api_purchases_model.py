"""The shapes of the REST interface for buying: drafts, what suppliers say, suppliers and their terms."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shelfwise.web.api_fulfilment_model import Code, Number
from shelfwise.web.api_model import Exact, Id, Name, Shown, Text, Told


class DraftLineIn(Told):
    """So much of an item; without a cost, what it costs by our terms with the supplier."""

    sku: Code
    quantity: Exact
    unit_cost: Exact | None = None


class DraftIn(Told):
    """An order to draft; told twice with the same source, it is one draft.

    Without a currency: that of the terms for its items, else the supplier's, else ours.
    """

    supplier: Code
    site: Code
    lines: Annotated[list[DraftLineIn], Field(min_length=1, max_length=500)]
    expected_at: AwareDatetime
    currency: Code | None = None
    note: Text = ""
    source: Name


class ConfirmedLineIn(Told):
    """What the supplier said of a line; what is left out is as ordered."""

    line: Number
    quantity: Exact | None = None
    promised_at: AwareDatetime | None = None
    unit_cost: Exact | None = None


class ConfirmIn(Told):
    lines: Annotated[list[ConfirmedLineIn], Field(min_length=1, max_length=1000)]


class ChangedLineIn(Told):
    """Order another quantity; 0: no longer wanted."""

    line: Number
    quantity: Exact


class ChangeIn(Told):
    lines: Annotated[list[ChangedLineIn], Field(max_length=1000, default_factory=list)]
    expected_at: AwareDatetime | None = None
    reason: Text = ""


class AnswerIn(Told):
    """Whether the supplier accepts the change or the cancellation they were asked for.

    `lines`: where they say something else, what they will send, as in a confirmation; then `accepted` is false.
    """

    accepted: bool
    note: Text = ""
    lines: Annotated[list[ConfirmedLineIn], Field(max_length=1000)] | None = None


class SupplierIn(Told):
    """A supplier, all of it: what is left out is empty."""

    code: Code
    name: Name
    order_url: Text | None = None
    email: Text | None = None
    account_number: Text | None = None
    address: Text = ""
    currency: Code | None = None
    numbers: Literal["en", "de", "fr"] = "en"
    minimum_value: Exact | None = None
    free_freight_from: Exact | None = None
    order_days: Annotated[str, Field(max_length=30)] = ""
    orders_until: time | None = None


class SupplierOut(Shown):
    supplier_id: Id
    code: str
    name: str
    order_url: str | None
    email: str | None
    account_number: str | None
    address: str
    currency: str | None
    numbers: str
    minimum_value: Exact | None
    free_freight_from: Exact | None
    order_days: str
    orders_until: time | None


class PriceIn(Told):
    """From so many units on, from a day on, one costs so much."""

    from_quantity: Exact
    valid_from: date
    unit_cost: Exact


Days = Annotated[float, Field(ge=0, le=3650)]
WholeDays = Annotated[int, Field(ge=0, le=3650)]


class PeriodIn(Told):
    """For a time the terms are otherwise; what is left out holds as always."""

    valid_from: date
    valid_until: date | None = None
    lead_time_days: Days | None = None
    pack_size: Exact | None = None
    minimum_order: Exact | None = None
    largest_order: Exact | None = None
    batch_days: WholeDays | None = None
    safety_days: Days | None = None
    soft_safety_days: Days | None = None
    weekly_capacity: Exact | None = None


class TermsIn(Told):
    """On which terms a supplier sells an item; `prices` and `periods`: all of them, others are forgotten.

    `lead_time_days`: left out or null where nobody knows; orders then assume the company's usual one.
    `valid_from`: the day from which `unit_cost` holds, where it is changed ahead.
    `sold_from`, `sold_until`: the days on which the supplier sells it to us at all.
    """

    unit_cost: Exact
    currency: Code
    lead_time_days: Days | None = None
    pack_size: Exact = Decimal(1)
    minimum_order: Exact = Decimal(0)
    supplier_sku: Text = ""
    largest_order: Exact | None = None
    batch_days: WholeDays = 0
    safety_days: Days = 0.0
    soft_safety_days: Days = 0.0
    weekly_capacity: Exact | None = None
    sold_from: date | None = None
    sold_until: date | None = None
    valid_from: date | None = None
    prices: Annotated[list[PriceIn], Field(max_length=100)] | None = None
    periods: Annotated[list[PeriodIn], Field(max_length=100)] | None = None


class PriceOut(Shown):
    from_quantity: Exact
    valid_from: date
    unit_cost: Exact


class PeriodOut(Shown):
    valid_from: date
    valid_until: date | None
    lead_time_days: float | None
    pack_size: Exact | None
    minimum_order: Exact | None
    largest_order: Exact | None
    batch_days: int | None
    safety_days: float | None
    soft_safety_days: float | None
    weekly_capacity: Exact | None


class TermsOut(Shown):
    """The terms as they stand, at today's cost; `periods` says when they are otherwise."""

    supplier_id: Id
    item_id: Id
    unit_cost: Exact
    currency: str
    lead_time_days: float | None
    pack_size: Exact
    minimum_order: Exact
    supplier_sku: str
    largest_order: Exact | None
    batch_days: int
    safety_days: float
    soft_safety_days: float
    weekly_capacity: Exact | None
    sold_from: date | None
    sold_until: date | None
    prices: list[PriceOut]
    periods: list[PeriodOut]
