"""The scorecard of a shop: what was approved is scored when it is over, and what nobody can know is left out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.agents import service as agents
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.service import rebuild_history
from shelfwise.measure import scoring
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.stock.service import receive
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.planning.shop import Shop

YESTERDAY = NOON.date() - timedelta(days=1)
LATER = 10


@pytest.fixture
def shop(office: Office) -> Shop:
    """A mug and a vase were proposed; the mug was ordered, the vase not; ten days later."""
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop = Shop.open(ctx)
        for sku in ("MUG", "VASE"):
            item = shop.item(sku)
            shop.items.append(item)
            shop.stock(item, 6)
            shop.sold_daily(item, 60)
        rebuild_history(ctx, shop.site)
        forecast_site(ctx, shop.site, YESTERDAY, 28)
        made = agents.propose_purchases(ctx, shop.site)
        wanted = {agents.proposal(ctx, one).sku: one for one in made}
        order = agents.approve(ctx, wanted["MUG"], agents.proposal(ctx, wanted["MUG"]).proposed_quantity + 1)
        agents.reject(ctx, wanted["VASE"], "too many")
        receive(
            ctx, purchase_order_id=order.purchase_order_id, line=1, quantity=Decimal(1), place_id=shop.bin, source="r"
        )
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=LATER))
    with office.context(person("mara", Role.ADMIN)) as ctx:
        # The house goes on selling: a site without a sale of anything would be one whose records are silent.
        take_sales_lines(
            ctx,
            [
                NewSalesLine(
                    f"on-{day}", 1, shop.site, shop.items[1], NOON + timedelta(days=day), Decimal(1), Decimal(5)
                )
                for day in range(LATER)
            ],
        )
    return shop


def card_of(office: Office, shop: Shop) -> tuple[int, scoring.Scorecard]:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop.ctx = ctx
        rebuild_history(ctx, shop.site)
        made = scoring.score_forecasts(ctx, shop.site, YESTERDAY + timedelta(days=LATER))
        assert scoring.score_forecasts(ctx, shop.site, YESTERDAY + timedelta(days=LATER)) == 0
        return made, scoring.scorecard(ctx, shop.site)


def test_an_approved_forecast_is_scored_once_its_days_are_over(office: Office, shop: Shop) -> None:
    made, card = card_of(office, shop)
    assert made == 1, "seven days are over, fourteen are not, and the vase was not ordered"
    ((one),) = card.forecasts
    assert (one.horizon, one.n, one.verdict, one.needs) == (7, 1, "not_enough", 29)
    ((miss),) = card.misses
    assert (miss.sku, miss.score.came) == ("MUG", 0)


def test_what_is_not_there_by_its_day_is_late_and_counted(office: Office, shop: Shop) -> None:
    _, card = card_of(office, shop)
    (late,) = card.arrivals.worst
    assert (late.sku, late.came) == ("MUG", None)
    assert late.days_late > 3
    assert card.arrivals.needs == 9


def test_a_rejected_proposal_turned_out_as_the_stock_did(office: Office, shop: Shop) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        run(
            ctx.tx,
            "insert into stockout values (1, %s, %s, %s, null)",
            (shop.items[1], shop.site, NOON + timedelta(days=2)),
        )
    _, card = card_of(office, shop)
    found = {one.what: one for one in card.turnouts}
    assert (found["changed"].n, found["changed"].ran_out) == (1, 0)
    assert (found["rejected"].known, found["rejected"].ran_out) == (1, 1)


def test_calls_that_nobody_can_judge_are_told_apart(ctx: Context) -> None:
    shop = Shop.open(ctx)
    mug = shop.item("MUG")
    for week, outcome in enumerate(("ran_out", "held", "more_came")):
        day = YESTERDAY - timedelta(days=7 * week + 9)
        told = "insert into risk_call values (1, %s, %s, %s, %s, 0.3, null, 5, 0, %s)"
        run(ctx.tx, told, (shop.site, mug, day, day + timedelta(days=6), outcome))
    card = scoring.scorecard(ctx, shop.site)
    assert [(one.n, one.ran_out) for one in card.bins] == [(0, 0), (2, 1), (0, 0), (0, 0), (0, 0)]
    assert card.more_came == 1
    assert values(ctx.tx, "select count(*) from forecast_score") == [(0,)]
