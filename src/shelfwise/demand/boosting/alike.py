"""What the series itself sold under conditions like those of the period that is asked for. Pure.

A mean of the past in which periods count by how alike what was told of them is (a kernel regression, Nadaraya 1964),
shrunk towards the series' level: "with this price and this promotion it sold 2.3 times as much".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.past import Feature
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.boosting.told import Told
from shelfwise.demand.panel import Numbers

CHUNK = 8192
UNLIKE = 0.02
OTHER_WEEKDAY = 0.2
SHRINKAGE = 1.0


def alike_features(ground: Ground, told: Sequence[Told], rows: Rows, level: Numbers) -> Iterator[Feature]:
    """Nothing where no column that is known ahead changes in time."""
    used = [one for one in told if one.ahead and not one.kind.static]
    if not used:
        return
    means, weights = [], []
    for start in range(0, max(len(rows), 1), CHUNK):
        part = rows.part(start, start + CHUNK)
        mean, weight = _chunk(ground, used, part, level[start : start + CHUNK])
        means.append(mean)
        weights.append(weight)
    yield "under such conditions", np.concatenate(means)
    yield "such conditions met", np.concatenate(weights)


def _chunk(ground: Ground, used: Sequence[Told], rows: Rows, level: Numbers) -> tuple[Numbers, Numbers]:
    rhythm = ground.rhythm
    back = np.arange(1, rhythm.lookback + 1, dtype=np.int32)
    periods = rows.origin[:, None] - back
    inside = periods >= 0
    at = np.where(inside, periods, 0)
    series = rows.series[:, None]
    sold = ground.demand.values[series, at]
    weight = np.where(inside & np.isfinite(sold), np.exp2(-back / np.float32(rhythm.year)), 0).astype(np.float32)
    if rhythm.cycle > 1:
        weight *= np.where((rows.period[:, None] - periods) % rhythm.cycle == 0, 1, np.float32(OTHER_WEEKDAY))
    for one in used:
        which = one.row(rows.series)
        then = one.running.values[which[:, None], at]
        now = one.running.at(which, rows.period, rows.origin + rows.horizon)[:, None]
        if one.kind.flag:
            same = (then == now) | (np.isnan(then) & np.isnan(now))
            weight *= np.where(same, 1, np.float32(UNLIKE))
        else:
            usual = one.running.mean(which, rows.origin - rhythm.year, rows.origin)[:, None]
            width = 0.07 * np.abs(usual) + 1e-6 if one.kind.positive else np.float32(0.5 * one.kind.spread)
            near = np.exp(-0.5 * np.square(np.minimum(np.abs(then - now) / width, 4)))
            weight *= np.where(np.isfinite(near), np.maximum(near, np.float32(UNLIKE)), np.float32(0.1))
    total = weight.sum(axis=1)
    mean = (weight * np.nan_to_num(sold)).sum(axis=1) + SHRINKAGE * level
    return (mean / (total + SHRINKAGE) / level).astype(np.float32), total
