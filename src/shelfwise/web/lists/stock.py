"""What the pages of stock list: what is there of each item at each site."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.records import service as records
from shelfwise.stock.reads import stock_query
from shelfwise.web.listing import Choice, Column, Filter, Listing, Options

ALL = "all"
_WHY = "/explain?item={item_id}&site={site}#"


def _sites(ctx: Context) -> Options:
    return [*((site.code, site.name) for site in records.sites(ctx)), (ALL, "All sites")]


STOCK = Listing(
    name="stock_levels",
    home="/stock",
    title="Stock",
    columns=(
        Column("sku", "Item", "code", link="/items/{sku}", under="description"),
        Column("description", "Description", shown=False),
        Column("site", "Site", "code"),
        Column("on_hand", "On hand", "number", link=_WHY + "on_hand"),
        Column("blocked", "Blocked", "number", link=_WHY + "blocked"),
        Column("reserved", "Reserved", "number", link=_WHY + "reserved"),
        Column("available", "Available", "number", link=_WHY + "available"),
        Column("on_order", "On order", "number", link=_WHY + "on_order"),
        Column("in_transit", "On the road", "number", link=_WHY + "in_transit"),
        Column("unit", "Unit", "code"),
        Column("state", "State", sortable=False, exported=False),
    ),
    order="sku",
    key="sku, site",
    query=stock_query() + " where true {where}",
    filters=(
        Filter("site", "Site", "%(f_site)s in ('all', s.code)", options=_sites, tabs=True),
        Filter(
            "state", "State",
            choices=(
                Choice("", "Any state"),
                Choice("out", "Nothing available", "k.on_hand - k.blocked - coalesce(v.quantity, 0) <= k.reserved"),
                Choice("coming", "On order or on the road", "c.quantity > 0 or r.quantity > 0"),
                Choice("blocked", "Some of it blocked", "k.blocked + coalesce(v.quantity, 0) > 0"),
            ),
        ),
    ),
    search="i.sku ilike %(like)s or i.description ilike %(like)s",
    search_words="SKU or description",
)  # fmt: skip
