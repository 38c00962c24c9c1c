"""What a folder to be planned may hold: its files, their columns, and what each number may be. Pure.

Files and columns are called as in an export (`records.exchange`), so that the folder that is planned today is the one
that is imported tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shelfwise.records.headings import SYNONYMS, plain_header
from shelfwise.records.sheet import Column, Sheet
from shelfwise.records.sheets_supply import TERMS as EXPORTED_TERMS

FORECAST, TOTALS, PATHS, HISTORY = "forecast", "totals", "forecast-paths", "history"

_SKU = Column("sku", "code", "the item", True)
_SITE = Column("site", "code", "the site; may be left out where there is one")
_SUPPLIER = Column("supplier", "code", "who sells it; left out, all of it is from one")

# What a supplier asks for an item; stands in the items' file just as well.
_TERMS = (
    Column("unit_cost", "number", "of one unit", True),
    Column("currency", "code", "three letters: EUR"),
    Column("pack_size", "number", "whole packs of so many units are sold, multiples of the quantum; 1 where left out"),
    Column("minimum_order", "number", "the fewest units of an order"),
    Column("lead_time_days", "number", "days from order to arrival; left out, what is usual is assumed, and said"),
)
STOCK = Sheet(
    "stock", "Stock", "One row for what lies at a site of an item, or in one of its places, lots or states.",
    ("site", "sku", "place", "lot", "expires_on", "status"),
    (
        _SITE,
        _SKU,
        Column("quantity", "number", "how many units lie there", True),
        Column("reserved", "number", "of them promised to customers"),
        Column("backordered", "number", "owed to customers beyond that"),
        Column("place", "code", "where; rows that differ in it are added up"),
        Column("lot", "code", "the same"),
        Column("expires_on", "day", "the last day on which it may be sold; after it the lot is not counted"),
        Column("status", "code", "what is on hold, quarantined or damaged is not counted"),
    ),
)  # fmt: skip
ITEMS = Sheet(
    "items", "Items", "One row an item.", ("sku",),
    (
        _SKU,
        Column("description", "text", "what people call it"),
        Column("unit", "code", "the unit in which it is counted: each, kg, m"),
        Column("quantum", "number", "the smallest amount that can be moved, in the unit: 1, 0.5; 1 where left out"),
        Column("shelf_life_days", "whole", "days that it can be sold after it came; no order is to last longer"),
        Column("unit_weight_g", "number", "of one unit in g, where moving it costs something by weight"),
        Column("unit_price", "number", "what one unit sells for; the history may tell it as well"),
        Column("service_level", "number", "of this item, 0.5 to 0.999, where it is another than that of all"),
        Column("reorder_point", "number", "your own rule, which counts while there is no forecast"),
        Column("order_up_to", "number", "your own rule: so much is wanted then; empty: a pack is enough"),
    ),
)  # fmt: skip
TERMS = Sheet(
    "terms", EXPORTED_TERMS.title, EXPORTED_TERMS.words, EXPORTED_TERMS.key,
    (
        _SUPPLIER,
        _SKU,
        Column("from_quantity", "number", "the price holds from this many units on; 0 where left out"),
        *_TERMS,
    ),
)  # fmt: skip
SUPPLIERS = Sheet(
    "suppliers", "Suppliers", "One row a supplier.", ("supplier",),
    (
        Column("supplier", "code", "as in the terms", True),
        Column("name", "text", "what people call it"),
        Column("lead_time_days", "number", "days from order to arrival, for terms that do not say"),
        Column("minimum_value", "number", "what an order of all items has to come to at least"),
    ),
)  # fmt: skip
PURCHASE_ORDERS = Sheet(
    "purchase_orders", "Open orders", "One row a line of an order that a supplier still owes.", ("number", "line"),
    (
        Column("number", "code", "the order's number"),
        Column("line", "whole", "number of the line within its order"),
        Column("supplier", "code", "as in the terms; tells how late it may be"),
        _SITE,
        _SKU,
        Column("quantity", "number", "units ordered", True),
        Column("received", "number", "units of it that have come"),
        Column("ordered_at", "instant", "when it was ordered"),
        Column("expected_at", "instant", "when it is expected; left out, after the usual days from today"),
        Column("state", "code", "drafts, and what is received, cancelled or closed, do not count"),
    ),
)  # fmt: skip
LANES = Sheet(
    "lanes", "Ways between sites", "One row a way by which goods go from one site to another.",
    ("from_site", "to_site"),
    (
        Column("from_site", "code", "the site that sends", True),
        Column("to_site", "code", "the site that receives", True),
        Column("days", "number", "days from leaving to lying there", True),
        Column("cost_per_shipment", "number", "what a shipment costs, in the currency of the terms; 0 where left out"),
        Column("cost_per_kg", "number", "what each kilogram costs besides; 0 where left out"),
        Column("weekdays", "text", "on which something leaves, such as mon,thu; every day where left out"),
    ),
)  # fmt: skip
RECEIPTS = Sheet(
    "receipts", "Receipts", "One row a delivery of the past, from which lead times are learned.", (),
    (
        Column("supplier", "code", "who delivered; left out, all of it is from one"),
        Column("sku", "code", "the item"),
        Column("ordered_at", "instant", "when it was ordered", True),
        Column("received_at", "instant", "when it came; empty: it has not", True),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Input:
    """A file that is looked for.

    Attributes:
        stems: what it may be called, without its ending; letters and digits only.
    """

    sheet: Sheet
    stems: tuple[str, ...]


INPUTS = (
    Input(STOCK, ("stock", "inventory", "onhand", "erpstock", "bestand")),
    Input(ITEMS, ("items", "itemmaster", "products", "articles", "artikel")),
    Input(TERMS, ("terms", "supplierterms", "suppliersterms", "pricelist", "costs")),
    Input(SUPPLIERS, ("suppliers", "vendors", "lieferanten")),
    Input(PURCHASE_ORDERS, ("purchaseorders", "openorders", "onorder", "erporders")),
    Input(LANES, ("lanes", "transferlanes", "ways", "links")),
    Input(RECEIPTS, ("receipts", "deliveries", "goodsreceipts")),
)
DEMAND = {
    HISTORY: ("history", "sales", "dailysales", "demand"),
    FORECAST: ("forecast", "forecasts"),
    TOTALS: ("totals", "total", "forecasttotals", "cumulative"),
    PATHS: ("forecastpaths", "paths"),
}
"""Files that `shelfwise forecast` reads and writes."""

_OWN: dict[str, tuple[str, ...]] = {
    "reserved": ("allocated", "committed", "promised", "reserviert"),
    "from_site": ("from", "origin", "fromlocation", "source"),
    "to_site": ("to", "destination", "tolocation"),
    "days": ("leadtime", "leadtimedays", "transitdays", "transit"),
    "cost_per_shipment": ("cost", "costpershipment", "fixedcost", "shipmentcost"),
    "backordered": ("backorder", "backorders", "owed", "rueckstand"),
    "service_level": ("servicelevel", "target", "servicegrad"),
    "reorder_point": ("rop", "min", "minimumstock", "minstock", "meldebestand", "mindestbestand"),
    "order_up_to": ("max", "maximumstock", "maxstock", "targetstock", "hoechstbestand"),
    "minimum_value": ("minimumordervalue", "minordervalue", "minimumvalueoforder", "mindestbestellwert"),
    "pack_size": ("pack", "casesize", "batch", "lotsize"),
    "received": ("receivedquantity", "delivered", "geliefert"),
    "received_at": ("receiptdate", "receiveddate", "arrivedat", "arrivaldate", "deliveredat", "eingangsdatum"),
}

LARGEST = 1e12
Allowed = tuple[Callable[[float], bool], str]
_ANY: Allowed = (lambda value: abs(value) <= LARGEST, f"a number up to {LARGEST:g}")
_NOT_BELOW: Allowed = (lambda value: 0 <= value <= LARGEST, "0 or more")
ALLOWED: dict[str, Allowed] = {
    "lead_time_days": (lambda value: 0 <= value <= 3650, "0 to 3650 days"),
    "service_level": (lambda value: 0.5 <= value <= 0.999, "a share from 0.5 to 0.999, such as 0.95"),
    "quantum": (lambda value: 1e-6 <= value <= LARGEST, "a number above 0"),
    "shelf_life_days": (lambda value: value == int(value) and 1 <= value <= 36500, "a whole number of days"),
    "line": (lambda value: value == int(value) and 0 < value <= LARGEST, "a whole number from 1"),
}


def allowed(sheet: Sheet, column: str) -> Allowed:
    """What a number may be, and that in words."""
    if (sheet, column) == (STOCK, "quantity"):
        return _ANY  # Less than nothing is a mistake of the books that one item has, and all others are planned.
    return ALLOWED.get(column, _NOT_BELOW)


def names_of(sheet: Sheet) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By column, what it may be called, the surest first; letters and digits only."""
    return {column.name: tuple((name,) for name in _names(sheet, column.name)) for column in sheet.columns}


def _names(sheet: Sheet, column: str) -> tuple[str, ...]:
    names = (plain_header(column), *_OWN.get(column, ()), *SYNONYMS.get(column, ()))
    if (sheet, column) == (STOCK, "quantity"):
        # What was ordered is not there.
        names = tuple(name for name in names if "order" not in name)
    if column == "quantity" and sheet is not STOCK:
        names = tuple(name for name in names if name not in ("stock", "onhand", "available", "inventory"))
    return tuple(dict.fromkeys(map(plain_header, names)))
