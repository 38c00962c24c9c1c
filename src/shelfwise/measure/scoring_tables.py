"""The SQL of what was predicted, and what came."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from shelfwise.measure.scores import Outcome, Score
from shelfwise.store.database import Tx, run, values

KEPT_EVERY_DAYS = 7


@dataclass(frozen=True)
class Call:
    """How likely an item is to run out within a week; see `planning.risk`."""

    item_id: int
    risk: float
    out_on: date | None
    on_hand: Decimal
    coming: Decimal


def forget_calls(tx: Tx, tenant: int, site_id: int, before: date) -> None:
    """Delete calls of earlier nights, but for one night a week: those are scored."""
    run(
        tx,
        """delete from risk_call where tenant_id = %s and site_id = %s and from_day < %s
             and (from_day - date '2000-01-03') %% %s <> 0""",
        (tenant, site_id, before, KEPT_EVERY_DAYS),
    )


def insert_calls(tx: Tx, tenant: int, site_id: int, first: date, until: date, calls: Sequence[Call]) -> None:
    """What was said of a day stays."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into risk_call (tenant_id, site_id, item_id, from_day, until_day, risk, out_on, on_hand, coming)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
            [
                (tenant, site_id, one.item_id, first, until, one.risk, one.out_on, one.on_hand, one.coming)
                for one in calls
            ],
        )


def open_calls(tx: Tx, tenant: int, site_id: int, day: date) -> Iterator[tuple[date, date, list[tuple[int, float]]]]:
    """(first day, last day, (item, on order then) of each) of kept calls that are over by `day` and not settled."""
    found = values(
        tx,
        """select from_day, until_day, item_id, coming::float8 from risk_call
           where tenant_id = %s and site_id = %s and until_day <= %s and outcome is null
             and (from_day - date '2000-01-03') %% %s = 0
           order by from_day, item_id""",
        (tenant, site_id, day, KEPT_EVERY_DAYS),
    )
    for (first, until), some in groupby(found, key=lambda row: (row[0], row[1])):
        yield first, until, [(item_id, coming) for _, _, item_id, coming in some]


def set_outcomes(tx: Tx, tenant: int, site_id: int, first: date, found: Collection[tuple[int, Outcome]]) -> None:
    run(
        tx,
        """update risk_call r set outcome = u.outcome from unnest(%s::bigint[], %s::text[]) u (item_id, outcome)
           where r.tenant_id = %s and r.site_id = %s and r.from_day = %s and r.item_id = u.item_id""",
        ([item for item, _ in found], [what for _, what in found], tenant, site_id, first),
    )


def scored(tx: Tx, tenant: int, site_id: int) -> set[tuple[int, int]]:
    """(forecast, horizon) that have a score."""
    return set(
        values(
            tx,
            "select forecast_id, horizon from forecast_score where tenant_id = %s and site_id = %s",
            (tenant, site_id),
        )
    )


def insert_scores(tx: Tx, tenant: int, site_id: int, made: Sequence[tuple[int, int, date, Score]]) -> None:
    """(forecast, item, origin, score); one that is there stays."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into forecast_score (tenant_id, site_id, forecast_id, item_id, origin, horizon, segment, days,
                                           left_out, came, said, low, high, naive)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
            [
                (
                    tenant, site_id, forecast_id, item_id, origin, one.horizon, one.segment, one.days, one.left_out,
                    one.came, one.said, one.low, one.high, one.naive,
                )
                for forecast_id, item_id, origin, one in made
            ],
        )  # fmt: skip


def scores(tx: Tx, tenant: int, site_id: int, since: date) -> list[tuple[Score, str, int, date]]:
    """(score, sku, item, origin) of forecasts with an origin since then."""
    return [
        (Score(*rest), sku, item_id, origin)
        for sku, item_id, origin, *rest in values(
            tx,
            """select i.sku, f.item_id, f.origin, f.segment, f.horizon, f.days, f.left_out, f.came, f.said, f.low,
                      f.high, f.naive
               from forecast_score f join item i using (tenant_id, item_id)
               where f.tenant_id = %s and f.site_id = %s and f.origin >= %s order by f.origin desc, i.sku""",
            (tenant, site_id, since),
        )
    ]


def settled_calls(tx: Tx, tenant: int, site_id: int, since: date) -> list[tuple[float, Outcome]]:
    """(risk, what became of it) of kept calls that are over."""
    return values(
        tx,
        """select risk, outcome from risk_call where tenant_id = %s and site_id = %s and from_day >= %s
             and outcome is not null""",
        (tenant, site_id, since),
    )


def alerts_judged(tx: Tx, tenant: int, site_id: int, since: date, objection: str) -> list[tuple[str, int, int]]:
    """(kind, alerts that are over, of which somebody said that they were wrong)."""
    return values(
        tx,
        """select a.kind, count(*), count(*) filter (where exists (
                      select from task t where t.tenant_id = a.tenant_id and t.kind = %(objection)s
                        and t.subject = 'alert:' || a.alert_id))
           from alert a where a.tenant_id = %(tenant)s and a.site_id = %(site)s and a.state = 'cleared'
             and a.raised_at >= %(since)s group by a.kind order by 2 desc, 1""",
        {"tenant": tenant, "site": site_id, "since": since, "objection": objection},
    )
