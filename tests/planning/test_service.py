"""A snapshot says what the books say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound
from shelfwise.orders.transfers import draft_transfer
from shelfwise.planning.offers import comparable_days
from shelfwise.planning.service import plan, snapshot
from shelfwise.records.model import Terms
from shelfwise.records.service import add_site, archive_item
from shelfwise.stock.transfers import Goods, approve_transfer, ship_transfer
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.planning.shop import Shop


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return Shop.open(ctx)


def test_what_is_on_the_road_from_another_site_counts_as_coming(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA")
    shop.stock(tea, 9)
    there = add_site(ctx, code="H", name="Hamburg", time_zone="Europe/Berlin", width_m=9, depth_m=9)
    draft = draft_transfer(ctx, shop.site, there, [(tea, Decimal(6))], NOON + timedelta(days=2))
    approve_transfer(ctx, draft.transfer_id)
    assert [state for state in snapshot(ctx, there).items if state.on_order] == []
    ship_transfer(ctx, draft.transfer_id, [Goods(1, Decimal(4), shop.bin)], "truck")
    (state,) = snapshot(ctx, there).items
    assert [(arrival.quantity, arrival.expected_at) for arrival in state.on_order] == [
        (Decimal(4), NOON + timedelta(days=2))
    ]
    assert snapshot(ctx, shop.site).items[0].on_order == ()


def test_what_is_phased_out_is_not_planned(ctx: Context, shop: Shop) -> None:
    tea, rum = shop.item("TEA"), shop.item("RUM")
    shop.stock(tea, 9)
    shop.stock(rum, 9)
    archive_item(ctx, rum)
    assert [state.sku for state in snapshot(ctx, shop.site).items] == ["TEA"]


def test_a_snapshot_holds_stock_promises_orders_forecast_terms_and_price(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA", cost="2", pack="12", least="24", lead=5.0)
    shop.stock(tea, 40)
    shop.sold_daily(tea, 60, quantity=3, price="6")
    shop.open_order(tea, 12, reserve=True)
    shop.open_order(tea, 90)
    order = shop.ordered(tea, 24, days=4.0)
    shop.forecast()
    seen = snapshot(ctx, shop.site)
    assert (seen.at, seen.today) == (NOON, date(2026, 3, 2))
    (state,) = seen.items
    assert (state.sku, state.on_hand.mean, state.on_hand.exact) == ("TEA", 40.0, True)
    assert [int(one) for one in (state.reserved, state.backordered, state.ordered)] == [12, 90, 24]
    assert state.position == 40 - 12 - 90 + 24
    assert state.on_order[0].expected_at == order.expected_at
    assert state.demand is not None
    assert state.demand.first_day == seen.today
    np.testing.assert_array_equal(state.demand.paths, 3)
    (offer,) = state.offers
    assert offer.supplier == "Harbour Supplies"
    assert [int(one) for one in (offer.unit_cost, offer.pack_size, offer.minimum_order)] == [2, 12, 24]
    assert (offer.lead_time.stated, offer.lead_time.observed) == (5.0, 0)
    assert state.unit_price == 6


def test_observed_receipts_teach_the_lead_time(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA", lead=5.0)
    for number in range(8):
        order = shop.ordered(tea, 10, days=5.0)
        later = replace(ctx, now=NOON + timedelta(days=10 + number / 100))
        shop.received(later, order, 10)
    (state,) = snapshot(replace(ctx, now=NOON + timedelta(days=11)), shop.site).items
    (offer,) = state.offers
    assert offer.lead_time.observed == 8
    assert 8.0 < offer.lead_time.quantile(0.5) < 10.0


def test_receipts_of_other_items_count_in_proportion_to_what_was_stated() -> None:
    terms = Terms(1, 1, Decimal(1), "EUR", 10.0)
    assert comparable_days(terms, [(6.0, 5.0), (4.0, 0.0)]) == [12.0, 4.0]
    assert comparable_days(replace(terms, lead_time_days=0.0), [(6.0, 5.0)]) == [6.0]


def test_a_price_in_another_currency_is_not_compared(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA", currency="USD")
    shop.sold_daily(tea, 30)
    shop.stock(tea, 5)
    (state,) = snapshot(ctx, shop.site).items
    assert state.unit_price is None


def test_planning_only_looks(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA")
    shop.stock(tea, 5)
    shop.sold_daily(tea, 60)
    shop.forecast()
    run(ctx.tx, "set transaction read only")
    _, decisions = plan(ctx, shop.site)
    assert [decision.sku for decision in decisions] == ["TEA"]
    assert decisions[0].forecast_id is not None
    assert plan(ctx, shop.site)[1] == decisions


def test_a_site_that_is_not_there_is_named(ctx: Context) -> None:
    with pytest.raises(NotFound, match="site 77"):
        snapshot(ctx, 77)


def test_an_empty_site_needs_nothing(ctx: Context, shop: Shop) -> None:
    seen, decisions = plan(ctx, shop.site)
    assert (seen.items, decisions) == ((), ())
