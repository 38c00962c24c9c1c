"""Intervals of periods and of running totals around what is expected, learnt from windows the model had not seen. Pure.

Two things are learnt from the errors of those windows: how large an error to expect of a row (trees), and how errors
in units of that are distributed, by group. Totals are learnt as totals: errors of neighbouring periods go together, so
that quantiles of periods do not add up to them. Whole numbers are spread over the unit above them (randomised, as in
Czado, Gneiting & Held 2009), and quantiles rounded down again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.errors import Errors, learn_errors
from shelfwise.demand.boosting.features import Table
from shelfwise.demand.boosting.running import Indices
from shelfwise.demand.boosting.trees import fit_spread
from shelfwise.demand.panel import Numbers

FOLDS = 2
ENOUGH = 400
"""With fewer examined rows the size of an error is taken to follow the level alone."""
CLASSES = 5


@dataclass(frozen=True, eq=False)
class Examined:
    """Rows whose demand came, forecast without knowing it; a window of one series follows another.

    Attributes:
        table: features, (windows * horizon) rows.
        expected: shape (windows, horizon), the mean demand that was forecast.
        came: shape (windows, horizon), NaN where unknown.
        kind: shape (windows,), which segment the series was at its origin.
        series, origin: shape (windows,).
    """

    table: Table
    expected: Numbers
    came: Numbers
    kind: Indices
    series: Indices
    origin: Indices

    def forecast_by(self, expected: Callable[[Table], Numbers], since: int) -> Examined:
        """With what is expected, in units of the level, of the windows since an origin."""
        windows = self.origin >= since
        some = self.table.pick(np.repeat(windows, self.came.shape[1]))
        whole = self.expected.copy()
        whole[windows] = (expected(some) * some.level).reshape(-1, self.came.shape[1])
        return replace(self, expected=whole)

    def known(self, most: int) -> NDArray[np.bool_]:
        """Which rows of the table are of demand that came; of more than `most` of them an even selection."""
        known = np.isfinite(self.came.ravel())
        thinned = np.zeros_like(known)
        chosen = np.flatnonzero(known)
        thinned[chosen[:: max(1, -(-len(chosen) // most))]] = True
        return thinned


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is expected of some series, and how far it may be off.

    Attributes:
        expected, spread: shape (series, horizon).
        wanted: shape (series, horizon).
        kind: shape (series,).
    """

    expected: Numbers
    spread: Numbers
    wanted: NDArray[np.bool_]
    kind: Indices


