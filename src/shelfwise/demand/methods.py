"""Three simple methods, and sample paths from each method's own past errors.

A method says what it expected on every past day from that day's knowledge alone. The errors it made over
stretches as long as the horizon are then laid on its newest expectation, a whole stretch at a time (a block
bootstrap, Künsch 1989): totals over a lead time keep the spread that drift, runs and bulk orders really gave
them, which quantiles of single days cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import DemandHistory, Flags, Floats, Paths

WINDOW_DAYS = 28
WEEKS = 8
MIN_IN_WINDOW = 7
MIN_STRETCHES = 14
_LARGEST_PATH = 1e30


@dataclass(frozen=True)
class Method:
    """A way to forecast.

    Attributes:
        name: as stored and shown.
        expected: (quantity (n,), masked (n,), horizon) -> (n, horizon): row t is what would have been
            forecast at the end of day t for the days after it, from days 0..t alone; NaN where too little was
            known.
    """

    name: str
    expected: Callable[[Floats, Flags, int], Floats]


def moving_average(quantity: Floats, masked: Flags, horizon: int) -> Floats:
    """The mean of the known days among the last 28; with fewer than seven of them the mean before that."""
    level = _rolling_mean(np.where(masked, np.nan, quantity), WINDOW_DAYS, MIN_IN_WINDOW)
    return np.repeat(_carry_forward(level)[:, None], horizon, axis=1)


def seasonal_naive(quantity: Floats, masked: Flags, horizon: int) -> Floats:
    """The last known demand of the same weekday; where there is none yet, the moving average."""
    latest = _carry_forward(_weeks(quantity, masked)).ravel()[-len(quantity) :]
    return _by_weekday(latest, moving_average(quantity, masked, horizon))


def same_weekday_mean(quantity: Floats, masked: Flags, horizon: int) -> Floats:
    """The mean of the same weekday's known days over eight weeks; with fewer than two the moving average."""
    mean = _rolling_mean(_weeks(quantity, masked), WEEKS, 2).ravel()[-len(quantity) :]
    return _by_weekday(mean, moving_average(quantity, masked, horizon))


METHODS: tuple[Method, ...] = (
    Method("moving average", moving_average),
    Method("seasonal naive", seasonal_naive),
    Method("same-weekday mean", same_weekday_mean),
)
"""Simplest first: the order decides ties."""


def sample_paths(
    method: Method, history: DemandHistory, horizon: int, count: int, rng: np.random.Generator
) -> Paths | None:
    """Possible futures of the days after the history's last; shape (count, horizon).

    Each path is the newest expectation plus the errors of one randomly chosen past stretch. Errors grow with
    the square root of the level, as those of counts do, so that a stretch from busier times is scaled down.
    What falls below zero is taken from the rest of its path, which leaves the path's total where the errors
    put it. Where the history is too short for stretches as long as the horizon, shorter ones are put one
    after another.

    Returns:
        None where the method knows too little of this history to say anything.
    """
    if history.days == 0:
        return None
    expected = method.expected(history.quantity, history.masked, horizon)
    now = expected[-1]
    if not np.isfinite(now).all():
        return None
    errors = _past_errors(expected, history)
    if errors is None:
        return None
    stretches, levels = errors
    width = stretches.shape[1]
    pieces = []
    observed = history.observed
    floor = max(0.25 * float(observed.sum()) / len(observed), 1e-6)
    for start in range(0, horizon, width):
        chosen = _spread_evenly(len(stretches), count, rng)
        level = float(now[start : start + width].sum()) / len(now[start : start + width])
        scale = np.sqrt((level + floor) / (levels[chosen] + floor))
        pieces.append(stretches[chosen] * scale[:, None])
    paths = keep_totals(now + np.concatenate(pieces, axis=1)[:, :horizon])
    if (observed == np.floor(observed)).all():
        paths = whole_numbers(paths, rng)
    return np.minimum(paths, _LARGEST_PATH).astype(np.float32)


def keep_totals(paths: Floats) -> Floats:
    """Paths without negative days whose totals are max(0, the total before); a path lies along the last axis."""
    positive = np.maximum(paths, 0.0)
    gained = positive.sum(axis=-1)
    wanted = np.maximum(paths.sum(axis=-1), 0.0)
    share: Floats = np.divide(wanted, gained, out=np.zeros_like(gained), where=gained > 0)
    return positive * share[..., None]


