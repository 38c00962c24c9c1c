"""A network of sites, what may be ordered for it and moved within it, and what that costs. Pure.

Everything happens once: what is planned is ordered and sent off now, and is there for the time ahead that the curves
speak of. Money is in one currency, weight in kilograms, volume in cubic metres, time in days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, inf, isfinite
from numbers import Integral, Real
from typing import Any

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.network.curve import NEARLY, Curve

Id = str | int
SHOWN_FAULTS = 50


@dataclass(frozen=True)
class Item:
    id: Id
    weight: float = 0.0
    volume: float = 0.0


@dataclass(frozen=True)
class Site:
    """Attributes:
    room: volume that may come in beyond what is sent away; None: there is room enough.
    """

    id: Id
    room: float | None = None


@dataclass(frozen=True)
class Supplier:
    """Attributes:
    order_cost: of ordering there at all.
    minimum_value: of goods, for which an order is taken; less is not ordered.
    capacity: units of all items together; None: no limit.
    """

    id: Id
    order_cost: float = 0.0
    minimum_value: float = 0.0
    capacity: float | None = None


@dataclass(frozen=True)
class Tier:
    """A stretch of quantities with one price: they cost `fixed` and `price` a unit."""

    low: int
    high: float
    price: float
    fixed: float = 0.0


@dataclass(frozen=True)
class Offer:
    """On what terms a supplier sells an item. A line is what of it goes to one site by one carrier.

    Attributes:
        price: of a unit.
        multiple: a line is a whole number of these (a pack).
        minimum: the least of a line; less is not ordered.
        maximum: units in all lines together, what the supplier has; None: no limit.
        days: until it is ready to be sent.
        breaks: (units of a line from which on it holds, price), rising.
        incremental: a break's price holds for the units beyond it; otherwise for all units of the line.
    """

    item: Id
    supplier: Id
    price: float
    multiple: int = 1
    minimum: int = 0
    maximum: int | None = None
    days: float = 0.0
    breaks: tuple[tuple[int, float], ...] = ()
    incremental: bool = False

    @cached_property
    def tiers(self) -> tuple[Tier, ...]:
        """The stretches of quantities that can be ordered in a line, rising."""
        steps = ((0, self.price), *self.breaks)
        fixed, tiers = 0.0, []
        for (start, price), (end, after) in zip(steps, (*steps[1:], (0, 0.0)), strict=True):
            last = (start, price) == steps[-1]
            low = ceil(max(start, self.minimum, self.multiple) / self.multiple) * self.multiple
            high = inf if last else float(floor((end - 1) / self.multiple) * self.multiple)
            if low <= high:
                tiers.append(Tier(low, high, price, fixed))
            if self.incremental:
                fixed += (price - after) * end
        return tuple(tiers)

    @property
    def least(self) -> int:
        """The smallest line."""
        return self.tiers[0].low

    def allows(self, quantity: int) -> bool:
        """Whether a line may be so large."""
        return quantity >= self.least and quantity % self.multiple == 0

    def goods(self, quantity: int) -> float:
        """What the goods of a line cost."""
        tier = next((one for one in reversed(self.tiers) if quantity >= one.low), self.tiers[0])
        return tier.fixed + tier.price * quantity


@dataclass(frozen=True)
class Lane:
    """A way from a supplier or a site to a site, by one carrier.

    Attributes:
        fixed: cost of using it at all.
        per_kg, per_unit: what goes on it costs in addition.
        capacity: kilograms; None: no limit.
        days: under way.
        on_time: how likely it is not late.
    """

    origin: Id
    destination: Id
    carrier: Id
    fixed: float = 0.0
    per_kg: float = 0.0
    per_unit: float = 0.0
    capacity: float | None = None
    days: float = 0.0
    on_time: float = 1.0

    @property
    def key(self) -> tuple[Id, Id, Id]:
        return self.origin, self.destination, self.carrier


@dataclass(frozen=True)
class Shelf:
    """An item at a site.

    Attributes:
        available: stock for the time ahead: on hand and on its way, less what is reserved or owed; may be negative.
        cost: expected cost of shortage and holding by what will be available.
        keep: units that are not given to other sites, such as a display.
        wait: cost of a unit for each day that it comes later.
        late: cost of a unit that was promised and does not come in time.
        most: units that may be available at most after the plan. None: as many as the curve speaks of, and one more
            smallest line of the offer with the largest one.
    """

    item: Id
    site: Id
    available: float
    cost: Curve
    keep: float = 0.0
    wait: float = 0.0
    late: float = 0.0
    most: float | None = None

    @property
    def to_give(self) -> int:
        """Whole units that could go to other sites."""
        return max(floor(self.available - self.keep + NEARLY), 0)


@dataclass(frozen=True)
class Problem:
    """What is to be planned together.

    A shelf that gives units to other sites gets none in the same plan, so that nothing is carried in circles.

    Attributes:
        lanes: from suppliers to sites.
        links: between sites. Units are ready to go at once.
        budget: for goods; None: no limit.

    Raises:
        Invalid: something is said twice, is not known, or is not a number that makes sense.
    """

    items: tuple[Item, ...]
    sites: tuple[Site, ...]
    shelves: tuple[Shelf, ...]
    suppliers: tuple[Supplier, ...] = ()
    offers: tuple[Offer, ...] = ()
    lanes: tuple[Lane, ...] = ()
    links: tuple[Lane, ...] = ()
    budget: float | None = None

    def __post_init__(self) -> None:
        faults = [*_twice(self), *_unknown(self), *_senseless(self)]
        if faults:
            raise Invalid(*faults[:SHOWN_FAULTS])

    @cached_property
    def _largest(self) -> dict[Id, int]:
        """The largest of the smallest lines by item."""
        largest: dict[Id, int] = {}
        for offer in self.offers:
            largest[offer.item] = max(largest.get(offer.item, 1), offer.least)
        return largest

    def most(self, shelf: Shelf) -> float:
        """Units that may be available at most on a shelf that gets some."""
        if shelf.most is not None:
            return shelf.most
        return max(shelf.cost.levels[-1], 0.0) + self._largest.get(shelf.item, 1)


def _named(problem: Problem) -> Iterable[tuple[str, tuple[Any, ...], Callable[[Any], Any]]]:
    yield "item", problem.items, lambda one: one.id
    yield "site", problem.sites, lambda one: one.id
    yield "supplier", problem.suppliers, lambda one: one.id
    yield "shelf", problem.shelves, lambda one: (one.item, one.site)
    yield "offer", problem.offers, lambda one: (one.item, one.supplier)
    yield "lane", problem.lanes, lambda one: one.key
    yield "link", problem.links, lambda one: one.key


def _twice(problem: Problem) -> Iterable[Fault]:
    for what, given, key in _named(problem):
        for name, times in Counter(map(key, given)).items():
            if times > 1:
                yield Fault(f"{what} {name}", "to be said once", f"{times} times", "Keep one of them.")


def _unknown(problem: Problem) -> Iterable[Fault]:
    items, sites = {one.id for one in problem.items}, {one.id for one in problem.sites}
    suppliers = {one.id for one in problem.suppliers}
    named = [(f"shelf {one.item, one.site}", one.item, "item", items) for one in problem.shelves]
    named += [(f"shelf {one.item, one.site}", one.site, "site", sites) for one in problem.shelves]
    named += [(f"offer {one.item, one.supplier}", one.item, "item", items) for one in problem.offers]
    named += [(f"offer {one.item, one.supplier}", one.supplier, "supplier", suppliers) for one in problem.offers]
    named += [(f"lane {one.key}", one.origin, "supplier", suppliers) for one in problem.lanes]
    named += [(f"link {one.key}", one.origin, "site", sites) for one in problem.links]
    for what, ways in (("lane", problem.lanes), ("link", problem.links)):
        named += [(f"{what} {one.key}", one.destination, "site", sites) for one in ways]
    for where, name, what, known in named:
        if name not in known:
            yield Fault(where, f"a {what} of the problem", repr(name), f"Add the {what}, or leave this out.")
    for one in problem.links:
        if one.origin == one.destination:
            yield Fault(f"link {one.key}", "two sites", "one site twice", "Leave it out.")


_SIGNED = {"available"}
_PLAIN = {
    "item": ("weight", "volume"),
    "site": ("room",),
    "supplier": ("order_cost", "minimum_value", "capacity"),
    "shelf": ("available", "keep", "wait", "late", "most"),
    "offer": ("price", "minimum", "maximum", "days"),
    "lane": ("fixed", "per_kg", "per_unit", "capacity", "days"),
    "link": ("fixed", "per_kg", "per_unit", "capacity", "days"),
}


def _number(value: object) -> bool:
    return isinstance(value, Real) and isfinite(value)


def _senseless(problem: Problem) -> Iterable[Fault]:
    if problem.budget is not None and not 0 <= problem.budget < inf:
        yield Fault("budget", "zero or more", repr(problem.budget), "Leave it out where there is no limit.")
    for what, given, key in _named(problem):
        for one in given:
            for name in _PLAIN[what]:
                value = getattr(one, name)
                if value is not None and not (_number(value) and (value >= 0 or name in _SIGNED)):
                    yield Fault(
                        f"{what} {key(one)}, {name}", "a finite number, and none below zero", repr(value), "Correct it."
                    )
    for offer in problem.offers:
        where = f"offer {offer.item, offer.supplier}"
        whole = isinstance(offer.multiple, Integral) and isinstance(offer.minimum, Integral)
        if not whole or offer.multiple < 1:
            got = f"multiple {offer.multiple!r}, minimum {offer.minimum!r}"
            yield Fault(where, "whole units, and packs of one or more", got, "Correct them.")
        starts = [start for start, _ in offer.breaks]
        prices = [price for _, price in offer.breaks]
        if starts != sorted(set(starts)) or any(start < 1 for start in starts):
            yield Fault(where, "breaks at rising quantities", repr(starts), "Sort them, and keep one of each.")
        elif not all(isfinite(price) and price >= 0 for price in prices) or (
            offer.incremental and sorted([offer.price, *prices], reverse=True) != [offer.price, *prices]
        ):
            yield Fault(where, "prices of zero or more that fall with the quantity", repr(prices), "Correct them.")
    for lane in (*problem.lanes, *problem.links):
        if not 0 <= lane.on_time <= 1:
            yield Fault(f"lane {lane.key}, on_time", "a probability", repr(lane.on_time), "Give it between 0 and 1.")
