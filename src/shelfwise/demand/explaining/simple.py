"""What the forecasts of simple methods are made of: a level, a pattern of the week or of last year, a trend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.explaining.boosted import Parts
from shelfwise.demand.explaining.model import GROUPS, Group
from shelfwise.demand.forecasting.columns import PROMOTION
from shelfwise.demand.forecasting.lifted import lifts
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Panel
from shelfwise.demand.simple.methods import Method, last_year, moving_average, seasonal_naive
from shelfwise.demand.simple.past import Past

LEVEL, SEASON, PROMOTED, REST = (GROUPS.index(one) for one in (Group.LEVEL, Group.SEASON, Group.PROMOTION, Group.REST))


def simple_parts(panel: Panel, method: Method, series: NDArray[np.int64]) -> Parts:
    """Of some series.

    Of a method that carries last year over, all beyond the recent mean is season. Of the others the mean of their first
    week is the level, what a day differs from its week is season, and what a week differs from the first one remains.
    """
    past = Past.of(panel.pick(series))
    season = past.rhythm.season
    origins = np.array([panel.periods])
    whole = -(-panel.ahead // season) * season
    expected = np.maximum(method.expected(past, origins, whole)[:, 0], 0.0)
    if method.expected is last_year or (method.expected is seasonal_naive and season == 1):
        level = moving_average(past, origins, whole)[:, 0]
        usual = level
    else:
        blocks = expected.reshape(len(series), -1, season).mean(axis=2)
        level = np.repeat(blocks[:, :1], whole, axis=1)
        usual = level + np.repeat(blocks - blocks[:, :1], season, axis=1)
    amounts = np.zeros((len(series), panel.ahead, len(GROUPS)))
    amounts[:, :, LEVEL] = level[:, : panel.ahead]
    amounts[:, :, SEASON] = (expected - usual)[:, : panel.ahead]
    amounts[:, :, REST] = (usual - level)[:, : panel.ahead]
    return Parts(amounts, np.asarray(level[:, : panel.ahead]), {}, {})


def lifted_parts(panel: Panel, method: Method, series: NDArray[np.int64]) -> Parts:
    """Of some series whose level is that of days without promotions; on days with one it is so many times as much."""
    which = next((one.values.astype(np.int64) for one in panel.columns if one.name == PROMOTION), None)
    if which is None or not which.any():
        return simple_parts(panel, method, series)
    past, ahead = which[:, : panel.periods], which[series, panel.periods :]
    bare = replace(panel, quantity=np.where(past > 0, np.float32(np.nan), panel.quantity))
    parts = simple_parts(bare, method, series)
    factors = lifts(panel, bare, past, int(which.max()))[series]
    more = np.take_along_axis(factors, ahead, axis=1) - 1
    parts.amounts[:, :, PROMOTED] = parts.amounts.sum(axis=2) * more
    return replace(parts, unusual={PROMOTION: ahead > 0}, groups={PROMOTION: Group.PROMOTION})


def flat_parts(mean: Floats) -> Parts:
    """Of what is forecast by others alike: all of it is level."""
    amounts = np.zeros((*mean.shape, len(GROUPS)))
    amounts[:, :, LEVEL] = mean
    return Parts(amounts, mean, {}, {})
