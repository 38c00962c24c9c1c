"""What each page lists: its query, its columns, its filters. `ALL` is every list there is, by name."""

from __future__ import annotations

from shelfwise.web.listing import Listing
from shelfwise.web.lists.carriers import RATE_CARDS
from shelfwise.web.lists.measures import FORECAST_ACCURACY, MEASURES
from shelfwise.web.lists.orders import PURCHASES, SALES, SHIPMENTS
from shelfwise.web.lists.outside import OUTSIDE
from shelfwise.web.lists.people import AUDIT, KEYS, PEOPLE, SUBSCRIPTIONS
from shelfwise.web.lists.records import ITEMS, PLACES, SUPPLIERS
from shelfwise.web.lists.risk import EXCESS, RISK
from shelfwise.web.lists.stock import LOTS, STOCK
from shelfwise.web.lists.trade import CLOSED_DAYS, CUSTOMERS, PROMOTIONS
from shelfwise.web.lists.transfers import COUNTS, ON_THE_ROAD, TRANSFERS
from shelfwise.web.lists.waiting import ALERTS, DEVICES, INBOX, PROPOSALS, PROPOSED_TRANSFERS, QUARANTINE

ALL: dict[str, Listing] = {
    one.name: one
    for one in (
        STOCK, LOTS, ITEMS, PLACES, SUPPLIERS, PURCHASES, SALES, SHIPMENTS, TRANSFERS, ON_THE_ROAD, COUNTS, PROPOSALS,
        PROPOSED_TRANSFERS, INBOX, ALERTS, QUARANTINE, DEVICES, PEOPLE, KEYS, SUBSCRIPTIONS, AUDIT,
        CUSTOMERS, PROMOTIONS, CLOSED_DAYS, OUTSIDE, RATE_CARDS,
        MEASURES, FORECAST_ACCURACY, RISK, EXCESS,
    )
}  # fmt: skip
