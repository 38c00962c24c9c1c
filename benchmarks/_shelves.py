"""Invented sales as the files a shop hands over, with days on which shelves ran empty."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._invented import Invented
from shelfwise.demand.files.building import read
from shelfwise.demand.panel import Numbers, Panel

AHEAD = 28
NOT_TOLD = "temperature"
SHARE = 0.1
LEFT = 0.6
"""At most so much of what was wanted had been sold when the shelf was empty."""


@dataclass(frozen=True, eq=False)
class Shelves:
    """Sales whose last periods are to be forecast.

    Attributes:
        full: what was wanted, so far as it is history.
        sold: what was sold of it.
        empty: where something was wanted that was sold out.
        wanted: what is to be forecast; NaN where the series has not begun.
    """

    made: Invented
    full: Numbers
    sold: Numbers
    empty: NDArray[np.bool_]
    wanted: Numbers

    def off(self, said: Numbers, order: NDArray[np.int64]) -> tuple[float, float, float]:
        """How far a forecast of series in some order lies from what was wanted, from its expectation, and the bias."""
        wanted, mean = self.wanted[order], self.made.truth[order, -AHEAD:]
        known = np.isfinite(wanted)
        said, wanted, mean = said[known], wanted[known], mean[known]
        return (
            float(np.abs(said - wanted).sum() / wanted.sum()),
            float(np.abs(said - mean).sum() / mean.sum()),
            float(said.sum() / mean.sum() - 1),
        )

    def read(self, folder: Path, sold: Numbers, *, told: bool) -> tuple[Panel, NDArray[np.int64]]:
        """As the command line reads it, of files with a column `in_stock` or without, and which series are in it."""
        told_of = {"in_stock": ~self.empty} if told else {}
        history, future = folder / "history.parquet", folder / "future.parquet"
        self._rows(slice(0, sold.shape[1]), {"quantity": sold, **told_of}).write_parquet(history)
        self._rows(slice(sold.shape[1], None), {}).write_parquet(future)
        panel = read(history, future, AHEAD, None).panel
        place = {key: number for number, key in enumerate(self.made.panel.keys)}
        return panel, np.array([place[key] for key in panel.keys])

    def _rows(self, periods: slice, more: dict[str, Numbers | NDArray[np.bool_]]) -> pl.DataFrame:
        panel = self.made.panel
        begun = np.maximum.accumulate(np.isfinite(panel.quantity), axis=1)[:, periods]
        series, period = np.nonzero(begun)
        dates = panel.dates[periods]
        rows = {
            "item": [panel.keys[one][0] for one in series],
            "location": [panel.keys[one][1] for one in series],
            "date": [dates[one] for one in period],
        }
        frame = pl.DataFrame(rows).with_columns(pl.Series(name, values[begun]) for name, values in more.items())
        for column in panel.columns:
            values = pl.Series(column.name, column.values[:, periods][begun]).fill_nan(None)
            if column.labels:
                values = values.cast(pl.Int32).replace_strict(dict(enumerate(column.labels)), default=None)
            if column.name != NOT_TOLD:
                frame = frame.with_columns(values.alias(column.name))
        return frame


def shelves(made: Invented, seed: int) -> Shelves:
    """One day in ten, by chance, a shelf runs empty before all are served."""
    rng = np.random.default_rng([seed, 4])
    full, wanted = made.panel.quantity[:, :-AHEAD], made.panel.quantity[:, -AHEAD:]
    left = np.floor(full * rng.uniform(0, LEFT, full.shape)).astype(np.float32)
    empty = (rng.random(full.shape) < SHARE) & (left < full)
    return Shelves(made, full, np.where(empty, left, full), empty, wanted)
