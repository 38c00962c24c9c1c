"""The forecast of a panel: of each series by the champion of its kind of demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.contest import Asked, Forecaster
from shelfwise.demand.panel import Panel, Prediction
from shelfwise.demand.race.agreeing import agreeing
from shelfwise.demand.race.calibrating import Widths, widened
from shelfwise.demand.race.joining import AND, averaged, fill, nothing, some
from shelfwise.demand.race.marks import JUDGED
from shelfwise.demand.race.race import OVERALL, Progress, Race, quiet
from shelfwise.demand.race.segments import SEGMENTS, segments
from shelfwise.demand.simple.alike import alike
from shelfwise.demand.simple.forecaster import Simple

NOBODY = "not enough evidence"
BEYOND = 10.0
"""A forecast so many times above anything ever sold is said to be so."""


def forecast(
    panel: Panel, race: Race | None, forecasters: Sequence[Forecaster], asked: Asked, progress: Progress = quiet
) -> Prediction:
    """Forecast every series by the champion of its segment, and by the next one where that has nothing to say.

    Without a race the simplest of them speaks. A series without a history is forecast by others that are alike, and
    where there are none it stays NaN.
    """
    known = {one.name: one for one in forecasters}
    wanted, asked = asked, replace(asked, quantiles=tuple(sorted({*asked.quantiles, *JUDGED})))
    whole = nothing(panel, asked.quantiles, asked.paths, NOBODY)
    kinds = segments(panel)
    done: dict[str, Prediction] = {}
    for place, segment in enumerate(SEGMENTS):
        left = np.flatnonzero(kinds == place)
        speakers, widths = _speakers(race, segment.value, forecasters)
        for name in speakers:
            if not len(left):
                break
            progress(f"forecast: {segment.value} by {name}", place, len(SEGMENTS))
            members = [_by(known[member], panel, left, asked, done) for member in name.split(AND)]
            made = members[0] if len(members) == 1 else averaged(members[0], members[1])
            if widths is not None and name == speakers[0]:
                made = widened(made, widths)
            said = (~np.isnan(made.mean) | ~panel.wanted[left]).all(axis=1) & panel.wanted[left].any(axis=1)
            whole = fill(whole, left[said], some(made, np.flatnonzero(said)))
            left = left[~said & panel.wanted[left].any(axis=1)]
    silent = np.flatnonzero((np.isnan(whole.mean) & panel.wanted).any(axis=1))
    if len(silent):
        by_others = alike(panel, silent, asked)
        told = ~np.isnan(by_others.mean).all(axis=1)
        whole = fill(whole, silent[told], some(by_others, np.flatnonzero(told)))
    if whole.paths is not None:
        whole = replace(whole, paths=agreeing(whole.paths, whole.mean, whole.totals, np.random.default_rng(asked.seed)))
    return _beyond(panel, _asked_for(whole, wanted))


def _speakers(
    race: Race | None, segment: str, forecasters: Sequence[Forecaster]
) -> tuple[tuple[str, ...], Widths | None]:
    """Who may speak of a segment, in order, and how wide the first one's quantiles are to be made."""
    if race is None:
        return tuple(one.name for one in forecasters), None
    known = segment if segment in race.champions else OVERALL
    return race.champions[known], race.widths.get(known)


def _asked_for(made: Prediction, asked: Asked) -> Prediction:
    return replace(
        made,
        quantiles={level: made.quantiles[level] for level in asked.quantiles},
        totals={level: made.totals[level] for level in asked.quantiles},
    )


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
    history = ~np.isnan(panel.quantity).all(axis=1)
    most = np.nanmax(np.where(np.isnan(panel.quantity), 0.0, panel.quantity), axis=1, initial=0.0)
    highest = np.nanmax(np.stack([np.nan_to_num(made.mean), *map(np.nan_to_num, made.quantiles.values())]), axis=0)
    for series in np.flatnonzero((highest.max(axis=1, initial=0.0) > BEYOND * most) & history):
        made.notes[int(series)] = (
            f"up to {highest[series].max():g} is forecast, more than {BEYOND:g} times the {most[series]:g} "
            "that it ever sold in one period"
        )
    return made
