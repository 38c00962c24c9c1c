"""What bounds an order, and what it would be without. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from shelfwise.core.quantities import round_down, round_up
from shelfwise.planning.levels import Policy, least_order
from shelfwise.planning.model import ItemState, Offer, Params
from shelfwise.planning.simulate import Futures

LONGEST_COVER, CAP, MINIMUM, PACK, SHELF_LIFE = "longest cover", "cap", "minimum order", "pack", "shelf life"
BATCH_DAYS, LARGEST, CAPACITY = "ordering ahead", "largest order", "weekly capacity"
PRICE_BREAK, SUPPLIER_MINIMUM = "price break", "supplier's minimum"

DAYS_IN_WEEK = 7


@dataclass(frozen=True)
class Bound:
    """Something that makes an order larger or smaller.

    Attributes:
        limit: which, one of the names above.
        without: what would be ordered without it.
        given_way: it could not be kept: the least that can be ordered is more.
    """

    limit: str
    without: Decimal
    given_way: bool = False


def order_quantity(
    item: ItemState, offer: Offer, policy: Policy, futures: Futures, params: Params
) -> tuple[Decimal, tuple[Bound, ...]]:
    """What is wanted in whole packs and at least the minimum, and what bounds it; 0 where nothing is wanted.

    No order covers more than sells within the shelf life in the middle case, but where the least that can be ordered
    is more than that.
    """
    # Six decimals are finer than any quantum in use and coarser than the noise of binary fractions.
    wanted = Decimal(f"{policy.wanted:.6f}")
    if wanted <= 0:
        return Decimal(0), ()
    bounds = []
    exact, packed = round_up(wanted, item.quantum), round_up(wanted, offer.pack_size)
    if policy.longest_cut > 0:
        more = Decimal(f"{policy.wanted + policy.longest_cut:.6f}")
        bounds.append(Bound(LONGEST_COVER, least_order(offer, more)))
    if policy.cap is not None and policy.order_up_to - item.position > policy.cap:
        bounds.append(Bound(CAP, least_order(offer, Decimal(f"{policy.order_up_to - item.position:.6f}"))))
    if policy.batched > 0:
        bounds.append(Bound(BATCH_DAYS, least_order(offer, Decimal(f"{policy.wanted - policy.batched:.6f}"))))
    quantity = least_order(offer, wanted)
    if quantity > packed:
        bounds.append(Bound(MINIMUM, packed))
    elif packed > exact:
        bounds.append(Bound(PACK, exact))
    if offer.most is not None and quantity > offer.most:
        bounds.append(Bound(LARGEST, quantity))
        quantity = offer.most
    room = deliverable(item, offer, params)
    if room is not None and quantity > room:
        least = least_order(offer, offer.pack_size)
        bounds.append(Bound(CAPACITY, quantity, given_way=least > room))
        # What they are at work on already leaves no room: one more order would only come later than this one could.
        quantity = Decimal(0) if least > room and item.ordered > 0 else max(round_down(room, offer.pack_size), least)
    most = sells_fresh(item, futures, params)
    if most is None or quantity <= most:
        return quantity, tuple(bounds)
    fresh = round_down(most, offer.pack_size)
    least = least_order(offer, offer.pack_size)
    return max(fresh, least), (*bounds, Bound(SHELF_LIFE, quantity, given_way=least > most))


def sells_fresh(item: ItemState, futures: Futures, params: Params) -> Decimal | None:
    """The most that may be ordered now to be sold within its shelf life in the middle case, what lies there and comes
    before being sold first; None: no limit that an order could reach."""
    life = reaching(item, params)
    if life is None or item.demand is None:
        return None
    sold = float(np.quantile(futures.over(futures.lead + life), 0.5, method="inverted_cdf"))
    return Decimal(f"{max(sold - item.position, 0.0):.6f}")


def deliverable(item: ItemState, offer: Offer, params: Params) -> Decimal | None:
    """The most that a supplier can deliver until the order of the next review would come, at least in a week, beside
    what is on order already; None: any number."""
    if offer.weekly_capacity is None:
        return None
    days = max(offer.lead_time.quantile(0.5) + params.review_days, DAYS_IN_WEEK)
    whole = offer.weekly_capacity * Decimal(f"{days / DAYS_IN_WEEK:.6f}")
    return max(whole - item.ordered, Decimal(0))


def reaching(item: ItemState, params: Params) -> int | None:
    """The shelf life where an order could cover it; None: it keeps for so long that none does."""
    life = item.shelf_life_days
    return life if life is not None and life <= 2 * params.longest_cover_days else None


def most_of(item: ItemState, offer: Offer, futures: Futures, params: Params) -> Decimal | None:
    """The most that may be ordered because it is cheaper; None: any number."""
    found = (offer.most, deliverable(item, offer, params), sells_fresh(item, futures, params))
    limits = [one for one in found if one is not None]
    return min(limits, default=None)


def days_to_draw(item: ItemState, offer: Offer, params: Params, least: int) -> int:
    """Days of futures that are needed for it."""
    ahead = max(reaching(item, params) or 0, math.ceil(offer.soft_safety_days) + params.review_days)
    return max(least, math.ceil(float(offer.lead_time.samples.max())) + ahead)
