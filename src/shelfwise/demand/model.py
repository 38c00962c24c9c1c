"""Demand of one item at one site: its daily history. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

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
