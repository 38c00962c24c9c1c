"""Features of a series' own past and of its relatives': level, trend, season, lags, gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.boosting.running import Indices, Running
from shelfwise.demand.panel import Numbers

Feature = tuple[str, Numbers]

CYCLES = 4
LAGS = 3


def past_features(ground: Ground, rows: Rows, level: Numbers) -> Iterator[Feature]:
    """Everything in units of the level, so that what is learnt of one series holds for others."""
    yield "size", np.log(level)
    yield "step", rows.step.astype(np.float32)
    yield "age", np.minimum(rows.origin - ground.first[rows.series], 2 * ground.rhythm.year).astype(np.float32)
    yield from _levels(ground, rows, level)
    yield from _latest(ground, rows, level)
    yield from _cycle(ground, rows, level)
    yield from _years(ground, rows, level)


def _levels(ground: Ground, rows: Rows, level: Numbers) -> Iterator[Feature]:
    demand, origin = ground.demand, rows.origin
    means = []
    for window in ground.rhythm.windows:
        mean = demand.mean(rows.series, origin - window, origin)
        means.append(mean)
        yield f"mean of {window}", mean / level
    for short, long, window in zip(means, means[1:], ground.rhythm.windows, strict=False):
        yield f"trend of {window}", _ratio(short, long)
    yield "trend of the item", _growth(ground.items, ground.item[rows.series], ground, origin)
    yield "trend of the location", _growth(ground.locations, ground.location[rows.series], ground, origin)
    yield "beside alike", np.log((level + 1e-6) / (ground.alike(rows) + 1e-6))


def _growth(of: Running, which: Indices, ground: Ground, origin: Indices) -> Numbers:
    base = ground.rhythm.base
    return _ratio(of.mean(which, origin - base // 2, origin), of.mean(which, origin - 2 * base, origin))


def _latest(ground: Ground, rows: Rows, level: Numbers) -> Iterator[Feature]:
    """The last values, their spread and gaps, from the last two bases read at once."""
    width = 2 * ground.rhythm.base
    last = np.stack(
        [ground.demand.at(rows.series, rows.origin - back, rows.origin) for back in range(1, width + 1)], axis=1
    )
    for lag in range(LAGS):
        yield f"lag {lag + 1}", last[:, lag] / level
    known = np.isfinite(last)
    count = np.maximum(known.sum(axis=1), 1)
    filled = np.where(known, last, 0)
    mean = filled.sum(axis=1) / count
    spread = np.sqrt(np.maximum((filled**2).sum(axis=1) / count - mean**2, 0))
    yield "spread", (spread / level).astype(np.float32)
    yield "share of zeros", ((last == 0).sum(axis=1) / count).astype(np.float32)
    sold = last > 0
    yield "since last sale", np.where(sold.any(axis=1), sold.argmax(axis=1), width).astype(np.float32)
    half = width // 2
    recent = np.sort(np.where(known, last, np.inf)[:, :half], axis=1)
    middle = np.minimum(np.maximum(known[:, :half].sum(axis=1) - 1, 0) // 2, half - 1)
    median = recent[np.arange(len(recent)), middle]
    yield "median", np.where(np.isfinite(median), median / level, np.nan).astype(np.float32)
    yield "largest", (filled.max(axis=1) / level).astype(np.float32)


def _cycle(ground: Ground, rows: Rows, level: Numbers) -> Iterator[Feature]:
    """The same weekday: its last values, and how it compares with the week, for the series and its location."""
    cycle = ground.rhythm.cycle
    if cycle == 1:
        return
    ahead = rows.step // cycle + 1
    same = [
        ground.demand.at(rows.series, rows.period - cycle * (ahead + back), rows.origin) for back in range(2 * CYCLES)
    ]
    for back in range(2):
        yield f"same weekday {back + 1}", same[back] / level
    for many in (CYCLES, 2 * CYCLES):
        mean = _mean(same[:many])
        yield f"same weekday of {many}", mean / level
    week = ground.demand.mean(rows.series, rows.origin - 2 * CYCLES * cycle, rows.origin)
    yield "weekday", _ratio(mean, week)
    for name, of, which in (
        ("item", ground.items, ground.item[rows.series]),
        ("location", ground.locations, ground.location[rows.series]),
    ):
        values = [of.at(which, rows.period - cycle * (ahead + back), rows.origin) for back in range(2 * CYCLES)]
        yield (
            f"weekday of the {name}",
            _ratio(_mean(values), of.mean(which, rows.origin - 2 * CYCLES * cycle, rows.origin)),
        )


def _years(ground: Ground, rows: Rows, level: Numbers) -> Iterator[Feature]:
    """The same time of the last years, as it was and carried over by how the level has moved since."""
    rhythm, demand = ground.rhythm, ground.demand
    for years in (1, 2):
        then, back = rows.period - years * rhythm.year, years * rhythm.year
        same = demand.at(rows.series, then, rows.origin)
        near = demand.mean(rows.series, then - rhythm.near, np.minimum(then + rhythm.near + 1, rows.origin))
        before = demand.mean(rows.series, rows.origin - back - rhythm.base, rows.origin - back)
        yield f"{years} years ago", same / level
        yield f"around {years} years ago", near / level
        yield f"season {years} years ago", _ratio(same, before)
        yield f"season around {years} years ago", _ratio(near, before)
        yield (
            f"moved in {years} years",
            _ratio(demand.mean(rows.series, rows.origin - rhythm.base, rows.origin), before),
        )
        for name, of, which in (
            ("item", ground.items, ground.item[rows.series]),
            ("location", ground.locations, ground.location[rows.series]),
        ):
            yield (
                f"season of the {name} {years} years ago",
                _ratio(
                    of.at(which, then, rows.origin),
                    of.mean(which, rows.origin - back - rhythm.base, rows.origin - back),
                ),
            )
    yield (
        "moved over the year",
        _ratio(
            demand.mean(rows.series, rows.origin - rhythm.year // 4, rows.origin),
            demand.mean(rows.series, rows.origin - rhythm.year - rhythm.year // 4, rows.origin - rhythm.year),
        ),
    )


def _mean(of: list[Numbers]) -> Numbers:
    stacked = np.stack(of)
    known = np.isfinite(stacked)
    count = known.sum(axis=0)
    total = np.where(known, stacked, 0).sum(axis=0)
    mean: Numbers = np.divide(total, count, out=np.full(len(total), np.nan, np.float32), where=count > 0)
    return mean


def _ratio(value: Numbers, of: Numbers) -> Numbers:
    """NaN where either is unknown or nothing was sold before; at most 20, for one odd week is no season."""
    ratio = np.divide(value, of, out=np.full(len(value), np.nan, np.float32), where=of > 0)
    return np.minimum(ratio, np.float32(20))
