"""What others of a category sell while one is promoted or out of stock: what it takes from them, or leaves them. Pure.

Measured as the lift of promotions is: beside what was usual in the eight weeks before.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from shelfwise.demand.lift import (
    LEAST_EVENTS,
    LONGEST_DAYS,
    UNKNOWN,
    Z80,
    Measure,
    Usual,
    days_of,
    known_days,
    measure,
    usual_before,
)
from shelfwise.demand.model import DemandHistory

# One among many others is named only where chance would hardly make it stand out: of fifty, one in ten thousand nights.
_Z_NAMED = 3.0
# What items differ by is told from so many; fewer are taken to differ by this much.
_ITEMS_FOR_SPREAD = 5
_USUAL_SPREAD = 0.2

Others = Sequence[tuple[DemandHistory, Collection[date]]]
"""Histories of items, each with the days on which it was promoted itself."""


def measure_others(others: Others, first: date, last: date) -> Measure:
    """What several items sold together from day to day, beside what was usual for them before.

    The spread is that of their sum: what goes up and down together, as all do in a busy week, is not taken for many
    witnesses.
    """
    days = days_of(first, last)[:LONGEST_DAYS]
    usuals: list[Usual] = []
    measured: set[date] = set()
    sold = expected = 0.0
    for history, promoted in others:
        known = known_days(history, promoted)
        usual = usual_before(history, known, (first - history.first_day).days)
        at = [one for day in days if (one := (day - history.first_day).days) < history.days and known[one]]
        if usual is None or not at:
            continue
        usuals.append(usual)
        measured |= {history.day(one) for one in at}
        sold += float(history.quantity[at].sum())
        expected += usual.expected(at)
    if not usuals:
        return UNKNOWN
    off = np.array([usual.off for usual in usuals])
    total = np.where(np.isnan(off).all(axis=0), np.nan, np.nansum(off, axis=0))
    usual_together = Usual(np.zeros(7), total, min(usual.days for usual in usuals))
    return usual_together.beside(sold, expected, len(measured))


def spells(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in a row as (first, last)."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and found[-1][1] == day - timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def measure_lost(history: DemandHistory, first: date, last: date, promoted: Collection[date]) -> Measure:
    """What an item sold on days out of stock, beside what was usual: the rest was lost, or went to others."""
    masked = history.masked.copy()
    begins = (first - history.first_day).days
    masked[max(begins, 0) : max(begins + (last - first).days + 1, 0)] = False
    return measure(replace(history, masked=masked), first, last, promoted)["during"]


@dataclass(frozen=True)
class Shift:
    """What an item lost while it was out of stock, and what the others of its category sold meanwhile."""

    lost: Measure
    others: Measure

    @property
    def missed(self) -> float:
        """How much of it was wanted and not sold."""
        return self.lost.expected - self.lost.sold

    @property
    def tells(self) -> bool:
        return self.lost.tells and self.others.tells and self.missed > self.lost.spread

    @property
    def share(self) -> float:
        """How much more the others sold, of what was missed."""
        return (self.others.sold - self.others.expected) / self.missed

    @property
    def variance(self) -> float:
        return (self.others.spread**2 + (self.share * self.lost.spread) ** 2) / self.missed**2


@dataclass(frozen=True)
class Share:
    """How much of what is wanted of an item goes to others while it is out of stock, with the range of 8 in 10 cases.

    Attributes:
        items: on how many items of the category it stands; 1: on its own numbers.
    """

    share: float
    low: float
    high: float
    items: int


def share_of(own: Shift | None, alike: Sequence[Shift]) -> Share | None:
    """The share of an item, drawn towards that of others of its category by as much as its own numbers leave open.

    Args:
        alike: of the other items of the category.

    Returns:
        None where the numbers do not carry it: too few, or it can be nothing at all.
    """
    mine = own if own is not None and own.tells else None
    telling = [one for one in (*alike, mine) if one is not None and one.tells]
    if len(telling) >= LEAST_EVENTS:
        shares, chance = np.array([one.share for one in telling]), np.array([one.variance for one in telling])
        between = _USUAL_SPREAD**2
        if len(telling) >= _ITEMS_FOR_SPREAD:
            between = max(0.0, float(shares.var(ddof=1)) - float(chance.mean()))
        weights = 1 / (chance + between)
        mean, doubt = float((weights * shares).sum() / weights.sum()), float(1 / weights.sum())
        weight = between / (between + mine.variance) if mine and between else 0.0
        share = mean + (weight * (mine.share - mean) if mine else 0.0)
        variance = (weight * mine.variance if mine else between) + (1 - weight) ** 2 * doubt
    elif mine:
        share, variance = mine.share, mine.variance
    else:
        return None
    wide = Z80 * math.sqrt(variance)
    if share - wide <= 0:
        return None
    count = len(telling) if len(telling) >= LEAST_EVENTS else 1
    return Share(min(share, 1.0), min(share - wide, 1.0), min(share + wide, 1.0), count)


def stands_out(one: Measure) -> bool:
    """Whether one among many others sold more by so much that chance would hardly do it."""
    return one.tells and one.log_factor > _Z_NAMED * math.sqrt(one.log_variance)
