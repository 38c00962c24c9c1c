"""Invented scales: noise, creep, warmth, a zero that wanders, loads of all sizes, and an error of the span."""

from __future__ import annotations

import numpy as np

from shelfwise.edge.health.scale import Weighing


def weighings(rng: np.random.Generator, count: int, fault_at: int, percent: float) -> list[Weighing]:
    """What a scale showed while the truth was known; from `fault_at` on it shows so many per cent more.

    A scale for up to 5 to 200 kg: noise of 0.005 to 0.05 % of that, creep of up to 0.1 % of the load, 0.05 to 0.3 % of
    the load more or less with the warmth of days, a zero that wanders by up to 0.1 % of its capacity, and now and then
    a piece that was counted wrong.
    """
    capacity = rng.uniform(5_000, 200_000)
    noise = capacity * np.exp(rng.uniform(*np.log((0.00005, 0.0005))))
    creep, warmth = rng.uniform(0, 0.001), rng.uniform(0.0005, 0.003)
    phase, zero = rng.uniform(0, 6.3), 0.0
    lightest, heaviest = rng.uniform(0.02, 0.3), rng.uniform(0.4, 1.0)
    drift = capacity * rng.uniform(0, 0.001) / np.sqrt(50)
    found = []
    for number in range(count):
        truth = float(capacity * rng.uniform(lightest, heaviest))
        zero += rng.normal(0, drift)
        factor = 1 + warmth * np.sin(number / rng.uniform(3, 12) + phase) + creep * rng.random()
        shown = truth * factor + zero + rng.normal(0, noise)
        if number >= fault_at:
            shown *= 1 + percent / 100
        if rng.random() < 0.02:
            shown += rng.choice([-1, 1]) * rng.uniform(0.02, 0.1) * truth
        found.append(Weighing(truth, float(shown)))
    return found
