"""Forecasts of one evening against what came, and the moving average of the same evening beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import DemandHistory, Flags, Floats, Paths
from shelfwise.demand.panel import Prediction, daily
from shelfwise.demand.race.marks import JUDGED, Marks, covered, mark
from shelfwise.demand.race.segments import SEGMENTS, Segment, segments
from shelfwise.demand.simple.methods import moving_average
from shelfwise.demand.simple.past import Past

SCORED_DAYS = 28
HALVES = 2
HALF = SCORED_DAYS // HALVES
TOTALS = (7, SCORED_DAYS)
"""The stretches whose total is judged: one with each half."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Marks of several forecasts of one evening; every array has the shape (forecasts, 2).

    Attributes:
        marks: of the forecasts; `average`: of the moving average, whose `absolute` and `scaled` alone mean anything.
        total_covered: of the total of 7 and of 28 days; NaN where less than half of them is known.
    """

    segments: tuple[Segment, ...]
    marks: Marks
    average: Marks
    total_covered: Floats


def came(history: DemandHistory, origin: date) -> tuple[Floats, Flags]:
    """What came on each of the days scored after `origin`, and on which of them it is known.

    Days that the history does not reach, or on which nobody knows what was wanted, are zero and not known.
    """
    begin = (origin - history.first_day).days + 1
    quantity, known = np.zeros(SCORED_DAYS), np.zeros(SCORED_DAYS, bool)
    begins, ends = max(begin, 0), min(begin + SCORED_DAYS, history.days)
    if begins < ends:
        known[begins - begin : ends - begin] = ~history.masked[begins:ends]
        quantity[begins - begin : ends - begin] = history.quantity[begins:ends]
    return np.where(known, quantity, 0.0), known


def seen(forecast_id: int, quantity: Floats, known: Flags) -> tuple[bytes, bytes]:
    """A digest for each half of what a forecast is scored against."""
    return tuple(  # type: ignore[return-value]
        blake2b(
            b"%d:%s%s" % (forecast_id, quantity[begin:end].tobytes(), known[begin:end].tobytes()), digest_size=8
        ).digest()
        for begin, end in ((0, HALF), (HALF, SCORED_DAYS))
    )


def judge(origin: date, histories: Sequence[DemandHistory], paths: Sequence[Paths]) -> Judged:
    """Judge forecasts of one evening.

    Args:
        histories: of each item, to the newest day known; beginning by `origin`.
        paths: of each item, shape (futures, 28 days or more); the first day is the one after `origin`.
    """
    past = daily(origin, histories, SCORED_DAYS, [("", "")] * len(histories))
    after = [came(one, origin) for one in histories]
    quantity = np.stack([one for one, _ in after])
    counted = np.stack([one for _, one in after])
    said = _prediction(paths, counted)
    average = np.nan_to_num(moving_average(Past.of(past), np.array([past.periods]), SCORED_DAYS)[:, 0])
    return Judged(
        tuple(SEGMENTS[one] for one in segments(past)),
        mark(past, quantity, said, counted),
        mark(past, quantity, _surely(average), counted),
        _totals_covered(quantity, said, counted),
    )


def _prediction(paths: Sequence[Paths], counted: NDArray[np.bool_]) -> Prediction:
    """What the futures say of days, and of running totals over the days that count."""
    futures = [one[:, :SCORED_DAYS].astype(np.float64) for one in paths]
    days = [_quantiles(one) for one in futures]
    totals = [_quantiles(np.cumsum(one * some, axis=1)) for one, some in zip(futures, counted, strict=True)]
    return Prediction(
        mean=np.stack([one.mean(axis=0) for one in futures]).astype(np.float32),
        quantiles={level: np.stack([one[at] for one in days]).astype(np.float32) for at, level in enumerate(JUDGED)},
        totals={level: np.stack([one[at] for one in totals]).astype(np.float32) for at, level in enumerate(JUDGED)},
        models=("",) * len(futures),
        paths=None,
        notes={},
    )


def _surely(mean: Floats) -> Prediction:
    """A forecast that knows no doubt."""
    same = {level: mean.astype(np.float32) for level in JUDGED}
    return Prediction(mean.astype(np.float32), same, same, ("",) * len(mean), None, {})


def _quantiles(futures: Floats) -> Floats:
    found: Floats = np.quantile(futures, JUDGED, axis=0, method="inverted_cdf")
    return found


def _totals_covered(quantity: Floats, said: Prediction, counted: NDArray[np.bool_]) -> Floats:
    last = [days - 1 for days in TOTALS]
    running = np.cumsum(quantity, axis=1)[:, last]
    inside = covered(running, [said.totals[level][:, last].astype(np.float64) for level in JUDGED])
    enough = np.stack([counted[:, :days].sum(axis=1) * 2 >= days for days in TOTALS], axis=1)
    return np.where(enough, inside, np.nan)
