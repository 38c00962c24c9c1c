"""What the pages of measures and of accuracy list as files: recorded figures by day, and scored forecasts."""

from __future__ import annotations

from collections.abc import Iterable

from shelfwise.access.context import Context
from shelfwise.measure.model import BY_NAME
from shelfwise.web.listing import Column, Filter, Listing, Row, site_filter


def _words(ctx: Context, rows: Iterable[Row]) -> None:
    for row in rows:
        known = BY_NAME.get(row["metric"])
        row["title"] = known.title if known else row["metric"]
        row["unit"] = known.unit if known else ""
        row["leaves_out"] = ", ".join(f"{name}: {many}" for name, many in (row["missing"] or {}).items())


MEASURES = Listing(
    name="measures",
    home="/measures",
    title="Measures",
    columns=(
        Column("day", "Day", "day"),
        Column("site", "Site", "code"),
        Column("metric", "Figure", "code"),
        Column("title", "In words", sortable=False),
        Column("value", "Value", "number"),
        Column("unit", "Unit", "code", sortable=False),
        Column("n", "Stands on", "whole"),
        Column("how", "How", "code"),
        Column("leaves_out", "Leaves out", sortable=False),
        Column("period", "Before or since", "code"),
    ),
    order="-day",
    key="day, site, metric",
    query="""select k.day, s.code as site, k.metric, round(k.part / coalesce(k.whole, 1), 6) as value, k.n, k.how,
                    k.missing, case when b.until_day is null or k.day <= b.until_day then 'before' else 'since' end
                    as period
             from kpi_day k join site s using (tenant_id, site_id)
             left join baseline b using (tenant_id, site_id)
             where k.tenant_id = %(tenant)s
               and (%(sites)s::bigint[] is null or k.site_id = any(%(sites)s)) {where}""",
    filters=(site_filter(), Filter("metric", "Figure", "k.metric = %(f_metric)s", kind="text")),
    fill=_words,
)


FORECAST_ACCURACY = Listing(
    name="forecast_accuracy",
    home="/accuracy",
    title="How forecasts did",
    columns=(
        Column("origin", "Last day known", "day"),
        Column("site", "Site", "code"),
        Column("sku", "Item", "code", link="/items/{sku}"),
        Column("days_ahead", "Days ahead", "code", sortable=False),
        Column("segment", "Kind of demand", "code"),
        Column("model", "Method", "code"),
        Column("days", "Days known", "whole"),
        Column("came", "Came", "number"),
        Column("said", "Said", "number"),
        Column("off_by", "Sum of errors", "number"),
        Column("average_off_by", "Of the moving average", "number"),
        Column("pinball", "Pinball loss", "number"),
        Column("days_inside", "Days inside the range", "number"),
        Column("total_inside", "Total inside the range", "number"),
    ),
    order="-origin",
    key="origin, site, sku, days_ahead",
    query="""select a.origin, s.code as site, i.sku, case a.half when 1 then '1-14' else '15-28' end as days_ahead,
                    a.segment, a.model, a.count::int as days, a.demand::numeric as came,
                    round((a.demand + a.difference)::numeric, 3) as said, round(a.absolute::numeric, 3) as off_by,
                    round(a.average_absolute::numeric, 3) as average_off_by, round(a.pinball::numeric, 3) as pinball,
                    round(a.covered::numeric, 2) as days_inside, round(a.total_covered::numeric, 2) as total_inside
             from forecast_accuracy a join site s using (tenant_id, site_id) join item i using (tenant_id, item_id)
             where a.tenant_id = %(tenant)s
               and (%(sites)s::bigint[] is null or a.site_id = any(%(sites)s)) {where}""",
    filters=(site_filter(),),
    search="i.sku ilike %(like)s or i.description ilike %(like)s",
    search_words="SKU or description",
)
