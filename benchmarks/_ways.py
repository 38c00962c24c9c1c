"""Four ways to order that are replayed against each other, and how each is tuned on the earlier part of the past.

All have eight shapes with 29 numbers each to choose from, tried on the same walk through the past at the same prices of
a missed unit. The shape of a baseline is one for all items; its number is one for all or one for each third of them by
how much their demand varies, whichever turns out better afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np

from benchmarks._replaying import PRICES, Ints, Supply, Trace, said
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.following import CLEARLY, SAFETIES, Maker, Walk, walk, walked
from shelfwise.planning.policies.model import Rounds, Rule, Shelves
from shelfwise.planning.policies.outlook import Outlook, of_average, of_forecasts, recent
from shelfwise.planning.policies.replay import CostsOfMany

EXTRA = np.concatenate((np.linspace(-0.4, 3.0, 23), [3.5, 4.0, 5.0, 7.0, 10.0, 14.0]))
"""Of what is expected until the next order could come: buffers that min/max tries."""
COVERS = np.concatenate((np.linspace(1.0, 16.0, 23), [18.0, 20.0, 25.0, 30.0, 40.0, 50.0]))
"""Periods of demand that a uniform cover tries."""
THIRDS = (1 / 3, 2 / 3)
OURS = "Shelfwise"


class Shapes(Protocol):
    """What is tuned: shapes, and a number of which more means that less is missed."""

    numbers: ClassVar[Floats]

    @property
    def shapes(self) -> int: ...

    def sees(self, shape: int, past: Floats, origins: Ints) -> Outlook:
        """What a shape makes of what was known at some origins; NaN in `past`, shape (items, periods): not known."""
        ...

    def pair(self, shape: int, seen: Outlook, number: Floats) -> tuple[Floats, Floats]:
        """Reorder points and what to order up to, in the outlook's shape."""
        ...


