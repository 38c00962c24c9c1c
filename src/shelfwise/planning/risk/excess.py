"""What is too much of an item: more than will sell, what expires before it sells, what sells no more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from shelfwise.planning.model import Floats

SURE = 0.9
"""What is beyond this quantile of demand will not sell in time in nine of ten futures."""
IDLE_DAYS = 90
"""Nothing sold for so long: it is said."""


@dataclass(frozen=True)
class Dated:
    """A lot that can be sold for so many more days, its last day included."""

    lot: str
    last_day: date
    quantity: float
    days: int


@dataclass(frozen=True)
class Wasted:
    """How much of a lot will not have sold by its last day, on average; `likely`: the probability that any is left."""

    lot: str
    last_day: date
    quantity: float
    likely: float


@dataclass(frozen=True)
class Excess:
    """What is too much of an item.

    Attributes:
        daily: what sells on a day, on average; None: nobody knows.
        cover_days: so long what is there lasts at that pace; None: nothing sells, or nobody knows.
        surplus: units there beyond what sells in time, see `SURE`.
        coming: units on order beyond it.
        wasted: lots of which some will expire, the soonest first.
        idle_days: since anything was sold, or since it came and nothing was ever sold; None: it sells.
    """

    daily: float | None
    cover_days: float | None
    surplus: float
    coming: float
    wasted: tuple[Wasted, ...]
    idle_days: int | None

    @property
    def waste(self) -> float:
        return sum(one.quantity for one in self.wasted)

    @property
    def too_much(self) -> float:
        """Units there that will not be sold in time, for whatever reason."""
        return max(self.surplus, self.waste)


def excess(
    available: float, coming: float, demand: Floats | None, days: int, lots: Sequence[Dated], owed: float,
    idle_days: int | None,
) -> Excess:  # fmt: skip
    """
    Args:
        available: free to sell now.
        coming: on order.
        demand: possible futures, shape (futures, days or more), as long as the lots last; None: there is no forecast.
            Then only what is idle is too much.
        days: the longest cover wanted: what sells in so many days is not too much.
        lots, owed: see `wasting`.
        idle_days: since the last sale; None: nobody knows.
    """
    idle = idle_days if idle_days is not None and idle_days >= IDLE_DAYS and available > 0 else None
    if demand is None:
        return Excess(None, None, max(available, 0.0) if idle else 0.0, 0.0, (), idle)
    in_time = demand[:, :days]
    sells, daily = float(np.quantile(in_time.sum(axis=1), SURE)), float(in_time.mean())
    surplus = max(available - sells, 0.0)
    beyond = max(available + coming - sells, 0.0) - surplus
    cover = max(available, 0.0) / daily if daily > 0 else None
    return Excess(daily, cover, surplus, beyond, wasting(demand, lots, owed), idle)


def wasting(demand: Floats, lots: Sequence[Dated], owed: float) -> tuple[Wasted, ...]:
    """What of each lot will be left on its last day, where what expires first is sold first.

    Each lot serves what is wanted until its last day and was not served by those that expire before it. That is exact
    as long as nothing arrives that expires sooner; undated stock goes last.

    Args:
        demand: possible futures, shape (futures, days), at least as long as the lots last.
        owed: promised already: the first lots serve it.
    """
    total = owed + np.cumsum(demand, axis=1)
    used = np.zeros(len(demand))
    found = []
    for one in sorted(lots, key=lambda lot: (lot.last_day, lot.lot)):
        wanted = total[:, min(one.days, total.shape[1]) - 1] if one.days > 0 else np.full(len(demand), owed)
        sold = np.clip(wanted - used, 0.0, one.quantity)
        used += sold
        left = one.quantity - sold
        if left.any():
            found.append(Wasted(one.lot, one.last_day, float(left.mean()), float((left > 0).mean())))
    return tuple(found)
