"""What is said of a site's stock: from stock, orders, lots and forecasts as they are, kept until it is said anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.orders.coming import awaited
from shelfwise.orders.transfers import draft_transfer
from shelfwise.planning.model import Params
from shelfwise.planning.risk import service as risk
from shelfwise.planning.risk.looking import Beside, look
from shelfwise.planning.risk.model import Outlook
from shelfwise.planning.settings import set_params
from shelfwise.records.service import add_site
from shelfwise.stock.transfers import approve_transfer
from shelfwise.store.database import run
from tests.planning.examples import Case
from tests.planning.shop import Shop


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return Shop.open(ctx)


def said(shop: Shop, item: int) -> Outlook:
    risk.look_ahead(shop.ctx, shop.site)
    found = risk.outlook(shop.ctx, shop.site, item)
    assert found is not None
    return found


def test_what_sells_three_a_day_and_is_five_runs_out_on_the_second_day(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.sold_daily(mug, 60)
    shop.stock(mug, 5)
    shop.forecast()
    found = said(shop, mug)
    assert found.out_by is not None and found.out_day is not None and found.units_lost is not None
    assert (found.out_day - found.first_day).days == 1
    assert len(found.out_by) == 28 and found.out_by[0] < 0.5 < found.out_by[1]
    assert found.units_lost == pytest.approx(28 * 3 - 5, rel=0.05)
    assert found.margin_lost == pytest.approx(3 * found.units_lost)
    assert found.surplus == 0


def test_what_sells_within_the_longest_cover_of_the_site_is_not_too_much(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.sold_daily(mug, 60)
    shop.stock(mug, 300)
    shop.forecast()
    assert said(shop, mug).surplus == pytest.approx(300 - 60 * 3, rel=0.1)
    set_params(shop.ctx, shop.site, Params(longest_cover_days=120))
    assert said(shop, mug).surplus == 0


def test_less_than_the_smallest_quantity_is_not_too_much() -> None:
    case = Case(on_hand=345)
    assert 0 < look(1, case.snapshot, case.item, Beside(Decimal(1))).surplus < 50
    assert look(1, case.snapshot, case.item, Beside(Decimal(50))).surplus == 0


def test_an_order_helps_from_the_day_it_may_come_and_less_the_later_it_is(shop: Shop) -> None:
    mug = shop.item("MUG", lead=5)
    shop.sold_daily(mug, 60)
    shop.stock(mug, 30)
    shop.forecast()
    without = said(shop, mug)
    shop.ordered(mug, 200, days=5)
    coming = said(shop, mug)
    assert coming.coming == 200
    (one,) = awaited(shop.ctx, shop.site)
    assert (one.item_id, one.quantity) == (mug, Decimal(200))
    assert one.source == "purchase"
    assert without.out_by is not None and coming.out_by is not None
    assert coming.out_by[20] < without.out_by[20]
    run(shop.ctx.tx, "update purchase_order set approved_at = approved_at - interval '60 days', sent_at = null")
    late = said(shop, mug)
    assert late.out_by is not None
    assert late.out_by[20] > coming.out_by[20]


def test_what_nobody_bought_for_long_is_too_much_and_may_go_back(shop: Shop) -> None:
    vase = shop.item("VASE")
    shop.stock(vase, 40)
    run(shop.ctx.tx, "alter table movement disable trigger user")
    run(shop.ctx.tx, "update movement set occurred_at = occurred_at - interval '120 days'")
    run(shop.ctx.tx, "alter table movement enable trigger user")
    found = said(shop, vase)
    assert (found.idle_days, found.surplus, found.out_by) == (120, 40, None)
    assert [(one["deed"], one["quantity"], one["about"]) for one in found.advice] == [
        ("give_back", 40, "Harbour Supplies")
    ]
    assert [one.item_id for one in risk.too_much(shop.ctx, shop.site, 10)] == [vase]


def test_what_is_said_anew_takes_the_place_of_what_was_said(shop: Shop) -> None:
    mug, vase = shop.item("MUG"), shop.item("VASE")
    shop.stock(mug, 5)
    shop.stock(vase, 5)
    assert risk.look_ahead(shop.ctx, shop.site) == 2
    shop.stock(mug, 9)
    assert risk.look_ahead(shop.ctx, shop.site, [mug]) == 1
    found = {one: risk.outlook(shop.ctx, shop.site, one) for one in (mug, vase)}
    assert [one and one.available for one in found.values()] == [Decimal(14), Decimal(5)]


def test_what_is_held_is_not_there_and_what_customers_wait_for_is_wanted_at_once(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.sold_daily(mug, 60, quantity=1)
    shop.stock(mug, 50)
    shop.forecast()
    before = said(shop, mug)
    shop.open_order(mug, 60)
    after = said(shop, mug)
    assert before.out_by is not None and after.out_by is not None
    assert before.out_by[0] == 0
    assert after.out_by[0] == 1
    assert after.available == 50
    assert after.said_at - before.said_at < timedelta(days=1)


def test_what_another_site_has_promised_is_on_its_way(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.stock(mug, 50)
    ctx = shop.ctx
    other = add_site(ctx, code="P", name="Potsdam", time_zone="Europe/Berlin", width_m=9.0, depth_m=9.0)
    soon = ctx.now + timedelta(days=2)
    drafted = draft_transfer(ctx, shop.site, other, [(mug, Decimal(8))], soon)
    assert awaited(ctx, other) == []
    approve_transfer(ctx, drafted.transfer_id)
    (one,) = awaited(ctx, other)
    assert (one.item_id, one.quantity, one.expected_at) == (mug, Decimal(8), soon)
    assert one.source == "transfer"
