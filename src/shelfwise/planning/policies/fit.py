"""The best levels of policies for lost sales, by their exact cost on small instances. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from shelfwise.planning.policies.backlog import Best, Kind, OrderUpTo, best_reorder_point, level_costs
from shelfwise.planning.policies.exact import LostSales
from shelfwise.planning.policies.lost import CappedOrderUpTo, CappedReorderPoint, ProjectedLevel
from shelfwise.planning.policies.model import Costs

FREE = 1 << 30
"""A cap that is none."""
TENTHS = 10
"""The projected level is looked for in tenths of a unit."""


def best_base_stock(system: LostSales) -> Best[OrderUpTo]:
    return _descend(system, lambda level: OrderUpTo(float(level)), (_backlog_level(system),))


def best_capped(system: LostSales) -> Best[CappedOrderUpTo]:
    mean = system.demand.mean
    return _descend(
        system,
        lambda level, cap: CappedOrderUpTo(float(level), float(max(cap, 1))),
        (_backlog_level(system), round(mean + np.sqrt(mean))),
    )


def best_capped_reorder_point(system: LostSales) -> Best[CappedReorderPoint]:
    """From the best (s, S) of waiting demand, with its usual order as the cap."""
    waiting = best_reorder_point(system.demand, system.costs, system.lead_time).policy
    s, upto = round(float(waiting.reorder_point)), round(float(waiting.order_up_to))
    return _descend(
        system,
        lambda s, upto, cap: CappedReorderPoint(float(s), float(max(upto, s + 1)), float(max(cap, 1))),
        (s, upto, max(upto - s, 1)),
    )


def best_projected(system: LostSales, *, capped: bool = True) -> Best[ProjectedLevel]:
    """Around the level that would be best if an order came at once; the cost has many small valleys, so the whole
    stretch is looked through in halves of a unit first."""
    demand = system.demand
    guess = round(demand.mean + np.sqrt(demand.variance)) if capped else FREE

    def rule(tenths: int, cap: int = FREE) -> ProjectedLevel:
        return ProjectedLevel(tenths / TENTHS, demand, system.lead_time, float(max(cap, 1)) if cap < FREE else np.inf)

    centre, spread = _backlog_level(system, 0), int(np.ceil(np.sqrt(demand.variance)))
    halves = range((centre - spread) * TENTHS, (centre + spread) * TENTHS + 1, TENTHS // 2)
    start = min(halves, key=lambda tenths: system.cost(rule(tenths, guess)))
    return _descend(system, rule, (start, guess) if capped else (start,))


def _backlog_level(system: LostSales, lead_time: int | None = None) -> int:
    """The best level if demand waited and orders cost nothing."""
    free = Costs(system.costs.holding, system.costs.shortage)
    lead_time = system.lead_time if lead_time is None else lead_time
    return int(np.argmin(level_costs(system.demand, free, lead_time).inside))


def _descend(system: LostSales, make: Callable[..., Kind], start: Sequence[int]) -> Best[Kind]:
    """To the best neighbour, as long as there is a better one; steps of 4, then 2, then 1, along and across."""
    known: dict[tuple[int, ...], float] = {}

    def cost(at: tuple[int, ...]) -> float:
        if at not in known:
            known[at] = system.cost(make(*at))
        return known[at]

    best = tuple(start)
    for step in (4, 2, 1):
        while True:
            moves = product((-step, 0, step), repeat=len(best))
            around = [tuple(max(value + move, 0) for value, move in zip(best, one, strict=True)) for one in moves]
            nearest = min(around, key=cost)
            if cost(nearest) >= cost(best):
                break
            best = nearest
    return Best(make(*best), known[best])
