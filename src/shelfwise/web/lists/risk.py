"""What the pages of risk list: what may run out, and what is too much, as it was said last."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.measure.sentences import SOON_DAYS
from shelfwise.planning.model import Params
from shelfwise.planning.risk import service as risk
from shelfwise.planning.risk.model import LEAST_RISK
from shelfwise.planning.standing import CLASSES
from shelfwise.records import service as records
from shelfwise.store.database import values
from shelfwise.web.listing import Choice, Column, Filter, Listing, Options, Row, site_filter
from shelfwise.web.risk_words import advice

HOLDING_RATE = Params().holding_rate
_TODAY = "(%(now)s at time zone s.time_zone)::date"
_FREE = "(coalesce(v.on_hand - v.blocked - v.reserved, 0))"


def _zones(ctx: Context) -> Options:
    sites = {site.site_id: site.code for site in records.sites(ctx)}
    return [
        (str(zone_id), f"{sites[site_id]} {name}")
        for zone_id, site_id, name in values(
            ctx.tx,
            "select zone_id, site_id, name from zone where tenant_id = %s and site_id = any(%s) order by site_id, name",
            (ctx.tenant, list(sites)),
        )
    ]


def _categories(ctx: Context) -> Options:
    ctx.require_somewhere(Right.VIEW)
    found = values(
        ctx.tx, "select distinct category from item where tenant_id = %s and category <> '' order by 1", (ctx.tenant,)
    )
    return [(one, one) for (one,) in found]


def _suppliers(ctx: Context) -> Options:
    return [(str(one.supplier_id), one.name) for one in records.suppliers(ctx)]


_FILTERS = (
    site_filter(),
    Filter(
        "zone", "Lies in",
        """exists (select 1 from balance b join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
            where b.tenant_id = o.tenant_id and b.item_id = o.item_id and b.on_hand > 0 and p.site_id = o.site_id
              and p.zone_id::text = %(f_zone)s)""",
        options=_zones,
    ),
    Filter("category", "Category", "i.category = %(f_category)s", options=_categories),
    Filter(
        "class", "Class by value",
        """exists (select 1 from policy_standing r where r.tenant_id = o.tenant_id and r.item_id = o.item_id
            and r.site_id = o.site_id and r.class = %(f_class)s)""",
        choices=(Choice("", "any"), *(Choice(one, one) for one in CLASSES)),
    ),
    Filter(
        "supplier", "Supplier",
        """exists (select 1 from supplier_item t where t.tenant_id = o.tenant_id and t.item_id = o.item_id
            and t.supplier_id::text = %(f_supplier)s)""",
        options=_suppliers,
    ),
)  # fmt: skip
_SEARCH = "i.sku ilike %(like)s or i.description ilike %(like)s or i.category ilike %(like)s"
_SEARCH_WORDS = "SKU, description or category"
_FROM = """from stock_outlook o
        join item i on i.tenant_id = o.tenant_id and i.item_id = o.item_id
        join site s on s.tenant_id = o.tenant_id and s.site_id = o.site_id"""
_SEEN = "o.tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or o.site_id = any(%(sites)s))"

RISK = Listing(
    name="risk",
    home="/risk",
    title="What may run out",
    columns=(
        Column("sku", "Item", "code", link="/items/{sku}?site={site}", under="description"),
        Column("description", "Description", shown=False),
        Column("site", "Site", "code"),
        Column("strip", "Day by day", sortable=False, exported=False),
        Column("near", "In 7 days", "number"),
        Column("in_14_days", "In 14 days", "number", shown=False),
        Column("far", "In 28 days", "number"),
        Column("out_day", "Out by", "day"),
        Column("units_lost", "Units at stake", "number"),
        Column("margin_lost", "Margin at stake", "number"),
        Column("available", "Available then", "number"),
        Column("coming", "On its way", "number", link="/explain?item={item_id}&site={site}#on_order"),
        Column("unit", "Unit", "code", shown=False),
        Column("category", "Category", shown=False),
        Column("against", "Against it", link="{deed}"),
        Column("first_day", "First day", "day", shown=False),
        Column("said_at", "Said", "instant", shown=False),
    ),
    order="-near",
    key="sku, site",
    query=f"""select o.item_id, i.sku, i.description, i.category, i.unit, s.code as site, o.out_by, o.out_on,
            round(o.out_by[7]::numeric, 4) as near, round(o.out_by[14]::numeric, 4) as in_14_days,
            round(o.out_by[28]::numeric, 4) as far, o.out_day, round(o.units_lost::numeric, 1) as units_lost,
            round((o.units_lost * o.unit_margin)::numeric, 2) as margin_lost, o.available, o.coming, o.first_day,
            o.said_at, coalesce(p.words, case when {_FREE} > o.available then 'more has come since'
                when o.coming > 0 then 'only what is on its way' else 'nothing yet' end) as against,
            case when p.words is not null then '/proposals' else '/items/' || i.sku end as deed
        {_FROM}
        left join stock_level v on v.tenant_id = o.tenant_id and v.item_id = o.item_id and v.site_id = o.site_id
        cross join lateral (
            select case when bool_and(p.action = 'purchase') then 'an order is proposed'
                when bool_and(p.action = 'transfer') then 'a transfer is proposed'
                when count(*) > 0 then 'an order and a transfer are proposed' end as words
            from proposal p where p.tenant_id = o.tenant_id
            and p.site_id = o.site_id and p.item_id = o.item_id and p.state = 'proposed') p
        where {_SEEN} and o.out_by is not null {{where}}""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="possible",
            choices=(
                Choice(
                    "soon", f"Likely within {SOON_DAYS} days",
                    f"o.available > 0 and o.out_day <= {_TODAY} + {SOON_DAYS} and {_FREE} <= o.available",
                ),
                Choice("likely", "Likely within 28 days", "o.available > 0 and o.out_day is not null"),
                Choice("possible", "Possible", f"o.available > 0 and o.out_by[28] >= {LEAST_RISK}"),
                Choice("out", "Out already", "o.available <= 0 and o.units_lost > 0"),
                Choice("all", "All with a forecast"),
            ),
        ),
        *_FILTERS,
    ),
    search=_SEARCH,
    search_words=_SEARCH_WORDS,
)  # fmt: skip


