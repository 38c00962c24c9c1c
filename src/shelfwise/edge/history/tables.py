"""SQL of sums by the hour, and of readings one by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shelfwise.edge.deviation import EXACT, Deviation
from shelfwise.edge.history.model import HOUR, ORIGIN, SPELL, Point, join
from shelfwise.edge.model import KINDS
from shelfwise.store.database import Tx, rows, run, value, values
from shelfwise.store.events import Stream

MEASURED = sorted(kind.name for kind in KINDS.values() if kind.measured)


@dataclass(frozen=True)
class Told:
    """That a reading came: all that has to be known to sum its hour."""

    tx: int
    seq: int
    device: str
    kind: str
    hour: datetime


# The same stream as `edge.tables.READINGS`, without what is of no use here: it is read in large steps.
HOURS_TOLD = Stream(
    "reading",
    Told,
    "select tx::text::bigint as tx, seq, device, kind, date_trunc('hour', observed_at, 'UTC') as hour from reading",
    "seq",
    "reading",
    "received_at",
    without_aside=True,
)


@dataclass(frozen=True)
class RawReading:
    """A reading as it was told; `key` settles which is which where several have one time.

    `deviation`: by how much the device is known to have been off; see `deviation.Deviation`.
    """

    observed_at: datetime
    received_at: datetime
    value: float | None
    detail: dict[str, Any] | None
    key: int
    deviation: Deviation = EXACT

    @property
    def counts_as(self) -> float | None:
        return None if self.value is None else self.deviation.truth(self.value)


# The end of the source key, which is chance or a hash: enough to tell apart what one device said at one instant.
KEY = "('x' || right(replace(source_key::text, '-', ''), 16))::bit(64)::bigint"
_POINT = """count(*) as readings, count(r.value) as measured, min(r.value) as low, max(r.value) as high,
    sum(r.value) as total,
    (max(array[extract(epoch from r.observed_at)::float8, r.value]) filter (where r.value is not null))[2] as last,
    max(r.observed_at) as last_at"""
_SUMS = "readings, measured, low, high, total, last, last_at"


def mark_due(tx: Tx, tenant: int, hours: Collection[tuple[str, str, datetime]]) -> None:
    """Hours, as (device, kind, start), are to be summed, or summed again."""
    told = sorted(hours)
    run(
        tx,
        """insert into reading_hour_due (tenant_id, device, kind, starts_at)
           select %s, * from unnest(%s::text[], %s::text[], %s::timestamptz[]) on conflict do nothing""",
        (tenant, [one[0] for one in told], [one[1] for one in told], [one[2] for one in told]),
    )


def take_due(tx: Tx, tenant: int, before: datetime) -> tuple[datetime, list[str], list[str]] | None:
    """The oldest hour that is due, ended by `before` and is not of an archived day, with its devices and kinds.

    They are taken off the list in this transaction; who tells of a reading of them meanwhile waits, and tells again.
    """
    hour = value(
        tx,
        """select starts_at from reading_hour_due h where tenant_id = %s and starts_at <= %s
           and not exists (select from reading_day c
                           where c.tenant_id = h.tenant_id and c.day = (h.starts_at at time zone 'UTC')::date)
           order by starts_at limit 1""",
        (tenant, before - HOUR),
    )
    if hour is None:
        return None
    taken = values(
        tx,
        "delete from reading_hour_due where tenant_id = %s and starts_at = %s returning device, kind",
        (tenant, hour),
    )
    return hour, [device for device, _ in taken], [kind for _, kind in taken]


def sum_hour(tx: Tx, tenant: int, hour: datetime, devices: Sequence[str], kinds: Sequence[str]) -> None:
    """Sum an hour anew from the readings of the partitions, for these pairs of device and kind."""
    for table, step, only in (("reading_hour", HOUR, None), ("reading_spell", SPELL, MEASURED)):
        run(
            tx,
            f"""insert into {table} (tenant_id, device, kind, starts_at, {_SUMS})
                select %(tenant)s, r.device, r.kind, date_bin(%(step)s, r.observed_at, %(hour)s) as starts_at, {_POINT}
                from reading r join unnest(%(devices)s::text[], %(kinds)s::text[]) d (device, kind)
                    on d.device = r.device and d.kind = r.kind
                where r.tenant_id = %(tenant)s and r.observed_at >= %(hour)s
                    and r.observed_at < %(hour)s::timestamptz + interval '1 hour'
                    and (%(only)s::text[] is null or r.kind = any(%(only)s))
                group by 2, 3, 4
                on conflict (tenant_id, device, kind, starts_at) do update set
                    ({_SUMS}) = row({", ".join(f"excluded.{name}" for name in _SUMS.split(", "))})""",
            {
                "tenant": tenant, "hour": hour, "step": step, "only": only,
                "devices": list(devices), "kinds": list(kinds),
            },
        )  # fmt: skip


def due_hours(tx: Tx, tenant: int, device: str, kind: str, since: datetime, until: datetime) -> list[datetime]:
    return [
        hour
        for (hour,) in values(
            tx,
            """select starts_at from reading_hour_due
               where tenant_id = %s and device = %s and kind = %s and starts_at > %s and starts_at < %s order by 1""",
            (tenant, device, kind, since - HOUR, until),
        )
    ]


def sums(tx: Tx, tenant: int, table: str, device: str, kind: str, since: datetime, until: datetime) -> list[Point]:
    """What `reading_hour` or `reading_spell` holds of the hours that are not due."""
    return rows(
        tx,
        Point,
        f"""select starts_at as at, {_SUMS} from {table} s
            where tenant_id = %(tenant)s and device = %(device)s and kind = %(kind)s
                and starts_at >= %(since)s and starts_at < %(until)s
                and not exists (
                    select from reading_hour_due h where h.tenant_id = s.tenant_id and h.device = s.device
                        and h.kind = s.kind and h.starts_at = date_trunc('hour', s.starts_at, 'UTC'))
            order by starts_at""",
        {"tenant": tenant, "device": device, "kind": kind, "since": since, "until": until},
    )


def points(
    tx: Tx, tenant: int, device: str, kind: str, stretches: Sequence[tuple[datetime, datetime]], step: timedelta
) -> list[Point]:
    """Summed from the readings in the partitions that lie in one of the stretches of time."""
    return rows(
        tx,
        Point,
        f"""select p.* from unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) s (since, until),
            lateral (
                select date_bin(%(step)s, r.observed_at, %(origin)s) as at, {_POINT}
                from reading r
                where r.tenant_id = %(tenant)s and r.device = %(device)s and r.kind = %(kind)s
                    and r.observed_at >= s.since and r.observed_at < s.until
                group by 1) p
            order by p.at""",
        {
            "tenant": tenant, "device": device, "kind": kind, "step": step, "origin": ORIGIN,
            "since": [since for since, _ in stretches], "until": [until for _, until in stretches],
        },
    )  # fmt: skip


def raw(
    tx: Tx,
    tenant: int,
    device: str,
    kind: str,
    since: datetime,
    until: datetime,
    before: tuple[datetime, int] | None = None,
    limit: int | None = None,
) -> list[RawReading]:
    """Readings of the partitions one by one, newest first.

    Args:
        before: the time and the key of a reading; only what stands behind it in this order is given.
        limit: the most; None: all.
    """
    return rows(
        tx,
        RawReading,
        f"""select observed_at, received_at, value, detail, {KEY} as key from reading
            where tenant_id = %(tenant)s and device = %(device)s and kind = %(kind)s
                and observed_at >= %(since)s and observed_at < %(until)s
                and (%(at)s::timestamptz is null or (observed_at, {KEY}) < (%(at)s, %(key)s::bigint))
            order by observed_at desc, key desc limit %(limit)s""",
        {
            "tenant": tenant, "device": device, "kind": kind, "since": since, "until": until, "limit": limit,
            "at": None if before is None else before[0], "key": None if before is None else before[1],
        },
    )  # fmt: skip


def kinds_of(tx: Tx, tenant: int, device: str) -> list[str]:
    """What a device has ever said, in the order of `KINDS`: what is measured, how its battery is, then the rest."""
    found = values(tx, "select kind from device_latest where tenant_id = %s and device = %s", (tenant, device))
    return sorted((kind for (kind,) in found), key=list(KINDS).index)


def busy_hours(
    tx: Tx, tenant: int, device: str, kind: str, since: datetime, until: datetime, limit: int
) -> list[tuple[datetime, int]]:
    """The newest hours in which a device said something, each with the least number of readings known of it."""
    return [
        (hour, int(known))
        for hour, known in values(
            tx,
            """select starts_at, max(readings) from (
                   select starts_at, readings from reading_hour
                   where tenant_id = %(tenant)s and device = %(device)s and kind = %(kind)s
                       and starts_at > %(since)s and starts_at < %(until)s
                   union all
                   select starts_at, 1 from reading_hour_due
                   where tenant_id = %(tenant)s and device = %(device)s and kind = %(kind)s
                       and starts_at > %(since)s and starts_at < %(until)s) hours
               group by 1 order by 1 desc limit %(limit)s""",
            {
                "tenant": tenant, "device": device, "kind": kind, "since": since - HOUR, "until": until, "limit": limit,
            },
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class ArchivedDay:
    """A day, in UTC, whose readings lie in a file; `kinds` has how many of each kind are kept still."""

    day: date
    file: str
    sha256: str
    size: int
    kinds: dict[str, int]


def archived_days(tx: Tx, tenant: int, since: datetime, until: datetime) -> dict[date, ArchivedDay]:
    """The archived days that a stretch of time touches."""
    found = rows(
        tx,
        ArchivedDay,
        """select day, file, sha256, size, kinds from reading_day where tenant_id = %s
           and day >= (%s::timestamptz at time zone 'UTC')::date and day < (%s::timestamptz at time zone 'UTC')
           order by day""",
        (tenant, since, until),
    )
    return {one.day: one for one in found}


def set_hour(tx: Tx, tenant: int, device: str, kind: str, point: Point) -> None:
    """What an hour comes to, in the place of what was there."""
    run(
        tx,
        f"""insert into reading_hour (tenant_id, device, kind, starts_at, {_SUMS})
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (tenant_id, device, kind, starts_at) do update set
                ({_SUMS}) = row({", ".join(f"excluded.{name}" for name in _SUMS.split(", "))})""",
        (
            tenant, device, kind, point.at, point.readings, point.measured, point.low, point.high, point.total,
            point.last, point.last_at,
        ),
    )  # fmt: skip


def add_to_hour(tx: Tx, tenant: int, device: str, kind: str, point: Point) -> None:
    """More was told of an hour whose readings are not kept any more."""
    known = rows(
        tx,
        Point,
        f"""select starts_at as at, {_SUMS} from reading_hour
            where tenant_id = %s and device = %s and kind = %s and starts_at = %s for update""",
        (tenant, device, kind, point.at),
    )
    (both,) = join([*known, point], HOUR)
    set_hour(tx, tenant, device, kind, both)
