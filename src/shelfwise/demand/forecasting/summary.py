"""What pages show of a forecast and of the race behind it, fit for JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from shelfwise.demand.model import Floats, Paths, SetAside
from shelfwise.demand.race.race import Race


def figures(paths: Paths) -> dict[str, Any]:
    """Mean and quantiles by day, and quantiles of running totals.

    Args:
        paths: shape (paths, horizon), at least one.
    """
    futures = paths.astype(np.float64)
    return {
        "mean": _rounded(futures.mean(axis=0)),
        **_quantiles(futures),
        "cumulative": _quantiles(np.cumsum(futures, axis=1)),
    }


def left_out(aside: Sequence[SetAside]) -> list[dict[str, Any]]:
    """Days that stand alone."""
    return [{"day": one.day.isoformat(), "quantity": one.quantity} for one in aside]


def race_of(race: Race, segment: str) -> dict[str, Any]:
    """A race of one kind of demand: its windows, who won, and the scores of all totals and days."""
    rows = race.rows(segment)
    scores = {name: marks.of(rows).score() for name, marks in race.marks.items()}
    return {
        "segment": segment,
        "horizon": race.ahead,
        "windows": len(race.origins),
        "origins": [day.isoformat() for day in race.origins],
        "winner": race.champions[segment][0],
        "scores": {
            name: {
                "wape": _or_none(one.wape),
                "bias": _or_none(one.bias),
                "pinball": _or_none(one.total_pinball),
                "coverage": _or_none(one.total_coverage),
                "loss": _or_none(one.loss),
            }
            for name, one in scores.items()
        },
    }


def _quantiles(paths: Floats) -> dict[str, list[float]]:
    rows = np.quantile(paths, (0.1, 0.5, 0.9), axis=0, method="inverted_cdf")
    return {name: _rounded(row) for name, row in zip(("q10", "q50", "q90"), rows, strict=True)}


def _rounded(row: Floats) -> list[float]:
    return [float(value) for value in np.round(row, 3)]


def _or_none(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
