"""Between which levels an item's stock is kept tonight: those of a quantile, of the policy that won its race, or of a
person's own rule. Pure.

Without a race it is periodic review with a reorder point s and an order-up-to level S (Silver, Pyke and Thomas 2017,
Inventory and Production Management in Supply Chains, chapter 6). s is the quantile, at the wanted service level, of
demand until the order placed at the next review could arrive: lead time plus review period, both drawn jointly with
demand, so that its quantile is that of the total. S adds to s what lets an order cover a whole number of review
periods, the one nearest to the economic order quantity (Harris 1913): one period adds nothing (order up to s at every
review), each further one its mean demand, and a margin of one standard deviation for the last. Against the published
optima of Zheng and Federgruen (1991) this costs 9% more on average, 16% at most; of that 1%, 4% at most, comes from S,
the rest from s, where the service level is a promise here and a matter of cost there.

A policy that won a race brings its shape and how much safety it keeps, in standard deviations of the demand it has to
last for; how large these are tonight, the forecast says. So it is of the moving average, too: among the forecasts that
race for an item there is one, and what it does not know, such as a promotion, the others do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from shelfwise.core.quantities import round_up
from shelfwise.planning.model import DAYS_IN_YEAR, Floats, ItemState, Offer, Params
from shelfwise.planning.policies import families
from shelfwise.planning.policies.backlog import Batches, OrderUpTo, ReorderPoint
from shelfwise.planning.policies.families import FAMILIES, ProjectedMean, Sizes
from shelfwise.planning.policies.lost import CappedOrderUpTo, CappedReorderPoint
from shelfwise.planning.policies.model import NEARLY, Rule, Shelves
from shelfwise.planning.policies.recent import MovingAverage
from shelfwise.planning.policies.replay import TermsOfMany
from shelfwise.planning.simulate import Futures, days_until
from shelfwise.planning.standing import Aim, Standing, Target
from shelfwise.records.model import Rule as OwnRule

QUANTILE = "forecast quantile"
"""The policy of an item that has not raced."""
OWN = "own rule"
AT_EVERY_REVIEW = ("order up to", "moving average", "capped order up to", "projected level")
"""Policies that do not wait for a reorder point."""
FAR = 2.0**40
"""Above every level."""


@dataclass(frozen=True, eq=False)
class Policy:
    """The levels between which an item's inventory position is kept.

    Attributes:
        reorder_point: s: order when the position is not above it.
        order_up_to: S: order so much that the position reaches it.
        protected: demand until the order of the next review could arrive, shape (samples,).
        daily_mean: mean demand a day over that time.
        economic_quantity: None: holding costs nothing, so there is none.
        name: of the family.
        cap: the most that is ordered at once; None: no limit of its own.
        wanted: now, before packs and minimum; 0: nothing.
        longest_cut: S was cut by so much, to cover no more than the longest cover wanted.
        batched: S was raised by so much, because what is needed soon is ordered at once.
    """

    reorder_point: float
    order_up_to: float
    protected: Floats
    daily_mean: float
    economic_quantity: float | None
    name: str = QUANTILE
    cap: float | None = None
    wanted: float = 0.0
    longest_cut: float = 0.0
    batched: float = 0.0

    @property
    def safety(self) -> float:
        """What is kept beyond the demand that is expected until the next order could arrive."""
        return self.reorder_point - float(self.protected.mean())


def policy_of(item: ItemState, offer: Offer, futures: Futures, at: datetime, params: Params) -> Policy:
    """Whose levels count: a person's where there is no forecast, else those of the policy that won the item's race,
    else the quantile's.

    Where it is to be ordered sooner than would be needed, that counts as a longer lead time.
    """
    if sooner := math.ceil(offer.soft_safety_days):
        futures = replace(futures, lead=futures.lead + sooner)
    return _batched(_policy(item, offer, futures, at, params), offer)


def _policy(item: ItemState, offer: Offer, futures: Futures, at: datetime, params: Params) -> Policy:
    found = levels(item, offer, futures, params)
    if item.demand is None:
        return found if item.rule is None else by_rule(item, item.rule, offer, found)
    if item.standing is None:
        return found
    return by_race(item, item.standing, offer, futures, at, params, found)


def _batched(policy: Policy, offer: Offer) -> Policy:
    """With what is needed in the days that are ordered at once."""
    more = policy.reorder_point + policy.daily_mean * offer.batch_days - policy.order_up_to
    if more <= 0 or policy.name == OWN:
        return policy
    wanted = policy.wanted + more if policy.wanted > 0 else 0.0
    return replace(policy, order_up_to=policy.order_up_to + more, wanted=wanted, batched=more)


def levels(item: ItemState, offer: Offer, futures: Futures, params: Params) -> Policy:
    """Reorder point and order-up-to level; doubt about the stock on hand counts as demand."""
    days = futures.lead + params.review_days
    demand = futures.over(days)
    protected = demand + futures.surprise
    reorder_point = max(_quantile(protected, params.service_level), 0.0)
    daily = float(demand.sum() / days.sum())
    economic = economic_quantity(daily, float(offer.unit_cost * offer.rate), params)
    reviews = futures.over(np.full_like(futures.lead, params.review_days))
    batch, cut = cover(reviews, economic, params)
    found = Policy(reorder_point, reorder_point + batch, protected, daily, economic, longest_cut=cut)
    return replace(found, wanted=_wanted(item, found))


def by_rule(item: ItemState, rule: OwnRule, offer: Offer, policy: Policy) -> Policy:
    """A person's own levels, where no forecast says better; without an upper one, the fewest packs that will do."""
    reorder_point = float(rule.reorder_point)
    if rule.order_up_to is not None:
        up_to = float(rule.order_up_to)
    elif item.position < reorder_point:
        up_to = reorder_point
    else:
        up_to = item.position + float(offer.pack_size)
    found = replace(
        policy, reorder_point=reorder_point, order_up_to=up_to, economic_quantity=None, name=OWN, longest_cut=0.0
    )
    return replace(found, wanted=_wanted(item, found))


