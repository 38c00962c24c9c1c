"""Items with next to no history of their own, forecast as others of their category sold. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.demand.model import MIN_OBSERVED_DAYS, Paths
from shelfwise.demand.panel import Column, Numbers
from shelfwise.demand.simple.alike import CATEGORY

OWN_DAYS = 28
"""So many days of its own count as much as all that others of the category tell."""


@dataclass(frozen=True)
class Cold:
    """What is known of an item itself: on how many days, and how much a day."""

    days: int
    mean: float


def cold(quantity: Numbers, category: Column | None) -> dict[int, Cold]:
    """By series, those with too few known days for a forecast of their own, in a category where another has enough."""
    if category is None:
        return {}
    known = (~np.isnan(quantity)).sum(axis=1)
    of = category.values[:, -1]
    enough = {float(one) for one in of[known >= MIN_OBSERVED_DAYS] if not np.isnan(one)}
    few = [int(one) for one in np.flatnonzero(known < MIN_OBSERVED_DAYS) if float(of[one]) in enough]
    return {one: Cold(int(known[one]), float(np.nansum(quantity[one]) / max(known[one], 1))) for one in few}


def towards_own(paths: Paths, own: Cold) -> Paths:
    """What others of the category may sell, drawn towards the item's own level the more days of its own are known.

    Args:
        paths: shape (paths, days).
    """
    others = float(paths.mean())
    if others <= 0:
        return paths
    level = (OWN_DAYS * others + own.days * own.mean) / (OWN_DAYS + own.days)
    drawn: Paths = (paths * (level / others)).astype(np.float32)
    return drawn


def category_column(categories: Sequence[str], days: int) -> Column | None:
    """What each item is; None where nobody said of any."""
    labels = tuple(sorted({one for one in categories if one}))
    if not labels:
        return None
    place: Numbers = np.array([labels.index(one) if one else np.nan for one in categories], np.float32)
    return Column(CATEGORY, np.broadcast_to(place[:, None], (len(categories), days)), labels, ahead=True)
