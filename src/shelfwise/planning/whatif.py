"""What would be if something were otherwise: demand, deliveries, stock, terms, or how is planned. Pure.

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
from shelfwise.core.quantities import plain, round_up
from shelfwise.demand.futures import whole_numbers
from shelfwise.demand.lift import Lift
from shelfwise.planning.bounds import days_to_draw
from shelfwise.planning.levels import promised
from shelfwise.planning.model import (
    DAYS_IN_YEAR,
    Amount,
    DemandPaths,
    Floats,
    ItemState,
    LeadTime,
    Offer,
    Params,
    Snapshot,
)
from shelfwise.planning.replenish import CHART_DAYS, Weighed, weigh
from shelfwise.planning.simulate import ahead, band, outcome, shelf
from shelfwise.planning.standing import Aim
from shelfwise.records.model import LARGEST
from shelfwise.records.promotions import KINDS

DAYS = 28
"""So many days ahead are looked at."""
_MOST_TIMES = 10.0
_MOST_LATE = 365
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
        on_hand: so much lies there, in the item's unit.
        late_days: what is on order comes so many days later than expected.
        supplier_id: it is bought of this supplier alone.
        unit_cost: it costs so many times as much, of whomever.
        pack_size, minimum_order: of whomever, in the item's unit.
        service_level, review_days, holding_rate, ordering_cost, longest_cover_days: see `Params`.
    """

    demand: float = 1.0
    lead_time: float = 1.0
    service_level: float | None = None
    promotion: Promotion | None = None
    on_hand: Decimal | None = None
    late_days: int = 0
    supplier_id: int | None = None
    unit_cost: float = 1.0
    pack_size: Decimal | None = None
    minimum_order: Decimal | None = None
    review_days: int | None = None
    holding_rate: float | None = None
    ordering_cost: float | None = None
    longest_cover_days: int | None = None

    @property
    def anything(self) -> bool:
        return self != Asked()

    def of(self, params: Params) -> Params:
        """What a person may set, as it would be.

        Raises:
            Invalid: one of them is out of its range.
        """
        names = ("service_level", "review_days", "holding_rate", "ordering_cost", "longest_cover_days")
        told = {name: value for name in names if (value := getattr(self, name)) is not None}
        # A level that is asked for takes the place of all targets.
        params = replace(params, targets=None) if self.service_level is not None else params
        return replace(params, **told)


@dataclass(frozen=True, eq=False)
class Side:
    """How it is, or would be. Figures of orders are None where nobody sells the item to us.

    Attributes:
        service_level: what is promised; `aim`: of what that is the share, see `Target`.
        expected: mean demand of the coming days; `daily`: its quantiles by day.
        runs_out: how likely it runs out before an order placed now could arrive.
        runs_out_with: and, with the order, before that of the next review could.
        cost: of the order that would be placed now; `quantity` 0: none would.
        average_stock: what would lie there on average if it went on like this.
        yearly_cost: of keeping that and of ordering, in `currency`.
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
    yearly_cost: float | None = None
    aim: Aim = Aim.CYCLES


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
    for name, times in (("demand", asked.demand), ("lead time", asked.lead_time), ("unit cost", asked.unit_cost)):
        if not 0 < times <= _MOST_TIMES:
            expected = f"above 0 to {_MOST_TIMES:g} times as much"
            found.append(Fault(name, expected, f"{times:g} times", "Ask for something nearer."))
    if not 0 <= asked.late_days <= _MOST_LATE:
        found.append(Fault("days late", f"0 to {_MOST_LATE}", str(asked.late_days), "Ask for something nearer."))
    for name, least, amount in (
        ("on hand", "zero or more", asked.on_hand),
        ("minimum order", "zero or more", asked.minimum_order),
        ("pack size", "more than zero", asked.pack_size),
    ):
        if amount is not None and not (0 <= amount < LARGEST and (amount > 0 or least == "zero or more")):
            found.append(Fault(name, f"{least}, below {plain(LARGEST)}", str(amount), "Correct it."))
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

    Raises:
        Invalid: what is asked is out of its range.
    """
    if item.demand is None:
        return None
    asked_params = asked.of(params)
    then = otherwise(item, asked)
    sides = ((item, params), (then, asked_params))
    drawn = [days_to_draw(one, offer, told.at(offer), CHART_DAYS) for one, told in sides for offer in one.offers]
    demand = _reaching(item.demand, snapshot.today, max(DAYS, *drawn, 0), seed)
    futures = changed(demand, asked, lift, np.random.default_rng(seed))
    return Answer(
        snapshot.today,
        _side(snapshot, item, demand, params, seed),
        _side(snapshot, then, futures, asked_params, seed),
        lift,
    )


