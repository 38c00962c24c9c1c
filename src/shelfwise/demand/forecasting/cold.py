"""Items with next to no history of their own, forecast as others of their category sold. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.demand.futures import whole_numbers
from shelfwise.demand.model import MIN_OBSERVED_DAYS, Floats, Paths
from shelfwise.demand.panel import Column, Numbers, Panel
from shelfwise.demand.race.segments import segments
from shelfwise.demand.simple.alike import CATEGORY, ENDED

OWN_DAYS = 28
"""So many days of its own count as much as all that others of the category tell."""


@dataclass(frozen=True)
class Cold:
    """What is known of an item itself: on how many days, how much a day, and whether it sells by whole units."""

    days: int
    mean: float
    whole: bool = True


def cold(panel: Panel, category: Column | None) -> dict[int, Cold]:
    """By series, those with too few known days for a forecast of their own, in a category where another has enough and
    has not ended."""
    if category is None:
        return {}
    quantity = panel.quantity
    known = (~np.isnan(quantity)).sum(axis=1)
    of = category.values[:, -1]
    telling = (known >= MIN_OBSERVED_DAYS) & (segments(panel) != ENDED)
    enough = {float(one) for one in of[telling] if not np.isnan(one)}
    few = [int(one) for one in np.flatnonzero(known < MIN_OBSERVED_DAYS) if float(of[one]) in enough]
    return {one: _own(quantity[one][~np.isnan(quantity[one])]) for one in few}


def _own(told: Numbers) -> Cold:
    return Cold(len(told), float(told.mean()) if len(told) else 0.0, bool((told % 1 == 0).all()))


def towards_own(paths: Paths, own: Cold) -> Paths:
    """What others of the category may sell, drawn towards the item's own level the more days of its own are known.

    Args:
        paths: shape (paths, days); whole numbers stay so. NaN on days that are closed.
    """
    others = float(np.nanmean(paths))
    if others <= 0:
        return paths
    level = (OWN_DAYS * others + own.days * own.mean) / (OWN_DAYS + own.days)
    known = np.nan_to_num(paths).astype(np.float64)
    drawn = known * (level / others)
    if own.whole and (known % 1 == 0).all():
        drawn = whole_numbers(drawn, np.random.default_rng(own.days))
    return np.where(np.isnan(paths), np.float32(np.nan), drawn.astype(np.float32))


def category_column(categories: Sequence[str], units: Sequence[str], days: int) -> Column | None:
    """What each item is, and in what it is counted; None where nobody said of any.

    A hundred grams and a hundred pieces of one category are not alike.
    """
    categories = [f"{one} ({unit})" if one else "" for one, unit in zip(categories, units, strict=True)]
    labels = tuple(sorted({one for one in categories if one}))
    if not labels:
        return None
    place: Numbers = np.array([labels.index(one) if one else np.nan for one in categories], np.float32)
    return Column(CATEGORY, np.broadcast_to(place[:, None], (len(categories), days)), labels, ahead=True)


def weights(panel: Panel, units: Sequence[str]) -> Floats | None:
    """By series, how much its loss counts in a race: thousands of grams no more than some pieces; None: one unit."""
    if len(set(units)) < 2:
        return None
    each = np.nan_to_num(panel.quantity).mean(axis=1, dtype=np.float64)
    of = np.array(units)
    mean = {unit: float(each[of == unit].mean()) for unit in set(units)}
    return np.array([1 / mean[unit] if mean[unit] > 0 else 1.0 for unit in units])
