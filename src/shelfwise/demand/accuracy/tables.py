"""The SQL of how forecasts did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from shelfwise.store.database import Tx, rows, run, values

NewScore = tuple[Any, ...]
"""(tenant, site, item, origin, half, segment, model, seen, count, demand, absolute, difference, scaled, pinball,
covered, total_covered, average_absolute, average_scaled)"""


@dataclass(frozen=True)
class Due:
    """A forecast whose first half is over, and what it was scored against so far; the newest of its origin."""

    item_id: int
    origin: date
    forecast_id: int
    model: str
    first_seen: bytes | None
    second_seen: bytes | None


@dataclass(frozen=True)
class Sums:
    """What was scored of an item, or of a week's evenings, in one half of the days ahead; see the table."""

    key: str
    item_id: int | None
    segment: str
    half: int
    count: float
    demand: float
    absolute: float
    difference: float
    scaled: float
    pinball: float
    covered: float
    totals: int
    total_covered: float
    average_absolute: float
    average_scaled: float


def due(tx: Tx, tenant: int, site_id: int, since: date, until: date, days: int) -> list[Due]:
    """Forecasts of at least so many days with an origin from `since` to `until`, by item and origin."""
    return rows(
        tx,
        Due,
        """select f.item_id, f.origin, f.forecast_id, f.model, a.seen as first_seen, b.seen as second_seen
           from (select distinct on (item_id, origin) item_id, origin, forecast_id, model, horizon,
                        octet_length(paths) > 0 as enough
                 from forecast where tenant_id = %(tenant)s and site_id = %(site)s
                   and origin between %(since)s and %(until)s
                 order by item_id, origin, attempt desc) f
           left join forecast_accuracy a on a.tenant_id = %(tenant)s and a.site_id = %(site)s
                and a.item_id = f.item_id and a.origin = f.origin and a.half = 1
           left join forecast_accuracy b on b.tenant_id = %(tenant)s and b.site_id = %(site)s
                and b.item_id = f.item_id and b.origin = f.origin and b.half = 2
           where f.enough and f.horizon >= %(days)s order by f.item_id, f.origin""",
        {"tenant": tenant, "site": site_id, "since": since, "until": until, "days": days},
    )


def put(tx: Tx, scores: Sequence[NewScore]) -> None:
    """Write scores; one of the same forecast and half is replaced."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into forecast_accuracy
                   (tenant_id, site_id, item_id, origin, half, segment, model, seen, count, demand, absolute,
                    difference, scaled, pinball, covered, total_covered, average_absolute, average_scaled)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, site_id, item_id, origin, half) do update set
                   segment = excluded.segment, model = excluded.model, seen = excluded.seen, count = excluded.count,
                   demand = excluded.demand, absolute = excluded.absolute, difference = excluded.difference,
                   scaled = excluded.scaled, pinball = excluded.pinball, covered = excluded.covered,
                   total_covered = excluded.total_covered, average_absolute = excluded.average_absolute,
                   average_scaled = excluded.average_scaled""",
            scores,
        )


def thin(tx: Tx, tenant: int, site_id: int, daily_since: date, since: date) -> None:
    """Keep scores of every evening from `daily_since` on, of one evening a week from `since` on, and no older ones."""
    run(
        tx,
        """delete from forecast_accuracy where tenant_id = %s and site_id = %s and origin < %s
             and (origin < %s or (origin - date '2000-01-03') %% 7 <> 0)""",
        (tenant, site_id, daily_since, since),
    )


def scored_between(tx: Tx, tenant: int, site_id: int) -> tuple[date, date] | None:
    """The first and the last origin that was scored."""
    ((first, last),) = values(
        tx,
        "select min(origin), max(origin) from forecast_accuracy where tenant_id = %s and site_id = %s",
        (tenant, site_id),
    )
    return None if first is None else (first, last)


def next_days(tx: Tx, tenant: int, site_id: int, since: date, before: date) -> list[tuple[int, date, float, float]]:
    """(item, origin, mean and middle case of the day after) by the newest forecast of each origin, oldest first."""
    return values(
        tx,
        """select distinct on (item_id, origin) item_id, origin, (summary -> 'mean' ->> 0)::float8,
                  (summary -> 'q50' ->> 0)::float8 from forecast
           where tenant_id = %s and site_id = %s and origin >= %s and origin < %s and summary ? 'mean'
           order by item_id, origin, attempt desc""",
        (tenant, site_id, since, before),
    )


_SUMMED = """sum(count) as count, sum(demand) as demand, sum(absolute) as absolute, sum(difference) as difference,
    sum(scaled) as scaled, sum(pinball) as pinball, sum(covered) as covered, count(total_covered)::int as totals,
    coalesce(sum(total_covered), 0) as total_covered, sum(average_absolute) as average_absolute,
    sum(average_scaled) as average_scaled"""


def sums(tx: Tx, tenant: int, site_id: int, since: date, by: Literal["item", "week"]) -> list[Sums]:
    """What was scored of origins from `since` on, by item (with its newest segment) or by the Monday of the origin."""
    key = {
        "item": "select i.sku as key, a.item_id, (array_agg(segment order by origin desc))[1] as segment, half",
        "week": "select date_trunc('week', origin)::date::text as key, null::bigint as item_id, '' as segment, half",
    }[by]
    group = {"item": "i.sku, a.item_id", "week": "1"}[by]
    return rows(
        tx,
        Sums,
        f"""{key}, {_SUMMED} from forecast_accuracy a join item i using (tenant_id, item_id)
            where a.tenant_id = %s and a.site_id = %s and a.origin >= %s and a.count > 0
            group by {group}, half order by key, half""",
        (tenant, site_id, since),
    )
