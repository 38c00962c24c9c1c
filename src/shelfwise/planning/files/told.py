"""Forecasts that were made before, as `shelfwise forecast` writes them, as possible futures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import polars as pl

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.files.dates import Calendar, calendar, dates
from shelfwise.demand.files.headings import matched
from shelfwise.demand.files.source import Source
from shelfwise.demand.files.values import quantities
from shelfwise.demand.futures import whole_numbers
from shelfwise.demand.panel import Numbers
from shelfwise.planning.files.daily import daily, first_day
from shelfwise.planning.model import DemandPaths, Floats
from shelfwise.records.exchange import unguarded
from shelfwise.records.headings import SYNONYMS

Say = Callable[[str], None]
Place = tuple[str, str]

FUTURES = 256
TOGETHER = 0.2
"""How far days are good or bad together, where a forecast tells quantiles of days alone: a fifth of the spread is that
of the whole stretch. None of it would be too little for the sum of many days, all of it far too much."""
_ROUNDED = 0.01
"""Quantiles that cross by less were rounded; the higher one is then taken for as much as the lower one."""
_QUANTILE = re.compile(r"[qp](\d*\.?\d+)")
_NAMES = {
    "item": tuple((one,) for one in ("item", *SYNONYMS["sku"])),
    "location": tuple((one,) for one in ("location", *SYNONYMS["site"])),
    "date": (("date",), ("ds", "day", "week", "month")),
    "mean": (("mean",), ("forecast", "expected", "yhat", "quantity")),
    "quantity": (("quantity",),),
    "path": (("path",), ("sample", "scenario")),
    "model": (("model",),),
}


@dataclass(frozen=True, eq=False)
class Told:
    """Possible futures by (item, location).

    Attributes:
        first_day: of all of them.
        has_sites: whether the file says where.
        written: how it writes dates.
    """

    paths: Mapping[Place, DemandPaths]
    first_day: date
    has_sites: bool
    written: str


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a forecast, spread over series and periods."""

    names: tuple[Place, ...]
    series: np.ndarray[tuple[int], np.dtype[np.int64]]
    period: np.ndarray[tuple[int], np.dtype[np.int64]]
    calendar: Calendar
    begin: tuple[date, ...]
    roles: Mapping[str, str]
    models: tuple[str, ...]
    written: str

    def spread(self, values: Floats) -> Floats:
        """Shape (series, periods), zero where there is no row: it is closed then."""
        whole = np.zeros((len(self.names), len(self.begin)))
        whole[self.series, self.period] = np.maximum(np.nan_to_num(values), 0.0)
        return whole

    def said(self, values: Floats) -> list[int]:
        """The series of which anything is known: an empty forecast is not one of nothing."""
        return [int(one) for one in np.unique(self.series[~np.isnan(values)])]

    def told(self, futures: Mapping[int, Numbers], rng: np.random.Generator) -> Told:
        """Futures of (paths, periods) by series, as days."""
        found = {
            self.names[one]: DemandPaths(
                None, self.models[one], self.begin[0], daily(paths, self.begin, self.calendar.frequency, rng)
            )
            for one, paths in futures.items()
        }
        return Told(found, self.begin[0], "location" in self.roles, self.written)


def told_paths(source: Source, notes: Say, rng: np.random.Generator) -> Told:
    """Paths as `shelfwise forecast --paths` writes them: item, location, date, path, quantity."""
    names = {name: _NAMES[name] for name in ("item", "location", "date", "path", "quantity")}
    roles = matched(source.headings, names, ("item", "date", "path", "quantity"), source.path.name)
    rows = _rows(source, roles)
    number, quantity = quantities(source, roles["path"]), quantities(source, roles["quantity"])
    paths, which = np.unique(number, return_inverse=True)
    cells = (rows.series * len(rows.begin) + rows.period) * len(paths) + which
    _once(source, cells, "item, location, date and path")
    if len(paths) < 2:
        raise Invalid(
            Fault(f"file {source.path.name}", "many paths of each item", f"{len(paths)}", "Ask for --paths 200.")
        )
    whole = np.zeros((len(rows.names), len(paths), len(rows.begin)), np.float32)
    whole[rows.series, which, rows.period] = quantity
    return rows.told(dict(enumerate(whole)), rng)


