"""The boosted model as one of the forecasters of a race."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.ending import still_likely
from shelfwise.demand.boosting.features import Table, table
from shelfwise.demand.boosting.ground import Ground
from shelfwise.demand.boosting.inputs import Input, choose_inputs
from shelfwise.demand.boosting.intervals import Examined, Intervals, Outlook
from shelfwise.demand.boosting.paths import sample_paths
from shelfwise.demand.boosting.rows import every
from shelfwise.demand.boosting.running import Indices
from shelfwise.demand.boosting.sampling import examined_origins, examined_series, learning_rows
from shelfwise.demand.boosting.told import Kind, Told
from shelfwise.demand.boosting.trees import Ensemble, fit, try_out
from shelfwise.demand.contest import Asked
from shelfwise.demand.panel import Numbers, Panel, Prediction
from shelfwise.demand.race.joining import nothing
from shelfwise.demand.race.segments import SEGMENTS, Segment, segments

NAME = "boosted trees"
LEAST_ROWS, LEAST_EXAMINED = 500, 50
INPUT_ROWS = 40_000
TRIED_ROWS = 40_000
CHUNK = 2000
ENDED = SEGMENTS.index(Segment.ENDED)
ENDED_NOTE = "nothing was sold for so long that it seems to have ended"


@dataclass(frozen=True)
class Effort:
    """How much is learnt from: what time and memory go into.

    Attributes:
        rows: questions of the past that each ensemble is taught.
        examined: questions that errors and inputs are judged by.
        trees: of each loss, at most.
    """

    rows: int = 160_000
    examined: int = 72_000
    trees: int = 300

    def for_a_race(self) -> Effort:
        """Less, because a race only tells who is better."""
        return replace(self, rows=self.rows // 4, examined=self.examined // 2)


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was learnt from a panel.

    Attributes:
        ensemble: tells the mean.
        intervals: tell how far it may be off.
        inputs: the columns of the panel, and whether each one helped.
        kinds: what sort of column each of those is that are used.
    """

    ensemble: Ensemble
    intervals: Intervals
    inputs: tuple[Input, ...]
    kinds: dict[str, Kind]


