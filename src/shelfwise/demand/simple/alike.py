"""What a series without any history may sell: what others sold lately that are most like it.

Others of its item come first, then those of its category at its location, of its category, of its location, and all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.contest import Asked
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Column, Panel, Prediction
from shelfwise.demand.race.segments import SEGMENTS, Segment, segments

ALIKE = "others alike"
# The column that tells what an item is, where there is one.
CATEGORY = "category"
_DRAWS = 400
ENDED = SEGMENTS.index(Segment.ENDED)

Name = str | tuple[str, str] | None


def alike(panel: Panel, series: NDArray[np.int64], asked: Asked) -> Prediction:
    """The prediction of some series, in their order; NaN where nobody has a history."""
    rng = np.random.default_rng(asked.seed)
    sold = ~np.isnan(panel.quantity).all(axis=1)
    alive = sold & (segments(panel) != ENDED)
    known = np.flatnonzero(alive if alive.any() else sold)
    shape, draws = (len(series), panel.ahead), max(_DRAWS, asked.paths)
    kin = _kin(panel)
    groups = [(whose, _by_name(named, known)) for whose, named in kin]
    drawn = np.full((draws, *shape), np.nan, np.float32)
    notes: dict[int, str] = {}
    for place, one in enumerate(series):
        found = ((whose, group.get(named[one])) for (whose, group), (_, named) in zip(groups, kin, strict=True))
        whose, others = next(((whose, some) for whose, some in found if some is not None), ("all", known))
        if len(others):
            drawn[:, place] = np.where(panel.wanted[one], _drawn(panel, others, draws, rng), np.nan)
            many = "one other" if len(others) == 1 else f"{len(others):,} others"
            notes[place] = f"it has little history of its own; forecast by {many} of {whose}"
    running = np.where(np.isnan(drawn), np.nan, np.nancumsum(drawn, axis=2)).astype(np.float32)
    return Prediction(
        drawn.mean(axis=0),
        {level: np.quantile(drawn, level, axis=0).astype(np.float32) for level in asked.quantiles},
        {level: np.quantile(running, level, axis=0).astype(np.float32) for level in asked.quantiles},
        (ALIKE,) * len(series),
        drawn[: asked.paths] if asked.paths else None,
        notes,
    )


def _kin(panel: Panel) -> list[tuple[str, list[Name]]]:
    """In what a series can be like others, the closest first, each with every series' name in it; None: not known."""
    items, locations = [item for item, _ in panel.keys], [location for _, location in panel.keys]
    column = next((one for one in panel.columns if one.name == CATEGORY and one.labels), None)
    told = [None] * panel.series if column is None else _categories(column)
    at_location = [
        None if category is None else (category, location) for category, location in zip(told, locations, strict=True)
    ]
    return [
        ("its item", [*items]),
        ("its category at its location", [*at_location]),
        ("its category", [*told]),
        ("its location", [*locations]),
    ]


def _categories(column: Column) -> list[str | None]:
    """Of each series what was told last, since an item may have been sorted anew."""
    found: list[str | None] = []
    for row in column.values:
        told = row[~np.isnan(row)]
        found.append(column.labels[int(told[-1])] if len(told) else None)
    return found


def _by_name(named: list[Name], known: NDArray[np.int64]) -> dict[Name, NDArray[np.int64]]:
    found: dict[Name, list[int]] = {}
    for one in known:
        if named[one] is not None:
            found.setdefault(named[one], []).append(int(one))
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
