"""Means over any window of many series, without walking through them: from running sums. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.panel import Numbers

Indices = NDArray[np.int32]


class Running:
    """Running sums and counts of the known values of each series.

    Attributes:
        values: shape (series, periods), NaN where unknown.
    """

    def __init__(self, values: Numbers) -> None:
        known = np.isfinite(values)
        series, periods = values.shape
        self.values = values
        self._sums = np.zeros((series, periods + 1))
        np.cumsum(np.where(known, values, 0.0), axis=1, out=self._sums[:, 1:])
        self._counts = np.zeros((series, periods + 1), np.int32)
        np.cumsum(known, axis=1, out=self._counts[:, 1:])

    def mean(self, series: Indices, start: Indices, end: Indices) -> Numbers:
        """Of the known values in periods start..end-1; NaN where there is none. All of shape (rows,)."""
        count = self.count(series, start, end)
        total = self._between(self._sums, series, start, end)
        mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
        found: Numbers = mean.astype(np.float32)
        return found

    def count(self, series: Indices, start: Indices, end: Indices) -> Numbers:
        """How many values are known in periods start..end-1."""
        return self._between(self._counts, series, start, end).astype(np.float32)

    def at(self, series: Indices, period: Indices, before: Indices) -> Numbers:
        """The value in that period; NaN where it is not before `before`, or before the first one."""
        inside = (period >= 0) & (period < before)
        found = self.values[series, np.where(inside, period, 0)]
        return np.where(inside, found, np.float32(np.nan))

    def _between(
        self, sums: NDArray[np.float64] | NDArray[np.int32], series: Indices, start: Indices, end: Indices
    ) -> NDArray[np.float64]:
        last = sums.shape[1] - 1
        low, high = np.clip(start, 0, last), np.clip(end, 0, last)
        found: NDArray[np.float64] = np.maximum(sums[series, high] - sums[series, np.minimum(low, high)], 0)
        return found


def grouped(values: Numbers, group: Indices, groups: int) -> Numbers:
    """Shape (groups, periods): the mean of the known values of each group's series; NaN where there is none."""
    known = np.isfinite(values)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(groups))
    sums = np.add.reduceat(np.where(known, values, 0.0)[order], starts, axis=0)
    counts = np.add.reduceat(known[order].astype(np.int32), starts, axis=0)
    mean: Numbers = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0).astype(np.float32)
    return mean
