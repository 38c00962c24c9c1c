"""Where in the week, the month and the year the period lies that is asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from shelfwise.demand.boosting.past import Feature
from shelfwise.demand.boosting.rows import Rows
from shelfwise.demand.panel import Frequency, Panel

NEAR_EASTER = 30


def calendar_features(panel: Panel, rows: Rows) -> Iterator[Feature]:
    """Looked up by the date of the period, so that they cost nothing."""
    dates = panel.dates
    lookups = {"day of the year": [(one - date(one.year, 1, 1)).days for one in dates]}
    if panel.frequency is not Frequency.MONTH:
        lookups["day of the month"] = [one.day for one in dates]
        lookups["days to Easter"] = [_to_easter(one) for one in dates]
    if panel.frequency is Frequency.DAY:
        lookups["weekday"] = [one.weekday() for one in dates]
        lookups["days left in the month"] = [
            ((one.replace(day=1) + timedelta(32)).replace(day=1) - one).days - 1 for one in dates
        ]
    for name, values in lookups.items():
        yield name, np.array(values, np.float32)[rows.period]


def _left(day: date) -> int:
    return ((day.replace(day=1) + timedelta(32)).replace(day=1) - day).days - 1


def _to_easter(day: date) -> int:
    return int(np.clip((easter(day.year) - day).days, -NEAR_EASTER, NEAR_EASTER))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus; Meeus, Astronomical Algorithms, ch. 8)."""
    golden, (century, of_century) = year % 19, divmod(year, 100)
    leap, rest = divmod(century, 4)
    moved = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap - moved + 15) % 30
    leap_of, rest_of = divmod(of_century, 4)
    weekday = (32 + 2 * rest + 2 * leap_of - moon - rest_of) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
