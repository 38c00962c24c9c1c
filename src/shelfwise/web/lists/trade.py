"""What the pages of trade list: customers, promotions, and the days on which nobody works."""

from __future__ import annotations

from shelfwise.web.listing import Choice, Column, Filter, Listing

CUSTOMERS = Listing(
    name="customers",
    home="/customers",
    title="Customers",
    columns=(
        Column("name", "Customer", link="/customers/{customer_id}"),
        Column("code", "Code", "code"),
        Column("customer_group", "Group"),
        Column("country", "Country"),
        Column("orders", "Orders", "whole", link="/customers/{customer_id}"),
        Column("last_at", "Last order", "instant"),
        Column("address", "Address", shown=False),
        Column("delivery_note", "For delivery", shown=False),
    ),
    order="code",
    key="code",
    query="""select c.customer_id, c.name, c.code, c.customer_group, c.country, c.address, c.delivery_note,
            c.provenance, o.orders, o.last_at
        from customer c cross join lateral (
            select count(distinct l.order_number) as orders, max(l.ordered_at) as last_at from sales_line l
            where l.tenant_id = c.tenant_id and lower(l.customer) in (lower(c.code), lower(c.name))
                and (%(sites)s::bigint[] is null or l.site_id = any(%(sites)s))) o
        where c.tenant_id = %(tenant)s {where}""",
    search="""c.name ilike %(like)s or c.code ilike %(like)s or c.customer_group ilike %(like)s
        or c.country ilike %(like)s""",
    search_words="Name, code, group or country",
)  # fmt: skip

PROMOTIONS = Listing(
    name="promotions",
    home="/promotions",
    title="Promotions",
    columns=(
        Column("promotion", "Promotion", "code", link="/promotions/{promotion_id}"),
        Column("state", "State"),
        Column("sku", "Item", "code", link="/items/{sku}", under="description"),
        Column("description", "Description", shown=False),
        Column("site", "Site", "code"),
        Column("starts_on", "From", "day"),
        Column("ends_on", "Until", "day"),
        Column("kind", "Kind"),
        Column("price", "Price", "number"),
        Column("discount_percent", "Cheaper by, %", "number"),
        Column("note", "Note"),
    ),
    order="-starts_on",
    key="promotion, sku, site",
    query="""select p.promotion_id, p.code as promotion,
            case when p.called_off then 'called off'
                when p.starts_on > (%(now)s::timestamptz at time zone %(zone)s)::date then 'planned'
                when p.ends_on >= (%(now)s::timestamptz at time zone %(zone)s)::date then 'running'
                else 'past' end as state, i.sku, i.description, coalesce(s.code, 'all') as site, p.starts_on, p.ends_on,
            p.kind, p.price, p.discount_percent, p.note
        from promotion p join item i using (tenant_id, item_id)
        left join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
        where p.tenant_id = %(tenant)s
            and (%(sites)s::bigint[] is null or p.site_id is null or p.site_id = any(%(sites)s)) {where}""",
    filters=(
        Filter(
            "show", "Show",
            choices=(
                Choice("", "All"),
                Choice(
                    "coming", "Coming or on",
                    "not p.called_off and p.ends_on >= (%(now)s::timestamptz at time zone %(zone)s)::date",
                ),
                Choice(
                    "over", "Over",
                    "not p.called_off and p.ends_on < (%(now)s::timestamptz at time zone %(zone)s)::date",
                ),
                Choice("called_off", "Called off", "p.called_off"),
            ),
        ),
    ),
    search="p.code ilike %(like)s or i.sku ilike %(like)s or i.description ilike %(like)s or p.note ilike %(like)s",
    search_words="Promotion, item or note",
)  # fmt: skip

CLOSED_DAYS = Listing(
    name="closed_days",
    home="/closed-days",
    title="Closed days",
    columns=(
        Column("whose", "Who", link="{page}"),
        Column("day", "Day", "day"),
        Column("weekday", "Every week on"),
        Column("name", "Why"),
    ),
    order="-day",
    key="whose, weekday",
    query="""select coalesce(s.name, v.name) as whose, c.day, c.name,
            (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[c.weekday] as weekday,
            case when v.supplier_id is null then '/records/sites/' || c.site_id else '/suppliers/' || c.supplier_id
            end as page
        from closed_day c left join site s on s.tenant_id = c.tenant_id and s.site_id = c.site_id
        left join supplier v on v.tenant_id = c.tenant_id and v.supplier_id = c.supplier_id
        where c.tenant_id = %(tenant)s
            and (%(sites)s::bigint[] is null or c.site_id is null or c.site_id = any(%(sites)s)) {where}""",
    filters=(
        Filter(
            "whose", "Of",
            choices=(
                Choice("", "All"),
                Choice("sites", "Sites", "c.site_id is not null"),
                Choice("suppliers", "Suppliers", "c.supplier_id is not null"),
            ),
        ),
    ),
    search="s.name ilike %(like)s or v.name ilike %(like)s or c.name ilike %(like)s",
    search_words="Site, supplier or reason",
)  # fmt: skip