def told_quantiles(source: Source, notes: Say, rng: np.random.Generator) -> Told:
    """Quantiles of each period: how far periods go together is assumed, see `TOGETHER`."""
    rows, levels, told = _quantiles(source)
    periods = len(rows.begin)
    if not levels:
        notes(f"{source.path.name}: it has a mean alone; demand is taken to come at random (Poisson).")
        mean = rows.spread(told[0])
        return rows.told(
            {one: rng.poisson(mean[one], (FUTURES, periods)).astype(np.float32) for one in rows.said(told[0])}, rng
        )
    notes(
        f"{source.path.name}: quantiles of {rows.calendar.frequency}s do not say how these go together; a fifth of "
        "their spread is taken to be common. Paths or totals would tell: shelfwise forecast --paths 200."
    )
    grids = [rows.spread(one) for one in told]
    if all((np.diff(one, axis=1) >= 0).all() for one in grids) and periods > 2 and (grids[0][:, -1] > 0).any():
        notes(f"{source.path.name}: nothing in it ever falls. If it holds running totals, call it totals.csv.")
    found = {}
    for one in rows.said(told[0]):
        common, own = rng.standard_normal((FUTURES, 1)), rng.standard_normal((FUTURES, periods))
        ranks = np.sqrt(TOGETHER) * common + np.sqrt(1 - TOGETHER) * own
        found[one] = _whole(np.stack([grid[one] for grid in grids]), _drawn(levels, grids, one, ranks), rng)
    return rows.told(found, rng)


def told_totals(source: Source, notes: Say, rng: np.random.Generator) -> Told:
    """Quantiles of running totals, as `shelfwise forecast --cumulative` writes them: each future keeps its rank."""
    rows, levels, told = _quantiles(source)
    if not levels:
        raise Invalid(
            Fault(
                f"{source.path.name}, headings", "quantiles such as q0.5 and q0.95", ", ".join(rows.roles.values()),
                "Make it with shelfwise forecast --cumulative --quantiles 0.1,0.5,0.9,0.95.",
            )
        )  # fmt: skip
    plain = [rows.spread(one) for one in told]
    # Without a row, or on a closed day, the total is that of the day before.
    grids = [np.maximum.accumulate(one, axis=1) for one in plain]
    middle = len(plain) // 2
    falls = np.argwhere((plain[middle] > 0) & (plain[middle] < grids[middle] - 1e-6))
    if len(falls):
        series, period = falls[0]
        raise Invalid(
            Fault(
                f"file {source.path.name}", "running totals, which never fall",
                f"less of {shorten(rows.names[series][0])} by {rows.begin[period]} than before",
                "Call a forecast of single days forecast.csv.",
            )
        )  # fmt: skip
    found = {}
    ranks = np.array([NormalDist().inv_cdf((one + 0.5) / FUTURES) for one in range(FUTURES)])[:, None]
    for one in rows.said(told[0]):
        drawn = _drawn(levels, grids, one, np.broadcast_to(ranks, (FUTURES, len(rows.begin))))
        totals = np.maximum.accumulate(drawn, axis=1)
        steps = np.diff(totals, axis=1, prepend=0.0)
        found[one] = _whole(np.stack([grid[one] for grid in grids]), steps, rng)
    return rows.told(found, rng)


def _quantiles(source: Source) -> tuple[_Rows, list[float], list[Floats]]:
    """(rows, levels in ascending order, the values of each level; of the mean where there are no levels)."""
    names = {name: _NAMES[name] for name in ("item", "location", "date", "mean", "model")}
    roles = matched(source.headings, names, ("item", "date"), source.path.name)
    found: dict[float, str] = {}
    for heading in source.headings:
        if named := _QUANTILE.fullmatch(heading.strip().lower()):
            level = float(named[1])
            found[level / 100 if level >= 1 else level] = heading
    levels = sorted(level for level in found if 0 < level < 1)
    if not levels and "mean" not in roles:
        raise Invalid(
            Fault(
                f"{source.path.name}, headings", "quantiles such as q0.1, q0.5 and q0.9, or a mean",
                ", ".join(map(shorten, source.headings[:12])), "Make it with shelfwise forecast.",
            )
        )  # fmt: skip
    rows = _rows(source, roles)
    _once(source, rows.series * len(rows.begin) + rows.period, "item, location and date")
    told = [quantities(source, found[level]) for level in levels] or [quantities(source, roles["mean"])]
    for (low, below), (high, above) in pairwise(zip(levels, told, strict=False)):
        crossing = np.flatnonzero(above < below - _ROUNDED * np.maximum(1.0, np.abs(below)))
        if len(crossing):
            place = int(crossing[0])
            raise source.fault(
                place, found[high], f"at least the quantile {low:g}, which is {below[place]:g}", f"{above[place]:g}",
                f"Give each column its own quantile, in ascending order ({len(crossing):,} such rows).",
            )  # fmt: skip
    return rows, levels, list(np.maximum.accumulate(np.stack(told), axis=0))


