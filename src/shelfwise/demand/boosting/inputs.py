"""Which columns of a panel help: each is taken away in turn, and stays away where forecasts get no worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.demand.boosting.features import Table
from shelfwise.demand.boosting.intervals import Examined
from shelfwise.demand.boosting.trees import fit_ensemble
from shelfwise.demand.panel import Column, Numbers

TREES, RATE = 60, 0.15
CLEARLY = 0.003
"""What is not told ahead stays where forecasts are worse without it by at least this share; chance gives less."""


@dataclass(frozen=True)
class Input:
    """A column of the panel and whether the model uses it.

    Attributes:
        gain: by which share the absolute error grows without it, on windows that were not learnt from.
        kept: whether it is used.
    """

    name: str
    gain: float
    kept: bool


def choose_inputs(
    columns: Sequence[Column], learnt: Table, demand: Numbers, examined: Examined, seed: int
) -> tuple[Input, ...]:
    """Take away one column after another, from the last to the first, of those that are left."""
    if not columns:
        return ()
    known = np.isfinite(examined.came.ravel())
    seen, came = examined.table.pick(known), examined.came.ravel()[known]

    def loss(dropped: Sequence[str]) -> float:
        trees = fit_ensemble(learnt.without(dropped), demand, seed, ("poisson",), TREES, RATE, chance=False)
        return _deviance(trees.expected(seen.without(dropped)) * seen.level, came)

    dropped: list[str] = []
    best = loss(dropped)
    found = []
    for column in reversed(columns):
        without = loss([*dropped, column.name])
        gain = without / best - 1 if best > 0 else 0.0
        kept = gain > (0 if column.ahead else CLEARLY)
        found.append(Input(column.name, gain, kept))
        if not kept:
            dropped.append(column.name)
            best = without
    return tuple(reversed(found))


def _deviance(expected: Numbers, came: Numbers) -> float:
    """Poisson's: least for the mean. By absolute error no price cut would help what sells seldom."""
    expected = np.maximum(expected, np.float32(1e-6))
    return float((came * np.log(np.maximum(came, 1e-6) / expected) - came + expected).sum())
