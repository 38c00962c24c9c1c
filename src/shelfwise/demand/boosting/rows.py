"""What the model learns from and answers: a series, the origin at which it is asked, and the step ahead. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shelfwise.demand.boosting.running import Indices


@dataclass(frozen=True, eq=False)
class Rows:
    """Questions to the model, all of shape (rows,).

    Attributes:
        series: index of the series.
        origin: how many periods are known.
        step: which period ahead is asked for; 0 is the first unknown one.
        horizon: how many periods ahead are told of what is known ahead.
    """

    series: Indices
    origin: Indices
    step: Indices
    horizon: int

    @property
    def period(self) -> Indices:
        """Index of the period that is asked for."""
        return self.origin + self.step

    def __len__(self) -> int:
        return len(self.series)

    def part(self, start: int, end: int) -> Rows:
        return Rows(self.series[start:end], self.origin[start:end], self.step[start:end], self.horizon)


def every(series: Indices, origin: int, horizon: int) -> Rows:
    """All steps of these series at one origin, series by series."""
    return Rows(
        np.repeat(series, horizon),
        np.full(len(series) * horizon, origin, np.int32),
        np.tile(np.arange(horizon, dtype=np.int32), len(series)),
        horizon,
    )
