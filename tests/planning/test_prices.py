"""Who is cheapest across currencies, and when ordering more costs less."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import system
from shelfwise.agents.service import approve, proposal, propose_purchases
from shelfwise.orders import approval
from shelfwise.planning.model import LeadTime, Offer, Params
from shelfwise.planning.replenish import cheaper_deal, choose
from shelfwise.planning.service import plan, snapshot
from shelfwise.records import service as records
from shelfwise.work import tasks
from tests.conftest import NOON
from tests.planning.shop import Shop

TODAY = NOON.date()


def offer(cost: str, currency: str = "EUR", rate: str = "1", breaks: tuple[tuple[int, str], ...] = ()) -> Offer:
    return Offer(
        1, "A", Decimal(cost), currency, Decimal(1), Decimal(0), LeadTime(5, 0, np.array([5.0])),
        tuple((Decimal(start), Decimal(price)) for start, price in breaks), Decimal(rate),
    )  # fmt: skip


@pytest.fixture
def tea(ctx: Context) -> tuple[Shop, int]:
    """Tea sells and runs low; Harbour sells it for 2 EUR."""
    shop = Shop.open(ctx)
    tea = shop.item("TEA")
    shop.stock(tea, 5)
    shop.sold_daily(tea, 60)
    shop.forecast()
    return shop, tea


def also_sold(ctx: Context, item: int, cost: str, currency: str) -> int:
    supplier = records.add_supplier(ctx, code=currency, name=f"House of {currency}")
    records.add_terms(
        ctx, supplier_id=supplier, item_id=item, unit_cost=Decimal(cost), currency=currency, lead_time_days=5.0
    )
    return supplier


def test_what_is_cheaper_is_said_in_one_currency() -> None:
    dollars, yen = offer("10", "USD", "0.9"), offer("900", "JPY", "0.006")
    assert choose((dollars, yen)) is yen


def test_the_supplier_with_the_better_price_for_so_many_is_chosen() -> None:
    plain, bulk = offer("1.9"), offer("2", breaks=((100, "1.5"),))
    assert choose((plain, bulk)) is plain
    assert choose((plain, bulk), Decimal(200)) is bulk


def test_offers_in_several_currencies_are_compared_by_their_rates(ctx: Context, tea: tuple[Shop, int]) -> None:
    shop, item = tea
    yen = also_sold(ctx, item, "150", "JPY")
    approval.set_rate(ctx, "JPY", date(2026, 1, 1), Decimal("0.006"))
    (decision,) = plan(ctx, shop.site)[1]
    assert (decision.supplier_id, decision.unit_cost, decision.currency) == (yen, Decimal(150), "JPY")


def test_an_offer_without_a_rate_is_left_out_with_the_reason_and_somebody_is_asked(
    ctx: Context, tea: tuple[Shop, int]
) -> None:
    shop, item = tea
    also_sold(ctx, item, "1", "JPY")
    (number,) = propose_purchases(replace(ctx, actor=system("purchasing")), shop.site)
    found = proposal(ctx, number)
    assert found.supplier_id == shop.supplier
    assert found.reason.endswith("Offers in JPY are left out: nobody said what that is worth.")
    assert [task.title for task in tasks.tasks(ctx)] == ["Say what one JPY is worth"]
    approval.set_rate(ctx, "JPY", date(2026, 1, 1), Decimal("0.006"))
    assert tasks.tasks(ctx) == []


def test_offers_in_one_other_currency_need_no_rate(ctx: Context) -> None:
    shop = Shop.open(ctx)
    item = shop.item("TEA", currency="USD")
    shop.stock(item, 5)
    shop.sold_daily(item, 60)
    shop.forecast()
    assert snapshot(ctx, shop.site).without_rate == {}
    assert len(plan(ctx, shop.site)[1]) == 1


def test_more_is_ordered_where_it_costs_less_altogether(ctx: Context) -> None:
    deal = cheaper_deal(offer("2", breaks=((100, "1.5"),)), Decimal(90), 0.0, Params())
    assert deal is not None
    assert (deal.quantity, deal.unit_cost, deal.outright) == (Decimal(100), Decimal("1.5"), True)
    assert cheaper_deal(offer("2", breaks=((100, "1.5"),)), Decimal(70), 0.0, Params()) is None


def test_more_is_ordered_where_a_year_of_it_costs_less_and_it_is_not_too_much() -> None:
    seller = offer("2", breaks=((100, "1.8"),))
    deal = cheaper_deal(seller, Decimal(40), 5.0, Params())
    assert deal is not None
    # A year: 1825 at 2 and 45.6 orders of 40, against 1825 at 1.80 and 18.25 orders of 100, with a quarter kept.
    bought, ordered, kept = 1825 * (2 - 1.8), 15 * (1825 / 40 - 1825 / 100), 0.25 * (2 * 20 - 1.8 * 50)
    assert deal.saves == pytest.approx(bought + ordered + kept)
    assert not deal.outright
    assert cheaper_deal(seller, Decimal(40), 1.0, Params(longest_cover_days=60)) is None


def test_a_proposal_for_a_price_break_says_so_and_an_edit_pays_what_it_costs(
    ctx: Context, tea: tuple[Shop, int]
) -> None:
    shop, item = tea
    (needed,) = plan(ctx, shop.site)[1]
    start = needed.quantity + 10
    records.set_prices(ctx, shop.supplier, item, [(start, TODAY, Decimal("1.5"))])
    (number,) = propose_purchases(replace(ctx, actor=system("purchasing")), shop.site)
    found = proposal(ctx, number)
    assert (found.quantity, found.unit_cost) == (start, Decimal("1.5"))
    assert "at 1.5 EUR each cost less" in found.reason
    assert found.evidence["prices"]["needed"] == str(needed.quantity)
    (line,) = approve(ctx, number, start - 1).lines
    assert (line.quantity, line.unit_cost) == (start - 1, Decimal(2))
