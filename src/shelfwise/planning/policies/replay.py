"""Many items, many possible futures, one policy: what it would have cost. Pure.

A course (demand and lead times) is drawn once, and every policy meets the same one: common random numbers. Demand is an
item's own past in blocks, so that weekdays and lumps stay together (block bootstrap, Künsch 1989). One step of the
simulator is one period of all items and futures at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.model import Rule, Shelves, Unmet, whole_packs

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
WEEK = 7


@dataclass(frozen=True, eq=False)
class Course:
    """What happens.

    Attributes:
        demand: shape (periods, items, futures).
        lead: whole periods from each period's order to its arrival, same shape.
        lost: where that order never arrives, same shape: it is given up after `lead` periods; None: all arrive.
    """

    demand: Floats
    lead: Ints
    lost: Flags | None = None

    @cached_property
    def longest(self) -> int:
        return int(self.lead.max())

    @cached_property
    def usual(self) -> Floats:
        """Mean demand of a period, shape (items, 1)."""
        mean: Floats = self.demand.mean(axis=(0, 2))[:, None]
        return mean

    @cached_property
    def protected(self) -> Floats:
        """Mean lead time, shape (items, 1)."""
        mean: Floats = self.lead.mean(axis=(0, 2))[:, None]
        return mean

    @cached_property
    def slots(self) -> Ints:
        """Where an order of each period is awaited in a ring of `longest` + 1 periods; shape (periods, shelves)."""
        periods, items, futures = self.lead.shape
        when = (np.arange(periods)[:, None, None] + self.lead) % (self.longest + 1)
        slots: Ints = when.reshape(periods, -1) * (items * futures) + np.arange(items * futures)
        return slots

    @cached_property
    def _running(self) -> tuple[Floats, Floats]:
        """Sums of what was wanted before each period, and of its squares."""
        start = np.zeros((1, *self.demand.shape[1:]))
        both = (np.concatenate((start, np.cumsum(each, axis=0))) for each in (self.demand, self.demand**2))
        first, second = both
        return first, second

    def recent(self, period: int, window: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation of what was wanted in the last so many periods, shape (items, futures); of as
        many as there were, and of all of them before there were two."""
        until, since = (period, max(period - window, 0)) if period > 1 else (len(self.demand), 0)
        number = until - since
        total, squares = (each[until] - each[since] for each in self._running)
        mean = total / number
        spread: Floats = np.sqrt(np.maximum(squares - total * mean, 0.0) / (number - 1))
        return mean, spread


@dataclass(frozen=True, eq=False)
class CostsOfMany:
    """As `Costs`, of many items: shape (items, 1) each."""

    holding: Floats
    shortage: Floats
    order: Floats


@dataclass(frozen=True, eq=False)
class TermsOfMany:
    """As `Terms`, of many items: shape (items, 1) each."""

    multiple: Floats
    minimum: Floats

    def rounded(self, wanted: Floats) -> Floats:
        return whole_packs(wanted, self.multiple, self.minimum)


@dataclass(frozen=True, eq=False)
class Replayed:
    """What came of a policy, a period on average, shape (items, futures) each.

    Attributes:
        cost: holding, shortage and orders.
        stock: units on hand at the end of a period.
        missed: units that were lost, or owed at the end of a period.
        orders: how many.
        demand: units wanted.
        dry: how many stretches from one delivery to the next in which something was missed; None: not asked for.
    """

    cost: Floats
    stock: Floats
    missed: Floats
    orders: Floats
    demand: Floats
    dry: Floats | None = None

    @property
    def fill(self) -> Floats:
        """Share of what was wanted that was served, shape (items,); where nothing was wanted, all was."""
        wanted = self.demand.mean(axis=1)
        share: Floats = 1 - self.missed.mean(axis=1) / np.where(wanted > 0, wanted, 1.0)
        return share

    @property
    def cycles(self) -> Floats:
        """Share of deliveries until whose next one nothing was missed, shape (items,); `dry` has to be asked for."""
        if self.dry is None:
            raise Invalid(Fault("cycles", "a replay that counts them", "none", "Ask for them."))
        number = self.orders.mean(axis=1)
        share: Floats = np.maximum(1 - self.dry.mean(axis=1) / np.where(number > 0, number, 1.0), 0.0)
        return share