def _rows(source: Source, roles: Mapping[str, str]) -> _Rows:
    pairs = pl.DataFrame({one: _keys(source, roles.get(one)) for one in ("item", "location")})
    different = pairs.unique().sort("item", "location").with_row_index("place")
    names = tuple((str(item), str(location)) for _, item, location in different.iter_rows())
    joined = pairs.join(different, on=["item", "location"], how="left", maintain_order="left")
    series = joined["place"].cast(pl.Int64).to_numpy()
    days = dates(source, roles["date"])
    periods = calendar(days.different, None, source.path.name)
    number = np.array([periods.period(day) for day in days.different])[days.places]
    begin = tuple(
        first_day(periods.day(one), periods.frequency, by_its_end=False) for one in range(int(number.max()) + 1)
    )
    models = [""] * len(names)
    if "model" in roles:
        for one, model in zip(series, source.cells(roles["model"]).cast(pl.String), strict=True):
            models[one] = model if model and model != "closed" else models[one]
    models = [one or source.path.name for one in models]
    return _Rows(names, series, number, periods, begin, roles, tuple(models), days.written)


def _keys(source: Source, heading: str | None) -> pl.Series:
    if heading is None:
        return pl.Series([""]).new_from_index(0, source.rows)
    cells = source.cells(heading).cast(pl.String).str.strip_chars()
    if cells.is_null().any():
        place = cells.is_null().arg_max() or 0
        raise source.fault(place, heading, f"the {heading}", "an empty cell", "Fill it in, or take the row out.")
    if cells.str.contains(r"^-?\d+\.0$").all():
        cells = cells.str.strip_suffix(".0")
    different = cells.unique()
    return cells.replace_strict(different, [unguarded(one) for one in different], return_dtype=pl.String)


def _once(source: Source, cells: np.ndarray[tuple[int], np.dtype[np.int64]], what: str) -> None:
    order = np.argsort(cells, kind="stable")
    again = order[1:][np.diff(cells[order]) == 0]
    if len(again):
        row = int(again.min())
        before = int(np.flatnonzero(cells == cells[row])[0])
        raise Invalid(
            Fault(
                f"{source.path.name}, {source.row(row)}", f"one row of each {what}",
                f"the same again, as in {source.row(before)} ({len(again):,} such rows)",
                "Take out what is there twice.",
            )
        )  # fmt: skip


def _drawn(levels: list[float], grids: list[Floats], one: int, ranks: Floats) -> Floats:
    """Values at standard normal ranks, shape (futures, periods): between the quantiles that were told by straight lines
    on the normal scale, beyond them on along the last line."""
    at = np.array([NormalDist().inv_cdf(level) for level in levels])
    values = np.stack([grid[one] for grid in grids])
    if len(levels) == 1:
        return np.broadcast_to(values[0], ranks.shape).copy()
    cell = np.clip(np.searchsorted(at, ranks) - 1, 0, len(at) - 2)
    period = np.arange(ranks.shape[1])
    low, high = values[cell, period], values[cell + 1, period]
    drawn: Floats = np.maximum(low + (high - low) * (ranks - at[cell]) / (at[cell + 1] - at[cell]), 0.0)
    return drawn


def _whole(told: Floats, drawn: Floats, rng: np.random.Generator) -> Numbers:
    """Whole pieces where the quantiles that were told are whole."""
    whole = bool((told == np.floor(told)).all())
    return (whole_numbers(drawn, rng) if whole else drawn).astype(np.float32)
