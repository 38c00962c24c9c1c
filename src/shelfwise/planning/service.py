"""Gathers what planning sees; what it decides from it is in replenish.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand.lift import Lift
from shelfwise.demand.lifts import may_do
from shelfwise.demand.overrides.service import expected_of
from shelfwise.demand.service import StoredForecast
from shelfwise.orders.service import lead_times, on_order, worth_today
from shelfwise.orders.transfers import in_transit
from shelfwise.planning import tables
from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import (
    Amount,
    Arrival,
    Decision,
    DemandPaths,
    ItemState,
    Offer,
    Params,
    Snapshot,
)
from shelfwise.planning.replenish import decide
from shelfwise.planning.whatif import Answer, Asked, Promotion, answer, faults
from shelfwise.records.habits import usual_lead_days
from shelfwise.records.model import Terms
from shelfwise.records.prices import Price, breaks_on
from shelfwise.records.rules import rules_of_site
from shelfwise.records.service import prices_for, site_by_id, suppliers, terms_for
from shelfwise.stock.service import levels

PRICE_DAYS = 90
LEARN_DAYS = 730


def snapshot(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> Snapshot:
    """Everything planning needs to know of a site, or of some of its items, as it is now.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    site = site_by_id(ctx, site_id)
    known = [
        one for one in tables.items_of_site(ctx.tx, ctx.tenant, site_id) if item_ids is None or one.item_id in item_ids
    ]
    stock = {level.item_id: level for level in levels(ctx, site_id, item_ids)}
    owed = tables.backordered(ctx.tx, ctx.tenant, site_id)
    coming = on_order(ctx, site_id)
    for item_id, arrivals in in_transit(ctx, site_id).items():
        coming[item_id] = sorted([*coming.get(item_id, []), *arrivals], key=lambda arrival: arrival[1])
    forecasts = expected_of(ctx, site_id, item_ids)
    offers, left_out = _comparable(ctx, _offers(ctx, [item.item_id for item in known]))
    prices = tables.mean_prices(ctx.tx, ctx.tenant, site_id, ctx.now - timedelta(days=PRICE_DAYS))
    home = tables.currency(ctx.tx, ctx.tenant)
    rules = {rule.item_id: rule for rule in rules_of_site(ctx, site_id)}
    states = []
    for item in known:
        level = stock.get(item.item_id)
        sellers = offers.get(item.item_id, ())
        comparable = all(offer.currency == home for offer in sellers)
        states.append(
            ItemState(
                item_id=item.item_id,
                sku=item.sku,
                description=item.description,
                unit=item.unit,
                on_hand=Amount.exactly(level.on_hand if level else Decimal(0)),
                reserved=level.reserved if level else Decimal(0),
                backordered=owed.get(item.item_id, Decimal(0)),
                on_order=tuple(Arrival(amount, when) for amount, when in coming.get(item.item_id, ())),
                demand=_demand(forecasts.get(item.item_id)),
                offers=sellers,
                left_out=left_out.get(item.item_id, ()),
                unit_price=prices.get(item.item_id) if comparable else None,
                rule=rules.get(item.item_id),
            )
        )
    return Snapshot(site_id, ctx.now, local_day(ctx.now, site.zone_info), tuple(states))


