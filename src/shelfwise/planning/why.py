"""Why not earlier, why not more, why this supplier; which policy, and what its safety stock is for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shelfwise.core.quantities import plain
from shelfwise.planning import bounds, ranking, safety
from shelfwise.planning.bounds import Bound
from shelfwise.planning.explain import amount, rule_words
from shelfwise.planning.levels import AT_EVERY_REVIEW, OWN, QUANTILE, Policy
from shelfwise.planning.model import DAYS_IN_YEAR, ItemState, Offer, Params
from shelfwise.planning.ranking import Ranked
from shelfwise.planning.simulate import Futures
from shelfwise.planning.standing import Standing


@dataclass(frozen=True)
class Joined:
    """The order of all items of a supplier who delivers only from some value on.

    Attributes:
        minimum: that value; `value`: what the order comes to, both in the offer's currency.
        own: what would be ordered of the item without it; 0: it was not its turn yet.
    """

    minimum: Decimal
    value: Decimal
    own: Decimal

    @property
    def reached(self) -> bool:
        return self.value >= self.minimum


def raced(item: ItemState, policy: Policy) -> dict[str, Any]:
    """Which policy it is and how the others did, fit for JSON."""
    standing = item.standing if policy.name not in (QUANTILE, OWN) else None
    return {
        "name": policy.name,
        "cap": None if policy.cap is None else round(policy.cap, 3),
        "race": None if standing is None else race_shown(standing),
    }


def race_shown(standing: Standing) -> dict[str, Any]:
    """A race's outcome, fit for JSON: by how much each policy costs more than the winner, in percent and a month."""
    least = next(one.cost for one in standing.raced if one.name == standing.policy)
    return {
        "winner": standing.policy,
        "days": standing.days,
        "until": standing.until.isoformat(),
        "apart": standing.apart,
        "target": {"aim": standing.target.aim.value, "level": standing.target.level},
        "group": standing.group,
        "policies": [
            {
                "name": one.name,
                "cost": round(one.cost, 2),
                "more": round(one.cost - least, 2),
                "percent": round(100 * (one.cost / least - 1), 1) if least > 0 else None,
                "unsure": round(one.unsure, 2),
                "fill": round(one.fill, 4),
                "able": one.able,
            }
            for one in standing.raced
        ],
    }


def evidence(
    item: ItemState,
    ranked: Sequence[Ranked],
    offer: Offer,
    policy: Policy,
    futures: Futures,
    quantity: Decimal,
    bound_by: Sequence[Bound],
    params: Params,
    joined: Joined | None,
) -> dict[str, Any]:
    """Safety stock with its shares, what binds, and three answers, fit for JSON."""
    known = item.demand is not None
    shares = safety.shares(max(policy.safety, 0.0), futures, params.review_days) if known else {}
    binding = [
        {"limit": one.limit, "without": plain(one.without), "says": bound_said(item, offer, policy, one, params)}
        for one in bound_by
    ]
    if joined is not None and (said := joined_said(offer, quantity, joined)):
        binding.append({"limit": bounds.SUPPLIER_MINIMUM, "without": plain(joined.own), "says": said.strip()})
    return {
        "safety_stock": {
            "units": round(policy.safety, 2) if known else None,
            "shares": {name: round(units, 2) for name, units in shares.items()},
        },
        "binding": binding,
        "why": {
            "earlier": _why_not_earlier(item, offer, policy, quantity, params, joined),
            "more": _why_not_more(policy, bound_by, binding, params),
            "supplier": _why_this_supplier(item, offer, ranked),
        },
        "suppliers": ranking.shown(ranked),
    }


