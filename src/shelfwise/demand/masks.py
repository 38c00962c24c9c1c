"""Which days say nothing about demand: an empty shelf, or a site whose records are silent. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shelfwise.core.clocks import day_end, day_start, local_day
from shelfwise.records.calendars import Calendar

OUT_OF_STOCK_HOURS = 6
SILENT_DAYS = 7


def days_out_of_stock(since: datetime, until: datetime, zone: ZoneInfo) -> set[date]:
    """The local days on which a stockout lasted six hours or more.

    A quarter of a day is where what was sold stops telling what was wanted; shorter gaps, as between the last
    pick and a receipt the same morning, would throw away good days.
    """
    found = set()
    day = local_day(since, zone)
    while day_start(day, zone) < until:
        lasted = min(until, day_end(day, zone)) - max(since, day_start(day, zone))
        if lasted >= timedelta(hours=OUT_OF_STOCK_HOURS):
            found.add(day)
        day += timedelta(days=1)
    return found


def silent_days(selling: Collection[date], last_day: date) -> set[date]:
    """Days of a site without any sale that are taken for missing records rather than for no demand.

    At a site that sells on most days, more than seven days in a row without one sale of anything mean that
    the feed stood still or the house was closed. At a site that seldom sells nothing can be told from
    silence.
    """
    known = sorted(day for day in selling if day <= last_day)
    if not known or len(known) * 2 < (known[-1] - known[0]).days + 1:
        return set()
    found = set()
    for day, following in zip(known, [*known[1:], last_day + timedelta(days=1)], strict=True):
        silent = (following - day).days - 1
        if silent > SILENT_DAYS:
            found |= {day + timedelta(days=number) for number in range(1, silent + 1)}
    return found


def untold_days(selling: Collection[date], since: date, last_day: date, closed: Calendar) -> set[date]:
    """Days of a site whose sales come every day by themselves, on which nothing came: they were not told.

    Args:
        since: from when on they come so.
        closed: on its closed days nothing was to come.
    """
    known = set(selling)
    days = (since + timedelta(days=number) for number in range((last_day - since).days + 1))
    return {day for day in days if day not in known and not closed.closed(day)}
