"""Who sells an item, on which terms, how long they take, and how far they can be relied on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from shelfwise.access.context import Context
from shelfwise.orders.model import SentLine
from shelfwise.orders.service import outstanding, sent_lines, worth_today
from shelfwise.planning import reliability
from shelfwise.planning.leadtime import Habit, Took, habit
from shelfwise.planning.model import Arrival, Floats, LeadTime, Offer
from shelfwise.planning.reliability import Chance, Reliability, Sent
from shelfwise.records.calendars import next_taken
from shelfwise.records.habits import usual_lead_days
from shelfwise.records.prices import Price, breaks_on
from shelfwise.records.service import prices_for, site_by_id, suppliers, terms_for
from shelfwise.records.supply import Supplier, Terms

LEARN_DAYS = 730
SECONDS_IN_DAY = 86_400.0


@dataclass(frozen=True)
class Learned:
    """What is known of one supplier's orders.

    Attributes:
        lines: of all its orders that left.
        stated: days by its terms for what it sells; an item may have none.
        usual: days where nobody said, here.
    """

    lines: tuple[SentLine, ...]
    stated: Mapping[int, float]
    usual: float
    now: datetime

    def days_for(self, item_id: int) -> float:
        """The lead time of an item that everything learned is relative to: what is stated of it; else what its supplier
        states on the mean of what came, else what is usual here."""
        if item_id in self.stated:
            return self.stated[item_id]
        said = [
            self.stated[line.item_id] for line in self.lines if line.days is not None and line.item_id in self.stated
        ]
        return float(np.exp(np.mean(np.log(np.maximum(said, 0.25))))) if said else self.usual

    @cached_property
    def _samples(self) -> dict[int, Floats]:
        return {}

    @cached_property
    def habit(self) -> Habit:
        return habit(
            Took(line.item_id, line.days, self.days_for(line.item_id)) for line in self.lines if line.days is not None
        )

    def lead_time(self, item_id: int) -> LeadTime:
        """Of the next order of an item that comes."""
        return replace(self.habit.lead_time(item_id, self.days_for(item_id)), assumed=item_id not in self.stated)

    def later(self, item_id: int, days: float) -> float:
        """P(lead time > days) of an order that comes."""
        samples = self._samples.get(item_id)
        if samples is None:
            samples = self._samples[item_id] = self.habit.lead_time(item_id, self.days_for(item_id)).samples
        return 1 - float(np.searchsorted(samples, days, side="right")) / len(samples)

    def _age(self, item_id: int, sent_at: datetime, due_at: datetime) -> float:
        """Days since an order left; where it was promised for later than usual, in proportion less."""
        age, promised = ((until - sent_at).total_seconds() / SECONDS_IN_DAY for until in (self.now, due_at))
        self.later(item_id, 0.0)
        return max(age, 0.0) / max(promised / float(np.median(self._samples[item_id])), 1.0)

    def reliability(self, items: Iterable[int]) -> dict[int, Reliability]:
        sent = [
            Sent(
                line.item_id, self._age(line.item_id, line.sent_at, line.due_at), line.share, line.finished,
                line.on_time(self.now),
            )
            for line in self.lines
        ]  # fmt: skip
        return reliability.learn(sent, items, self.later)

    def chance_to_come(self, lost: Chance, item_id: int, sent_at: datetime, due_at: datetime) -> float:
        """That an order which left then and has not come still will, by what its supplier's others say."""
        later = self.later(item_id, self._age(item_id, sent_at, due_at))
        return 1 - reliability.never(lost.besides(reliability.never(lost.mean, later)), later)


def comparable_offers(
    ctx: Context, offers: dict[int, tuple[Offer, ...]]
) -> tuple[dict[int, tuple[Offer, ...]], dict[int, tuple[str, ...]]]:
    """Offers of each item that can be compared, in our currency where they are in several; and the currencies of those
    that cannot, for nobody said what they are worth."""
    worth = worth_today(ctx)
    compared: dict[int, tuple[Offer, ...]] = {}
    left_out: dict[int, tuple[str, ...]] = {}
    for item_id, some in offers.items():
        currencies = {offer.currency for offer in some}
        if len(currencies) == 1:
            compared[item_id] = tuple(replace(one, rate=worth.get(one.currency, one.rate)) for one in some)
            continue
        compared[item_id] = tuple(replace(one, rate=worth[one.currency]) for one in some if one.currency in worth)
        if missing := sorted(currencies - worth.keys()):
            left_out[item_id] = tuple(missing)
    return compared, left_out


def learned(ctx: Context) -> dict[int, Learned]:
    """What all suppliers' orders of the last two years teach."""
    seen = sent_lines(ctx, ctx.now - timedelta(days=LEARN_DAYS))
    usual = usual_lead_days(ctx)
    sellers = {one.supplier_id: one for one in suppliers(ctx)}
    by_supplier: dict[int, list[SentLine]] = {supplier_id: [] for supplier_id in sellers}
    for line in seen:
        seller = sellers.get(line.supplier_id)
        by_supplier.setdefault(line.supplier_id, []).append(line if seller is None else since_taken(line, seller))
    stated: dict[int, dict[int, float]] = {}
    for one in terms_for(ctx, {line.item_id for line in seen}, standing=True):
        if one.lead_time_days is not None:
            stated.setdefault(one.supplier_id, {})[one.item_id] = one.lead_time_days
    return {
        supplier_id: Learned(tuple(lines), stated.get(supplier_id, {}), usual, ctx.now)
        for supplier_id, lines in by_supplier.items()
    }


