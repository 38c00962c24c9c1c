"""How two sensors of a zone usually differ, hour by hour of the day, and how far they part from that by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Hours = Mapping[int, float]
# By day since 1970, its 24 hourly means; None: it said nothing then, or was not believed.
Days = Mapping[int, Sequence[float | None]]

WINDOW = 24
# Of fewer hours a day would be told with its mornings or nights missing.
HOURS_NEEDED = 20
DAYS_NEEDED = 7
DAYS_KEPT = 28
# The last hours of a day, which tell what lasts from what fades.
_LATELY, _LATELY_NEEDED = 8, 6
# How often a day's stray is looked at, in hours: more often says little more, as they share most of their hours.
STEP = 6
# This share of a day's weight is left out at either end: doors, defrosting, single wrong values.
_EXTREMES = 0.15
# No hour is taken for steadier than half of what is usual, nor than a fiftieth of a unit.
_STEADIEST, _LEAST_SPREAD = 0.5, 0.02
# However alike the days of one name are, what one week says of them is not believed to more than five sixths.
_LEAST_DOUBT = 0.2
_BLOCK = 6


@dataclass(frozen=True, eq=False)
class Usual:
    """How the difference of two sensors was on the days before.

    Attributes:
        profile: shape (24,), what it is by the hour of the day.
        weekdays: shape (7, 4), what the parts of a weekday add; day 0 of 1970 is a Thursday and the first row.
        weights: shape (24,), how much an hour of the day counts: steady ones more than those with doors and defrosting.
        middle: of how far it was from the profile over 24 hours.
        strays: shape (n,), how far it was from that middle, looked at each `STEP` hours; NaN: unknown.
        by_day: the mean difference of each day that is known, oldest first.
    """

    profile: Floats
    weekdays: Floats
    weights: Floats
    middle: float
    strays: Floats
    by_day: Sequence[float]


def usual(one: Floats, other: Floats, first_day: int) -> Usual | None:
    """What two sensors' hourly means of shape (days, 24) say of their difference; None: too few days of both.

    The profile is the median by the hour of the day, smoothed; an hour's weight comes from its spread about it (median
    absolute deviation). What the parts of a weekday add is believed as far as weekdays differ, and each day is held
    against what the other days of its name said: what a day itself says must not make it look usual.
    """
    apart = one - other
    whole = np.isfinite(apart).sum(axis=1) >= HOURS_NEEDED
    if whole.sum() < DAYS_NEEDED:
        return None
    profile = _smooth(_median(apart, float(np.nanmedian(apart))))
    left = apart - profile
    spread = 1.48 * _median(np.abs(left), float(np.nanmedian(np.abs(left))))
    variance = _smooth(_smooth(spread**2))
    weights = 1 / (variance + _STEADIEST * np.median(variance) + _LEAST_SPREAD**2)
    weekdays, added = _weekdays(left, first_day)
    flat = (left - added).ravel()
    windows = np.lib.stride_tricks.sliding_window_view(flat, WINDOW)[::STEP]
    starts = np.arange(0, flat.size - WINDOW + 1, STEP) % WINDOW
    far = _middle(windows, weights[(starts[:, None] + np.arange(WINDOW)) % WINDOW])
    middle = float(np.nanmedian(far))
    return Usual(profile, weekdays, weights, middle, far - middle, by_day(apart))


def strays(known: Sequence[Usual], apart: Floats, hour: int) -> tuple[Floats, Floats]:
    """How far differences are from their usual over the 24 hours that end with this hour, since 1970; NaN: unknown.

    Args:
        apart: shape (n, 24), the difference of each two by the hour.

    Returns:
        Over all of these hours, and over the last few of them.
    """
    hours = np.arange(hour - WINDOW + 1, hour + 1)
    left = np.array(
        [
            now - one.profile[hours % 24] - one.weekdays[hours // 24 % 7, hours % 24 // _BLOCK] - one.middle
            for one, now in zip(known, apart, strict=True)
        ]
    )
    weights = np.array([one.weights[hours % 24] for one in known])
    return _middle(left, weights), _middle(left[:, -_LATELY:], weights[:, -_LATELY:], _LATELY_NEEDED)


def means(apart: Floats) -> Floats:
    """The mean of each row of shape (n, 24) without its extremes; NaN: too few hours of both."""
    return _middle(apart, np.ones(apart.shape))


def by_day(apart: Floats) -> list[float]:
    """The mean of each day of which enough is known, oldest first, of differences of shape (days, 24)."""
    return [float(known) for known in means(apart) if not np.isnan(known)]


def level(day: Floats) -> float | None:
    """The median of a day's hourly means, shape (24,); None: too few."""
    known = day[np.isfinite(day)]
    return float(np.median(known)) if known.size >= HOURS_NEEDED else None


