"""The orders of a whole site: joined up to what a supplier delivers, and within what a run may cost and take. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from shelfwise.planning.bounds import Bound
from shelfwise.planning.model import Deal, Decision, ItemState, Offer, Params, Snapshot
from shelfwise.planning.policies.joined import Line, join
from shelfwise.planning.policies.model import Terms
from shelfwise.planning.ranking import Ranked
from shelfwise.planning.replenish import Weighed, decision, weigh, weigh_offer
from shelfwise.planning.why import Joined

Look = Callable[[ItemState, Weighed | None], None]
BUDGET, PALLETS = "budget", "pallets"


@dataclass(frozen=True)
class Waits:
    """An order that is needed and waits, because a limit of the run is reached with what is more urgent.

    Attributes:
        limit: which, BUDGET or PALLETS.
        says: the limit as a sentence.
    """

    item_id: int
    sku: str
    quantity: Decimal
    limit: str
    says: str


@dataclass(frozen=True)
class Planned:
    """What should be ordered for a site now, and what would be but for a limit."""

    decisions: tuple[Decision, ...]
    waiting: tuple[Waits, ...]


@dataclass(frozen=True)
class _Place:
    """An item after it was weighed, without its futures: those of a whole site would fill the memory.

    Attributes:
        rng: as it was before, so that it can be weighed again on the same futures.
    """

    item: ItemState
    offer: Offer
    quantity: Decimal
    deal: Deal | None
    bounds: tuple[Bound, ...]
    daily: float
    ranked: tuple[Ranked, ...]
    decision: Decision | None
    rng: np.random.Generator


def decide(snapshot: Snapshot, params: Params, rng: np.random.Generator) -> tuple[Decision, ...]:
    """The orders that should be placed now; see `plan_all`."""
    return plan_all(snapshot, params, rng).decisions


def nobody(item: ItemState, found: Weighed | None) -> None:
    """Who looks at nothing."""


def plan_all(snapshot: Snapshot, params: Params, rng: np.random.Generator, look: Look = nobody) -> Planned:
    """The orders that should be placed now, in the order of the snapshot's items, and those that wait.

    An item is ordered when its policy wants some more than its inventory position (on hand - reserved - backordered +
    on order); what is on order therefore is never ordered again. Without a forecast a person's own rule counts, and
    without one only what is owed beyond stock and orders is ordered. Where the supplier delivers only from some value
    on, items that will be needed next are ordered along.
    The same snapshot, parameters and seed give the same decisions.

    Args:
        look: shown each item as it was weighed, None where nobody sells it; its futures are not kept afterwards.
    """
    places = []
    for item, one in zip(snapshot.items, rng.spawn(len(snapshot.items)), strict=True):
        before = deepcopy(one) if any(offer.minimum_value for offer in item.offers) else one
        found = weigh(snapshot, item, params, one)
        look(item, found)
        if found is not None:
            made = decision(snapshot, item, found, params) if found.quantity > 0 else None
            daily = found.policy.daily_mean
            places.append(
                _Place(item, found.offer, found.quantity, found.deal, found.bounds, daily, found.ranked, made, before)
            )
    return _within([one for one in _joined(snapshot, places, params) if one.decision is not None], params)


def _joined(snapshot: Snapshot, places: Sequence[_Place], params: Params) -> list[_Place]:
    """With the orders of each supplier filled up to what that one delivers."""
    result = list(places)
    groups: dict[tuple[int, str], list[int]] = {}
    for number, place in enumerate(places):
        if place.offer.minimum_value:
            groups.setdefault((place.offer.supplier_id, place.offer.currency), []).append(number)
    for numbers in groups.values():
        some = [places[number] for number in numbers]
        if not any(place.quantity > 0 for place in some):
            continue
        minimum = max(place.offer.minimum_value or Decimal(0) for place in some)
        value = sum((place.offer.total(place.quantity) for place in some), Decimal(0))
        if value >= minimum:
            continue
        packs = join([_line(place, params) for place in some], float(minimum), params.longest_cover_days)
        quantities = [
            place.quantity if place.quantity >= (more := place.offer.pack_size * round(number)) else more
            for place, number in zip(some, packs, strict=True)
        ]
        comes_to = sum(
            (place.offer.total(quantity) for place, quantity in zip(some, quantities, strict=True)), Decimal(0)
        )
        for number, place, quantity in zip(numbers, some, quantities, strict=True):
            if quantity > 0:
                joined = Joined(minimum, comes_to, place.quantity)
                result[number] = replace(
                    place, quantity=quantity, decision=_again(snapshot, place, quantity, joined, params)
                )
    return result


def _line(place: _Place, params: Params) -> Line:
    """In packs. What perishes before the longest cover is over is not ordered along."""
    offer, pack = place.offer, float(place.offer.pack_size)
    own = float(place.quantity) / pack
    position = place.item.position / pack
    life, least = place.item.shelf_life_days, math.ceil(offer.minimum_order / offer.pack_size)
    most = None if offer.most is None else max(int(offer.most / offer.pack_size), least)
    keeps = life is None or life > params.longest_cover_days
    return Line(
        position, position if own else position - 1, position + own, place.daily / pack if keeps else 0.0,
        float(offer.unit_cost) * pack, Terms(1, least, most),
        tuple((float(start) / pack, float(cost) * pack) for start, cost in offer.breaks),
    )  # fmt: skip


def _again(snapshot: Snapshot, place: _Place, quantity: Decimal, joined: Joined, params: Params) -> Decision:
    """The same order, perhaps of another size, with what it is part of."""
    found = weigh_offer(snapshot, place.item, place.offer, params, deepcopy(place.rng))
    deal = place.deal if quantity == place.quantity else None
    bounds = place.bounds if quantity == place.quantity else ()
    found = replace(found, quantity=quantity, deal=deal, bounds=bounds, ranked=place.ranked)
    return decision(snapshot, place.item, found, params, joined)


def _within(made: Sequence[_Place], params: Params) -> Planned:
    """What fits into the run's limits: what is worth most now for its money and its place first. The orders of a
    supplier who delivers only from some value on stay together."""
    chosen = [one.decision for one in made if one.decision is not None]
    if params.budget is None and params.pallets is None:
        return Planned(tuple(chosen), ())
    bundles: dict[tuple[int, int], list[_Place]] = {}
    for number, place in enumerate(made):
        together = place.offer.minimum_value is not None
        bundles.setdefault((place.offer.supplier_id, -1 if together else number), []).append(place)
    left = {BUDGET: _limit(params.budget), PALLETS: _limit(params.pallets)}
    waits: dict[int, Waits] = {}
    for bundle in sorted(bundles.values(), key=lambda one: -_urgency(one, left)):
        takes = _takes(bundle)
        short = next((name for name, much in takes.items() if much > left[name] + 1e-9), None)
        if short is None:
            left = {name: room - takes[name] for name, room in left.items()}
            continue
        for place in bundle:
            said = _said(short, params, takes[short], left[short], len(bundle))
            waits[place.item.item_id] = Waits(place.item.item_id, place.item.sku, place.quantity, short, said)
    return Planned(tuple(one for one in chosen if one.item_id not in waits), tuple(waits.values()))


def _limit(value: float | None) -> float:
    return math.inf if value is None else value


def _takes(bundle: Sequence[_Place]) -> dict[str, float]:
    return {
        BUDGET: sum(float(place.offer.total(place.quantity) * place.offer.rate) for place in bundle),
        PALLETS: sum(float(place.quantity) * place.item.pallet_share for place in bundle),
    }


def _urgency(bundle: Sequence[_Place], limits: dict[str, float]) -> float:
    """Worth of ordering now, by the largest share of a limit that it takes."""
    worth = 0.0
    for place in bundle:
        if place.decision is not None:
            told = place.decision.expected_value
            # Where no price is known, a unit is worth what it costs: that is less than it would sell for.
            each = float(place.decision.unit_cost * place.offer.rate)
            worth += told["mean"] if told["mean"] is not None else told["units_spared"] * each
    shares = [
        much / limits[name] if limits[name] > 0 else math.inf for name, much in _takes(bundle).items() if much > 0
    ]
    return worth / max(max(shares, default=0.0), 1e-12)


def _said(limit: str, params: Params, takes: float, left: float, count: int) -> str:
    together = "" if count == 1 else f", {count} items together,"
    if limit == BUDGET:
        return (
            f"Waits for the budget: of {params.budget:,.2f} for this run {left:,.2f} are left after what is more "
            f"urgent, and this{together} would cost {takes:,.2f}."
        )
    return (
        f"Waits for room: of {params.pallets:g} pallets for this run {left:.1f} are left after what is more urgent, "
        f"and this{together} takes {takes:.1f}."
    )
