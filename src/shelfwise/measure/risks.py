"""How likely an item is to run out in the coming days, and by when it is more likely out than not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

AHEAD_DAYS = 7
LOOK_AHEAD_DAYS = 14
LEAST_RISK = 0.02
"""Below this nothing is said, and so nothing is scored: most items are safe on most nights."""

Outcome = Literal["ran_out", "held", "more_came"]


@dataclass(frozen=True)
class Risk:
    """Of running out within seven days, and the first day (from 0 on) by which more futures are out than not."""

    within_week: float
    out_by: int | None


def risk_of(paths: NDArray[np.float32], available: float, coming: Sequence[tuple[int, float]]) -> Risk:
    """Play the futures of a forecast against what is available and what is on order.

    Args:
        paths: shape (futures, days), demand from tomorrow on.
        available: now; not above 0: it is out already, which nobody needs to predict.
        coming: (day from 0 on, quantity) of what is on order; it is there from the beginning of that day.
    """
    days = min(paths.shape[1], LOOK_AHEAD_DAYS)
    there = np.full(days, available)
    for day, quantity in coming:
        if day < days:
            there[max(day, 0) :] += quantity
    left = there - np.cumsum(paths[:, :days].astype(np.float64), axis=1)
    out = np.minimum.accumulate(left, axis=1) <= 0
    share = out.mean(axis=0)
    late = np.flatnonzero(share > 0.5)
    return Risk(float(share[min(AHEAD_DAYS, days) - 1]), int(late[0]) if len(late) else None)


def outcome(ran_out: bool, came: float, foreseen: float) -> Outcome:
    """What became of a call. Where more came than was on order and it held, nobody knows what would have been."""
    if ran_out:
        return "ran_out"
    return "more_came" if came > foreseen else "held"
