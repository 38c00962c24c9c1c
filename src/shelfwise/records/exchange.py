"""The files in which data leaves Shelfwise and comes back: their columns, and how each value is written in a cell.

One definition for both ways: what `SHEETS` names is what an export writes and what an import understands. Headings are
stable; a new column is added at the end of its sheet. Pure: no files, no database, no clock.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import plain, quantity
from shelfwise.records.sheet import Column as Column
from shelfwise.records.sheet import Kind as Kind
from shelfwise.records.sheet import Sheet as Sheet
from shelfwise.records.sheet import Value as Value
from shelfwise.records.sheets_carriers import RATE_CARDS
from shelfwise.records.sheets_supply import SUPPLIERS, TERM_PERIODS, TERMS
from shelfwise.records.sheets_trade import (
    CLOSED_DAYS,
    CUSTOMERS,
    DAILY_SALES,
    ERP_ORDERS,
    ERP_STOCK,
    LANES,
    OUTSIDE_SERIES,
    OUTSIDE_VALUES,
    PROMOTIONS,
)

_STARTS = "=+\\-@\t\r\n＝＋－＠"
_FORMULA = re.compile(rf"[\s']*[{_STARTS}]")
_KINDS: dict[Kind, str] = {
    "code": "a code",
    "text": "a text",
    "number": "a number such as 12 or 0.5",
    "whole": "a whole number",
    "yes": "yes or no",
    "day": "a day such as 2026-03-31",
    "instant": "a day and a time such as 2026-03-31T14:05:00+02:00",
}


def _sku(words: str = "the item's SKU") -> Column:
    return Column("sku", "code", words, True)


def _site(words: str = "the site's code") -> Column:
    return Column("site", "code", words, True)


ITEMS = Sheet(
    "items", "Items", "One row an item.", ("sku",),
    (
        _sku("the code that names the item for good"),
        Column("description", "text", "what people call it"),
        Column("unit", "code", "the unit in which it is counted: each, kg, m"),
        Column("quantum", "number", "the smallest amount that can be moved, in the unit: 1, 0.5"),
        Column("tracking", "code", "none, lot or serial: what has to be named when it moves"),
        Column("needs_expiry", "yes", "whether a lot needs a last day"),
        Column("shelf_life_days", "whole", "days from production to the last day"),
        Column("catch_weight", "yes", "whether it is counted by the piece and weighed each time"),
        Column("unit_weight_g", "number", "weight of one unit in g; a scale needs it to count"),
        Column("barcode", "code", "the code on one unit: a GTIN or any other"),
        Column("inner_quantity", "number", "units in an inner pack"),
        Column("inner_barcode", "code", "the code on an inner pack"),
        Column("case_quantity", "number", "units in a case"),
        Column("case_barcode", "code", "the code on a case"),
        Column("pallet_quantity", "number", "units on a pallet"),
        Column("pallet_barcode", "code", "the code on a pallet"),
        Column("reorder_point", "number", "your own rule at the one site: order at no more than this"),
        Column("order_up_to", "number", "your own rule: so much is wanted then; empty: a pack is enough"),
        Column("category", "text", "what it is, from wide to narrow: Dairy / Milk"),
        Column("sold_until", "day", "the last day it is sold; empty: no end is planned"),
        Column("replaces", "code", "the SKU of the item whose place it takes"),
        Column("replaces_from", "day", "from this day on"),
        Column("replaces_factor", "number", "one of the replaced is so many of this: 0.5; 1 where left out"),
    ),
)  # fmt: skip
BARCODES = Sheet(
    "barcodes", "Barcodes", "One row a barcode, for items that have more than one for a pack.", ("barcode",),
    (
        Column("barcode", "code", "as it is scanned", True),
        _sku(),
        Column("pack", "code", "what it is on: each, inner, case, pallet, or the name of another pack"),
        Column("quantity", "number", "units in that pack"),
    ),
)  # fmt: skip
SITES = Sheet(
    "sites", "Sites", "One row a site.", ("site",),
    (
        _site(),
        Column("name", "text", "what people call it", True),
        Column("time_zone", "code", "a name such as Europe/Berlin", True),
        Column("width_m", "number", "of the floor, in m"),
        Column("depth_m", "number", "of the floor, in m"),
    ),
)  # fmt: skip
ZONES = Sheet(
    "zones", "Zones", "One row a zone of a site's floor.", ("site", "zone"),
    (
        _site(),
        Column("zone", "code", "the zone's code", True),
        Column("name", "text", "what people call it"),
        Column("kind", "code", "ambient, chilled, frozen, quarantine or dock"),
        Column("x_m", "number", "its left edge on the floor, in m"),
        Column("y_m", "number", "its upper edge on the floor, in m"),
        Column("width_m", "number", "in m"),
        Column("depth_m", "number", "in m"),
        Column("low_degc", "number", "the lowest temperature allowed, in degC"),
        Column("high_degc", "number", "the highest temperature allowed, in degC"),
        Column("delay_minutes", "number", "how long it may be outside"),
    ),
)  # fmt: skip
PLACES = Sheet(
    "places", "Places", "One row a bin, dock or packing bench.", ("site", "place"),
    (
        _site(),
        Column("place", "code", "the place's code", True),
        Column("kind", "code", "bin, dock or packing; bin where left out"),
        Column("zone", "code", "the zone's code"),
        Column("x_m", "number", "its left edge on the floor, in m"),
        Column("y_m", "number", "its upper edge on the floor, in m"),
        Column("width_m", "number", "in m"),
        Column("depth_m", "number", "in m"),
        Column("sku", "code", "the item that belongs there; any, where left out"),
        Column("capacity", "number", "how many units fit"),
        Column("aisle", "code", "the aisle of racks that it is in"),
        Column("bay", "whole", "number of the bay within the aisle, from 1"),
        Column("level", "whole", "number of the level, the lowest is 1"),
        Column("position", "whole", "number of the position on the level, from 1"),
        Column("height_m", "number", "in m"),
        Column("load_kg", "number", "how much it may carry, in kg"),
    ),
)  # fmt: skip
STOCK = Sheet(
    "stock", "Stock", "One row for what lies in one place, of one item, lot and status.",
    ("site", "place", "sku", "lot", "status"),
    (
        _site(),
        Column("place", "code", "the place's code", True),
        _sku(),
        Column("lot", "code", "the lot's code"),
        Column("expires_on", "day", "the lot's last day"),
        Column("made_on", "day", "the day the lot was made"),
        Column("status", "code", "available, hold, quarantine or damaged; available where left out"),
        Column("quantity", "number", "how many units lie there", True),
        Column("unit", "code", "the item's unit"),
        Column("catch_weight_g", "number", "what they weigh together, in g"),
    ),
)  # fmt: skip
SALES = Sheet(
    "sales", "Sales lines", "One row a line of a customer's order.", ("order_number", "line"),
    (
        Column("order_number", "code", "the order's number", True),
        Column("line", "whole", "number of the line within its order"),
        Column("site", "code", "the site that sells"),
        _sku(),
        Column("description", "text", "of the item"),
        Column("quantity", "number", "negative: returned", True),
        Column("ordered_at", "instant", "when it was ordered", True),
        Column("unit_price", "number", "of one unit", True),
        Column("customer", "text", "who ordered"),
        Column("country", "text", "of the customer"),
        Column("state", "code", "history, open, reserved, issued, returned or cancelled; an import decides it anew"),
        Column("issued", "number", "how much has left the house; an import does not read it"),
    ),
)  # fmt: skip
PURCHASE_ORDERS = Sheet(
    "purchase_orders", "Purchase orders", "One row a line of an order that a supplier still owes.", ("number", "line"),
    (
        Column("number", "code", "the order's number", True),
        Column("line", "whole", "number of the line within its order"),
        Column("supplier", "code", "the supplier's code", True),
        _site("the site that it is for"),
        _sku(),
        Column("quantity", "number", "units ordered", True),
        Column("received", "number", "units of it that have come"),
        Column("unit_cost", "number", "of one unit"),
        Column("currency", "code", "three letters: EUR"),
        Column("ordered_at", "instant", "when it was ordered"),
        Column("expected_at", "instant", "when it is expected"),
        Column("state", "code", "draft, approved, sent, confirmed or part_received"),
        Column("note", "text", "to the supplier"),
    ),
)  # fmt: skip

SHEETS: tuple[Sheet, ...] = (
    SITES, ZONES, ITEMS, BARCODES, PLACES, SUPPLIERS, TERMS, TERM_PERIODS, CUSTOMERS, PROMOTIONS, CLOSED_DAYS, LANES,
    STOCK, SALES, DAILY_SALES, PURCHASE_ORDERS, ERP_STOCK, ERP_ORDERS, OUTSIDE_SERIES, OUTSIDE_VALUES, RATE_CARDS,
)  # fmt: skip


def guarded(text: str) -> str:
    """A text as a CSV file may hold it: a spreadsheet must not run what somebody wrote into a description.

    What could begin a formula gets an apostrophe in front, which `unguarded` takes away again. What begins with
    apostrophes and then such a character gets one more, so that every text comes back as it was.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` made this of; every other text as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula."""
    return bool(_FORMULA.match(text))


def written(value: Value, zone: ZoneInfo) -> str:
    """A value as the text of a cell, not guarded yet; unknown is an empty cell.

    Args:
        zone: in whose time instants are written, each with its offset.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case datetime():
            return value.astimezone(zone).isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def read(text: str, column: Column, where: str = "") -> Value:
    """The value of a cell that `written` wrote, guarded or not; an empty cell is unknown.

    Raises:
        Invalid: the text is no value of the column's kind.
    """
    place = where or f"column {column.name}"
    if text == "":
        return None
    if column.kind in ("code", "text"):
        return unguarded(text)
    said = text.strip()
    try:
        match column.kind:
            case "yes":
                return {"yes": True, "no": False}[said.lower()]
            case "day":
                return date.fromisoformat(said)
            case "instant":
                return _with_offset(datetime.fromisoformat(said))
            case "whole":
                number = quantity(said, place)
                if number != number.to_integral_value():
                    raise ValueError
                return int(number)
            case _:
                return quantity(said, place)
    except (KeyError, ValueError) as error:
        raise Invalid(Fault(place, _KINDS[column.kind], shorten(text), "Correct the cell.")) from error


def _with_offset(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("no offset")
    return instant


def kind_words(kind: Kind) -> str:
    """What a cell of this kind holds, for the documentation."""
    return _KINDS[kind]
