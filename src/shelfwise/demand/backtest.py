"""The race of the methods on an item's own past, and the forecast by its winner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.demand.methods import METHODS, Method, sample_paths
from shelfwise.demand.model import (
    MIN_OBSERVED_DAYS,
    NOT_ENOUGH,
    DemandHistory,
    Flags,
    Floats,
    Forecast,
    Paths,
    RaceResult,
    Scores,
    screen,
)

RACE_DAYS = 14
RACE_WINDOWS = 6
RACE_PATHS = 200
FORECAST_PATHS = 256
MIN_TRAINING_DAYS = 28
QUANTILES = (0.1, 0.5, 0.9)


def forecast(history: DemandHistory, horizon: int, paths: int, rng: np.random.Generator) -> Forecast:
    """Race the methods, then let the winner draw `paths` possible futures of `horizon` days.

    Without a race (a short history) the moving average speaks; with fewer than 14 known days nobody does.
    """
    screened, aside = screen(history)
    observed = len(screened.observed)
    masked = int(history.masked.sum())
    if observed >= MIN_OBSERVED_DAYS:
        result = race(history, min(horizon, RACE_DAYS), RACE_WINDOWS, rng)
        winner = METHODS[0] if result is None else next(one for one in METHODS if one.name == result.winner)
        drawn = sample_paths(winner, screened, horizon, paths, rng)
        if drawn is not None:
            return Forecast(winner.name, drawn, result, observed, masked, aside)
    return Forecast(NOT_ENOUGH, np.zeros((0, horizon), np.float32), None, observed, masked, aside)


def race(history: DemandHistory, horizon: int, windows: int, rng: np.random.Generator) -> RaceResult | None:
    """Let every method forecast the same past windows and score the totals.

    Windows do not overlap; the last one ends with the history. A method sees the history cut off at the
    window's origin. The winner has the lowest mean pinball loss of the totals at 0.5 and 0.9: planning orders
    by quantiles of totals, and on slow movers a forecast of zero would win by absolute error (WAPE) and never
    order anything.

    Returns:
        None where no window has enough days before it, or none was known for half of its days.
    """
    drawn = windows_of(history, horizon, windows, rng)
    if not drawn:
        return None
    screened, _ = screen(history)
    actual = [screened.quantity[window.known : window.known + horizon] for window in drawn]
    unknown = [screened.masked[window.known : window.known + horizon] for window in drawn]
    scores = {
        method.name: score([window.paths[method.name] for window in drawn], actual, unknown) for method in METHODS
    }
    origins = tuple(history.day(window.known - 1) for window in drawn)
    return RaceResult(horizon, origins, scores, best(METHODS, scores))


@dataclass(frozen=True, eq=False)
class Window:
    """What every method drew when only the first `known` days of the history had happened."""

    known: int
    paths: dict[str, Paths]


def windows_of(history: DemandHistory, horizon: int, windows: int, rng: np.random.Generator) -> tuple[Window, ...]:
    """The windows of a race, oldest first."""
    screened, _ = screen(history)
    drawn: list[Window] = []
    for known in reversed(range(history.days - horizon, 0, -horizon)[:windows]):
        past, _ = screen(history.until(known))
        if len(past.observed) < MIN_TRAINING_DAYS:
            continue
        if screened.masked[known : known + horizon].sum() * 2 > horizon:
            continue
        paths = {method.name: sample_paths(method, past, horizon, RACE_PATHS, rng) for method in METHODS}
        complete = {name: one for name, one in paths.items() if one is not None}
        if len(complete) == len(METHODS):
            drawn.append(Window(known, complete))
    return tuple(drawn)


def best(methods: Sequence[Method], scores: dict[str, Scores]) -> str:
    """The name with the lowest pinball loss; of equals the one listed first, which is the simplest."""
    return min((method.name for method in methods), key=lambda name: scores[name].pinball)


def score(paths: Sequence[Paths], actual: Sequence[Floats], unknown: Sequence[Flags]) -> Scores:
    """Score the forecasts of several windows against what came.

    Args:
        paths: for each window, shape (paths, horizon).
        actual: for each window, shape (horizon,).
        unknown: for each window, the days to leave out.
    """
    absolute = difference = demand = pinball = 0.0
    covered = 0
    for futures, came, left_out in zip(paths, actual, unknown, strict=True):
        counted = ~left_out
        known = futures[:, counted].astype(np.float64)
        wanted = came[counted]
        errors = known.mean(axis=0) - wanted
        absolute += float(np.abs(errors).sum())
        difference += float(errors.sum())
        demand += float(wanted.sum())
        total = float(wanted.sum())
        low, middle, high = _quantiles(known.sum(axis=1))
        pinball += (_pinball(total, middle, 0.5) + _pinball(total, high, 0.9)) / 2
        covered += low <= total <= high
    number = len(paths)
    return Scores(
        absolute / demand if demand > 0 else None,
        difference / demand if demand > 0 else None,
        pinball / number,
        covered / number,
    )


def _quantiles(sample: Floats) -> tuple[float, ...]:
    """The smallest value of the sample that each share of it does not exceed."""
    ordered = np.sort(sample)
    return tuple(float(ordered[max(math.ceil(level * len(ordered) - 1e-9), 1) - 1]) for level in QUANTILES)


def _pinball(came: float, quantile: float, level: float) -> float:
    return float(max(level * (came - quantile), (level - 1) * (came - quantile)))
