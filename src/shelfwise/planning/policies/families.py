"""The kinds of policies that race, for many items at once, and what their levels are chosen around. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from shelfwise.planning.model import Floats
from shelfwise.planning.policies.backlog import Batches, Level, OrderUpTo, ReorderPoint, due
from shelfwise.planning.policies.lost import CappedOrderUpTo, CappedReorderPoint
from shelfwise.planning.policies.model import Rounds, Rule, Shelves
from shelfwise.planning.policies.recent import MovingAverage
from shelfwise.planning.policies.replay import CostsOfMany, Course, Ints

FUTURES, STEP = 4, 2
"""Of how many futures, and of which of their periods, sizes are taken; the rest would say the same."""
WINDOW = 56
"""Periods of the moving average."""
CELLS = 64
"""Stocks between which it is interpolated what is left of them."""


@dataclass(frozen=True, eq=False)
class Sizes:
    """What the levels of many items are chosen around, shape (items, 1) each.

    Attributes:
        mean, spread: of demand between two reviews.
        protected, doubt: mean and spread of demand until the order of the next review could come.
        batch: the economic order quantity, at least what is wanted between two reviews (Harris 1913).
        lead: median lead time, in whole periods.
        covers: mean lead time and the review, in periods.
        jitter: standard deviation of lead times.
        left: shape (items, CELLS): what is expected to be left of some stock after a period; of `grain` units a cell.
    """

    mean: Floats
    spread: Floats
    protected: Floats
    doubt: Floats
    batch: Floats
    lead: Ints
    covers: Floats
    jitter: Floats
    left: Floats
    grain: Floats

    def of(self, item: int) -> Sizes:
        """Of one item."""
        return self.joined([Sizes(**{each.name: getattr(self, each.name)[item : item + 1] for each in fields(self)})])

    @staticmethod
    def joined(parts: Sequence[Sizes]) -> Sizes:
        names = [each.name for each in fields(Sizes)]
        return Sizes(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def sizes_of(
    course: Course, leads: Sequence[Floats], costs: CostsOfMany, review: int, longest: float = math.inf
) -> Sizes:
    """From the course on which levels are chosen; lead times and costs by item.

    Args:
        longest: periods that an order covers at most, beside what is wanted between two reviews.
    """
    demand, leads_drawn = course.demand[:, :, :FUTURES], course.lead[:, :, :FUTURES]
    periods, items, futures = demand.shape
    lead = np.array([[round(float(np.median(samples)))] for samples in leads])
    covers = np.array([[float(np.mean(samples)) + review] for samples in leads])
    jitter = np.array([[float(np.std(samples))] for samples in leads])
    total = np.concatenate((np.zeros((1, items, futures)), np.cumsum(demand, axis=0)))
    between = total[review:] - total[:-review]
    # Each period's order has a lead time of its own, so that its doubt is in that of the demand until it comes.
    begun = np.arange(max(periods - course.longest - review, 1))
    ends = np.minimum(begun[:, None, None] + leads_drawn[begun] + review, periods)
    until = np.take_along_axis(total, ends, axis=0) - total[begun]
    mean = between.mean(axis=(0, 2))[:, None]
    economic = np.sqrt(2 * costs.order * mean / review / np.maximum(costs.holding, 1e-9))
    batch = np.minimum(np.maximum(economic, mean), mean * max(longest / review, 1.0))
    grain = np.maximum(demand.max(axis=(0, 2))[:, None] / (CELLS - 2), 1e-3)
    flat = demand.transpose(1, 0, 2).reshape(items, -1)[:, ::STEP]
    protected, doubt = until.mean(axis=(0, 2))[:, None], until.std(axis=(0, 2))[:, None]
    left = _left(flat, grain * np.arange(CELLS))
    return Sizes(
        mean, between.std(axis=(0, 2))[:, None], protected, doubt, batch, lead, covers, jitter, left, grain,
    )  # fmt: skip


def _left(demand: Floats, stock: Floats) -> Floats:
    """What is left on average of each stock, shape (items, stocks), by demand that came, shape (items, periods)."""
    ordered = np.sort(demand, axis=1)
    total = np.concatenate((np.zeros((len(ordered), 1)), np.cumsum(ordered, axis=1)), axis=1)
    served = np.stack([np.searchsorted(*both) for both in zip(ordered, stock, strict=True)])
    left: Floats = (served * stock - np.take_along_axis(total, served, axis=1)) / demand.shape[1]
    return left


@dataclass(frozen=True, eq=False)
class ProjectedMean(Rule):
    """`ProjectedLevel` of many items: what is expected is carried from period to period as one number, not as a
    distribution. On Zipkin's Poisson instances that costs .1% more. Attributes as in `Sizes` and `ProjectedLevel`."""

    level: Floats
    sizes: Sizes
    terms: Rounds
    by_age: ClassVar[bool] = True

    def wanted(self, shelves: Shelves) -> Floats:
        lead = self.sizes.lead
        arriving = np.zeros((int(lead.max()) + 1, *shelves.on_hand.shape))
        rows = np.arange(len(lead))
        for age, quantity in enumerate(shelves.pipeline, 1):
            if quantity.any():
                arriving[np.maximum(lead[:, 0] - age, 0), rows] += quantity
        stock = np.maximum(shelves.on_hand, 0.0)
        for ahead in range(int(lead.max()) + 1):
            waiting = rows[lead[:, 0] > ahead]
            stock += arriving[ahead]
            stock[waiting] = self._left(stock[waiting], waiting)
        return due(1, shelves, self.level - stock)

    def _left(self, stock: Floats, items: Ints) -> Floats:
        """Between cells by straight lines; beyond the last one all of what is more is left."""
        at = stock / self.sizes.grain[items]
        cell = np.minimum(at, CELLS - 2).astype(np.int64)
        at -= cell
        cell += (items * CELLS)[:, None]
        known = self.sizes.left.reshape(-1)
        low = known[cell]
        left: Floats = low + (known[cell + 1] - low) * at
        return left


