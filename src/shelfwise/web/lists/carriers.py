"""What the page of carriers lists: their services, each with the prices of a day on."""

from __future__ import annotations

from shelfwise.web.listing import Choice, Column, Filter, Listing

_TODAY = "(%(now)s::timestamptz at time zone %(zone)s)::date"
_NEWER = """exists (select from rate_card n where n.tenant_id = r.tenant_id and n.carrier_id = r.carrier_id
    and n.service_code = r.service_code and n.site_id is not distinct from r.site_id
    and n.valid_from > r.valid_from and n.valid_from <= {day})"""
_OVER = f"(coalesce(r.valid_until < {_TODAY}, false) or {_NEWER.format(day=_TODAY)})"

RATE_CARDS = Listing(
    name="rate_cards",
    home="/carriers",
    title="Carriers",
    columns=(
        Column("service", "Service", link="/rate-cards/{rate_card_id}"),
        Column("service_code", "Code", "code", shown=False),
        Column("carrier", "Carrier", link="/carriers/{carrier_id}"),
        Column("site", "Picks up at", "code"),
        Column("state", "Prices"),
        Column("valid_from", "From", "day"),
        Column("valid_until", "Until", "day"),
        Column("zones", "Zones", "whole"),
        Column("currency", "Currency", "code"),
        Column("on_time", "On time", sortable=False),
    ),
    order="carrier",
    key="service, site, valid_from",
    query=f"""select r.rate_card_id, r.carrier_id, r.card->>'service_name' as service, r.service_code,
            c.name as carrier, coalesce(s.code, 'all sites') as site, r.valid_from, r.valid_until,
            case when r.valid_from > {_TODAY} then 'coming' when {_OVER} then 'over' else 'hold now' end as state,
            jsonb_array_length(r.card->'zones') as zones, r.card->>'currency' as currency,
            (select count(*) filter (where b.days_late <= 0) || ' of ' || count(*) from shipment_booking b
                join rate_card o on o.tenant_id = b.tenant_id and o.rate_card_id = b.rate_card_id
             where b.tenant_id = r.tenant_id and o.carrier_id = r.carrier_id and o.service_code = r.service_code
                and b.days_late is not null and b.cancelled_at is null
                and (%(sites)s::bigint[] is null or b.site_id = any(%(sites)s)) having count(*) > 0) as on_time
        from rate_card r join carrier c on c.tenant_id = r.tenant_id and c.carrier_id = r.carrier_id
        left join site s on s.tenant_id = r.tenant_id and s.site_id = r.site_id
        where r.tenant_id = %(tenant)s
            and (%(sites)s::bigint[] is null or r.site_id is null or r.site_id = any(%(sites)s)) {{where}}""",
    filters=(
        Filter(
            "show", "Show",
            choices=(
                Choice("", "Now and coming", f"not {_OVER}"),
                Choice("over", "Over", _OVER),
                Choice("all", "All"),
            ),
        ),
    ),
    search="""c.name ilike %(like)s or c.code ilike %(like)s or r.service_code ilike %(like)s
        or r.card->>'service_name' ilike %(like)s or s.code ilike %(like)s""",
    search_words="Carrier, service or site",
)  # fmt: skip
