"""The SQL of figures, of what was before, and of what people told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg.types.json import Jsonb

from shelfwise.measure.model import Day, Figure
from shelfwise.store.database import Tx, first, rows, run, value, values


@dataclass(frozen=True)
class Baseline:
    """The time before, of a site: fixed once."""

    site_id: int
    from_day: date
    until_day: date
    why: str
    fixed_at: datetime


@dataclass(frozen=True)
class Told:
    """What the business says it measured itself."""

    told_id: int
    site_id: int
    metric: str
    value: Decimal
    from_day: date
    until_day: date
    source: str
    told_by: str
    told_at: datetime


def costs(tx: Tx, tenant: int, worth: Mapping[str, Decimal]) -> dict[int, Decimal]:
    """What one unit of each item costs at its cheapest supplier, in the currency that `worth` is in."""
    return dict(
        values(
            tx,
            """select item_id, min(s.unit_cost * w.rate)
               from supplier_item s join unnest(%s::text[], %s::numeric[]) w (currency, rate) using (currency)
               where tenant_id = %s group by item_id""",
            (list(worth), list(worth.values()), tenant),
        )
    )


def insert_figures(tx: Tx, tenant: int, site_id: int, day: date, figures: Sequence[Figure], at: datetime) -> int:
    """Record figures of a day; one that is there stays. Returns how many are new."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into kpi_day (tenant_id, site_id, day, metric, part, whole, n, how, missing, recorded_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
            [
                (tenant, site_id, day, one.metric, one.part, one.whole, one.n, one.how, Jsonb(dict(one.missing)), at)
                for one in figures
            ],
        )
        return cursor.rowcount


def forget_estimates(tx: Tx, tenant: int, site_id: int) -> None:
    run(
        tx,
        "delete from kpi_day where tenant_id = %s and site_id = %s and how = 'estimated'",
        (tenant, site_id),
    )


def days(tx: Tx, tenant: int, site_id: int, since: date) -> dict[str, list[Day]]:
    """The figures of a site by metric, oldest first."""
    found: dict[str, list[Day]] = {}
    for metric, day, part, whole, n in values(
        tx,
        """select metric, day, part, whole, n from kpi_day where tenant_id = %s and site_id = %s and day >= %s
           order by day""",
        (tenant, site_id, since),
    ):
        found.setdefault(metric, []).append(Day(day, part, whole, n))
    return found


def last_missing(tx: Tx, tenant: int, site_id: int) -> dict[str, dict[str, int]]:
    """What the newest figure of each metric leaves out."""
    return dict(
        values(
            tx,
            """select distinct on (metric) metric, missing from kpi_day where tenant_id = %s and site_id = %s
               order by metric, day desc""",
            (tenant, site_id),
        )
    )


def first_day(tx: Tx, tenant: int, site_id: int) -> date | None:
    found: date | None = value(
        tx, "select min(day) from kpi_day where tenant_id = %s and site_id = %s", (tenant, site_id)
    )
    return found


def baseline(tx: Tx, tenant: int, site_id: int) -> Baseline | None:
    return first(
        tx,
        Baseline,
        "select site_id, from_day, until_day, why, fixed_at from baseline where tenant_id = %s and site_id = %s",
        (tenant, site_id),
    )


def insert_baseline(tx: Tx, tenant: int, one: Baseline) -> bool:
    return bool(
        run(
            tx,
            """insert into baseline (tenant_id, site_id, from_day, until_day, why, fixed_at)
               values (%s, %s, %s, %s, %s, %s) on conflict do nothing""",
            (tenant, one.site_id, one.from_day, one.until_day, one.why, one.fixed_at),
        )
    )


def told(tx: Tx, tenant: int, site_id: int) -> list[Told]:
    """What was told of a site, the newest word first."""
    return rows(
        tx,
        Told,
        """select told_id, site_id, metric, value, from_day, until_day, source, told_by, told_at
           from kpi_told where tenant_id = %s and site_id = %s order by told_id desc""",
        (tenant, site_id),
    )


def insert_told(tx: Tx, tenant: int, site_id: int, metric: str, amount: Decimal, days: tuple[date, date], source: str,
                by: str, at: datetime) -> int:  # fmt: skip
    found: int = value(
        tx,
        """insert into kpi_told (tenant_id, site_id, metric, value, from_day, until_day, source, told_by, told_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning told_id""",
        (tenant, site_id, metric, amount, *days, source, by, at),
    )
    return found
