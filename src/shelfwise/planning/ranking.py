"""Who should sell us an item: all who could, by what getting it from each is expected to cost altogether. Pure.

Compared is the same number of units from each: what they cost with price breaks, their part of placing and receiving
orders of the size one would place there, which is more than is needed where a price break makes more cheaper; keeping
half an order and the safety stock that this supplier's lead time asks for while they last, and the margin of what runs
out before the order, late, short or lost, is there. The futures of demand are the same for all. Where nobody knows what
an item sells for, a missed unit counts as what the service level makes it worth, the same for all: were it nothing, who
is slow would cost no more than who is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shelfwise.core.quantities import plain
from shelfwise.planning.levels import implied_margin, least_order
from shelfwise.planning.model import DAYS_IN_YEAR, ItemState, Offer, Params
from shelfwise.planning.simulate import Outcome
from shelfwise.planning.standing import Aim


@dataclass(frozen=True)
class Judged:
    """What planning found out about one offer.

    Attributes:
        wanted: what would be ordered there now; 0: nothing yet.
        typical: units of an order there in the long run.
        safety: stock kept against what its lead time and demand leave open.
        daily: mean demand a day.
    """

    offer: Offer
    wanted: Decimal
    typical: float
    safety: float
    daily: float


@dataclass(frozen=True)
class Ranked:
    """What so many units are expected to cost from one supplier, in the currency that offers are compared in.

    Attributes:
        quantity: of the order that would be placed there.
        goods: at its price for that quantity.
        ordering: their part of placing and receiving it; what gets lost or comes short is ordered again.
        holding: keeping them and the safety stock while they last.
        lost_margin: of what runs out before it is there; None: nothing says what a missed unit is worth.
        missed_unit: what a missed one counts as in it, because nobody knows what the item sells for; None: its margin.
    """

    offer: Offer
    units: float
    quantity: Decimal
    goods: float
    ordering: float
    holding: float
    lost_margin: float | None
    missed_unit: float | None = None

    @property
    def total(self) -> float:
        return self.goods + self.ordering + self.holding + (self.lost_margin or 0.0)


def units_to_compare(judged: Sequence[Judged]) -> Decimal:
    """So many units as are needed now where least can be ordered; where nothing is needed, a usual order."""
    needed = [one.wanted for one in judged if one.wanted > 0]
    if needed:
        return min(needed)
    usual = [least_order(one.offer, Decimal(f"{max(one.typical, 0.0):.6f}")) for one in judged]
    return min((one for one in usual if one > 0), default=max(one.offer.pack_size for one in judged))


def order_at(one: Judged, units: Decimal) -> Decimal:
    """What would be ordered there to get so many units."""
    return max(one.wanted, least_order(one.offer, units))


def missed_unit(item: ItemState, judged: Sequence[Judged], params: Params) -> float | None:
    """What the service level makes a missed unit worth where nobody knows what the item sells for, as in the race of
    policies; None where that is known, or where nothing is wanted of it.

    The order it supposes is the economic quantity, whatever the policy: one that orders at every review would else miss
    units for next to nothing. Of several suppliers the one where that is least counts.
    """
    if item.unit_price is not None:
        return None
    level = params.service_level
    if item.standing is not None and (target := params.target_of(item.standing.group)).aim is not Aim.COST:
        level = target.level

    found = (
        implied_margin(one.daily, float(one.offer.unit_cost * one.offer.rate), level, params)
        for one in judged
        if one.daily > 0
    )
    return min(found, default=None)


def cost(
    item: ItemState,
    one: Judged,
    units: Decimal,
    quantity: Decimal,
    then: Outcome,
    params: Params,
    missed: float | None,
) -> Ranked:
    """What the units cost from this supplier, ordered as a part of `quantity`.

    Args:
        then: what becomes of the shelf if so much is ordered there now.
        missed: what a missed unit counts as, where nobody knows what the item sells for.
    """
    much, whole = float(units), float(quantity)
    each = float(one.offer.cost_for(quantity) * one.offer.rate)
    lasts = min(much / one.daily, params.longest_cover_days) if one.daily > 0 else 0.0
    kept = whole / 2 + max(one.safety, 0.0)
    # An item that is sold below cost loses nothing by running out.
    margin = missed if item.unit_price is None else max(float(item.unit_price) - each, 0.0)
    return Ranked(
        offer=one.offer,
        units=much,
        quantity=quantity,
        goods=much * each,
        ordering=params.ordering_cost * much / (whole * one.offer.lead_time.comes),
        holding=params.holding_rate * each * kept * lasts / DAYS_IN_YEAR,
        lost_margin=None if margin is None else float(then.short.mean()) * margin,
        missed_unit=missed,
    )


def best_first(found: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """The cheapest altogether first; of equally cheap ones the fastest, then the one known longest."""
    return tuple(
        sorted(found, key=lambda one: (round(one.total, 6), one.offer.lead_time.quantile(0.5), one.offer.supplier_id))
    )


def shown(ranked: Sequence[Ranked]) -> list[dict[str, Any]]:
    """Fit for JSON: each supplier's cost by its parts, and what it is believed to do."""
    return [
        {
            "supplier_id": one.offer.supplier_id,
            "supplier": one.offer.supplier,
            "units": round(one.units, 3),
            "quantity": plain(one.quantity),
            "unit_cost": plain(one.offer.cost_for(one.quantity)),
            "currency": one.offer.currency,
            "goods": round(one.goods, 2),
            "ordering": round(one.ordering, 2),
            "holding": round(one.holding, 2),
            "lost_margin": None if one.lost_margin is None else round(one.lost_margin, 2),
            "missed_unit": None if one.missed_unit is None else round(one.missed_unit, 4),
            "total": round(one.total, 2),
            "more": round(one.total - ranked[0].total, 2),
            "days": round(one.offer.lead_time.quantile(0.5), 1),
            "days_at_most": round(one.offer.lead_time.quantile(0.9), 1),
            **_relied(one.offer),
        }
        for one in ranked
    ]


