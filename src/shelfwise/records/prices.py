"""Suppliers, their terms and prices by quantity and day: what is wrong with them, and what a quantity costs. Pure.

Of several prices for so many units on, the newest that holds on the day counts; of several quantities, the largest that
is reached. A price from 0 units on is the price itself, known before the day it begins.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.core.errors import Fault, shorten
from shelfwise.core.quantities import ZERO
from shelfwise.records.model import (
    amount_of_money_faults,
    code_faults,
    currency_faults,
    exact,
    positive_faults,
    text_faults,
)
from shelfwise.records.supply import SAID_BY_PERIODS, NewSupplier, Period, Terms

NUMBERS = ("en", "de", "fr")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_DAYS = 3650
Break = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Price:
    """What one unit of an item costs from so many on, from a day on, in the currency of the terms."""

    supplier_id: int
    item_id: int
    from_quantity: Decimal
    valid_from: date
    unit_cost: Decimal


def breaks_on(prices: Iterable[Price], day: date) -> tuple[Break, ...]:
    """(from so many units on, cost of one) as it holds on a day, the smallest quantity first."""
    newest: dict[Decimal, Price] = {}
    for one in prices:
        known = newest.get(one.from_quantity)
        if one.valid_from <= day and (known is None or known.valid_from < one.valid_from):
            newest[one.from_quantity] = one
    return tuple((quantity, newest[quantity].unit_cost) for quantity in sorted(newest))


def cost_of(unit_cost: Decimal, breaks: Iterable[Break], quantity: Decimal) -> Decimal:
    """What one unit costs when so many are ordered together."""
    reached = [(start, cost) for start, cost in breaks if start <= quantity]
    return max(reached)[1] if reached else unit_cost


def supplier_faults(supplier: NewSupplier, row: str = "") -> Iterator[Fault]:
    """What is wrong with a supplier; `row` is put before the names of fields."""
    yield from code_faults(supplier.code, f"{row}code")
    yield from text_faults(supplier.name, f"{row}name")
    if not supplier.name.strip():
        yield Fault(f"{row}name", "what people call the supplier", "nothing", "Type a name.")
    url = supplier.order_url
    if url is not None and not (url.startswith(("http://", "https://")) and url.isprintable()):
        yield Fault(f"{row}order_url", "an http or https address", shorten(url), "Correct the address.")
    email = supplier.email
    if email is not None and not (re.fullmatch(r"[^@\s]+@[^@\s]+", email) and email.isprintable()):
        wanted = "a mail address such as orders@example.com"
        yield Fault(f"{row}email", wanted, shorten(email), "Correct the address.")
    yield from text_faults(supplier.account_number or "", f"{row}account_number")
    yield from text_faults(" ".join(supplier.address.splitlines()), f"{row}address")
    if supplier.currency is not None:
        yield from currency_faults(supplier.currency, f"{row}currency")
    if supplier.numbers not in NUMBERS:
        yield Fault(f"{row}numbers", f"one of {', '.join(NUMBERS)}", shorten(supplier.numbers), "Choose one.")
    for name in ("minimum_value", "free_freight_from"):
        value = getattr(supplier, name)
        if value is None:
            continue
        yield from amount_of_money_faults(value, f"{row}{name}")
        if supplier.currency is None:
            yield Fault(
                f"{row}{name}", "an amount in the currency they bill in", "no currency", "Say what they bill in."
            )
    days = supplier.order_days
    if days and days != ",".join(one for one in WEEKDAYS if one in days.split(",")):
        wanted = f"days of the week such as mon,thu, of {', '.join(WEEKDAYS)}"
        yield Fault(f"{row}order_days", wanted, shorten(days), "Correct it, or leave it empty for every day.")


def terms_faults(terms: Terms, row: str = "") -> Iterator[Fault]:
    """What is wrong with a supplier's terms."""
    yield from amount_of_money_faults(terms.unit_cost, f"{row}unit_cost")
    if not (exact(terms.minimum_order) and terms.minimum_order >= 0):
        yield Fault(f"{row}minimum_order", "0 or more units", str(terms.minimum_order), "Correct the minimum.")
    yield from _days_faults(terms.lead_time_days, f"{row}lead_time_days")
    yield from positive_faults(terms.pack_size, f"{row}pack_size", "units")
    yield from _size_faults(terms, row)
    yield from currency_faults(terms.currency, f"{row}currency")
    yield from text_faults(terms.supplier_sku, f"{row}supplier_sku")


def period_faults(period: Period, row: str = "") -> Iterator[Fault]:
    """What is wrong with what terms say for a time."""
    if all(getattr(period, name) is None for name in SAID_BY_PERIODS):
        yield Fault(f"{row}period", "something that is otherwise", "nothing", "Say what is otherwise in that time.")
    if period.minimum_order is not None and not (exact(period.minimum_order) and period.minimum_order >= 0):
        yield Fault(f"{row}minimum_order", "0 or more units", str(period.minimum_order), "Correct the minimum.")
    yield from _days_faults(period.lead_time_days, f"{row}lead_time_days")
    yield from positive_faults(period.pack_size, f"{row}pack_size", "units")
    yield from _size_faults(period, row)


def _size_faults(told: Terms | Period, row: str) -> Iterator[Fault]:
    """What is wrong with the largest order, what is ordered at once, safety, capacity and the days they hold."""
    for name in ("largest_order", "weekly_capacity"):
        value = getattr(told, name)
        if value is not None:
            yield from positive_faults(value, f"{row}{name}", "units")
    pack, largest = told.pack_size, told.largest_order
    if (
        pack is not None
        and largest is not None
        and largest.is_finite()
        and 0 < largest < max(pack, told.minimum_order or ZERO)
    ):
        yield Fault(f"{row}largest_order", "at least a pack and the minimum", str(largest), "Correct one of them.")
    for name in ("batch_days", "safety_days", "soft_safety_days"):
        yield from _days_faults(getattr(told, name), f"{row}{name}")
    if told.valid_from is not None and told.valid_until is not None and told.valid_until < told.valid_from:
        yield Fault(
            f"{row}valid_until", f"{told.valid_from} or later", str(told.valid_until), "Correct one of the days."
        )


def _days_faults(days: float | None, where: str) -> Iterator[Fault]:
    if days is not None and not (math.isfinite(days) and 0 <= days <= LONGEST_DAYS):
        yield Fault(where, f"0 to {LONGEST_DAYS} days", shorten(str(days)), "Correct it, or leave it empty.")


def price_faults(price: Price, row: str = "") -> Iterator[Fault]:
    """What is wrong with a price."""
    if not (exact(price.from_quantity) and price.from_quantity >= ZERO):
        yield Fault(f"{row}from_quantity", "0 or more units", shorten(str(price.from_quantity)), "Correct it.")
    yield from amount_of_money_faults(price.unit_cost, f"{row}unit_cost")
