"""What one site should give another now, how much, and why. Pure.

A lateral transshipment (Paterson, Kiesmüller, Teunter and Glazebrook 2011, Inventory models with lateral
transshipments: a review): a site that is likely to run out before an order of its own could come takes from one that
has more than it needs itself until the order of its own next review could come, both as sure as promised. Where all
of the stock and all orders together do not suffice for that, everybody runs out with the same probability, givers as
well as takers.

What is moved has to earn its way: the margin of the units that are not short, less that of those the giver will be
short of, against what the weight costs, and for all that goes the same way together against what the shipment costs.
Ways that do not earn that are closed one by one, the worst first, and what went that way looks for another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from shelfwise.core.quantities import round_up
from shelfwise.planning.model import Floats, ItemState, LeadTime, Offer, Params
from shelfwise.planning.replenish import CHART_DAYS, choose
from shelfwise.planning.sharing.model import UNSOLD_DAYS, Binding, Heft, House, Side
from shelfwise.planning.sharing.paths import NOISE, arriving, least, owed
from shelfwise.planning.sharing.shares import common_cases, fair_shares, needed
from shelfwise.planning.simulate import draw, shelf
from shelfwise.records.lanes_model import Lane

Ends = tuple[int, int]
Lanes = Mapping[Ends, Lane]


@dataclass(frozen=True, eq=False)
class Move:
    """So much of an item from one site to another.

    Attributes:
        arrives: in how many days it lies there.
        before: what the taker has at the end of each day if only what was decided before comes; see `Side.path`.
        kept: units that the taker is not short of until an order of its own could come, shape (samples,).
        lost: units that the giver is short of for it until the order of its next review could come.
        margin: what a unit earns; `weight_cost`: what moving the weight costs.
        others: further sites that could have given all of it, the nearest first.
        level: the share of cases in which each end should not run out.
    """

    giver: Side
    taker: Side
    lane: Lane
    quantity: Decimal
    arrives: int
    binds: Binding
    before: Floats
    kept: Floats
    lost: Floats
    margin: float
    weight_cost: float
    others: tuple[Lane, ...]
    level: float

    @property
    def ends(self) -> Ends:
        return self.giver.site_id, self.taker.site_id

    @property
    def after(self) -> Floats:
        """What the taker has with it."""
        return arriving(self.before, float(self.quantity), self.arrives)

    @property
    def given(self) -> Floats:
        """What the giver has without it."""
        path: Floats = self.giver.path - float(self.quantity)
        return path

    @property
    def gain(self) -> float:
        """The margin that it keeps, less what its weight costs; its part of the shipment is not in it."""
        return self.margin * float(self.kept.mean() - self.lost.mean()) - self.weight_cost


def decide(
    houses: Sequence[House], lanes: Sequence[Lane], hefts: Mapping[int, Heft], seed: Sequence[int]
) -> list[Move]:
    """What should be moved now, by item. The same sites, lanes and seed give the same moves."""
    open_lanes = {(one.from_site_id, one.to_site_id): one for one in lanes if one.used}
    states: dict[int, list[tuple[House, ItemState]]] = {item_id: [] for item_id in hefts}
    for house in houses:
        for item in house.seen.items:
            if item.item_id in states:
                states[item.item_id].append((house, item))
    sides = {item_id: found for item_id, some in states.items() if (found := _sides(some, open_lanes, seed))}
    moves = {item_id: share(some, open_lanes, hefts[item_id]) for item_id, some in sides.items()}
    while (worst := _does_not_pay([one for some in moves.values() for one in some], open_lanes)) is not None:
        del open_lanes[worst]
        for item_id, some in moves.items():
            if any(one.ends == worst for one in some):
                moves[item_id] = share(sides[item_id], open_lanes, hefts[item_id])
    return [one for some in moves.values() for one in some]


def _does_not_pay(moves: Sequence[Move], lanes: Lanes) -> Ends | None:
    """The way that costs most beyond what goes there earns; None: all pay."""
    earns: dict[Ends, float] = {}
    for one in moves:
        earns[one.ends] = earns.get(one.ends, 0.0) + one.gain
    left = {ends: gain - float(lanes[ends].cost_per_shipment) for ends, gain in earns.items()}
    worst = min(left, key=lambda ends: (left[ends], ends), default=None)
    return None if worst is None or left[worst] > 0 else worst


def _sides(states: Sequence[tuple[House, ItemState]], lanes: Lanes, seed: Sequence[int]) -> list[Side] | None:
    """An item at all sites that have it; None where a glance says that nothing can be moved."""
    takers = {house.site_id for house, one in states if _may_lack(house, one)}
    givers = {house.site_id for house, one in states if one.available > 0 and (one.demand or one.rule)}
    if not any(start in givers and end in takers for start, end in lanes):
        return None
    return [side(house, one, seed) for house, one in states]


def _may_lack(house: House, item: ItemState) -> bool:
    """Whether an item may run out before an order could come, by the busiest of its futures; cheap."""
    if item.demand is None or not len(item.demand.paths):
        return item.available < 0
    offer, lead_time = _order(item)
    late = max((house.seen.today - item.demand.first_day).days, 0)
    days = math.ceil(lead_time.samples.max()) + _params(house, offer).review_days
    shown = item.demand.paths[:, late : late + days]
    if shown.shape[1] < days:
        return True
    return bool(item.available < float(shown.sum(axis=1).max()))


def _order(item: ItemState) -> tuple[Offer | None, LeadTime]:
    """Where an order of a site's own would go, and how long it would take."""
    if not item.offers:
        return None, LeadTime(UNSOLD_DAYS, 0, np.array([UNSOLD_DAYS]), True)
    offer = choose(item.offers)
    return offer, offer.lead_time


