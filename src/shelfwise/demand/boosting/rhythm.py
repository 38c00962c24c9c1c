"""What differs between days, weeks and months: how long a season is, and over how much past a level is taken. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shelfwise.demand.panel import Frequency


@dataclass(frozen=True)
class Rhythm:
    """All lengths are in periods.

    Attributes:
        cycle: the short season: the week of days; 1 where there is none.
        year: the long season. For days 52 whole weeks, so that the same weekday is met.
        base: over how much past a series' own level is taken, by which its demand is divided.
        windows: the windows whose means the model sees, the shortest first.
        near: how far around the same time of last year is averaged, as well as that very period.
        lookback: how far back similar conditions are looked for.
    """

    cycle: int
    year: int
    base: int
    windows: tuple[int, ...]
    near: int
    lookback: int


RHYTHMS = {
    Frequency.DAY: Rhythm(7, 364, 28, (7, 28, 84, 364), 7, 392),
    Frequency.WEEK: Rhythm(1, 52, 8, (2, 4, 8, 16, 52), 1, 110),
    Frequency.MONTH: Rhythm(1, 12, 6, (2, 3, 6, 12, 24), 1, 36),
}