def since_taken(line: SentLine, seller: Supplier) -> SentLine:
    """As if it had left when its supplier takes orders: how long an order waits for that is known, and is added to what
    is learned. What came before that day did not wait."""
    sent = line.sent_at.astimezone(ZoneInfo(line.time_zone))
    waited = next_taken(sent, seller.order_days, seller.orders_until) - sent.date()
    if line.days is not None and line.days <= waited.days:
        return line
    days = None if line.days is None else line.days - waited.days
    return replace(line, sent_at=line.sent_at + waited, days=days)


def arrivals_of(ctx: Context, site_id: int, known: Mapping[int, Learned]) -> dict[int, list[Arrival]]:
    """What suppliers still owe a site by our own orders, and how probably it comes at all."""
    found: dict[int, list[Arrival]] = {}
    coming = outstanding(ctx, site_id)
    wanted: dict[int, set[int]] = {}
    for one in coming:
        wanted.setdefault(one.supplier_id, set()).add(one.item_id)
    chances = {supplier_id: known[supplier_id].reliability(items) for supplier_id, items in wanted.items()}
    for one in coming:
        chance = 1.0
        if one.sent_at is not None:
            lost = chances[one.supplier_id][one.item_id].lost
            chance = known[one.supplier_id].chance_to_come(lost, one.item_id, one.sent_at, one.expected_at)
        found.setdefault(one.item_id, []).append(Arrival(one.quantity, one.expected_at, chance, one.asked))
    return found


def offers_of(
    ctx: Context, item_ids: Collection[int], site_id: int, known: Mapping[int, Learned] | None = None
) -> dict[int, tuple[Offer, ...]]:
    """On which terms each item is sold by whom, with what their orders have taught.

    Args:
        site_id: which orders: by its clock suppliers take orders.
        known: what was learned already, where the caller has it.
    """
    at = ctx.now.astimezone(site_by_id(ctx, site_id).zone_info)
    sellers = {supplier.supplier_id: supplier for supplier in suppliers(ctx)}
    prices: dict[tuple[int, int], list[Price]] = {}
    for price in prices_for(ctx, item_ids):
        prices.setdefault((price.supplier_id, price.item_id), []).append(price)
    by_supplier: dict[int, list[Terms]] = {}
    for one in terms_for(ctx, item_ids):
        by_supplier.setdefault(one.supplier_id, []).append(one)
    known = learned(ctx) if known is None else known
    result: dict[int, list[Offer]] = {}
    for supplier_id, sold in sorted(by_supplier.items()):
        today = {one.item_id: one.lead_time_days for one in sold if one.lead_time_days is not None}
        history = known[supplier_id]
        # What holds today goes before what was said for always.
        history = replace(history, stated={**history.stated, **today})
        chances = history.reliability([one.item_id for one in sold])
        for one in sold:
            breaks = breaks_on(prices.get((supplier_id, one.item_id), ()), ctx.now.date())
            chance = chances[one.item_id]
            lead = replace(
                history.lead_time(one.item_id), lost=chance.lost.mean, short=chance.short.mean,
                share_when_short=chance.share_when_short,
            )  # fmt: skip
            offer = _offer(one, sellers[supplier_id], lead, at)
            result.setdefault(one.item_id, []).append(replace(offer, breaks=breaks, reliability=chance))
    return {item_id: tuple(offers) for item_id, offers in result.items()}


def _offer(terms: Terms, seller: Supplier, lead_time: LeadTime, at: datetime) -> Offer:
    taken = next_taken(at, seller.order_days, seller.orders_until)
    waits = (taken - at.date()).days
    same = seller.currency == terms.currency
    return Offer(
        supplier_id=terms.supplier_id,
        supplier=seller.name,
        unit_cost=terms.unit_cost,
        currency=terms.currency,
        pack_size=terms.pack_size,
        minimum_order=terms.minimum_order,
        lead_time=replace(lead_time, samples=lead_time.samples + terms.safety_days + waits),
        largest_order=terms.largest_order,
        weekly_capacity=terms.weekly_capacity,
        batch_days=terms.batch_days,
        safety_days=terms.safety_days,
        soft_safety_days=terms.soft_safety_days,
        waits_days=waits,
        order_gap_days=(_next_taken_after(taken, seller.order_days) - taken).days,
        minimum_value=seller.minimum_value if same else None,
        free_freight_from=seller.free_freight_from if same else None,
    )


def _next_taken_after(day: date, order_days: str) -> date:
    return next_taken(datetime.combine(day + timedelta(days=1), datetime.min.time()), order_days, None)