def _params(house: House, offer: Offer | None) -> Params:
    return house.params if offer is None else house.params.at(offer)


def side(house: House, item: ItemState, seed: Sequence[int]) -> Side:
    """An item at one site, with its futures drawn."""
    offer, lead_time = _order(item)
    params = _params(house, offer)
    rng = np.random.default_rng([*seed, item.item_id, house.site_id])
    futures = draw(item, lead_time, house.seen.today, params, CHART_DAYS, rng)
    path = shelf(item, futures, house.seen.at, 0.0)
    until = futures.lead + params.review_days
    spare = np.sort(least(path, 0, until))
    if item.demand is None:
        # Nobody knows what it will need: a person's own level stays, and without one all of it.
        spare = spare - float(item.rule.reorder_point) if item.rule else np.minimum(spare, 0.0)
    return Side(house, item, offer, lead_time, futures, until, path, spare)


def share(sides: Sequence[Side], lanes: Lanes, heft: Heft) -> list[Move]:
    """What should be moved of one item. Where sites promise different things, all are kept as sure as the strictest."""
    level, samples = max(one.promised for one in sides), len(sides[0].path)
    allowed = math.floor((1 - level) * samples + NOISE)
    step = float(heft.step)
    takers = {one.site_id: found for one in sides if (found := _lacks(one, sides, lanes, step)) is not None}
    if not takers:
        return []
    spares = [takers[one.site_id][1] if one.site_id in takers else np.minimum(one.spare, one.free) for one in sides]
    cases = common_cases(spares, allowed)
    lacking = [one for one in sides if one.site_id in takers and takers[one.site_id][0] > cases / samples]
    most = {
        one.site_id: math.floor(min(float(one.spare[cases]), one.free) / step + NOISE) * step
        for one in sides
        if one not in lacking
    }
    windows = {one.site_id: takers[one.site_id][1] for one in lacking}
    first = sides[0].house.seen.today.toordinal() % max(len(lacking), 1)
    shares = fair_shares(list(windows.values()), sum(most.values()), step, cases, first)
    wanted = dict(zip(windows, shares, strict=True))
    full = {site_id: needed(window, allowed, step) for site_id, window in windows.items()}
    moves: list[Move] = []
    paths = {one.site_id: one.path for one in lacking}
    by_site = {one.site_id: one for one in sides}
    ways = dict(lanes)
    while (ends := _next_pair(most, wanted, ways, by_site)) is not None:
        start, end = ends
        giver, taker = by_site[start], by_site[end]
        fair = wanted[end] >= full[end]
        quantity = _whole(min(most[start], wanted[end]), most[start], heft, fair)
        binds: Binding = "stock" if giver.free < float(giver.spare[cases]) else "giver"
        if float(quantity) >= full[end] - NOISE:
            binds = "enough"
        elif cases > allowed or (len(lacking) > 1 and not fair):
            binds = "scarce"
        others = tuple(
            lanes[other, end]
            for other, much in most.items()
            if other != start and much >= quantity and (other, end) in lanes
        )
        made = _move(giver, taker, lanes[ends], quantity, binds, paths[end], heft, others, level)
        if made.gain <= 0:
            del ways[ends]
            continue
        most[start] -= float(quantity)
        wanted[end] -= float(quantity)
        full[end] -= float(quantity)
        paths[end] = made.after
        moves.append(made)
    return moves


