"""Why an order is proposed: sentences with numbers, and everything they stand on. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from shelfwise.core.quantities import plain
from shelfwise.planning.levels import AT_EVERY_REVIEW, QUANTILE, Policy, promised
from shelfwise.planning.model import Deal, Floats, ItemState, Offer, Params, Snapshot
from shelfwise.planning.simulate import Futures, Outcome, band
from shelfwise.records.model import Rule

TOO_LATE = 0.2
"""From this risk of running out before its arrival on, an order's reason says that it comes too late."""


def reason(
    item: ItemState,
    offer: Offer,
    policy: Policy,
    quantity: Decimal,
    now: Outcome,
    later: Outcome,
    params: Params,
) -> str:
    """Plain sentences: where we stand, what is coming, what is done about it, what it changes."""
    owed = f", {plain(item.backordered)} owed to open order lines" if item.backordered else ""
    stands = (
        f"On hand {amount(item.on_hand.mean)}, reserved {plain(item.reserved)}{owed}, "
        f"on order {plain(item.ordered)}: position {amount(item.position)}."
    )
    if item.demand is None and item.rule is not None:
        return (
            f"{stands} There is not enough history for a forecast yet, so your own rule counts: "
            f"{rule_words(item.rule)}. Ordering {packs(quantity, offer)} from {offer.supplier} brings the position to "
            f"{amount(item.position + float(quantity))}."
        )
    if item.demand is None:
        return (
            f"{stands} There is not enough history for a forecast, so only what is owed is ordered: "
            f"{packs(quantity, offer)} from {offer.supplier}."
        )
    lead = amount(round(offer.lead_time.quantile(0.5), 1))
    middle = float(np.quantile(policy.protected, 0.5, method="inverted_cdf"))
    coming = (
        f"Demand over the {lead}-day lead time and the {days(params.review_days)} to the next review is "
        f"{amount(middle)} in the middle case"
    )
    if policy.name == QUANTILE:
        coming += (
            f" and at most {amount(policy.reorder_point)} in {params.service_level * 100:g} of 100 cases, which is the "
            "reorder point."
        )
    else:
        coming += f". {acts(policy)}"
    action = (
        f"Ordering {packs(quantity, offer)} from {offer.supplier} brings the position to "
        f"{amount(item.position + float(quantity))} (order-up-to level {amount(policy.order_up_to)})."
    )
    return f"{stands} {coming} {action} {_change(item, now, later, params)}"


def acts(policy: Policy) -> str:
    """What the policy that won the race does, as a sentence."""
    low, top = amount(policy.reorder_point), amount(policy.order_up_to)
    enough = f"{float((policy.protected <= policy.reorder_point).mean()) * 100:.0f} of 100 cases"
    won = "The policy that did best on its past"
    if policy.name == "batches":
        batch = amount(policy.order_up_to - policy.reorder_point)
        return f"{won} orders batches of {batch} when the position is not above {low}, which is enough in {enough}."
    if policy.name in AT_EVERY_REVIEW:
        most = "" if policy.cap is None else f", but at most {amount(policy.cap)} at once"
        return f"{won} raises the position to {top} at every review{most}; that is enough in {enough}."
    return f"{won} orders up to {top} when the position is not above {low}, which is enough in {enough}."


def _change(item: ItemState, now: Outcome, later: Outcome, params: Params) -> str:
    """What the order changes; where it comes too late for much of that, this is said first."""
    unit = "units" if item.unit == "each" else item.unit
    if item.available < 0:
        return (
            f"{amount(-item.available)} {unit} are owed to customers already, "
            "and every day until it arrives lets them wait longer."
        )
    lowers = (
        "It lowers the risk of running out before a later order could arrive "
        f"from {percent(later.until_next)} to {percent(now.until_next)}."
    )
    if now.before_arrival < TOO_LATE:
        return lowers
    more = float((later.short - now.short).mean())
    return (
        f"The risk of running out before anything ordered now could arrive is {percent(now.before_arrival)} already; "
        f"waiting {review(params.review_days)} would leave {amount(round(more, 1))} more {unit} owed on average."
    )


