"""How far what came lay from what was expected, by group: the quantiles of errors that intervals are made of. Pure.

Errors are taken from windows that the model had not seen, in units of the spread that was foreseen for each. Their
quantiles, laid around a new expectation, are right as often as they were (conformal prediction: Romano, Patterson &
Candès 2019). A group of few is drawn towards the group that holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.running import Indices
from shelfwise.demand.panel import Numbers

LEVELS = np.concatenate(([0.002, 0.005, 0.01, 0.025], np.linspace(0.05, 0.95, 37), [0.975, 0.99, 0.995, 0.998]))
MOST = 256
"""Numbers of groups are below this."""
HELD = 200.0
"""So many errors of the larger group weigh as much as all of a group's own, if it has as many."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Quantiles of errors by group.

    Attributes:
        table: by group, from the finest to the coarsest, the quantiles at LEVELS.
    """

    table: dict[tuple[int, ...], NDArray[np.float64]]

    def at(self, groups: Sequence[Indices], levels: Sequence[float]) -> Numbers:
        """Shape (levels, rows): the error that such a share of the errors of each row's group does not exceed."""
        named, which = _named(groups)
        tables = [self._of(group) for group in named]
        found = np.array([[np.interp(level, LEVELS, table) for table in tables] for level in levels], np.float32)
        return found[:, which]

    def _of(self, group: tuple[int, ...]) -> NDArray[np.float64]:
        while group not in self.table:
            group = group[:-1]
        return self.table[group]


def learn_errors(error: Numbers, groups: Sequence[Indices]) -> Errors:
    """Errors of rows whose groups are named from the coarsest to the finest, each of shape (rows,)."""
    table: dict[tuple[int, ...], NDArray[np.float64]] = {(): _quantiles(error)}
    for depth in range(1, len(groups) + 1):
        named, which = _named(groups[:depth])
        order = np.argsort(which, kind="stable")
        bounds = np.searchsorted(which[order], np.arange(len(named) + 1))
        for number, group in enumerate(named):
            own = error[order[bounds[number] : bounds[number + 1]]]
            share = len(own) / (len(own) + HELD)
            table[group] = share * _quantiles(own) + (1 - share) * table[group[:-1]]
    return Errors(table)


def _named(groups: Sequence[Indices]) -> tuple[list[tuple[int, ...]], NDArray[np.int64]]:
    """The groups there are, and which of them each row belongs to."""
    code = np.zeros(len(groups[0]), np.int64)
    for each in groups:
        code = code * MOST + each
    unique, which = np.unique(code, return_inverse=True)
    powers = MOST ** np.arange(len(groups))[::-1]
    return [tuple(int(one) for one in group) for group in unique[:, None] // powers % MOST], which


def _quantiles(error: Numbers) -> NDArray[np.float64]:
    """Weibull's: the largest of n errors is exceeded by the next one with a chance of 1 in n + 1."""
    if not len(error):
        return np.asarray(np.zeros(len(LEVELS)))
    return np.asarray(np.quantile(error, LEVELS, method="weibull"), np.float64)