def bootstrap(
    history: Floats,
    leads: Sequence[Floats],
    periods: int,
    futures: int,
    rng: np.random.Generator,
    *,
    block: int = 2 * WEEK,
    season: int = WEEK,
    lost: Sequence[float] | None = None,
    given_up: int = WEEK,
) -> Course:
    """Draw a course from each item's past.

    Args:
        history: demand by period, shape (items, past); NaN: unknown, which is drawn from the known periods of the same
            place in the season.
        leads: observed or assumed lead times of each item, in periods; rounded up.
        block: periods that stay together.
        season: blocks begin at the same place of a cycle of so many periods, so that Mondays stay Mondays; 1: none.
        lost: of each item the chance that an order never arrives; None: all do.
        given_up: an order that does not come is waited for so many periods longer than for the slowest that did.

    Raises:
        Invalid: an item's past has no known period, or is shorter than a block.
    """
    past = history.shape[1]
    if past < block + season - 1 or np.isnan(history).all(axis=1).any():
        expected = f"at least {block + season - 1} periods, one of them known"
        raise Invalid(Fault("history", expected, f"{past} periods", "Race the item later."))
    known = _filled(history, season, rng)
    number = -(-periods // block)
    places = np.arange(number) * block % season
    room = (past - block - places) // season + 1
    starts = np.floor(rng.random((futures, number)) * room).astype(np.int64) * season + places
    index = (starts[:, :, None] + np.arange(block)).reshape(futures, -1)[:, :periods]
    demand = np.ascontiguousarray(known[:, index].transpose(2, 0, 1))
    lead = np.empty(demand.shape, np.int64)
    for item, samples in enumerate(leads):
        whole = np.ceil(samples).astype(np.int64)
        lead[:, item] = whole[rng.integers(0, len(whole), (periods, futures))] if len(whole) > 1 else whole[0]
    if lost is None:
        return Course(demand, lead)
    gone = rng.random(lead.shape) < np.array(lost)[:, None]
    return Course(demand, np.where(gone, lead.max(axis=(0, 2))[:, None] + given_up, lead), gone)


def replay(
    rule: Rule,
    course: Course,
    costs: CostsOfMany,
    *,
    unmet: Unmet = Unmet.LOST,
    review: int = 1,
    warm_up: int = 0,
    cycles: bool = False,
) -> Replayed:
    """Step through a course. The shelf begins with what the longest lead time and a review will want.

    Args:
        rule: its parameters have shapes that broadcast with (items, futures).
        review: it is asked every so many periods.
        warm_up: periods at the beginning that do not count.
        cycles: count those in which something was missed.
    """
    periods, items, futures = course.demand.shape
    ring = np.zeros((course.longest + 1, items, futures))
    awaited = ring.reshape(-1)
    given_up = np.zeros_like(ring) if course.lost is not None else ring
    never = given_up.reshape(-1)
    on_hand = np.rint(np.broadcast_to(course.usual * (course.protected + review), (items, futures)))
    in_transit = np.zeros((items, futures))
    placed: list[Floats] = []
    stock, missed, orders = (np.zeros((items, futures)) for _ in range(3))
    nothing = np.zeros((items, futures))
    dry, broken = np.zeros((items, futures)), np.zeros((items, futures), bool)
    for period, wanted in enumerate(course.demand):
        quantity = nothing
        if period % review == 0:
            ages = _by_age(placed, course, period) if rule.by_age else nothing[None][:0]
            recent = partial(course.recent, period) if rule.remembers else None
            quantity = rule.quantities(Shelves(period, on_hand, in_transit, ages, recent))
            in_transit += quantity
            awaited[course.slots[period]] += quantity.reshape(-1)
            if course.lost is not None:
                never[course.slots[period]] += (quantity * course.lost[period]).reshape(-1)
        if rule.by_age:
            placed.append(quantity)
        arriving = ring[period % len(ring)]
        in_transit -= arriving
        if course.lost is not None:
            arriving -= given_up[period % len(ring)]
            given_up[period % len(ring)] = 0.0
        rest = on_hand + arriving
        rest -= wanted
        if cycles:
            short = rest < 0
            broken &= arriving <= 0
            dry += (short & ~broken) * (period >= warm_up)
            broken |= short
        arriving[:] = 0.0
        left = np.maximum(rest, 0.0)
        if period >= warm_up:
            orders += quantity > 0
            stock += left
            missed += left
            missed -= rest
        on_hand = rest if unmet is Unmet.WAITS else left
    counted = periods - warm_up
    cost = costs.holding * stock + costs.shortage * missed + costs.order * orders
    asked = course.demand[warm_up:].mean(axis=0)
    counts = dry / counted if cycles else None
    return Replayed(cost / counted, stock / counted, missed / counted, orders / counted, asked, counts)


def _by_age(placed: Sequence[Floats], course: Course, period: int) -> Floats:
    """What was ordered one, two, ... periods ago and has not come, shape (ages, items, futures)."""
    ages = np.zeros((min(period, course.longest), *course.lead.shape[1:]))
    for age, row in enumerate(ages, 1):
        if placed[period - age].any():
            np.multiply(placed[period - age], course.lead[period - age] >= age, out=row)
    return ages


def _filled(history: Floats, season: int, rng: np.random.Generator) -> Floats:
    """Unknown periods take a known one of their place in the season, or any known one where there is none."""
    if not np.isnan(history).any():
        return history
    filled = history.copy()
    for item in np.flatnonzero(np.isnan(history).any(axis=1)):
        row = history[item]
        for place in range(season):
            missing = np.flatnonzero(np.isnan(row[place::season])) * season + place
            known = row[place::season][~np.isnan(row[place::season])]
            known = known if len(known) else row[~np.isnan(row)]
            filled[item, missing] = rng.choice(known, len(missing))
    return filled
