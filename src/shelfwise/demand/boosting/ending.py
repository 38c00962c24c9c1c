"""Series that seem to have ended: the longer nothing sells, the less is expected. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.running import Indices
from shelfwise.demand.panel import Numbers


def still_likely(ground: Ground, series: Indices, ended: NDArray[np.bool_]) -> Numbers:
    """The most that may be expected of a period, shape (series,); infinite of those that have not ended.

    After n periods without a sale the chance of one in the next is about 1 in n + 1 (the rule of succession, Laplace).
    Not limited is what rested at this time of last year too, and sold after: it has a season.
    """
    most = np.full(len(series), np.inf, np.float32)
    if not ended.any():
        return most
    quantity = ground.panel.quantity[series[ended]]
    sold = np.nan_to_num(quantity) > 0
    count = np.maximum(sold.sum(axis=1), 1)
    size = np.where(sold, quantity, 0).sum(axis=1) / count
    silent = np.where(sold.any(axis=1), sold[:, ::-1].argmax(axis=1), sold.shape[1])
    year, periods = ground.rhythm.year, ground.panel.periods
    rest = min(ground.rhythm.base, year // 4)
    before, after = sold[:, : max(periods - year, 0)], sold[:, max(periods - year, 0) : max(periods - year // 2, 0)]
    seasonal = (before.shape[1] >= rest) & ~before[:, -rest:].any(axis=1) & after.any(axis=1)
    most[ended] = np.where(seasonal, np.inf, size / (silent + 1))
    return most
