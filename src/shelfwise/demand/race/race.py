"""Every way to forecast on the same past windows, and which one speaks for which kind of demand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.boosting.model import NAME as TREES
from shelfwise.demand.contest import Asked, Forecaster
from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Panel, Prediction
from shelfwise.demand.race.calibrating import Told, Widths, by_the_others, widths
from shelfwise.demand.race.joining import AND, averaged
from shelfwise.demand.race.marks import JUDGED, Marks, mark
from shelfwise.demand.race.segments import FRESH, SEGMENTS, segments

WINDOWS = 4
MOST_SERIES = 2_000
"""A race of so many series, drawn by chance, says of all of them what one of all would say."""
CLEARLY = 0.01
"""A method replaces a simpler one where it loses at least this share less."""
CLEARLY_BY_TWO = 0.03
"""And the mean of two replaces one of them where it loses so much less: there are many pairs, and the best of many was
lucky. The trees that raced are older than those that will speak, besides."""
ENOUGH = 25
"""With fewer series in a segment than this, over all windows, the champion of all segments speaks for it."""
MOST_OF_IT = 0.8
"""Who speaks of less than this of what the one with most to say speaks of does not take part."""
JOINED = 3
"""So many of the best are tried in pairs: the mean of two that err differently errs less."""
OVERALL = "all"

Progress = Callable[[str, int, int], None]
Settle = Callable[[str, Mapping[str, float], str], str]
"""(kind of demand, losses by name, the best) -> who speaks for it."""


def quiet(step: str, done: int, of: int) -> None:
    """Progress that nobody watches."""


def the_best(segment: str, losses: Mapping[str, float], best: str) -> str:
    """Whoever wins the race speaks."""
    return best


@dataclass(frozen=True, eq=False)
class Race:
    """What came out of a race.

    Attributes:
        ahead: periods of a window.
        origins: the first day of the first period of each window, oldest first.
        marks: by name, of all windows one after another.
        segments: the kind of demand that each row of the marks was at its origin, as a place in `SEGMENTS`.
        champions: by segment, and `OVERALL`: names in the order in which they may speak, the champion first.
        series: how many took part.
        widths: by segment, how much wider its champion's quantiles have to be; not where boosted trees are champion:
            they have seen to that themselves, and those that raced are older than those that will speak.
        calibrated: by segment of those, the marks of its rows with the champion's quantiles made as wide as the other
            windows say; what the champion will do when it speaks.
    """

    ahead: int
    origins: tuple[date, ...]
    marks: dict[str, Marks]
    segments: NDArray[np.int64]
    champions: dict[str, tuple[str, ...]]
    series: int
    widths: dict[str, Widths]
    calibrated: dict[str, Marks]

    def rows(self, segment: str) -> NDArray[np.bool_]:
        """Which rows of the marks are of a segment."""
        return _of(segment, self.segments)


def windows_of(panel: Panel, ahead: int, windows: int) -> list[int]:
    """The origins of windows that end with the history and do not overlap, oldest first, with a past worth the name."""
    least = min(FRESH[panel.frequency], max(panel.periods // 2, 1))
    found = [panel.periods - ahead * number for number in range(windows, 0, -1)]
    return [origin for origin in found if origin >= least]


def race(
    panel: Panel,
    forecasters: Sequence[Forecaster],
    ahead: int,
    windows: int = WINDOWS,
    *,
    seed: int = 0,
    progress: Progress = quiet,
    settle: Settle = the_best,
    pairs: Collection[str] = (),
    weights: Floats | None = None,
) -> Race | None:
    """Let all forecast the same past windows from what was known at each origin, and score them.

    Only periods count of which every one of them says something.

    Args:
        settle: who speaks for a kind of demand, where that need not be the one that won.
        pairs: names of two that take part together, besides those of the best.
        weights: by series, how much its loss counts; None: all alike.

    Returns:
        None where no window has a past.
    """
    origins = windows_of(panel, ahead, windows)
    if not origins or not forecasters:
        return None
    if panel.series > MOST_SERIES:
        drawn = np.sort(np.random.default_rng(seed).permutation(panel.series)[:MOST_SERIES])
        panel = panel.pick(drawn)
        weights = None if weights is None else weights[drawn]
    pasts = [panel.at(origin, ahead) for origin in origins]
    asked = Asked(JUDGED, seed=seed)
    made: dict[str, list[Prediction]] = {}
    for number, one in enumerate(forecasters):
        progress(f"race: {one.name}", number, len(forecasters))
        made[one.name] = one.forecast(pasts, asked)
    made = _speaking(made)
    if not made:
        return None
    came = [panel.quantity[:, origin : origin + ahead].astype(np.float64) for origin in origins]
    counted = [
        past.wanted & np.logical_and.reduce([~np.isnan(predictions[place].mean) for predictions in made.values()])
        for place, past in enumerate(pasts)
    ]

    def marks_of(predictions: Sequence[Prediction]) -> Marks:
        return Marks.joined([mark(*each) for each in zip(pasts, came, predictions, counted, strict=True)])

    marks = {name: marks_of(predictions) for name, predictions in made.items()}
    each_kind = [segments(past) for past in pasts]
    kinds = np.concatenate(each_kind)
    of_rows = None if weights is None else np.tile(weights, len(origins))
    for pair in _pairs(marks, {name: _loss(one, of_rows) for name, one in marks.items()}, pairs):
        joined = [averaged(one, other) for one, other in zip(made[pair[0]], made[pair[1]], strict=True)]
        made[AND.join(pair)] = joined
        marks[AND.join(pair)] = marks_of(joined)
    champions = _champions(marks, kinds, settle, of_rows)
    wide: dict[str, Widths] = {}
    calibrated: dict[str, Marks] = {}
    for segment, names in champions.items():
        if names[0] == TREES:
            continue
        inside = [cells & _of(segment, kind)[:, None] for cells, kind in zip(counted, each_kind, strict=True)]
        told = [Told(*each) for each in zip(made[names[0]], came, inside, strict=True)]
        wide[segment] = widths(told)
        calibrated[segment] = marks_of(by_the_others(told)).of(_of(segment, kinds))
    days = tuple(panel.dates[origin] for origin in origins)
    return Race(ahead, days, marks, kinds, champions, panel.series, wide, calibrated)


def _of(segment: str, kinds: NDArray[np.int64]) -> NDArray[np.bool_]:
    if segment == OVERALL:
        return np.ones(len(kinds), np.bool_)
    rows: NDArray[np.bool_] = kinds == [one.value for one in SEGMENTS].index(segment)
    return rows


def _speaking(made: dict[str, list[Prediction]]) -> dict[str, list[Prediction]]:
    """Without those that say nothing of much of what others speak of, as a model does that has too little to learn.

    Otherwise hardly anything would be left that all can be compared by.
    """
    said = {name: sum(int((~np.isnan(each.mean)).sum()) for each in some) for name, some in made.items()}
    return {name: made[name] for name, cells in said.items() if cells and cells >= MOST_OF_IT * max(said.values())}


def _pairs(names: Iterable[str], losses: Mapping[str, float], also: Collection[str]) -> list[tuple[str, str]]:
    """The best in pairs, and those that take part besides, in the order in which they came."""
    best = set(sorted(losses, key=lambda name: losses[name])[:JOINED])
    every = combinations(names, 2)
    return [pair for pair in every if best.issuperset(pair) or AND.join(pair) in also]


def _champions(
    marks: dict[str, Marks], kinds: NDArray[np.int64], settle: Settle, weights: Floats | None
) -> dict[str, tuple[str, ...]]:
    """By segment, those that may speak in order; a segment that few took part in has none of its own."""

    def order(segment: str) -> tuple[str, ...]:
        rows = _of(segment, kinds)
        of_rows = None if weights is None else weights[rows]
        losses = {name: _loss(one.of(rows), of_rows) for name, one in marks.items()}
        found = _order(losses)
        first = settle(segment, losses, found[0])
        return (first, *(name for name in found if name != first))

    found = {OVERALL: order(OVERALL)}
    for place, segment in enumerate(SEGMENTS):
        rows = kinds == place
        if int((next(iter(marks.values())).of(rows).count.sum(axis=1) > 0).sum()) >= ENOUGH:
            found[segment.value] = order(segment.value)
    return found


def _order(losses: dict[str, float]) -> tuple[str, ...]:
    """From the best to the worst; a simpler one goes before a better one that is not clearly better."""
    waiting = dict(losses)
    order: list[str] = []
    while waiting:
        best = min(waiting, key=lambda name: waiting[name])
        nearly = waiting[best] * (1 + (CLEARLY_BY_TWO if AND in best else CLEARLY))
        first = next(name for name, loss in waiting.items() if loss <= nearly)
        order.append(first)
        del waiting[first]
    return tuple(order)


def _loss(marks: Marks, weights: Floats | None) -> float:
    if weights is None:
        return marks.score().loss
    by = weights[:, None]
    return replace(marks, pinball=marks.pinball * by, total_pinball=marks.total_pinball * by).score().loss