def otherwise(item: ItemState, asked: Asked) -> ItemState:
    """The item with the stock, the open orders and the offers that it would have; its demand is as it was."""
    late = timedelta(days=asked.late_days)
    return replace(
        item,
        on_hand=item.on_hand if asked.on_hand is None else Amount.exactly(asked.on_hand),
        on_order=tuple(replace(one, expected_at=one.expected_at + late) for one in item.on_order),
        offers=tuple(
            _offered(one, asked) for one in item.offers if asked.supplier_id in (None, one.supplier_id)
        ),
    )  # fmt: skip


def _offered(offer: Offer, asked: Asked) -> Offer:
    times = Decimal(repr(asked.unit_cost))
    return replace(
        offer,
        lead_time=_slower(offer.lead_time, asked.lead_time),
        unit_cost=offer.unit_cost * times,
        breaks=tuple((start, cost * times) for start, cost in offer.breaks),
        pack_size=offer.pack_size if asked.pack_size is None else asked.pack_size,
        minimum_order=offer.minimum_order if asked.minimum_order is None else asked.minimum_order,
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
    bare = Side(params.of(item).service_level, float(coming.sum(axis=1).mean()), band(coming))
    found = weigh(snapshot, item, params, np.random.default_rng(seed))
    if found is None:
        return bare
    target = promised(item, found.policy, params)
    params = params.of(item).at(found.offer)
    lead, review = found.futures.lead, params.review_days
    without = outcome(shelf(item, found.futures, snapshot.at, 0.0), lead, review)
    with_order = outcome(shelf(item, found.futures, snapshot.at, float(found.quantity)), lead, review)
    return replace(
        bare,
        service_level=target.level,
        aim=target.aim,
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
        average_stock=(stock := _average_stock(found, review)),
        yearly_cost=_yearly_cost(found, stock, params),
    )


def _average_stock(found: Weighed, review_days: int) -> float:
    """Of a stock that is ordered between these levels (Silver, Pyke and Thomas 2017, chapter 6).

    The position lies between both on average. Of that the demand of the lead time and of half a review has gone.
    """
    policy = found.policy
    middle = policy.reorder_point + _batch(found) / 2
    return max(middle - float(policy.protected.mean()) + policy.daily_mean * review_days / 2, 0.0)


def _batch(found: Weighed) -> float:
    """How far above its reorder point an order brings the position."""
    offer, levels = found.offer, found.policy
    return max(levels.order_up_to - levels.reorder_point, float(round_up(offer.minimum_order, offer.pack_size)))


def _yearly_cost(found: Weighed, stock: float, params: Params) -> float:
    """Of keeping so much on average, and of as many orders as a year's demand makes."""
    daily = found.policy.daily_mean
    a_time = max(_batch(found), daily * params.review_days, float(found.offer.pack_size))
    kept = stock * float(found.offer.cost_for(Decimal(f"{a_time:.6f}"))) * params.holding_rate
    return kept + params.ordering_cost / float(found.offer.rate) * daily * DAYS_IN_YEAR / a_time