def evidence(
    snapshot: Snapshot,
    item: ItemState,
    offer: Offer,
    futures: Futures,
    policy: Policy,
    quantity: Decimal,
    now: Outcome,
    later: Outcome,
    params: Params,
) -> dict[str, Any]:
    """Every input of the decision and what followed from it, fit for JSON."""
    cumulative = np.quantile(futures.demand, (0.1, 0.5, 0.9), axis=0, method="inverted_cdf")
    demand, target = item.demand, promised(item, policy, params)
    return {
        "as_of": snapshot.at.isoformat(),
        "stock": {
            "on_hand": item.on_hand.mean,
            "on_hand_exact": item.on_hand.exact,
            "reserved": float(item.reserved),
            "backordered": float(item.backordered),
            "on_order": [
                {
                    "quantity": float(one.quantity),
                    "expected_at": one.expected_at.isoformat(),
                    "chance": round(one.chance, 4),
                    "counts": round(one.counts, 3),
                    "asked": one.asked,
                }
                for one in item.on_order
            ],
            "position": item.position,
        },
        "forecast": None
        if demand is None
        else {
            "forecast_id": demand.forecast_id,
            "model": demand.model,
            "first_day": demand.first_day.isoformat(),
            "paths": len(demand.paths),
            "days_old": max((snapshot.today - demand.first_day).days, 0),
            "mean_a_day": round(policy.daily_mean, 3),
            "cumulative": {
                name: [float(value) for value in np.round(row, 2)]
                for name, row in zip(("q10", "q50", "q90"), cumulative, strict=True)
            },
        },
        "lead_time": {
            "stated": offer.lead_time.stated,
            "assumed": offer.lead_time.assumed,
            "observed": offer.lead_time.observed,
            "q10": round(offer.lead_time.quantile(0.1), 2),
            "q50": round(offer.lead_time.quantile(0.5), 2),
            "q90": round(offer.lead_time.quantile(0.9), 2),
        },
        "terms": {
            "supplier_id": offer.supplier_id,
            "supplier": offer.supplier,
            "unit_cost": str(offer.unit_cost),
            "currency": offer.currency,
            "pack_size": plain(offer.pack_size),
            "minimum_order": plain(offer.minimum_order),
        },
        "parameters": {
            "service_level": params.service_level,
            "target": {"aim": target.aim.value, "level": target.level},
            "review_days": params.review_days,
            "holding_rate": params.holding_rate,
            "ordering_cost": params.ordering_cost,
            "longest_cover_days": params.longest_cover_days,
        },
        "policy": {
            "reorder_point": policy.reorder_point,
            "order_up_to": round(policy.order_up_to, 3),
            "economic_quantity": _rounded(policy.economic_quantity),
            "demand_until_next_order": {
                "mean": round(float(policy.protected.mean()), 3),
                "q10": float(np.quantile(policy.protected, 0.1, method="inverted_cdf")),
                "q50": float(np.quantile(policy.protected, 0.5, method="inverted_cdf")),
                "q90": float(np.quantile(policy.protected, 0.9, method="inverted_cdf")),
            },
        },
        "rule": None
        if item.rule is None
        else {
            "reorder_point": plain(item.rule.reorder_point),
            "order_up_to": None if item.rule.order_up_to is None else plain(item.rule.order_up_to),
            "counts": demand is None,
        },
        "quantity": plain(quantity),
        "stockout": {
            "before_arrival": round(now.before_arrival, 4),
            "until_next_order_without": round(later.until_next, 4),
            "until_next_order_with": round(now.until_next, 4),
        },
    }


def assumed_said(item: ItemState, offer: Offer) -> str:
    """That nobody said how long the supplier takes; '' where somebody did, or it does not matter."""
    if not offer.lead_time.assumed or item.demand is None:
        return ""
    seen = f" and {offer.lead_time.observed} deliveries" if offer.lead_time.observed else ""
    return (
        f" Nobody said how long {offer.supplier} takes: the {amount(offer.lead_time.stated)} days that are usual here"
        f"{seen} are assumed."
    )


