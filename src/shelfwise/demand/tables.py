"""The SQL of demand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.demand.model import LARGEST_QUANTITY
from shelfwise.records.joined import family
from shelfwise.store.database import Tx, rows, run, value, values


@dataclass(frozen=True)
class ForecastRow:
    """A stored forecast, its paths still bytes."""

    forecast_id: int
    item_id: int
    site_id: int
    origin: date
    horizon: int
    model: str
    paths: bytes
    summary: dict[str, Any]
    made_at: datetime


NewForecast = tuple[int, int, int, date, int, str, bytes, Jsonb, datetime]
"""(tenant, item, site, origin, horizon, model, paths, summary, made_at)"""


def lock_site(tx: Tx, tenant: int, site_id: int) -> None:
    """One rebuild of a site's demand at a time."""
    run(tx, "select 1 from site where tenant_id = %s and site_id = %s for no key update", (tenant, site_id))


def delete_days(tx: Tx, tenant: int, site_id: int, since: date | None) -> None:
    run(
        tx,
        """delete from demand_day where tenant_id = %s and site_id = %s
             and (%s::date is null or day >= %s)""",
        (tenant, site_id, since, since),
    )


# What sold on days: what lines say, or what a mend makes of them, and totals of days. Where somebody told all that sold
# of an item on a day, its order lines of that day are in it already. A line counts for the item that it named, and that
# one for what it was merged into.
_SUMS = """insert into demand_day (tenant_id, item_id, site_id, day, quantity)
    select %(tenant)s, coalesce(j.survivor_id, sold.item_id), %(site)s, day, sum(quantity * coalesce(j.factor, 1))
    from (
        select coalesce(l.told_item_id, l.item_id) as item_id, (l.ordered_at at time zone %(zone)s)::date as day,
               coalesce(m.after, l.quantity) / coalesce(l.told_factor, 1) as quantity
        from sales_line l
        left join demand_mend m on m.tenant_id = l.tenant_id and m.sales_line_id = l.sales_line_id
             and m.state = 'applied'
             and not exists (select from demand_rule_off r where r.tenant_id = m.tenant_id and r.rule = m.rule)
        where l.tenant_id = %(tenant)s and l.site_id = %(site)s and l.quantity > 0 and l.state <> 'cancelled'
          and {lines} and not exists (
              select from sales_day d where d.tenant_id = l.tenant_id and d.site_id = l.site_id
                and d.item_id = coalesce(l.told_item_id, l.item_id)
                and d.day = (l.ordered_at at time zone %(zone)s)::date and d.channel = '')
        union all
        select d.item_id, d.day, d.quantity from sales_day d
        where d.tenant_id = %(tenant)s and d.site_id = %(site)s and {totals}
    ) sold left join joined j on j.tenant_id = %(tenant)s and j.kind = 'item' and j.id = sold.item_id
    group by 2, day having sum(quantity) > 0"""


def insert_days(tx: Tx, tenant: int, site_id: int, zone: str, start: datetime | None, since: date | None) -> int:
    """Sum order lines from `start` on, and totals of days from `since` on, by local day; returns the item-days."""
    return run(
        tx,
        _SUMS.format(
            lines="(%(start)s::timestamptz is null or l.ordered_at >= %(start)s)",
            totals="(%(since)s::date is null or d.day >= %(since)s)",
        ),
        {"zone": zone, "tenant": tenant, "site": site_id, "start": start, "since": since},
    )


def rebuild_items(
    tx: Tx, tenant: int, site_id: int, zone: str, item_ids: Collection[int], day: date | None = None
) -> None:
    """Sum the lines and totals that count for some items anew, of one local day or of all."""
    named = {
        "zone": zone, "tenant": tenant, "site": site_id, "items": list(item_ids), "day": day,
        "family": family(tx, tenant, "item", item_ids),
    }  # fmt: skip
    run(
        tx,
        """delete from demand_day where tenant_id = %(tenant)s and site_id = %(site)s and item_id = any(%(items)s)
             and (%(day)s::date is null or day = %(day)s)""",
        named,
    )
    run(
        tx,
        _SUMS.format(
            lines="""(l.told_item_id = any(%(family)s) or (l.told_item_id is null and l.item_id = any(%(family)s)))
                and (%(day)s::date is null or (l.ordered_at at time zone %(zone)s)::date = %(day)s)""",
            totals="d.item_id = any(%(family)s) and (%(day)s::date is null or d.day = %(day)s)",
        ),
        named,
    )


def whose(tx: Tx, tenant: int, sales_line_id: int) -> int:
    """The item that a line counts for."""
    found = value(
        tx,
        """select coalesce(j.survivor_id, l.told_item_id, l.item_id) from sales_line l
            left join joined j on j.tenant_id = l.tenant_id and j.kind = 'item'
                and j.id = coalesce(l.told_item_id, l.item_id)
            where l.tenant_id = %s and l.sales_line_id = %s""",
        (tenant, sales_line_id),
    )
    return int(found)


