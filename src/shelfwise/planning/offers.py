"""Who sells an item, on which terms, and how long they take."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from shelfwise.access.context import Context
from shelfwise.orders.service import lead_times, worth_today
from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import Offer
from shelfwise.records.habits import usual_lead_days
from shelfwise.records.model import Terms
from shelfwise.records.prices import Price, breaks_on
from shelfwise.records.service import prices_for, suppliers, terms_for

LEARN_DAYS = 730


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


def offers_of(ctx: Context, item_ids: Collection[int]) -> dict[int, tuple[Offer, ...]]:
    """On which terms each item is sold by whom, with the lead times learned from what arrived when."""
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