def _lacks(one: Side, sides: Sequence[Side], lanes: Lanes, step: float) -> tuple[float, Floats] | None:
    """(the risk of running out between the first help from another site and an order of its own, what is left in each
    case from then until the order of the next review, ascending); None where nobody could help."""
    today = one.house.seen.today
    ways = [
        lanes[other.site_id, one.site_id].arrives_after(today)
        for other in sides
        if (other.site_id, one.site_id) in lanes and other.free >= step and other.known
    ]
    if not ways:
        return None
    before_own = least(one.path, min(ways), one.futures.lead)
    risk = float((before_own < -NOISE).mean())
    # Where an order of its own comes sooner than any help, it wants none.
    return risk, np.minimum(np.sort(least(one.path, min(ways), one.until)), one.free)


def _next_pair(
    most: Mapping[int, float], wanted: Mapping[int, float], lanes: Lanes, sides: Mapping[int, Side]
) -> Ends | None:
    """Who gives to whom next: whoever can give all that is wanted first, then the quickest and the cheapest way."""
    pairs = [
        (start, end)
        for end, lacks in wanted.items()
        for start, has in most.items()
        if lacks > NOISE and has > NOISE and (start, end) in lanes
    ]

    def order(ends: Ends) -> tuple[bool, int, Decimal, Ends]:
        lane = lanes[ends]
        today = sides[ends[1]].house.seen.today
        return most[ends[0]] < wanted[ends[1]], lane.arrives_after(today), lane.cost_per_shipment, ends

    return min(pairs, key=order, default=None)


def _whole(wanted: float, most: float, heft: Heft, enough: bool) -> Decimal:
    """Whole steps; whole packs where that much can be spared and nobody has to share."""
    quantity = round_up(Decimal(f"{wanted:.6f}"), heft.step)
    if heft.pack is not None and enough and quantity >= heft.pack:
        packs = round_up(quantity, heft.pack)
        return packs if packs <= Decimal(f"{most:.6f}") else quantity
    return quantity


def _move(
    giver: Side, taker: Side, lane: Lane, quantity: Decimal, binds: Binding, before: Floats, heft: Heft,
    others: tuple[Lane, ...], level: float,
) -> Move:  # fmt: skip
    much = float(quantity)
    arrives = lane.arrives_after(taker.house.seen.today)
    own = taker.futures.lead
    after = arriving(before, much, arrives)
    return Move(
        giver, taker, lane, quantity, arrives, binds, before,
        kept=owed(before, own) - owed(after, own),
        lost=owed(giver.path - much, giver.until) - owed(giver.path, giver.until),
        margin=taker.margin,
        weight_cost=much * (heft.kg or 0.0) * float(lane.cost_per_kg),
        others=others,
        level=level,
    )  # fmt: skip
