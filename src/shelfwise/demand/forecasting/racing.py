"""Who takes part at a site, the race, and the forecast by those who speak. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np

from shelfwise.demand.boosting.inputs import Input
from shelfwise.demand.boosting.model import Boosted
from shelfwise.demand.contest import Asked, Forecaster
from shelfwise.demand.explaining.explain import explain
from shelfwise.demand.explaining.model import Explained, Group
from shelfwise.demand.forecasting.columns import DISCOUNT, HOLIDAY, PROMOTION
from shelfwise.demand.forecasting.lifted import Lifted
from shelfwise.demand.forecasting.standing import Standing, settle
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Numbers, Panel, Prediction
from shelfwise.demand.race.champion import forecast
from shelfwise.demand.race.contenders import why_no_trees
from shelfwise.demand.race.race import OVERALL, WINDOWS, Race, race, windows_of
from shelfwise.demand.race.segments import SEGMENTS, segments
from shelfwise.demand.simple.alike import CATEGORY
from shelfwise.demand.simple.forecaster import simple_forecasters

RACE_DAYS, SHORT_RACE_DAYS = 28, 14
"""A window of a race; the short one where the history is too short for enough long ones."""
TREES_FROM, TREES_DAYS = 10_000, 364
"""Trees take part from so many known days of items on, and a year of history: with less there is no season to learn,
which is what they know better than simple methods, and they cost a hundred times as much."""
FORECAST_PATHS = 256


@dataclass(frozen=True, eq=False)
class Made:
    """A forecast of a site's items.

    Attributes:
        prediction: what is expected.
        paths: shape (FORECAST_PATHS, items, days), possible futures.
        race: None where the history was too short for one.
        segments: the kind of demand of each item.
        standings: by kind of demand that has a speaker of its own, and `OVERALL`.
        inputs: which columns helped the trees, and by how much; empty where they took no part.
        explained: what the expected total of each item is made of; None where nobody knows.
    """

    prediction: Prediction
    paths: Numbers
    race: Race | None
    segments: tuple[str, ...]
    standings: dict[str, Standing]
    inputs: tuple[Input, ...]
    explained: tuple[Explained | None, ...]


def taking_part(panel: Panel) -> tuple[Forecaster, ...]:
    """The simple methods, which know of promotions where there are any, and trees where there is enough to learn."""
    known = simple_forecasters(panel.frequency)
    promoted = any(one.name == PROMOTION for one in panel.columns)
    measured: WeakKeyDictionary[Panel, Floats] = WeakKeyDictionary()
    simple: tuple[Forecaster, ...] = tuple(Lifted(one, measured) for one in known) if promoted else known
    enough = panel.periods >= TREES_DAYS and int((~np.isnan(panel.quantity)).sum()) >= TREES_FROM
    return (*simple, Boosted()) if enough and not why_no_trees() else simple


def forecast_panel(
    panel: Panel,
    before: Mapping[str, Standing],
    origin: date,
    seed: int,
    progress: Callable[[int, int], None],
    weights: Floats | None = None,
) -> Made:
    """Race all on the last windows, and let those who speak forecast the days ahead.

    Args:
        before: who spoke so far, by kind of demand.
        origin: the last day of the panel's history.
        progress: called with (steps done, steps in all).
        weights: by series, how much its loss counts in the race; None: all alike.
    """
    methods = taking_part(panel)
    steps = len(methods) + len(SEGMENTS)
    standings: dict[str, Standing] = {}

    def speaker(segment: str, losses: Mapping[str, float], best: str) -> str:
        standings[segment] = settle(before.get(segment), segment, losses, best, origin)
        return standings[segment].champion

    enough = len(windows_of(panel, RACE_DAYS, WINDOWS)) == WINDOWS
    ahead = min(panel.ahead, RACE_DAYS if enough else SHORT_RACE_DAYS)
    result = race(
        panel, methods, ahead, seed=seed, settle=speaker, pairs=_named(before.values()), weights=weights,
        progress=lambda _, done, of: progress(done, steps),
    )  # fmt: skip
    made = forecast(
        panel, result, methods, Asked(paths=FORECAST_PATHS, seed=seed),
        lambda _, done, of: progress(len(methods) + done, steps),
    )  # fmt: skip
    progress(steps, steps)
    kinds = tuple(SEGMENTS[one].value for one in segments(panel))
    paths = np.zeros((0, panel.series, panel.ahead), np.float32) if made.paths is None else made.paths
    return Made(
        made, paths, result, kinds, standings, _inputs(methods), tuple(explain(panel, made, methods, _groups(panel)))
    )


def _named(standings: Iterable[Standing]) -> set[str]:
    """Who speaks, and who is on trial: they take part as long as they can."""
    return {name for one in standings for name in (one.champion, one.challenger) if name}


def _inputs(methods: Sequence[Forecaster]) -> tuple[Input, ...]:
    return next((one.inputs for one in methods if isinstance(one, Boosted)), ())


def _groups(panel: Panel) -> dict[str, Group]:
    """What our columns are about."""
    ours = {PROMOTION: Group.PROMOTION, DISCOUNT: Group.PROMOTION, HOLIDAY: Group.EVENT, CATEGORY: Group.REST}
    return {one.name: ours.get(one.name, Group.OUTSIDE) for one in panel.columns}


def of_segment(made: Made, segment: str) -> str:
    """Under which name the race of a kind of demand stands: a kind with few items has none of its own."""
    return segment if segment in made.standings else OVERALL