def days(
    tx: Tx, tenant: int, site_id: int, items: Collection[int] | None, until: date
) -> list[tuple[int, date, float]]:
    """(item, day, quantity) up to `until`, by item and day; what is beyond belief is cut to what is not."""
    found = values(
        tx,
        """select item_id, day, least(quantity, %s)::float8 from demand_day
           where tenant_id = %s and site_id = %s and day <= %s
             and (%s::bigint[] is null or item_id = any(%s)) order by item_id, day""",
        (LARGEST_QUANTITY, tenant, site_id, until, _list(items), _list(items)),
    )
    return [(item_id, day, quantity) for item_id, day, quantity in found]


def selling_days(tx: Tx, tenant: int, site_id: int, until: date) -> list[date]:
    """The days on which a site sold anything."""
    return [
        day
        for (day,) in values(
            tx,
            "select distinct day from demand_day where tenant_id = %s and site_id = %s and day <= %s",
            (tenant, site_id, until),
        )
    ]


def items_to_forecast(tx: Tx, tenant: int, site_id: int, until: date) -> list[int]:
    """Items that sold by `until`, or replace some that did, and are kept at the site: they have stock levels there, or
    a supplier's terms.

    Where nothing is kept yet, as after a first import of sales, all of them.
    """
    sold = """with recursive sold (item_id) as (
                  select distinct item_id from demand_day where tenant_id = %(tenant)s and site_id = %(site)s
                    and day <= %(until)s
                  union
                  select s.item_id from succession s join sold on sold.item_id = s.replaces_id
                  where s.tenant_id = %(tenant)s)
              select item_id from sold"""
    kept = """(select item_id from stock_level where tenant_id = %(tenant)s and site_id = %(site)s
               union select item_id from supplier_item where tenant_id = %(tenant)s)"""
    named = {"tenant": tenant, "site": site_id, "until": until}
    found = values(tx, f"{sold} where item_id in {kept} order by item_id", named) or values(
        tx, f"{sold} order by item_id", named
    )
    return [item_id for (item_id,) in found]


def delete_old_forecasts(tx: Tx, tenant: int, site_id: int, before: date) -> int:
    """Delete forecasts older than `before` on which no proposal stands; returns how many."""
    return run(
        tx,
        """delete from forecast f where tenant_id = %s and site_id = %s and origin < %s and not exists (
               select from proposal p where p.tenant_id = f.tenant_id and p.forecast_id = f.forecast_id)""",
        (tenant, site_id, before),
    )


def forecast_items(tx: Tx, tenant: int, site_id: int, origin: date) -> set[int]:
    """The items that have a forecast of this origin."""
    found = values(
        tx,
        "select item_id from forecast where tenant_id = %s and site_id = %s and origin = %s",
        (tenant, site_id, origin),
    )
    return {item_id for (item_id,) in found}


def insert_forecasts(tx: Tx, made: Sequence[NewForecast]) -> int:
    """Add those that say something else than the newest one of their origin, which stays; returns how many."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into forecast
                   (tenant_id, item_id, site_id, origin, horizon, model, paths, summary, made_at, attempt)
               select n.*, coalesce(k.attempt, 0) + 1
               from (values (%s::int, %s::bigint, %s::bigint, %s::date, %s::int, %s::text, %b::bytea, %s::jsonb,
                             %s::timestamptz)) n (tenant_id, item_id, site_id, origin, horizon, model, paths, summary,
                                                  made_at)
               left join lateral (
                   select f.attempt, f.model, f.horizon, f.paths from forecast f
                   where f.tenant_id = n.tenant_id and f.item_id = n.item_id and f.site_id = n.site_id
                     and f.origin = n.origin order by f.attempt desc limit 1) k on true
               where k.attempt is null or (k.model, k.horizon, k.paths) is distinct from (n.model, n.horizon, n.paths)
               on conflict (tenant_id, item_id, site_id, origin, attempt) do nothing""",
            made,
        )
        return cursor.rowcount


def latest(tx: Tx, tenant: int, site_id: int, items: Collection[int] | None) -> list[ForecastRow]:
    """The newest forecast of each item."""
    return rows(
        tx,
        ForecastRow,
        """select distinct on (item_id)
                  forecast_id, item_id, site_id, origin, horizon, model, paths, summary, made_at
           from forecast
           where tenant_id = %s and site_id = %s and (%s::bigint[] is null or item_id = any(%s))
           order by item_id, origin desc, attempt desc""",
        (tenant, site_id, _list(items), _list(items)),
    )


def by_id(tx: Tx, tenant: int, site_id: int, forecast_ids: Collection[int]) -> list[ForecastRow]:
    return rows(
        tx,
        ForecastRow,
        """select forecast_id, item_id, site_id, origin, horizon, model, paths, summary, made_at from forecast
           where tenant_id = %s and site_id = %s and forecast_id = any(%s::bigint[]) order by forecast_id""",
        (tenant, site_id, list(forecast_ids)),
    )


def newest_origin(tx: Tx, tenant: int, site_id: int) -> date | None:
    found: date | None = value(
        tx, "select max(origin) from forecast where tenant_id = %s and site_id = %s", (tenant, site_id)
    )
    return found


def _list(items: Collection[int] | None) -> list[int] | None:
    return None if items is None else list(items)
