"""How likely an item is to run out: played from the forecast, kept one night a week, settled by what came."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shelfwise.access.context import Context
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.service import rebuild_history
from shelfwise.measure import looking_ahead, today
from shelfwise.measure.scores import outcome
from shelfwise.planning.risk import service as risk
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.planning.shop import Shop

YESTERDAY = NOON.date() - timedelta(days=1)


def test_where_more_came_than_was_foreseen_nobody_knows_what_would_have_been() -> None:
    assert outcome(True, 50, 0) == "ran_out"
    assert outcome(False, 50, 0) == "more_came"
    assert outcome(False, 50, 50) == outcome(False, 0, 0) == "held"


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return Shop.open(ctx)


def test_what_will_run_out_is_said_and_gone_once_more_has_come(shop: Shop) -> None:
    mug, vase = shop.item("MUG"), shop.item("VASE")
    shop.sold_daily(mug, 60, quantity=3)
    shop.sold_daily(vase, 60, quantity=1)
    shop.stock(mug, 5)
    shop.stock(vase, 90)
    rebuild_history(shop.ctx, shop.site)
    forecast_site(shop.ctx, shop.site, YESTERDAY, 28)
    risk.look_ahead(shop.ctx, shop.site)
    assert looking_ahead.keep_calls(shop.ctx, shop.site, YESTERDAY) == 1
    (at_risk,) = values(shop.ctx.tx, "select item_id from risk_call")
    assert at_risk == (mug,)
    (line,) = (line for line in today.today(shop.ctx).risk if "run out by" in line.words)
    assert line.words.startswith("MUG will probably run out by")
    shop.stock(mug, 50)
    assert not any("run out by" in line.words for line in today.today(shop.ctx).risk)


def called(ctx: Context) -> list[date]:
    return [day for (day,) in values(ctx.tx, "select distinct from_day from risk_call order by 1")]


def test_one_night_a_week_is_kept_and_settled_when_the_week_is_over(shop: Shop) -> None:
    mug = shop.item("MUG")
    shop.stock(mug, 5)
    monday = date(2026, 2, 16)
    for ago in range(9):
        day = monday + timedelta(days=ago)
        told = "insert into risk_call values (1, %s, %s, %s, %s, 0.9, %s, 5, 0)"
        run(shop.ctx.tx, told, (shop.site, mug, day, day + timedelta(days=6), day + timedelta(days=2)))
    looking_ahead.keep_calls(shop.ctx, shop.site, YESTERDAY)
    assert called(shop.ctx) == [monday, monday + timedelta(days=7)]
    run(
        shop.ctx.tx,
        "insert into stockout values (1, %s, %s, %s, null)",
        (mug, shop.site, NOON - timedelta(days=12)),
    )
    assert looking_ahead.settle_calls(shop.ctx, shop.site, monday + timedelta(days=6)) == 1
    assert looking_ahead.settle_calls(shop.ctx, shop.site, YESTERDAY) == 1
    assert values(shop.ctx.tx, "select outcome from risk_call order by from_day") == [("ran_out",), ("held",)]
