"""What the replay of real sales shows: how much less lies on the shelf than with each baseline, and where more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.real import DEMAND

from benchmarks._frontiers import Items, Replays, Saved, least, saved
from benchmarks._replaying import KINDS, Outcome, Supply, replayed, trace
from benchmarks._ways import OURS, ways
from benchmarks.harness import Result, progress
from shelfwise.planning.model import Floats

SEEDS = 20
QUICK_ITEMS, QUICK_SEEDS = 60, 2
AIMS = {"moving average": 0.0, "min/max": 10.0, "uniform cover": 25.0}
"""Percent of inventory below each baseline."""


def replays(seed: int, quick: bool) -> list[Result]:
    """All kinds of sales; of a quick run the one that is learnt fastest."""
    if not DEMAND.is_dir():
        progress("replay: the real sales are not on this machine, so nothing is replayed")
        return []
    names = [name for name in KINDS if not quick or KINDS[name].fast]
    return [result for name in names for result in _replay(name, seed, quick)]


def _replay(name: str, seed: int, quick: bool) -> list[Result]:
    one = trace(DEMAND, name, QUICK_ITEMS if quick else KINDS[name].items, seed)
    seeds = range(QUICK_SEEDS if quick else SEEDS)
    outcomes: dict[str, list[list[Outcome]]] = {}
    for number in seeds:
        supply = Supply.drawn(one, number)
        for way, variants in ways(one, supply, number).items():
            outcomes.setdefault(way, []).append([replayed(each, one, supply) for each in variants])
        progress(f"{name}: seed {number + 1} of {len(seeds)}")
    ran = {way: [Replays.of(some) for some in zip(*each, strict=True)] for way, each in outcomes.items()}
    fills = np.array(one.fills)
    results = []
    for baseline, aim in AIMS.items():
        found = saved(ran[OURS], ran[baseline], fills, seed)
        results += _below(name, baseline, aim, found, least(ran[OURS], fills), least(ran[baseline], fills), one.fills)
    return results + _items(name, ran[OURS][0], ran["moving average"][0], one.fills[1])


def _below(
    name: str, baseline: str, aim: float, found: Saved, ours: Floats, theirs: Floats, fills: Sequence[float]
) -> list[Result]:
    results = []
    for place, fill in enumerate(fills):
        if np.isnan(found.mean[place]):
            progress(f"{name}: nobody serves {100 * fill:.0f} % in so many seeds that it could be compared")
            continue
        less = 100 * float(found.mean[place])
        low, high = 100 * found.low[place], 100 * found.high[place]
        units = [float(np.nanmean(side[:, place])) for side in (ours, theirs)]
        served = f"{name}, {100 * fill:.0f} % of demand served"
        progress(f"{served}: {less:.1f} % below {baseline} ({low:.1f} to {high:.1f}); {units[0]:.0f} to {units[1]:.0f}")
        results.append(
            Result(
                f"{served}: inventory below {baseline}", less, "%", aim, less >= aim,
                baseline, units[1],
            )
        )  # fmt: skip
    for what, value in (("from", float(np.nanmean(found.low))), ("to", float(np.nanmean(found.high)))):
        results.append(Result(f"{name}: below {baseline}, 95 % interval, mean of shares, {what}", 100 * value, "%"))
    return results


def _items(name: str, ours: Replays, theirs: Replays, fill: float) -> list[Result]:
    own, other = Items.at(ours, fill), Items.at(theirs, fill)
    more = 100 * (own.stock / np.maximum(other.stock, 1e-9) - 1)
    at = f"{name}, {100 * fill:.0f} % of demand served"
    worst = float(np.nanquantile(more, 0.9))
    return [
        Result(f"{at}: items with more inventory than with the moving average", 100 * float((more > 0).mean()), "%"),
        Result(f"{at}: worst tenth of items, inventory above the moving average's by at least", worst, "%"),
        Result(
            f"{at}: tenth of items served least, share served", 100 * own.least_served, "%",
            baseline="moving average", baseline_value=100 * other.least_served,
        ),
    ]  # fmt: skip
