"""What a series without any history may sell: what others of its item, else its location, else all, sold lately."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.contest import Asked
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Panel, Prediction

ALIKE = "others alike"
_DRAWS = 400


def alike(panel: Panel, series: NDArray[np.int64], asked: Asked) -> Prediction:
    """The prediction of some series, in their order; NaN where nobody has a history."""
    rng = np.random.default_rng(asked.seed)
    known = np.flatnonzero(~np.isnan(panel.quantity).all(axis=1))
    shape, draws = (len(series), panel.ahead), max(_DRAWS, asked.paths)
    by_item, by_location = _by_name(panel, known, 0), _by_name(panel, known, 1)
    drawn = np.full((draws, *shape), np.nan, np.float32)
    notes: dict[int, str] = {}
    for place, one in enumerate(series):
        item, location = panel.keys[one]
        others = by_item.get(item, by_location.get(location, known))
        if len(others):
            drawn[:, place] = np.where(panel.wanted[one], _drawn(panel, others, draws, rng), np.nan)
            whose = "its item" if item in by_item else "its location" if location in by_location else "all"
            notes[place] = f"it has no history; forecast by {len(others):,} others of {whose}"
    running = np.where(np.isnan(drawn), np.nan, np.nancumsum(drawn, axis=2)).astype(np.float32)
    return Prediction(
        drawn.mean(axis=0),
        {level: np.quantile(drawn, level, axis=0).astype(np.float32) for level in asked.quantiles},
        {level: np.quantile(running, level, axis=0).astype(np.float32) for level in asked.quantiles},
        (ALIKE,) * len(series),
        drawn[: asked.paths] if asked.paths else None,
        notes,
    )


def _by_name(panel: Panel, known: NDArray[np.int64], part: int) -> dict[str, NDArray[np.int64]]:
    found: dict[str, list[int]] = {}
    for one in known:
        found.setdefault(panel.keys[one][part], []).append(int(one))
    return {name: np.array(series) for name, series in found.items()}


def _drawn(panel: Panel, others: NDArray[np.int64], draws: int, rng: np.random.Generator) -> Floats:
    """The last stretch of one of the others for each draw, its unknown periods as its mean; (draws, ahead)."""
    chosen = others[rng.integers(len(others), size=min(draws, len(others)))] if len(others) > draws else others
    last = panel.quantity[chosen, -panel.ahead :].astype(np.float64)
    mean = np.nanmean(panel.quantity[chosen].astype(np.float64), axis=1)[:, None]
    stretch = np.broadcast_to(mean, (len(chosen), panel.ahead)).copy()
    stretch[:, : last.shape[1]] = np.where(np.isnan(last), mean, last)
    drawn: Floats = stretch[rng.permutation(np.arange(draws) % len(stretch))]
    return drawn
