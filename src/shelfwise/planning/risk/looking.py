"""Everything that is said of an item's coming weeks, from what is known of it now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from shelfwise.orders.coming import Awaited
from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import Floats, ItemState, Offer, Params, Snapshot
from shelfwise.planning.risk.advice import Lacking, Ordered, advise
from shelfwise.planning.risk.coming import Coming, on_its_way
from shelfwise.planning.risk.excess import Dated, excess
from shelfwise.planning.risk.model import Outlook
from shelfwise.planning.risk.running_out import DAYS, Projection, project
from shelfwise.planning.simulate import SECONDS_IN_DAY, ahead

LONGEST_LOT_DAYS = 365
"""What expires later is not looked at: nobody knows what sells then."""


@dataclass(frozen=True)
class LotHere:
    """A lot that may be sold until its last day."""

    item_id: int
    lot: str
    last_day: date
    quantity: Decimal


@dataclass(frozen=True)
class Beside:
    """What is known of an item beside the snapshot.

    Attributes:
        idle_since: the day of its last sale, else the day it came; None: nobody knows.
        price: what one recently sold for, in our currency.
        worth: what one unit of each currency is worth in ours.
        longest_cover_days: what sells within so many days is not too much, for so much may be ordered.
    """

    quantum: Decimal
    idle_since: date | None = None
    blocked: float = 0.0
    awaited: tuple[Awaited, ...] = ()
    price: Decimal | None = None
    worth: Mapping[str, Decimal] | None = None
    lots: tuple[LotHere, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    longest_cover_days: int = Params().longest_cover_days


def look(tenant: int, seen: Snapshot, item: ItemState, beside: Beside) -> Outlook:
    """What may become of an item's stock if nobody orders, moves or marks down anything any more.

    The same snapshot says the same. What customers wait for is wanted on the first day; what is promised to them is
    not available any more.
    """
    rng = np.random.default_rng([tenant, seen.site_id, item.item_id, seen.today.toordinal()])
    available = item.on_hand.values - beside.blocked - float(item.reserved)
    waiting = float(item.backordered)
    lots = [
        Dated(one.lot, one.last_day, float(one.quantity), (one.last_day - seen.today).days + 1)
        for one in beside.lots
        if (one.last_day - seen.today).days < LONGEST_LOT_DAYS
    ]
    cover = beside.longest_cover_days
    days = max([DAYS, cover, *(one.days for one in lots)])
    demand = None if item.demand is None else ahead(item.demand, seen.today, days, rng)
    played = None if demand is None else _played(available, demand, waiting, seen.at, item.offers, beside.awaited, rng)
    idle = None if beside.idle_since is None else (seen.today - beside.idle_since).days
    coming = sum((one.quantity for one in beside.awaited), Decimal(0))
    found = excess(
        float(available.mean()) - waiting, float(coming), demand, cover, lots, float(item.reserved) + waiting, idle
    )
    seller, cost = _cheapest(item.offers, beside.worth or {})
    out_by = None if played is None else played.out_by
    return Outlook(
        item_id=item.item_id,
        site_id=seen.site_id,
        said_at=seen.at,
        first_day=seen.today,
        available=Decimal(f"{available.mean():.6f}"),
        coming=coming,
        out_by=None if played is None else _told(played.by_day),
        out_on=None if played is None else _told(played.on_day),
        out_day=None if out_by is None else seen.today + timedelta(days=out_by),
        units_lost=None if played is None else round(float(played.lost[-1]), 3),
        unit_cost=cost,
        unit_margin=None if cost is None or beside.price is None else max(float(beside.price) - cost, 0.0),
        daily=found.daily,
        surplus=_whole(found.surplus, beside.quantum),
        surplus_coming=_whole(found.coming, beside.quantum),
        wasted=_whole(found.waste, beside.quantum),
        lots=[asdict(one) | {"last_day": one.last_day.isoformat()} for one in found.wasted],
        idle_days=found.idle_days,
        advice=[asdict(one) for one in advise(found, _ordered(beside.awaited), beside.lacking, seller, beside.quantum)],
    )


def _played(
    available: Floats, demand: Floats, waiting: float, at: datetime, offers: Sequence[Offer],
    awaited: Sequence[Awaited], rng: np.random.Generator,
) -> Projection:  # fmt: skip
    wanted = demand[:, :DAYS].copy()
    wanted[:, 0] += waiting
    return project(available, wanted, [on_the_way(one, at, offers) for one in awaited], rng)


def on_the_way(one: Awaited, at: datetime, offers: Sequence[Offer]) -> Coming:
    """When an open order may come: by what is known of its supplier, else by how much lead times differ as a rule.

    Where nobody told when it was ordered, that is taken to be one usual lead time before its promise.
    """
    offer = next((offer for offer in offers if offer.supplier_id == one.supplier_id), None)
    known = None
    if offer is not None:
        # It has left: until when an order of today waits is none of its days.
        known = replace(offer.lead_time, samples=offer.lead_time.samples - offer.waits_days)
    never = 0.0 if offer is None or offer.reliability is None else offer.reliability.lost.mean
    left = (one.expected_at - at).total_seconds() / SECONDS_IN_DAY
    if one.ordered_at is not None:
        age = (at - one.ordered_at).total_seconds() / SECONDS_IN_DAY
    else:
        age = max((0.0 if known is None else known.quantile(0.5)) - left, 0.0)
    promised = age + left
    lead = learn(max(promised, 0.0), ()) if known is None else known
    return on_its_way(float(one.quantity), lead, age, promised, never)


def _ordered(awaited: Sequence[Awaited]) -> list[Ordered]:
    """What of it can be cut or stopped, the one that comes last first."""
    return [
        Ordered(one.source_id, one.number, float(one.quantity))
        for one in sorted(awaited, key=lambda one: one.expected_at, reverse=True)
        if one.source == "purchase" and one.source_id is not None
    ]


def _cheapest(
    offers: Sequence[Offer], worth: Mapping[str, Decimal]
) -> tuple[tuple[int, str] | None, float | None]:  # fmt: skip
    """Who sells it for least, and for how much in our currency; None where nobody does, or nobody knows."""
    known = [(float(one.unit_cost * worth[one.currency]), one) for one in offers if one.currency in worth]
    if not known:
        return None, None
    cost, best = min(known, key=lambda pair: (pair[0], pair[1].supplier_id))
    return (best.supplier_id, best.supplier), cost


def _whole(units: float, quantum: Decimal) -> float:
    """Less than the smallest quantity is never too much."""
    return round(units, 3) if units >= float(quantum) else 0.0


def _told(chances: Floats) -> list[float]:
    return [round(float(one), 4) for one in chances]
