"""The SQL of series from outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row

from shelfwise.demand.outside.model import Kind, NewSeries, Series, Value
from shelfwise.demand.panel import Frequency
from shelfwise.store.database import Tx, rows, run, value

_FIELDS = "series_id, name, site_id, unit, frequency, kind, ahead, lag_days, active, followed_since"


def series(
    tx: Tx, tenant: int, *, sites: Collection[int] | None = None, series_id: int | None = None, lock: bool = False
) -> list[Series]:
    """Those of these sites and of the company, by name; None: of all sites."""
    with tx.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            f"""select {_FIELDS} from outside_series where tenant_id = %s
                    and (%s::bigint[] is null or site_id is null or site_id = any(%s::bigint[]))
                    and (%s::bigint is null or series_id = %s::bigint)
                order by name, site_id {"for update" if lock else ""}""",
            (tenant, *[None if sites is None else list(sites)] * 2, series_id, series_id),
        )
        return [_series(one) for one in cursor]


def _series(row: dict[str, Any]) -> Series:
    return Series(**row | {"frequency": Frequency(row["frequency"]), "kind": Kind(row["kind"])})


def insert(tx: Tx, tenant: int, one: NewSeries) -> int:
    made: int = value(
        tx,
        """insert into outside_series (tenant_id, name, site_id, unit, frequency, kind, ahead, lag_days)
           values (%s, %s, %s, %s, %s, %s, %s, %s) returning series_id""",
        (tenant, *_told(one)),
    )
    return made


def update(tx: Tx, tenant: int, series_id: int, to: NewSeries) -> None:
    run(
        tx,
        """update outside_series set name = %s, site_id = %s, unit = %s, frequency = %s, kind = %s, ahead = %s,
               lag_days = %s where tenant_id = %s and series_id = %s""",
        (*_told(to), tenant, series_id),
    )


def _told(one: NewSeries) -> tuple[Any, ...]:
    return one.name, one.site_id, one.unit, one.frequency.value, one.kind.value, one.ahead, one.lag_days


def set_active(tx: Tx, tenant: int, series_id: int, active: bool) -> None:
    run(
        tx,
        "update outside_series set active = %s where tenant_id = %s and series_id = %s",
        (active, tenant, series_id),
    )


def remove_unused(tx: Tx, tenant: int, series_id: int) -> bool:
    """Forget a series that nothing was ever told of; returns whether it was one."""
    return bool(
        run(
            tx,
            """delete from outside_series s where tenant_id = %s and series_id = %s and not exists (
                   select from outside_value v where v.tenant_id = s.tenant_id and v.series_id = s.series_id)""",
            (tenant, series_id),
        )
    )


def name_taken(tx: Tx, tenant: int, name: str, site_id: int | None, but: int | None) -> bool:
    """Whether a site would have two series of one name: its own and the company's count."""
    return bool(
        value(
            tx,
            """select exists (select from outside_series where tenant_id = %s and name = %s
                   and (site_id is null or %s::bigint is null or site_id = %s::bigint)
                   and series_id is distinct from %s::bigint)""",
            (tenant, name, site_id, site_id, but),
        )
    )


def follow(tx: Tx, tenant: int, series_id: int, since: datetime) -> None:
    """Note when the first value was told."""
    run(
        tx,
        """update outside_series set followed_since = %s
           where tenant_id = %s and series_id = %s and followed_since is null""",
        (since, tenant, series_id),
    )


def values_of(tx: Tx, tenant: int, series_id: int, periods: Collection[date] | None = None) -> list[Value]:
    """All that was told of some periods, in the order of the periods and then as it was told; None: of all."""
    return rows(
        tx,
        Value,
        """select value_id, period, value, known_at, told_at from outside_value
           where tenant_id = %s and series_id = %s and (%s::date[] is null or period = any(%s::date[]))
           order by period, value_id""",
        (tenant, series_id, *[None if periods is None else list(periods)] * 2),
    )


def append(
    tx: Tx, tenant: int, series_id: int, told: Sequence[tuple[date, float | None, datetime]], at: datetime
) -> None:
    """Add (period, value, known_at) to what was told."""
    run(
        tx,
        """insert into outside_value (tenant_id, series_id, period, value, known_at, told_at)
           select %s, %s, u.*, %s from unnest(%s::date[], %s::float8[], %s::timestamptz[]) u""",
        (tenant, series_id, at, *(list(part) for part in zip(*told, strict=True))),
    )
