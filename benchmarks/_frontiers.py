"""Frontiers of what lies on the shelf against the share of demand that is served, and how sure a difference is.

Both sides of a comparison are read off where they serve the same share; nothing is taken from a single price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._replaying import Outcome
from shelfwise.planning.model import Floats

RESAMPLED = 400
ENOUGH = 0.75
"""A share served is compared where so many of the seeds reach it on both sides."""


@dataclass(frozen=True, eq=False)
class Replays:
    """Of one way, seed by seed: shape (seeds, prices, items, quarters); `wanted` has no prices."""

    stock: Floats
    missed: Floats
    wanted: Floats

    @staticmethod
    def of(outcomes: Sequence[Outcome]) -> Replays:
        return Replays(*(np.stack([getattr(one, name) for one in outcomes]) for name in ("stock", "missed", "wanted")))

    def at(self, fills: Floats, weight: Floats | None = None) -> Floats:
        """Stock at some shares served, shape (seeds, fills); NaN where no price serves so much or so little.

        Args:
            weight: how often each seed's items and quarters count, shape (seeds, items, quarters).
        """
        counts = np.ones_like(self.wanted) if weight is None else weight
        wanted = (self.wanted * counts).sum(axis=(1, 2))
        stock, missed = ((each * counts[:, None]).sum(axis=(2, 3)) for each in (self.stock, self.missed))
        return np.stack([_between(1 - m / w, s, fills) for s, m, w in zip(stock, missed, wanted, strict=True)])


def _between(served: Floats, stock: Floats, fills: Floats) -> Floats:
    """By straight lines over how many times less is missed: on that scale frontiers are nearly straight."""
    order = np.argsort(served)
    times = -np.log(np.maximum(1 - served[order], 1e-9))
    found: Floats = np.interp(-np.log(1 - fills), times, stock[order], left=np.nan, right=np.nan)
    return found


def least(some: Sequence[Replays], fills: Floats, weight: Floats | None = None) -> Floats:
    """Stock of whichever of a baseline's variants needs least, on average over seeds, at each share; (seeds, fills)."""
    each = np.stack([one.at(fills, weight) for one in some])
    reached = ~np.isnan(each)
    means = np.where(reached, each, 0.0).sum(axis=1) / np.maximum(reached.sum(axis=1), 1)
    best = np.where(reached.mean(axis=1) >= ENOUGH, means, np.inf).argmin(axis=0)
    return np.stack([each[variant, :, place] for place, variant in enumerate(best)], axis=1)


@dataclass(frozen=True, eq=False)
class Saved:
    """By what share less lies on the shelf than with a baseline, shape (fills,): on average over seeds, and from where
    to where 95 of 100 resamplings of seeds, items and quarters put it."""

    mean: Floats
    low: Floats
    high: Floats
    by_seed: Floats


def saved(ours: Sequence[Replays], theirs: Sequence[Replays], fills: Floats, seed: int) -> Saved:
    share = 1 - least(ours, fills) / least(theirs, fills)
    rng = np.random.default_rng(seed)
    seeds, items, quarters = ours[0].wanted.shape
    drawn = np.empty((RESAMPLED, len(fills)))
    for place in range(RESAMPLED):
        some = rng.integers(seeds, size=seeds)
        count = np.bincount(rng.integers(items, size=items), minlength=items)[:, None]
        count = count * np.bincount(rng.integers(quarters, size=quarters), minlength=quarters)
        weight = np.broadcast_to(count.astype(np.float64), (seeds, items, quarters))
        drawn[place] = _mean((1 - least(ours, fills, weight) / least(theirs, fills, weight))[some])
    mean = _mean(share)
    low, high = np.full((2, len(fills)), np.nan)
    there = ~np.isnan(mean)
    low[there], high[there] = np.nanquantile(drawn[:, there], (0.025, 0.975), axis=0)
    return Saved(mean, low, high, share)


def _mean(share: Floats) -> Floats:
    """Over the seeds that reach it, shape (fills,); NaN where those are too few."""
    reached = ~np.isnan(share)
    mean = np.where(reached, share, 0.0).sum(axis=0) / np.maximum(reached.sum(axis=0), 1)
    found: Floats = np.where(reached.mean(axis=0) >= ENOUGH, mean, np.nan)
    return found


@dataclass(frozen=True, eq=False)
class Items:
    """Each item where the way serves some share of everything, over all seeds, shape (items,).

    Attributes:
        stock: units on the shelf.
        served: share of the item's own demand.
    """

    stock: Floats
    served: Floats

    @staticmethod
    def at(one: Replays, fill: float) -> Items:
        wanted = one.wanted.sum(axis=(0, 2))
        stock, missed = (each.sum(axis=(0, 3)) for each in (one.stock, one.missed))
        served = 1 - missed.sum(axis=1) / wanted.sum()
        at = np.array([fill])
        lies, gone = (np.array([_between(served, row, at)[0] for row in each.T]) for each in (stock, missed))
        return Items(lies, 1 - gone / np.maximum(wanted, 1e-9))

    @property
    def least_served(self) -> float:
        """The mean share served of the tenth of the items that are served least."""
        ordered = np.sort(self.served)
        return float(ordered[: max(len(ordered) // 10, 1)].mean())
