"""What the pages of transfers and counts list."""

from __future__ import annotations

from dataclasses import replace

from shelfwise.access.context import Context
from shelfwise.orders import transfers
from shelfwise.orders.transfers_model import TransferState
from shelfwise.web.listing import Choice, Column, Filter, Listing, Row, site_filter

_HERE = """(%(sites)s::bigint[] is null or t.from_site_id = any(%(sites)s) or t.to_site_id = any(%(sites)s))"""
_SITES = """site f on f.tenant_id = t.tenant_id and f.site_id = t.from_site_id
        join site d on d.tenant_id = t.tenant_id and d.site_id = t.to_site_id"""
_SITE = replace(site_filter(), where="%(f_site)s in (f.code, d.code)")


def _words(_ctx: Context, rows: list[Row]) -> None:
    for row in rows:
        state: TransferState = row["state"]
        row["words"] = transfers.words(state)


TRANSFERS = Listing(
    name="transfers",
    home="/transfers",
    title="Transfers",
    columns=(
        Column("number", "Transfer", "code", link="/transfers/{transfer_id}", under="skus"),
        Column("skus", "Items", shown=False),
        Column("from_site", "From", "code"),
        Column("to_site", "To", "code"),
        Column("state", "State", "code"),
        Column("quantity", "Quantity", "number", shown=False),
        Column("on_road", "On the road", "number"),
        Column("expected_at", "Expected", "instant"),
        Column("created_by", "By", shown=False),
        Column("created_at", "Planned", "instant", shown=False),
    ),
    order="-created_at",
    key="transfer_id",
    query=f"""select t.transfer_id, t.number, f.code as from_site, d.code as to_site, t.state, t.expected_at,
            t.created_by, t.created_at, l.skus, coalesce(l.quantity, 0) as quantity, coalesce(l.on_road, 0) as on_road
        from transfer t join {_SITES}
        left join lateral (
            select string_agg(i.sku, ', ' order by x.line) as skus, sum(x.quantity) as quantity,
                   sum(p.shipped - p.received - p.back - p.lost) as on_road
            from transfer_line x join item i using (tenant_id, item_id)
            join transfer_progress p using (tenant_id, transfer_id, line)
            where x.tenant_id = t.tenant_id and x.transfer_id = t.transfer_id) l on true
        where t.tenant_id = %(tenant)s and {_HERE} {{where}}""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="under_way",
            choices=(
                Choice("under_way", "Under way", "t.state in ('draft', 'approved', 'in_transit', 'part_received')"),
                Choice("all", "All"),
            ),
        ),
        _SITE,
    ),
    search="t.number ilike %(like)s or l.skus ilike %(like)s or t.note ilike %(like)s",
    search_words="Transfer, SKU, note",
    fill=_words,
)  # fmt: skip

ON_THE_ROAD = Listing(
    name="on_the_road",
    home="/transfers/road",
    title="On the road",
    columns=(
        Column("sku", "Item", "code", link="/items/{sku}", under="description"),
        Column("description", "Description", shown=False),
        Column("on_road", "On the road", "number"),
        Column("unit", "Unit", "code"),
        Column("from_site", "From", "code"),
        Column("to_site", "To", "code"),
        Column("expected_at", "Expected", "instant"),
        Column("number", "Transfer", "code", link="/transfers/{transfer_id}"),
    ),
    order="expected_at",
    key="transfer_id, line",
    query=f"""select t.transfer_id, t.number, x.line, f.code as from_site, d.code as to_site, t.expected_at,
            i.sku, i.description, i.unit, p.shipped - p.received - p.back - p.lost as on_road
        from transfer t join {_SITES}
        join transfer_line x on x.tenant_id = t.tenant_id and x.transfer_id = t.transfer_id
        join transfer_progress p on p.tenant_id = x.tenant_id and p.transfer_id = x.transfer_id and p.line = x.line
        join item i on i.tenant_id = x.tenant_id and i.item_id = x.item_id
        where t.tenant_id = %(tenant)s and t.state in ('in_transit', 'part_received') and {_HERE}
          and p.shipped - p.received - p.back - p.lost <> 0 {{where}}""",
    filters=(_SITE,),
    search="i.sku ilike %(like)s or i.description ilike %(like)s or t.number ilike %(like)s",
    search_words="SKU, description, transfer",
)  # fmt: skip

COUNTS = Listing(
    name="counts",
    home="/counts",
    title="Counts",
    columns=(
        Column("number", "Count", "code", link="/counts/{count_id}", under="about"),
        Column("title", "What", shown=False),
        Column("site", "Site", "code", shown=False),
        Column("state", "State", "code"),
        Column("places", "Places", "whole"),
        Column("places_left", "To go", "whole"),
        Column("opened_at", "Asked for", "instant"),
        Column("opened_by", "By"),
        Column("closed_at", "Closed", "instant", shown=False),
    ),
    order="-opened_at",
    key="count_id",
    query="""select c.count_id, c.number, c.title, s.code as site, c.title || ', ' || s.code as about, c.state,
            c.opened_at, c.opened_by, c.closed_at, coalesce(l.places, 0) as places,
            case when c.state = 'open' then coalesce(l.places_left, 0) else 0 end as places_left
        from count_sheet c
        join site s on s.tenant_id = c.tenant_id and s.site_id = c.site_id
        left join lateral (
            select count(distinct place_id) as places,
                   count(distinct place_id) filter (where x.state = 'open') as places_left
            from count_line x where x.tenant_id = c.tenant_id and x.count_id = c.count_id) l on true
        where c.tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or c.site_id = any(%(sites)s)) {where}""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="all",
            choices=(
                Choice("all", "All"),
                Choice("open", "To do", "c.state in ('open', 'to_approve')"),
                Choice("done", "Done", "c.state in ('posted', 'cancelled')"),
            ),
        ),
        site_filter(),
    ),
    search="c.number ilike %(like)s or c.title ilike %(like)s or c.opened_by ilike %(like)s",
    search_words="Count, title, person",
)  # fmt: skip