def last_day(hours: Hours, hour: int) -> Floats:
    """The hourly means of the 24 hours that end with this hour; NaN: none. Shape (24,)."""
    return np.array([hours.get(one, np.nan) for one in range(hour - WINDOW + 1, hour + 1)], dtype=float)


def days_before(days: Days, day: int) -> Floats:
    """The hourly means of the days before this one. Shape (28, 24), NaN where there is none."""
    nothing = [None] * 24
    return np.array([days.get(one, nothing) for one in range(day - DAYS_KEPT, day)], dtype=float)


def _median(rows: Floats, otherwise: float) -> Floats:
    """Down the first axis, the median of what is known, or else `otherwise`."""
    ordered = np.sort(rows, axis=0)  # what is unknown comes last
    known = np.isfinite(rows).sum(axis=0)[None]
    middle = [np.take_along_axis(ordered, np.maximum(at, 0), axis=0)[0] for at in ((known - 1) // 2, known // 2)]
    return np.where(known[0] > 0, (middle[0] + middle[1]) / 2, otherwise)


def _smooth(day: Floats) -> Floats:
    """Each hour of a day with half of what its neighbours say; the day's end and beginning are neighbours."""
    return 0.5 * day + 0.25 * np.roll(day, 1) + 0.25 * np.roll(day, -1)


def _weekdays(left: Floats, first_day: int) -> tuple[Floats, Floats]:
    """What the parts of each weekday add, shape (7, 4); and what is to be taken off each day's hours, (days, 24)."""
    parts = left.reshape(len(left), -1, _BLOCK)
    heard = np.isfinite(parts).sum(axis=2)
    means = np.divide(np.nansum(parts, axis=2), heard, out=np.full(heard.shape, np.nan), where=heard > 0)
    means -= _median(means, 0.0)
    known = np.isfinite(means)
    told = np.where(known, means, 0.0)
    names = (first_day + np.arange(len(left))) % 7 == np.arange(7)[:, None]
    total, count = names @ told, names @ known.astype(float)
    doubt = _doubt(names @ told**2, total, count)
    table = total / (count + doubt)
    others = np.maximum(names.T @ count - known, 0.0)
    off = (names.T @ total - told) / (others + doubt)
    return table, np.repeat(off, _BLOCK, axis=1)


def _doubt(squares: Floats, total: Floats, count: Floats) -> Floats:
    """How many weeks a weekday must be seen until what they say is believed by half; all of shape (7, parts).

    The variance among days of one name over that between the names (empirical Bayes, Efron and Morris 1973): where
    weekdays do not differ by more than days of one name do, they are not believed at all.
    """
    seen = np.maximum(count, 1.0)
    within = (squares - total**2 / seen).sum(axis=0) / np.maximum((count - 1).clip(0).sum(axis=0), 1.0)
    between = ((total / seen) ** 2 - within / seen).mean(axis=0)
    return np.asarray(np.maximum(within / np.maximum(between, 1e-9), _LEAST_DOUBT))


def _middle(rows: Floats, weights: Floats, needed: int = HOURS_NEEDED) -> Floats:
    """Of each row the weighted mean without its extremes; NaN where too few are known."""
    known = np.isfinite(rows)
    order = np.argsort(rows, axis=1)
    values = np.take_along_axis(np.where(known, rows, 0.0), order, axis=1)
    each = np.take_along_axis(np.where(known, weights, 0.0), order, axis=1)
    upto = np.cumsum(each, axis=1)
    low, high = _EXTREMES * upto[:, -1:], (1 - _EXTREMES) * upto[:, -1:]
    kept = np.clip(np.minimum(upto, high) - np.maximum(upto - each, low), 0.0, None)
    total = kept.sum(axis=1)
    enough = known.sum(axis=1) >= needed
    found: Floats = np.full(len(rows), np.nan)
    np.divide((values * kept).sum(axis=1), total, out=found, where=enough & (total > 0))
    return found
