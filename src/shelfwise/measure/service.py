"""The figures of a site: recorded each night, fixed as "before", told by people, and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import outcomes
from shelfwise.core.clocks import day_end, day_start, local_day
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand import figures as demand_figures
from shelfwise.demand import service as demand
from shelfwise.demand.masks import days_out_of_stock
from shelfwise.measure import tables
from shelfwise.measure.compare import Verdict, compare
from shelfwise.measure.gaps import suspected
from shelfwise.measure.model import (
    AVERAGE_DAYS,
    BY_NAME,
    METRICS,
    Counted,
    Figure,
    Line,
    Metric,
    Wanted,
    Week,
    count_figures,
    fill_figures,
    loss_figure,
    stock_figures,
    stockout_figures,
    supplier_figures,
    weeks,
)
from shelfwise.measure.tables import Baseline, Told
from shelfwise.orders import figures as order_figures
from shelfwise.orders import service as orders
from shelfwise.records import company as companies
from shelfwise.records import service as records
from shelfwise.records.model import refuse, text_faults
from shelfwise.stock import figures as stock_figures_of
from shelfwise.stock import service as stock

BATCH = 500
SHOWN_DAYS = 3 * 365
# Shares are between 0 and 1; of all else nothing is known beyond its sign.
_LARGEST_TOLD = Decimal("1e12")


@dataclass(frozen=True)
class Measure:
    """A figure as its page shows it.

    Attributes:
        before, since: whole weeks of the baseline and after it.
        told: the newest word about it from the business itself; None: nothing was told.
        missing: what the newest figure leaves out, by kind.
    """

    metric: Metric
    before: list[Week]
    since: list[Week]
    verdict: Verdict
    told: Told | None
    missing: Mapping[str, int]

    @property
    def known(self) -> bool:
        return bool(self.before or self.since or self.told)


@dataclass(frozen=True)
class Measures:
    """All figures of a site; `baseline` None: nothing was approved yet, so that all of it is before."""

    site_id: int
    baseline: Baseline | None
    first_day: date | None
    measures: list[Measure]


def record_day(ctx: Context, site_id: int, day: date) -> int:
    """Record the figures of a site's day that has ended, once; returns how many are new. What is recorded stays.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    found = [*_flow_figures(ctx, site_id, day), *_stock_figures(ctx, site_id, day)]
    made = tables.insert_figures(ctx.tx, ctx.tenant, site_id, day, found, ctx.now)
    fix_baseline(ctx, site_id)
    return made


def _flow_figures(ctx: Context, site_id: int, day: date) -> list[Figure]:
    """What came and went that day: customers' lines, suppliers' lines, counts."""
    zone = records.site_by_id(ctx, site_id).zone_info
    start, end = day_start(day, zone), day_end(day, zone)
    cost = _costs(ctx)
    counted = stock_figures_of.count_results(ctx, site_id, start, end)
    return [
        *fill_figures([Line(*one) for one in order_figures.filled(ctx, site_id, start, end)]),
        *supplier_figures([Line(one.ordered, one.came) for one in order_figures.due(ctx, site_id, start, end)]),
        *count_figures([Counted(one.item_id, one.book, one.counted, one.tolerance) for one in counted], cost),
    ]


def _stock_figures(ctx: Context, site_id: int, day: date) -> list[Figure]:
    """What lay there at the end of the day; nothing where no stock is kept yet."""
    zone = records.site_by_id(ctx, site_id).zone_info
    start, end = day_start(day, zone), day_end(day, zone)
    kept = {level.item_id for level in stock.levels(ctx, site_id)}
    if not kept:
        return []
    cost = _costs(ctx)
    wanted = [
        Wanted(one.item_id, one.today, one.lately, one.last_day)
        for one in demand_figures.wanted_lately(ctx, site_id, day, AVERAGE_DAYS)
    ]
    out = {
        one.item_id
        for one in stock.stockouts(ctx, site_id, start)
        if day in days_out_of_stock(max(one.since, start), min(one.until_at or end, end), zone)
    }
    held = {one.item_id: one.on_hand for one in stock.stock_as_of(ctx, site_id, end)}
    lost = stock_figures_of.left(ctx, site_id, start, end, "scrap")
    return [
        *stockout_figures(wanted, out, kept),
        *stock_figures(
            held, cost, wanted, stock_figures_of.left(ctx, site_id, start, end, "customer"), day,
            demand_figures.known_since(ctx, site_id), companies.carrying_rate(ctx),
        ),
        loss_figure("written_off", lost, cost),
        loss_figure("expired", stock_figures_of.past_last_day(ctx, site_id), cost),
    ]  # fmt: skip


def _costs(ctx: Context) -> dict[int, Decimal]:
    return tables.costs(ctx.tx, ctx.tenant, orders.worth_today(ctx))


