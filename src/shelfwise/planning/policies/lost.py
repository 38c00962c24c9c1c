"""Where demand that is not served is lost: capped base-stock, projected inventory level, capped (s, S). Pure.

Base-stock orders again what was sold, in full and at once. Where missed sales are lost and the lead time is long it
orders too much after a rush, because much of what is coming will meet a full shelf. Two ways out are near optimal, and
optimal in the limit of long lead times or dear shortages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import Level, due
from shelfwise.planning.policies.distributions import Demand
from shelfwise.planning.policies.model import ANY, NEARLY, Rounds, Rule, Shelves

CELLS = 512
"""Stock is told apart so finely when it is projected; what is larger is reckoned in coarser units."""
AT_ONCE = 4_000_000
"""Numbers that a projection of many shelves holds at once."""


@dataclass(frozen=True, eq=False)
class CappedOrderUpTo(Rule):
    """Base-stock, but never more than a cap at once (Johansen and Thorstenson 2008; Xin 2021, Understanding the
    performance of capped base-stock policies in lost-sales inventory models, Operations Research 69(1))."""

    level: Level
    cap: Level
    review: int = 1
    terms: Rounds = ANY

    def wanted(self, shelves: Shelves) -> Floats:
        return due(self.review, shelves, np.minimum(self.level - shelves.position, self.cap))


@dataclass(frozen=True, eq=False)
class CappedReorderPoint(Rule):
    """(s, S, q): at s or below order up to S, but never more than q at once; nearly optimal where placing an order
    costs (Bijvank, Bhulai and Huh 2015, Parametric replenishment policies for inventory systems with lost sales and
    fixed order cost, European Journal of Operational Research 241(2))."""

    reorder_point: Level
    order_up_to: Level
    cap: Level
    review: int = 1
    terms: Rounds = ANY

    def wanted(self, shelves: Shelves) -> Floats:
        low = shelves.position <= self.reorder_point + NEARLY
        wanted = np.minimum(self.order_up_to - shelves.position, self.cap)
        return due(self.review, shelves, np.where(low, wanted, 0.0))


@dataclass(frozen=True, eq=False)
class ProjectedLevel(Rule):
    """Order so much that the stock expected when the order arrives reaches a level (van Jaarsveld and Arts 2024,
    Projected inventory-level policies for lost sales inventory systems, Operations Research 72(5)).

    What is expected counts the sales that will be lost on the way: after a rush less is on the way to be sold than
    base-stock believes, and less is ordered.

    Attributes:
        level: wanted when the order arrives, before that period's demand; need not be whole.
        demand: of one period.
        lead_time: periods; what should have come already is expected now.
        cap: of one order. One of about the mean and a standard deviation brings the policy nearer to the optimum on
            Zipkin's Poisson instances: .2% above it on average, where without it .3% is the best.
    """

    level: Level
    demand: Demand
    lead_time: int
    cap: Level = np.inf
    review: int = 1
    terms: Rounds = ANY
    by_age: ClassVar[bool] = True

    def wanted(self, shelves: Shelves) -> Floats:
        wanted = self.level - projected(shelves, self.demand, self.lead_time)
        return due(self.review, shelves, np.minimum(wanted, self.cap))


def coming(shelves: Shelves, lead_time: int) -> Floats:
    """What comes in this period and the following ones, shape (lead_time or 1, ...): what should have come, now."""
    result = np.zeros((max(lead_time, 1), *shelves.on_hand.shape))
    for age, quantity in enumerate(shelves.pipeline, 1):
        result[max(lead_time - age, 0)] += quantity
    return result


def projected(shelves: Shelves, demand: Demand, lead_time: int) -> Floats:
    """Stock expected when an order placed now arrives, without it, shape (...)."""
    arriving = coming(shelves, lead_time).reshape(max(lead_time, 1), -1)
    on_hand = np.maximum(shelves.on_hand, 0.0).reshape(-1)
    if lead_time == 0:
        return np.maximum(shelves.on_hand, 0.0) + shelves.in_transit
    most = float((on_hand + arriving.sum(axis=0)).max())
    unit = max(1.0, most / CELLS)
    cells = int(2 ** np.ceil(np.log2(most / unit + 2)))
    after = _after(demand.chances.tobytes(), unit, cells)
    expected = np.empty(len(on_hand))
    for start in range(0, len(on_hand), max(AT_ONCE // cells, 1)):
        part = slice(start, start + max(AT_ONCE // cells, 1))
        chances = np.zeros((len(on_hand[part]), cells))
        chances[:, 0] = 1.0
        chances = _shifted(chances, (on_hand[part] + arriving[0, part]) / unit)
        for quantity in arriving[1:, part]:
            chances = _shifted(chances @ after, quantity / unit)
        expected[part] = chances @ (after @ np.arange(cells)) * unit
    shaped: Floats = expected.reshape(shelves.on_hand.shape)
    return shaped


def _shifted(chances: Floats, by: Floats) -> Floats:
    """Every row moved up by its own number of cells; a part of a cell is shared between its neighbours."""
    whole = np.floor(by + NEARLY)
    part = np.maximum(by - whole, 0.0)[:, None]
    source = np.arange(chances.shape[1]) - whole.astype(np.int64)[:, None]

    def moved(further: int) -> Floats:
        at = source - further
        row: Floats = np.where(at >= 0, np.take_along_axis(chances, np.maximum(at, 0), axis=1), 0.0)
        return row

    low = moved(0)
    return low if not part.any() else (1 - part) * low + part * moved(1)


@lru_cache(maxsize=32)
def _after(chances: bytes, unit: float, cells: int) -> Floats:
    """Row i: how likely each stock is after a period that began with i; shape (cells, cells)."""
    wanted = np.arange(len(np.frombuffer(chances))) / unit
    low = np.floor(wanted).astype(np.int64)
    share = wanted - low
    coarse = np.zeros(int(low[-1]) + 2)
    np.add.at(coarse, low, np.frombuffer(chances) * (1 - share))
    np.add.at(coarse, low + 1, np.frombuffer(chances) * share)
    padded = np.zeros(max(cells, len(coarse)))
    padded[: len(coarse)] = coarse
    result = np.zeros((cells, cells))
    for stock in range(cells):
        result[stock, 1 : stock + 1] = padded[:stock][::-1]
        result[stock, 0] = 1 - result[stock, 1:].sum()
    return result