def _relied(offer: Offer) -> dict[str, Any]:
    told = offer.reliability
    if told is None:
        return {"lost": 0.0, "short": 0.0, "late": None, "fill": 1.0, "orders_seen": 0, "orders_of_item": 0}
    return {
        "lost": round(told.lost.mean, 4),
        "short": round(told.short.mean, 4),
        "late": round(told.late.mean, 4),
        "fill": round(told.fill, 4),
        "orders_seen": told.lost.seen,
        "orders_of_item": told.lost.own,
    }


def said(ranked: Sequence[Ranked], currency: str) -> str:
    """Why the first, and what the next best would cost; '' where there is nobody else."""
    if len(ranked) < 2:
        return ""
    first, second = ranked[0], ranked[1]
    more = second.total - first.total
    if more < 0.005:
        return f"{second.offer.supplier} would cost as much altogether, and deliver no sooner."
    running_out = "margin lost by running out" if first.missed_unit is None else "running out"
    parts = {
        "goods": second.goods - first.goods,
        "ordering": second.ordering - first.ordering,
        "keeping": second.holding - first.holding,
        running_out: (second.lost_margin or 0.0) - (first.lost_margin or 0.0),
    }
    differ = ", ".join(f"{name} {part:+,.2f}" for name, part in parts.items() if abs(part) >= 0.005)
    days, instead = (plain(Decimal(str(round(one.offer.lead_time.quantile(0.5), 1)))) for one in (second, first))
    return (
        f"All in all {first.offer.supplier} is expected to cost least: {first.total:,.2f} {currency} for "
        f"{plain(Decimal(str(round(first.units, 3))))}. The next best, {second.offer.supplier}, would cost {more:,.2f} "
        f"more ({differ}) and deliver in {days} days instead of {instead}." + _taken_for(first, currency)
    )


def _taken_for(one: Ranked, currency: str) -> str:
    if one.missed_unit is None:
        return ""
    worth = f"{plain(Decimal(f'{one.missed_unit:.3g}'))} {currency}".rstrip()
    return (
        f" Nobody knows what it sells for: a missed one counts as {worth}, which is what the service level wanted "
        "makes it worth."
    )
