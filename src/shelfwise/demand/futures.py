"""What holds of possible futures, whoever draws them: no day below zero, totals kept, pieces whole. Pure."""

from __future__ import annotations

import numpy as np

from shelfwise.demand.model import Flags, Floats
from shelfwise.demand.panel import Numbers


def sell_whole(quantity: Floats | Numbers) -> Flags:
    """Which series sold whole pieces alone, (series,); what is unknown (NaN) says nothing."""
    whole: Flags = ((quantity == np.floor(quantity)) | np.isnan(quantity)).all(axis=1)
    return whole


def keep_totals(paths: Floats) -> Floats:
    """Paths without negative days whose totals are max(0, the total before); a path lies along the last axis."""
    positive = np.maximum(paths, 0.0)
    gained = positive.sum(axis=-1)
    wanted = np.maximum(paths.sum(axis=-1), 0.0)
    share: Floats = np.divide(wanted, gained, out=np.zeros_like(gained), where=gained > 0)
    return positive * share[..., None]


def whole_numbers(paths: Floats, rng: np.random.Generator) -> Floats:
    """Paths of whole numbers whose running totals stay within one of those before, and equal on average."""
    offset = rng.random((*paths.shape[:-1], 1))
    running = np.floor(np.cumsum(paths, axis=-1) + offset + 1e-9)
    running[..., 1:] -= running[..., :-1].copy()
    return running