def plan(ctx: Context, site_id: int, params: Params | None = None) -> tuple[Snapshot, tuple[Decision, ...]]:
    """What should be ordered for a site now, and what was looked at. Proposing it is the purchasing agent's
    part.

    On one day the same state of the site gives the same decisions.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    seen = snapshot(ctx, site_id)
    return seen, decide(seen, params or Params(), np.random.default_rng(_seed(ctx, seen)))


def what_if(ctx: Context, site_id: int, item_id: int, asked: Asked) -> Answer | None:
    """What planning sees and would order of an item now, and if something were otherwise. Nothing is kept.

    Returns:
        None where planning does not look at the item, or there is no forecast of it yet.

    Raises:
        NotFound: there is no such site.
        Invalid: the question makes no sense, or nobody knows what such a promotion does.
    """
    ctx.require(Right.VIEW, site_id)
    seen = snapshot(ctx, site_id, [item_id])
    if wrong := faults(asked, seen.today):
        raise Invalid(*wrong)
    if not seen.items:
        return None
    every = [one.item_id for one in tables.items_of_site(ctx.tx, ctx.tenant, site_id)]
    seed = np.random.SeedSequence(_seed(ctx, seen)).spawn(len(every))[every.index(item_id)]
    return answer(seen, seen.items[0], asked, _lift(ctx, asked.promotion), Params(), seed)


def _lift(ctx: Context, promotion: Promotion | None) -> Lift | None:
    """What a promotion that somebody thinks of would do: by their own word, else by past ones."""
    if promotion is None:
        return None
    if promotion.lift is not None:
        return Lift(promotion.lift, promotion.lift, promotion.lift, 0)
    if (known := may_do(ctx, promotion.kind, promotion.discount_percent)) is not None:
        return known.lift
    raise Invalid(
        Fault(
            "lift", "how many times as much will sell", "nothing, and fewer than three like it were measured",
            "Say what you expect, such as 1.5.",
        )
    )  # fmt: skip


def _seed(ctx: Context, seen: Snapshot) -> list[int]:
    """The same for all of a day, so that the same state gives the same decisions."""
    return [ctx.tenant, seen.site_id, seen.today.toordinal()]


def _demand(stored: StoredForecast | None) -> DemandPaths | None:
    if stored is None or not stored.enough:
        return None
    return DemandPaths(stored.forecast_id, stored.model, stored.first_day, stored.paths)


def _comparable(
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


def _offers(ctx: Context, item_ids: Sequence[int]) -> dict[int, tuple[Offer, ...]]:
    terms = terms_for(ctx, item_ids)
    names = {supplier.supplier_id: supplier.name for supplier in suppliers(ctx)}
    seen = lead_times(ctx, ctx.now - timedelta(days=LEARN_DAYS))
    usual = usual_lead_days(ctx)
    stated = {
        (one.supplier_id, one.item_id): one.lead_time_days
        for one in terms_for(ctx, {receipt.item_id for receipt in seen})
    }
    by_supplier: dict[int, list[tuple[float, float]]] = {}
    for receipt in seen:
        said = stated.get((receipt.supplier_id, receipt.item_id)) or 0.0
        by_supplier.setdefault(receipt.supplier_id, []).append((receipt.days, said))
    prices: dict[tuple[int, int], list[Price]] = {}
    for price in prices_for(ctx, item_ids):
        prices.setdefault((price.supplier_id, price.item_id), []).append(price)
    result: dict[int, list[Offer]] = {}
    for one in terms:
        observed = comparable_days(one, by_supplier.get(one.supplier_id, ()))
        result.setdefault(one.item_id, []).append(
            Offer(
                supplier_id=one.supplier_id,
                supplier=names[one.supplier_id],
                unit_cost=one.unit_cost,
                currency=one.currency,
                pack_size=one.pack_size,
                minimum_order=one.minimum_order,
                lead_time=replace(
                    learn(usual if one.lead_time_days is None else one.lead_time_days, observed),
                    assumed=one.lead_time_days is None,
                ),
                breaks=breaks_on(prices.get((one.supplier_id, one.item_id), ()), ctx.now.date()),
            )
        )
    return {item_id: tuple(offers) for item_id, offers in result.items()}


def comparable_days(terms: Terms, observed: Iterable[tuple[float, float]]) -> list[float]:
    """A supplier's receipts of all its items as lead times of this one.

    A supplier late with one thing is late with others, in proportion to what it stated; where nothing was
    stated, days count as they are.

    Args:
        observed: (days, stated days of the item received).
    """
    wanted = terms.lead_time_days or 0.0
    return [days * wanted / stated if wanted > 0 and stated > 0 else days for days, stated in observed]
