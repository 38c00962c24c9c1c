"""Closed days of sites and suppliers: a row for a date, or for a day of every week."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import cast

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import text
from shelfwise.records import calendars, sheets_trade
from shelfwise.records import service as records
from shelfwise.records.calendars import WEEKDAYS, ClosedDay, closed_faults

_DEFAULTS: Record = {"site": None, "supplier": None, "day": None, "weekday": None}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as site, v.code as supplier, c.day,
                  (%(weekdays)s::text[])[c.weekday] as weekday, c.name
           from closed_day c left join site s on s.tenant_id = c.tenant_id and s.site_id = c.site_id
           left join supplier v on v.tenant_id = c.tenant_id and v.supplier_id = c.supplier_id
           where c.tenant_id = %(tenant)s
             and (%(allowed)s::bigint[] is null or c.site_id is null or c.site_id = any(%(allowed)s::bigint[]))
           order by s.code, v.code, c.weekday, c.day""",
        {"tenant": ctx.tenant, "weekdays": list(WEEKDAYS), "allowed": ctx.sites(Right.VIEW)},
    )
    every: dict[Key, Record] = {(one["site"], one["supplier"], one["day"], one["weekday"]): one for one in found}
    return every if keys is None else {key: every[key] for key in keys if key in every}


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    suppliers = {one.code: one.supplier_id for one in records.suppliers(ctx)}
    for row in rows:
        site, supplier, weekday = (row.values.get(name) for name in ("site", "supplier", "weekday"))
        if site is not None and site not in sites:
            yield missing(row, "site", "a site")
        elif supplier is not None and supplier not in suppliers:
            yield missing(row, "supplier", "a supplier")
        elif weekday is not None and weekday not in WEEKDAYS:
            yield RowFault(row.number, "weekday", f"one of {', '.join(WEEKDAYS)}", repr(weekday), "Choose one of them.")
        else:
            yield from on_row(row, closed_faults(_closed(row.values, sites, suppliers)))


def _closed(record: Record, sites: dict[str, int], suppliers: dict[str, int]) -> ClosedDay:
    site, supplier, weekday = (text(record, name) for name in ("site", "supplier", "weekday"))
    return ClosedDay(
        None if site is None else sites[site], None if supplier is None else suppliers[supplier],
        cast("date | None", record.get("day")), None if weekday is None else WEEKDAYS.index(weekday) + 1,
        text(record, "name"),
    )  # fmt: skip


def _as_days(ctx: Context, told: Sequence[Record]) -> list[ClosedDay]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    suppliers = {one.code: one.supplier_id for one in records.suppliers(ctx)}
    return [_closed(record, sites, suppliers) for record in told]


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    calendars.put_closed_days(ctx, _as_days(ctx, [change.after for change in changes]))
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    named = [dict(zip(sheets_trade.CLOSED_DAYS.key, key, strict=True)) for key in keys]
    calendars.remove_closed_days(ctx, _as_days(ctx, named))
    return {}


CLOSED_DAYS = Kind(
    sheet=sheets_trade.CLOSED_DAYS,
    noun=("closed day", "closed days"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    synonyms={
        "day": ("date", "holiday", "datum", "feiertag"),
        "weekday": ("dayofweek", "wochentag"),
        "name": ("reason", "why", "grund"),
    },
)