def bound_said(item: ItemState, offer: Offer, policy: Policy, one: Bound, params: Params) -> str:
    """A limit as a sentence."""
    without = plain(one.without)
    if one.limit == bounds.MINIMUM:
        return f"{offer.supplier} takes no order of it below {plain(offer.minimum_order)}; {without} would do."
    if one.limit == bounds.PACK:
        return f"It comes in packs of {plain(offer.pack_size)}; {without} would do."
    if one.limit == bounds.LONGEST_COVER:
        return f"No order may cover more than {params.longest_cover_days} days; without that it would be {without}."
    if one.limit == bounds.CAP:
        return (
            f"The policy never orders more than {amount(policy.cap or 0.0)} at once, because what comes after a rush "
            f"meets a full shelf; without that it would be {without}."
        )
    if one.limit == bounds.LARGEST:
        return f"{offer.supplier} takes no more than {plain(offer.most or one.without)} at once; {without} were wanted."
    if one.limit == bounds.CAPACITY:
        said = f"{offer.supplier} delivers at most {plain(offer.weekly_capacity or one.without)} a week"
        if one.given_way:
            return f"{said}, and even the least that can be ordered is more than that leaves room for."
        return f"{said}, counted until the next review's order could come; {without} were wanted."
    if one.limit == bounds.BATCH_DAYS:
        return f"What is needed within {offer.batch_days} days is ordered at once; without that it would be {without}."
    if one.limit == bounds.PRICE_BREAK:
        return f"This much is cheaper than the {without} that would do."
    keeps = f"It keeps for {item.shelf_life_days} days"
    if one.given_way:
        return f"{keeps}, and even the least that can be ordered is more than sells in them in the middle case."
    return f"{keeps}, and more would not be sold in them in the middle case; without that it would be {without}."


def joined_said(offer: Offer, quantity: Decimal, joined: Joined | None) -> str:
    """A sentence where the supplier's minimum made the order, or is not reached; '' where it changes nothing."""
    changes = joined is not None and (quantity > joined.own or not joined.reached)
    return f" {_minimum(offer, joined)}" if joined is not None and changes else ""


def _minimum(offer: Offer, joined: Joined) -> str:
    asks = f"{offer.supplier} delivers orders from {joined.minimum:,.2f} {offer.currency} on"
    if not joined.reached:
        return f"{asks}, and what is needed comes to {joined.value:,.2f}: ask whether they deliver that."
    if joined.own == 0:
        return f"{asks}, so this is ordered along, before its turn: it will be needed next."
    return f"{asks}, so more is ordered than the {plain(joined.own)} that would do."


def _why_not_earlier(
    item: ItemState, offer: Offer, policy: Policy, quantity: Decimal, params: Params, joined: Joined | None
) -> str:
    if item.demand is None:
        if item.rule is not None:
            return f"Your own rule says to {rule_words(item.rule)}."
        return "Without a forecast nothing is ordered before it is owed."
    if joined is not None and joined.own == 0 and quantity > 0:
        return "It is earlier than it would have to be, because the supplier's minimum has to be reached."
    daily = float(offer.total(quantity)) * params.holding_rate / DAYS_IN_YEAR
    keeping = f"ordered sooner, it would only be kept longer, for {daily:,.2f} {offer.currency} a day"
    if policy.name in AT_EVERY_REVIEW:
        return f"Each review orders what was used since the one before; {keeping}."
    enough = float((policy.protected <= policy.reorder_point).mean())
    return (
        f"Above a position of {amount(policy.reorder_point)}, what is there and on order lasts until the next order "
        f"could arrive in {enough * 100:.0f} of 100 cases; {keeping}."
    )


def _why_not_more(policy: Policy, bound_by: Sequence[Bound], binding: Sequence[dict[str, Any]], params: Params) -> str:
    smaller = (bounds.SHELF_LIFE, bounds.LARGEST, bounds.CAPACITY, bounds.CAP, bounds.LONGEST_COVER)
    for limit, said in ((one["limit"], str(one["says"])) for one in reversed(binding)):
        if limit in smaller:
            return said
    if policy.name == OWN:
        return "Your own rule says so."
    if policy.daily_mean <= 0:
        return "Nothing more is expected to be wanted."
    if policy.economic_quantity is None or policy.name in AT_EVERY_REVIEW:
        return f"The level of {amount(policy.order_up_to)} suffices until the next review's order could arrive."
    return (
        f"At {params.ordering_cost:g} for each order and {params.holding_rate * 100:g} % a year for keeping, ordering "
        f"and keeping cost least together at about {amount(policy.economic_quantity)} an order."
    )


def _why_this_supplier(item: ItemState, offer: Offer, ranked: Sequence[Ranked]) -> str:
    if len(item.offers) == 1:
        return f"Nobody but {offer.supplier} is known to sell it."
    # Compared in our currency, where offers are in several; else in theirs.
    same = len({one.currency for one in item.offers}) == 1 and offer.rate == 1
    return ranking.said(ranked, offer.currency if same else "in the currency of the books")
