"""What the pages of master data list: items, also those that were never there, places, and suppliers."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.intake.quality_tables import LACKING, lacks
from shelfwise.records import service as records
from shelfwise.web.listing import Choice, Column, Filter, Listing, Options


def _categories(ctx: Context) -> Options:
    return [(one, one) for one in records.categories(ctx)]


ITEMS = Listing(
    name="item_records",
    home="/items",
    title="Items",
    columns=(
        Column("sku", "Item", "code", link="/items/{sku}", under="description"),
        Column("description", "Description", shown=False),
        Column("category", "Category"),
        Column("unit", "Unit", "code"),
        Column("on_hand", "On hand", "number", link="/items/{sku}"),
        Column("tracking", "Tracked by", "code"),
        Column("shelf_life_days", "Keeps, days", "whole"),
        Column("in_case", "In a case", "number"),
        Column("barcodes", "Barcodes"),
        Column("archived", "Phased out", "yes"),
        Column("edit", "", sortable=False, exported=False),
    ),
    order="sku",
    key="sku",
    query="""select i.item_id, i.sku, i.description, i.unit, nullif(i.tracking, 'none') as tracking,
            i.shelf_life_days, i.archived, nullif(i.category, '') as category,
            -- Null: it never was at a site that one may see.
            (select sum(k.on_hand) from stock_level k where k.tenant_id = i.tenant_id and k.item_id = i.item_id
                and (%(sites)s::bigint[] is null or k.site_id = any(%(sites)s))) as on_hand,
            (select p.quantity from item_pack p where p.tenant_id = i.tenant_id and p.item_id = i.item_id
                and p.level = 'case' and p.valid_from <= (%(now)s::timestamptz at time zone %(zone)s)::date
                order by p.valid_from desc limit 1) as in_case,
            (select string_agg(b.barcode, ', ' order by b.level nulls first, b.barcode) from item_barcode b
                where b.tenant_id = i.tenant_id and b.item_id = i.item_id) as barcodes
        from item i where i.tenant_id = %(tenant)s {where}""",
    filters=(
        Filter(
            "show", "Show",
            choices=(
                Choice("", "In use", "not i.archived"),
                Choice("archived", "Phased out", "i.archived"),
                Choice("all", "All"),
            ),
        ),
        Filter(
            "tracking", "Tracked by",
            choices=(
                Choice("", "Anything"),
                Choice("lot", "Lot", "i.tracking = 'lot'"),
                Choice("serial", "Serial number", "i.tracking = 'serial'"),
                Choice("none", "Nothing", "i.tracking = 'none'"),
            ),
        ),
        Filter(
            "category", "Category", "(i.category = %(f_category)s or starts_with(i.category, %(f_category)s || ' / '))",
            options=_categories,
        ),
        Filter(
            "lacks", "Lacks",
            choices=(
                Choice("", "Anything"),
                Choice("category", "A category", "i.category = ''"),
                Choice("barcode", "A barcode", LACKING["barcode"]),
                Choice("terms", "A supplier's terms", LACKING["terms"]),
                Choice("lead_time", "A lead time", LACKING["lead_time"]),
                Choice("stock", "Any stock, ever", lacks("movement")),
                Choice(
                    "history", "14 days of sales",
                    f"""not {lacks("demand_day")} and {lacks(
                        "demand_day", "and k.day <= (%(now)s::timestamptz at time zone %(zone)s)::date - 14"
                    )}""",
                ),
                Choice("rule", "A rule of your own", lacks("item_rule")),
                Choice("pack", "A pack", LACKING["pack"]),
                Choice("weight", "A weight", LACKING["weight"]),
                Choice("place", "A place of its own", LACKING["place"]),
                Choice("wrong_gtin", "A right check digit", LACKING["wrong_gtin"]),
            ),
        ),
        Filter(
            "source", "Told",
            choices=(
                Choice("", "Anyhow"),
                Choice("entered", "By hand", "i.provenance = 'entered'"),
                Choice("imported", "By a file", "i.provenance = 'imported'"),
                Choice("invented", "By the demo", "i.provenance = 'invented'"),
            ),
        ),
    ),
    search="""i.sku ilike %(like)s or i.description ilike %(like)s or i.category ilike %(like)s
        or exists (select from item_barcode b
        where b.tenant_id = i.tenant_id and b.item_id = i.item_id and b.barcode ilike %(like)s)""",
    search_words="SKU, description, category or barcode",
)  # fmt: skip


def _sites(ctx: Context) -> Options:
    return [(site.code, site.name) for site in records.sites(ctx)]


PLACES = Listing(
    name="place_records",
    home="/places",
    title="Bins and docks",
    columns=(
        Column("code", "Place", "code", link="/bins/{bin_id}"),
        Column("site", "Site", "code"),
        Column("kind", "Kind"),
        Column("zone", "Zone"),
        Column("sku", "Kept for", "code", link="/items/{sku}", under="description"),
        Column("description", "Description", shown=False),
        Column("capacity", "Fits", "number"),
        Column("unit", "Unit", "code"),
        Column("lying", "Lies there"),
        Column("archived", "Out of use", "yes"),
        Column("edit", "", sortable=False, exported=False),
    ),
    order="code",
    key="code, site",
    query="""select p.place_id, p.site_id, p.code, s.code as site, z.name as zone, i.sku, i.description, p.capacity,
            case when p.capacity is not null then i.unit end as unit, p.archived,
            case p.kind when 'packing' then 'packing bench' else p.kind end as kind,
            case when p.kind = 'bin' and p.x_m is not null then p.place_id end as bin_id,
            (select string_agg(trim_scale(o.on_hand) || ' ' || j.unit || ' of ' || j.sku, ', ' order by j.sku)
                from (select b.item_id, sum(b.on_hand) as on_hand from balance b
                      where b.tenant_id = p.tenant_id and b.place_id = p.place_id and b.on_hand <> 0
                      group by b.item_id order by b.item_id limit 4) o
                join item j on j.tenant_id = p.tenant_id and j.item_id = o.item_id) as lying
        from place p join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
        left join zone z on z.tenant_id = p.tenant_id and z.zone_id = p.zone_id
        left join item i on i.tenant_id = p.tenant_id and i.item_id = p.item_id
        where p.tenant_id = %(tenant)s and p.kind in ('bin', 'dock', 'packing')
            and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s)) {where}""",
    filters=(
        Filter("site", "Site", "s.code = %(f_site)s", options=_sites),
        Filter(
            "show", "Show",
            choices=(
                Choice("", "In use", "not p.archived"),
                Choice("archived", "Out of use", "p.archived"),
                Choice("all", "All"),
            ),
        ),
        Filter(
            "kind", "Kind",
            choices=(
                Choice("", "Any kind"),
                Choice("bin", "Bins", "p.kind = 'bin'"),
                Choice("dock", "Docks", "p.kind = 'dock'"),
                Choice("packing", "Packing benches", "p.kind = 'packing'"),
            ),
        ),
    ),
    search="p.code ilike %(like)s or z.name ilike %(like)s or i.sku ilike %(like)s or i.description ilike %(like)s",
    search_words="Place, zone or item",
)  # fmt: skip

SUPPLIERS = Listing(
    name="supplier_records",
    home="/suppliers",
    title="Suppliers",
    columns=(
        Column("name", "Supplier", link="/suppliers/{supplier_id}"),
        Column("code", "Code", "code"),
        Column("orders_to", "Orders go to"),
        Column("items", "Items it sells", "whole", link="/suppliers/{supplier_id}"),
        Column("account_number", "Our number there", "code"),
        Column("currency", "Bills in", "code"),
    ),
    order="code",
    key="code",
    query="""select s.supplier_id, s.name, s.code, s.account_number, s.currency, s.provenance,
            case when s.order_url is not null then 'its system' else s.email end as orders_to,
            (select count(*) from supplier_item t
                where t.tenant_id = s.tenant_id and t.supplier_id = s.supplier_id) as items
        from supplier s where s.tenant_id = %(tenant)s {where}""",
    filters=(
        Filter(
            "orders", "Orders go",
            choices=(
                Choice("", "Anywhere"),
                Choice("system", "To its system", "s.order_url is not null"),
                Choice("mail", "By mail", "s.order_url is null and s.email is not null"),
                Choice("nowhere", "Nowhere: a person tells them", "s.order_url is null and s.email is null"),
            ),
        ),
    ),
    search="""s.name ilike %(like)s or s.code ilike %(like)s or s.email ilike %(like)s
        or s.account_number ilike %(like)s or exists (
            select from supplier_item t join item i using (tenant_id, item_id)
            where t.tenant_id = s.tenant_id and t.supplier_id = s.supplier_id
                and (i.sku ilike %(like)s or t.supplier_sku ilike %(like)s))""",
    search_words="Supplier, code, mail or SKU",
)  # fmt: skip
