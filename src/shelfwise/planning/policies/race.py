"""Policies race on an item's own past, and the simplest that is not clearly beaten wins. Pure.

Every policy's levels are chosen on the earlier part of the past and judged on the later one, where all meet the same
demand and the same lead times. Half a dozen candidates for each level are few, but the same few for everybody: who gets
more looks for luck. Where something is promised, the cheapest levels are chosen that keep it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shelfwise.core.errors import Fault, Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.families import FAMILIES, Family, Sizes, sizes_of
from shelfwise.planning.policies.model import Rule, Unmet
from shelfwise.planning.policies.replay import (
    CostsOfMany,
    Course,
    Flags,
    Ints,
    Replayed,
    TermsOfMany,
    bootstrap,
    replay,
)

CLEARLY = 0.01
"""A policy that is cheaper by less than this share of the cost is not better than a simpler one."""
FUTURES, PERIODS, WARM_UP = 16, 224, 56
"""Drawn for each item, of each part of its past."""
TOGETHER = 200
"""Items that are stepped through at once: as many as the processor's cache holds."""
LEARNT_ON = 2 / 3
"""Of the past: levels are chosen on it. A past too short for two parts is used whole for both."""


@dataclass(frozen=True, eq=False)
class Goals:
    """What is promised, shape (items,) each; NaN: nothing. Without any promise cost alone decides.

    Attributes:
        fill: share of what is wanted that is served from the shelf.
        cycles: share of deliveries until whose next one nothing is missed.
    """

    fill: Floats
    cycles: Floats

    @property
    def any(self) -> Flags:
        promised: Flags = ~(np.isnan(self.fill) & np.isnan(self.cycles))
        return promised

    def spare(self, ran: Replayed) -> Floats:
        """By how much what was reached is above what is promised, shape (items,); infinite without a promise."""
        spare = np.fmin(ran.fill - self.fill, ran.cycles - self.cycles)
        kept: Floats = np.where(np.isnan(spare), np.inf, spare)
        return kept


@dataclass(frozen=True, eq=False)
class Entrants:
    """The items that are raced.

    Attributes:
        history: demand by period, shape (items, past); NaN: unknown.
        leads: lead times of each item in periods.
        costs: shape (items, 1) each.
        review: an order can be placed every so many periods.
        goals: None: cost alone decides.
        longest: periods that an order covers at most.
    """

    history: Floats
    leads: tuple[Floats, ...]
    costs: CostsOfMany
    terms: TermsOfMany
    unmet: Unmet = Unmet.LOST
    review: int = 1
    goals: Goals | None = None
    longest: float = math.inf

    def __post_init__(self) -> None:
        items = len(self.history)
        shapes = [len(self.leads), len(self.costs.holding), len(self.terms.multiple)]
        if any(count != items for count in shapes):
            raise Invalid(Fault("items", f"{items} of everything", str(shapes), "Give each item all of its data."))

    def part(self, start: int, stop: int) -> Entrants:
        """Some of the items."""
        cut = slice(start, stop)
        return replace(
            self,
            history=self.history[cut],
            leads=self.leads[cut],
            costs=CostsOfMany(self.costs.holding[cut], self.costs.shortage[cut], self.costs.order[cut]),
            terms=TermsOfMany(self.terms.multiple[cut], self.terms.minimum[cut]),
            goals=None if self.goals is None else Goals(self.goals.fill[cut], self.goals.cycles[cut]),
        )


@dataclass(frozen=True, eq=False)
class Placings:
    """How the race ended.

    Attributes:
        names: of the policies, the simplest first; shape (policies,).
        cost: of a period, judged; shape (policies, items).
        unsure: standard error of a policy's cost less the winner's, over futures; shape (policies, items).
        winner: shape (items,): its place among the policies.
        able: what is promised was kept where levels were chosen; shape (policies, items). Only who is able can win,
            but where nobody is.
        fill: share of what was wanted that was served, judged; shape (policies, items).
        chosen: the numbers that made each policy, by policy: shape (items, numbers).
        sizes: what the numbers are about.
        apart: levels were chosen on one part of the past and judged on another.
    """

    names: tuple[str, ...]
    cost: Floats
    unsure: Floats
    winner: Ints
    able: Flags
    fill: Floats
    chosen: tuple[Floats, ...]
    sizes: Sizes
    apart: bool

    @property
    def distance(self) -> Floats:
        """By what share a policy costs more than the winner, shape (policies, items); negative: less, by little."""
        best = np.take_along_axis(self.cost, self.winner[None], axis=0)
        share: Floats = self.cost / np.maximum(best, 1e-12) - 1
        return share


def race(entrants: Entrants, families: Sequence[Family] = FAMILIES, *, seed: int = 0, block: int = 14) -> Placings:
    """Race all policies for every item.

    Args:
        block: periods of the past that are drawn together.
    """
    groups = [_race(part, families, np.random.default_rng([seed, number]), block) for number, part in _groups(entrants)]
    return Placings(
        tuple(family.name for family in families),
        np.concatenate([one.cost for one in groups], axis=1),
        np.concatenate([one.unsure for one in groups], axis=1),
        np.concatenate([one.winner for one in groups]),
        np.concatenate([one.able for one in groups], axis=1),
        np.concatenate([one.fill for one in groups], axis=1),
        tuple(np.concatenate([one.chosen[place] for one in groups]) for place in range(len(families))),
        Sizes.joined([one.sizes for one in groups]),
        all(one.apart for one in groups),
    )


