"""Who sells an item is chosen by what getting it from them costs altogether, and each part of it is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import Offer, Params
from shelfwise.planning.ranking import Ranked, said, shown
from shelfwise.planning.replenish import best_of, weigh
from tests.planning.examples import Case, decided, fixed

LOW = Case(on_hand=10)


def other(cost: str = "2", days: float = 5.0, **told: object) -> Offer:
    offer = replace(LOW.offer, supplier_id=9, supplier="Mill", unit_cost=Decimal(cost), lead_time=learn(days, ()))
    return replace(offer, **told)  # type: ignore[arg-type]


def ranked(case: Case, params: Params | None = None) -> tuple[Ranked, ...]:
    seen = case.snapshot
    return best_of(seen, seen.items[0], params or Params(), np.random.default_rng(1)).ranked


def names(case: Case) -> list[str]:
    return [one.offer.supplier for one in ranked(case)]


def test_of_two_who_differ_in_price_alone_the_cheaper_comes_first_and_the_difference_is_the_goods() -> None:
    first, second = ranked(replace(LOW, others=(other("1.9"),)))
    assert (first.offer.supplier, first.units) == ("Mill", second.units)
    assert second.goods - first.goods == pytest.approx(0.1 * first.units)
    assert second.ordering == first.ordering
    assert second.lost_margin == pytest.approx(first.lost_margin or 0, rel=0.1)


def test_a_little_cheaper_and_much_slower_costs_more_altogether_when_stock_is_low() -> None:
    slow = replace(LOW, others=(other("1.98", days=30.0),))
    first, second = ranked(slow)
    assert (first.offer.supplier, second.offer.supplier) == ("Harbour Supplies", "Mill")
    assert (second.lost_margin or 0) > (first.lost_margin or 0) + 1
    assert second.goods < first.goods


@pytest.mark.parametrize(("lost", "short"), [(0.4, 0.0), (0.0, 0.8)])
def test_who_loses_orders_or_sends_too_little_costs_the_margin_of_what_runs_out(lost: float, short: float) -> None:
    steady = replace(LOW, lead_time=fixed(5))
    unsure = other("1.99", lead_time=replace(learn(5.0, ()), lost=lost, short=short, share_when_short=0.05))
    sure = other("1.99")
    with_risk, without = (next(one for one in ranked(replace(steady, others=(offer,))) if one.offer is offer)
                          for offer in (unsure, sure))  # fmt: skip
    more = (with_risk.lost_margin or 0) - (without.lost_margin or 0)
    # What comes of a short order lasts for the day until the rest is ordered again; a lost one is missed for longer.
    assert more > 1 if lost else more == pytest.approx(0)
    params, share = Params(), float(with_risk.quantity) * unsure.lead_time.comes
    assert unsure.lead_time.comes < 0.7
    assert with_risk.ordering == pytest.approx(params.ordering_cost * with_risk.units / share, rel=1e-6)


def test_price_breaks_ordering_and_keeping_count() -> None:
    case = replace(LOW, others=(other("2", breaks=((Decimal(20), Decimal("1.5")),)),))
    assert names(case)[0] == "Mill"
    large = replace(LOW, others=(other("1.99", minimum_order=Decimal(5000)),))
    first, second = ranked(large)
    assert (first.offer.supplier, second.quantity) == ("Harbour Supplies", Decimal(5000))
    assert second.holding > first.holding
    assert second.ordering < first.ordering


def test_a_supplier_is_compared_at_the_order_that_a_price_break_there_makes_cheaper() -> None:
    bulk = other("2.05", breaks=((Decimal(400), Decimal("0.8")),))
    case = replace(LOW, others=(bulk,))
    first, second = ranked(case)
    assert (first.offer.supplier, first.quantity) == ("Mill", Decimal(400))
    assert second.quantity == second.units < 400
    made = decided(case)
    assert made is not None
    assert (made.supplier_id, made.quantity, made.unit_cost) == (9, first.quantity, Decimal("0.8"))
    assert names(replace(case, on_hand=5000))[0] == "Mill"


def test_without_a_selling_price_a_slow_supplier_costs_what_the_service_level_makes_a_missed_unit_worth() -> None:
    case = replace(LOW, unit_price=None, others=(other("1.9", days=30.0),))
    first, second = ranked(case)
    assert (first.offer.supplier, second.offer.supplier) == ("Harbour Supplies", "Mill")
    # A usual order lasts for 60 days at most; of 5 a day, 1 in 20 cycles may break.
    assert first.missed_unit == second.missed_unit == pytest.approx(0.25 * 1.9 / 365 * 60 / 0.05, rel=1e-3)
    assert (second.lost_margin or 0) > (first.lost_margin or 0) + (first.goods - second.goods)
    assert f"a missed one counts as {first.missed_unit or 0:.3g} EUR" in said((first, second), "EUR")
    strict, loose = (ranked(case, Params(service_level=level))[0].missed_unit or 0 for level in (0.99, 0.8))
    assert strict > 5 * loose > 0
    plenty = replace(case, on_hand=250)
    assert names(plenty)[0] == "Mill"


def test_where_neither_a_price_nor_demand_is_known_what_a_missed_unit_is_worth_is_unknown_and_not_zero() -> None:
    told = shown(ranked(replace(LOW, unit_price=None, demand=None, others=(other(),))))
    assert [(one["lost_margin"], one["missed_unit"]) for one in told] == [(None, None)] * 2
    assert told[0]["more"] == 0


def test_where_nothing_is_needed_suppliers_are_compared_for_a_usual_order() -> None:
    plenty = replace(LOW, on_hand=5000, others=(other("1.9"),))
    assert {one.units > 0 for one in ranked(plenty)} == {True}
    nothing_sells = replace(plenty, demand=None)
    assert [one.offer.supplier for one in ranked(nothing_sells)] == ["Mill", "Harbour Supplies"]


def test_a_decision_says_why_this_supplier_and_what_the_next_best_would_cost() -> None:
    made = decided(replace(LOW, others=(other("2.2"), other("2.5", supplier_id=4, supplier="Kiln"))))
    assert made is not None
    told = made.evidence["suppliers"]
    assert [one["supplier"] for one in told] == ["Harbour Supplies", "Mill", "Kiln"]
    assert "The next best, Mill, would cost" in made.evidence["why"]["supplier"]
    assert f"{told[1]['more']:,.2f} more" in made.evidence["why"]["supplier"]
    total = told[0]["goods"] + told[0]["ordering"] + told[0]["holding"] + told[0]["lost_margin"]
    assert total == pytest.approx(told[0]["total"], abs=0.03)
    assert said(ranked(LOW), "EUR") == ""


def test_the_order_of_offers_does_not_matter_and_one_offer_is_weighed_as_before() -> None:
    case = replace(LOW, others=(other("2"), other("2", supplier_id=4, supplier="Kiln")))
    seen = case.snapshot
    item = seen.items[0]
    turned = replace(item, offers=item.offers[::-1])
    one, two = (
        weigh(seen, some, Params(), np.random.default_rng(1)) for some in (item, turned)
    )  # fmt: skip
    assert one is not None
    assert two is not None
    assert (one.offer.supplier_id, one.quantity) == (two.offer.supplier_id, two.quantity) == (3, one.quantity)
