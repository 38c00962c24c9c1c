"""Demand of one item at one site: daily history, the scores of a race, a forecast as sample paths. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid, shorten

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Paths = NDArray[np.float32]

LARGEST_QUANTITY = 1e12
"""More than this in one day is taken for a mistake."""

MIN_OBSERVED_DAYS = 14
"""With fewer known days than this there is no forecast, and it is said so."""

ISOLATED_FACTOR = 10.0
ISOLATED_AMONG = 8
NOT_ENOUGH = "not enough evidence"


@dataclass(frozen=True, eq=False)
class DemandHistory:
    """Daily demand without holes.

    Attributes:
        first_day: the site-local day of ``quantity[0]``.
        quantity: shape (n,), float64, in the item's unit, finite and not negative.
        masked: shape (n,); True where the demand is unknown (out of stock, no records). Such a day is neither
            trained on nor scored: what was sold from an empty shelf says nothing about what was wanted.

    Raises:
        Invalid: shapes differ, or an unmasked quantity is negative, not finite or beyond belief.
    """

    first_day: date
    quantity: Floats
    masked: Flags

    def __post_init__(self) -> None:
        if self.quantity.ndim != 1 or self.quantity.shape != self.masked.shape:
            raise Invalid(
                Fault(
                    "demand history",
                    "two vectors of one length",
                    f"{self.quantity.shape} and {self.masked.shape}",
                    "Give a quantity and a mask for each day.",
                )
            )
        known = self.quantity[~self.masked]
        with np.errstate(invalid="ignore"):
            wrong = known[~((known >= 0) & (known <= LARGEST_QUANTITY))]
        if len(wrong):
            raise Invalid(
                Fault(
                    "demand history",
                    f"quantities from 0 to {LARGEST_QUANTITY:g}",
                    shorten(float(wrong[0])),
                    "Mask days whose demand is not known; correct the order lines of the others.",
                )
            )

    @property
    def days(self) -> int:
        return len(self.quantity)

    @property
    def last_day(self) -> date:
        """The last day known; for an empty history the day before the first."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def observed(self) -> Floats:
        """The quantities of the days whose demand is known."""
        return self.quantity[~self.masked]

    def until(self, days: int) -> DemandHistory:
        """The first `days` days; everything later is cut away, not hidden."""
        return DemandHistory(self.first_day, self.quantity[:days], self.masked[:days])

    def day(self, index: int) -> date:
        return self.first_day + timedelta(days=index)


@dataclass(frozen=True)
class SetAside:
    """A day left out of training and scoring because it stands alone, shown so that a person can judge."""

    day: date
    quantity: float


def screen(history: DemandHistory) -> tuple[DemandHistory, tuple[SetAside, ...]]:
    """Set aside days that stand alone: ten times every other day, where at least eight others had demand.

    One mistyped order (80,995 paper planes) would otherwise be reordered for a month. Two such days support
    each other and stay; slow movers with few days of demand are never touched.
    """
    masked = history.masked.copy()
    aside: list[SetAside] = []
    while True:
        selling = np.flatnonzero(~masked & (history.quantity > 0))
        if len(selling) <= ISOLATED_AMONG:
            break
        order = np.argsort(history.quantity[selling], kind="stable")
        largest, second = selling[order[-1]], selling[order[-2]]
        if history.quantity[largest] <= ISOLATED_FACTOR * history.quantity[second]:
            break
        masked[largest] = True
        aside.append(SetAside(history.day(int(largest)), float(history.quantity[largest])))
    if not aside:
        return history, ()
    return DemandHistory(history.first_day, history.quantity, masked), tuple(aside)


@dataclass(frozen=True)
class Scores:
    """How a method did over all windows of a race; totals are cumulative demand over a window's known days.

    Attributes:
        wape: sum of absolute errors of days / sum of demand; None where nothing was demanded.
        bias: (sum forecast - sum demand) / sum of demand; None likewise.
        pinball: mean pinball loss of the totals at quantiles 0.5 and 0.9, in units; lower is better.
        coverage: share of windows whose total lay within the 10%..90% quantiles (wanted: 0.8 or a little
            more).
    """

    wape: float | None
    bias: float | None
    pinball: float
    coverage: float


@dataclass(frozen=True)
class RaceResult:
    """A race of all methods over the same windows.

    Attributes:
        horizon: days of a window.
        origins: the last known day of each window, oldest first.
        scores: by method's name.
        winner: the name of the method with the lowest pinball loss; the simpler one on a tie.
    """

    horizon: int
    origins: tuple[date, ...]
    scores: dict[str, Scores]
    winner: str


@dataclass(frozen=True, eq=False)
class Forecast:
    """What may be demanded on each of the days after the history's last.

    Attributes:
        model: the method's name, or `NOT_ENOUGH`.
        paths: shape (paths, horizon), float32, finite and not negative; whole numbers where the history has
            only whole numbers. Each row is one possible future, so that totals over any stretch keep their
            spread. Shape (0, horizon) where there is not enough evidence: unknown is not zero.
        race: None where the history is too short for one.
        observed_days: known days the forecast stands on.
        masked_days: days left out because they are unknown.
        set_aside: days left out because they stand alone.
    """

    model: str
    paths: Paths
    race: RaceResult | None
    observed_days: int
    masked_days: int
    set_aside: tuple[SetAside, ...]

    @property
    def enough(self) -> bool:
        return self.model != NOT_ENOUGH

    def summary(self) -> dict[str, Any]:
        """What pages show, fit for JSON: quantiles by day and cumulative, the race, what was left out."""
        result: dict[str, Any] = {
            "model": self.model,
            "observed_days": self.observed_days,
            "masked_days": self.masked_days,
            "set_aside": [{"day": one.day.isoformat(), "quantity": one.quantity} for one in self.set_aside],
            "race": _race_table(self.race),
        }
        if self.enough:
            paths = self.paths.astype(np.float64)
            result |= {"mean": _rounded(paths.mean(axis=0))} | _quantiles(paths)
            result["cumulative"] = _quantiles(np.cumsum(paths, axis=1))
        return result


def _quantiles(paths: Floats) -> dict[str, list[float]]:
    rows = np.quantile(paths, (0.1, 0.5, 0.9), axis=0, method="inverted_cdf")
    return {name: _rounded(row) for name, row in zip(("q10", "q50", "q90"), rows, strict=True)}


def _rounded(row: Floats) -> list[float]:
    return [float(value) for value in np.round(row, 3)]


def _race_table(race: RaceResult | None) -> dict[str, Any] | None:
    if race is None:
        return None
    return {
        "horizon": race.horizon,
        "windows": len(race.origins),
        "origins": [day.isoformat() for day in race.origins],
        "winner": race.winner,
        "scores": {
            name: {
                "wape": _or_none(scores.wape),
                "bias": _or_none(scores.bias),
                "pinball": round(scores.pinball, 4),
                "coverage": round(scores.coverage, 4),
            }
            for name, scores in race.scores.items()
        },
    }


def _or_none(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
