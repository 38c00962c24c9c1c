"""What the futures of a shelf say: the least that is on it, what is owed, and what something that comes changes. Pure.

A path has shape (samples, days + 1): what is available at the end of each day, negative: owed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import Floats

Days = NDArray[np.int64]
NOISE = 1e-9


def least(path: Floats, after: int, until: Days) -> Floats:
    """The least that is available in each case from the day after `after` until the last day of its own; shape
    (samples,), infinite where there is no such day."""
    last = int(until.max()) + 1
    days = path[:, after + 1 : last]
    if not days.shape[1]:
        return np.full(len(path), np.inf)
    found: Floats = np.where(np.arange(after + 1, last) <= until[:, None], days, np.inf).min(axis=1)
    return found


def owed(path: Floats, until: Days) -> Floats:
    """The most units owed in each case until the last day of its own, shape (samples,)."""
    return np.maximum(-least(path, 0, until), 0.0)


def risk(path: Floats, until: Days) -> float:
    """The probability of running out until the last day of each case."""
    return float((least(path, 0, until) < -NOISE).mean())


def arriving(path: Floats, quantity: float, days: int) -> Floats:
    """The path with so much more from the day after so many days on."""
    with_it: Floats = path + quantity * (np.arange(path.shape[1]) > days)
    return with_it
