"""Possible futures that agree with the quantiles of each period and of the total. Pure.

Each path takes its order from a stretch of errors that was really made (the Schaake shuffle: Clark et al. 2004): where
a Monday was far above expectation, and the Tuesday after it, so they are in the path. Then the totals of all paths are
moved to their own quantiles.
"""

from __future__ import annotations

import numpy as np

from shelfwise.demand.boosting.intervals import Intervals, Outlook
from shelfwise.demand.futures import keep_totals, whole_numbers
from shelfwise.demand.panel import Numbers

CHUNK = 500


def sample_paths(intervals: Intervals, outlook: Outlook, count: int, seed: int) -> Numbers:
    """Shape (count, series, horizon); NaN where nothing is wanted."""
    rng = np.random.default_rng(seed)
    levels = [(number + 0.5) / count for number in range(count)]
    series, horizon = outlook.expected.shape
    paths = np.empty((count, series, horizon), np.float32)
    blocks = _blocks(intervals)
    for start in range(0, series, CHUNK):
        part = Outlook(
            outlook.expected[start : start + CHUNK],
            outlook.spread[start : start + CHUNK],
            outlook.wanted[start : start + CHUNK],
            outlook.kind[start : start + CHUNK],
        )
        values = intervals.periods(part, levels)
        totals = intervals.totals(part, levels)[:, :, -1]
        for number in range(len(part.kind)):
            drawn = blocks[rng.integers(0, len(blocks), count)]
            order = np.argsort(np.argsort(drawn + rng.random(drawn.shape) * 1e-6, axis=0), axis=0)
            one = np.take_along_axis(values[:, number], order, axis=0) * part.wanted[number]
            paths[:, start + number] = _with_totals(one, totals[:, number], intervals.whole, rng)
    return np.where(outlook.wanted, paths, np.float32(np.nan))


def _with_totals(paths: Numbers, totals: Numbers, whole: bool, rng: np.random.Generator) -> Numbers:
    """Every path scaled so that all totals are those given, the largest staying the largest."""
    sums = paths.sum(axis=1)
    wanted = np.empty_like(sums)
    wanted[np.argsort(sums, kind="stable")] = totals
    scaled = paths * np.divide(wanted, sums, out=np.zeros_like(sums), where=sums > 0)[:, None]
    scaled = keep_totals(scaled.astype(np.float64))
    found: Numbers = (whole_numbers(scaled, rng) if whole else scaled).astype(np.float32)
    return found


def _blocks(intervals: Intervals) -> Numbers:
    """Stretches of errors that were known throughout, else with the unknown ones at the middle."""
    known = np.isfinite(intervals.standard)
    whole = known.all(axis=1)
    if whole.sum() >= 20:
        known_throughout: Numbers = intervals.standard[whole]
        return known_throughout
    filled: Numbers = np.where(known, intervals.standard, np.float32(0))
    return filled
