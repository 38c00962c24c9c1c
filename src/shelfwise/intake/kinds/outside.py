"""Series from outside, and their values: a row for each value that was told, as it was known at the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from shelfwise.access.context import Context
from shelfwise.demand.outside import service as outside
from shelfwise.demand.outside.model import (
    Kind as About,
)
from shelfwise.demand.outside.model import (
    NewSeries,
    Series,
    Told,
    Value,
    as_known,
    lasting,
    period_of,
    series_faults,
    told_faults,
)
from shelfwise.demand.panel import Frequency
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import text, whole
from shelfwise.records import service as records
from shelfwise.records import sheets_trade

_DEFAULTS: Record = {
    "site": None, "unit": None, "frequency": "day", "kind": "other", "ahead": False, "lag_days": 0,
}  # fmt: skip
# The name of a series and the code of its site; None: of the whole company.
_Name = tuple[str, str | None]


def _named(ctx: Context) -> dict[_Name, Series]:
    codes = {site.site_id: site.code for site in records.sites(ctx)}
    return {(one.name, None if one.site_id is None else codes[one.site_id]): one for one in outside.series(ctx)}


def _name(key: Key) -> _Name:
    return str(key[0]), None if key[1] is None else str(key[1])


def _known_series(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    return {
        name: {
            "series": name[0], "site": name[1], "unit": one.unit or None, "frequency": one.frequency.value,
            "kind": one.kind.value, "ahead": one.ahead, "lag_days": one.lag_days,
        }
        for name, one in _named(ctx).items()
        if keys is None or name in keys
    }  # fmt: skip


def _check_series(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code for site in records.sites(ctx)}
    for row in rows:
        told = {**_DEFAULTS, **{name: value for name, value in row.values.items() if value is not None}}
        chosen: list[tuple[str, list[str]]] = [("frequency", [*Frequency]), ("kind", [*About])]
        wrong = [(name, among) for name, among in chosen if told[name] not in {*among}]
        if told["site"] is not None and told["site"] not in sites:
            yield missing(row, "site", "a site")
        elif wrong:
            for name, among in wrong:
                yield RowFault(row.number, name, f"one of {', '.join(among)}", repr(told[name]), "Choose one of them.")
        else:
            yield from on_row(row, series_faults(_series(told, None)), {"name": "series"})


def _series(record: Record, site_id: int | None) -> NewSeries:
    return NewSeries(
        str(record["series"]), site_id, text(record, "unit") or "", Frequency(str(record["frequency"])),
        About(str(record["kind"])), bool(record["ahead"]), whole(record, "lag_days") or 0,
    )  # fmt: skip


def _write_series(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites: dict[object, int | None] = {site.code: site.site_id for site in records.sites(ctx)} | {None: None}
    known = _named(ctx)
    for one in changes:
        told = _series(one.after, sites[one.after["site"]])
        before = known.get(_name(one.key))
        if before is None:
            outside.add_series(ctx, told)
        else:
            outside.change_series(ctx, before.series_id, told)
    return Posted()


def _remove_series(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    known = _named(ctx)
    return {
        key: "values were told of it" for key in keys
        if not outside.remove_unused(ctx, known[_name(key)].series_id)
    }  # fmt: skip


def _known_values(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    named = _named(ctx)
    if keys is None:
        return {
            (*name, one.period, one.known_at): _record((*name, one.period, one.known_at), one.value)
            for name, series in named.items()
            for one in lasting(outside.values_of(ctx, series.series_id))
        }
    asked: defaultdict[_Name, list[Key]] = defaultdict(list)
    for key in keys:
        asked[_name(key)].append(key)
    found: dict[Key, Record] = {}
    for name, of_series in asked.items():
        if name in named:
            found |= _as_asked(ctx, named[name], of_series)
    return found


def _as_asked(ctx: Context, series: Series, keys: Sequence[Key]) -> dict[Key, Record]:
    """What is there of each key: at an instant what was told of it, without one what is known now."""
    stored: list[Value] = outside.values_of(ctx, series.series_id)
    at = {(one.period, one.known_at): one.value for one in lasting(stored)}
    now = as_known(stored, ctx.now)
    found: dict[Key, Record] = {}
    for key in keys:
        period, known_at = period_of(series.frequency, cast("date", key[2])), cast("datetime | None", key[3])
        if known_at is not None and (period, known_at) in at:
            found[key] = _record(key, at[period, known_at])
        elif known_at is None and period in now:
            found[key] = _record(key, now[period])
    return found


def _record(key: Key, value: float | None) -> Record:
    told = None if value is None else Decimal(repr(value)).normalize()
    return dict(zip(sheets_trade.OUTSIDE_VALUES.key, key, strict=True)) | {"value": told}


def _check_values(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    named = _named(ctx)
    known = _known_values(ctx, {OUTSIDE_VALUES.key_of(row.values) for row in rows})
    seen: dict[Key, int] = {}
    for row in rows:
        key = OUTSIDE_VALUES.key_of(row.values)
        series = named.get(_name(key))
        if series is None:
            yield missing(row, "series", "a series")
            continue
        told = _told(key, row.values.get("value"))
        yield from on_row(row, told_faults(told, ctx.now), {"day": "date"})
        if told.value is None and told.known_at is None and "value" in row.values and key not in known:
            yield RowFault(row.number, "value", "a number", "nothing", "Fill it in, or leave the row out.")
        of_period = (*key[:2], period_of(series.frequency, told.day), key[3])
        if of_period in seen:
            expected, got = f"one value a {series.frequency}", f"another one in row {seen[of_period]}"
            yield RowFault(row.number, "date", expected, got, "Leave one of them out.")
        seen.setdefault(of_period, row.number)


def _told(key: Key, value: object) -> Told:
    return Told(
        cast("date", key[2]), float(value) if isinstance(value, Decimal) else None, cast("datetime | None", key[3])
    )


def _write_values(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    _tell(ctx, [(one.key, _told(one.key, one.after.get("value"))) for one in changes])
    return Posted()


def _remove_values(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    # Nothing that was known is forgotten: it is withdrawn, from the instant on from which it counted.
    _tell(ctx, [(key, replace(_told(key, None))) for key in keys])
    return {}


def _tell(ctx: Context, told: Sequence[tuple[Key, Told]]) -> None:
    named = _named(ctx)
    by_series: defaultdict[int, list[Told]] = defaultdict(list)
    for key, one in told:
        by_series[named[_name(key)].series_id].append(one)
    for series_id, of_series in by_series.items():
        outside.tell(ctx, series_id, of_series)


OUTSIDE_SERIES = Kind(
    sheet=sheets_trade.OUTSIDE_SERIES,
    noun=("series from outside", "series from outside"),
    known=_known_series,
    check=_check_series,
    write=_write_series,
    remove=_remove_series,
    defaults=_DEFAULTS,
    synonyms={
        "frequency": ("period", "interval", "haeufigkeit", "rhythmus"),
        "lag_days": ("lag", "publishedafterdays"),
        "ahead": ("toldahead",),
    },
)
OUTSIDE_VALUES = Kind(
    sheet=sheets_trade.OUTSIDE_VALUES,
    noun=("value from outside", "values from outside"),
    known=_known_values,
    check=_check_values,
    write=_write_values,
    remove=_remove_values,
    defaults={"site": None, "known_at": None},
    measures=("value",),
    synonyms={
        "series": ("indicator", "seriesname", "zeitreihe", "reihe"),
        "date": ("day", "week", "month", "periodstart", "datum"),
        "value": ("wert", "observation"),
        "known_at": ("publishedat", "published", "vintage"),
    },
)
