"""What was scored, added up for a group of items or evenings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shelfwise.demand.accuracy.judging import HALVES
from shelfwise.demand.accuracy.tables import Sums
from shelfwise.demand.race.marks import Marks, Scores

_SUMMED = ("count", "demand", "absolute", "difference", "scaled", "pinball", "covered")


@dataclass(frozen=True)
class Judgement:
    """How forecasts did, beside the moving average of the same evenings.

    Attributes:
        scores: of the forecasts, by day.
        average_wape, average_rmsse: of the moving average.
        total_coverage: share of the totals of 7 and of 28 days within the range told; None where there was none.
    """

    scores: Scores
    average_wape: float | None
    average_rmsse: float | None
    total_coverage: tuple[float | None, float | None]

    @property
    def value_added(self) -> float | None:
        """How much smaller the error is than the moving average's, as a share of that; below 0: it is larger."""
        if self.scores.wape is None or not self.average_wape:
            return None
        return 1 - self.scores.wape / self.average_wape


def judged(sums: Sequence[Sums]) -> Judgement:
    """The scores of all of them together; each key is one series."""
    place = {key: row for row, key in enumerate(dict.fromkeys(one.key for one in sums))}
    shape = (len(place), HALVES)
    arrays = {name: np.zeros(shape) for name in (*_SUMMED, "average_absolute", "average_scaled")}
    for one in sums:
        for name, values in arrays.items():
            values[place[one.key], one.half - 1] += getattr(one, name)
    nothing = np.full(shape, np.nan)
    marks = Marks(
        **{name: arrays[name] for name in _SUMMED}, total=nothing, total_pinball=nothing, total_covered=nothing
    )
    average = replace(marks, absolute=arrays["average_absolute"], scaled=arrays["average_scaled"]).score()
    return Judgement(marks.score(), average.wape, average.rmsse, (_inside(sums, 1), _inside(sums, 2)))


def _inside(sums: Sequence[Sums], half: int) -> float | None:
    totals = sum(one.totals for one in sums if one.half == half)
    return sum(one.total_covered for one in sums if one.half == half) / totals if totals else None