@dataclass(frozen=True)
class Family:
    """A kind of policy.

    Attributes:
        name: as people know it.
        grid: what is tried: numbers that `make` understands. More of the first one means that less is missed.
        make: the policy of many items for one or several numbers, each a number or of shape (items, 1).
    """

    name: str
    grid: tuple[tuple[float, ...], ...]
    make: Callable[[Sizes, Rounds, Sequence[Level]], Rule]


def _grid(*axes: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(float(one) for one in point) for point in np.stack(np.meshgrid(*axes), -1).reshape(-1, len(axes))
    )


FAMILIES = (
    Family(
        "order up to",
        _grid((-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)),
        lambda sizes, terms, at: OrderUpTo(_whole(sizes.protected + at[0] * sizes.doubt), terms=terms),
    ),
    Family(
        "moving average",
        _grid((0.0, 0.75, 1.5, 2.25, 3.0)),
        lambda sizes, terms, at: MovingAverage(
            at[0], WINDOW, sizes.covers, sizes.jitter, sizes.protected + at[0] * sizes.doubt, terms=terms
        ),
    ),
    Family(
        "reorder point",
        _grid((-0.5, 0.25, 1.0, 1.75, 2.5), (0.6, 1.0, 1.6)),
        lambda sizes, terms, at: ReorderPoint(
            _whole(sizes.protected + at[0] * sizes.doubt),
            _whole(sizes.protected + at[0] * sizes.doubt) + _whole(at[1] * sizes.batch),
            terms=terms,
        ),
    ),
    Family(
        "batches",
        _grid((-0.5, 0.25, 1.0, 1.75, 2.5)),
        lambda sizes, terms, at: Batches(
            _whole(sizes.protected + at[0] * sizes.doubt),
            terms.rounded(np.maximum(_whole(sizes.batch), 1.0)),
            terms=terms,
        ),
    ),
    Family(
        "capped order up to",
        _grid((0.25, 1.0, 1.75, 2.5), (0.5, 1.25)),
        lambda sizes, terms, at: CappedOrderUpTo(
            _whole(sizes.protected + at[0] * sizes.doubt), _whole(sizes.mean + at[1] * sizes.spread), terms=terms
        ),
    ),
    Family(
        "capped reorder point",
        _grid((-0.5, 0.25, 1.0, 1.75, 2.5), (1.0,), (0.75,)),
        lambda sizes, terms, at: CappedReorderPoint(
            _whole(sizes.protected + at[0] * sizes.doubt),
            _whole(sizes.protected + at[0] * sizes.doubt) + _whole(at[1] * sizes.batch),
            _whole(at[1] * sizes.batch + at[2] * sizes.spread),
            terms=terms,
        ),
    ),
    Family(
        "projected level",
        _grid((0.0, 0.75, 1.5, 2.25)),
        lambda sizes, terms, at: ProjectedMean(sizes.mean + at[0] * sizes.spread, sizes, terms),
    ),
)
"""The simplest first."""


def _whole(values: Floats) -> Floats:
    whole: Floats = np.rint(values)
    return whole
