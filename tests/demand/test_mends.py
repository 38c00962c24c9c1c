"""Mends change what a line counts for, never the line; each can be taken back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound
from shelfwise.demand import mends
from shelfwise.demand.service import history, rebuild_history
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.service import take_sales_lines
from shelfwise.records.service import add_item, add_site
from shelfwise.store.database import value, values
from tests.conftest import NOON


@pytest.fixture
def site(ctx: Context) -> int:
    return add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)


@pytest.fixture
def tea(ctx: Context) -> int:
    return add_item(ctx, sku="TEA")


def sell(ctx: Context, site: int, item: int, order: str, days_ago: int, quantity: int, customer: str = "C1") -> None:
    at = NOON - timedelta(days=days_ago)
    take_sales_lines(ctx, [NewSalesLine(order, 1, site, item, at, Decimal(quantity), Decimal(2), customer)])


def summed(ctx: Context) -> dict[date, Decimal]:
    return dict(values(ctx.tx, "select day, quantity from demand_day"))


def learn(ctx: Context, site: int) -> dict[date, Decimal]:
    mends.refresh(ctx, site)
    rebuild_history(ctx, site)
    return summed(ctx)


def test_a_cancelled_line_is_no_demand_and_stays_as_it_was_told(ctx: Context, site: int, tea: int) -> None:
    sell(ctx, site, tea, "1", 10, 5)
    sell(ctx, site, tea, "2", 9, 3)
    sell(ctx, site, tea, "3", 8, -5)
    assert learn(ctx, site) == {date(2026, 2, 21): 3}
    assert value(ctx.tx, "select quantity from sales_line where order_number = '1'") == 5
    (mend,) = mends.stored(ctx)
    assert (mend.rule, mend.order_number, mend.other_order, mend.state) == ("cancelled", "1", "3", "applied")


def test_a_mend_taken_back_counts_the_line_again_and_stays_taken_back(ctx: Context, site: int, tea: int) -> None:
    sell(ctx, site, tea, "1", 10, 5)
    sell(ctx, site, tea, "3", 8, -5)
    assert learn(ctx, site) == {}
    (mend,) = mends.stored(ctx)
    assert mends.decide(ctx, mend.mend_id, apply=False).state == "refused"
    assert summed(ctx) == {date(2026, 2, 20): 5}
    assert learn(ctx, site) == {date(2026, 2, 20): 5}
    mends.decide(ctx, mend.mend_id, apply=True)
    assert summed(ctx) == {}


def test_what_waits_changes_nothing_until_somebody_applies_it(ctx: Context, site: int, tea: int) -> None:
    for number in range(40):
        sell(ctx, site, tea, f"{number}", 2 + number, 1 + number % 5, f"C{number}")
    sell(ctx, site, tea, "large", 20, 5000)
    assert max(learn(ctx, site).values()) >= 5000
    (mend,) = mends.stored(ctx, state="waiting")
    assert mend.rule == "one_off"
    mends.decide(ctx, mend.mend_id, apply=True)
    assert max(summed(ctx).values()) < 20


def test_looking_again_changes_nothing(ctx: Context, site: int, tea: int) -> None:
    sell(ctx, site, tea, "1", 10, 5)
    sell(ctx, site, tea, "3", 8, -5)
    assert mends.refresh(ctx, site) == date(2026, 2, 20)
    before = values(ctx.tx, "select * from demand_mend")
    assert mends.refresh(ctx, site) is None
    assert values(ctx.tx, "select * from demand_mend") == before


def test_a_rule_switched_off_shows_what_it_found_and_changes_nothing(ctx: Context, site: int, tea: int) -> None:
    sell(ctx, site, tea, "1", 10, 5)
    sell(ctx, site, tea, "3", 8, -5)
    mends.switch(ctx, "cancelled", on=False)
    assert learn(ctx, site) == {date(2026, 2, 20): 5}
    state = {one.rule: one for one in mends.rules(ctx)}["cancelled"]
    assert (state.on, state.applied, int(state.before), int(state.after)) == (False, 1, 5, 0)
    mends.switch(ctx, "cancelled", on=True)
    assert learn(ctx, site) == {}


def test_a_day_whose_records_are_missing_is_unknown_and_not_zero(ctx: Context, site: int, tea: int) -> None:
    lines = [
        NewSalesLine(f"{1000 + 3 * day + order}", 1, site, tea, NOON - timedelta(days=40 - day), Decimal(1), Decimal(2))
        for day in range(39)
        for order in range(3)
        if day != 20
    ]
    take_sales_lines(ctx, lines)
    learn(ctx, site)
    known = history(ctx, site)[tea]
    lost = (NOON - timedelta(days=20)).date()
    assert known.masked[(lost - known.first_day).days]
    assert known.masked.sum() == 1
    (mend,) = mends.stored(ctx, rule="gap")
    mends.decide(ctx, mend.mend_id, apply=False)
    assert not history(ctx, site)[tea].masked.any()


def test_there_is_no_mend_or_rule_of_that_name(ctx: Context) -> None:
    with pytest.raises(NotFound):
        mends.decide(ctx, 99, apply=True)
    with pytest.raises(Invalid):
        mends.switch(ctx, "guesses", on=False)
