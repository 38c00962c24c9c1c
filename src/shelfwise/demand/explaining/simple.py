"""What the forecasts of simple methods are made of: a level, a pattern of the week or of last year, a trend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.explaining.boosted import Parts
from shelfwise.demand.explaining.model import GROUPS, Group
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Panel
from shelfwise.demand.simple.methods import Method, last_year, moving_average, seasonal_naive
from shelfwise.demand.simple.past import Past

LEVEL, SEASON, REST = (GROUPS.index(one) for one in (Group.LEVEL, Group.SEASON, Group.REST))


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


def flat_parts(mean: Floats) -> Parts:
    """Of what is forecast by others alike: all of it is level."""
    amounts = np.zeros((*mean.shape, len(GROUPS)))
    amounts[:, :, LEVEL] = mean
    return Parts(amounts, mean, {}, {})
