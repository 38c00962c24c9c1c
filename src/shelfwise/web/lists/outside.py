"""What the page of figures from outside lists."""

from __future__ import annotations

from shelfwise.web.listing import Choice, Column, Filter, Listing

OUTSIDE = Listing(
    name="outside",
    home="/outside",
    title="Figures from outside",
    columns=(
        Column("name", "Series", link="/outside/{series_id}", under="said"),
        Column("kind", "About"),
        Column("site", "Site", "code"),
        Column("frequency", "Every"),
        Column("period", "Newest of", "day"),
        Column("value", "Value", "number", link="/outside/{series_id}"),
        Column("unit", "Unit"),
        Column("known_at", "Known since", "instant"),
        Column("ahead", "Told ahead", "yes"),
        Column("source", "Comes"),
        Column("said", "State", shown=False),
    ),
    order="name",
    key="site",
    query="""select s.series_id, s.name, s.kind, coalesce(t.code, 'all') as site, s.frequency, s.unit, s.ahead,
            v.period, v.value::numeric as value, v.known_at,
            case when f.series_id is null then 'as it is told' else 'every day' end as source,
            case when not s.active then 'stopped' when f.trouble is not null then 'not fetched' else '' end as said
        from outside_series s
        left join site t on t.tenant_id = s.tenant_id and t.site_id = s.site_id
        left join outside_feed f on f.tenant_id = s.tenant_id and f.series_id = s.series_id
        left join lateral (
            select * from (
                select distinct on (period) period, value, known_at from outside_value o
                where o.tenant_id = s.tenant_id and o.series_id = s.series_id
                order by period desc, known_at desc, value_id desc) known
            where value is not null order by period desc limit 1) v on true
        where s.tenant_id = %(tenant)s
            and (%(sites)s::bigint[] is null or s.site_id is null or s.site_id = any(%(sites)s)) {where}""",
    filters=(
        Filter(
            "show", "Show",
            choices=(
                Choice("", "All"),
                Choice("on", "Going on", "s.active"),
                Choice("trouble", "Not fetched", "s.active and f.trouble is not null"),
                Choice("stopped", "Stopped", "not s.active"),
            ),
        ),
    ),
    search="s.name ilike %(like)s or s.kind ilike %(like)s or s.unit ilike %(like)s or t.name ilike %(like)s",
    search_words="Name, kind, unit or site",
)  # fmt: skip
