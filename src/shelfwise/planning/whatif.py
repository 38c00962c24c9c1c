"""What would be if something were otherwise: a promotion, slower deliveries, another service level. Pure.

Both sides are reckoned as an order is, on the same random numbers, so that they differ by what was asked alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from statistics import NormalDist

import numpy as np

from shelfwise.core.errors import Fault
from shelfwise.demand.futures import whole_numbers
from shelfwise.demand.lift import Lift
from shelfwise.planning.model import DemandPaths, Floats, ItemState, LeadTime, Params, Snapshot
from shelfwise.planning.replenish import CHART_DAYS, Weighed, weigh
from shelfwise.planning.simulate import ahead, band, outcome, shelf
from shelfwise.records.promotions import KINDS

DAYS = 28
"""So many days ahead are looked at."""
_MOST_TIMES = 10.0
_Z80 = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True)
class Promotion:
    """A promotion that somebody thinks of.

    Attributes:
        discount_percent: None: none was said.
        lift: how many times as much it would sell, by whoever asks; None: by what past ones did.
    """

    first: date
    last: date
    kind: str = "price"
    discount_percent: Decimal | None = None
    lift: float | None = None


@dataclass(frozen=True)
class Asked:
    """What is to be otherwise; left as it is, it is as now.

    Attributes:
        demand: so many times as much on all days.
        lead_time: deliveries take so many times as long.
        service_level: see `Params`.
    """

    demand: float = 1.0
    lead_time: float = 1.0
    service_level: float | None = None
    promotion: Promotion | None = None

    @property
    def anything(self) -> bool:
        return self != Asked()


@dataclass(frozen=True, eq=False)
class Side:
    """How it is, or would be. Figures of orders are None where nobody sells the item to us.

    Attributes:
        expected: mean demand of the coming days; `daily`: its quantiles by day.
        runs_out: how likely it runs out before an order placed now could arrive.
        runs_out_with: and, with the order, before that of the next review could.
        cost: of the order that would be placed now; `quantity` 0: none would.
        average_stock: what would lie there on average if it went on like this.
    """

    service_level: float
    expected: float
    daily: dict[str, list[float]]
    lead_days: float | None = None
    runs_out: float | None = None
    runs_out_with: float | None = None
    reorder_point: float | None = None
    order_up_to: float | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    supplier_id: int | None = None
    supplier: str = ""
    currency: str = ""
    average_stock: float | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """Both sides.

    Attributes:
        first_day: of `daily` of both sides.
        lift: what the promotion was taken to do; None: there is none.
    """

    first_day: date
    now: Side
    then: Side
    lift: Lift | None


def faults(asked: Asked, today: date) -> list[Fault]:
    """What is wrong with a question."""
    found = []
    for name, times in (("demand", asked.demand), ("lead time", asked.lead_time)):
        if not 0 < times <= _MOST_TIMES:
            expected = f"above 0 to {_MOST_TIMES:g} times as much"
            found.append(Fault(name, expected, f"{times:g} times", "Ask for something nearer."))
    if (one := asked.promotion) is None:
        return found
    reached = today + timedelta(days=DAYS - 1)
    if not one.first <= one.last:
        found.append(Fault("last day", f"{one.first} or later", str(one.last), "Correct the days."))
    elif one.last < today or one.first > reached:
        found.append(Fault("days", f"days from {today} to {reached}", f"{one.first} to {one.last}", "Choose others."))
    if one.kind not in KINDS:
        found.append(Fault("kind", f"one of {', '.join(KINDS)}", repr(one.kind), "Choose one of them."))
    if one.discount_percent is not None and not 0 <= one.discount_percent <= 100:
        found.append(Fault("discount", "0 to 100 %", f"{one.discount_percent} %", "Correct it."))
    if one.lift is not None and not 0 < one.lift <= _MOST_TIMES:
        expected = f"above 0 to {_MOST_TIMES:g} times as much"
        found.append(Fault("lift", expected, f"{one.lift:g} times", "Ask for something nearer."))
    return found


def answer(
    snapshot: Snapshot, item: ItemState, asked: Asked, lift: Lift | None, params: Params, seed: np.random.SeedSequence
) -> Answer | None:
    """How it is and how it would be; None where there is no forecast that anything could be changed of.

    Args:
        lift: what the promotion that is asked about does; None: there is none.
        seed: that of the item in the plan of the day, so that what is proposed now is what the plan proposes.
    """
    if item.demand is None:
        return None
    longest = max((float(one.lead_time.samples.max()) for one in item.offers), default=0.0)
    needed = math.ceil(longest * max(asked.lead_time, 1.0)) + params.review_days
    demand = _reaching(item.demand, snapshot.today, max(needed, DAYS, CHART_DAYS), seed)
    otherwise = changed(demand, asked, lift, np.random.default_rng(seed))
    offers = tuple(replace(one, lead_time=_slower(one.lead_time, asked.lead_time)) for one in item.offers)
    level = params.service_level if asked.service_level is None else asked.service_level
    return Answer(
        snapshot.today,
        _side(snapshot, item, demand, params, seed),
        _side(snapshot, replace(item, offers=offers), otherwise, replace(params, service_level=level), seed),
        lift,
    )


def changed(demand: DemandPaths, asked: Asked, lift: Lift | None, rng: np.random.Generator) -> DemandPaths:
    """The futures as they would be."""
    if asked.demand == 1 and asked.promotion is None:
        return demand
    paths = demand.paths.astype(np.float64) * asked.demand
    if asked.promotion is not None and lift is not None:
        begin = max((asked.promotion.first - demand.first_day).days, 0)
        end = max((asked.promotion.last - demand.first_day).days + 1, 0)
        paths[:, begin:end] *= _factors(lift, len(paths), rng)[:, None]
    if (demand.paths == np.floor(demand.paths)).all():
        paths = whole_numbers(paths, rng)
    return replace(demand, paths=paths.astype(np.float32))


def _factors(lift: Lift, count: int, rng: np.random.Generator) -> Floats:
    """One for each future, spread as the range says, in random order."""
    levels = rng.permutation((np.arange(count) + 0.5) / count)
    spread = math.log(lift.high / lift.factor) / _Z80 if lift.high > lift.factor else 0.0
    normal = np.array([NormalDist().inv_cdf(float(level)) for level in levels])
    factors: Floats = lift.factor * np.exp(spread * normal)
    return factors


def _slower(lead_time: LeadTime, times: float) -> LeadTime:
    return replace(lead_time, stated=lead_time.stated * times, samples=lead_time.samples * times)


def _reaching(demand: DemandPaths, today: date, days: int, seed: np.random.SeedSequence) -> DemandPaths:
    """Paths that reach so far without being repeated, or a promotion at their end would be repeated with them."""
    late = max((today - demand.first_day).days, 0)
    if demand.paths.shape[1] >= late + days:
        return demand
    paths = ahead(demand, today, days, np.random.default_rng(seed))
    return replace(demand, first_day=today, paths=paths.astype(np.float32))


def _side(
    snapshot: Snapshot, item: ItemState, demand: DemandPaths, params: Params, seed: np.random.SeedSequence
) -> Side:
    item = replace(item, demand=demand)
    coming = ahead(demand, snapshot.today, DAYS, np.random.default_rng(seed))
    bare = Side(params.service_level, float(coming.sum(axis=1).mean()), band(coming))
    found = weigh(snapshot, item, params, np.random.default_rng(seed))
    if found is None:
        return bare
    lead, review = found.futures.lead, params.review_days
    without = outcome(shelf(item, found.futures, snapshot.at, 0.0), lead, review)
    with_order = outcome(shelf(item, found.futures, snapshot.at, float(found.quantity)), lead, review)
    return replace(
        bare,
        lead_days=found.offer.lead_time.quantile(0.5),
        runs_out=without.before_arrival,
        runs_out_with=with_order.until_next,
        reorder_point=found.policy.reorder_point,
        order_up_to=found.policy.order_up_to,
        quantity=found.quantity,
        cost=found.offer.total(found.quantity),
        supplier_id=found.offer.supplier_id,
        supplier=found.offer.supplier,
        currency=found.offer.currency,
        average_stock=_average_stock(found, review),
    )


def _average_stock(found: Weighed, review_days: int) -> float:
    """Of a stock that is ordered between these levels (Silver, Pyke and Thomas 2017, chapter 6).

    The position lies between both on average. Of that the demand of the lead time and of half a review has gone.
    """
    policy = found.policy
    middle = (policy.reorder_point + policy.order_up_to) / 2
    return max(middle - float(policy.protected.mean()) + policy.daily_mean * review_days / 2, 0.0)
