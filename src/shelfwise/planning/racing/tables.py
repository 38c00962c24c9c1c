"""The SQL of races."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.planning.standing import Aim, Raced, Standing, Target
from shelfwise.store.database import Tx, rows, run, values


@dataclass(frozen=True)
class _Row:
    item_id: int
    policy: str
    numbers: list[float]
    raced: list[dict[str, Any]]
    aim: str
    level: float
    group: str
    stands_on: dict[str, Any]
    days: int
    until: date
    apart: bool


def standings(tx: Tx, tenant: int, site_id: int, item_ids: Collection[int] | None, since: date) -> dict[int, Standing]:
    """Of all items where none are named; those whose past was looked at until a day before `since` are left out."""
    found = rows(
        tx,
        _Row,
        """select item_id, policy, numbers, raced, aim, level, class as "group", stands_on, days, until, apart
           from policy_standing
           where tenant_id = %s and site_id = %s and (%s::bigint[] is null or item_id = any(%s)) and until >= %s""",
        (tenant, site_id, _list(item_ids), _list(item_ids), since),
    )
    return {
        one.item_id: Standing(
            one.policy, tuple(one.numbers), tuple(Raced(**each) for each in one.raced),
            Target(Aim(one.aim), one.level), one.group, one.stands_on, one.days, one.until, one.apart,
        )
        for one in found
    }  # fmt: skip


def put(tx: Tx, tenant: int, site_id: int, found: Mapping[int, Standing], at: datetime) -> None:
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into policy_standing (tenant_id, site_id, item_id, policy, numbers, raced, aim, level, class,
                   stands_on, days, until, apart, raced_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, site_id, item_id) do update
               set policy = excluded.policy, numbers = excluded.numbers, raced = excluded.raced, aim = excluded.aim,
                   level = excluded.level, class = excluded.class, stands_on = excluded.stands_on,
                   days = excluded.days, until = excluded.until, apart = excluded.apart,
                   raced_at = excluded.raced_at""",
            [
                (
                    tenant, site_id, item_id, one.policy, list(one.numbers),
                    Jsonb([asdict(each) for each in one.raced]), one.target.aim.value, one.target.level, one.group,
                    Jsonb(one.on), one.days, one.until, one.apart, at,
                )
                for item_id, one in sorted(found.items())
            ],
        )  # fmt: skip


def forget(tx: Tx, tenant: int, site_id: int, before: date) -> int:
    return run(
        tx, "delete from policy_standing where tenant_id = %s and site_id = %s and until < %s",
        (tenant, site_id, before),
    )  # fmt: skip


def sold(tx: Tx, tenant: int, site_id: int, since: date, until: date) -> list[tuple[int, date, int, float]]:
    """(item, first day, days with sales, what was wanted) between two days."""
    found = values(
        tx,
        """select item_id, min(day), count(*), sum(quantity)::float8 from demand_day
           where tenant_id = %s and site_id = %s and day between %s and %s group by item_id""",
        (tenant, site_id, since, until),
    )
    return [(item_id, first, days, quantity) for item_id, first, days, quantity in found]


def _list(ids: Collection[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)
