"""The same definitions as straight-line loops, written without looking at the vectorised code."""

from __future__ import annotations

import math
from collections.abc import Sequence


def moving_average(quantity: Sequence[float], masked: Sequence[bool]) -> float | None:
    """After the last day."""
    for end in range(len(quantity), 0, -1):
        known = [quantity[i] for i in range(max(0, end - 28), end) if not masked[i]]
        if len(known) >= 7:
            return sum(known) / len(known)
    return None


def seasonal_naive(quantity: Sequence[float], masked: Sequence[bool], ahead: int) -> float | None:
    day = len(quantity) - 1 + ahead
    while day >= len(quantity):
        day -= 7
    while day >= 0 and masked[day]:
        day -= 7
    return quantity[day] if day >= 0 else moving_average(quantity, masked)


def same_weekday_mean(quantity: Sequence[float], masked: Sequence[bool], ahead: int) -> float | None:
    day = len(quantity) - 1 + ahead
    while day >= len(quantity):
        day -= 7
    known = [quantity[d] for d in range(day, day - 56, -7) if d >= 0 and not masked[d]]
    return sum(known) / len(known) if len(known) >= 2 else moving_average(quantity, masked)


def quantile(sample: Sequence[float], level: float) -> float:
    """The smallest value that at least the share `level` of the sample does not exceed."""
    ordered = sorted(sample)
    return ordered[max(math.ceil(level * len(ordered) - 1e-9), 1) - 1]


def pinball(came: float, said: float, level: float) -> float:
    return (came - said) * level if came >= said else (said - came) * (1 - level)
