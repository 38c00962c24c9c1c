"""Forecasts made of other forecasts: the mean of two methods, or of each series its champion's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.panel import Numbers, Panel, Prediction

AND = " + "


def averaged(one: Prediction, other: Prediction) -> Prediction:
    """The mean of both, quantile by quantile (Vincent's average keeps the spread that they agree on).

    Where one says nothing the other speaks. Of sample paths every second one comes from each.
    """
    paths = one.paths
    if paths is not None and other.paths is not None:
        paths = paths.copy()
        paths[1::2] = other.paths[1::2]
    return Prediction(
        _mean(one.mean, other.mean),
        {level: _mean(values, other.quantiles[level]) for level, values in one.quantiles.items()},
        {level: _mean(values, other.totals[level]) for level, values in one.totals.items()},
        tuple(AND.join(dict.fromkeys(pair)) for pair in zip(one.models, other.models, strict=True)),
        paths,
        other.notes | one.notes,
    )


def nothing(panel: Panel, levels: Sequence[float], paths: int, model: str) -> Prediction:
    """A prediction that says nothing yet, to be filled in."""
    shape = (panel.series, panel.ahead)

    def unknown() -> Numbers:
        return np.full(shape, np.nan, np.float32)

    return Prediction(
        unknown(),
        {level: unknown() for level in levels},
        {level: unknown() for level in levels},
        (model,) * panel.series,
        np.full((paths, *shape), np.nan, np.float32) if paths else None,
        {},
    )


def fill(whole: Prediction, series: NDArray[np.int64], part: Prediction) -> Prediction:
    """The whole with a part that was forecast of some of its series, in their order, put in its place."""
    whole.mean[series] = part.mean
    for level, values in part.quantiles.items():
        whole.quantiles[level][series] = values
        whole.totals[level][series] = part.totals[level]
    if whole.paths is not None and part.paths is not None:
        whole.paths[:, series] = part.paths
    models = list(whole.models)
    for place, model in zip(series, part.models, strict=True):
        models[place] = model
    notes = {int(series[place]): note for place, note in part.notes.items()}
    return replace(whole, models=tuple(models), notes=whole.notes | notes)


def some(prediction: Prediction, series: NDArray[np.int64]) -> Prediction:
    """The prediction of some series, in the order given."""
    where = {int(one): place for place, one in enumerate(series)}
    return Prediction(
        prediction.mean[series],
        {level: values[series] for level, values in prediction.quantiles.items()},
        {level: values[series] for level, values in prediction.totals.items()},
        tuple(prediction.models[one] for one in series),
        None if prediction.paths is None else prediction.paths[:, series],
        {where[place]: note for place, note in prediction.notes.items() if place in where},
    )


def _mean(one: Numbers, other: Numbers) -> Numbers:
    both = (one + other) / 2
    result: Numbers = np.where(np.isnan(one), other, np.where(np.isnan(other), one, both)).astype(np.float32)
    return result
