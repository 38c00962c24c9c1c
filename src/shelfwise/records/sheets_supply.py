"""The files of supply: who sells, on which terms, and when those are otherwise. Pure."""

from __future__ import annotations

from shelfwise.records.sheet import Column, Sheet

_SKU = Column("sku", "code", "the item's SKU", True)
_CONDITIONS = (
    Column("largest_order", "number", "the most units of an order"),
    Column("batch_days", "whole", "what is needed within so many days is ordered at once"),
    Column("safety_days", "number", "days always added to the lead time"),
    Column("soft_safety_days", "number", "days by which it is ordered earlier where that is possible"),
    Column("weekly_capacity", "number", "the most units they can deliver in a week"),
)

SUPPLIERS = Sheet(
    "suppliers", "Suppliers", "One row a supplier.", ("supplier",),
    (
        Column("supplier", "code", "the supplier's code", True),
        Column("name", "text", "what people call it", True),
        Column("email", "text", "where orders are mailed to"),
        Column("order_url", "text", "where orders are sent to by HTTP; goes before the mail address"),
        Column("account_number", "text", "what they call us"),
        Column("currency", "code", "in which they bill, three letters: EUR; empty: as the terms say"),
        Column("minimum_value", "number", "what an order has to come to at least, in that currency"),
        Column("free_freight_from", "number", "from what on they pay the freight, in that currency"),
        Column("order_days", "code", "days on which they take orders: mon,thu; empty: every day"),
        Column("orders_until", "code", "until what time of such a day: 14:30; empty: all day"),
    ),
)  # fmt: skip
TERMS = Sheet(
    "terms", "Suppliers' terms",
    "One row a supplier, item and price break: from `from_quantity` on, a unit costs `unit_cost`.",
    ("supplier", "sku", "from_quantity"),
    (
        Column("supplier", "code", "the supplier's code", True),
        _SKU,
        Column("supplier_sku", "code", "what they call the item"),
        Column("from_quantity", "number", "the price holds from this many units on; 0 where left out"),
        Column("unit_cost", "number", "of one unit", True),
        Column("currency", "code", "three letters: EUR", True),
        Column("pack_size", "number", "only whole packs of so many units are sold"),
        Column("minimum_order", "number", "the fewest units of an order"),
        Column("lead_time_days", "number", "days from order to arrival; empty where nobody knows"),
        *_CONDITIONS,
        Column("valid_from", "day", "the first day on which it is sold to us; empty: it always was"),
        Column("valid_until", "day", "the last one; empty: no end is known"),
    ),
)  # fmt: skip
TERM_PERIODS = Sheet(
    "term_periods", "Terms for a time",
    "One row a supplier, item and time in which the terms are otherwise. What is empty holds as always.",
    ("supplier", "sku", "valid_from"),
    (
        Column("supplier", "code", "the supplier's code", True),
        _SKU,
        Column("valid_from", "day", "from this day on", True),
        Column("valid_until", "day", "until this day; empty: until another time begins"),
        Column("lead_time_days", "number", "days from order to arrival"),
        Column("pack_size", "number", "only whole packs of so many units are sold"),
        Column("minimum_order", "number", "the fewest units of an order"),
        *_CONDITIONS,
    ),
)  # fmt: skip
