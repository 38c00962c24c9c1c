"""What is expected, at one origin after the other, of the demand that an order has to cover. Pure.

An order placed now has to last until the order of the next review has come. How much will be wanted until then, and how
far that may be off, is an outlook: a moving average's or a forecast's. Levels follow it: what is expected, and so many
times the doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import Level
from shelfwise.planning.policies.recent import reaching
from shelfwise.planning.policies.replay import Ints


@dataclass(frozen=True, eq=False)
class Outlook:
    """Of demand until the order of the next review could come, from the origin on.

    Attributes:
        name: who expects it.
        mean, doubt: what is expected, and its standard deviation with that of lead times in it, shape (origins, items).
    """

    name: str
    mean: Floats
    doubt: Floats

    def level(self, safety: Level) -> Floats:
        """To order up to, shape (origins, items)."""
        level: Floats = self.mean + safety * self.doubt
        return level


def of_average(
    name: str,
    past: Floats,
    origins: Ints,
    leads: Sequence[Floats],
    *,
    window: int,
    spread_over: int | None = None,
    review: int = 1,
) -> Outlook:
    """A moving average with a normal safety stock.

    Args:
        past: demand by period, shape (items, periods); NaN: unknown. An origin knows what came before it.
        window: the mean is that of so many periods.
        spread_over: the standard deviation that of so many; None: of as many.
        leads: lead times of each item, as they were seen, in periods.
    """
    mean, _ = recent(past, origins, window)
    _, spread = recent(past, origins, spread_over or window)
    covers, jitter = (np.array([float(of(samples)) for samples in leads]) for of in (np.mean, np.std))
    covers = covers + review
    doubt = reaching(mean, spread, 1.0, covers, jitter) - covers * mean
    return Outlook(name, covers * mean, doubt)


def of_forecasts(name: str, mean: Floats, doubt: Floats, leads: Sequence[Floats], *, review: int = 1) -> Outlook:
    """Forecasts of running totals, which one lead time or another will be the last period of.

    Args:
        mean, doubt: of the total of the first 1, 2, ... periods ahead, shape (origins, items, ahead).
        leads: lead times of each item, as they were seen, in periods; rounded up.

    Raises:
        Invalid: a lead time and the review reach further than the forecasts.
    """
    reach = [np.ceil(samples).astype(np.int64) + review - 1 for samples in leads]
    longest = max(int(one.max()) for one in reach)
    if longest >= mean.shape[2]:
        expected = f"at least {longest + 1} periods ahead"
        raise Invalid(Fault("forecasts", expected, f"{mean.shape[2]}", "Forecast as far as an order has to last."))
    expected_mean, expected_doubt = np.empty(mean.shape[:2]), np.empty(mean.shape[:2])
    for item, last in enumerate(reach):
        totals, apart = mean[:, item, last], doubt[:, item, last]
        expected_mean[:, item] = totals.mean(axis=1)
        # The spread within the total of each lead time, and that between them.
        expected_doubt[:, item] = np.sqrt((apart**2).mean(axis=1) + totals.var(axis=1))
    return Outlook(name, expected_mean, expected_doubt)


def recent(past: Floats, origins: Ints, window: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what is known of the last `window` periods before each origin, shape (origins,
    items); of all that is known before it where that is less than two, else nothing."""
    known = ~np.isnan(past)
    filled = np.where(known, past, 0.0)
    count, total, squares = (
        np.concatenate((np.zeros((1, len(past))), np.cumsum(each.T, axis=0)))
        for each in (known.astype(np.float64), filled, filled**2)
    )
    since = np.maximum(origins - window, 0)
    few = count[origins] - count[since] < 2
    number, sums, second = (
        np.where(few, each[origins], each[origins] - each[since]) for each in (count, total, squares)
    )
    mean = sums / np.maximum(number, 1.0)
    spread: Floats = np.sqrt(np.maximum(second - sums * mean, 0.0) / np.maximum(number - 1, 1.0))
    return mean, spread
