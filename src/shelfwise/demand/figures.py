"""What measures read of demand: how much was wanted lately, and forecasts by their ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand import tables
from shelfwise.demand.service import StoredForecast, stored
from shelfwise.store.database import rows, value


@dataclass(frozen=True)
class Lately:
    """What was wanted of an item on a day, on so many days up to it together, and the last day of any demand."""

    item_id: int
    today: Decimal
    lately: Decimal
    last_day: date


def wanted_lately(ctx: Context, site_id: int, day: date, days: int) -> list[Lately]:
    """Every item that was ever wanted at a site by `day`, with the demand of the `days` days up to it, by item."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Lately,
        """select item_id, coalesce(sum(quantity) filter (where day = %(day)s), 0) as today,
                  coalesce(sum(quantity) filter (where day > %(before)s), 0) as lately, max(day) as last_day
           from demand_day where tenant_id = %(tenant)s and site_id = %(site)s and day <= %(day)s and quantity > 0
           group by item_id order by item_id""",
        {"tenant": ctx.tenant, "site": site_id, "day": day, "before": day - timedelta(days=days)},
    )


def known_since(ctx: Context, site_id: int) -> date | None:
    """The first day whose demand is known; None: none is."""
    ctx.require(Right.VIEW, site_id)
    found: date | None = value(
        ctx.tx, "select min(day) from demand_day where tenant_id = %s and site_id = %s", (ctx.tenant, site_id)
    )
    return found


def open_days(ctx: Context, site_id: int, until: date) -> list[date]:
    """The days up to `until` on which the site sold anything, in order."""
    ctx.require(Right.VIEW, site_id)
    return sorted(tables.selling_days(ctx.tx, ctx.tenant, site_id, until))


def forecasts(ctx: Context, site_id: int, forecast_ids: Collection[int]) -> list[StoredForecast]:
    """Forecasts of a site by their ids, as far as they are kept."""
    ctx.require(Right.VIEW, site_id)
    return [stored(row) for row in tables.by_id(ctx.tx, ctx.tenant, site_id, forecast_ids)]
