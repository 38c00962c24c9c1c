"""What kind of demand each series has, because no method is good at all of them."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.panel import Frequency, Panel
from shelfwise.demand.simple.past import ratio

GAP = 1.32
"""Mean number of periods from one demand to the next that parts frequent from rare (Syntetos & Boylan 2005)."""
VARIATION = 0.49
"""Squared variation of the sizes of demands that parts even from uneven ones (the same)."""
FRESH = {Frequency.DAY: 56, Frequency.WEEK: 16, Frequency.MONTH: 12}
"""With fewer known periods than this a series is new; with no demand for as long, ended."""
GAPS_TO_END = 4.0
"""And for so many of its own gaps: a slow mover may rest for long."""


class Segment(StrEnum):
    """Kinds of demand."""

    SMOOTH = "smooth"
    ERRATIC = "erratic"
    INTERMITTENT = "intermittent"
    LUMPY = "lumpy"
    NEW = "new"
    ENDED = "ended"


SEGMENTS = tuple(Segment)


def segments(panel: Panel) -> NDArray[np.int64]:
    """The place in `SEGMENTS` of each series, by its history alone."""
    quantity, fresh = panel.quantity, FRESH[panel.frequency]
    known = ~np.isnan(quantity)
    sold = known & (np.nan_to_num(quantity) > 0)
    watched, sales = known.sum(axis=1), sold.sum(axis=1)
    size = np.where(sold, quantity, 0.0).astype(np.float64)
    mean = ratio(size.sum(axis=1), sales.astype(np.float64), 0.0)
    spread = ratio((np.where(sold, size - mean[:, None], 0.0) ** 2).sum(axis=1), sales.astype(np.float64), 0.0)
    gap = ratio(watched.astype(np.float64), sales.astype(np.float64), np.inf)
    rare, uneven = gap >= GAP, ratio(spread, mean**2, 0.0) >= VARIATION
    found = np.where(rare, np.where(uneven, 3, 2), np.where(uneven, 1, 0))
    last = np.where(sales > 0, sold.shape[1] - np.argmax(sold[:, ::-1], axis=1), 0)
    rested = watched - np.take_along_axis(_counted(known), last[:, None], axis=1)[:, 0]
    silent = (watched > 0) & ~known[:, -fresh:].any(axis=1)
    ended = (watched >= fresh) & (silent | ((sales == 0) | (rested >= np.maximum(fresh, GAPS_TO_END * gap))))
    found = np.where(watched < fresh, SEGMENTS.index(Segment.NEW), found)
    return np.where(ended, SEGMENTS.index(Segment.ENDED), found)


def _counted(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many periods before each one were known, (series, periods + 1)."""
    return np.concatenate((np.zeros((len(known), 1), np.int64), np.cumsum(known, axis=1)), axis=1)
