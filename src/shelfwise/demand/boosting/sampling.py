"""Which questions of the past the model learns from, and at which origins it is examined. Pure."""

from __future__ import annotations

import numpy as np

from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.boosting.running import Indices

WINDOWS = 6
UNSEEN = 0.2
"""At most this share of the history is kept from the model that is examined."""
HALF_LIFE_YEARS = 2.0


def learning_rows(ground: Ground, end: int, horizon: int, most: int, rng: np.random.Generator) -> Rows:
    """Up to `most` random questions whose answers lie before period `end`: the newer, the more of them.

    Any series, any origin, any step. Left out is the first year of a history of several, because it knows no year
    before it, and every forecast that counts will.
    """
    quantity, rhythm = ground.panel.quantity, ground.rhythm
    drawn = 4 * most
    series = rng.integers(0, len(quantity), drawn).astype(np.int32)
    step = rng.integers(0, horizon, drawn).astype(np.int32)
    period = rng.integers(max(1, min(rhythm.year, end // 3)), end, drawn).astype(np.int32)
    origin = period - step
    kept = np.isfinite(quantity[series, period]) & (origin >= np.maximum(ground.first[series], 1))
    kept &= rng.random(drawn) < np.exp2((period - end) / (HALF_LIFE_YEARS * rhythm.year))
    code = (series.astype(np.int64) * end + period) * horizon + step
    _, first = np.unique(np.where(kept, code, -1), return_index=True)
    chosen = np.sort(first[kept[first]])[:most]
    return Rows(series[chosen], origin[chosen], step[chosen], horizon)


def examined_origins(periods: int, horizon: int) -> list[int]:
    """Six origins, oldest first, the last of them a horizon before the end; closer together in a short history."""
    room = int(UNSEEN * periods) - horizon
    stride = max(1, min(horizon, room // (WINDOWS - 1)))
    last = periods - horizon
    return [origin for origin in (last - stride * back for back in reversed(range(WINDOWS))) if origin >= 2]


def examined_series(series: int, horizon: int, most: int, rng: np.random.Generator) -> Indices:
    """As many series as give about `most` questions at all origins."""
    count = min(series, max(most // (horizon * WINDOWS), 1))
    return np.sort(rng.permutation(series)[:count]).astype(np.int32)
