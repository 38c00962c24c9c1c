"""How forecasts did against what came: marks of every series and window, and scores of any group of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Panel, Prediction

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
JUDGED = (LOW, MIDDLE, HIGH)
"""The quantiles that every race is judged by, whatever else is asked for."""
WANTED_COVERAGE = HIGH - LOW
HALVES = 2


@dataclass(frozen=True, eq=False)
class Marks:
    """Sums over the periods of each half of a window; every array has the shape (series of all windows, 2).

    Attributes:
        count: periods that were scored.
        demand: what came in them.
        absolute: of mean less demand.
        difference: the same with its sign.
        scaled: squares of it, by the mean square of the steps from period to period before (Hyndman & Koehler 2006).
        pinball: mean pinball loss of the quantiles judged by.
        covered: periods between the 10% and the 90% quantile; of counts, that share of the value's own probability.
        total: the running total at the end of the half; NaN where the window has no period in it.
        total_pinball: as pinball, of that total.
        total_covered: as covered, of that total.
    """

    count: Floats
    demand: Floats
    absolute: Floats
    difference: Floats
    scaled: Floats
    pinball: Floats
    covered: Floats
    total: Floats
    total_pinball: Floats
    total_covered: Floats

    @classmethod
    def joined(cls, many: Sequence[Marks]) -> Marks:
        """Those of several windows, one after another."""
        return cls(*(np.concatenate([getattr(one, each.name) for one in many]) for each in fields(cls)))

    def of(self, rows: NDArray[np.bool_] | slice, halves: slice = slice(None)) -> Marks:
        """Some rows and halves."""
        return Marks(*(getattr(self, each.name)[rows, halves] for each in fields(self)))

    def score(self) -> Scores:
        """The scores of all of them together."""
        count, demand = float(self.count.sum()), float(self.demand.sum())
        ends = ~np.isnan(self.total)
        totals, number = float(np.nansum(self.total)), int(ends.sum())
        periods = np.maximum(self.count.sum(axis=1), 1)
        some = self.count.sum(axis=1) > 0
        return Scores(
            periods=int(count),
            wape=_share(self.absolute.sum(), demand),
            bias=_share(self.difference.sum(), demand),
            rmsse=float(np.sqrt(self.scaled.sum(axis=1) / periods)[some].mean()) if some.any() else None,
            pinball=_share(self.pinball.sum(), demand),
            coverage=_share(self.covered.sum(), count),
            totals=number,
            total_pinball=_share(np.nansum(self.total_pinball), totals),
            total_coverage=_share(np.nansum(self.total_covered), number),
            loss=float(self.pinball.sum() + np.nansum(self.total_pinball)),
        )


@dataclass(frozen=True)
class Scores:
    """How a method did; shares of the demand that came, None where there was none.

    Attributes:
        periods, totals: how many of them were scored.
        wape: sum of absolute errors of the mean.
        bias: sum of its errors: above zero too much was expected.
        rmsse: root of the mean square error against that of 'the same as the period before', mean of the series.
        pinball, total_pinball: mean pinball loss at 0.1, 0.5 and 0.9 of periods and of running totals.
        coverage, total_coverage: share between the quantiles 0.1 and 0.9; 0.8 is wanted.
        loss: what decides a race: both pinball losses, in units.
    """

    periods: int
    wape: float | None
    bias: float | None
    rmsse: float | None
    pinball: float | None
    coverage: float | None
    totals: int
    total_pinball: float | None
    total_coverage: float | None
    loss: float


def mark(past: Panel, came: Floats, prediction: Prediction, counted: NDArray[np.bool_]) -> Marks:
    """Mark a prediction of one window.

    Args:
        past: the panel as it was at the origin.
        came: (series, ahead), what was demanded then.
        prediction: with the quantiles 0.1, 0.5 and 0.9.
        counted: (series, ahead): which periods count.
    """
    errors = np.where(counted, prediction.mean - came, 0.0)
    steps = np.diff(past.quantity.astype(np.float64), axis=1)
    known = (~np.isnan(steps)).sum(axis=1)
    naive = np.divide(np.nansum(steps**2, axis=1), known, out=np.zeros(len(steps)), where=known > 0)
    scale = np.where(naive > 0, naive, np.inf)[:, None]
    running = np.cumsum(np.where(counted, came, 0.0), axis=1)
    # A half ends with the last period of it that counts.
    ends = [_last(counted[:, part]) + part.start for part in halves(came.shape[1])]
    at_end = np.stack(ends, axis=1)
    some = np.stack([counted[:, part].any(axis=1) for part in halves(came.shape[1])], axis=1)

    def of_ends(values: Floats) -> Floats:
        return np.where(some, np.take_along_axis(values, at_end, axis=1), np.nan)

    zeros = np.zeros(errors.shape)
    quantiles = [np.where(counted, prediction.quantiles[level], zeros) for level in JUDGED]
    totals = [np.where(counted, prediction.totals[level], zeros) for level in JUDGED]
    value = np.where(counted, came, 0.0)
    return Marks(
        count=_summed(counted.astype(np.float64)),
        demand=_summed(value),
        absolute=_summed(np.abs(errors)),
        difference=_summed(errors),
        scaled=_summed(errors**2 / scale),
        pinball=_summed(_pinball(value, quantiles)),
        covered=_summed(np.where(counted, covered(value, quantiles), 0.0)),
        total=of_ends(running),
        total_pinball=of_ends(_pinball(running, totals)),
        total_covered=of_ends(covered(running, totals)),
    )


def covered(value: Floats, quantiles: Sequence[Floats]) -> Floats:
    """How much of each value lies between the first and the last quantile: 0 or 1, or a share where it is one of them.

    A count has a probability of its own, and a quantile falls into the middle of it: what counts is its share that lies
    between (the randomised probability integral transform, in expectation; Czado, Gneiting & Held 2009). Between
    the quantiles known the distribution is taken to lie half way.
    """
    edges = (0.0, *JUDGED, 1.0)
    middles = [(below + above) / 2 for below, above in pairwise(edges)]
    first = np.zeros(value.shape)
    last = np.full(value.shape, -1.0)
    for place, quantile in enumerate(quantiles):
        first = np.where(quantile < value, edges[place + 1], first)
        tied = quantile == value
        begin = np.where(value > 0, middles[place], 0.0)
        first = np.where(tied & (last < 0), np.maximum(begin, first), first)
        last = np.where(tied, middles[place + 1], last)
    between = (quantiles[0] < value) & (value < quantiles[-1])
    share = np.clip(np.minimum(last, HIGH) - np.maximum(first, LOW), 0.0, None) / np.maximum(last - first, 1e-9)
    return np.where(last >= 0, np.minimum(share, 1.0), between)


def halves(ahead: int) -> tuple[slice, slice]:
    """The periods of each half of a horizon; a single one is in the first."""
    half = -(-ahead // HALVES)
    return slice(0, half), slice(half, ahead)


def _summed(values: Floats) -> Floats:
    return np.stack([values[:, part].sum(axis=1) for part in halves(values.shape[1])], axis=1)


def _last(counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The last place that counts; the first where none does."""
    width = counted.shape[1]
    if width == 0:
        return np.full(len(counted), -1, np.int64)
    return np.where(counted.any(axis=1), width - 1 - np.argmax(counted[:, ::-1], axis=1), 0)


def _pinball(value: Floats, quantiles: Sequence[Floats]) -> Floats:
    losses = [
        np.maximum(level * (value - quantile), (level - 1) * (value - quantile))
        for level, quantile in zip(JUDGED, quantiles, strict=True)
    ]
    result: Floats = np.mean(losses, axis=0)
    return result


def _share(of: float, whole: float) -> float | None:
    return float(of) / whole if whole > 0 else None
