"""Boosted trees (LightGBM): an ensemble of losses for what is expected, and one for how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.features import Table
from shelfwise.demand.panel import Numbers

LOSSES = ("tweedie", "poisson", "l1")
"""Each errs differently: tweedie expects many zeros, Poisson large series, L1 odd weeks that mean nothing."""
TWEEDIE_POWER = 1.15
TREES, RATE = 250, 0.06
SPREAD_TREES = 60
SELDOM = 0.25


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Trees by loss, with the factor that puts the total of each right."""

    boosters: tuple[tuple[str, Any, float], ...]

    def expected(self, table: Table) -> Numbers:
        """Shape (rows,): the mean demand, in units of the level; never negative."""
        total, speaking = np.zeros(len(table.values)), np.zeros(len(table.values))
        for loss, booster, factor in self.boosters:
            speaks = _speaking(loss, table)
            total += np.where(speaks, np.maximum(booster.predict(table.values, num_threads=1), 0) * factor, 0)
            speaking += speaks
        return (total / speaking).astype(np.float32)


def fit_ensemble(
    table: Table,
    demand: Numbers,
    seed: int,
    losses: tuple[str, ...] = LOSSES,
    trees: int = TREES,
    rate: float = RATE,
    chance: bool = True,
) -> Ensemble:
    """Learn the demand of rows. Every unit of demand counts the same, whether of a small series or a large one.

    L1 finds the middle, which is below the mean where demand is skewed: a factor makes the total right. Of what sells
    seldom the middle is zero, which no factor mends: there it does not speak.

    Args:
        chance: let each tree see some of the features and rows, which makes better forecasts; without it, two
            ensembles that are compared differ by what they were taught alone.
    """
    target, weight = demand / table.level, table.level / table.level.mean()
    boosters = []
    for loss in losses:
        booster = _train(table, target, weight, loss, trees, rate, seed, chance=chance)
        rows = _speaking(loss, table)
        found = booster.predict(table.values[rows], num_threads=1).clip(0) @ weight[rows] if rows.any() else 0
        factor = float(np.clip(target[rows] @ weight[rows] / found, 0.9, 1.5)) if found > 0 else 1.0
        boosters.append((loss, booster, factor))
    return Ensemble(tuple(boosters))


def _speaking(loss: str, table: Table) -> NDArray[np.bool_]:
    """L1 speaks of series that sold in most periods of late, the others of all."""
    if loss != "l1":
        return np.ones(len(table.values), np.bool_)
    often: NDArray[np.bool_] = table.values[:, table.names.index("share of zeros")] < SELDOM
    return often


def fit_spread(table: Table, error: Numbers, seed: int) -> Any:
    """Trees that tell how large an absolute error to expect, in units of the level."""
    return _train(table, np.maximum(error / table.level, 1e-3), None, "gamma", SPREAD_TREES, 0.1, seed, leaves=15)


def _train(
    table: Table,
    target: Numbers,
    weight: Numbers | None,
    loss: str,
    trees: int,
    rate: float,
    seed: int,
    leaves: int = 63,
    chance: bool = True,
) -> Any:
    # LightGBM takes half a second to import, which a start of the web pages need not wait for.
    import lightgbm

    rows = len(target)
    settings = {
        "objective": loss,
        "learning_rate": rate,
        "num_leaves": leaves,
        "min_data_in_leaf": int(np.clip(rows // 1000, 5, 60)),
        "feature_fraction": 0.6 if chance else 1.0,
        "bagging_fraction": 0.8 if chance else 1.0,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "max_bin": 127,
        "cat_smooth": 20,
        "min_data_per_group": 100,
        # Threads wait for each other by spinning: with others at work two of them need seven times the time of one.
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbose": -1,
    }
    if loss == "tweedie":
        settings["tweedie_variance_power"] = TWEEDIE_POWER
    data = lightgbm.Dataset(
        table.values,
        target,
        weight=weight,
        feature_name=[f"f{number}" for number in range(len(table.names))],
        categorical_feature=[table.names.index(name) for name in table.categories],
        params={"verbose": -1},
    )
    return lightgbm.train(settings, data, trees)
