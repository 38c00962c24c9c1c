"""The orders of a site as a whole: a supplier's minimum, a budget, room, and what always holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.planning.model import Amount, Arrival, Decision, Params, Snapshot
from shelfwise.planning.policies.families import FAMILIES
from shelfwise.planning.standing import Standing
from shelfwise.planning.together import BUDGET, PALLETS, Planned, plan_all
from tests.planning.examples import NOON, TODAY, Case, fixed, poisson
from tests.planning.test_race import standing

STEADY = fixed(4.0)


def site(*cases: Case) -> Snapshot:
    items = (replace(case.item, item_id=number, sku=f"TEA-{number}") for number, case in enumerate(cases))
    return Snapshot(1, NOON, TODAY, tuple(items))


def planned(snapshot: Snapshot, params: Params | None = None) -> Planned:
    return plan_all(snapshot, params or Params(), np.random.default_rng(0))


def by_item(found: Planned) -> dict[int, Decision]:
    return {one.item_id: one for one in found.decisions}


def low(on_hand: int = 10, **more: object) -> Case:
    return Case(on_hand, lead_time=STEADY, **more)  # type: ignore[arg-type]


def test_what_is_needed_next_is_ordered_along_up_to_the_suppliers_minimum() -> None:
    alone = planned(site(low(minimum_value="0"), low(60), low(200))).decisions
    (own,) = alone
    minimum = str(own.quantity * 2 + 60)
    found = by_item(planned(site(*(low(each, minimum_value=minimum) for each in (10, 60, 200)))))
    assert set(found) == {0, 1}
    assert sum(one.quantity * one.unit_cost for one in found.values()) >= Decimal(minimum)
    assert found[0].quantity == own.quantity
    assert "ordered along, before its turn" in found[1].reason
    assert "earlier than it would have to be" in found[1].evidence["why"]["earlier"]
    assert [one["limit"] for one in found[1].evidence["binding"]] == ["supplier's minimum"]


def test_a_suppliers_minimum_is_reached_at_the_price_of_the_quantity() -> None:
    cheaper_from = (Decimal(20), Decimal(1))

    def priced(minimum: str) -> Snapshot:
        both = site(*(low(each, minimum_value=minimum) for each in (10, 60)))
        items = (replace(one, offers=(replace(one.offers[0], breaks=(cheaper_from,)),)) for one in both.items)
        return replace(both, items=tuple(items))

    own = by_item(planned(priced("0")))[0].quantity
    minimum = own + 30
    found = planned(priced(str(minimum))).decisions
    assert own >= 20
    assert sum(one.quantity * one.unit_cost for one in found) >= minimum


def test_nothing_is_ordered_for_the_sake_of_a_minimum_alone() -> None:
    assert planned(site(*(low(200, minimum_value="500") for _ in range(3)))).decisions == ()


def test_a_minimum_out_of_reach_is_said_and_what_is_urgent_is_ordered_all_the_same() -> None:
    (one,) = planned(site(low(minimum_value="100000"))).decisions
    (own,) = planned(site(low())).decisions
    assert one.quantity == own.quantity
    assert "ask whether they deliver that" in one.reason


def test_what_is_ordered_along_is_no_more_than_the_supplier_takes_at_once() -> None:
    both = site(low(minimum_value="5000"), low(60, minimum_value="5000"))
    few = [replace(one, offers=(replace(one.offers[0], largest_order=Decimal(30)),)) for one in both.items]
    found = planned(replace(both, items=tuple(few)))
    assert {one.quantity for one in found.decisions} == {Decimal(30)}


def test_what_perishes_is_not_ordered_along() -> None:
    found = by_item(planned(site(low(minimum_value="700"), low(60, minimum_value="700", shelf_life_days=20))))
    assert set(found) == {0}


def test_within_a_budget_what_is_worth_most_for_its_money_goes_first() -> None:
    everything = planned(site(low(2), low(25), low(14)))
    assert len(everything.decisions) == 3
    costs = {one.item_id: float(one.quantity * one.unit_cost) for one in everything.decisions}
    found = planned(site(low(2), low(25), low(14)), Params(budget=costs[0] + costs[2] + 1))
    assert set(by_item(found)) == {0, 2}
    (waits,) = found.waiting
    assert (waits.item_id, waits.limit) == (1, BUDGET)
    assert "are left after what is more urgent" in waits.says
    assert planned(site(low(2)), Params(budget=0.0)).decisions == ()


def test_room_limits_what_takes_room_and_orders_of_a_minimum_stay_together() -> None:
    roomy = [low(2, pallet_share=0.1), low(5), low(2, pallet_share=0.01)]
    found = planned(site(*roomy), Params(pallets=5.0))
    assert set(by_item(found)) == {1, 2}
    assert [one.limit for one in found.waiting] == [PALLETS]
    joined = [replace(one, minimum_value="900") for one in roomy]
    assert len(planned(site(*joined), Params(pallets=5.0)).waiting) == 3


FAMILY = st.sampled_from([None, *(standing(one.name, *one.grid[len(one.grid) // 2]) for one in FAMILIES)])


@settings(max_examples=60, deadline=None)
@given(
    on_hand=st.integers(0, 80),
    coming=st.lists(st.tuples(st.integers(1, 60), st.floats(-3, 12)), max_size=3),
    backordered=st.integers(0, 40),
    units=st.sampled_from([("1", "1"), ("1", "6"), ("0.25", "0.25"), ("0.001", "2.5"), ("0.5", "12")]),
    least=st.sampled_from([0, 7, 100]),
    life=st.sampled_from([None, 3, 20]),
    mean=st.sampled_from([0.0, 0.3, 4.0, 15.0]),
    doubt=st.sampled_from([0.0, 3.0]),
    raced=FAMILY,
    minimum=st.sampled_from([None, "250"]),
)
def test_an_order_is_whole_packs_and_what_it_leads_to_is_not_ordered_again(
    on_hand: int,
    coming: list[tuple[int, float]],
    backordered: int,
    units: tuple[str, str],
    least: int,
    life: int | None,
    mean: float,
    doubt: float,
    raced: Standing | None,
    minimum: str | None,
) -> None:
    quantum, pack = units
    case = Case(
        on_hand, backordered=backordered, on_order=tuple(coming), demand=poisson(mean), pack_size=pack,
        minimum_order=str(least), quantum=quantum, shelf_life_days=life, standing=raced, minimum_value=minimum,
    )  # fmt: skip
    item = replace(case.item, on_hand=Amount(np.array([on_hand - doubt, on_hand, on_hand + doubt])))
    params = Params(samples=200)
    found = planned(replace(case.snapshot, items=(item,)), params).decisions
    for one in found:
        assert one.quantity > 0
        assert one.quantity % Decimal(pack) == 0
        assert one.quantity % Decimal(quantum) == 0
        assert one.quantity >= least
        # Once ordered it is on order: nothing more is wanted, whoever decides, but where a cap or a life held it back.
        after = replace(item, on_order=(*item.on_order, Arrival(one.quantity, NOON + timedelta(days=5))))
        again = planned(replace(case.snapshot, items=(after,)), params).decisions
        held = {each["limit"] for each in one.evidence["binding"]} & {"cap", "shelf life"}
        assert held or not again
    assert planned(replace(case.snapshot, items=(item,)), params).decisions == found
