"""What-if lays what would be beside what is, on the same random numbers, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid
from shelfwise.demand.lift import Lift
from shelfwise.planning.model import Params
from shelfwise.planning.service import plan, what_if
from shelfwise.planning.whatif import DAYS, Answer, Asked, Promotion, Side, answer, changed, faults
from tests.planning.examples import TODAY, Case, fixed, poisson
from tests.planning.shop import Shop

SEED = np.random.SeedSequence([1, 2, 3])
DAY = timedelta(days=1)
WEEK = Promotion(TODAY + 7 * DAY, TODAY + 13 * DAY, lift=2.0)
TWICE = Lift(2.0, 2.0, 2.0, 0)


def _asked(asked: Asked, case: Case | None = None, lift: Lift | None = None) -> Answer:
    case = case or Case(on_hand=30)
    found = answer(case.snapshot, case.item, asked, lift, Params(), SEED)
    assert found is not None
    return found


def test_who_asks_nothing_gets_the_same_on_both_sides() -> None:
    found = _asked(Asked())
    assert vars(found.now) == vars(found.then)


def test_more_demand_slower_deliveries_and_higher_service_need_more_stock() -> None:
    for asked in (Asked(demand=1.5), Asked(lead_time=2.0), Asked(service_level=0.99)):
        found = _asked(asked)
        now, then = found.now.reorder_point, found.then.reorder_point
        assert now is not None and then is not None and then > now
        assert found.then.quantity is not None and found.now.quantity is not None
        assert found.then.quantity > found.now.quantity
    assert _asked(Asked(lead_time=2.0)).then.runs_out > _asked(Asked(lead_time=2.0)).now.runs_out  # type: ignore[operator]
    assert _asked(Asked(lead_time=2.0)).then.expected == _asked(Asked()).now.expected


def test_each_thing_that_may_be_otherwise_changes_what_it_is_about() -> None:
    case = Case(on_hand=30)
    now = _asked(Asked(), case).now
    assert now.quantity is not None and now.cost is not None and now.reorder_point is not None
    assert now.order_up_to is not None and now.yearly_cost is not None

    def then(asked: Asked) -> Side:
        return _asked(asked, case).then

    assert then(Asked(on_hand=Decimal(0))).quantity == now.quantity + 30
    dearer = then(Asked(unit_cost=2.0))
    assert dearer.cost is not None and dearer.quantity is not None and dearer.quantity < now.quantity
    assert dearer.cost / dearer.quantity == 2 * now.cost / now.quantity
    assert (then(Asked(pack_size=Decimal(64))).quantity or 0) % 64 == 0
    assert then(Asked(minimum_order=Decimal(500))).quantity == 500
    assert (then(Asked(minimum_order=Decimal(500))).average_stock or 0) > (now.average_stock or 0) + 90
    assert (then(Asked(review_days=14)).reorder_point or 0) > now.reorder_point
    assert (then(Asked(holding_rate=5.0)).order_up_to or 0) <= now.order_up_to
    assert (then(Asked(ordering_cost=1.0)).order_up_to or 0) < now.order_up_to
    assert (then(Asked(longest_cover_days=1)).order_up_to or 0) < now.order_up_to
    assert (then(Asked(holding_rate=0.5)).yearly_cost or 0) > now.yearly_cost


def test_open_orders_that_come_later_leave_the_shelf_empty_sooner() -> None:
    case = Case(on_hand=10, on_order=((60, 1.0),))
    found = _asked(Asked(late_days=30), case)
    assert found.then.runs_out is not None and found.now.runs_out is not None
    assert found.then.runs_out > found.now.runs_out + 0.3
    assert found.then.quantity == found.now.quantity, "an order that is late is an order still"


def test_bought_of_one_supplier_alone_it_has_that_one_s_terms() -> None:
    case = Case(on_hand=0)
    dear = replace(case.item.offers[0], supplier_id=99, supplier="Dear", unit_cost=Decimal(100))
    item = replace(case.item, offers=(*case.item.offers, dear))
    found = answer(case.snapshot, item, Asked(supplier_id=99), None, Params(), SEED)
    assert found is not None and (found.now.supplier_id, found.then.supplier_id) == (
        case.item.offers[0].supplier_id,
        99,
    )


def test_a_promotion_lifts_its_own_days_and_no_others() -> None:
    found = _asked(Asked(promotion=WEEK), lift=TWICE)
    now, then = np.array(found.now.daily["p50"]), np.array(found.then.daily["p50"])
    inside = np.zeros(DAYS, bool)
    inside[7:14] = True
    assert np.allclose(then[inside], 2 * now[inside], atol=1.1)
    assert np.allclose(then[~inside], now[~inside], atol=1.1)
    assert found.then.expected - found.now.expected == pytest.approx(7 * 5, rel=0.05)


def test_a_lift_that_is_not_sure_widens_the_range() -> None:
    sure = _asked(Asked(promotion=WEEK), lift=TWICE).then.daily
    unsure = _asked(Asked(promotion=WEEK), lift=Lift(2.0, 1.2, 3.3, 8)).then.daily
    assert sum(unsure["p90"][7:14]) > sum(sure["p90"][7:14])
    assert sum(unsure["p10"][7:14]) < sum(sure["p10"][7:14])


def test_pieces_stay_whole() -> None:
    demand = poisson(5.0)
    paths = changed(demand, Asked(demand=1.3), None, np.random.default_rng(0)).paths
    assert (paths == np.floor(paths)).all()
    assert paths.mean() == pytest.approx(1.3 * demand.paths.mean(), rel=0.01)


def test_a_promotion_is_not_repeated_where_orders_look_further_than_the_forecast() -> None:
    case = Case(on_hand=30, lead_time=fixed(40.0))
    found = _asked(Asked(promotion=replace(WEEK, first=TODAY, last=TODAY + DAY)), case, TWICE)
    assert found.then.reorder_point is not None and found.now.reorder_point is not None
    assert 5 < found.then.reorder_point - found.now.reorder_point < 15


def test_without_a_supplier_only_demand_is_told() -> None:
    case = Case()
    found = answer(case.snapshot, replace(case.item, offers=()), Asked(demand=2.0), None, Params(), SEED)
    assert found is not None and found.then.quantity is None
    assert found.then.expected == pytest.approx(2 * found.now.expected, rel=0.01)
    assert answer(case.snapshot, replace(case.item, demand=None), Asked(), None, Params(), SEED) is None


def test_questions_that_make_no_sense_are_named() -> None:
    assert faults(Asked(demand=1.2, promotion=WEEK), TODAY) == []
    wrong = Asked(
        demand=0.0, lead_time=99.0, promotion=Promotion(TODAY + 40 * DAY, TODAY + 41 * DAY, "gift", None, -1.0)
    )
    assert [one.where for one in faults(wrong, TODAY)] == ["demand", "lead time", "days", "kind", "lift"]
    assert faults(Asked(promotion=replace(WEEK, last=TODAY)), TODAY)[0].where == "last day"


def test_what_is_now_is_what_the_plan_of_the_day_proposes(ctx: Context) -> None:
    shop = Shop.open(ctx)
    rum, tea = shop.item("RUM"), shop.item("TEA", pack="12")
    for item in (rum, tea):
        shop.stock(item, 9)
        shop.sold_daily(item, 60)
    shop.forecast()
    _, decisions = plan(ctx, shop.site)
    for one in decisions:
        found = what_if(ctx, shop.site, one.item_id, Asked(demand=2.0))
        assert found is not None
        assert (found.now.quantity, found.now.reorder_point) == (
            one.quantity, one.evidence["policy"]["reorder_point"],
        )  # fmt: skip
        assert found.then.quantity is not None and found.then.quantity > one.quantity
    assert {one.item_id for one in decisions} == {rum, tea}
    with pytest.raises(Invalid, match="Say what you expect"):
        what_if(ctx, shop.site, tea, Asked(promotion=replace(WEEK, lift=None)))
    assert what_if(ctx, shop.site, shop.item("NEW"), Asked()) is None


def test_it_is_judged_by_the_days_on_which_its_supplier_takes_orders() -> None:
    case = Case(on_hand=30, lead_time=fixed(4.0))
    weekly = replace(case.item, offers=(replace(case.offer, order_gap_days=7),))
    found = answer(case.snapshot, weekly, Asked(), None, Params(), SEED)
    asked = answer(case.snapshot, case.item, Asked(review_days=7), None, Params(), SEED)
    assert found is not None and asked is not None
    assert vars(found.now) == vars(asked.then)


def test_a_promotion_is_not_repeated_where_the_next_order_day_lies_further_than_the_forecast() -> None:
    case = Case(on_hand=30, lead_time=fixed(20.0))
    weekly = replace(case.item, offers=(replace(case.offer, order_gap_days=20),))
    ask = Asked(promotion=replace(WEEK, first=TODAY, last=TODAY + DAY))
    found = answer(case.snapshot, weekly, ask, TWICE, Params(), SEED)
    assert found is not None and found.then.reorder_point is not None and found.now.reorder_point is not None
    assert 5 < found.then.reorder_point - found.now.reorder_point < 15