def _wanted(item: ItemState, policy: Policy) -> float:
    low = item.position <= policy.reorder_point
    return max(policy.order_up_to - item.position, 0.0) if low else 0.0


def by_race(
    item: ItemState, standing: Standing, offer: Offer, futures: Futures, at: datetime, params: Params, found: Policy
) -> Policy:
    """The levels of the policy that won, about tonight's sizes; those found already, where it is known no more.

    Where another service level is wanted than it raced for, it keeps as much more as the forecast's quantiles differ.
    """
    family = next((one for one in FAMILIES if one.name == standing.policy), None)
    if family is None or len(standing.numbers) != len(family.grid[0]) or found.daily_mean <= 0:
        return found
    unit = float(item.quantum)
    sizes = _sizes(futures, offer, found, unit, params)
    numbers = list(standing.numbers)
    numbers[0] += _more_safety(standing, found.protected, float(sizes.doubt.item()) * unit, params)
    terms = TermsOfMany(*(np.array([[float(each) / unit]]) for each in (offer.pack_size, offer.minimum_order)))
    shelves, later = _shelves(item, int(sizes.lead.item()), at, unit)
    rule = _owing(family.make(sizes, terms, numbers), max(-float(shelves.on_hand.item()), 0.0))
    # Who looks at what comes when, is not shown what comes no earlier than an order of tonight.
    wanted = max(float(rule.wanted(shelves).item()) - (later if rule.by_age else 0.0), 0.0) * unit
    low, high, cap = _levels_of(rule, shelves, unit)
    if rule.by_age:
        low, high = low - later * unit, high - later * unit
    longest = max(found.daily_mean * params.longest_cover_days, found.daily_mean * params.review_days)
    top = min(high, low + math.ceil(longest / unit) * unit)
    return replace(
        found, name=family.name, cap=cap, reorder_point=low, order_up_to=top,
        wanted=max(min(wanted, top - item.position), 0.0), longest_cut=high - top,
    )  # fmt: skip


def _owing(rule: Rule, owed: float) -> Rule:
    """A rule raced where what is missed is lost. Here it is owed: what nothing on its way covers is ordered on top."""
    if isinstance(rule, CappedOrderUpTo | CappedReorderPoint):
        return replace(rule, cap=rule.cap + owed)
    return replace(rule, level=rule.level + owed) if isinstance(rule, ProjectedMean) else rule


def _levels_of(rule: Rule, shelves: Shelves, unit: float) -> tuple[float, float, float | None]:
    """(s, S, most at once) of a rule; of one that has no such levels, what it would raise the position to tonight."""

    def number(value: float | Floats) -> float:
        return float(np.asarray(value).item()) * unit

    if isinstance(rule, ReorderPoint):
        return number(rule.reorder_point), number(rule.order_up_to), None
    if isinstance(rule, CappedReorderPoint):
        return number(rule.reorder_point), number(rule.order_up_to), number(rule.cap)
    if isinstance(rule, Batches):
        return number(rule.reorder_point), number(rule.reorder_point) + number(rule.batch), None
    if isinstance(rule, OrderUpTo | MovingAverage):
        level = number(rule.level if isinstance(rule, OrderUpTo) else np.rint(rule.otherwise))
        return level, level, None
    if isinstance(rule, CappedOrderUpTo):
        return number(rule.level), number(rule.level), number(rule.cap)
    more = FAR if isinstance(rule, ProjectedMean) else 0.0
    asked = replace(rule, level=rule.level + more) if isinstance(rule, ProjectedMean) else rule
    level = number(shelves.position + asked.wanted(shelves)) - more * unit
    return level, level, None


