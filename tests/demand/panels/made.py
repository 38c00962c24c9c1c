"""Panels made for tests."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike

from shelfwise.demand.panel import Frequency, Numbers, Panel


def panel(quantity: ArrayLike, ahead: int = 7, frequency: Frequency = Frequency.DAY) -> Panel:
    """Rows of demand, with `ahead` periods to forecast."""
    rows = np.atleast_2d(np.array(quantity, np.float32))
    length = rows.shape[1] + ahead
    step = {Frequency.DAY: 1, Frequency.WEEK: 7, Frequency.MONTH: 28}[frequency]
    return Panel(
        tuple((f"item {one}", "") for one in range(len(rows))),
        frequency,
        tuple(date(2024, 1, 1) + timedelta(days=step * one) for one in range(length)),
        rows,
        (),
        np.ones((len(rows), ahead), np.bool_),
    )


def seasonal_counts(series: int = 12, days: int = 200, seed: int = 1) -> Numbers:
    """Counts with a strong weekend, from one a week to a hundred a day."""
    rng = np.random.default_rng(seed)
    level = np.geomspace(0.2, 100, series)[:, None]
    week = np.array([0.6, 0.7, 0.8, 0.9, 1.1, 1.7, 1.2])[np.arange(days) % 7]
    counts: Numbers = rng.poisson(level * week).astype(np.float32)
    return counts