class Boosted:
    """One model for all series of a panel.

    Attributes:
        effort: how much is learnt from. Of several panels the oldest alone is learnt, and asked at the newer ones too.
        learnt: what the latest forecast stood on, so that it can be explained.
    """

    name = NAME

    def __init__(self, effort: Effort | None = None) -> None:
        self.effort = effort or Effort()
        self.learnt: Learnt | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Which columns helped, in what was learnt last."""
        return () if self.learnt is None else self.learnt.inputs

    def forecast(self, panels: Sequence[Panel], asked: Asked) -> list[Prediction]:
        """See `Forecaster`. Where there is too little to learn from nothing is said."""
        effort = self.effort if len(panels) == 1 else self.effort.for_a_race()
        learnt: Learnt | None = None
        made = []
        for panel in panels:
            if learnt is None:
                learnt = learn(panel, effort, asked.seed)
            made.append(
                nothing(panel, asked.quantiles, asked.paths, NAME) if learnt is None else predict(panel, learnt, asked)
            )
        self.learnt = learnt
        return made


def learn(panel: Panel, effort: Effort, seed: int) -> Learnt | None:
    """Learn a panel's history: what inputs help, how far the model is off, and the model itself.

    The first two from windows at the end of the history, with a model that knows nothing of them or of later. The newer
    half of them is forecast by a second one that knows the older half: the model that is used knows all up to its
    origin, and by errors of one that knows nothing of the last half year its intervals would be too wide.
    """
    rng = np.random.default_rng(seed)
    ground = Ground(panel)
    told = [Told(column, ground) for column in panel.columns]
    origins = examined_origins(panel.periods, panel.ahead)
    if not origins:
        return None
    rows = learning_rows(ground, origins[0], panel.ahead, effort.rows // 2, rng)
    if len(rows) < LEAST_ROWS:
        return None
    demand = panel.quantity[rows.series, rows.period]
    series = examined_series(panel.series, panel.ahead, effort.examined, rng)
    came = np.concatenate([panel.quantity[series, origin : origin + panel.ahead] for origin in origins])
    if not demand.sum() > 0 or not np.nansum(came) > 0 or np.isfinite(came).sum() < LEAST_EXAMINED:
        return None
    inputs = choose_inputs(
        panel.columns,
        table(ground, told, rows.part(0, INPUT_ROWS), remembered=False),
        demand[:INPUT_ROWS],
        _examine(ground, told, origins, series, remembered=False),
        seed,
    )
    told = [one for one, judged in zip(told, inputs, strict=True) if judged.kept]
    kinds = {judged.name: one.kind for one, judged in zip(told, (each for each in inputs if each.kept), strict=True)}
    examined = _examine(ground, told, origins, series)
    known = examined.known(TRIED_ROWS)
    early, plan = try_out(
        table(ground, told, rows), demand, examined.table.pick(known), examined.came.ravel()[known], effort.trees, seed
    )
    examined = examined.forecast_by(early.expected, 0)
    newer = origins[len(origins) // 2]
    rows = learning_rows(ground, newer, panel.ahead, effort.rows // 2, np.random.default_rng([seed, 1]))
    later = fit(table(ground, told, rows), panel.quantity[rows.series, rows.period], plan, seed)
    intervals = Intervals(examined.forecast_by(later.expected, newer), seed)
    del examined
    rows = learning_rows(ground, panel.periods, panel.ahead, effort.rows, rng)
    ensemble = fit(table(ground, told, rows), panel.quantity[rows.series, rows.period], plan, seed)
    return Learnt(ensemble, intervals, inputs, kinds)


def predict(panel: Panel, learnt: Learnt, asked: Asked) -> Prediction:
    """Forecast the periods ahead of a panel of the same series and columns as the one that was learnt."""
    ground = Ground(panel)
    told = [Told(column, ground, learnt.kinds[column.name]) for column in panel.columns if column.name in learnt.kinds]
    kind = segments(panel).astype(np.int32)
    parts = []
    for start in range(0, panel.series, CHUNK):
        series = np.arange(start, min(start + CHUNK, panel.series), dtype=np.int32)
        rows = every(series, panel.periods, panel.ahead)
        seen = table(ground, told, rows)
        expected = (learnt.ensemble.expected(seen) * seen.level).reshape(len(series), panel.ahead)
        expected = np.minimum(expected, still_likely(ground, series, kind[series] == ENDED)[:, None])
        parts.append(learnt.intervals.outlook(seen, expected, panel.wanted[series], kind[series]))
    return _prediction(panel, learnt.intervals, parts, asked)


def _prediction(panel: Panel, intervals: Intervals, parts: Sequence[Outlook], asked: Asked) -> Prediction:
    whole = Outlook(
        np.concatenate([part.expected for part in parts]),
        np.concatenate([part.spread for part in parts]),
        np.concatenate([part.wanted for part in parts]),
        np.concatenate([part.kind for part in parts]),
    )
    unknown = ~panel.wanted
    quantiles = dict(zip(asked.quantiles, intervals.periods(whole, asked.quantiles), strict=True))
    totals = dict(zip(asked.quantiles, intervals.totals(whole, asked.quantiles), strict=True))
    notes = {int(one): ENDED_NOTE for one in np.flatnonzero(whole.kind == ENDED)}
    return Prediction(
        _where(unknown, whole.expected),
        {level: _where(unknown, values) for level, values in quantiles.items()},
        {level: _where(unknown, values) for level, values in totals.items()},
        (NAME,) * panel.series,
        sample_paths(intervals, whole, asked.paths, asked.seed) if asked.paths else None,
        notes,
    )


def _examine(
    ground: Ground, told: Sequence[Told], origins: Sequence[int], series: Indices, *, remembered: bool = True
) -> Examined:
    """The questions at some origins and what came, of the series that had begun by then."""
    panel = ground.panel
    bare = replace(panel, columns=())
    tables: list[Table] = []
    came, kinds, which, asked_at = [], [], [], []
    for origin in origins:
        begun = series[ground.first[series] < origin]
        rows = every(begun, origin, panel.ahead)
        tables.append(table(ground, told, rows, remembered=remembered))
        came.append(panel.quantity[begun, origin : origin + panel.ahead])
        kinds.append(segments(bare.pick(begun.astype(np.int64)).at(origin, panel.ahead)).astype(np.int32))
        which.append(begun)
        asked_at.append(np.full(len(begun), origin, np.int32))
    joined = replace(
        tables[0],
        values=np.concatenate([one.values for one in tables]),
        level=np.concatenate([one.level for one in tables]),
    )
    answers = np.concatenate(came)
    return Examined(
        joined,
        np.zeros_like(answers),
        answers,
        np.concatenate(kinds),
        np.concatenate(which),
        np.concatenate(asked_at),
    )


def _where(unknown: NDArray[np.bool_], values: Numbers) -> Numbers:
    return np.where(unknown, np.float32(np.nan), values)
