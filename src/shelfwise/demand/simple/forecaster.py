"""A simple method as one of those that are raced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.demand.contest import Asked
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Frequency, Numbers, Panel, Prediction
from shelfwise.demand.simple.methods import Method, methods_for
from shelfwise.demand.simple.spread import futures

DRAWS = 128
AT_ONCE = 500
"""Series that are forecast at once: what all of them would draw together does not fit into memory."""


@dataclass(frozen=True)
class Simple:
    """A simple method with the spread of its own past errors."""

    method: Method

    @property
    def name(self) -> str:
        return self.method.name

    def forecast(self, panels: Sequence[Panel], asked: Asked) -> list[Prediction]:
        return [self._forecast(panel, asked) for panel in panels]

    def _forecast(self, panel: Panel, asked: Asked) -> Prediction:
        shape = (panel.series, panel.ahead)
        mean = np.full(shape, np.nan, np.float32)
        quantiles = {level: np.full(shape, np.nan, np.float32) for level in asked.quantiles}
        totals = {level: np.full(shape, np.nan, np.float32) for level in asked.quantiles}
        paths = np.full((asked.paths, *shape), np.nan, np.float32) if asked.paths else None
        for start in range(0, panel.series, AT_ONCE):
            part = np.arange(start, min(start + AT_ONCE, panel.series))
            some = panel.pick(part)
            rng = np.random.default_rng((asked.seed, start))
            draws = max(DRAWS, asked.paths)
            found = futures(some, self.method, draws, rng)
            nothing = ~some.wanted | np.isnan(found.expected)
            mean[part] = np.where(nothing, np.nan, np.maximum(found.expected, 0.0))
            days, running = np.sort(found.drawn, axis=1), np.sort(np.cumsum(found.drawn, axis=2), axis=1)
            for level in asked.quantiles:
                quantiles[level][part] = _cut(_quantile(days, level, found.blocks * panel.ahead), nothing)
                totals[level][part] = _cut(_quantile(running, level, found.blocks * panel.ahead**0.5), nothing)
            if paths is not None:
                drawn = found.drawn[:, : asked.paths].transpose(1, 0, 2)
                paths[:, part] = np.where(nothing, np.nan, drawn)
        return Prediction(mean, quantiles, totals, (self.name,) * panel.series, paths, {})


def simple_forecasters(frequency: Frequency) -> tuple[Simple, ...]:
    """The simple methods of a frequency, simplest first."""
    return tuple(Simple(method) for method in methods_for(frequency))


def _quantile(ordered: Floats, level: float, blocks: Floats) -> Floats:
    """A quantile of ordered draws (series, draws, ahead), taken further out where few stretches are behind them.

    Of `n` past totals the largest is exceeded by the next one with a chance of 1 in n + 1, not never.
    """
    n = np.maximum(blocks, 1.5)
    wider = np.clip(0.5 + (level - 0.5) * (n + 1) / (n - 1), 0.0, 1.0)
    place = wider * (ordered.shape[1] - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    result: Floats = low + (high - low) * (place - below)[:, None]
    return result


def _cut(values: Floats, nothing: np.ndarray) -> Numbers:
    result: Numbers = np.where(nothing, np.nan, values).astype(np.float32)
    return result
