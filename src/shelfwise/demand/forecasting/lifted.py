"""Simple methods that know of promotions: the level without them, times what past ones did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.contest import Asked
from shelfwise.demand.forecasting.columns import PROMOTION
from shelfwise.demand.futures import sell_whole, whole_numbers
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Numbers, Panel, Prediction
from shelfwise.demand.simple.forecaster import DRAWS, Simple
from shelfwise.demand.simple.past import Past

LEVEL_DAYS = 56
SHRINK = 20.0
"""An item's own promotions count from so many pieces on as much as those of all items of the sort; these likewise
against all promotions, and all of them against no effect."""
MOST = 10.0


@dataclass(frozen=True)
class Lifted:
    """A simple method on the days without promotion, and on days with one so many times as much.

    What a promotion sold is neither level nor season, so the method does not see those days.

    Attributes:
        measured: what promotions did in each panel, shared by the methods that are asked the same.
    """

    base: Simple
    measured: WeakKeyDictionary[Panel, Floats] = field(default_factory=WeakKeyDictionary, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.base.name

    def forecast(self, panels: Sequence[Panel], asked: Asked) -> list[Prediction]:
        return [self._forecast(panel, asked) for panel in panels]

    def _forecast(self, panel: Panel, asked: Asked) -> Prediction:
        which = next((one.values for one in panel.columns if one.name == PROMOTION), None)
        if which is None or not which.any():
            return self.base.forecast([panel], asked)[0]
        past, ahead = which[:, : panel.periods], which[:, panel.periods :].astype(np.int64)
        bare = replace(panel, quantity=np.where(past > 0, np.float32(np.nan), panel.quantity))
        made = self.base.forecast([bare], replace(asked, paths=max(asked.paths, DRAWS)))[0]
        promoted = np.flatnonzero((ahead > 0).any(axis=1))
        if len(promoted) and made.paths is not None:
            if panel not in self.measured:
                self.measured[panel] = lifts(panel, bare, past.astype(np.int64), int(which.max()))
            by = np.take_along_axis(self.measured[panel], ahead, axis=1)[promoted].astype(np.float32)
            _raise(made, made.paths, promoted, by, panel, asked.seed)
        return replace(made, paths=made.paths[: asked.paths] if asked.paths and made.paths is not None else None)


def lifts(panel: Panel, bare: Panel, which: NDArray[np.int64], most: int) -> Floats:
    """How many times as much each series sells in each sort of promotion, (series, 1 + most); 1 where there is none.

    Args:
        bare: the panel without the days of promotions.
        which: (series, periods), the sort of promotion; 0 is none.
    """
    usual = _usual(bare)
    told = (which > 0) & ~np.isnan(panel.quantity) & ~np.isnan(usual)
    place = np.nonzero(told)
    shape = (panel.series, most + 1)
    sold, expected = np.zeros(shape), np.zeros(shape)
    np.add.at(sold, (place[0], which[told]), panel.quantity[told])
    np.add.at(expected, (place[0], which[told]), usual[told])
    of_all = (sold.sum() + SHRINK) / (expected.sum() + SHRINK)
    of_sort = (sold.sum(axis=0) + SHRINK * of_all) / (expected.sum(axis=0) + SHRINK)
    found: Floats = np.clip((sold + SHRINK * of_sort) / (expected + SHRINK), 1 / MOST, MOST)
    found[:, 0] = 1.0
    return found


def _usual(bare: Panel) -> Floats:
    """What each series would have sold in each period, by its level of the weeks before and its week; NaN: unknown."""
    past = Past.of(bare)
    level = past.mean(np.arange(past.periods), LEVEL_DAYS)
    season = past.rhythm.season
    week = past.profile(np.array([past.periods]))[:, 0]
    usual: Floats = level * week[:, np.arange(past.periods) % season]
    return usual


def _raise(made: Prediction, futures: Numbers, series: NDArray[np.int64], by: Numbers, panel: Panel, seed: int) -> None:
    """Multiply the days of some series in place; their running totals are told anew from the paths."""
    made.mean[series] *= by
    for values in made.quantiles.values():
        values[series] *= by
    paths = futures[:, series] * by
    whole = sell_whole(panel.quantity[series])
    if whole.any():
        wanted = panel.wanted[series][whole]
        pieces = whole_numbers(np.nan_to_num(paths[:, whole]).astype(np.float64), np.random.default_rng(seed))
        paths[:, whole] = np.where(wanted, pieces, np.nan)
    futures[:, series] = paths
    running = np.cumsum(np.nan_to_num(paths), axis=2)
    for level, values in made.totals.items():
        values[series] = np.where(
            np.isnan(values[series]), np.float32(np.nan), np.quantile(running, level, axis=0).astype(np.float32)
        )
