"""Joint futures of demand, lead time and stock on hand, and what they mean for a shelf. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwise.planning.model import DemandPaths, Floats, ItemState, LeadTime, Params

SECONDS_IN_DAY = 86_400.0
_WEEK = 7


@dataclass(frozen=True, eq=False)
class Futures:
    """Equally likely futures of one item, drawn once and used for every question about it.

    Attributes:
        demand: shape (samples, days + 1): cumulative demand at the end of day 0 (nothing yet), 1 (today), 2,
            …
        lead: shape (samples,): whole days an order placed now takes.
        surprise: shape (samples,): how much less is on hand than the mean says; zeros where it is known
            exactly.
        share: shape (samples,): how much of an order placed now arrives.
    """

    demand: Floats
    lead: NDArray[np.int64]
    surprise: Floats
    share: Floats

    def over(self, days: NDArray[np.int64]) -> Floats:
        """Demand over the first `days` days of each future; `days` has shape (samples,)."""
        picked: Floats = np.take_along_axis(self.demand, days[:, None], axis=1)[:, 0]
        return picked


def draw(
    item: ItemState, lead_time: LeadTime, today: date, params: Params, days: int, rng: np.random.Generator
) -> Futures:
    """Join demand paths, lead times and stock on hand at random.

    How many random numbers are used does not depend on stock, orders or the service level, so that plans that
    differ in these alone are compared on the same futures.

    Args:
        days: the least number of days to cover; more where a lead time and the review period need it.
    """
    number = params.samples
    lead = np.ceil(lead_time.samples[_evenly(len(lead_time.samples), number, rng)]).astype(np.int64)
    surprise = (item.on_hand.mean - item.on_hand.values)[_evenly(len(item.on_hand.values), number, rng)]
    needed = max(days, math.ceil(lead_time.samples.max()) + params.review_days)
    if item.demand is None or not len(item.demand.paths):
        return Futures(np.zeros((number, needed + 1)), *_failing(lead_time, lead, surprise, rng))
    paths = ahead(item.demand, today, needed, rng)
    cumulative = np.zeros((number, needed + 1))
    np.cumsum(paths[_evenly(len(paths), number, rng)], axis=1, out=cumulative[:, 1:])
    return Futures(cumulative, *_failing(lead_time, lead, surprise, rng))


def _failing(
    lead_time: LeadTime, lead: NDArray[np.int64], surprise: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Lead times, surprises, and the share of an order that arrives: of some orders only a part does. One that gets
    lost is noticed and ordered again, and arrives as late as the latest."""
    place = (rng.permutation(len(lead)) + rng.random()) / len(lead)
    never = place < lead_time.lost
    short = ~never & (place < lead_time.lost + (1 - lead_time.lost) * lead_time.short)
    latest = math.ceil(lead_time.samples.max())
    return np.where(never, latest, lead), surprise, np.where(short, lead_time.share_when_short, 1.0)


def ahead(demand: DemandPaths, today: date, days: int, rng: np.random.Generator) -> Floats:
    """The paths from `today` on for `days` days, shape (paths, days).

    Beyond its horizon a path goes on with the last weeks of another path, on the same weekdays; spells longer
    than the horizon are therefore taken as independent of each other. What sells nothing in the last week of any path
    has ended; weeks at the beginning in which nothing sells come before its first day, and are not repeated.
    """
    paths = demand.paths.astype(np.float64)
    late = max((today - demand.first_day).days, 0)
    sells = np.flatnonzero(demand.paths.any(axis=0))
    if len(sells) and paths.shape[1] > late and paths.shape[1] - 1 - sells[-1] >= _WEEK:
        lacking = max(late + days - paths.shape[1], 0)
        paths = np.concatenate((paths, np.zeros((len(paths), lacking))), axis=1)
    begins = sells[0] // _WEEK * _WEEK if len(sells) else 0
    while paths.shape[1] < late + days:
        start = paths.shape[1] % _WEEK if demand.paths.shape[1] >= _WEEK else 0
        if begins + start < demand.paths.shape[1]:
            start += begins
        more = demand.paths[rng.permutation(len(paths)), start:]
        paths = np.concatenate((paths, more.astype(np.float64)), axis=1)
    return paths[:, late : late + days]


def arrivals(item: ItemState, at: datetime, days: int) -> Floats:
    """What is on order, cumulative by the end of day 0..days; overdue orders are taken to come tomorrow."""
    arriving = np.zeros(days + 1)
    for arrival in item.on_order:
        arriving[min(days_until(arrival.expected_at, at), days + 1) :] += arrival.counts
    return arriving


def days_until(expected_at: datetime, at: datetime) -> int:
    """The day, 1 being today, at whose end it is there; what is overdue counts as there by then."""
    return max(math.ceil((expected_at - at).total_seconds() / SECONDS_IN_DAY), 1)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The shelf until the next review's order could arrive.

    Attributes:
        before_arrival: probability of running out before an order placed now could arrive.
        until_next: probability of running out before an order placed at the next review could arrive.
        short: shape (samples,): the most units owed in that time.
    """

    before_arrival: float
    until_next: float
    short: Floats


def shelf(item: ItemState, futures: Futures, at: datetime, order: float) -> Floats:
    """Available stock at the end of each day, shape (samples, days + 1); negative: owed.

    An order placed now is on the shelf from the day after its lead time has passed.
    """
    days = futures.demand.shape[1] - 1
    path: Floats = item.available - futures.surprise[:, None] - futures.demand + arrivals(item, at, days)
    if order:
        path = path + order * futures.share[:, None] * (np.arange(days + 1) > futures.lead[:, None])
    return path


def outcome(path: Floats, lead: NDArray[np.int64], review_days: int) -> Outcome:
    """Judge a shelf's futures; see `Outcome`."""
    day = np.arange(path.shape[1])
    first = np.where((day > 0) & (day <= lead[:, None]), path, np.inf).min(axis=1)
    whole = np.where((day > 0) & (day <= lead[:, None] + review_days), path, np.inf).min(axis=1)
    return Outcome(float((first < 0).mean()), float((whole < 0).mean()), np.maximum(-whole, 0.0))


def band(path: Floats) -> dict[str, Any]:
    """Quantiles by day for a chart."""
    rows = np.quantile(path, (0.1, 0.5, 0.9), axis=0)
    return {
        name: [round(float(value), 2) for value in row] for name, row in zip(("p10", "p50", "p90"), rows, strict=True)
    }


def _evenly(among: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` indices below `among`, spread evenly, in random order."""
    chosen = np.floor((np.arange(count) + rng.random()) * among / count).astype(np.int64)
    return rng.permutation(np.minimum(chosen, among - 1))
