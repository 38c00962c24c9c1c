"""Quantiles widened or narrowed until they hold what they promise, measured on the windows of a race.

What is conformalised is how many of its own spreads a truth lies from the median (Romano, Patterson & Candès 2019), on
each side and in each half of the horizon, for periods and for running totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import Flags, Floats
from shelfwise.demand.panel import Numbers, Prediction
from shelfwise.demand.race.marks import HIGH, LOW, MIDDLE, halves

COUNTED = 10.0
"""Below this median quantiles of counts are steps that cannot be moved by a little."""
ENOUGH = 200
"""Fewer truths than this say nothing of a tail."""
TRUST = 0.85
"""How much of what the windows say is believed: those of one autumn are alike."""
_FURTHEST = 3.0

By = dict[float, Numbers]


@dataclass(frozen=True)
class Widths:
    """How many times as wide the quantiles are to be: (below, above) the median, for each half of the horizon."""

    periods: tuple[tuple[float, float], ...]
    totals: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Told:
    """One window of a race: what was predicted and what came; `counted`: which cells are looked at, (series, ahead)."""

    prediction: Prediction
    came: Floats
    counted: Flags


def widths(windows: Sequence[Told]) -> Widths:
    """The widths with which the quantiles 0.1 and 0.9 would have kept their promise."""
    found: list[list[tuple[float, float]]] = []
    for of_totals in (False, True):
        ratios = [_ratios(one, of_totals) for one in windows]
        found.append(
            [
                (
                    _width([below[:, part][inside[:, part]] for below, _, inside in ratios]),
                    _width([above[:, part][inside[:, part]] for _, above, inside in ratios]),
                )
                for part in halves(windows[0].came.shape[1])
            ]
        )
    return Widths(tuple(found[0]), tuple(found[1]))


def widened(made: Prediction, by: Widths) -> Prediction:
    """The prediction with its quantiles so much wider; paths stay. Needs the quantile 0.5."""
    ahead = made.mean.shape[1]
    periods, totals = _by_period(by.periods, ahead), _by_period(by.totals, ahead)
    return replace(
        made,
        quantiles=_moved(made.quantiles, periods),
        totals=_moved(made.totals, totals),
    )


def by_the_others(windows: Sequence[Told]) -> list[Prediction]:
    """The prediction of each window, as wide as the other windows say; a single one as wide as it says itself."""
    return [
        widened(one.prediction, widths([other for other in windows if other is not one] or [one])) for one in windows
    ]


def _ratios(one: Told, of_totals: bool) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """By how many of its spreads each truth lies below and above the median, and where that can be said."""
    values = one.prediction.totals if of_totals else one.prediction.quantiles
    came = np.where(one.counted, one.came, 0.0)
    came = np.cumsum(came, axis=1) if of_totals else came
    middle = values[MIDDLE].astype(np.float64)
    down, up = middle - values[LOW], values[HIGH] - middle
    inside = one.counted & (middle >= COUNTED) & (down > 0) & (up > 0)
    safe_down, safe_up = np.where(inside, down, 1.0), np.where(inside, up, 1.0)
    return (middle - came) / safe_down, (came - middle) / safe_up, inside


def _width(ratios: Sequence[Floats]) -> float:
    every = np.concatenate(ratios)
    if len(every) < ENOUGH:
        return 1.0
    wanted = max(float(np.quantile(every, HIGH)), 1 / _FURTHEST)
    return float(min(wanted, _FURTHEST) ** TRUST)


def _by_period(by: Sequence[tuple[float, float]], ahead: int) -> Floats:
    """(below and above, ahead)."""
    return np.concatenate([np.repeat(np.array([each]).T, len(range(ahead)[part]), axis=1)
                           for each, part in zip(by, halves(ahead), strict=True)], axis=1)  # fmt: skip


def _moved(values: By, by: Floats) -> By:
    middle = values[MIDDLE]
    return {level: _away(one, middle, by[0] if level < MIDDLE else by[1]) for level, one in values.items()}


def _away(values: Numbers, middle: Numbers, by: Floats) -> Numbers:
    """Values so many times as far from the middle, not below zero; where the middle is a small count, as they are."""
    moved = np.maximum(middle + by * (values - middle), 0.0)
    result: Numbers = np.where(middle >= COUNTED, moved, values).astype(np.float32)
    return result
