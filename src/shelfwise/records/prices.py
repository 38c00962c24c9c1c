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
    NewSupplier,
    Terms,
    amount_of_money_faults,
    code_faults,
    currency_faults,
    exact,
    positive_faults,
    text_faults,
)

NUMBERS = ("en", "de", "fr")
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


def terms_faults(terms: Terms, row: str = "") -> Iterator[Fault]:
    """What is wrong with a supplier's terms."""
    yield from amount_of_money_faults(terms.unit_cost, f"{row}unit_cost")
    if not (exact(terms.minimum_order) and terms.minimum_order >= 0):
        yield Fault(f"{row}minimum_order", "0 or more units", str(terms.minimum_order), "Correct the minimum.")
    days = terms.lead_time_days
    if days is not None and not (math.isfinite(days) and days >= 0):
        yield Fault(f"{row}lead_time_days", "0 or more days", str(days), "Correct it, or leave it empty.")
    yield from positive_faults(terms.pack_size, f"{row}pack_size", "units")
    yield from currency_faults(terms.currency, f"{row}currency")
    yield from text_faults(terms.supplier_sku, f"{row}supplier_sku")


def price_faults(price: Price, row: str = "") -> Iterator[Fault]:
    """What is wrong with a price."""
    if not (exact(price.from_quantity) and price.from_quantity >= ZERO):
        yield Fault(f"{row}from_quantity", "0 or more units", shorten(str(price.from_quantity)), "Correct it.")
    yield from amount_of_money_faults(price.unit_cost, f"{row}unit_cost")
