"""Methods that carry something from period to period: smoothed levels, trends, sizes and gaps of demand.

Each walks through time once, for all series at once, and remembers what it knew before every period.
"""

from __future__ import annotations

import numpy as np

from shelfwise.demand.model import Floats
from shelfwise.demand.simple.past import Origins, Past, ratio, running

ALPHAS = (0.05, 0.1, 0.2, 0.35, 0.6)
CROSTON_ALPHA = 0.1
TSB_SIZE, TSB_CHANCE = 0.1, 0.05
_NO_DAY = 0.1
"""A day of the week with less than this share of an average one is as good as closed and says nothing of the level."""


def exponential_smoothing(past: Past, origins: Origins, ahead: int) -> Floats:
    """A level that forgets at the pace that would have served each series best so far, times the day of the week."""
    level, _ = _level(past, origins)
    return level[:, :, None] * _days(past, origins, ahead)


def theta(past: Past, origins: Origins, ahead: int) -> Floats:
    """Exponential smoothing with half of the last year's trend (Assimakopoulos & Nikolopoulos 2000)."""
    level, alpha = _level(past, origins)
    steps = np.arange(ahead) + 1 / alpha[:, :, None]
    expected = level[:, :, None] + _slope(past, origins)[:, :, None] / 2 * steps
    return np.maximum(expected, 0.0) * _days(past, origins, ahead)


def croston(past: Past, origins: Origins, ahead: int) -> Floats:
    """Size of a demand by the gap between two, less its known excess (Croston 1972; Syntetos & Boylan 2005)."""
    size, gap = np.full(past.series, np.nan), np.full(past.series, np.nan)
    since = np.ones(past.series)
    kept = np.full((past.series, past.periods + 1), np.nan)
    for period in range(past.periods):
        came, known = past.quantity[:, period], past.known[:, period]
        sold = known & (np.nan_to_num(came) > 0)
        size[sold] = _towards(size[sold], came[sold], CROSTON_ALPHA)
        gap[sold] = _towards(gap[sold], since[sold], CROSTON_ALPHA)
        since = np.where(sold, 1.0, since + known)
        kept[:, period + 1] = (1 - CROSTON_ALPHA / 2) * size / np.maximum(gap, 1.0)
    return _flat(_nothing_sold(past, origins, kept[:, origins]), ahead)


def teunter(past: Past, origins: Origins, ahead: int) -> Floats:
    """Size of a demand times its chance, which fades while nothing sells (Teunter, Syntetos & Babai 2011)."""
    size, chance = np.full(past.series, np.nan), np.full(past.series, np.nan)
    kept = np.full((past.series, past.periods + 1), np.nan)
    seen = np.zeros(past.series)
    for period in range(past.periods):
        came, known = past.quantity[:, period], past.known[:, period]
        sold = known & (np.nan_to_num(came) > 0)
        size[sold] = _towards(size[sold], came[sold], TSB_SIZE)
        seen += known
        # At first every period counts alike, so that the beginning does not decide for a year.
        pace = np.maximum(TSB_CHANCE, 1 / np.maximum(seen[known], 1))
        chance[known] = _towards(chance[known], sold[known].astype(np.float64), pace)
        kept[:, period + 1] = size * chance
    return _flat(_nothing_sold(past, origins, kept[:, origins]), ahead)


def _level(past: Past, origins: Origins) -> tuple[Floats, Floats]:
    """(level, alpha) at each origin, (series, origins); the alpha with the smallest squared errors until then."""
    season = past.rhythm.season
    values = past.quantity
    if season > 1:
        cycles = np.arange(0, past.periods, season)
        days = past.profile(cycles).reshape(past.series, -1)[:, : past.periods]
        values = np.where(days > _NO_DAY, values / np.maximum(days, _NO_DAY), np.nan)
    alphas = np.array(ALPHAS)[:, None]
    level = np.full((len(ALPHAS), past.series), np.nan)
    levels = np.full((past.periods + 1, *level.shape), np.nan)
    losses = np.zeros((past.periods + 1, *level.shape))
    for period in range(past.periods):
        error = values[:, period] - level
        known = ~np.isnan(values[:, period])
        losses[period + 1] = losses[period] + np.nan_to_num(error) ** 2
        level = np.where(known, np.where(np.isnan(level), values[:, period], level + alphas * error), level)
        levels[period + 1] = level
    best = np.argmin(losses[origins], axis=1)
    chosen = np.take_along_axis(levels[origins], best[:, None], axis=1)[:, 0]
    return chosen.T, np.array(ALPHAS)[best].T


def _slope(past: Past, origins: Origins) -> Floats:
    """The least-squares trend of a period over the last year, (series, origins); none before half a year is known."""
    year = past.rhythm.year
    time = np.arange(past.periods) / year
    known = past.known.astype(np.float64)
    values = np.where(past.known, past.quantity, 0.0)
    first = np.maximum(origins - year, 0)
    n, t, tt, y, ty = (
        sums[:, origins] - sums[:, first]
        for sums in (running(each) for each in (known, known * time, known * time**2, values, values * time))
    )
    slope = ratio(n * ty - t * y, np.where(n * 2 >= year, n * tt - t**2, 0.0), 0.0)
    return slope / year


def _days(past: Past, origins: Origins, ahead: int) -> Floats:
    """The share of an average day that each period ahead is, (series, origins, ahead)."""
    season = past.rhythm.season
    if season == 1:
        return np.ones((1, 1, ahead))
    places = (origins[:, None] + np.arange(ahead)) % season
    return np.take_along_axis(past.profile(origins), places[None], axis=2)


def _towards(old: Floats, new: Floats, pace: float | Floats) -> Floats:
    return np.where(np.isnan(old), new, old + pace * (new - old))


def _nothing_sold(past: Past, origins: Origins, expected: Floats) -> Floats:
    """Zero, not unknown, for series that were watched and never sold."""
    watched = ~np.isnan(past.mean(origins, past.periods))
    return np.where(np.isnan(expected) & watched, 0.0, expected)


def _flat(level: Floats, ahead: int) -> Floats:
    return np.repeat(level[:, :, None], ahead, axis=2)
