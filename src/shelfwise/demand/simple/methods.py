"""The simple methods: what each would have expected at any origin of any series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Frequency
from shelfwise.demand.simple.past import Origins, Past, ratio
from shelfwise.demand.simple.smoothing import croston, exponential_smoothing, teunter, theta

MOST_CHANGE = 4.0
"""Against last year: more than so many times up or down is taken for so much."""


@dataclass(frozen=True)
class Method:
    """A simple way to forecast.

    Attributes:
        name: as written into forecasts and shown.
        expected: (past, origins (o,), ahead) -> (series, o, ahead); what stands at origin `o` follows from the periods
            before it alone. NaN where too little was known.
        plain: whether the future is drawn from the past itself, not from the errors that the method made.
    """

    name: str
    expected: Callable[[Past, Origins, int], Floats]
    plain: bool = False


def moving_average(past: Past, origins: Origins, ahead: int) -> Floats:
    """The mean of the last 28 days, 8 weeks or 12 months."""
    level = past.mean(origins, past.rhythm.window, past.rhythm.least)
    return np.repeat(level[:, :, None], ahead, axis=2)


def seasonal_naive(past: Past, origins: Origins, ahead: int) -> Floats:
    """What the same weekday, or the same week or month of last year, sold last; else the moving average."""
    if past.rhythm.season == 1:
        return _or_average(past, origins, _back(past.quantity, origins, ahead, past.rhythm.year))
    found = _back(past.quantity, origins, ahead, past.rhythm.season)
    for more in (1, 2, 3):
        found = np.where(np.isnan(found), _back(past.quantity, origins, ahead, past.rhythm.season, more), found)
    return _or_average(past, origins, found)


def same_weekday(past: Past, origins: Origins, ahead: int) -> Floats:
    """The mean of the same weekday over eight weeks; with fewer than two of them the moving average."""
    weeks = [_back(past.quantity, origins, ahead, 7, more) for more in range(8)]
    total, count = np.zeros(weeks[0].shape), np.zeros(weeks[0].shape)
    for week in weeks:
        known = ~np.isnan(week)
        total += np.where(known, week, 0.0)
        count += known
    return _or_average(past, origins, ratio(total, np.where(count >= 2, count, 0.0), np.nan))


def last_year(past: Past, origins: Origins, ahead: int) -> Floats:
    """Last year's demand, times how the last weeks compare with the same weeks then; else the moving average.

    A day of last year is the mean of three: it, and the same weekday a week before and after.
    """
    year, alike = past.rhythm.year, past.rhythm.alike
    then = _back(past.quantity, origins, ahead, year)
    if (season := past.rhythm.season) > 1:
        # Not where the week after it was still to come.
        steps = np.arange(ahead) % year
        around = _back(_around(past.quantity, season), origins, ahead, year)
        then = np.where(steps + season < year, around, then)
    shifted = np.full(past.quantity.shape, np.nan)
    shifted[:, year:] = past.quantity[:, : max(past.periods - year, 0)]
    both = ~np.isnan(shifted) & past.known
    now = Past(np.where(both, past.quantity, np.nan), past.rhythm).mean(origins, alike)
    before = Past(np.where(both, shifted, np.nan), past.rhythm).mean(origins, alike)
    change = np.clip(ratio(now, before, np.nan), 1 / MOST_CHANGE, MOST_CHANGE)
    return _or_average(past, origins, then * change[:, :, None])


def long_average(past: Past, origins: Origins, ahead: int) -> Floats:
    """The mean of the last two years."""
    level = past.mean(origins, 2 * past.rhythm.year)
    return np.repeat(level[:, :, None], ahead, axis=2)


_EVERY = (
    Method("moving average", moving_average),
    Method("seasonal naive", seasonal_naive),
)
_DAYS = (Method("same-weekday mean", same_weekday),)
_MORE = (
    Method("last year by level", last_year),
    Method("exponential smoothing", exponential_smoothing),
    Method("Theta", theta),
    Method("Croston-SBA", croston),
    Method("TSB", teunter),
    Method("empirical quantile", long_average, plain=True),
)


def methods_for(frequency: Frequency) -> tuple[Method, ...]:
    """The methods that make sense, simplest first: the order decides ties."""
    return (*_EVERY, *(_DAYS if frequency is Frequency.DAY else ()), *_MORE)


def _back(values: Floats, origins: Origins, ahead: int, season: int, more: int = 0) -> Floats:
    """The values whole seasons before the periods ahead, the last that were known, (series, origins, ahead).

    `more` seasons further back where asked for; NaN before the beginning.
    """
    steps = np.arange(ahead)
    source = origins[:, None] + steps - season * (steps // season + 1 + more)
    found = values[:, np.maximum(source, 0)]
    return np.where(source >= 0, found, np.nan)


def _around(values: Floats, season: int) -> Floats:
    """The mean of each period with those one season before and after it, of what is known of the three."""
    padded = np.pad(values, ((0, 0), (season, season)), constant_values=np.nan)
    three = [padded[:, start : start + values.shape[1]] for start in (0, season, 2 * season)]
    count = sum((~np.isnan(one)).astype(np.float64) for one in three)
    total = sum(np.nan_to_num(one) for one in three)
    return ratio(np.asarray(total), np.where(np.isnan(values), 0.0, count), np.nan)


def _or_average(past: Past, origins: Origins, expected: Floats) -> Floats:
    return np.where(np.isnan(expected), moving_average(past, origins, expected.shape[2]), expected)