def whole_numbers(paths: Floats, rng: np.random.Generator) -> Floats:
    """Paths of whole numbers whose running totals stay within one of those before, and equal on average."""
    offset = rng.random((*paths.shape[:-1], 1))
    running = np.floor(np.cumsum(paths, axis=-1) + offset + 1e-9)
    running[..., 1:] -= running[..., :-1].copy()
    return running


def _past_errors(expected: Floats, history: DemandHistory) -> tuple[Floats, Floats] | None:
    """(stretches (m, width), the level expected before each (m,)), the widest that are numerous enough."""
    horizon = expected.shape[1]
    known = np.where(history.masked, np.nan, history.quantity)
    found: tuple[Floats, Floats] | None = None
    for width in sorted({horizon, min(horizon, 14), min(horizon, 7), 1}, reverse=True):
        origins = history.days - width
        if origins < 1:
            continue
        errors = known[_following(origins, width)] - expected[:origins, :width]
        missing = np.isnan(errors)
        formed = np.isfinite(expected[:origins, :width]).all(axis=1)
        usable = formed & (missing.sum(axis=1) * 2 <= width)
        if not usable.any():
            continue
        found = _fill(errors, missing, usable), expected[:origins, :width][usable].sum(axis=1) / width
        if usable.sum() >= MIN_STRETCHES:
            break
    return found


def _following(origins: int, width: int) -> NDArray[np.int64]:
    """Shape (origins, width): the days that follow each of the first `origins` days."""
    return _following_padded(1 << origins.bit_length(), width)[:origins]


@lru_cache(maxsize=64)
def _following_padded(rows: int, width: int) -> NDArray[np.int64]:
    days = np.arange(1, rows + 1)[:, None] + np.arange(width)
    days.flags.writeable = False
    return days


def _fill(errors: Floats, missing: Flags, usable: Flags) -> Floats:
    """The usable stretches, each unknown day filled with a known error of the same weekday (a hot deck)."""
    stretches = errors[usable]
    holes = missing[usable]
    if not holes.any():
        return stretches
    weekday = (np.flatnonzero(usable)[:, None] + np.arange(errors.shape[1])) % 7
    for day in range(7):
        same = weekday == day
        pool = stretches[same & ~holes]
        empty = same & holes
        if not len(pool):
            pool = stretches[~holes]
        stretches[empty] = pool[np.arange(empty.sum()) * 7919 % len(pool)]
    return stretches


def _spread_evenly(among: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` indices below `among`, each as often as any other up to one, in random order."""
    chosen = np.floor((np.arange(count) + rng.random()) * among / count).astype(np.int64)
    return rng.permutation(np.minimum(chosen, among - 1))


def _weeks(quantity: Floats, masked: Flags) -> Floats:
    """Shape (weeks, 7): the days, NaN where unknown, the last one in the last cell."""
    days = np.where(masked, np.nan, quantity)
    return np.concatenate((np.full(-len(days) % 7, np.nan), days)).reshape(-1, 7)


def _rolling_mean(rows: Floats, window: int, least: int) -> Floats:
    """Down the first axis, the mean of the numbers among the last `window`; NaN with fewer than `least`."""
    known = ~np.isnan(rows)
    sums = np.cumsum(np.where(known, rows, 0.0), axis=0)
    counts = np.cumsum(known, axis=0)
    sums[window:] -= sums[:-window].copy()
    counts[window:] -= counts[:-window].copy()
    mean: Floats = np.divide(sums, counts, out=np.full(rows.shape, np.nan), where=counts >= least)
    return mean


def _carry_forward(rows: Floats) -> Floats:
    """Each NaN replaced by the last number above it in the first axis."""
    numbers = np.arange(len(rows)).reshape((-1,) + (1,) * (rows.ndim - 1))
    index = np.maximum.accumulate(np.where(np.isnan(rows), 0, numbers), axis=0)
    return np.take_along_axis(rows, index, axis=0)


def _by_weekday(value: Floats, fallback: Floats) -> Floats:
    """Expectations from a value of each day that speaks for the same weekday of the weeks after it."""
    horizon = fallback.shape[1]
    source = np.arange(len(value))[:, None] + (np.arange(horizon) % 7) - 6
    expected = np.where(source >= 0, value[np.maximum(source, 0)], np.nan)
    return np.where(np.isnan(expected), fallback, expected)
