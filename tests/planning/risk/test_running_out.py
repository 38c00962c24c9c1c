"""The risk of running out: futures of demand against what is there and what is on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.orders.coming import Awaited
from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import Floats, LeadTime
from shelfwise.planning.risk.coming import Coming, known_day, on_its_way, stratified
from shelfwise.planning.risk.looking import on_the_way
from shelfwise.planning.risk.running_out import project
from tests.planning.examples import NOON, Case, fixed

RNG = np.random.default_rng


def paths(*daily: float, days: int = 14) -> Floats:
    return np.array([[one] * days for one in daily])


@pytest.mark.parametrize(
    ("available", "coming", "share"),
    [
        (100.0, [], 0.0),
        (6.0, [], 1.0),
        (15.0, [], 0.5),
        (6.0, [(2, 100.0)], 0.5),
        (6.0, [(6, 100.0)], 1.0),
        (6.0, [(-3, 100.0)], 0.0),
    ],
)
def test_a_risk_is_the_share_of_futures_that_are_out_by_a_day(
    available: float, coming: list[tuple[int, float]], share: float
) -> None:
    on_the_way = [known_day(quantity, day) for day, quantity in coming]
    found = project(np.array([available]), paths(2.0, 3.0), on_the_way, RNG(0))
    assert found.by_day[6] == share


def test_the_day_is_the_first_by_which_more_futures_are_out_than_not() -> None:
    assert project(np.array([6.0]), paths(2.0, 2.0, 1.0), [], RNG(0)).out_by == 2
    assert project(np.array([6.0]), paths(0.0), [], RNG(0)).out_by is None


def test_what_was_out_and_got_more_is_out_by_that_day_and_not_on_it() -> None:
    found = project(np.array([4.0]), paths(2.0, days=6), [known_day(6, 3)], RNG(0))
    assert found.by_day.tolist() == [0, 1, 1, 1, 1, 1]
    assert found.on_day.tolist() == [0, 1, 1, 0, 0, 1]
    assert found.lost.tolist() == [0, 0, 2, 2, 2, 2]


def test_doubt_about_the_stock_on_hand_is_doubt_about_the_day() -> None:
    certain = project(np.array([10.0]), paths(2.0), [], RNG(0))
    doubtful = project(np.array([5.0, 15.0]), paths(2.0), [], RNG(0))
    assert certain.by_day[3] == 0 and certain.by_day[4] == 1
    assert doubtful.by_day[3] == pytest.approx(0.5, abs=0.01)
    assert doubtful.by_day[7] == 1


def test_every_path_of_demand_is_used_as_often_as_any_other() -> None:
    demand = np.arange(1.0, 101.0)[:, None] * np.ones((1, 3))
    found = project(np.array([10.0]), demand, [Coming(0.0, np.array([1.0, 2.0]))], RNG(0))
    assert found.by_day[0] == 0.91


def test_an_order_comes_after_what_its_lead_time_leaves_of_it() -> None:
    lead = LeadTime(50, 100, np.arange(1.0, 101.0))
    fresh, old = on_its_way(5, lead, 0), on_its_way(5, lead, 40)
    assert fresh.days.tolist() == lead.samples.tolist()
    assert old.days.tolist() == np.arange(1.0, 61.0).tolist()


@pytest.mark.parametrize(("promised", "middle"), [(5.0, 10.0), (8.0, 10.0), (10.0, 10.0), (20.0, 20.0), (2.5, 5.0)])
def test_a_promise_moves_when_it_comes_only_where_it_is_neither_what_is_stated_nor_what_is_usual(
    promised: float, middle: float
) -> None:
    lead = LeadTime(5, 9, np.array([8.0, 10.0, 13.0]))
    assert np.median(on_its_way(5, lead, 0, promised=promised).days) == pytest.approx(middle)


def test_an_order_later_than_anything_seen_takes_longer_the_older_it_is() -> None:
    lead = learn(7, [6, 7, 8])
    late, very_late = (float(np.median(on_its_way(5, lead, age).days)) for age in (60, 120))
    assert 0 < late < very_late == pytest.approx(2 * late)


def test_what_should_have_come_long_ago_may_never_come() -> None:
    lead = learn(7, [6, 7, 8])
    fresh, due, old = (on_its_way(5, lead, age, never=0.02).never for age in (0, 8, 60))
    assert fresh == pytest.approx(0.02)
    assert fresh < due < 0.2
    assert old > 0.9
    assert on_its_way(5, lead, 60).never == 0


def test_what_never_comes_leaves_the_shelf_empty() -> None:
    never = Coming(100, np.array([1.0]), never=0.3)
    found = project(np.array([6.0]), paths(2.0), [never], RNG(0), least=2000)
    assert found.by_day[-1] == pytest.approx(0.3, abs=0.03)


def test_values_are_drawn_as_evenly_as_it_goes() -> None:
    drawn = stratified(np.array([1.0, 2.0, 3.0]), 300, RNG(0))
    assert np.unique(drawn, return_counts=True)[1].tolist() == [100, 100, 100]


def test_an_order_that_has_left_does_not_wait_for_the_next_order_day() -> None:
    sent, tuesday = NOON, NOON + timedelta(days=1)
    order = Awaited(11, Decimal(10), sent, sent + timedelta(days=3), 3, "purchase", 1, "PO-1")
    offer = replace(Case(lead_time=fixed(3.0 + 6.0)).offer, waits_days=6)
    offer = replace(offer, lead_time=replace(offer.lead_time, stated=3.0))
    assert on_the_way(order, tuesday, [offer]).days.tolist() == pytest.approx([2.0])
