"""Demand history from order lines, and the forecasts that were made from it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.clocks import day_start, local_day
from shelfwise.demand import mend_tables, tables
from shelfwise.demand.masks import days_out_of_stock, silent_days, untold_days
from shelfwise.demand.model import NOT_ENOUGH, DemandHistory, Paths
from shelfwise.records.calendars import site_calendar
from shelfwise.records.service import item, site_by_id, sites
from shelfwise.records.sources import sales_expected_since
from shelfwise.stock.service import stockouts
from shelfwise.work import objections

Progress = Callable[[int, int], None]
BATCH = 200


@dataclass(frozen=True, eq=False)
class StoredForecast:
    """A forecast as it was made.

    Attributes:
        origin: the last day whose demand was known; the first column of `paths` is the day after.
        paths: shape (paths, horizon), float32; (0, horizon) where there was not enough evidence.
        summary: what pages show, see `demand.forecasting.summary`.
    """

    forecast_id: int
    item_id: int
    site_id: int
    origin: date
    horizon: int
    model: str
    paths: Paths
    summary: dict[str, Any]
    made_at: datetime

    @property
    def first_day(self) -> date:
        return self.origin + timedelta(days=1)

    @property
    def enough(self) -> bool:
        return self.model != NOT_ENOUGH


def last_whole_day(ctx: Context, site_id: int) -> date:
    """Yesterday at the site: the newest day whose demand is known, and so the origin of today's forecast.

    Raises:
        NotFound: there is no such site.
    """
    return local_day(ctx.now, site_by_id(ctx, site_id).zone_info) - timedelta(days=1)


def rebuild_history(ctx: Context, site_id: int, since: date | None = None) -> int:
    """Sum order lines by site-local day, from `since` on or all; returns the number of item-days written.

    Demand is what was ordered, on the day it was ordered, whether or not it was there; returns and cancelled
    lines are none, and a mended line counts for what its mend says. Done again, it gives the same rows.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    site = site_by_id(ctx, site_id)
    tables.lock_site(ctx.tx, ctx.tenant, site_id)
    tables.delete_days(ctx.tx, ctx.tenant, site_id, since)
    start = None if since is None else day_start(since, site.zone_info)
    return tables.insert_days(ctx.tx, ctx.tenant, site_id, site.time_zone, start, since)


def rebuild_items(ctx: Context, item_ids: Collection[int]) -> None:
    """Sum the history of some items anew at every site, as after they were merged or taken apart."""
    ctx.require(Right.EDIT_RECORDS)
    for site in sites(ctx):
        tables.lock_site(ctx.tx, ctx.tenant, site.site_id)
        tables.rebuild_items(ctx.tx, ctx.tenant, site.site_id, site.time_zone, item_ids)


def history(
    ctx: Context, site_id: int, item_ids: Collection[int] | None = None, until: date | None = None
) -> dict[int, DemandHistory]:
    """Daily demand of items from each one's first sale to `until` (yesterday where not given), days between
    filled with zero. Items that never sold are left out: before the first sale nothing is known.

    Masked are days out of stock for six hours or more; days on which the site was closed, but not weekdays on which it
    always is; days on which the whole site is silent for longer than a week although it sells on most days; days whose
    records are missing; and, where sales come every day by themselves, days on which none came.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    until = until or last_whole_day(ctx, site_id)
    sold = tables.days(ctx.tx, ctx.tenant, site_id, item_ids, until)
    if not sold:
        return {}
    silent = np.array(sorted(_without_evidence(ctx, site_id, until)), "datetime64[D]")
    empty = days_out(ctx, site_id, min(day for _, day, _ in sold), until)
    result = {}
    for item_id, group in groupby(sold, key=lambda row: row[0]):
        known = list(group)
        first = known[0][1]
        length = (until - first).days + 1
        quantity = np.zeros(length)
        quantity[[(day - first).days for _, day, _ in known]] = [amount for _, _, amount in known]
        masked = np.zeros(length, bool)
        gaps = (silent - np.datetime64(first)).astype(np.int64)
        masked[gaps[(gaps >= 0) & (gaps < length)]] = True
        for day in empty.get(item_id, ()):
            if first <= day <= until:
                masked[(day - first).days] = True
        result[item_id] = DemandHistory(first, quantity, masked)
    return result


def object_to(ctx: Context, item_id: int, site_id: int, note: str = "") -> int:
    """Say that a forecast is wrong: whoever plans answers. Returns the id of the task.

    Raises:
        NotFound: there is no such item.
        Forbidden: without the right to see that site.
    """
    ctx.require(Right.VIEW, site_id)
    sku = item(ctx, item_id).sku
    task_id = objections.say_wrong(
        ctx, subject=f"forecast:{item_id}:site:{site_id}", site_id=site_id, what=f"Forecast of {sku}",
        link=f"/items/{quote(sku, safe='')}", answers=Role.PLANNER, note=note,
    )  # fmt: skip
    ctx.audit("forecast.objected", f"item:{item_id}", site_id=site_id, note=note[:500])
    return task_id


def forget_forecasts(ctx: Context, site_id: int, before: date) -> int:
    """Delete forecasts with an origin before the given day, but for those that were acted on; returns how many.

    A proposal's forecast is kept for ever, so that it can be scored.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    return tables.delete_old_forecasts(ctx.tx, ctx.tenant, site_id, before)


def latest(ctx: Context, site_id: int, item_id: int) -> StoredForecast | None:
    """An item's newest forecast; None: it never had one."""
    return latest_of(ctx, site_id, [item_id]).get(item_id)


def latest_of(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> dict[int, StoredForecast]:
    """The newest forecast of each item, of all items where none are named."""
    ctx.require(Right.VIEW, site_id)
    found = tables.latest(ctx.tx, ctx.tenant, site_id, item_ids)
    return {row.item_id: stored(row) for row in found}


def _without_evidence(ctx: Context, site_id: int, until: date) -> set[date]:
    """The days on which what a site sold says nothing about what was wanted."""
    selling = tables.selling_days(ctx.tx, ctx.tenant, site_id, until)
    closed = site_calendar(ctx, site_id)
    found = silent_days(selling, until) | (set(closed.days) - set(selling))
    found.update(mend_tables.missing_days(ctx.tx, ctx.tenant, site_id))
    since = sales_expected_since(ctx, site_id)
    return found if since is None else found | untold_days(selling, since, until, closed)


def days_out(ctx: Context, site_id: int, first: date, until: date) -> dict[int, set[date]]:
    """The days each item was out of stock, from `first` to `until`."""
    ctx.require(Right.VIEW, site_id)
    zone = site_by_id(ctx, site_id).zone_info
    start, end = day_start(first, zone), day_start(until + timedelta(days=1), zone)
    found: dict[int, set[date]] = {}
    for one in stockouts(ctx, site_id, start):
        upto = min(one.until_at or ctx.now, end)
        found.setdefault(one.item_id, set()).update(days_out_of_stock(max(one.since, start), upto, zone))
    return found


def stored(row: tables.ForecastRow) -> StoredForecast:
    """A row of the table with its paths as numbers."""
    paths: Paths = np.frombuffer(row.paths, np.float32).reshape(-1, row.horizon)
    return StoredForecast(
        row.forecast_id,
        row.item_id,
        row.site_id,
        row.origin,
        row.horizon,
        row.model,
        paths,
        row.summary,
        row.made_at,
    )
