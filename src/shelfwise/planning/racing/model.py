"""Who races, on how much of its past, and what comes of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from shelfwise.core.quantities import plain
from shelfwise.planning.levels import implied_margin, least_order
from shelfwise.planning.model import DAYS_IN_YEAR, Floats, Offer, Params
from shelfwise.planning.policies.families import FAMILIES
from shelfwise.planning.policies.race import LEARNT_ON, PERIODS, WARM_UP, Entrants, Goals, Placings, race
from shelfwise.planning.policies.replay import CostsOfMany, TermsOfMany
from shelfwise.planning.standing import CLASSES, Aim, Raced, Standing, Target

SPANS = (672, 336, 168, 84)
"""Days of the past that are looked at, the longest that an item has: whole weeks, of which numbers are chosen on two
thirds and judged on the rest."""
SELLING = 6
"""Days with sales that each part must have."""
KNOWN = 0.5
"""Share of its days that must be known in each part."""
AGAIN = timedelta(days=7)
"""An item is raced again when its history is so much longer, or what it stands on has changed."""
OUTDATED = timedelta(days=35)
"""A standing that nobody could renew for so long counts no more."""
LONGEST_LEAD = LONGEST_BATCH = (PERIODS - WARM_UP) // 3
"""Days; what takes longer to come, or lasts longer, comes too seldom in a race to be judged."""
MONTH = DAYS_IN_YEAR / 12
SHARES = (0.8, 0.95)
"""Of the value of demand, up to which items are of class A, and of class B."""


@dataclass(frozen=True, eq=False)
class Runner:
    """An item that could race.

    Attributes:
        history: demand by day up to the day of the race; NaN: unknown. None: not looked up yet.
        margin: what is lost with a unit that is missed, in the currency of comparison; None: no price is known.
        group: its class by value.
    """

    item_id: int
    quantum: float
    offer: Offer
    margin: float | None
    group: str
    history: Floats | None = None

    def stands_on(self, params: Params) -> dict[str, Any]:
        """What a standing is about besides the item's past, fit for JSON."""
        target = params.target_of(self.group)
        offer = self.offer
        return {
            "supplier": offer.supplier_id,
            "unit_cost": plain(offer.unit_cost),
            "pack": plain(offer.pack_size),
            "minimum": plain(offer.minimum_order),
            "lead_time": round(offer.lead_time.stated, 2),
            "aim": target.aim.value,
            "level": target.level,
            "holding_rate": params.holding_rate,
            "ordering_cost": params.ordering_cost,
            "review_days": params.at(offer).review_days,
            "longest_cover": params.longest_cover_days,
        }

    def due(self, before: Standing | None, until: date, params: Params) -> bool:
        if self.offer.lead_time.quantile(0.5) + params.at(self.offer).review_days > LONGEST_LEAD:
            return False
        return before is None or until - before.until >= AGAIN or before.on != self.stands_on(params)


def classes(values: Mapping[int, float]) -> dict[int, str]:
    """Of items by the value of what was wanted of them; what sold nothing is of the last class."""
    total, passed = sum(values.values()), 0.0
    found: dict[int, str] = {}
    for item_id, value in sorted(values.items(), key=lambda one: (-one[1], one[0])):
        place = sum(passed >= share * total for share in SHARES) if value > 0 else len(SHARES)
        found[item_id] = CLASSES[place]
        passed += value
    return found


def run(runners: Sequence[Runner], params: Params, until: date, seed: int) -> dict[int, Standing]:
    """Race all whose past says enough; those left out keep the rule without a race."""
    alike: dict[tuple[int, int], list[Runner]] = {}
    for one in runners:
        past = None if one.history is None else enough(one.history)
        if past is not None and _least_lasts(one, past) <= LONGEST_BATCH:
            review = params.at(one.offer).review_days
            alike.setdefault((len(past), review), []).append(replace(one, history=past))
    found: dict[int, Standing] = {}
    for (span, review), some in sorted(alike.items()):
        placings = race(_entrants(some, replace(params, review_days=review)), seed=seed)
        found |= {one.item_id: _standing(placings, place, one, params, span, until) for place, one in enumerate(some)}
    return found


def enough(history: Floats) -> Floats | None:
    """The longest stretch of the past that a race can be held on; None: there is none."""
    for span in SPANS:
        past = history[-span:]
        cut = int(span * LEARNT_ON)
        if len(past) == span and all(_says_enough(part) for part in (past[:cut], past[cut:])):
            return past
    return None


def _least_lasts(one: Runner, past: Floats) -> float:
    """For how many days the least that can be ordered suffices."""
    return float(least_order(one.offer, one.offer.pack_size)) / float(np.nanmean(past))


def _says_enough(part: Floats) -> bool:
    known = ~np.isnan(part)
    return bool(known.mean() >= KNOWN and (part[known] > 0).sum() >= SELLING)


def _entrants(runners: Sequence[Runner], params: Params) -> Entrants:
    """In quanta, so that levels are whole ones."""

    def column(values: Sequence[float]) -> Floats:
        return np.array(values, np.float64)[:, None]

    targets = [params.target_of(one.group) for one in runners]
    history = np.stack([np.zeros(0) if one.history is None else one.history / one.quantum for one in runners])
    costs = [_costs(one, target, params) for one, target in zip(runners, targets, strict=True)]
    goals = Goals(
        np.array([one.level if one.aim is Aim.FILL else np.nan for one in targets]),
        np.array([one.level if one.aim is Aim.CYCLES else np.nan for one in targets]),
    )
    return Entrants(
        history,
        tuple(one.offer.lead_time.samples for one in runners),
        CostsOfMany(*(column(each) for each in zip(*costs, strict=True))),
        TermsOfMany(
            column([max(float(one.offer.pack_size) / one.quantum, 1.0) for one in runners]),
            column([float(one.offer.minimum_order) / one.quantum for one in runners]),
        ),
        review=params.review_days,
        goals=goals if goals.any.any() else None,
        longest=min(params.longest_cover_days, LONGEST_BATCH),
    )


def _costs(one: Runner, target: Target, params: Params) -> tuple[float, float, float]:
    """(holding a day, shortage, order) of a quantum.

    Where no margin is known, a missed unit is worth what the target says it is.
    """
    cost = float(one.offer.unit_cost * one.offer.rate)
    holding = params.holding_rate * cost / DAYS_IN_YEAR
    margin = one.margin
    if margin is None or margin <= 0:
        daily = 0.0 if one.history is None else float(np.nanmean(one.history))
        level = params.service_level if target.aim is Aim.COST else target.level
        margin = implied_margin(daily, cost, level, params)
    # What costs nothing to hold and to miss would be ordered in any amount.
    return holding * one.quantum, max(margin * one.quantum, 1e-6), params.ordering_cost


def _standing(placings: Placings, place: int, one: Runner, params: Params, days: int, until: date) -> Standing:
    winner = int(placings.winner[place])
    cost, unsure = placings.cost[:, place] * MONTH, placings.unsure[:, place] * MONTH
    raced = tuple(
        Raced(
            name, float(cost[number]), float(unsure[number]), float(placings.fill[number, place]),
            bool(placings.able[number, place]),
        )
        for number, name in enumerate(placings.names)
        if math.isfinite(cost[number])
    )  # fmt: skip
    numbers = tuple(float(number) for number in placings.chosen[winner][place])
    target = params.target_of(one.group)
    return Standing(
        FAMILIES[winner].name, numbers, raced, target, one.group, one.stands_on(params), days, until, placings.apart
    )