def estimate_history(ctx: Context, site_id: int) -> int:
    """Suspect stockouts in the sales from before stock was kept; returns the number of days. Repeatable.

    Sales say nothing of empty shelves, so this is an estimate, for whole days, and nothing else of the past is known.
    Once "before" is fixed it stays as it is.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    site = records.site_by_id(ctx, site_id)
    if tables.baseline(ctx.tx, ctx.tenant, site_id) is not None:
        return 0
    until = demand.last_whole_day(ctx, site_id)
    live = records.go_live(ctx)
    if live is not None:
        until = min(until, local_day(live, site.zone_info) - timedelta(days=1))
    opened = demand_figures.open_days(ctx, site_id, until)
    tables.forget_estimates(ctx.tx, ctx.tenant, site_id)
    if not opened:
        return 0
    first = opened[0]
    steady, gap = (np.zeros((until - first).days + 1, np.int64) for _ in range(2))
    is_open = np.zeros(len(steady), bool)
    is_open[[(day - first).days for day in opened]] = True
    items = [one.item_id for one in demand_figures.wanted_lately(ctx, site_id, until, 1)]
    for begin in range(0, len(items), BATCH):
        for known in demand.history(ctx, site_id, items[begin : begin + BATCH], until).values():
            at = (known.first_day - first).days
            some, gone = suspected(known.quantity > 0, is_open[at : at + known.days])
            steady[at : at + known.days] += some
            gap[at : at + known.days] += gone
    days = np.flatnonzero(steady)
    for index in days:
        figure = Figure("gaps", Decimal(int(gap[index])), Decimal(int(steady[index])), int(steady[index]), "estimated")
        tables.insert_figures(ctx.tx, ctx.tenant, site_id, first + timedelta(days=int(index)), [figure], ctx.now)
    return len(days)


def fix_baseline(ctx: Context, site_id: int) -> bool:
    """Fix what "before" means at a site, once its first proposal was approved; returns whether that is new.

    Before is from the first day with a figure to the day before that approval: until then people ordered as ever.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    zone = records.site_by_id(ctx, site_id).zone_info
    approved = outcomes.first_approval(ctx, site_id)
    since = tables.first_day(ctx.tx, ctx.tenant, site_id)
    if approved is None:
        return False
    day = local_day(approved, zone)
    until = day - timedelta(days=1)
    # Who approved on the first day has no before, and it is fixed that there is none.
    since = until if since is None else min(since, until)
    why = f"the first proposal was approved on {day.isoformat()}"
    made = tables.insert_baseline(ctx.tx, ctx.tenant, Baseline(site_id, since, until, why, ctx.now))
    if made:
        ctx.audit("measure.baseline_fixed", f"site:{site_id}", first=since.isoformat(), last=until.isoformat())
    return made


def tell_figure(
    ctx: Context, site_id: int, metric: str, value: Decimal, from_day: date, until_day: date, source: str
) -> int:
    """Keep what the business measured itself before; the newest word about a figure counts. Returns its id.

    Args:
        value: a share as 0.87, money in the company's currency, days, or times a year.
        source: how it is known: a stocktake, a report.

    Raises:
        Invalid: no such figure, or the value cannot be one.
        NotFound: there is no such site.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    records.site_by_id(ctx, site_id)
    known = BY_NAME.get(metric)
    if known is None:
        raise Invalid(Fault("figure", f"one of {', '.join(BY_NAME)}", shorten(metric), "Choose one."))
    largest = Decimal(1) if known.unit == "share" else _LARGEST_TOLD
    least = -largest if metric == "count_net" else Decimal(0)
    faults = []
    if not (value.is_finite() and least <= value <= largest):
        wanted = "a share from 0 to 100 %" if known.unit == "share" else f"a number from {least:f} on"
        faults.append(Fault("value", wanted, shorten(str(value)), "Correct it."))
    if not from_day <= until_day <= ctx.now.date():
        said = f"{from_day} to {until_day}"
        faults.append(Fault("days", "a first and a last day, in the past", said, "Correct them."))
    if not source.strip():
        faults.append(Fault("source", "how it is known, such as 'stocktake of December'", "nothing", "Say it."))
    refuse([*faults, *text_faults(source, "source")])
    made = tables.insert_told(
        ctx.tx, ctx.tenant, site_id, metric, value, (from_day, until_day), source.strip(), ctx.actor.by, ctx.now
    )
    ctx.audit("measure.told", f"site:{site_id}", metric=known.title, value=str(value), source=source.strip())
    return made


def measures(ctx: Context, site_id: int) -> Measures:
    """The figures of a site by week, before and since, each with what became of it.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    zone = records.site_by_id(ctx, site_id).zone_info
    today = local_day(ctx.now, zone)
    yesterday = today - timedelta(days=1)
    days = tables.days(ctx.tx, ctx.tenant, site_id, today - timedelta(days=SHOWN_DAYS))
    fixed = tables.baseline(ctx.tx, ctx.tenant, site_id)
    told: dict[str, Told] = {}
    for one in tables.told(ctx.tx, ctx.tenant, site_id):
        told.setdefault(one.metric, one)
    missing = tables.last_missing(ctx.tx, ctx.tenant, site_id)
    last_before = yesterday if fixed is None else min(fixed.until_day, yesterday)
    found = []
    for metric in METRICS:
        some = days.get(metric.name, [])
        # The week in which it changed is of neither: no whole week of it was before, and none since.
        old = weeks(metric, some, last_before)
        new = [one for one in weeks(metric, some, yesterday) if one.monday > last_before]
        verdict = compare(metric, old, new)
        found.append(Measure(metric, old, new, verdict, told.get(metric.name), missing.get(metric.name, {})))
    return Measures(site_id, fixed, tables.first_day(ctx.tx, ctx.tenant, site_id), found)


def told_figures(ctx: Context, site_id: int) -> Sequence[Told]:
    """Everything that the business told of a site, the newest first."""
    ctx.require(Right.VIEW, site_id)
    return tables.told(ctx.tx, ctx.tenant, site_id)
