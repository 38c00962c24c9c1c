"""The kinds of file that can be imported, in the order in which one needs the other.

To add one: write its columns in `records.exchange`, a file here with its description table, and its line below.
"""

from __future__ import annotations

from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake.kind import Kind
from shelfwise.intake.kinds.barcodes import BARCODES
from shelfwise.intake.kinds.closed_days import CLOSED_DAYS
from shelfwise.intake.kinds.customers import CUSTOMERS
from shelfwise.intake.kinds.daily_sales import DAILY_SALES
from shelfwise.intake.kinds.erp import ERP_ORDERS, ERP_STOCK
from shelfwise.intake.kinds.items import ITEMS
from shelfwise.intake.kinds.lanes import LANES
from shelfwise.intake.kinds.outside import OUTSIDE_SERIES, OUTSIDE_VALUES
from shelfwise.intake.kinds.places import PLACES
from shelfwise.intake.kinds.promotions import PROMOTIONS
from shelfwise.intake.kinds.purchase_orders import PURCHASE_ORDERS
from shelfwise.intake.kinds.rate_cards import RATE_CARDS
from shelfwise.intake.kinds.sales import SALES
from shelfwise.intake.kinds.sites import SITES
from shelfwise.intake.kinds.stock import STOCK
from shelfwise.intake.kinds.suppliers import SUPPLIERS
from shelfwise.intake.kinds.term_periods import TERM_PERIODS
from shelfwise.intake.kinds.terms import TERMS
from shelfwise.intake.kinds.zones import ZONES

KINDS: tuple[Kind, ...] = (
    SITES, ZONES, ITEMS, BARCODES, PLACES, SUPPLIERS, TERMS, TERM_PERIODS, CUSTOMERS, PROMOTIONS, CLOSED_DAYS, LANES,
    STOCK, SALES, DAILY_SALES, PURCHASE_ORDERS, ERP_STOCK, ERP_ORDERS, OUTSIDE_SERIES, OUTSIDE_VALUES, RATE_CARDS,
)  # fmt: skip


def kind_of(name: str) -> Kind:
    """
    Raises:
        Invalid: there is no such kind.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    names = ", ".join(kind.name for kind in KINDS)
    raise Invalid(Fault("kind", f"one of {names}", repr(name), "Choose one of them."))