def coming_said(item: ItemState) -> str:
    """What is odd about what is on order: overdue for so long that it may be lost, or asked to be otherwise."""
    said = ""
    doubted = [one for one in item.on_order if one.counts < float(one.quantity)]
    if doubted:
        much, counts = sum(float(one.quantity) for one in doubted), sum(one.counts for one in doubted)
        said += f" {amount(much)} on order is so long overdue that it may never come: it counts as {amount(counts)}."
    for what, words in (("cancel", "to cancel"), ("change", "to change")):
        much = sum(float(one.quantity) for one in item.on_order if one.asked == what)
        if much:
            said += (
                f" The supplier was asked {words} an order with {amount(much)} of it and has not answered: it counts."
            )
    return said


def rule_words(rule: Rule) -> str:
    up_to = "" if rule.order_up_to is None else f", up to {plain(rule.order_up_to)}"
    return f"reorder at {plain(rule.reorder_point)}{up_to}"


def rule_beside(item: ItemState, policy: Policy) -> str:
    """How a person's own rule differs from what was reckoned; '' where there is none, or it was what counted."""
    if item.rule is None or item.demand is None:
        return ""
    more = policy.reorder_point - float(item.rule.reorder_point)
    differs = f"{amount(abs(more))} {'below' if more > 0 else 'above'} the one" if more else "the same as the one"
    return f" Your own rule says {rule_words(item.rule)}: its reorder point is {differs} of the forecast."


def prices_said(item: ItemState, offer: Offer, deal: Deal | None) -> str:
    """Sentences on what the price has to do with it; '' where nothing."""
    said = ""
    if deal is not None:
        costs = f"{plain(deal.quantity)} at {plain(deal.unit_cost)} {offer.currency} each"
        needed = f"{plain(deal.instead)} at {plain(deal.instead_cost)}"
        if deal.outright:
            totals = f"{deal.quantity * deal.unit_cost:,.2f} and {deal.instead * deal.instead_cost:,.2f}"
            said = f" {costs} cost less altogether than the {needed} that are needed: {totals}."
        else:
            said = (
                f" {costs} cost less than the {needed} that are needed: {deal.saves:,.2f} a year, with ordering and "
                "keeping counted."
            )
    if item.left_out:
        said += f" Offers in {', '.join(item.left_out)} are left out: nobody said what that is worth."
    return said


def prices(item: ItemState, offer: Offer, deal: Deal | None) -> dict[str, Any]:
    """What the choice of price and supplier stands on, fit for JSON."""
    return {
        "prices": {
            "breaks": [[plain(start), plain(cost)] for start, cost in offer.breaks],
            "needed": None if deal is None else plain(deal.instead),
            "saves_a_year": None if deal is None else round(deal.saves, 2),
            "others": [
                {
                    "supplier": one.supplier,
                    "unit_cost": plain(one.unit_cost),
                    "currency": one.currency,
                    "compared": f"{one.unit_cost * one.rate:.4f}",
                }
                for one in item.offers
                if one is not offer
            ],
            "left_out": list(item.left_out),
        }
    }


def chart(snapshot: Snapshot, futures: Futures, without: Floats, with_order: Floats) -> dict[str, Any]:
    """Available stock at the end of each day, day 0 being now, as bands without and with the order."""
    return {
        "first_day": snapshot.today.isoformat(),
        "arrives_on_day": int(np.median(futures.lead)),
        "without": band(without),
        "with": band(with_order),
    }


def amount(value: float) -> str:
    """A number a person would write: 40, 0.5, 1234."""
    return plain(Decimal(f"{value:.2f}"))


def packs(quantity: Decimal, offer: Offer) -> str:
    if offer.pack_size == 1:
        return plain(quantity)
    number = quantity / offer.pack_size
    word = "pack" if number == 1 else "packs"
    return f"{plain(quantity)} ({plain(number)} {word} of {plain(offer.pack_size)})"


def days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"


def review(number: int) -> str:
    return "a day" if number == 1 else f"{number} days"


def percent(share: float) -> str:
    """A probability without false certainty at its ends."""
    if 0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1:
        return "over 99%"
    return f"{share * 100:.0f}%"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
