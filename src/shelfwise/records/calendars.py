"""Days on which a site sells nothing, and on which a supplier delivers nothing: single days, and days of every week."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault
from shelfwise.records.model import refuse, text_faults
from shelfwise.records.prices import WEEKDAYS as WEEKDAYS
from shelfwise.records.sites import site_by_id
from shelfwise.store.database import run, values

# As many days in a row nobody is closed: a calendar that says so is wrong, and must not push a day out for ever.
_LONGEST_DAYS = 60


@dataclass(frozen=True)
class ClosedDay:
    """A day of a site or a supplier: either a date, or a day of every week (1 is Monday)."""

    site_id: int | None
    supplier_id: int | None
    day: date | None
    weekday: int | None
    name: str | None = None


@dataclass(frozen=True)
class Calendar:
    """When somebody is closed: on single days, and on days of every week."""

    days: frozenset[date] = field(default_factory=frozenset)
    weekdays: frozenset[int] = field(default_factory=frozenset)

    def closed(self, day: date) -> bool:
        return day in self.days or day.isoweekday() in self.weekdays


def closed_faults(one: ClosedDay) -> Iterator[Fault]:
    """What is wrong with a closed day."""
    if (one.site_id is None) == (one.supplier_id is None):
        yield Fault("site", "a site or a supplier", "neither or both", "Say whose day it is.")
    if (one.day is None) == (one.weekday is None):
        yield Fault("day", "a day or a weekday", "neither or both", "Say which day it is.")
    yield from text_faults(one.name or "", "name")


def next_open(day: date, calendars: Collection[Calendar]) -> date:
    """The first day from this one on when all of them are open; the day itself where there is none for long."""
    for later in range(_LONGEST_DAYS):
        if not any(one.closed(day + timedelta(days=later)) for one in calendars):
            return day + timedelta(days=later)
    return day


def next_taken(at: datetime, order_days: str, until: time | None) -> date:
    """The first day on which a supplier takes an order that is sent now.

    Args:
        at: now, by the clock of the site that orders.
        order_days: such as 'mon,thu'; '': every day.
        until: the time of day until which it counts for that day; None: all day.
    """
    first = at.date() + timedelta(days=1 if until is not None and at.time() > until else 0)
    ahead = (first + timedelta(days=later) for later in range(len(WEEKDAYS)))
    return next((day for day in ahead if not order_days or WEEKDAYS[day.weekday()] in order_days.split(",")), first)


def put_closed_days(ctx: Context, days: Sequence[ClosedDay]) -> None:
    """Add closed days; those that are there get the new name.

    Raises:
        Invalid: one cannot be right; nothing was changed.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    refuse(fault for one in days for fault in closed_faults(one))
    if not days:
        return
    _require(ctx, {one.site_id for one in days})
    columns = zip(*((one.site_id, one.supplier_id, one.day, one.weekday, one.name) for one in days), strict=True)
    run(
        ctx.tx,
        """insert into closed_day (tenant_id, site_id, supplier_id, day, weekday, name)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::date[], %s::int[], %s::text[]) u
           on conflict (tenant_id, site_id, supplier_id, day, weekday) do update set name = excluded.name""",
        (ctx.tenant, *map(list, columns)),
    )
    ctx.audit("closed_days.set", "calendar", count=len(days))


def remove_closed_days(ctx: Context, days: Sequence[ClosedDay]) -> None:
    """They are open on these days after all."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    if not days:
        return
    _require(ctx, {one.site_id for one in days})
    columns = zip(*((one.site_id, one.supplier_id, one.day, one.weekday) for one in days), strict=True)
    gone = run(
        ctx.tx,
        """delete from closed_day c using unnest(%s::bigint[], %s::bigint[], %s::date[], %s::int[])
               u (site_id, supplier_id, day, weekday)
           where c.tenant_id = %s and (c.site_id, c.supplier_id, c.day, c.weekday)
               is not distinct from (u.site_id, u.supplier_id, u.day, u.weekday)""",
        (*map(list, columns), ctx.tenant),
    )
    ctx.audit("closed_days.removed", "calendar", count=gone)


def site_calendar(ctx: Context, site_id: int) -> Calendar:
    """When a site is closed."""
    ctx.require(Right.VIEW, site_id)
    return _calendar(
        values(
            ctx.tx,
            "select day, weekday from closed_day where tenant_id = %s and site_id = %s",
            (ctx.tenant, site_id),
        )
    )


def supplier_calendars(ctx: Context) -> dict[int, Calendar]:
    """When suppliers deliver nothing; who is not in it always does."""
    ctx.require_somewhere(Right.VIEW)
    found: dict[int, list[tuple[date | None, int | None]]] = {}
    for supplier_id, day, weekday in values(
        ctx.tx,
        "select supplier_id, day, weekday from closed_day where tenant_id = %s and supplier_id is not null",
        (ctx.tenant,),
    ):
        found.setdefault(supplier_id, []).append((day, weekday))
    return {supplier_id: _calendar(days) for supplier_id, days in found.items()}


def arrival(ctx: Context, site_id: int, supplier_id: int, at: datetime) -> datetime:
    """When goods arrive that would come at this time: the first day when they are delivered and somebody is there."""
    day = local_day(at, site_by_id(ctx, site_id).zone_info)
    theirs = supplier_calendars(ctx).get(supplier_id, Calendar())
    return at + (next_open(day, (theirs, site_calendar(ctx, site_id))) - day)


def _calendar(found: Sequence[tuple[date | None, int | None]]) -> Calendar:
    return Calendar(
        frozenset(day for day, _ in found if day is not None),
        frozenset(weekday for _, weekday in found if weekday is not None),
    )


def _require(ctx: Context, site_ids: set[int | None]) -> None:
    for site_id in site_ids:
        ctx.require(Right.IMPORT_DATA, site_id)