class Intervals:
    """Quantiles around expectations.

    Attributes:
        whole: demand comes in whole numbers.
        standard: shape (windows, horizon): the errors of examined windows in units of their spread, NaN where unknown.
        kind: shape (windows,): the segment of each of those windows.
    """

    def __init__(self, examined: Examined, seed: int) -> None:
        known = np.isfinite(examined.came)
        self.whole = bool((examined.came[known] == np.floor(examined.came[known])).all())
        self._half = 0.5 if self.whole else 0.0
        rng = np.random.default_rng(seed)
        horizon = examined.came.shape[1]
        jitter = rng.random(examined.came.shape, np.float32) - self._half if self.whole else np.float32(0)
        error = examined.came + jitter - examined.expected
        fold = examined.series % FOLDS
        self._trees: list[Any] = []
        spread = self._learn_spread(examined, error, fold, seed)
        self.standard = error / spread
        self.kind = examined.kind
        self._edges = _edges(spread / (examined.expected + self._half + 1e-9), known)
        self._points = _points(horizon)
        shape = error.shape
        groups = [one.reshape(shape)[known] for one in self._period_groups(examined.expected, spread, examined.kind)]
        self._periods = learn_errors(self.standard[known], groups)
        self._totals = self._learn_totals(examined, known, spread, rng)

    def outlook(self, table: Table, expected: Numbers, wanted: NDArray[np.bool_], kind: Indices) -> Outlook:
        """Expectations, shape (series, horizon), of the rows of a table with the spread that belongs to them."""
        level = table.level.reshape(expected.shape)
        if not self._trees:
            return Outlook(expected, self._plain(expected, level), wanted, kind)
        seen = _with_expected(table, expected)
        spread = np.mean([one.predict(seen.values, num_threads=1) for one in self._trees], axis=0)
        return Outlook(expected, (spread * table.level).reshape(expected.shape).astype(np.float32), wanted, kind)

    def periods(self, outlook: Outlook, levels: Sequence[float]) -> Numbers:
        """Shape (levels, series, horizon): quantiles of each period; levels ascend."""
        groups = self._period_groups(outlook.expected, outlook.spread, outlook.kind)
        error = self._periods.at(groups, levels).reshape(-1, *outlook.expected.shape)
        quantiles = self._finish(outlook.expected + self._half + error * outlook.spread)
        return np.maximum.accumulate(quantiles, axis=0)

    def totals(self, outlook: Outlook, levels: Sequence[float]) -> Numbers:
        """Shape (levels, series, horizon): quantiles of the running total of the wanted periods; levels ascend."""
        expected = np.cumsum(np.where(outlook.wanted, outlook.expected, 0), axis=1)
        spread = np.cumsum(np.where(outlook.wanted, outlook.spread, 0), axis=1)
        groups = self._total_groups(expected, spread, outlook.kind)
        error = self._totals.at(groups, levels).reshape(-1, *expected.shape)
        quantiles = np.maximum.accumulate(self._finish(expected + self._half + error * spread), axis=2)
        return np.maximum.accumulate(quantiles, axis=0)

    def _finish(self, quantile: Numbers) -> Numbers:
        positive = np.maximum(quantile, np.float32(0))
        return np.floor(positive + np.float32(1e-4)) if self.whole else positive

    def _learn_spread(self, examined: Examined, error: Numbers, fold: Indices, seed: int) -> Numbers:
        """The spread of every examined row, by trees that did not see its series."""
        level = examined.table.level.reshape(error.shape)
        known = np.isfinite(error)
        if known.sum() < ENOUGH or len(np.unique(examined.series)) < 2 * FOLDS:
            return self._plain(examined.expected, level)
        seen = _with_expected(examined.table, examined.expected)
        spread = np.empty(error.size, np.float32)
        by_row = np.repeat(fold, error.shape[1])
        for number in range(FOLDS):
            learnt = (by_row != number) & known.ravel()
            trees = fit_spread(seen.pick(learnt), np.abs(error).ravel()[learnt], seed)
            held_out = by_row == number
            spread[held_out] = trees.predict(seen.values[held_out], num_threads=1) * seen.level[held_out]
            self._trees.append(trees)
        return spread.reshape(error.shape)

    def _plain(self, expected: Numbers, level: Numbers) -> Numbers:
        """Errors grow between the root of what is expected, as counts' do, and itself."""
        spread: Numbers = np.sqrt(np.maximum(expected, 0.05 * level) * level).astype(np.float32)
        return spread

    def _learn_totals(
        self, examined: Examined, known: NDArray[np.bool_], spread: Numbers, rng: np.random.Generator
    ) -> Errors:
        expected = np.cumsum(np.where(known, examined.expected, 0), axis=1)
        total_spread = np.cumsum(np.where(known, spread, 0), axis=1)
        came = np.cumsum(np.where(known, examined.came, 0), axis=1)
        if self.whole:
            came = came + rng.random((len(came), 1), np.float32) - self._half
        some = known.cumsum(axis=1) * 2 > np.arange(known.shape[1])
        standard = (came - expected) / np.maximum(total_spread, 1e-9)
        groups = self._total_groups(expected, total_spread, examined.kind)
        return learn_errors(standard[some], [one.reshape(known.shape)[some] for one in groups])

    def _period_groups(self, expected: Numbers, spread: Numbers, kind: Indices) -> list[Indices]:
        horizon = expected.shape[1]
        half = np.broadcast_to((np.arange(horizon) * 2 >= horizon).astype(np.int32), expected.shape)
        return [
            self._class(expected, spread).ravel(),
            np.repeat(kind, horizon).astype(np.int32),
            half.ravel(),
        ]

    def _total_groups(self, expected: Numbers, spread: Numbers, kind: Indices) -> list[Indices]:
        horizon = expected.shape[1]
        point = self._points[np.minimum(np.arange(horizon), len(self._points) - 1)]
        steps = np.arange(1, horizon + 1)
        return [
            np.broadcast_to(point, expected.shape).ravel().astype(np.int32),
            self._class((expected / steps).astype(np.float32), (spread / steps).astype(np.float32)).ravel(),
            np.repeat(kind, horizon).astype(np.int32),
        ]

    def _class(self, expected: Numbers, spread: Numbers) -> Indices:
        """How large the error is beside the demand: small errors are even, large ones lopsided."""
        return np.searchsorted(self._edges, spread / (expected + self._half + 1e-9)).astype(np.int32)


def _edges(ratio: Numbers, known: NDArray[np.bool_]) -> Numbers:
    if not known.any():
        return np.zeros(0, np.float32)
    edges: Numbers = np.quantile(ratio[known], np.linspace(0, 1, CLASSES + 1)[1:-1]).astype(np.float32)
    return edges


def _points(horizon: int) -> Indices:
    """Which running totals are judged together: neighbours, the further ahead the more of them."""
    steps = np.arange(1, horizon + 1)
    points: Indices = np.floor(np.log(steps) / np.log(1.2) + 1e-9).astype(np.int32)
    return points


def _with_expected(table: Table, expected: Numbers) -> Table:
    """The table with what is expected as one more feature."""
    return table.plus("expected", expected.ravel() / table.level)
