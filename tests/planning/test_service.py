"""A snapshot says what the books say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound
from shelfwise.orders.service import cancel, close_purchase_order, mark_sent
from shelfwise.orders.transfers import draft_transfer
from shelfwise.planning.model import Arrival
from shelfwise.planning.offers import offers_of
from shelfwise.planning.service import plan, snapshot
from shelfwise.records.service import (
    add_item,
    add_site,
    add_terms,
    archive_item,
    change_supplier,
    put_terms,
    supplier,
    terms,
)
from shelfwise.stock.transfers import Goods, approve_transfer, ship_transfer
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.planning.shop import Shop


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return Shop.open(ctx)


def test_what_another_site_has_promised_or_sent_counts_as_coming(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA")
    shop.stock(tea, 9)
    there = add_site(ctx, code="H", name="Hamburg", time_zone="Europe/Berlin", width_m=9, depth_m=9)
    draft = draft_transfer(ctx, shop.site, there, [(tea, Decimal(6))], NOON + timedelta(days=2))
    assert [state for state in snapshot(ctx, there).items if state.on_order] == []
    approve_transfer(ctx, draft.transfer_id)
    promised = [(Arrival(Decimal(6), NOON + timedelta(days=2)),)]
    assert [state.on_order for state in snapshot(ctx, there).items] == promised
    ship_transfer(ctx, draft.transfer_id, [Goods(1, Decimal(4), shop.bin)], "truck")
    assert [state.on_order for state in snapshot(ctx, there).items] == promised
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


def test_receipts_of_other_items_count_in_proportion_to_what_was_stated(ctx: Context, shop: Shop) -> None:
    tea, rope = shop.item("TEA", lead=5.0), shop.item("ROPE", lead=10.0)
    mug = add_item(ctx, sku="MUG")
    add_terms(ctx, supplier_id=shop.supplier, item_id=mug, unit_cost=Decimal(1), currency="EUR")
    for _ in range(12):
        order = shop.ordered(tea, 10, days=5.0)
        shop.received(replace(ctx, now=NOON + timedelta(days=10)), order, 10)
    offers = offers_of(replace(ctx, now=NOON + timedelta(days=11)), [tea, rope, mug], shop.site)
    medians = [offers[item][0].lead_time.quantile(0.5) for item in (tea, rope, mug)]
    assert 8.0 < medians[0] < 10.5
    assert medians[1] == pytest.approx(2 * medians[2], rel=0.01)
    assert 13.0 < medians[1] < 17.0
    own = [(offers[item][0].lead_time.observed, offers[item][0].lead_time.own) for item in (tea, rope)]
    assert own == [(12, 12), (12, 0)]


def test_what_came_short_late_or_never_is_believed_of_the_next_order(ctx: Context, shop: Shop) -> None:
    tea, rope = shop.item("TEA", lead=5.0), shop.item("ROPE", lead=5.0)
    for number in range(8):
        order = shop.ordered(tea, 10, days=5.0)
        if number % 2:
            shop.received(replace(ctx, now=NOON + timedelta(days=9)), order, 4)
        close_purchase_order(replace(ctx, now=NOON + timedelta(days=12)), order.purchase_order_id, "no more comes")
    offers = offers_of(replace(ctx, now=NOON + timedelta(days=13)), [tea, rope], shop.site)
    known, other = (offers[item][0].reliability for item in (tea, rope))
    assert known is not None
    assert other is not None
    assert (known.lost.seen, known.lost.own, other.lost.own) == (8, 8, 0)
    assert 0.3 < known.lost.mean < 0.5
    assert 0.01 < other.lost.mean < 0.4
    assert known.short.mean > 0.4
    assert known.late.mean > 0.5
    assert known.fill < 0.5


def test_an_order_overdue_far_beyond_what_was_ever_seen_is_counted_on_in_part_and_the_reason_says_so(
    ctx: Context, shop: Shop
) -> None:
    tea = shop.item("TEA", lead=5.0)
    shop.stock(tea, 4)
    shop.sold_daily(tea, 60)
    shop.forecast()
    order = shop.ordered(tea, 100, days=5.0)
    mark_sent(ctx, order.number)

    def coming(days: int) -> Arrival:
        (state,) = snapshot(replace(ctx, now=NOON + timedelta(days=days)), shop.site).items
        return state.on_order[0]

    assert [coming(days).counts for days in (0, 4, 7)] == [100.0, 100.0, 100.0]
    late = coming(60)
    assert (late.quantity, late.chance < 0.2) == (Decimal(100), True)
    assert late.counts == pytest.approx(100 * late.chance)
    cancel(ctx, order.purchase_order_id, "too much")
    _, decisions = plan(replace(ctx, now=NOON + timedelta(days=60)), shop.site)
    (decided,) = decisions
    assert "100 on order is so long overdue that it may never come" in decided.reason
    assert "asked to cancel an order with 100 of it and has not answered" in decided.reason
    assert decided.evidence["stock"]["on_order"][0]["asked"] == "cancel"


def test_days_for_safety_and_until_orders_are_taken_are_lead_time(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA", lead=5.0)
    before = offers_of(ctx, [tea], shop.site)[tea][0]
    put_terms(ctx, replace(terms(ctx, shop.supplier, tea), safety_days=1.5, soft_safety_days=2.0))
    seller = supplier(ctx, shop.supplier)
    told = replace(
        seller.as_new, currency="EUR", minimum_value=Decimal(100), order_days="mon,thu", orders_until=time(13)
    )
    change_supplier(ctx, shop.supplier, told)
    # One o'clock on a Monday in Berlin, and a minute later.
    assert NOON.isoweekday() == 1
    (today,), (thursday,) = (
        offers_of(replace(ctx, now=NOON + timedelta(minutes=late)), [tea], shop.site)[tea] for late in (0, 1)
    )
    assert (today.waits_days, today.order_gap_days, thursday.waits_days, thursday.order_gap_days) == (0, 3, 3, 4)
    median = before.lead_time.quantile(0.5)
    assert today.lead_time.quantile(0.5) == pytest.approx(median + 1.5)
    assert thursday.lead_time.quantile(0.5) == pytest.approx(median + 4.5)
    assert (today.soft_safety_days, today.minimum_value) == (2.0, Decimal(100))


def test_how_long_an_order_waited_to_be_taken_is_not_learned_and_added_once_more(ctx: Context, shop: Shop) -> None:
    tea = shop.item("TEA", lead=3.0)
    change_supplier(ctx, shop.supplier, replace(supplier(ctx, shop.supplier).as_new, order_days="mon"))
    for _ in range(12):
        # Sent on a Tuesday, taken on the Monday after, there three days later.
        order = replace(shop, ctx=shop.later(days=1)).ordered(tea, 10, days=9.0)
        shop.received(shop.later(days=10), order, 10)
    (tuesday,) = offers_of(shop.later(days=15), [tea], shop.site)[tea]
    assert tuesday.waits_days == 6
    assert tuesday.lead_time.quantile(0.5) == pytest.approx(9, abs=0.3)


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
