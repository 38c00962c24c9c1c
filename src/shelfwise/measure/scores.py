"""Forecasts and calls against what came: how far off, how often inside, and whether a simple rule did as well. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import DemandHistory
from shelfwise.measure.compare import wilson

Segment = Literal["most_days", "now_and_then"]
Outcome = Literal["ran_out", "held", "more_came"]
HORIZONS = (7, 14, 28)
LEAST_FORECASTS = 30
LEAST_CALLS = 20
LEAST_ORDERS = 10
WANTED_COVERAGE = 0.8
LAST_YEAR_DAYS = 364
AVERAGE_DAYS = 28
SEGMENT_DAYS = 90
BINS = (0.02, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Score:
    """A forecast of the total over `horizon` days, and what came on those whose demand is known.

    Attributes:
        days: how many of them are known; `left_out`: how many are not, for the shelf was empty or no records came.
        said, low, high: the mean of the futures, and what a tenth of them is below and above.
        naive: the same days of last year's week, or the average of 28 days where there was no year.
    """

    segment: Segment
    horizon: int
    days: int
    left_out: int
    came: float
    said: float
    low: float
    high: float
    naive: float

    @property
    def counts(self) -> bool:
        """Half of the days at least are known: of fewer nobody can say what was wanted."""
        return self.days * 2 >= self.horizon

    @property
    def inside(self) -> bool:
        return self.low <= self.came <= self.high


def score(paths: NDArray[np.float32], origin: date, history: DemandHistory, horizon: int) -> Score:
    """What became of a forecast; days on which the shelf was empty are no miss of it, and are left out on both sides.

    Args:
        paths: shape (futures, days); the first column is the day after `origin`.
        history: of the item, reaching at least to the last day of the horizon.
    """
    begin = (origin - history.first_day).days + 1
    known = ~history.masked[begin : begin + horizon]
    came = history.quantity[begin : begin + horizon][known]
    totals = paths[:, : len(known)][:, known].astype(np.float64).sum(axis=1)
    low, high = np.quantile(totals, (0.1, 0.9), method="inverted_cdf")
    past = slice(max(begin - SEGMENT_DAYS, 0), begin)
    selling = history.quantity[past][~history.masked[past]] > 0
    return Score(
        "most_days" if len(selling) and selling.mean() >= 0.5 else "now_and_then",
        horizon,
        int(known.sum()),
        horizon - int(known.sum()),
        float(came.sum()),
        float(totals.mean()),
        float(low),
        float(high),
        _naive(history, begin, known),
    )


def _naive(history: DemandHistory, begin: int, known: NDArray[np.bool_]) -> float:
    ago = begin - LAST_YEAR_DAYS
    if ago >= 0 and not history.masked[ago : ago + len(known)].any():
        return float(history.quantity[ago : ago + len(known)][known].sum())
    lately = slice(max(begin - AVERAGE_DAYS, 0), begin)
    observed = history.quantity[lately][~history.masked[lately]]
    return float(observed.mean() * known.sum()) if len(observed) else 0.0


@dataclass(frozen=True)
class Accuracy:
    """How forecasts of one segment over one horizon did.

    Attributes:
        inside: how many of `n` came between low and high; eight of ten are wanted. `share`: with 95% certainty.
        bias: (said - came) / came, of all together; above 0: too much was said. None: nothing was wanted.
        error, naive_error: sum of |said - came| / came, of the forecast and of the simple rule.
        left_out: forecasts of which too few days are known.
        needs: how many more it takes; 0: enough.
    """

    segment: Segment
    horizon: int
    n: int
    inside: int
    share: tuple[float, float] | None
    bias: float | None
    error: float | None
    naive_error: float | None
    left_out: int
    needs: int

    @property
    def verdict(self) -> Literal["not_enough", "too_sure", "too_careful", "as_said"]:
        """Whether its intervals hold: eight of ten inside is what they promise."""
        if self.needs or self.share is None:
            return "not_enough"
        if self.share[1] < WANTED_COVERAGE:
            return "too_sure"
        return "too_careful" if self.share[0] > WANTED_COVERAGE else "as_said"


def accuracy(scores: Iterable[Score]) -> list[Accuracy]:
    """By segment and horizon, in this order."""
    groups: dict[tuple[Segment, int], list[Score]] = {}
    for one in scores:
        groups.setdefault((one.segment, one.horizon), []).append(one)
    return [_accuracy(segment, horizon, some) for (segment, horizon), some in sorted(groups.items())]


def _accuracy(segment: Segment, horizon: int, scores: Sequence[Score]) -> Accuracy:
    some = [one for one in scores if one.counts]
    wanted, n, inside = sum(one.came for one in some), len(some), sum(one.inside for one in some)

    def of_wanted(total: float) -> float | None:
        return total / wanted if wanted > 0 else None

    return Accuracy(
        segment,
        horizon,
        n,
        inside,
        wilson(inside, n) if n else None,
        of_wanted(sum(one.said - one.came for one in some)),
        of_wanted(sum(abs(one.said - one.came) for one in some)),
        of_wanted(sum(abs(one.naive - one.came) for one in some)),
        len(scores) - n,
        max(LEAST_FORECASTS - n, 0),
    )


@dataclass(frozen=True)
class Bin:
    """Calls of about the same risk, and how many of the items ran out: said and came should be the same."""

    low: float
    high: float
    n: int
    said: float
    ran_out: int
    share: tuple[float, float] | None
    needs: int

    @property
    def verdict(self) -> Literal["not_enough", "too_low", "too_high", "as_said"]:
        if self.needs or self.share is None:
            return "not_enough"
        if self.said < self.share[0]:
            return "too_low"
        return "too_high" if self.said > self.share[1] else "as_said"


def calibration(calls: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Bins of calls by (risk, whether it ran out); those of which nobody knows what would have been are not given."""
    found = []
    for low, high in pairwise(BINS):
        some = [(risk, out) for risk, out in calls if low <= risk < high or (high == 1.0 and risk == 1.0)]
        n, out = len(some), sum(ran_out for _, ran_out in some)
        said = sum(risk for risk, _ in some) / n if n else 0.0
        found.append(Bin(low, high, n, said, out, wilson(out, n) if n else None, max(LEAST_CALLS - n, 0)))
    return found


def outcome(ran_out: bool, came: float, foreseen: float) -> Outcome:
    """What became of a call. Where more came than was on order and it held, nobody knows what would have been."""
    if ran_out:
        return "ran_out"
    return "more_came" if came > foreseen else "held"
