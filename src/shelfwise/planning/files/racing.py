"""The race of policies for the items of a folder, on their own past."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np

from shelfwise.demand.panel import Frequency
from shelfwise.planning.files.building import Built
from shelfwise.planning.files.deciding import Options, Progress
from shelfwise.planning.files.demand import Heard, Place, places_of
from shelfwise.planning.files.wording import many
from shelfwise.planning.model import Floats, ItemState
from shelfwise.planning.racing.model import Runner, classes, enough, run
from shelfwise.planning.replenish import choose
from shelfwise.planning.standing import Standing

Say = Callable[[str], None]

TOGETHER = 200
"""Items that race between two words of progress."""
YEAR = 364


def raced(built: Built, said: Heard, options: Options, notes: Say, progress: Progress) -> Built:
    """The sites with how the race stands for each item whose past says enough."""
    pasts = _pasts(built, said)
    if not pasts:
        notes("No policies raced: that takes a history of days. The forecast's quantile says when to order.")
        return built
    groups = classes(_values(built, pasts))
    waiting: dict[float | None, list[tuple[Place, Runner]]] = {}
    for site, seen in built.sites.items():
        for item in seen.items:
            past = pasts.get((item.sku, site))
            if item.offers and item.demand is not None and past is not None and enough(past) is not None:
                runner = _runner(item, groups.get(item.item_id, ""), past)
                if runner.due(None, built.today, options.params):
                    waiting.setdefault(item.service_level, []).append(((item.sku, site), runner))
    found: dict[Place, Standing] = {}
    count = sum(map(len, waiting.values()))
    for level, some in waiting.items():
        params = options.params if level is None else replace(options.params, service_level=level)
        for start in range(0, len(some), TOGETHER):
            progress("racing policies: items", len(found), count)
            part = some[start : start + TOGETHER]
            # An item of several sites races at each of them: within a part each has a number of its own.
            runners = [replace(one, item_id=number) for number, (_, one) in enumerate(part)]
            standings = run(runners, params, built.today - timedelta(days=1), options.seed)
            found |= {part[number][0]: standing for number, standing in standings.items()}
    notes(_spoken(found, sum(len(one.items) for one in built.sites.values())))
    sites = {
        site: replace(
            seen, items=tuple(replace(item, standing=found.get((item.sku, site))) for item in seen.items)
        )
        for site, seen in built.sites.items()
    }  # fmt: skip
    return replace(built, sites=sites)


def _pasts(built: Built, said: Heard) -> dict[Place, Floats]:
    """Demand by day of each item at each site; NaN: unknown."""
    if said.read is None or said.read.panel.frequency is not Frequency.DAY:
        return {}
    panel, only = said.read.panel, next(iter(built.sites))
    return {
        (sku, site or only): panel.quantity[series].astype(np.float64)
        for series, (sku, site) in enumerate(places_of(panel))
    }


def _values(built: Built, pasts: Mapping[Place, Floats]) -> dict[int, float]:
    """What was wanted of each item in a year at all sites, at its cost."""
    values: dict[int, float] = defaultdict(float)
    for site, seen in built.sites.items():
        for item in seen.items:
            if item.offers and (past := pasts.get((item.sku, site))) is not None:
                values[item.item_id] += float(np.nansum(past[-YEAR:])) * float(choose(item.offers).unit_cost)
    return dict(values)


def _runner(item: ItemState, group: str, past: Floats) -> Runner:
    offer = choose(item.offers)
    margin = None if item.unit_price is None else float(item.unit_price - offer.unit_cost)
    return Runner(item.item_id, float(item.quantum), offer, margin, group, past)


def _spoken(found: Mapping[Place, Standing], count: int) -> str:
    if not found:
        return "No policies raced: no item's past says enough. The forecast's quantile says when to order."
    won = Counter(one.policy for one in found.values()).most_common()
    winners = ", ".join(f"{name} for {number:,}" for name, number in won)
    rest = count - len(found)
    others = f" Of {rest:,} others the forecast's quantile or your own rule says when." if rest else ""
    return f"Policies raced for {many(len(found), 'item')} on their own past; it won: {winners}.{others}"
