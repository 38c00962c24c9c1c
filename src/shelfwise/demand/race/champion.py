"""The forecast of a panel: of each series by the champion of its kind of demand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.contest import Asked, Forecaster
from shelfwise.demand.panel import Panel, Prediction
from shelfwise.demand.race.joining import AND, averaged, fill, nothing, some
from shelfwise.demand.race.race import OVERALL, Progress, Race, quiet
from shelfwise.demand.race.segments import SEGMENTS, segments
from shelfwise.demand.simple.forecaster import Simple

NOBODY = "not enough evidence"
BEYOND = 10.0
"""A forecast so many times above anything ever sold is said to be so."""


def forecast(
    panel: Panel, race: Race | None, forecasters: Sequence[Forecaster], asked: Asked, progress: Progress = quiet
) -> Prediction:
    """Forecast every series by the champion of its segment, and by the next one where that has nothing to say.

    Without a race the simplest of them speaks. What nobody can say stays NaN.
    """
    known = {one.name: one for one in forecasters}
    whole = nothing(panel, asked.quantiles, asked.paths, NOBODY)
    kinds = segments(panel)
    done: dict[str, Prediction] = {}
    for place, segment in enumerate(SEGMENTS):
        left = np.flatnonzero(kinds == place)
        for name in _speakers(race, segment.value, forecasters):
            if not len(left):
                break
            progress(f"forecast: {segment.value} by {name}", place, len(SEGMENTS))
            members = [_by(known[member], panel, left, asked, done) for member in name.split(AND)]
            made = members[0] if len(members) == 1 else averaged(members[0], members[1])
            said = (~np.isnan(made.mean) | ~panel.wanted[left]).all(axis=1) & panel.wanted[left].any(axis=1)
            whole = fill(whole, left[said], some(made, np.flatnonzero(said)))
            left = left[~said & panel.wanted[left].any(axis=1)]
    return _beyond(panel, whole)


def _speakers(race: Race | None, segment: str, forecasters: Sequence[Forecaster]) -> tuple[str, ...]:
    if race is None:
        return tuple(one.name for one in forecasters)
    return race.champions.get(segment, race.champions[OVERALL])


def _by(
    one: Forecaster, panel: Panel, series: NDArray[np.int64], asked: Asked, done: dict[str, Prediction]
) -> Prediction:
    """The forecast of some series. A model learns from all of them and is asked once; a simple method looks at each."""
    if isinstance(one, Simple):
        return one.forecast([panel.pick(series)], asked)[0]
    if one.name not in done:
        done[one.name] = one.forecast([panel], asked)[0]
    return some(done[one.name], series)


def _beyond(panel: Panel, made: Prediction) -> Prediction:
    """A note on each series whose forecast is far above anything that it ever sold."""
    most = np.nanmax(np.where(np.isnan(panel.quantity), 0.0, panel.quantity), axis=1, initial=0.0)
    highest = np.nanmax(np.stack([np.nan_to_num(made.mean), *map(np.nan_to_num, made.quantiles.values())]), axis=0)
    for series in np.flatnonzero((highest.max(axis=1, initial=0.0) > BEYOND * most) & (most > 0)):
        made.notes[int(series)] = (
            f"up to {highest[series].max():g} is forecast, more than {BEYOND:g} times the {most[series]:g} "
            "that it ever sold in one period"
        )
    return made
