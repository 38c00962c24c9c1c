"""What the simple methods look at: the past of some series, with sums that answer any window at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shelfwise.demand.model import Floats
from shelfwise.demand.panel import Frequency, Panel

Origins = NDArray[np.int64]


@dataclass(frozen=True)
class Rhythm:
    """What is sensible for one frequency, in periods.

    Attributes:
        window: what a moving average looks back on.
        least: with fewer known periods in the window than this, all of the past is looked at.
        season: the cycle inside a month: a week of days; 1 where there is none.
        year: the same period a year ago; for days the same weekday.
        alike: what the level of now is compared by with that of a year ago.
    """

    window: int
    least: int
    season: int
    year: int
    alike: int


RHYTHMS = {
    Frequency.DAY: Rhythm(28, 7, 7, 364, 56),
    Frequency.WEEK: Rhythm(8, 3, 1, 52, 8),
    Frequency.MONTH: Rhythm(12, 3, 1, 12, 6),
}


@dataclass(frozen=True, eq=False)
class Past:
    """The history of some series.

    Every method answers for origins: row `o` knows the periods before `o` and nothing else.
    """

    quantity: Floats
    rhythm: Rhythm

    @classmethod
    def of(cls, panel: Panel) -> Past:
        return cls(panel.quantity.astype(np.float64), RHYTHMS[panel.frequency])

    @property
    def series(self) -> int:
        return int(self.quantity.shape[0])

    @property
    def periods(self) -> int:
        return int(self.quantity.shape[1])

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.quantity)

    @cached_property
    def _sums(self) -> Floats:
        return running(np.where(self.known, self.quantity, 0.0))

    @cached_property
    def _counts(self) -> Floats:
        return running(self.known.astype(np.float64))

    def mean(self, origins: Origins, window: int, least: int = 1) -> Floats:
        """The mean of the known among the last `window` periods before each origin, (series, origins).

        With fewer than `least` of them the mean of all that was known before; NaN where nothing was.
        """
        first = np.maximum(origins - window, 0)
        count = self._counts[:, origins] - self._counts[:, first]
        total = self._sums[:, origins] - self._sums[:, first]
        few = count < least
        return ratio(
            np.where(few, self._sums[:, origins], total), np.where(few, self._counts[:, origins], count), np.nan
        )

    def profile(self, origins: Origins, weeks: int = 26) -> Floats:
        """How much of an average day each day of the cycle is, (series, origins, season), by whole cycles before.

        Place `d` speaks for the periods whose number leaves `d` when divided by the season. A few cycles say little:
        each day is drawn towards an average one as if two more had been seen.
        """
        season = self.rhythm.season
        cycles = self.periods // season
        shape = (self.series, cycles, season)
        known = self.known[:, : cycles * season].reshape(shape)
        sums = running(np.where(known, self.quantity[:, : cycles * season].reshape(shape), 0.0))
        counts = running(known.astype(np.float64))
        last = np.minimum(origins // season, cycles)
        first = np.maximum(last - weeks, 0)
        total, count = sums[:, last] - sums[:, first], counts[:, last] - counts[:, first]
        average = ratio(total.sum(axis=2), count.sum(axis=2), 0.0)[:, :, None]
        return ratio(total + 2 * average, (count + 2) * average, 1.0)


def running(values: Floats) -> Floats:
    """Running sums along the second axis, from zero."""
    start = np.zeros((values.shape[0], 1, *values.shape[2:]))
    return np.concatenate((start, np.cumsum(values, axis=1)), axis=1)


def ratio(above: Floats, below: Floats, otherwise: float) -> Floats:
    """One divided by the other; `otherwise` where that is not possible."""
    result: Floats = np.divide(above, below, out=np.full(np.broadcast(above, below).shape, otherwise), where=below > 0)
    return result
