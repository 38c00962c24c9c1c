"""What each page lists: its query, its columns, its filters. `ALL` is every list there is, by name."""

from __future__ import annotations

from shelfwise.web.listing import Listing
from shelfwise.web.lists.records import ITEMS, PLACES
from shelfwise.web.lists.stock import STOCK

ALL: dict[str, Listing] = {one.name: one for one in (STOCK, ITEMS, PLACES)}
