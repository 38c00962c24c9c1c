"""Demand of weeks and months as demand of days: what planning reckons in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from shelfwise.demand.panel import Frequency, Numbers


def daily(paths: Numbers, first_days: Sequence[date], frequency: Frequency, rng: np.random.Generator) -> Numbers:
    """Paths by day. A week's or a month's total stays; whole pieces fall on its days by chance, other amounts evenly.

    Args:
        paths: shape (paths, periods).
        first_days: of each period.
    """
    if frequency is Frequency.DAY:
        return paths
    whole = bool((paths == np.floor(paths)).all())
    parts = []
    for period, first in enumerate(first_days):
        days = length(first, frequency)
        total = paths[:, period]
        if whole:
            parts.append(rng.multinomial(total.astype(np.int64), np.full(days, 1 / days)))
        else:
            parts.append(np.repeat(total[:, None] / days, days, axis=1))
    return np.concatenate(parts, axis=1).astype(np.float32)


def first_day(named: date, frequency: Frequency, *, by_its_end: bool) -> date:
    """The first day of the period that is called by a date."""
    if frequency is Frequency.MONTH:
        return named.replace(day=1)
    return named - timedelta(days=6) if frequency is Frequency.WEEK and by_its_end else named


def length(first: date, frequency: Frequency) -> int:
    """Days of the period that begins on a day."""
    if frequency is Frequency.MONTH:
        return ((first.replace(day=1) + timedelta(days=32)).replace(day=1) - first.replace(day=1)).days
    return 7 if frequency is Frequency.WEEK else 1
