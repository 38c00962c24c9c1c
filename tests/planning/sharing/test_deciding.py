"""One site gives another what it can spare, where that is quicker than an order and earns its way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from shelfwise.planning.model import DemandPaths, Params
from shelfwise.planning.sharing.deciding import decide
from shelfwise.planning.sharing.explain import told
from shelfwise.planning.sharing.model import Heft
from shelfwise.planning.sharing.paths import risk
from shelfwise.planning.standing import Standing, Target
from shelfwise.records.model import Rule
from tests.planning.examples import TODAY, Case, changed, fixed, poisson
from tests.planning.sharing.houses import EACH, amounts, houses, moved, ways

# Sells 5 a day, and an order takes ten days.
SHORT = Case(on_hand=14, lead_time=fixed(10), unit_price="9")
FULL = Case(on_hand=200, lead_time=fixed(10), demand=poisson(5.0, seed=1))


def test_a_site_that_runs_out_before_its_order_could_come_takes_from_one_that_has_more_than_it_needs() -> None:
    (move,) = moved([FULL, SHORT])
    assert move.ends == (1, 2)
    assert move.binds == "enough"
    assert risk(move.before, move.taker.until) == 1.0
    assert 0.03 < risk(move.after, move.taker.until) <= 0.05
    assert risk(move.given, move.giver.until) == 0.0


def test_nothing_is_moved_to_whoever_can_order_in_time() -> None:
    assert moved([FULL, changed(SHORT, on_hand=80)]) == []
    assert moved([FULL, changed(SHORT, on_order=((90, 1.0),))]) == []
    assert moved([FULL, changed(SHORT, lead_time=fixed(1))]) == []


def test_no_site_gives_what_it_needs_itself() -> None:
    only = [one for one in ways(3) if (one.from_site_id, one.to_site_id) == (1, 2)]
    (move,) = moved([changed(FULL, on_hand=90), SHORT, FULL], only)
    assert move.binds == "giver"
    assert risk(move.given, move.giver.until) <= 0.05
    assert risk(move.giver.path - float(move.quantity) - 1, move.giver.until) > 0.05
    assert moved([changed(FULL, on_hand=65), changed(SHORT, on_hand=60)]) == []


def test_both_ends_stay_as_sure_as_the_stricter_of_them_promises() -> None:
    strict, *usual = houses(changed(FULL, on_hand=90), SHORT, FULL)
    strict = replace(strict, params=Params(service_level=0.99))
    (move,) = decide([strict, *usual], ways(2), {11: EACH}, [1])
    assert move.binds == "giver"
    assert risk(move.given, move.giver.until) <= 0.01
    (said,) = told([move], {11: EACH}, "EUR")
    assert said.evidence["service_level"] == 0.99


def test_what_is_promised_of_the_items_class_counts() -> None:
    first = Standing("projected", (), (), Target(), "A", {}, 336, TODAY, True)
    params = Params(targets=(Target(level=0.99), Target(), Target()))
    (move,) = moved([FULL, changed(SHORT, standing=first)], params=params)
    assert move.binds == "enough"
    assert risk(move.after, move.taker.until) <= 0.01


def test_whoever_orders_once_a_week_keeps_what_it_needs_for_a_week_longer() -> None:
    daily, *others = houses(changed(FULL, on_hand=130), SHORT, changed(FULL, on_hand=500))
    (item,) = daily.seen.items
    item = replace(item, offers=(replace(item.offers[0], order_gap_days=7),))
    weekly = replace(daily, seen=replace(daily.seen, items=(item,)))
    (most,) = decide([daily, *others], ways(2), {11: EACH}, [1])
    (less,) = decide([weekly, *others], ways(2), {11: EACH}, [1])
    assert (most.binds, less.binds) == ("enough", "giver")
    assert np.array_equal(less.giver.until - most.giver.until, np.full(1000, 6))
    assert most.quantity > less.quantity


def test_what_is_promised_or_only_on_its_way_is_not_given() -> None:
    assert moved([changed(FULL, on_hand=200, reserved=200), SHORT]) == []
    late = changed(FULL, on_hand=60, on_order=((200, 9.0),))
    assert sum(amounts(moved([late, changed(SHORT, on_hand=60)])).values()) == 0


def test_whole_packs_are_moved_where_they_can_be_spared_and_whole_pieces_always() -> None:
    (pieces,) = moved([FULL, SHORT])
    (packs,) = moved([FULL, SHORT], heft=replace(EACH, pack=Decimal(12)))
    assert pieces.quantity % 1 == 0
    assert packs.quantity % 12 == 0
    assert 0 <= packs.quantity - pieces.quantity < 12
    (halves,) = moved([FULL, SHORT], heft=Heft(11, Decimal("0.5")))
    assert halves.quantity % Decimal("0.5") == 0


def test_a_move_has_to_earn_what_its_shipment_and_its_weight_cost() -> None:
    heavy = Heft(11, Decimal(1), kg=2.0)
    assert moved([FULL, SHORT], ways(2, cost="10")) != []
    assert moved([FULL, SHORT], ways(2, cost="1000")) == []
    assert moved([FULL, SHORT], ways(2, cost_per_kg=Decimal("0.1")), heavy) != []
    assert moved([FULL, SHORT], ways(2, cost_per_kg=Decimal(9)), heavy) == []


def test_an_expensive_way_is_left_for_one_that_pays() -> None:
    lanes = [
        replace(one, days=0.5, cost_per_shipment=Decimal(5000)) if one.from_site_id == 1 else one for one in ways(3)
    ]
    assert set(amounts(moved([FULL, SHORT, FULL], lanes))) == {(3, 2)}


def test_a_way_that_is_not_used_or_too_slow_is_not_taken() -> None:
    assert moved([FULL, SHORT], ways(2, weekdays=frozenset())) == []
    assert moved([FULL, SHORT], ways(2, days=10.0)) == []
    (sunday,) = moved([FULL, SHORT], ways(2, weekdays=frozenset({7})))
    assert sunday.arrives == 7


def test_who_is_worse_off_gets_more_and_all_run_out_equally_often_where_there_is_too_little() -> None:
    busy = changed(SHORT, demand=poisson(10.0, seed=2), on_hand=0)
    calm = changed(SHORT, demand=poisson(2.0, seed=3), on_hand=0)
    store = Case(on_hand=60, demand=None, rule=Rule(11, 9, Decimal(0), None), lead_time=fixed(10))
    moves = moved([store, busy, calm], ways(3, days=0.0, cost="1"))
    assert {one.binds for one in moves} == {"scarce"}
    given = amounts(moves)
    assert sum(given.values()) == 60
    assert given[1, 2] > given[1, 3] > 0
    left, right = (risk(one.after, one.taker.until) for one in moves)
    assert left == pytest.approx(right, abs=0.12)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_no_site_is_served_first_for_its_name(order: tuple[int, ...]) -> None:
    cases = [changed(SHORT, demand=poisson(5.0, seed=4), on_hand=0) for _ in range(2)]
    store = Case(on_hand=41, demand=None, rule=Rule(11, 9, Decimal(0), None), lead_time=fixed(10))
    every = [store, *cases]
    moves = moved([every[n] for n in order], ways(3, days=0.0, cost="1"))
    quantities = sorted(float(one.quantity) for one in moves)
    assert sum(quantities) == 41
    assert quantities[1] - quantities[0] <= 3


def test_a_site_of_which_nobody_knows_what_it_needs_gives_nothing_without_a_rule() -> None:
    unknown = changed(FULL, demand=None)
    assert moved([unknown, SHORT]) == []
    (move,) = moved([changed(unknown, on_hand=30, rule=Rule(11, 1, Decimal(20), None)), SHORT])
    assert move.quantity == 10


def test_the_same_state_gives_the_same_moves_and_a_move_once_made_is_not_made_back() -> None:
    cases = [FULL, SHORT]
    first, again = moved(cases), moved(cases)
    assert amounts(first) == amounts(again)
    quantity = int(first[0].quantity)
    after = [changed(FULL, on_hand=200 - quantity), changed(SHORT, on_order=((quantity, 1.0),))]
    assert moved(after) == []


def test_hostile_numbers_do_no_harm() -> None:
    nothing = DemandPaths(7, "zero", TODAY, np.zeros((10, 28), np.float32))
    huge = DemandPaths(7, "huge", TODAY, np.full((10, 28), 1e9, np.float32))
    assert moved([changed(FULL, demand=nothing), changed(SHORT, demand=nothing)]) == []
    assert moved([]) == []
    assert moved([SHORT]) == []
    (all_of_it,) = moved([changed(FULL, demand=nothing), changed(SHORT, demand=huge)], ways(2, days=0.0))
    assert all_of_it.quantity == 200
    one_path = DemandPaths(7, "one", TODAY, np.full((1, 3), 5, np.float32))
    assert len(moved([FULL, changed(SHORT, demand=one_path)])) == 1


def test_what_is_said_has_the_numbers_of_both_ends_the_alternatives_and_what_binds() -> None:
    (said,) = told(moved([FULL, SHORT]), {11: EACH}, "EUR")
    assert "Site 2 has 14 to sell" in said.reason
    assert f"Moving {said.quantity} lowers the risk at Site 2 from 100% to" in said.reason
    assert "costs 10.00 EUR" in said.reason
    assert "More is not needed" in said.reason
    assert said.evidence["stockout"]["giver_with"] == 0.0
    assert set(said.alternative) == {"buy", "wait"}
    assert said.alternative["buy"]["cost"] == float(said.quantity) * 2
    assert said.expected_value["mean"] == pytest.approx(
        said.expected_value["margin_kept"] - said.expected_value["cost"], abs=0.01
    )
    assert len(houses(FULL)) == 1
