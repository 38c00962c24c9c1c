"""What the page of measures lists as a file: every recorded figure of every day."""

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
