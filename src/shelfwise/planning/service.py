"""Gathers what planning sees; what it decides from it is in replenish.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand.lift import Lift
from shelfwise.demand.lifts import may_do
from shelfwise.demand.overrides.service import expected_of
from shelfwise.demand.service import StoredForecast
from shelfwise.orders import erp_orders
from shelfwise.orders.transfers import coming as coming_from_sites
from shelfwise.planning import tables
from shelfwise.planning.model import (
    Amount,
    Arrival,
    Decision,
    DemandPaths,
    ItemState,
    Params,
    Snapshot,
)
from shelfwise.planning.offers import arrivals_of, comparable_offers, learned, offers_of
from shelfwise.planning.racing.service import standings
from shelfwise.planning.ranking import Ranked
from shelfwise.planning.replenish import rank
from shelfwise.planning.safety import Counted, RecordErrors
from shelfwise.planning.settings import params_of
from shelfwise.planning.simulate import SECONDS_IN_DAY
from shelfwise.planning.together import Planned, plan_all
from shelfwise.planning.whatif import Answer, Asked, Promotion, answer, faults
from shelfwise.records.rules import rules_of_site
from shelfwise.records.service import go_live, site_by_id
from shelfwise.stock.service import levels

PRICE_DAYS = 90
COUNTS_SINCE = timedelta(days=1095)


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
    learned_of = learned(ctx)
    coming = arrivals_of(ctx, site_id, learned_of)
    for item_id, amount, when in erp_orders.coming(ctx, site_id):
        coming.setdefault(item_id, []).append(Arrival(amount, when))
    for item_id, moving in coming_from_sites(ctx, site_id).items():
        coming.setdefault(item_id, []).extend(Arrival(amount, when) for amount, when in moving)
    forecasts = expected_of(ctx, site_id, item_ids)
    offers, left_out = comparable_offers(ctx, offers_of(ctx, [item.item_id for item in known], site_id, learned_of))
    prices = tables.mean_prices(ctx.tx, ctx.tenant, site_id, ctx.now - timedelta(days=PRICE_DAYS))
    home = tables.currency(ctx.tx, ctx.tenant)
    rules = {rule.item_id: rule for rule in rules_of_site(ctx, site_id)}
    today = local_day(ctx.now, site.zone_info)
    raced = standings(ctx, site_id, item_ids)
    pallets = tables.pallets(ctx.tx, ctx.tenant, today)
    believed = _believed(ctx, site_id)
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
                on_hand=believed(item, level.on_hand if level else Decimal(0)),
                reserved=level.reserved if level else Decimal(0),
                backordered=owed.get(item.item_id, Decimal(0)),
                on_order=tuple(sorted(coming.get(item.item_id, ()), key=lambda one: one.expected_at)),
                demand=_demand(forecasts.get(item.item_id)),
                offers=sellers,
                left_out=left_out.get(item.item_id, ()),
                unit_price=prices.get(item.item_id) if comparable else None,
                rule=rules.get(item.item_id),
                quantum=item.quantum,
                shelf_life_days=item.shelf_life_days,
                pallet_share=1 / float(pallets[item.item_id]) if item.item_id in pallets else 0.0,
                standing=raced.get(item.item_id),
            )
        )
    return Snapshot(site_id, ctx.now, today, tuple(states))


def _believed(ctx: Context, site_id: int) -> Callable[[tables.ItemRow, Decimal], Amount]:
    """What may lie of an item where the books say so much, by what counts have found at the site."""
    last: dict[int, datetime] = {}
    begun = go_live(ctx) or ctx.now - COUNTS_SINCE
    found = []
    for item_id, at, book, counted in tables.counts(ctx.tx, ctx.tenant, site_id, ctx.now - COUNTS_SINCE):
        days = (at - last.get(item_id, begun)).total_seconds() / SECONDS_IN_DAY
        found.append(Counted(item_id, days, float(abs(counted - book) / max(book, counted, Decimal(1)))))
        last[item_id] = at
    errors = RecordErrors.learn(found)

    def amount(item: tables.ItemRow, book: Decimal) -> Amount:
        if errors is None:
            return Amount.exactly(book)
        days = (ctx.now - last.get(item.item_id, begun)).total_seconds() / SECONDS_IN_DAY
        return errors.amount(item.item_id, book, days, item.quantum)

    return amount


def plan(ctx: Context, site_id: int, params: Params | None = None) -> tuple[Snapshot, tuple[Decision, ...]]:
    """What should be ordered for a site now, and what was looked at; see `plan_site`."""
    seen, planned = plan_site(ctx, site_id, params)
    return seen, planned.decisions


def plan_site(
    ctx: Context,
    site_id: int,
    params: Params | None = None,
    also_coming: Mapping[int, Sequence[Arrival]] = MappingProxyType({}),
) -> tuple[Snapshot, Planned]:
    """What should be ordered for a site now, what waits for a limit, and what was looked at. Proposing it is the
    purchasing agent's part.

    On one day the same state of the site gives the same decisions.

    Args:
        also_coming: by item, what is taken as on order besides.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    seen = _with(snapshot(ctx, site_id), also_coming)
    return seen, plan_all(seen, params or params_of(ctx, site_id), np.random.default_rng(_seed(ctx, seen)))


def _with(seen: Snapshot, also_coming: Mapping[int, Sequence[Arrival]]) -> Snapshot:
    items = (
        replace(one, on_order=(*one.on_order, *also_coming[one.item_id])) if one.item_id in also_coming else one
        for one in seen.items
    )
    return replace(seen, items=tuple(items))


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
    sellers = {one.supplier_id: one.supplier for one in seen.items[0].offers}
    if asked.supplier_id is not None and asked.supplier_id not in sellers:
        expected = f"one who sells it: {', '.join(sellers.values()) or 'nobody does'}"
        raise Invalid(Fault("supplier", expected, str(asked.supplier_id), "Choose another, or add its terms."))
    params = params_of(ctx, site_id)
    return answer(seen, seen.items[0], asked, _lift(ctx, asked.promotion), params, _seed_of(ctx, seen, item_id))


def sellers(ctx: Context, site_id: int, item_id: int) -> tuple[Ranked, ...]:
    """Who sells an item, by what getting it for a site from each is expected to cost altogether, the cheapest first.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.VIEW, site_id)
    seen = snapshot(ctx, site_id, [item_id])
    if not seen.items:
        return ()
    return rank(seen, seen.items[0], params_of(ctx, site_id), np.random.default_rng(_seed_of(ctx, seen, item_id)))


def _seed_of(ctx: Context, seen: Snapshot, item_id: int) -> np.random.SeedSequence:
    """The one that an item has in the plan of its whole site."""
    every = [one.item_id for one in tables.items_of_site(ctx.tx, ctx.tenant, seen.site_id)]
    return np.random.SeedSequence(_seed(ctx, seen)).spawn(len(every))[every.index(item_id)]


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
