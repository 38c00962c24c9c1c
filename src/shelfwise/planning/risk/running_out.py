"""How likely an item is to run out, day by day, and what that would cost. Pure.

Nothing is assumed about what will be ordered from now on: the question is what happens if nobody does anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.risk.coming import Coming, stratified

DAYS = 28
"""So many days ahead are looked at."""
LEAST_FUTURES = 500
LIKELY = 0.5
"""From here on it is more likely out than not."""


@dataclass(frozen=True, eq=False)
class Projection:
    """What may become of an item's stock; every array has the shape (days,).

    Attributes:
        by_day: probability that it is out at the end of this day or was at the end of one before.
        on_day: probability that it is out at the end of this day.
        lost: units wanted from an empty shelf up to the end of this day, on average.
    """

    by_day: Floats
    on_day: Floats
    lost: Floats

    @property
    def out_by(self) -> int | None:
        """The first day, from 0 on, by which it is more likely out than not; None: not within those looked at."""
        late = np.flatnonzero(self.by_day > LIKELY)
        return int(late[0]) if len(late) else None


def project(
    available: Floats, demand: Floats, coming: Sequence[Coming], rng: np.random.Generator, least: int = LEAST_FUTURES
) -> Projection:
    """Play futures of demand against what is there and what is on its way.

    Demand, what is on hand where that is not known exactly, and each arrival are drawn independently of each other.
    What arrives on a day is there for that day's demand. What is wanted from an empty shelf is lost.

    Args:
        available: equally likely quantities that are free to sell now, shape (k,); one: it is known exactly.
        demand: possible futures, shape (futures, days), the first day being the one that begins now.
        least: futures that are played at least; each path of demand is used as often as any other.
    """
    paths, days = demand.shape
    certain = len(available) == 1 and all(len(one.days) == 1 and not one.never for one in coming)
    times = 1 if certain else -(-least // paths)
    count = paths * times
    flow = -np.tile(demand, (times, 1))
    for one in coming:
        day = np.floor(one.drawn(count, rng))
        arrives = np.flatnonzero(day < days)
        np.add.at(flow, (arrives, day[arrives].astype(np.int64)), one.quantity)
    flow[:, 0] += stratified(available, count, rng)
    level = np.cumsum(flow, axis=1)
    lowest = np.minimum.accumulate(level, axis=1)
    lost = np.maximum(-lowest, 0.0)
    return Projection((lowest <= 0).mean(axis=0), (level + lost <= 0).mean(axis=0), lost.mean(axis=0))