def winning(placings: Placings, entrants: Entrants, item: int, families: Sequence[Family] = FAMILIES) -> Rule:
    """The policy that won for an item, fit to be asked step by step at every review."""
    place = int(placings.winner[item])
    numbers = list(placings.chosen[place][item])
    return families[place].make(placings.sizes.of(item), entrants.part(item, item + 1).terms, numbers)


def tuned(family: Family, entrants: Entrants, course: Course, sizes: Sizes) -> tuple[Floats, Rule]:
    """The numbers of least cost on a course, of each item by itself: shape (items, numbers), and their policy."""
    numbers, _ = chosen(family, entrants, course, sizes)
    return numbers, _made(family, entrants, sizes, numbers)


def chosen(family: Family, entrants: Entrants, course: Course, sizes: Sizes) -> tuple[Floats, Flags]:
    """The numbers of least cost that keep what is promised, shape (items, numbers), and whether they do, (items,).

    Of what is promised, the cheapest to hold and to order counts: that some is missed is part of the promise. Where
    nothing keeps it, what misses it least. Between two candidates, of which the safer one keeps the promise and the
    other does not, it is looked whether something between them will do.
    """
    ran = [_replay(family.make(sizes, entrants.terms, list(point)), entrants, course) for point in family.grid]
    grid, goals = np.array(family.grid), entrants.goals
    if goals is None:
        costs = np.stack([one.cost.mean(axis=1) for one in ran])
        return grid[np.argmin(costs, axis=0)], np.ones(costs.shape[1], bool)
    forgiven = np.where(goals.any, entrants.costs.shortage[:, 0], 0.0)
    costs = np.stack([one.cost.mean(axis=1) - forgiven * one.missed.mean(axis=1) for one in ran])
    spare = np.stack([goals.spare(one) for one in ran])
    cheapest = np.argmin(np.where(spare >= 0, costs, np.inf), axis=0)
    best = np.where((spare >= 0).any(axis=0), cheapest, spare.argmax(axis=0))
    numbers = grid[best]
    between = numbers.copy()
    between[:, 0] = _between(grid, spare, best)
    will_do = goals.spare(_replay(_made(family, entrants, sizes, between), entrants, course)) >= 0
    return np.where(will_do[:, None], between, numbers), spare.max(axis=0) >= 0


def _between(grid: Floats, spare: Floats, best: Ints) -> Floats:
    """The first number at which a straight line from the next less safe candidate would just keep the promise."""
    found: Floats = grid[best, 0].copy()
    for item, place in enumerate(best):
        alike = np.flatnonzero((grid[:, 1:] == grid[place, 1:]).all(axis=1) & (grid[:, 0] < grid[place, 0]))
        if not len(alike) or not np.isfinite(spare[place, item]):
            continue
        less = alike[np.argmax(grid[alike, 0])]
        low, high = spare[less, item], spare[place, item]
        if low < 0 <= high:
            found[item] += (grid[less, 0] - found[item]) * high / (high - low)
    return found


def _made(family: Family, entrants: Entrants, sizes: Sizes, numbers: Floats) -> Rule:
    return family.make(sizes, entrants.terms, list(numbers.T[:, :, None]))


def _race(entrants: Entrants, families: Sequence[Family], rng: np.random.Generator, block: int) -> Placings:
    learnt, judged, apart = courses(entrants, rng, block)
    sizes = sizes_of(learnt, entrants.leads, entrants.costs, entrants.review, entrants.longest)
    found = [chosen(family, entrants, learnt, sizes) for family in families]
    ran = [
        _replay(_made(family, entrants, sizes, numbers), entrants, judged)
        for family, (numbers, _) in zip(families, found, strict=True)
    ]
    able = np.stack([keeps for _, keeps in found])
    by_future = np.stack([one.cost for one in ran])
    cost = by_future.mean(axis=2)
    eligible = np.where(able | ~able.any(axis=0), cost, np.inf)
    winner = np.argmax(eligible <= eligible.min(axis=0) * (1 + CLEARLY), axis=0)
    apart_by = by_future - np.take_along_axis(by_future, winner[None, :, None], axis=0)
    unsure = apart_by.std(axis=2, ddof=1) / np.sqrt(by_future.shape[2])
    return Placings(
        tuple(one.name for one in families), cost, unsure, winner, able, np.stack([one.fill for one in ran]),
        tuple(numbers for numbers, _ in found), sizes, apart,
    )  # fmt: skip


def courses(entrants: Entrants, rng: np.random.Generator, block: int) -> tuple[Course, Course, bool]:
    """To choose on and to judge on, and whether they are of different parts of the past."""
    past = entrants.history.shape[1]
    cut = int(past * LEARNT_ON)
    parts = [entrants.history[:, :cut], entrants.history[:, cut:]]
    apart = all(part.shape[1] >= 2 * block and not np.isnan(part).all(axis=1).any() for part in parts)
    first, second = (
        bootstrap(part, entrants.leads, PERIODS, FUTURES, rng, block=block)
        for part in (parts if apart else [entrants.history] * 2)
    )
    return first, second, apart


def _replay(rule: Rule, entrants: Entrants, course: Course) -> Replayed:
    return replay(
        rule, course, entrants.costs, unmet=entrants.unmet, review=entrants.review, warm_up=WARM_UP,
        cycles=entrants.goals is not None,
    )  # fmt: skip


def _groups(entrants: Entrants) -> Iterator[tuple[int, Entrants]]:
    for number, start in enumerate(range(0, len(entrants.history), TOGETHER)):
        yield number, entrants.part(start, start + TOGETHER)
