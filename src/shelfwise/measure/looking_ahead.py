"""What was said to run out within a week: kept one night a week, and scored when that week is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import day_end, day_start
from shelfwise.measure import scoring_tables as tables
from shelfwise.measure.scores import outcome
from shelfwise.measure.scoring_tables import Call
from shelfwise.orders import figures as order_figures
from shelfwise.planning.risk import service as risk
from shelfwise.planning.risk.model import NEAR_DAYS
from shelfwise.records import service as records
from shelfwise.stock import service as stock


def keep_calls(ctx: Context, site_id: int, day: date) -> int:
    """Keep what was said of a site in the night after `day`; what was said before makes room, but for one night a week.

    Returns:
        How many items are at risk.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    records.site_by_id(ctx, site_id)
    first = day + timedelta(days=1)
    calls = [
        Call(one.item_id, one.near, one.out_day, one.available, one.coming)
        for one in risk.riskiest(ctx, site_id)
        if one.first_day == first and one.at_risk
    ]
    tables.forget_calls(ctx.tx, ctx.tenant, site_id, first)
    tables.insert_calls(ctx.tx, ctx.tenant, site_id, first, first + timedelta(days=NEAR_DAYS - 1), calls)
    return len(calls)


def settle_calls(ctx: Context, site_id: int, day: date) -> int:
    """Say what became of the kept calls whose seven days are over by `day`; returns how many."""
    ctx.require(Right.RUN_PLANNING, site_id)
    zone = records.site_by_id(ctx, site_id).zone_info
    done = 0
    for first, until, open_calls in tables.open_calls(ctx.tx, ctx.tenant, site_id, day):
        done += _settle(ctx, site_id, zone, first, until, open_calls)
    return done


def _settle(
    ctx: Context, site_id: int, zone: ZoneInfo, first: date, until: date, calls: Sequence[tuple[int, float]]
) -> int:
    start, end = day_start(first, zone), day_end(until, zone)
    out = {one.item_id for one in stock.stockouts(ctx, site_id, start) if start <= one.since < end}
    came = order_figures.received(ctx, site_id, start, end)
    found = [(item_id, outcome(item_id in out, float(came.get(item_id, 0)), foreseen)) for item_id, foreseen in calls]
    tables.set_outcomes(ctx.tx, ctx.tenant, site_id, first, found)
    return len(found)
