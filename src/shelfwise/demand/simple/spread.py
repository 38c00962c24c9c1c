"""Possible futures of many series: a method's newest expectation with the errors it made over past stretches.

A block bootstrap (Künsch 1989): a whole stretch of errors at a time is laid on the expectation, so that totals keep the
spread that drift, runs and bulk orders really gave them, which quantiles of single days cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.futures import keep_totals, sell_whole, whole_numbers
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Panel
from shelfwise.demand.simple.methods import Method
from shelfwise.demand.simple.past import Origins, Past

MOST_STRETCHES = 128
FEWEST_STRETCHES = 8
SMALL = 10.0
"""Around this level of demand errors are half way from those of counts to those of large numbers."""
_LARGEST = 1e30


@dataclass(frozen=True, eq=False)
class Futures:
    """What a method expects, and how it may come.

    Attributes:
        expected: (series, ahead).
        drawn: (series, draws, ahead), not negative; NaN where nothing was known of a series.
        blocks: of how many stretches that do not overlap the draws of each series come; (series,).
    """

    expected: Floats
    drawn: Floats
    blocks: Floats


def futures(panel: Panel, method: Method, draws: int, rng: np.random.Generator) -> Futures:
    """Draw possible futures of every series of a panel."""
    past, ahead = Past.of(panel), panel.ahead
    origins = _origins(past, ahead, method)
    expected = method.expected(past, np.append(origins, past.periods), ahead)
    now, before = expected[:, -1], expected[:, :-1]
    if method.plain:
        before = np.repeat(now[:, None], len(origins), axis=1)
    floor = _floor(past)
    errors, usable = _errors(past, before, origins)
    relative = errors / _size(before, floor)
    numbers = usable.sum(axis=1)
    chosen = _spread_evenly(usable, draws, rng)
    drawn = np.zeros((past.series, draws, ahead))
    if len(origins):
        drawn = np.take_along_axis(relative, chosen[:, :, None], axis=1)
    short = numbers < FEWEST_STRETCHES
    if short.any():
        pool = relative[usable & ~short[:, None]] if len(origins) else np.zeros((0, ahead))
        if len(pool) < FEWEST_STRETCHES:
            pool = _by_period(past, method, floor, draws, ahead, rng)
        drawn[short] = pool[rng.integers(len(pool), size=(int(short.sum()), draws))]
    drawn = keep_totals(np.where(panel.wanted[:, None], now[:, None] + drawn * _size(now, floor)[:, None], 0.0))
    whole = sell_whole(past.quantity)
    drawn[whole] = whole_numbers(drawn[whole], rng)
    # What was watched and never sold is expected not to, whatever was borrowed.
    drawn[~(np.nan_to_num(past.quantity) > 0).any(axis=1)] = 0.0
    stride = origins[1] - origins[0] if len(origins) > 1 else 1
    blocks = np.maximum(np.where(short, FEWEST_STRETCHES, numbers) * min(stride / ahead, 1.0), 1.0)
    return Futures(now, np.minimum(drawn, _LARGEST), blocks)


def _origins(past: Past, ahead: int, method: Method) -> Origins:
    """Past origins whose stretch has ended, the newest ones where there are very many, evenly apart."""
    first = 1 if method.plain else min(2 * past.rhythm.window, past.periods // 3)
    last = past.periods - ahead
    first = max(first, last - 2 * past.rhythm.year, 1)
    if last < first:
        return np.zeros(0, np.int64)
    stride = -(-(last - first + 1) // MOST_STRETCHES)
    return np.arange(last, first - 1, -stride)[::-1].astype(np.int64)


def _errors(past: Past, before: Floats, origins: Origins) -> tuple[Floats, NDArray[np.bool_]]:
    """(errors (series, origins, ahead) without holes, which stretches may be drawn (series, origins)).

    A stretch may be drawn where at least half of it became known. An unknown period is given the error of the same
    place in the stretch before it (a hot deck), else after it.
    """
    ahead = before.shape[2]
    came = past.quantity[:, origins[:, None] + np.arange(ahead)]
    errors = came - before
    missing = np.isnan(errors)
    usable = missing.sum(axis=2) * 2 <= ahead
    # A day that is always closed is missing in every stretch and must not make them all unusable.
    seen = np.maximum((~missing).sum(axis=2).max(axis=1, initial=0), 1)
    usable |= (~missing).sum(axis=2) * 2 >= seen[:, None]
    if missing.any() and len(origins):
        order = np.arange(len(origins))[None, :, None]
        before_it = np.maximum.accumulate(np.where(missing, -1, order), axis=1)
        after_it = np.minimum.accumulate(np.where(missing, len(origins), order)[:, ::-1], axis=1)[:, ::-1]
        source = np.where(before_it >= 0, before_it, np.minimum(after_it, len(origins) - 1))
        errors = np.nan_to_num(np.take_along_axis(errors, source, axis=1))
    return errors, usable


def _size(expected: Floats, floor: Floats) -> Floats:
    """How large errors are at a level: they grow with the root of a count, and in proportion to large numbers."""
    level = np.maximum(expected, 0.0) + floor.reshape(-1, *(1,) * (expected.ndim - 1))
    power = 0.5 + 0.5 * level / (level + SMALL)
    size: Floats = np.nan_to_num(level**power, nan=1.0)
    return size


def _floor(past: Past) -> Floats:
    """A quarter of the mean of each series, so that a level near zero does not blow its errors up."""
    end = np.array([past.periods])
    return np.maximum(0.25 * np.nan_to_num(past.mean(end, past.periods)[:, 0]), 1e-6)


def _spread_evenly(usable: NDArray[np.bool_], draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """For each series `draws` of its usable stretches, each as often as any other up to one, in random order."""
    if not usable.shape[1]:
        return np.zeros((len(usable), 0), np.int64)
    order = np.argsort(~usable, axis=1, kind="stable")
    number = np.maximum(usable.sum(axis=1), 1)[:, None]
    places = ((np.arange(draws) + rng.random((len(usable), 1))) * number / draws).astype(np.int64)
    places = np.minimum(places, number - 1)
    return np.take_along_axis(order, rng.permuted(places, axis=1), axis=1)


def _by_period(past: Past, method: Method, floor: Floats, draws: int, ahead: int, rng: np.random.Generator) -> Floats:
    """Stretches put together from errors of single periods, of all series: where the past is shorter than a stretch."""
    origins = np.arange(1, past.periods)
    errors: Floats = np.zeros(0)
    if len(origins):
        before = method.expected(past, origins, 1)
        errors = ((past.quantity[:, 1:, None] - before) / _size(before, floor)).ravel()
        errors = errors[~np.isnan(errors)]
    if len(errors):
        errors -= errors.mean()  # few errors lean by chance
    if len(errors) < FEWEST_STRETCHES:
        # Nobody knows: as wide as counts are.
        errors = rng.poisson(1.0, draws).astype(np.float64) - 1.0
    found: Floats = rng.choice(errors, size=(draws, ahead))
    return found
