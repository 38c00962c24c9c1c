"""What the pages of stock list: what is there of each item at each site."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.records import service as records
from shelfwise.stock.explain import LIES
from shelfwise.stock.reads import stock_query
from shelfwise.web.listing import Choice, Column, Filter, Listing, Options, site_filter

ALL = "all"
# So many days before its last one a lot is shown as one that has to go.
SOON = 30
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

LOTS = Listing(
    name="lots",
    home="/lots",
    title="Lots",
    columns=(
        Column("sku", "Item", "code", link="/items/{sku}"),
        Column("lot", "Lot", "code", link="/lot?item={item_id}&code={lot}"),
        Column("expires_on", "Last day", "day"),
        Column("site", "Site", "code"),
        Column("zone", "Zone", "code", shown=False),
        Column("place", "Place", "code", link="/bins/{place_id}"),
        Column("status", "Condition", "code"),
        Column("on_hand", "Quantity", "number"),
        Column("catch_weight_g", "Weight in g", "number", shown=False),
        Column("first_received_at", "First came", "instant", shown=False),
    ),
    order="expires_on",
    key="sku, site, place, lot, status",
    query=f"""{LIES} where b.tenant_id = %(tenant)s and b.on_hand <> 0
        and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s)) {{where}}""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="expiring",
            choices=(
                Choice(
                    "expiring", f"Past its last day, or within {SOON} days",
                    f"l.expires_on <= (%(now)s at time zone s.time_zone)::date + {SOON} and b.on_hand > 0",
                ),
                Choice("held", "Held, in quarantine, damaged", "b.status <> 'available'"),
                Choice("all", "Everything that lies somewhere"),
            ),
        ),
        site_filter(),
    ),
    search="i.sku ilike %(like)s or i.description ilike %(like)s or b.lot ilike %(like)s or p.code ilike %(like)s",
    search_words="SKU, lot, place",
)  # fmt: skip
