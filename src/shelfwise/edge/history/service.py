"""What a device said over time, told as one history: from sums by the hour, from partitions and from files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.edge.devices import site_of_device
from shelfwise.edge.health.corrections import corrections_of, deviation_at
from shelfwise.edge.history import files, tables
from shelfwise.edge.history.model import (
    DAY,
    HOUR,
    MOST_POINTS,
    SPELL,
    STEPS,
    History,
    Point,
    amended,
    floor,
    join,
    step_for,
)
from shelfwise.edge.history.tables import RawReading, Told
from shelfwise.edge.model import KINDS
from shelfwise.store.database import rows, value

# Hours are looked through for raw readings so many at a time.
_HOURS_AT_ONCE = 500
MOST_RAW = 1_000
Stretch = tuple[datetime, datetime]


def remember_hours(ctx: Context, facts: Sequence[Told]) -> None:
    """The hours of these readings are to be summed. A consumer of `tables.HOURS_TOLD`; told twice changes nothing."""
    tables.mark_due(ctx.tx, ctx.tenant, {(fact.device, fact.kind, fact.hour) for fact in facts})


def sum_ended_hour(ctx: Context) -> int:
    """Sum the oldest hour that has ended and is due; returns of how many devices and kinds it was.

    An hour is always summed whole from the readings that are stored. So what came late is in it, nothing is in it
    twice, and a sum may be made again at any time.
    """
    taken = tables.take_due(ctx.tx, ctx.tenant, ctx.now)
    if taken is None:
        return 0
    hour, devices, kinds = taken
    tables.sum_hour(ctx.tx, ctx.tenant, hour, devices, kinds)
    return len(devices)


def kinds_of(ctx: Context, device: str) -> list[str]:
    """The kinds of readings that a device has ever sent, the most telling first.

    Raises:
        NotFound: there is no such device.
    """
    _require(ctx, device)
    return tables.kinds_of(ctx.tx, ctx.tenant, device)


def readings(ctx: Context, device: str, kind: str, since: datetime, until: datetime, points: int = 300) -> History:
    """What a device said of one kind, in no more than about so many stretches of time.

    `since` and `until` are widened to whole stretches. What came in the last second may be missing still. What the
    device is known to have been off by is allowed for; in the hour or five minutes in which that changed, as at their
    end.

    Raises:
        NotFound: there is no such device.
        Invalid: an unknown kind, or a time that ends before it begins.
    """
    _require(ctx, device, kind)
    if not since < until:
        raise Invalid(Fault("until", f"a time after {since.isoformat()}", until.isoformat(), "Swap them."))
    # Of what is no number there is only how often, and that by the hour.
    shortest = STEPS[0] if KINDS[kind].measured else HOUR
    step = step_for(until - since, min(max(points, 1), MOST_POINTS), shortest)
    since, until = floor(since.astimezone(UTC), step), floor(until - timedelta(microseconds=1), step) + step
    known = corrections_of(ctx.tx, ctx.tenant, [device]).get((device, kind), [])
    pieces = _pieces(ctx, device, kind, since, until, step)
    found = join((amended(one, deviation_at(known, one.last_at)) for one in pieces), step)
    return History(device, kind, since, until, step, found)


def raw_readings(
    ctx: Context,
    device: str,
    kind: str,
    since: datetime,
    until: datetime,
    before: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> list[RawReading]:
    """Readings one by one as they were told, newest first, with what the device is known to have been off by.

    From each of them, its time and key lead on to those behind it.

    Raises:
        NotFound: there is no such device.
        Invalid: an unknown kind.
    """
    _require(ctx, device, kind)
    limit = min(limit, MOST_RAW)
    if before is not None:
        until = min(until, before[0] + timedelta(microseconds=1))
    found: list[RawReading] = []
    # Only hours in which it said something are looked into: nothing has to be read of all that others said.
    while since < until and len(found) < limit:
        hours = tables.busy_hours(ctx.tx, ctx.tenant, device, kind, since, until, _HOURS_AT_ONCE)
        wanted = limit - len(found)
        if not hours:
            break
        known = list(accumulate(many for _, many in hours))
        first = hours[min(bisect_left(known, wanted), len(hours) - 1)][0]
        found += told_one_by_one(ctx, device, kind, max(first, since), until, before, wanted)
        until = first
    off = corrections_of(ctx.tx, ctx.tenant, [device]).get((device, kind), [])
    return [replace(one, deviation=deviation_at(off, one.observed_at)) for one in found] if off else found


def told_one_by_one(
    ctx: Context,
    device: str,
    kind: str,
    since: datetime,
    until: datetime,
    before: tuple[datetime, int] | None = None,
    limit: int | None = None,
) -> list[RawReading]:
    """All readings of a stretch of time from partitions and files, newest first, each once."""
    found = tables.raw(ctx.tx, ctx.tenant, device, kind, since, until, before, limit)
    if closed := _files(ctx, kind, since, until):
        told = {(one.observed_at, one.key): one for one in found}
        for one in files.raw(closed, device, kind, since, until):
            if before is None or (one.observed_at, one.key) < before:
                told.setdefault((one.observed_at, one.key), one)
        found = [told[name] for name in sorted(told, reverse=True)]
    return found if limit is None else found[:limit]


@dataclass(frozen=True)
class ArchivedDays:
    """All that lies in files. The days are None while there is none."""

    days: int
    first: date | None
    last: date | None
    readings: int
    size: int
    folder: str


def archived_days(ctx: Context) -> ArchivedDays:
    """How much of the history lies in files, and where."""
    ctx.require(Right.MANAGE_SETTINGS)
    (found,) = rows(
        ctx.tx,
        ArchivedDays,
        """select count(*) as days, min(day) as first, max(day) as last, coalesce(sum(size), 0)::bigint as size,
                  coalesce(sum((select sum(n::bigint) from jsonb_each_text(kinds) k (kind, n))), 0)::bigint as readings,
                  %s as folder
           from reading_day where tenant_id = %s and kinds <> '{}'""",
        (str(folder_of(ctx)), ctx.tenant),
    )
    return found


def _pieces(ctx: Context, device: str, kind: str, since: datetime, until: datetime, step: timedelta) -> Iterable[Point]:
    """Points that together tell all of a stretch of time, none of it twice."""
    if step >= HOUR:
        yield from tables.sums(ctx.tx, ctx.tenant, "reading_hour", device, kind, since, until)
        due = tables.due_hours(ctx.tx, ctx.tenant, device, kind, since, until)
        yield from _from_readings(ctx, device, kind, [(hour, hour + HOUR) for hour in due], HOUR)
        return
    closed = tables.archived_days(ctx.tx, ctx.tenant, since, until)
    for first, last in _by_days(since, until):
        day = closed.get(first.date())
        if (day is None and step < SPELL) or (day is not None and kind in day.kinds):
            yield from _from_readings(ctx, device, kind, [(first, last)], step)
        else:
            # Of an archived day whose readings of this kind are not kept any more, only the hours are known.
            table = "reading_spell" if day is None else "reading_hour"
            yield from tables.sums(ctx.tx, ctx.tenant, table, device, kind, first, last)
            due = tables.due_hours(ctx.tx, ctx.tenant, device, kind, first, last)
            stretches = [(max(hour, first), min(hour + HOUR, last)) for hour in due]
            yield from _from_readings(ctx, device, kind, stretches, step)


def _from_readings(
    ctx: Context, device: str, kind: str, stretches: Sequence[Stretch], step: timedelta
) -> Iterable[Point]:
    """Summed from the readings themselves. What came late for an archived day may be in its file as well."""
    if not stretches:
        return
    closed = [stretch for stretch in stretches if _files(ctx, kind, *stretch)]
    yield from tables.points(
        ctx.tx, ctx.tenant, device, kind, [stretch for stretch in stretches if stretch not in closed], step
    )
    for first, last in closed:
        late = tables.raw(ctx.tx, ctx.tenant, device, kind, first, last)
        if not late:
            yield from files.points(_files(ctx, kind, first, last), device, kind, [(first, last)], step)
            continue
        for one in told_one_by_one(ctx, device, kind, first, last):
            yield Point(
                one.observed_at, 1, int(one.value is not None), one.value, one.value, one.value, one.value,
                one.observed_at,
            )  # fmt: skip


def _by_days(since: datetime, until: datetime) -> Iterable[Stretch]:
    first = since
    while first < until:
        midnight = datetime.combine(first.date(), time(), UTC) + DAY
        yield first, min(midnight, until)
        first = midnight


def _files(ctx: Context, kind: str, since: datetime, until: datetime) -> list[Path]:
    """The files that hold readings of a kind from a stretch of time."""
    closed = tables.archived_days(ctx.tx, ctx.tenant, since, until).values()
    files_of_kind = [day.file for day in closed if kind in day.kinds]
    return [folder_of(ctx) / name for name in files_of_kind] if files_of_kind else []


def folder_of(ctx: Context) -> Path:
    """Where the files of archived days lie, as the worker last said; nothing reads it before there is one."""
    told = value(ctx.tx, "select value from setting where tenant_id = %s and name = 'history_folder'", (ctx.tenant,))
    return Path(told or "history")


def _require(ctx: Context, device: str, kind: str | None = None) -> None:
    ctx.require_somewhere(Right.VIEW)
    if not value(ctx.tx, "select 1 from device where tenant_id = %s and device = %s", (ctx.tenant, device)):
        raise NotFound("device", device)
    ctx.require(Right.VIEW, site_of_device(ctx, device))
    if kind is not None and kind not in KINDS:
        raise Invalid(Fault("kind", "one of " + ", ".join(KINDS), shorten(kind), "Correct the kind."))
