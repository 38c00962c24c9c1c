"""Boosted trees (LightGBM): an ensemble of losses for what is expected, and one for how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shelfwise.demand.boosting.features import Table
from shelfwise.demand.panel import Numbers

LOSSES = ("poisson", "tweedie")
"""Each errs differently: Poisson hits the total, tweedie expects many zeros. The number and shape of trees is found by
the first."""
TWEEDIE_POWER = 1.15
RATE = 0.06

PATIENCE = 25
"""Trees are added as long as one of the last so many made forecasts of windows not learnt from better."""
MORE = 1.25
"""The model that is used learns from more, and bears so many more trees."""
MANY, MANY_MORE = 15_000, 2.0
"""With so many rows, and where fine trees are not clearly worse, demand is not mostly noise: there half too few trees
cost much, and twice too many next to nothing."""
COARSER = 0.99
"""There coarse trees replace fine ones that lose so much more: fine ones gain more from what is newer."""
WILD = 10.0
"""A level so many times that of 99 of 100 counts for no more: a mistyped billion would drown all others."""
SPREAD_TREES = 60


@dataclass(frozen=True)
class Shape:
    """How fine the trees are: with many leaves they tell more conditions apart, and take more of chance for a rule."""

    leaves: int
    least: int
    """Rows in a leaf, of every 60,000."""


FINE, COARSE = Shape(63, 60), Shape(15, 200)
PLAIN = Shape(31, 60)


@dataclass(frozen=True)
class Plan:
    """What windows not learnt from have shown to be best: the shape of the trees, and how many, by loss."""

    shape: Shape
    trees: dict[str, int]
    rate: float = RATE
    chance: bool = True
    """Each tree sees some of the features and rows, which makes better forecasts. Without it two ensembles that are
    compared differ by what they were taught alone."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Trees by loss, with the factor that puts the total of each right."""

    boosters: tuple[tuple[str, Any, float], ...]

    def expected(self, table: Table) -> Numbers:
        """Shape (rows,): the mean demand, in units of the level; never negative."""
        each = [
            np.maximum(booster.predict(table.values, num_threads=1), 0) * factor for _, booster, factor in self.boosters
        ]
        mean: Numbers = np.mean(each, axis=0).astype(np.float32)
        return mean


def fit(table: Table, demand: Numbers, plan: Plan, seed: int) -> Ensemble:
    """Learn the demand of rows, as planned."""
    data = _data(table, demand)
    boosters = [(loss, _train(data, loss, plan, count, seed)) for loss, count in plan.trees.items()]
    return _balanced(boosters, table, demand)


def try_out(table: Table, demand: Numbers, seen: Table, came: Numbers, most: int, seed: int) -> tuple[Ensemble, Plan]:
    """Learn the demand of rows until forecasts of other rows, which came later, get no better.

    Noisy demand bears fewer and coarser trees: finer ones learn its odd days by heart, and expect too little of all
    others.

    Args:
        seen, came: the other rows, none of them unknown.
        most: how many trees are made at most.
    """
    data = _data(table, demand)
    other = _data(seen, came, data)
    many = len(demand) >= MANY
    fine, coarse = (_train(data, LOSSES[0], Plan(shape, {}), most, seed, other) for shape in (FINE, COARSE))
    coarser = _lost(coarse) < (COARSER if many else 1) * _lost(fine)
    plan, first = (Plan(COARSE, {}), coarse) if coarser else (Plan(FINE, {}), fine)
    more = MANY_MORE if many and not coarser else MORE
    best = max(first.best_iteration, 1)
    boosters = [(LOSSES[0], first)]
    boosters += [(loss, _train(data, loss, plan, best, seed)) for loss in LOSSES[1:]]
    return _balanced(boosters, table, demand), Plan(plan.shape, dict.fromkeys(LOSSES, min(int(more * best), most)))


def _lost(booster: Any) -> float:
    return float(booster.best_score["valid_0"][LOSSES[0]])


def deviance(expected: Numbers, came: Numbers) -> Numbers:
    """Poisson's, of each row: least for the mean. By absolute error no price cut would help what sells seldom."""
    expected = np.maximum(expected, np.float32(1e-6))
    loss: Numbers = came * np.log(np.maximum(came, np.float32(1e-6)) / expected) - came + expected
    return loss


def fit_spread(table: Table, error: Numbers, seed: int) -> Any:
    """Trees that tell how large an absolute error to expect, in units of the level."""
    data = _dataset(table, np.maximum(error / table.level, 1e-3), None)
    return _train(data, "gamma", Plan(Shape(15, 60), {}, 0.1), SPREAD_TREES, seed)


def _balanced(boosters: list[tuple[str, Any]], table: Table, demand: Numbers) -> Ensemble:
    """With the factors that make totals right."""
    found = []
    for loss, booster in boosters:
        said = booster.predict(table.values, num_threads=1).clip(0) @ table.level
        found.append((loss, booster, float(np.clip(demand.sum() / said, 0.9, 1.5)) if said > 0 else 1.0))
    return Ensemble(tuple(found))


def _data(table: Table, demand: Numbers, like: Any = None) -> Any:
    """Every unit of demand counts the same, whether of a small series or of a large one; of a wild one not."""
    weight = np.minimum(table.level, WILD * np.quantile(table.level, 0.99))
    return _dataset(table, demand / table.level, weight / weight.mean(), like)


def _dataset(table: Table, target: Numbers, weight: Numbers | None, like: Any = None) -> Any:
    # LightGBM takes half a second to import, which a start of the web pages need not wait for.
    import lightgbm

    return lightgbm.Dataset(
        table.values,
        target,
        weight=weight,
        reference=like,
        feature_name=[f"f{number}" for number in range(len(table.names))],
        categorical_feature=[table.names.index(name) for name in table.categories],
        params={"verbose": -1, "max_bin": 127, "feature_pre_filter": False, "num_threads": 1},
        free_raw_data=False,
    )


def _train(data: Any, loss: str, plan: Plan, trees: int, seed: int, other: Any = None) -> Any:
    import lightgbm

    settings = {
        "objective": loss,
        "metric": loss,
        "learning_rate": plan.rate,
        "num_leaves": plan.shape.leaves,
        "min_data_in_leaf": int(np.clip(len(data.label) * plan.shape.least / 60_000, 5, plan.shape.least)),
        "feature_fraction": 0.6 if plan.chance else 1.0,
        "bagging_fraction": 0.8 if plan.chance else 1.0,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "max_bin": 127,
        "cat_smooth": 20,
        "min_data_per_group": 100,
        # Threads wait for each other by spinning: with others at work two of them need seven times the time of one.
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "seed": seed,
        "verbose": -1,
    }
    if loss == "tweedie":
        settings["tweedie_variance_power"] = TWEEDIE_POWER
    if other is None:
        return lightgbm.train(settings, data, trees)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    return lightgbm.train(settings, data, trees, valid_sets=[other], callbacks=[stop])
