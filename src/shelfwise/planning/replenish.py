"""When to order an item, how much, from whom, and why. Pure.

At which level it is time is in levels.py, what bounds an order in bounds.py, what becomes of the orders of a whole site
in together.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from shelfwise.core.quantities import plain
from shelfwise.planning import explain, why
from shelfwise.planning.bounds import PRICE_BREAK, Bound, days_to_draw, most_of, order_quantity
from shelfwise.planning.levels import Policy, least_order, policy_of
from shelfwise.planning.model import DAYS_IN_YEAR, Deal, Decision, Floats, ItemState, Offer, Params, Snapshot
from shelfwise.planning.ranking import Judged, Ranked, best_first, cost, missed_unit, order_at, units_to_compare
from shelfwise.planning.simulate import Futures, draw, outcome, shelf

CHART_DAYS = 21


@dataclass(frozen=True, eq=False)
class Weighed:
    """What an order of an item would be; `quantity` 0: none is needed.

    Attributes:
        bounds: what made it larger or smaller than what is wanted.
        ranked: all who sell it, the cheapest altogether first; empty where nobody else does.
    """

    offer: Offer
    futures: Futures
    policy: Policy
    quantity: Decimal
    deal: Deal | None
    bounds: tuple[Bound, ...] = ()
    ranked: tuple[Ranked, ...] = ()


def weigh(snapshot: Snapshot, item: ItemState, params: Params, rng: np.random.Generator) -> Weighed | None:
    """What would be ordered of an item now, of whom and why; None where nobody sells it."""
    if not item.offers:
        return None
    params = params.of(item)
    found = best_of(snapshot, item, params, rng)
    if found.quantity <= 0:
        return found
    deal = _deal(item, found, found.quantity, params)
    if deal is None:
        return found
    bounds = (*found.bounds, Bound(PRICE_BREAK, found.quantity))
    return replace(found, quantity=deal.quantity, deal=deal, bounds=bounds)


def _deal(item: ItemState, found: Weighed, needed: Decimal, params: Params) -> Deal | None:
    """What is ordered there instead of what is needed, because it is cheaper."""
    most = most_of(item, found.offer, found.futures, params)
    return cheaper_deal(found.offer, needed, found.policy.daily_mean, params, most)


def best_of(snapshot: Snapshot, item: ItemState, params: Params, rng: np.random.Generator) -> Weighed:
    """What would be ordered of the supplier whose expected cost is least."""
    if len(item.offers) == 1:
        return weigh_offer(snapshot, item, item.offers[0], params, rng)
    weighed = _each(snapshot, item, params, rng)
    ranked = _ranked(snapshot, item, weighed, params)
    return replace(next(one for one in weighed if one.offer is ranked[0].offer), ranked=ranked)


def rank(snapshot: Snapshot, item: ItemState, params: Params, rng: np.random.Generator) -> tuple[Ranked, ...]:
    """All who sell an item, the one whose expected cost is least first."""
    return _ranked(snapshot, item, _each(snapshot, item, params, rng), params) if item.offers else ()


def _each(snapshot: Snapshot, item: ItemState, params: Params, rng: np.random.Generator) -> list[Weighed]:
    """Each offer, on the same futures."""
    return [weigh_offer(snapshot, item, offer, params, deepcopy(rng)) for offer in item.offers]


def _ranked(snapshot: Snapshot, item: ItemState, weighed: Sequence[Weighed], params: Params) -> tuple[Ranked, ...]:
    params = params.of(item)
    judged = [judge(one, params) for one in weighed]
    units, missed = units_to_compare(judged), missed_unit(item, judged, params)
    found = []
    for one, of in zip(judged, weighed, strict=True):
        quantity = order_at(one, units)
        if deal := _deal(item, of, quantity, params):
            quantity = deal.quantity
        path = shelf(item, of.futures, snapshot.at, float(quantity))
        then = outcome(path, of.futures.lead, params.at(one.offer).review_days)
        found.append(cost(item, one, units, quantity, then, params, missed))
    return best_first(found)


def judge(found: Weighed, params: Params) -> Judged:
    """What was found out about an offer, without its futures."""
    policy = found.policy
    typical = max(policy.order_up_to - policy.reorder_point, policy.daily_mean * params.at(found.offer).review_days)
    return Judged(found.offer, found.quantity, typical, policy.safety, policy.daily_mean)


def weigh_offer(snapshot: Snapshot, item: ItemState, offer: Offer, params: Params, rng: np.random.Generator) -> Weighed:
    """What would be ordered of one supplier, before it is asked whether more would be cheaper."""
    params = params.of(item).at(offer)
    days = days_to_draw(item, offer, params, CHART_DAYS)
    futures = draw(item, offer.lead_time, snapshot.today, params, days, rng)
    policy = policy_of(item, offer, futures, snapshot.at, params)
    quantity, bounds = order_quantity(item, offer, policy, futures, params)
    return Weighed(offer, futures, policy, quantity, None, bounds)


def decide_item(snapshot: Snapshot, item: ItemState, params: Params, rng: np.random.Generator) -> Decision | None:
    """The order for one item by itself, whatever else its supplier sells; None where none should or can be placed."""
    found = weigh(snapshot, item, params, rng)
    return None if found is None or found.quantity <= 0 else decision(snapshot, item, found, params)


def choose(offers: tuple[Offer, ...], quantity: Decimal = Decimal(0)) -> Offer:
    """The cheapest a unit when so many are ordered, compared in one currency; of equally cheap ones the fastest, then
    the one known longest."""
    return min(
        offers, key=lambda one: (one.cost_for(quantity) * one.rate, one.lead_time.quantile(0.5), one.supplier_id)
    )


def cheaper_deal(
    offer: Offer, needed: Decimal, daily: float, params: Params, most: Decimal | None = None
) -> Deal | None:
    """The price break at which ordering more than is needed costs least; None: what is needed costs least.

    Compared is the cost of a year at so many a time: buying, ordering and keeping (the all-units discount of Silver,
    Pyke and Thomas 2017, chapter 4). No deal covers more than the longest cover wanted, unless it costs less outright.

    Args:
        most: that can be ordered, and be sold before it perishes; None: any number.
    """
    rate = float(offer.rate)

    def yearly(quantity: Decimal) -> float:
        each, much = float(offer.cost_for(quantity)) * rate, float(quantity)
        demand = daily * DAYS_IN_YEAR
        return demand * each + params.ordering_cost * demand / much + params.holding_rate * each * much / 2

    best: Deal | None = None
    for start, _ in offer.breaks:
        quantity = least_order(offer, start)
        if quantity <= needed or (most is not None and quantity > most):
            continue
        outright = offer.total(quantity) < offer.total(needed)
        if not outright and float(quantity) > daily * params.longest_cover_days:
            continue
        saves = yearly(needed) - yearly(quantity)
        if (outright or saves > 0) and (best is None or saves > best.saves):
            best = Deal(quantity, offer.cost_for(quantity), needed, offer.cost_for(needed), saves, outright)
    return best


def decision(
    snapshot: Snapshot, item: ItemState, found: Weighed, params: Params, joined: why.Joined | None = None
) -> Decision:
    """The order that was weighed, with everything that speaks for it.

    Args:
        joined: the order of all items of the supplier that it is part of; None: nothing is asked of that one.
    """
    offer, futures, policy, quantity = found.offer, found.futures, found.policy, found.quantity
    params = params.of(item).at(offer)
    without = shelf(item, futures, snapshot.at, 0.0)
    with_order = shelf(item, futures, snapshot.at, float(quantity))
    now = outcome(with_order, futures.lead, params.review_days)
    later = outcome(without, futures.lead, params.review_days)
    value = _value(item, offer, quantity, later.short - now.short, params)
    alternative: dict[str, Any] = {
        "wait": {
            "what": "Wait until the next review",
            "days": params.review_days,
            "stockout_probability": round(later.until_next, 4),
            "units_short": round(float(later.short.mean()), 2),
            "units_short_with_order": round(float(now.short.mean()), 2),
            "margin_lost": value["margin_kept"],
        },
        "one_pack_less": _one_pack_less(snapshot, item, found, params),
    }
    shown = explain.evidence(snapshot, item, offer, futures, policy, quantity, now, later, params)
    shown["policy"] |= why.raced(item, policy)
    return Decision(
        site_id=snapshot.site_id,
        item_id=item.item_id,
        sku=item.sku,
        supplier_id=offer.supplier_id,
        quantity=quantity,
        unit_cost=offer.cost_for(quantity),
        currency=offer.currency,
        pack_size=offer.pack_size,
        minimum_order=offer.minimum_order,
        expected_days=offer.lead_time.quantile(0.5),
        forecast_id=item.demand.forecast_id if item.demand else None,
        today=snapshot.today,
        reason=explain.reason(item, offer, policy, quantity, now, later, params)
        + why.joined_said(offer, quantity, joined)
        + explain.prices_said(item, offer, found.deal)
        + explain.assumed_said(item, offer)
        + explain.coming_said(item)
        + explain.rule_beside(item, policy),
        evidence=shown
        | explain.prices(item, offer, found.deal)
        | why.evidence(item, found.ranked, offer, policy, futures, quantity, found.bounds, params, joined)
        | {"chart": explain.chart(snapshot, futures, without, with_order)},
        alternative=alternative,
        expected_value=value,
        expires_at=snapshot.at + timedelta(days=params.valid_days),
    )


def _one_pack_less(snapshot: Snapshot, item: ItemState, found: Weighed, params: Params) -> dict[str, Any] | None:
    """None where one pack less would be nothing or below the minimum."""
    offer, futures, quantity = found.offer, found.futures, found.quantity
    fewer = quantity - offer.pack_size
    if fewer <= 0 or fewer < offer.minimum_order:
        return None
    path = shelf(item, futures, snapshot.at, float(fewer))
    then = outcome(path, futures.lead, params.review_days)
    daily = found.policy.daily_mean
    return {
        "what": "Order one pack less",
        "quantity": plain(fewer),
        "stockout_probability": round(then.until_next, 4),
        "saved": round(float(offer.total(quantity) - offer.total(fewer)), 2),
        "days_sooner": round(float(offer.pack_size) / daily, 1) if daily > 0 else None,
    }


def _value(item: ItemState, offer: Offer, quantity: Decimal, spared: Floats, params: Params) -> dict[str, Any]:
    """What ordering now is worth over waiting one review period: margin not lost less the cost of holding
    longer.

    Args:
        spared: units that would be owed if we waited and are not if we order now, shape (samples,).
    """
    holding = float(offer.total(quantity)) * params.holding_rate * params.review_days / DAYS_IN_YEAR
    value: dict[str, Any] = {
        "units_spared": round(float(spared.mean()), 2),
        "holding_cost": round(holding, 2),
        "currency": offer.currency,
        "what": "Margin kept by ordering now, not at the next review, less the cost of holding it longer",
        "margin_kept": None,
        "mean": None,
        "p10": None,
        "p90": None,
    }
    if item.unit_price is not None:
        margin = max(float(item.unit_price - offer.cost_for(quantity)), 0.0)
        worth = spared * margin - holding
        low, high = np.quantile(worth, (0.1, 0.9))
        value |= {
            "margin_kept": round(float(spared.mean()) * margin, 2),
            "mean": round(float(worth.mean()), 2),
            "p10": round(float(low), 2),
            "p90": round(float(high), 2),
        }
    return value