def _sizes(futures: Futures, offer: Offer, found: Policy, unit: float, params: Params) -> Sizes:
    """What the numbers of a race are about, of one item tonight, in quanta; as `families.sizes_of` has it of a past."""
    review, lead = params.review_days, math.ceil(offer.lead_time.quantile(0.5))
    course = futures.demand[:, : int(futures.lead.max()) + review + 1] / unit
    between = course[:, review:] - course[:, :-review]
    daily = np.diff(course[::8], axis=1)
    grain = max(float(daily.max()) / (families.CELLS - 2), 1e-3)
    cells = np.arange(families.CELLS) * grain
    left = np.maximum(cells[:, None] - daily.reshape(-1), 0.0).mean(axis=1)
    mean, protected = found.daily_mean * review / unit, found.protected / unit
    longest = found.daily_mean * params.longest_cover_days
    economic = (longest if found.economic_quantity is None else found.economic_quantity) / unit

    def one(value: float) -> Floats:
        return np.array([[value]])

    return Sizes(
        mean=one(mean), spread=one(float(between.std())), protected=one(float(protected.mean())),
        doubt=one(float(protected.std())), batch=one(max(economic, mean)), lead=np.array([[lead]]),
        covers=one(float(futures.lead.mean()) + review), jitter=one(float(futures.lead.std())), left=left[None],
        grain=one(grain),
    )  # fmt: skip


def _more_safety(standing: Standing, protected: Floats, doubt: float, params: Params) -> float:
    """Standard deviations to keep beyond what was raced for, where a share of cycles is wanted that it was not."""
    target, raced = params.target_of(standing.group), standing.target
    if target.aim is not Aim.CYCLES or target == raced or doubt <= NEARLY:
        return 0.0
    kept = float(protected.mean()) + standing.numbers[0] * doubt
    before = _quantile(protected, raced.level) if raced.aim is Aim.CYCLES else kept
    return (_quantile(protected, target.level) - before) / doubt


def _shelves(item: ItemState, lead: int, at: datetime, unit: float) -> tuple[Shelves, float]:
    """As a policy sees them, what is on its way by the age it would have if it took the median lead time; and how much
    of it comes no earlier than an order of tonight. What is owed goes out of what comes first."""
    ages, later, on_hand = np.zeros((max(lead - 1, 0), 1, 1)), 0.0, item.available / unit
    for arrival in sorted(item.on_order, key=lambda one: one.expected_at):
        age, much = lead - days_until(arrival.expected_at, at), arrival.counts / unit
        goes_out = min(max(-on_hand, 0.0), much)
        on_hand, much = on_hand + goes_out, much - goes_out
        if age < 1:
            later += much
        else:
            ages[min(age, len(ages)) - 1] += much
    return Shelves(0, np.array([[on_hand]]), ages.sum(axis=0) + later, ages), later


def promised(item: ItemState, policy: Policy, params: Params) -> Target:
    """What is promised of an item by the levels found tonight: where it raced, that is what its policy raced for, or
    the share of cycles that is wanted by now."""
    if item.standing is None or policy.name in (QUANTILE, OWN):
        return Target(level=params.of(item).service_level)
    wanted = params.target_of(item.standing.group)
    return wanted if wanted.aim is Aim.CYCLES else item.standing.target


def cover(review_demand: Floats, economic: float | None, params: Params) -> tuple[float, float]:
    """How far S lies above s: what makes an order last for the whole number of reviews nearest to the economic
    quantity, at most for the longest cover wanted; and how much that has cut off.

    Args:
        review_demand: demand of one review period, shape (samples,).
        economic: the economic order quantity; None: holding is free.
    """
    mean = float(review_demand.mean())
    if mean <= 0:
        return 0.0, 0.0
    longest = max(params.longest_cover_days // params.review_days, 1)
    best = longest if economic is None else max(round(economic / mean), 1)
    reviews = min(best, longest)
    # Periods are taken as independent; more than one period's demand would make it one review more.
    margin = 0.0 if reviews == 1 else min(float(review_demand.std()) * math.sqrt(reviews), mean)
    return (reviews - 1) * mean + margin, (best - reviews) * mean


def implied_margin(daily: float, each: float, level: float, params: Params) -> float:
    """What a missed unit is worth where a share of cycles `level` is promised and nobody knows what it sells for.

    At an order of Q and a share of broken cycles 1 - level, holding a unit more and missing one less balance at
    holding x Q / (demand x (1 - level)). Q is the economic quantity, as far as an order may last.

    Args:
        daily: mean demand a day, above 0.
        each: cost of a unit, in the currency of comparison.
    """
    longest = daily * params.longest_cover_days
    batch = max(min(economic_quantity(daily, each, params) or longest, longest), daily * params.review_days)
    return params.holding_rate * each / DAYS_IN_YEAR * batch / (daily * max(1 - level, 0.001))


def economic_quantity(daily: float, unit_cost: float, params: Params) -> float | None:
    """sqrt(2 x yearly demand x ordering cost / yearly holding cost of a unit); None: holding is free."""
    holding = params.holding_rate * unit_cost
    return math.sqrt(2 * daily * DAYS_IN_YEAR * params.ordering_cost / holding) if holding > 0 else None


def least_order(offer: Offer, wanted: Decimal) -> Decimal:
    """What can be ordered of what is wanted: whole packs, and at least the minimum."""
    return round_up(max(wanted, offer.minimum_order), offer.pack_size)


def _quantile(values: Floats, level: float) -> float:
    return float(np.quantile(values, level, method="inverted_cdf"))
