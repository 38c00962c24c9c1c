"""Sample paths brought into agreement with the quantiles of their totals. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from shelfwise.demand.futures import whole_numbers
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Numbers
from shelfwise.demand.race.marks import JUDGED

LEAST_TAIL = 0.25
"""So much of what lies beyond the quantile 0.9 stays, however far it lies."""
FURTHEST = 3.0
AT_ONCE = 500
"""Series; what lies between would take ten times the memory of all paths."""
MOST_ABOVE = 1.03
"""A mean so little too high is left, for the sake of the quantiles."""
BENDS = 20


def agreeing(paths: Numbers, mean: Numbers, totals: Mapping[float, Numbers], rng: np.random.Generator) -> Numbers:
    """Every path scaled so that the totals of all of them have the quantiles and the mean that were told.

    Quantiles were widened by what a race showed, and joined of several methods; planning goes by the paths. Between the
    quantiles 0.1 and 0.9 totals are moved in proportion. Of lumpy demand they would mean too much then, for a bootstrap
    is cut off at zero: what lies beyond the upper quantile is drawn in, and if that is not enough, what lies below it
    is bent towards zero, so that the upper quantile and the mean stand. The order of the totals stays, and the shape of
    each path. Paths of whole numbers stay whole.

    Args:
        paths: shape (paths, series, ahead), NaN where nothing is wanted.
        mean: shape (series, ahead).
        totals: by probability, with 0.1, 0.5 and 0.9: of the running total, shape (series, ahead).
    """
    moved = paths.copy()
    for start in range(0, paths.shape[1], AT_ONCE):
        part = slice(start, start + AT_ONCE)
        some = {level: values[part] for level, values in totals.items()}
        moved[:, part] = _agreeing(paths[:, part], mean[part], some, rng)
    return moved


def _agreeing(paths: Numbers, mean: Numbers, totals: Mapping[float, Numbers], rng: np.random.Generator) -> Numbers:
    known = np.nan_to_num(paths).astype(np.float64)
    sums = known.sum(axis=2)
    moved = _moved(sums, np.nansum(mean, axis=1, dtype=np.float64), [_last(totals[level]) for level in JUDGED])
    factors = np.where(np.isfinite(moved), np.divide(moved, sums, out=np.ones_like(sums), where=sums > 0), 1.0)
    scaled = known * factors[:, :, None]
    whole = (known == np.floor(known)).all(axis=(0, 2)) & (factors != 1).any(axis=0)
    if whole.any():
        scaled[:, whole] = whole_numbers(scaled[:, whole], rng)
    return np.where(np.isnan(paths), np.float32(np.nan), scaled.astype(np.float32))


def _moved(sums: Floats, mean: Floats, told: Sequence[Floats]) -> Floats:
    """Totals by path and series, moved to the quantiles `JUDGED` that were told and towards the mean."""
    low, middle, high = np.quantile(sums, JUDGED, axis=0)
    to_low, to_middle, to_high = told
    down, up = _ratio(to_middle - to_low, middle - low), _ratio(to_high - to_middle, high - middle)
    inner = np.clip(sums, low, high)
    inner = to_middle + (inner - middle) * np.where(inner < middle, down, up)
    below, above = np.minimum(sums - low, 0.0), np.maximum(sums - high, 0.0)
    without = np.maximum(inner + below * np.minimum(down, 1.0), 0.0)
    drawn_in = np.clip(_ratio(mean - without.mean(axis=0), above.mean(axis=0)), LEAST_TAIL, 1.0)
    moved: Floats = without + above * drawn_in
    most = MOST_ABOVE * mean
    too_much = np.flatnonzero(moved.mean(axis=0) > most)
    moved[:, too_much] = _bent(moved[:, too_much], to_high[too_much], most[too_much])
    return moved


def _bent(totals: Floats, top: Floats, mean: Floats) -> Floats:
    """Totals below `top` bent towards zero, (total / top) ** power * top, until their mean is right or the power 4."""
    share = np.divide(totals, top, out=np.ones_like(totals), where=top > 0)
    low, high = np.ones(len(top)), np.full(len(top), 4.0)
    for _ in range(BENDS):
        power = (low + high) / 2
        enough = np.where(share < 1, share**power * top, totals).mean(axis=0) <= mean
        low, high = np.where(enough, low, power), np.where(enough, power, high)
    bent: Floats = np.where(share < 1, share**high * top, totals)
    return bent


def _last(running: Numbers) -> Floats:
    """The total over all wanted periods, shape (series,); NaN where none is."""
    last = np.fmax.accumulate(running.astype(np.float64), axis=1)
    total: Floats = last[:, -1]
    return total


def _ratio(above: Floats, below: Floats) -> Floats:
    """One where the paths have no spread to be scaled."""
    found: Floats = np.divide(above, below, out=np.ones_like(above), where=below > 0)
    return np.minimum(found, FURTHEST)
