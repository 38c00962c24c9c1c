"""The files of trade: who buys, what sold by day, what is promoted, on which days nobody works, how goods get
from site to site, and what demand may follow besides. Pure."""

from __future__ import annotations

from shelfwise.records.sheet import Column, Sheet

_SKU = Column("sku", "code", "the item's SKU", True)

CUSTOMERS = Sheet(
    "customers", "Customers", "One row a customer. Orders find theirs by this code or name.", ("customer",),
    (
        Column("customer", "code", "the customer's code", True),
        Column("name", "text", "what people call it", True),
        Column("country", "text", "where it is"),
        Column("address", "text", "where goods are delivered to"),
        Column("customer_group", "text", "a word for customers of a kind, such as wholesale"),
        Column("delivery_note", "text", "what whoever packs and drives has to know"),
    ),
)  # fmt: skip
PROMOTIONS = Sheet(
    "promotions", "Promotions", "One row an item in a promotion, at one site or (empty) at all, past or coming.",
    ("promotion", "site", "sku"),
    (
        Column("promotion", "code", "what the promotion is called", True),
        Column("site", "code", "the site's code; empty: all sites"),
        _SKU,
        Column("starts_on", "day", "its first day", True),
        Column("ends_on", "day", "its last day", True),
        Column("kind", "code", "price, feature, display or other; price where left out"),
        Column("price", "number", "what one unit sells for meanwhile"),
        Column("discount_percent", "number", "how much cheaper it is, in percent"),
        Column("note", "text", "anything else"),
        Column("called_off", "yes", "yes where it does not take place after all; no where left out"),
    ),
)  # fmt: skip
CLOSED_DAYS = Sheet(
    "closed_days", "Closed days",
    "One row for a day, or a day of every week, on which a site sells nothing or a supplier delivers nothing.",
    ("site", "supplier", "day", "weekday"),
    (
        Column("site", "code", "the site's code; either this or a supplier"),
        Column("supplier", "code", "the supplier's code"),
        Column("day", "day", "the day; either this or a weekday"),
        Column("weekday", "code", "mon, tue, wed, thu, fri, sat or sun: every week"),
        Column("name", "text", "why, such as Christmas"),
    ),
)  # fmt: skip
LANES = Sheet(
    "lanes", "Lanes between sites",
    "One row for the way from one site to another. Where there is none, what the settings say is usual counts.",
    ("from_site", "to_site"),
    (
        Column("from_site", "code", "the code of the site that sends", True),
        Column("to_site", "code", "the code of the site that receives", True),
        Column("days", "number", "days from leaving to lying there", True),
        Column("cost_per_shipment", "number", "what a shipment costs, in the company's currency; 0 where left out"),
        Column("cost_per_kg", "number", "what each kilogram costs besides; 0 where left out"),
        Column("weekdays", "text", "on which days something leaves, such as mon,thu; none where nothing is sent this "
               "way; every day where left out"),
    ),
)  # fmt: skip
DAILY_SALES = Sheet(
    "daily_sales", "Sales by day",
    "One row for what sold of an item at a site on one day. A later file about the same row corrects it.",
    ("site", "day", "sku", "channel"),
    (
        Column("site", "code", "the site that sold; where left out, the one you choose"),
        Column("day", "day", "the day, by the site's calendar", True),
        _SKU,
        Column("quantity", "number", "how much sold, less what came back", True),
        Column("value", "number", "what it sold for, all of it together"),
        Column("channel", "code", "where it sold, such as till; then it counts beside order lines. Empty: all of the "
               "day, whatever order lines there are"),
    ),
)  # fmt: skip
ERP_STOCK = Sheet(
    "erp_stock", "Stock by the ERP",
    "Where an ERP keeps the books: one row for how much of an item it has at a site. What is not named stays as it is.",
    ("site", "sku"),
    (
        Column("site", "code", "the site's code; where left out, the one you choose"),
        _SKU,
        Column("quantity", "number", "how much lies there by the ERP's books", True),
        Column("as_of", "instant", "as of when; an older file does not replace a newer one", True),
    ),
)  # fmt: skip
ERP_ORDERS = Sheet(
    "erp_orders", "Open orders of the ERP",
    "Where an ERP keeps the books: one row a line that a supplier still owes. What is not named is on order no more. "
    "Where nothing is on order at a site, one row with the site and as_of alone.",
    ("site", "number", "line"),
    (
        Column("site", "code", "the site's code; where left out, the one you choose"),
        Column("number", "code", "the order's number in the ERP"),
        Column("line", "whole", "number of the line within its order; 1 where left out"),
        Column("sku", "code", "the item's SKU"),
        Column("quantity", "number", "units that are still to come"),
        Column("expected_at", "instant", "when they are expected"),
        Column("supplier", "code", "the supplier's code"),
        Column("reference", "code", "the key of the approved proposal behind it"),
        Column("as_of", "instant", "as of when; an older file does not replace a newer one", True),
    ),
)  # fmt: skip
OUTSIDE_SERIES = Sheet(
    "outside_series", "Series from outside",
    "One row a series of figures that demand may follow: a temperature, a price index, holidays.", ("series", "site"),
    (
        Column("series", "code", "what it is called", True),
        Column("site", "code", "the site's code; empty: of the whole company"),
        Column("unit", "text", "degC, %, people"),
        Column("frequency", "code", "day, week or month; day where left out"),
        Column("kind", "code", "weather, economy, event or other; other where left out"),
        Column("ahead", "yes", "yes where each value is told before its day, as holidays are; no where left out"),
        Column("lag_days", "whole", "how many days after its period a value is usually published; 0 where left out"),
    ),
)  # fmt: skip
OUTSIDE_VALUES = Sheet(
    "outside_values", "Values from outside",
    "One row for what was told of a series and a day, week or month. A later row about the same one revises it; what "
    "was known before stays.",
    ("series", "site", "date", "known_at"),
    (
        Column("series", "code", "what the series is called", True),
        Column("site", "code", "the series' site; empty: of the whole company"),
        Column("date", "day", "any day of the day, week or month that the value is of", True),
        Column("value", "number", "the value; empty: what was told is withdrawn"),
        Column("known_at", "instant", "when it was published; left out: now, or of history the usual time"),
    ),
)  # fmt: skip
