"""The rule of thumb of most spreadsheets: a moving average, and a normal safety stock around it. Pure.

It is reckoned anew at every review from what was wanted lately, so that it follows where other levels stay. It races
with the others, so that what wins is not worse than it but by the luck of the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import Level, due
from shelfwise.planning.policies.model import ANY, NEARLY, Observation, Rounds, Rule, Shelves

LEAST = 4
"""With fewer known periods nothing is said of a spread."""


@dataclass(frozen=True, eq=False)
class MovingAverage(Rule):
    """Order up to what the last periods let expect until the order of the next review could come, and z standard
    deviations of that: demand's over that time, and the lead time's (Silver, Pyke and Thomas 2017, chapter 6).

    Attributes:
        safety: z.
        window: of so many periods.
        covers: mean lead time and the review, in periods.
        jitter: standard deviation of lead times.
        otherwise: the level while too little is known of what was wanted lately.
    """

    safety: Level
    window: int
    covers: Level
    jitter: Level = 0.0
    otherwise: Level = 0.0
    review: int = 1
    terms: Rounds = ANY
    remembers: ClassVar[bool] = True

    def wanted(self, shelves: Shelves) -> Floats:
        level = self.otherwise
        if shelves.recent is not None:
            mean, spread = shelves.recent(self.window)
            level = reaching(mean, spread, self.safety, self.covers, self.jitter)
        return due(self.review, shelves, np.rint(level) - shelves.position)

    def order(self, seen: Observation) -> float:
        known = told(seen)[-self.window :]
        if len(known) < LEAST:
            return super().order(seen)
        mean, spread = (np.full((1, 1), value) for value in (known.mean(), known.std(ddof=1)))
        on_hand, in_transit = np.full((1, 1), float(seen.on_hand)), np.full((1, 1), float(seen.in_transit))
        shelves = Shelves(seen.period, on_hand, in_transit, in_transit[None], lambda _: (mean, spread))
        return float(self.quantities(shelves).item())


def reaching(mean: Floats, spread: Floats, safety: Level, covers: Level, jitter: Level) -> Floats:
    """What is expected over a random stretch of periods, and a safety of so many standard deviations."""
    doubt: Floats = np.sqrt(covers * spread**2 + (jitter * mean) ** 2)
    level: Floats = covers * mean + safety * doubt
    return level


def told(seen: Observation) -> Floats:
    """Demand of the periods of which it is known, the oldest first: what was sold where the shelf did not run dry."""
    sales = np.array(seen.sales, np.float64)
    if seen.demand_seen or not seen.left:
        return sales
    return sales[np.array(seen.left) > NEARLY]
