"""What a person knows better is laid over the futures, kept beside the model's, and scored beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, Refused
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.overrides.model import Override, changed, off_by, verdict
from shelfwise.demand.overrides.service import (
    expected_of,
    overrides,
    score_overrides,
    set_override,
    take_back_override,
)
from shelfwise.demand.service import last_whole_day, latest_of
from shelfwise.planning.service import snapshot
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.planning.shop import Shop

FIRST = date(2026, 3, 2)
FUTURES = np.array([[1, 2, 3, 4], [3, 2, 1, 0]], np.float32)
ONE = Override(
    1, 1, "TEA", 1, FIRST + timedelta(days=1), FIRST + timedelta(days=2), Decimal(16), None, "fair", "ana", NOON,
    None, None, None, None, None, None,
)  # fmt: skip


def test_a_quantity_scales_its_days_so_that_their_total_is_met_and_leaves_the_others() -> None:
    found = changed(FUTURES, FIRST, [ONE])
    assert found[:, 1:3].sum(axis=1).mean() == 16
    assert (found[:, [0, 3]] == FUTURES[:, [0, 3]]).all()
    assert found[0, 1:3].sum() > found[1, 1:3].sum(), "how the futures differ stays"


def test_of_a_range_that_has_begun_or_reaches_further_the_days_ahead_get_their_share() -> None:
    begun = replace(ONE, first_day=FIRST - timedelta(days=1), last_day=FIRST)
    assert changed(FUTURES, FIRST, [begun])[:, 0].mean() == 8
    further = replace(ONE, first_day=FIRST + timedelta(days=3), last_day=FIRST + timedelta(days=6))
    assert changed(FUTURES, FIRST, [further])[:, 3].mean() == 4


def test_a_change_follows_the_model_and_a_model_that_says_nothing_is_filled_evenly() -> None:
    fifth = replace(ONE, quantity=None, change=Decimal("0.2"))
    assert changed(FUTURES, FIRST, [fifth])[0].tolist() == pytest.approx([1, 2.4, 3.6, 4])
    assert changed(FUTURES * 0, FIRST, [ONE])[0].tolist() == [0, 8, 8, 0]


def test_it_is_scored_by_its_total_on_the_days_that_are_known() -> None:
    came, known = np.array([9.0, 5, 9, 9]), np.array([True, True, False, True])
    assert off_by(ONE, FUTURES, FIRST, came, known) == (1, 5, 3, 3)


def test_the_verdict_is_of_the_changes_together() -> None:
    over = [replace(ONE, scored_days=2, model_absolute=model, person_absolute=6.0) for model in (10.0, 5.0)]
    found = verdict([*over, ONE])
    assert found is not None
    assert (found.over, found.nearer, found.further) == (2, 1, 1)
    assert found.better == pytest.approx(0.2)
    assert verdict([ONE]) is None


@pytest.fixture
def shop(ctx: Context) -> Shop:
    """Tea sells three a day, and is forecast."""
    shop = Shop.open(ctx)
    shop.items.append(shop.item("TEA"))
    sell(ctx, shop, last_whole_day(ctx, shop.site), 90)
    forecast_site(ctx, shop.site, last_whole_day(ctx, shop.site))
    return shop


def sell(ctx: Context, shop: Shop, until: date, days: int, quantity: int = 3) -> None:
    for ago in range(days):
        row = (1, shop.items[0], shop.site, until - timedelta(days=ago), quantity)
        run(ctx.tx, "insert into demand_day values (%s, %s, %s, %s, %s)", row)


def test_planning_goes_by_what_was_set_until_it_is_taken_back_and_the_forecast_stays(ctx: Context, shop: Shop) -> None:
    tea = shop.items[0]
    made = set_override(
        ctx, tea, shop.site, first_day=FIRST, last_day=FIRST + timedelta(days=9), quantity=Decimal(100), reason="fair"
    )
    (state,) = snapshot(ctx, shop.site).items
    assert state.demand is not None
    assert state.demand.paths[:, :10].sum(axis=1).mean() == pytest.approx(100)
    assert latest_of(ctx, shop.site)[tea].paths[:, :10].sum(axis=1).mean() == pytest.approx(30)
    assert take_back_override(ctx, made).taken_back_by == ctx.actor.by
    assert (expected_of(ctx, shop.site)[tea].paths == latest_of(ctx, shop.site)[tea].paths).all()


def test_what_cannot_be_right_is_refused_with_what_to_do(ctx: Context, shop: Shop) -> None:
    tea, day = shop.items[0], FIRST + timedelta(days=3)
    with pytest.raises(Invalid, match=r"What is over is not forecast any more.*Say what you know"):
        set_override(
            ctx, tea, shop.site, first_day=FIRST - timedelta(days=1), last_day=day, change=Decimal(1), reason=" "
        )
    set_override(ctx, tea, shop.site, first_day=day, last_day=day, change=Decimal(1), reason="fair")
    with pytest.raises(Refused, match=r"fair.*take that back first"):
        set_override(ctx, tea, shop.site, first_day=FIRST, last_day=day, quantity=Decimal(1), reason="rain")
    with pytest.raises(Refused, match="no forecast of MUG yet"):
        set_override(ctx, shop.item("MUG"), shop.site, first_day=day, last_day=day, quantity=Decimal(1), reason="new")


def test_when_its_days_are_over_it_ends_by_itself_and_is_scored_beside_the_model(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop = Shop.open(ctx)
        shop.items.append(shop.item("TEA"))
        sell(ctx, shop, last_whole_day(ctx, shop.site), 90)
        forecast_site(ctx, shop.site, last_whole_day(ctx, shop.site))
        last = FIRST + timedelta(days=4)
        for day in (FIRST, last + timedelta(days=1)):
            set_override(
                ctx, shop.items[0], shop.site, first_day=day, last_day=day + timedelta(days=4), quantity=Decimal(40),
                reason="fair",
            )  # fmt: skip
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=6))
    with office.context(person("mara", Role.ADMIN)) as ctx:
        sell(ctx, shop, last, 5, quantity=9)
        assert score_overrides(ctx, shop.site, last) == 1
        coming, over = overrides(ctx, shop.site)
        assert (over.scored_days, over.came, over.model_absolute, over.person_absolute) == (5, 45, 30, 5)
        assert (over.stands(last + timedelta(days=1)), coming.scored_days) == (False, None)


def test_who_may_not_plan_changes_no_forecast(office: Office, ctx: Context, shop: Shop) -> None:
    seen = replace(ctx, actor=person("vera", Role.VIEWER))
    with pytest.raises(Forbidden):
        set_override(seen, shop.items[0], shop.site, first_day=FIRST, last_day=FIRST, change=Decimal(1), reason="x")
