"""Which columns of a panel help: each is taken away in turn, and stays away where forecasts get no worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.features import Table
from shelfwise.demand.boosting.intervals import Examined
from shelfwise.demand.boosting.trees import PLAIN, Plan, deviance, fit
from shelfwise.demand.panel import Column, Numbers

PLAN = Plan(PLAIN, {"poisson": 60}, rate=0.15, chance=False)
CLEARLY = 2.0
"""What is not told ahead stays where forecasts are worse without it by at least so many standard errors of chance. What
is told ahead was planned by somebody for a reason: it stays where they are worse at all. What is rare, such as a feast,
may not have been in those windows: it goes only where it clearly did harm."""
RARE = 0.9
"""A column with the same value in more than this share of all places says something rare."""


@dataclass(frozen=True)
class Input:
    """A column of the panel and whether the model uses it.

    Attributes:
        gain: by which share the loss of the mean (Poisson deviance) grows without it, on windows not learnt from.
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

    series = np.repeat(examined.series, examined.came.shape[1])[known]

    def losses(dropped: Sequence[str]) -> NDArray[np.float64]:
        """By series."""
        trees = fit(learnt.without(dropped), demand, PLAN, seed)
        each = deviance(trees.expected(seen.without(dropped)) * seen.level, came)
        return np.bincount(series, each).astype(np.float64)

    dropped: list[str] = []
    best = losses(dropped)
    found = []
    for column in reversed(columns):
        without = losses([*dropped, column.name])
        worse = without - best
        gain = float(worse.sum() / max(best.sum(), 1e-9))
        by_chance = float(np.sqrt(np.square(worse).sum()))
        kept = worse.sum() > by_chance * (CLEARLY if not column.ahead else -CLEARLY if _is_rare(column) else 0)
        found.append(Input(column.name, gain, bool(kept)))
        if not kept:
            dropped.append(column.name)
            best = without
    return tuple(reversed(found))


def _is_rare(column: Column) -> bool:
    some = column.values[:: max(1, len(column.values) // 200)]
    _, counts = np.unique(np.nan_to_num(some, nan=-1e30), return_counts=True)
    return bool(counts.max() > RARE * some.size)
