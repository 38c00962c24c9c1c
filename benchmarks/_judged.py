"""How forecasts of panels are judged: errors, bias, coverage by randomised chance, pinball."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.panel import Numbers, Prediction
from shelfwise.demand.race.segments import SEGMENTS

LEVELS = tuple(round(0.02 * number, 2) for number in range(1, 50))
ENOUGH = 1000


@dataclass(frozen=True, eq=False)
class Judged:
    """One window of one seed; every array has the shape (series, ahead).

    Attributes:
        came: NaN where unknown.
        simple: by name, the means of simple methods.
        empirical: the 90 % quantile of the past of each series.
        kind: shape (series,), a place in SEGMENTS.
        promoted: where something was on promotion.
    """

    said: Prediction
    came: Numbers
    simple: dict[str, Numbers]
    empirical: Numbers
    kind: NDArray[np.int64]
    promoted: NDArray[np.bool_] | None


def wape(windows: Sequence[Judged], of: str | None, promoted: bool = False) -> float:
    """Sum of absolute errors by the sum of what came, of a simple method or (None) of the model."""
    off = demand = 0.0
    for one in windows:
        known = _known(one, promoted)
        mean = one.said.mean if of is None else one.simple[of]
        off += float(np.abs(np.nan_to_num(mean) - one.came)[known].sum())
        demand += float(one.came[known].sum())
    return off / demand


def bias(windows: Sequence[Judged], promoted: bool = False) -> float:
    """Forecast less what came, by what came."""
    said = came = 0.0
    for one in windows:
        known = _known(one, promoted)
        said += float(np.nan_to_num(one.said.mean)[known].sum())
        came += float(one.came[known].sum())
    return said / came - 1


def _known(one: Judged, promoted: bool) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = np.isfinite(one.came)
    return known & one.promoted if promoted and one.promoted is not None else known


def pinball(windows: Sequence[Judged], level: float, quantiles: Sequence[Numbers] | None = None) -> float:
    """The mean loss of a quantile of the periods: the model's, or that of others, one array for each window.

    Who says nothing of a series is taken to expect nothing of it, here as in every error.
    """
    losses = []
    for number, one in enumerate(windows):
        quantile = one.said.quantiles[level] if quantiles is None else quantiles[number]
        error = one.came - np.nan_to_num(quantile)
        losses.append(np.maximum(level * error, (level - 1) * error)[np.isfinite(one.came)])
    return float(np.concatenate(losses).mean())


def coverage(windows: Sequence[Judged], seed: int) -> dict[str, float]:
    """Share within the 80 % interval: overall, by segment and half of the horizon, and of running totals."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[NDArray[np.bool_]]] = {}
    for one in windows:
        known = np.isfinite(one.came)
        inside = _inside(one.said.quantiles, one.came, rng)
        found.setdefault("all", []).append(inside[known])
        ahead = one.came.shape[1]
        for half, steps in enumerate(np.array_split(np.arange(ahead), 2)):
            for place, segment in enumerate(SEGMENTS):
                rows = np.flatnonzero(one.kind == place)
                part = np.ix_(rows, steps)
                found.setdefault(f"{segment.value}, half {half + 1}", []).append(inside[part][known[part]])
        totals = _inside(one.said.totals, np.cumsum(np.where(known, one.came, 0), axis=1), rng)
        for steps_ahead in sorted({min(7, ahead), ahead}):
            whole = known[:, :steps_ahead].any(axis=1)
            found.setdefault(f"total of {steps_ahead}", []).append(totals[whole, steps_ahead - 1])
    joined = {name: np.concatenate(each) for name, each in found.items()}
    return {name: float(each.mean()) for name, each in joined.items() if len(each) >= ENOUGH or name == "all"}


def _inside(quantiles: dict[float, Numbers], came: Numbers, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether a value's chance, drawn evenly from what it has of its own, is between 10 and 90 % (randomised PIT)."""
    levels = np.array(sorted(quantiles))
    stacked = np.stack([quantiles[level] for level in sorted(quantiles)])
    edges = np.concatenate(([0.0], levels, [1.0]))
    below = edges[(stacked < came).sum(axis=0)]
    upto = edges[(stacked <= came).sum(axis=0) + 1]
    upto = np.where((stacked == came).any(axis=0), upto, below + (edges[1] - edges[0]))
    chance = below + rng.random(came.shape) * (upto - below)
    inside: NDArray[np.bool_] = (chance > 0.1) & (chance < 0.9)
    return inside
