"""Stockouts suspected from sales alone, where a steady seller suddenly does not sell: an estimate. Pure."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]

STEADY_DAYS = 56
STEADY_SHARE = 0.8
BY_CHANCE = 0.001


def shortest_gap(share: float) -> int:
    """How many days in a row without a sale chance explains less than once in a thousand times.

    Args:
        share: of open days on which the item sold lately, from 0.8 to 1.
    """
    # An item that sold on every day may still skip one: it is taken as one that skips one day more than it did.
    quiet = max(1 - share, 1 / STEADY_DAYS)
    return math.ceil(math.log(BY_CHANCE) / math.log(quiet))


def suspected(sold: Flags, opened: Flags) -> tuple[Flags, Flags]:
    """(days on which the item was a steady seller, days of these in a gap too long for chance).

    A steady seller sold on four of five of the 56 open days before. A gap counts only once it is over: what never sells
    again was delisted, or replaced, for all that sales can tell.

    Args:
        sold: by day, whether the item sold; from its first sale on.
        opened: by day, whether the site sold anything at all.
    """
    steady, gap = np.zeros(len(sold), bool), np.zeros(len(sold), bool)
    days = np.flatnonzero(opened)
    selling = sold[days]
    before = np.concatenate(([0], np.cumsum(selling)))
    index = STEADY_DAYS
    while index < len(days):
        share = float(before[index] - before[index - STEADY_DAYS]) / STEADY_DAYS
        if share < STEADY_SHARE:
            index += 1
            continue
        following = np.flatnonzero(selling[index:])
        if not len(following):
            break
        length = int(following[0])
        steady[days[index : index + length + 1]] = True
        if length >= shortest_gap(share):
            gap[days[index : index + length]] = True
        index += length + 1
    return steady, gap