def _deeds(ctx: Context, rows: list[Row]) -> None:
    for row in rows:
        row["advice"] = risk.advice_for(ctx, row["advice"])
        row["deeds"] = [advice(one, row["sku"], row["item_id"]) for one in row["advice"]]
        row["do"] = "; ".join(words for words, _ in row["deeds"])
        row["expires"] = ", ".join(f"{one['lot']} ({one['last_day']})" for one in row["lots"])


EXCESS = Listing(
    name="excess",
    home="/excess",
    title="What is too much",
    columns=(
        Column("sku", "Item", "code", link="/items/{sku}?site={site}", under="description"),
        Column("description", "Description", shown=False),
        Column("site", "Site", "code"),
        Column("do", "What to do", sortable=False),
        Column("worth", "Worth", "number"),
        Column("keeping", "Costs a month", "number"),
        Column("available", "Available", "number"),
        Column("surplus", "Too many", "number"),
        Column("surplus_coming", "On order", "number"),
        Column("wasted", "Will expire", "number", under="expires", link="/lots?search={sku}"),
        Column("expires", "Lots that expire", shown=False, sortable=False),
        Column("cover_days", "Lasts, days", "number"),
        Column("idle_days", "Unsold, days", "whole"),
        Column("unit", "Unit", "code", shown=False),
        Column("category", "Category", shown=False),
        Column("said_at", "Said", "instant", shown=False),
    ),
    order="-worth",
    key="sku, site",
    query=f"""select *, round((worth * rate / 12)::numeric, 2) as keeping from (
        select o.item_id, i.sku, i.description, i.category, i.unit, s.code as site, o.available,
            round((o.available / nullif(o.daily, 0)::numeric), 0) as cover_days,
            round(o.surplus::numeric, 1) as surplus, round(o.surplus_coming::numeric, 1) as surplus_coming,
            round(o.wasted::numeric, 1) as wasted, round((o.wasted * o.unit_cost)::numeric, 2) as wasted_worth, o.lots,
            o.idle_days, round((greatest(o.surplus, o.wasted) * o.unit_cost)::numeric, 2) as worth,
            round((o.surplus_coming * o.unit_cost)::numeric, 2) as coming_worth,
            coalesce(t.carrying_rate, {HOLDING_RATE}) as rate, o.advice, o.said_at
        {_FROM} join tenant t on t.tenant_id = o.tenant_id
        where {_SEEN} and (greatest(o.surplus, o.surplus_coming, o.wasted) > 0 or o.idle_days is not null)
            {{where}}) o""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="all",
            choices=(
                Choice("all", "All"),
                Choice("surplus", "More than sells", "o.surplus > 0"),
                Choice("coming", "Too much on order", "o.surplus_coming > 0"),
                Choice("expiring", "Will expire", "o.wasted > 0"),
                Choice("idle", "Sells no more", "o.idle_days is not null"),
            ),
        ),
        *_FILTERS,
    ),
    fill=_deeds,
    search=_SEARCH,
    search_words=_SEARCH_WORDS,
)  # fmt: skip
