"""Series from outside: what there is, what is told of them, and what a forecast may learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused, shorten
from shelfwise.demand.outside import tables
from shelfwise.demand.outside.model import (
    NewSeries,
    Series,
    Told,
    Value,
    as_known,
    column,
    dated,
    period_of,
    series_faults,
    told_faults,
)
from shelfwise.demand.panel import Numbers
from shelfwise.records.changes import differences
from shelfwise.records.model import refuse
from shelfwise.records.service import site_by_id, sites
from shelfwise.work import alerts

ALERT = "outside_silent"
# So many bad values are named, and not thousands.
_NAMED = 20


@dataclass(frozen=True, eq=False)
class Named:
    """What was known of a series, day by day.

    Attributes:
        values: one for each day asked for, float32, NaN where nothing was known.
        ahead: the values after the origin are told.
    """

    series_id: int
    name: str
    values: Numbers
    ahead: bool


@dataclass(frozen=True)
class Taken:
    """What became of values that were told: how many were new, revised another one, or said what was known."""

    new: int
    revised: int
    same: int


def series(ctx: Context) -> list[Series]:
    """Those of the company and of the sites one may see, by name; stopped ones too."""
    return tables.series(ctx.tx, ctx.tenant, sites=ctx.sites(Right.VIEW))


def one_series(ctx: Context, series_id: int) -> Series:
    """
    Raises:
        NotFound: there is no such series.
        Forbidden: it is of a site one may not see.
    """
    return _seen(ctx, series_id, Right.VIEW)


def _seen(ctx: Context, series_id: int, right: Right, lock: bool = False) -> Series:
    # What is of the whole company is seen at each site, and changed by whoever may do so at every one.
    ctx.require_somewhere(right)
    found = tables.series(ctx.tx, ctx.tenant, series_id=series_id, lock=lock)
    if not found:
        raise NotFound("series", series_id)
    if right is not Right.VIEW or found[0].site_id is not None:
        ctx.require(right, found[0].site_id)
    return found[0]


def add_series(ctx: Context, new: NewSeries) -> int:
    """Say that there is a series; returns its id. Values are told, imported or fetched afterwards.

    Raises:
        Invalid: a field cannot be right, or its site or the company has one of this name.
    """
    ctx.require(Right.EDIT_RECORDS, new.site_id)
    refuse([*series_faults(new), *_taken(ctx, new, None)])
    made = tables.insert(ctx.tx, ctx.tenant, new)
    ctx.audit("outside.added", f"outside:{made}", name=new.name, site_id=new.site_id)
    return made


def change_series(ctx: Context, series_id: int, to: NewSeries) -> Series:
    """Change what a series is; what was told stays, and so does when it counts as known.

    Raises:
        Invalid: a field cannot be right, or its site or the company has another one of this name.
        NotFound: there is no such series.
        Refused: values stand by its periods or its site.
    """
    before = _seen(ctx, series_id, Right.EDIT_RECORDS, lock=True)
    ctx.require(Right.EDIT_RECORDS, to.site_id)
    refuse([*series_faults(to), *_taken(ctx, to, series_id)])
    if before.followed_since is not None and (before.frequency, before.site_id) != (to.frequency, to.site_id):
        raise Refused(
            f"{before.name} has values, by {before.frequency} and where it is. Stop it, and add another series."
        )
    changed = differences(asdict(before.as_new), asdict(to))
    if changed:
        tables.update(ctx.tx, ctx.tenant, series_id, to)
        ctx.audit("outside.changed", f"outside:{series_id}", before=changed.before, after=changed.after)
    return _seen(ctx, series_id, Right.VIEW)


def require_change(ctx: Context, series_id: int) -> Series:
    """What a form has to ask before it reads what was sent.

    Raises:
        NotFound: there is no such series.
        Forbidden: one may not change it.
    """
    return _seen(ctx, series_id, Right.EDIT_RECORDS)


def _taken(ctx: Context, one: NewSeries, but: int | None) -> list[Fault]:
    if not tables.name_taken(ctx.tx, ctx.tenant, one.name, one.site_id, but):
        return []
    return [Fault("name", "a name of its own", shorten(one.name), "Another series has it there: choose another.")]


def stop_series(ctx: Context, series_id: int) -> Series:
    """Forecasts see it no more, and nothing is fetched; what is known of it stays."""
    return _set_active(ctx, series_id, False)


def resume_series(ctx: Context, series_id: int) -> Series:
    """Forecasts see it again, and it is fetched again where it was."""
    return _set_active(ctx, series_id, True)


def _set_active(ctx: Context, series_id: int, active: bool) -> Series:
    before = _seen(ctx, series_id, Right.EDIT_RECORDS, lock=True)
    if before.active != active:
        tables.set_active(ctx.tx, ctx.tenant, series_id, active)
        alerts.clear_alert(ctx, ALERT, f"outside:{series_id}")
        ctx.audit("outside.resumed" if active else "outside.stopped", f"outside:{series_id}", name=before.name)
    return _seen(ctx, series_id, Right.VIEW)


def remove_unused(ctx: Context, series_id: int) -> bool:
    """Forget a series that nothing was ever told of, as one made by mistake; returns whether it was one."""
    before = _seen(ctx, series_id, Right.EDIT_RECORDS, lock=True)
    gone = tables.remove_unused(ctx.tx, ctx.tenant, series_id)
    if gone:
        ctx.audit("outside.removed", f"outside:{series_id}", name=before.name)
    return gone


def values_of(ctx: Context, series_id: int) -> list[Value]:
    """All that was ever told of a series, by period and then as it was told."""
    _seen(ctx, series_id, Right.VIEW)
    return tables.values_of(ctx.tx, ctx.tenant, series_id)


def tell(ctx: Context, series_id: int, told: Sequence[Told]) -> Taken:
    """Take values in: what is new or another one than is known is added, all of it or nothing.

    Raises:
        Invalid: a value cannot be right, or two are of one period and one time; nothing was taken in.
        NotFound: there is no such series.
    """
    one = _seen(ctx, series_id, Right.IMPORT_DATA, lock=True)
    faults = [fault for each in told for fault in told_faults(each, ctx.now)]
    periods = [period_of(one.frequency, each.day) for each in told]
    faults += _twice(one, told, periods)
    refuse(faults[:_NAMED])
    zone = _zone(ctx, one)
    stored = tables.values_of(ctx.tx, ctx.tenant, series_id, set(periods))
    current = as_known(stored, ctx.now)
    heard = {each.period for each in stored}
    at: dict[tuple[date, datetime | None], float | None] = {(each.period, each.known_at): each.value for each in stored}
    new, revised, rows = 0, 0, []
    for each, period in zip(told, periods, strict=True):
        key = (period, each.known_at)
        before = current.get(period) if each.known_at is None else at.get(key)
        # Nothing to withdraw, or nothing else than is known.
        if before == each.value and (each.value is not None or each.known_at is None or key in at):
            continue
        if period in heard:
            revised += 1
        else:
            new += 1
        known_at = each.known_at or dated(one, period, one.followed_since, ctx.now, zone)
        rows.append((period, each.value, known_at))
    if rows:
        tables.append(ctx.tx, ctx.tenant, series_id, rows, ctx.now)
        tables.follow(ctx.tx, ctx.tenant, series_id, ctx.now)
        ctx.audit("outside.told", f"outside:{series_id}", name=one.name, new=new, revised=revised)
    return Taken(new, revised, len(told) - len(rows))


def _twice(one: Series, told: Sequence[Told], periods: Sequence[date]) -> list[Fault]:
    seen: set[Any] = set()
    found = []
    for each, period in zip(told, periods, strict=True):
        key = (period, each.known_at)
        if key in seen:
            found.append(
                Fault("date", f"one value a {one.frequency}", f"another one of {period}", "Leave one of them out.")
            )
        seen.add(key)
    return found


def _zone(ctx: Context, one: Series) -> ZoneInfo:
    """By whose calendar its days begin: its site's, or the first one's."""
    if one.site_id is not None:
        return site_by_id(ctx, one.site_id).zone_info
    known = sites(ctx)
    return known[0].zone_info if known else ZoneInfo("UTC")


def columns(ctx: Context, site_id: int, days: Sequence[date], origin: date) -> list[Named]:
    """What was known of the series of a site and of the company on each day, by name; see `model.column`.

    Args:
        origin: the last day that is known; nothing told after it has an effect.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    zone = site_by_id(ctx, site_id).zone_info
    return [
        Named(
            one.series_id,
            one.name,
            column(one, tables.values_of(ctx.tx, ctx.tenant, one.series_id), days, origin, zone),
            one.ahead,
        )
        for one in tables.series(ctx.tx, ctx.tenant, sites=[site_id])
        if one.active
    ]