@dataclass(frozen=True, eq=False)
class Averages:
    """A moving average with a normal safety stock, and doubt of lead times in it."""

    one: Trace
    supply: Supply
    numbers: ClassVar[Floats] = SAFETIES

    @property
    def shapes(self) -> int:
        return 2 * len(self.one.windows)

    def sees(self, shape: int, past: Floats, origins: Ints) -> Outlook:
        """Four windows; the spread over each of them, or over a long time."""
        windows = self.one.windows
        window = (*windows, *windows[:-1], windows[0] // 2)[shape]
        over = window if shape < len(windows) else windows[-1]
        name = f"average of {window}, spread of {over}"
        return of_average(name, past, origins, self.supply.leads, window=window, spread_over=over)

    def pair(self, shape: int, seen: Outlook, number: Floats) -> tuple[Floats, Floats]:
        upto = seen.level(number)
        return np.full_like(upto, np.inf), upto


@dataclass(frozen=True, eq=False)
class MinMax:
    """Below what lead time and review want, and a buffer in proportion, order for no or one period more."""

    one: Trace
    supply: Supply
    numbers: ClassVar[Floats] = EXTRA

    @property
    def shapes(self) -> int:
        return 2 * len(self.one.windows)

    def sees(self, shape: int, past: Floats, origins: Ints) -> Outlook:
        mean, _ = recent(past, origins, self.one.windows[shape // 2])
        reach = np.array([samples.mean() + 1 for samples in self.supply.leads])
        return Outlook("min/max", mean * reach, mean)

    def pair(self, shape: int, seen: Outlook, number: Floats) -> tuple[Floats, Floats]:
        least = seen.mean * (1 + number)
        return least, least + shape % 2 * seen.doubt


@dataclass(frozen=True, eq=False)
class Cover:
    """So many periods of demand for everything, whatever its lead time."""

    one: Trace
    supply: Supply
    numbers: ClassVar[Floats] = COVERS

    @property
    def shapes(self) -> int:
        return 2 * len(self.one.windows)

    def sees(self, shape: int, past: Floats, origins: Ints) -> Outlook:
        windows = self.one.windows
        mean, spread = recent(past, origins, (*windows, *(max(one * 3 // 4, 2) for one in windows))[shape])
        return Outlook("cover", mean, spread)

    def pair(self, shape: int, seen: Outlook, number: Floats) -> tuple[Floats, Floats]:
        upto = seen.mean * number
        return np.full_like(upto, np.inf), upto


@dataclass(frozen=True, eq=False)
class Followed(Averages):
    """Shelfwise: the same averages, of which the least promising gives way to the forecasts."""

    def sees(self, shape: int, past: Floats, origins: Ints) -> Outlook:
        if shape < self.shapes - 1:
            return super().sees(shape, past, origins)
        one = self.one
        if len(origins) > 1:
            mean, doubt = one.expected
        else:
            known = replace(one.panel.at(past.shape[1], one.ahead), quantity=past.astype(np.float32))
            mean, doubt = (each[None] for each in said(known, one.model))
        return of_forecasts("forecasts", mean, doubt, self.supply.leads)


@dataclass(frozen=True, eq=False)
class Pair(Rule):
    """Reorder points and what to order up to by period, shape (periods, items, numbers) each."""

    reorder: Floats
    upto: Floats
    terms: Rounds

    def wanted(self, shelves: Shelves) -> Floats:
        position = shelves.position
        wanted: Floats = np.where(position <= self.reorder[shelves.period], self.upto[shelves.period] - position, 0.0)
        return wanted


@dataclass(frozen=True, eq=False)
class Tuned:
    """A way with its shape and number at each price, shape (prices, items) each."""

    kind: Shapes
    shape: Ints
    number: Floats

    def levels(self, period: int, records: Floats) -> tuple[Floats, Floats]:
        origin = np.array([period])
        reorder, upto = np.empty((2, *self.number.shape))
        for price, past in enumerate(records):
            for shape in np.unique(self.shape[price]):
                seen = self.kind.sees(int(shape), past, origin)
                both = self.kind.pair(int(shape), seen, self.number[price])
                chosen = self.shape[price] == shape
                reorder[price, chosen], upto[price, chosen] = (each[0][chosen] for each in both)
        return reorder, upto


@dataclass(frozen=True, eq=False)
class Training:
    """What came of every shape and number of a way on a walk through the earlier part of the past."""

    kind: Shapes
    one: Trace
    supply: Supply
    seed: int

    @cached_property
    def walk(self) -> Walk:
        one, origins = self.one, np.arange(self.one.learnt, self.one.tuned)
        past = one.demand[:, : one.tuned]
        course = walked(past[:, one.learnt :], self.supply.leads, np.random.default_rng([self.seed, 7]))
        ways = [self._maker(shape, self.kind.sees(shape, past, origins)) for shape in range(self.kind.shapes)]
        return walk(ways, course, safeties=self.kind.numbers, warm_up=one.warm_up)

    def _maker(self, shape: int, seen: Outlook) -> Maker:
        wide = Outlook(seen.name, seen.mean[:, :, None], seen.doubt[:, :, None])
        return lambda numbers: Pair(*self.kind.pair(shape, wide, numbers), self.supply.terms)

    def one_for(self, groups: Ints) -> Tuned:
        """One shape for all, and one number for each group: at each price the cheapest together."""
        walk, shapes, numbers, fills = self.walk, [], [], []
        for price in PRICES:
            cost = walk.stock + price * walk.missed
            total = np.stack([cost[:, :, groups == one].sum(axis=2) for one in np.unique(groups)])
            shape = int(total.min(axis=2).sum(axis=0).argmin())
            number = total[:, shape].argmin(axis=1)[groups]
            shapes.append(np.full(len(groups), shape))
            numbers.append(walk.safeties[number])
            fills.append(1 - walk.missed[shape, number, np.arange(len(groups))].sum() / walk.demand.sum())
        return self._at(np.array(shapes), np.array(numbers), np.array(fills))

    def by_item(self) -> Tuned:
        """As the library chooses, with forecasts, the last shape, as what is less simple."""
        handicaps = (*(0.0,) * (self.kind.shapes - 1), CLEARLY)
        walk, shapes, numbers, fills = self.walk, [], [], []
        one = np.ones((len(walk.demand), 1))
        for price in PRICES:
            choice = walk.choose(CostsOfMany(one, price * one, 0 * one), handicaps=handicaps)
            number = np.searchsorted(walk.safeties, choice.safety)
            shapes.append(choice.way)
            numbers.append(choice.safety)
            fills.append(1 - walk.missed[choice.way, number, np.arange(len(one))].sum() / walk.demand.sum())
        return self._at(np.array(shapes), np.array(numbers), np.array(fills))

    def _at(self, shapes: Ints, numbers: Floats, fills: Floats) -> Tuned:
        """At the prices that come nearest to the goals; their own where several are as near."""
        chosen = [int(np.abs(fills - goal).argmin()) for goal in self.one.goals]
        return Tuned(self.kind, shapes[chosen], numbers[chosen])


def ways(one: Trace, supply: Supply, seed: int) -> dict[str, Sequence[Tuned]]:
    """Each way by name; of a baseline both ways to give out its number."""
    before = one.demand[:, : one.tuned]
    varies = before.std(axis=1) / before.mean(axis=1)
    thirds = np.searchsorted(np.quantile(varies, THIRDS), varies)
    together = np.zeros_like(thirds)
    found: dict[str, Sequence[Tuned]] = {OURS: [Training(Followed(one, supply), one, supply, seed).by_item()]}
    for name, kind in (("moving average", Averages), ("min/max", MinMax), ("uniform cover", Cover)):
        training = Training(kind(one, supply), one, supply, seed)
        groups = [together] if name == "uniform cover" else [together, thirds]
        found[name] = [training.one_for(each) for each in groups]
    return found
