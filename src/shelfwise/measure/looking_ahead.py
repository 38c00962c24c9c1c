"""Each night: what may run out, kept one night a week and scored when the week is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import day_end, day_start, local_day
from shelfwise.demand.overrides import service as overrides
from shelfwise.measure import scoring_tables as tables
from shelfwise.measure.risks import AHEAD_DAYS, LEAST_RISK, outcome, risk_of
from shelfwise.measure.scoring_tables import Call
from shelfwise.orders import figures as order_figures
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock import service as stock

BATCH = 500


def look_ahead(ctx: Context, site_id: int, day: date) -> int:
    """Say of each item with a forecast of `day` how likely it is to run out in the seven days after it.

    Returns:
        How many items are at risk; what was said last night makes room, but for one night a week.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    zone = records.site_by_id(ctx, site_id).zone_info
    first = day + timedelta(days=1)
    free = {one.item_id: one.on_hand - one.blocked - one.reserved for one in stock.levels(ctx, site_id)}
    there = [item_id for item_id, amount in free.items() if amount > 0]
    coming = orders.on_order(ctx, site_id)
    calls: list[Call] = []
    for begin in range(0, len(there), BATCH):
        for item_id, known in overrides.expected_of(ctx, site_id, there[begin : begin + BATCH]).items():
            if not known.enough or known.origin != day:
                continue
            arriving = [((local_day(at, zone) - first).days, float(amount)) for amount, at in coming.get(item_id, [])]
            said = risk_of(known.paths, float(free[item_id]), arriving)
            if said.within_week >= LEAST_RISK or said.out_by is not None:
                out_on = None if said.out_by is None else first + timedelta(days=said.out_by)
                foreseen = sum(amount for at, amount in arriving if at < AHEAD_DAYS)
                calls.append(Call(item_id, said.within_week, out_on, free[item_id], Decimal(str(round(foreseen, 6)))))
    until = first + timedelta(days=AHEAD_DAYS - 1)
    tables.forget_calls(ctx.tx, ctx.tenant, site_id, first)
    tables.insert_calls(ctx.tx, ctx.tenant, site_id, first, until, calls)
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
