"""What is known of a site's demand at the end of a day, as one panel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from shelfwise.access.context import Context
from shelfwise.demand.forecasting import tables
from shelfwise.demand.forecasting.columns import holiday_column, promotion_columns
from shelfwise.demand.model import SetAside, screen
from shelfwise.demand.panel import Column, Panel, daily
from shelfwise.demand.service import history
from shelfwise.records.calendars import Calendar, site_calendar
from shelfwise.records.service import site_by_id


@dataclass(frozen=True, eq=False)
class Gathered:
    """A site's demand up to a day.

    Attributes:
        panel: a series for each item; days on which the site is closed are not wanted.
        items: by series.
        observed: how many days of each are known; `masked`: how many are not, since its first sale.
        aside: days that stand alone and were left out.
    """

    panel: Panel
    items: tuple[int, ...]
    observed: tuple[int, ...]
    masked: tuple[int, ...]
    aside: tuple[tuple[SetAside, ...], ...]


def gather(ctx: Context, site_id: int, item_ids: Collection[int], origin: date, horizon: int) -> Gathered | None:
    """Everything that the forecast of some items may know at the end of `origin`; None: none of them ever sold."""
    known = history(ctx, site_id, item_ids, origin)
    if not known:
        return None
    items = tuple(known)
    screened = [screen(one) for one in known.values()]
    panel = daily(origin, [one for one, _ in screened], horizon, [(str(item_id), str(site_id)) for item_id in items])
    panel = without_closed(panel, site_calendar(ctx, site_id))
    panel = replace(panel, columns=_columns(ctx, site_id, items, panel.dates))
    return Gathered(
        panel,
        items,
        tuple(len(one.observed) for one, _ in screened),
        tuple(int(one.masked.sum()) for one in known.values()),
        tuple(aside for _, aside in screened),
    )


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


def _columns(ctx: Context, site_id: int, items: Sequence[int], dates: Sequence[date]) -> tuple[Column, ...]:
    promoted = tables.promoted(ctx.tx, ctx.tenant, site_id, items, dates[0], dates[-1])
    holidays = holiday_column(site_by_id(ctx, site_id).time_zone, dates, len(items))
    return (*promotion_columns(promoted, items, dates), *([holidays] if holidays else ()))
