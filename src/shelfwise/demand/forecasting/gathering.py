"""What is known of a site's demand at the end of a day, as one panel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from shelfwise.access.context import Context
from shelfwise.demand.alike import Life
from shelfwise.demand.forecasting import tables
from shelfwise.demand.forecasting.cold import Cold, category_column, cold, weights
from shelfwise.demand.forecasting.columns import OUTSIDE, holiday_column, promotion_columns, shared
from shelfwise.demand.lives import begun_history, lives
from shelfwise.demand.model import DemandHistory, Floats, SetAside, screen
from shelfwise.demand.outside.service import columns as outside_columns
from shelfwise.demand.panel import Column, Panel, daily
from shelfwise.records.calendars import Calendar, site_calendar
from shelfwise.records.items import items_by_id
from shelfwise.records.service import site_by_id

LONGEST_PAST = 5 * 365
"""Days that are looked back on: one order dated into another decade must not make every night as long."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """A site's demand up to a day.

    Attributes:
        panel: a series for each item; days on which the site is closed are not wanted.
        items: by series.
        observed: how many days of each are known; `masked`: how many are not, since its first sale.
        aside: days that stand alone and were left out.
        cold: by series, what is known of those that are forecast as others of their category.
        lives: by item, from when until when it is sold, where that is said.
        weights: by series, how much its loss counts in a race; None: all alike.
    """

    panel: Panel
    items: tuple[int, ...]
    observed: tuple[int, ...]
    masked: tuple[int, ...]
    aside: tuple[tuple[SetAside, ...], ...]
    cold: dict[int, Cold]
    lives: dict[int, Life]
    weights: Floats | None


def gather(ctx: Context, site_id: int, item_ids: Collection[int], origin: date, horizon: int) -> Gathered | None:
    """Everything that the forecast of some items may know at the end of `origin`; None: none of them ever sold."""
    first = origin - timedelta(days=LONGEST_PAST)
    found = begun_history(ctx, site_id, item_ids, origin)
    known = {item_id: since(one, first) for item_id, one in found.items() if one.last_day >= first}
    if not known:
        return None
    items = tuple(known)
    screened = [screen(one) for one in known.values()]
    panel = daily(origin, [one for one, _ in screened], horizon, [(str(item_id), str(site_id)) for item_id in items])
    panel = without_closed(panel, site_calendar(ctx, site_id))
    told = items_by_id(ctx, items)
    units = [told[item_id].unit for item_id in items]
    category = category_column([told[item_id].category for item_id in items], units, len(panel.dates))
    new = cold(panel, category)
    panel.quantity[list(new)] = np.nan
    panel = replace(panel, columns=_columns(ctx, site_id, items, panel.dates, origin, category))
    return Gathered(
        panel,
        items,
        tuple(len(one.observed) for one, _ in screened),
        tuple(int(one.masked.sum()) for one in known.values()),
        tuple(aside for _, aside in screened),
        new,
        lives(ctx, site_id, items),
        weights(panel, units),
    )


def since(history: DemandHistory, first: date) -> DemandHistory:
    """A history without the days before the first one given."""
    gone = max((first - history.first_day).days, 0)
    return DemandHistory(history.day(gone), history.quantity[gone:], history.masked[gone:])


def without_closed(panel: Panel, calendar: Calendar) -> Panel:
    """The panel with days on which the site is closed unknown where nothing sold, and not wanted ahead."""
    closed = np.array([calendar.closed(day) for day in panel.dates])
    if not closed.any():
        return panel
    idle = closed[: panel.periods] & (np.nan_to_num(panel.quantity) == 0)
    return replace(
        panel,
        quantity=np.where(idle, np.float32(np.nan), panel.quantity),
        wanted=panel.wanted & ~closed[panel.periods :],
    )


def _columns(
    ctx: Context, site_id: int, items: Sequence[int], dates: Sequence[date], origin: date, category: Column | None
) -> tuple[Column, ...]:
    promoted = tables.promoted(ctx.tx, ctx.tenant, site_id, items, dates[0], dates[-1])
    holidays = holiday_column(site_by_id(ctx, site_id).time_zone, dates, len(items))
    own = (category, *promotion_columns(promoted, items, dates), holidays)
    outside = outside_columns(ctx, site_id, dates, origin)
    return (
        *(one for one in own if one is not None),
        *(shared(f"{OUTSIDE}{one.name}", one.values, len(items), ahead=one.ahead) for one in outside),
    )
