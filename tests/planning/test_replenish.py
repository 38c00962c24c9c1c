"""When, how much, from whom: against exact sums, and rules that hold for every item."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.planning.leadtime import learn
from shelfwise.planning.levels import levels
from shelfwise.planning.model import Amount, Decision, DemandPaths, LeadTime, Params, order_faults
from shelfwise.planning.replenish import choose
from shelfwise.planning.simulate import draw
from shelfwise.planning.together import decide
from shelfwise.records.model import Rule
from tests.planning.examples import NOON, TODAY, Case, changed, decided, fixed, poisson

MANY = Params(samples=20_000)


def poisson_quantile(mean: float, level: float) -> int:
    """The smallest k with P(Poisson(mean) <= k) >= level, by summing."""
    probability = cumulative = math.exp(-mean)
    k = 0
    while cumulative < level:
        k += 1
        probability *= mean / k
        cumulative += probability
    return k


def mixture_quantile(daily: float, days: dict[int, float], level: float) -> int:
    """The same for Poisson demand over a random number of days."""
    k = 0
    while True:
        reached = sum(
            share * sum(math.exp(-daily * d + j * math.log(daily * d) - math.lgamma(j + 1)) for j in range(k + 1))
            for d, share in days.items()
        )
        if reached >= level:
            return k
        k += 1


def reorder_point(case: Case, params: Params) -> float:
    rng = np.random.default_rng(1)
    futures = draw(case.item, case.offer.lead_time, TODAY, params, 1, rng)
    return levels(case.item, case.offer, futures, params).reorder_point


@pytest.mark.parametrize("mean", [0.3, 2.0, 9.0])
@pytest.mark.parametrize("lead", [0.5, 3, 7])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_reorder_point_is_the_exact_quantile_of_poisson_demand(mean: float, lead: float, level: float) -> None:
    case = Case(demand=poisson(mean, paths=20_000), lead_time=fixed(lead))
    exact = poisson_quantile(mean * (math.ceil(lead) + 2), level)
    got = reorder_point(case, replace(MANY, service_level=level, review_days=2))
    assert abs(got - exact) <= 1
    assert got == math.floor(got)


def test_a_random_lead_time_is_joined_with_demand_and_not_averaged() -> None:
    lead = LeadTime(4.0, 0, np.array([2.0, 2.0, 2.0, 10.0]))
    case = Case(demand=poisson(4.0, paths=20_000), lead_time=lead)
    exact = mixture_quantile(4.0, {3: 0.75, 11: 0.25}, 0.9)
    got = reorder_point(case, replace(MANY, service_level=0.9))
    assert abs(got - exact) <= 1
    assert got > poisson_quantile(4.0 * (4 + 1), 0.9) + 5


def test_a_policy_run_for_years_keeps_the_service_level_it_promises() -> None:
    """Simulated day by day with plain loops: the share of replenishment cycles without a stockout."""
    mean, lead, level = 4.0, 4, 0.9
    case = Case(demand=poisson(mean, paths=5_000), lead_time=fixed(lead), unit_cost="20")
    params = Params(service_level=level, samples=5_000)
    futures = draw(case.item, case.offer.lead_time, TODAY, params, 1, np.random.default_rng(0))
    policy = levels(case.item, case.offer, futures, params)
    rng = np.random.default_rng(5)
    pipeline: list[tuple[int, float]] = []
    stock, cycles, good, short = policy.order_up_to, 0, 0, False
    for day in range(60_000):
        due = [amount for when, amount in pipeline if when == day]
        pipeline = [one for one in pipeline if one[0] > day]
        if due:
            cycles, good = cycles + 1, good + (not short)
            stock, short = stock + sum(due), False
        position = stock + sum(amount for _, amount in pipeline)
        if position <= policy.reorder_point:
            pipeline.append((day + lead, policy.order_up_to - position))
        stock -= rng.poisson(mean)
        short = short or stock < 0
    # The reorder point also covers the day to the next review, of which a cycle on average uses only a part.
    assert level <= good / cycles <= 0.97


def test_nothing_is_ordered_above_the_reorder_point_and_the_gap_is_filled_below_it() -> None:
    assert decided(Case(on_hand=400)) is None
    decision = decided(Case(on_hand=10))
    assert decision is not None
    policy = decision.evidence["policy"]
    assert decision.quantity == Decimal(f"{policy['order_up_to'] - 10:.6f}").to_integral_value("ROUND_CEILING")


def test_what_is_on_order_is_not_ordered_again() -> None:
    first = decided(Case(on_hand=10))
    assert first is not None
    assert decided(Case(on_hand=10, on_order=((int(first.quantity), 5.0),))) is None


def test_reserved_and_owed_quantities_are_not_stock() -> None:
    free, promised, owed = (
        decided(case) for case in (Case(on_hand=30), Case(30, reserved=12), Case(30, backordered=12))
    )
    assert free is not None
    assert promised is not None
    assert owed is not None
    assert promised.quantity == owed.quantity == free.quantity + 12


@pytest.mark.parametrize(("pack", "least"), [("12", "0"), ("1", "500"), ("7", "100"), ("0.5", "0"), ("48", "1")])
def test_orders_are_whole_packs_and_at_least_the_minimum(pack: str, least: str) -> None:
    decision = decided(Case(on_hand=3, pack_size=pack, minimum_order=least))
    assert decision is not None
    assert decision.quantity % Decimal(pack) == 0
    assert decision.quantity >= Decimal(least)
    assert order_faults(decision.quantity, Decimal(pack), Decimal(least)) == []


@settings(max_examples=60, deadline=None)
@given(
    on_hand=st.integers(0, 120),
    reserved=st.integers(0, 60),
    ordered=st.integers(0, 80),
    more=st.integers(0, 80),
    pack=st.sampled_from(["1", "6", "25"]),
    mean=st.sampled_from([0.0, 0.2, 3.0, 12.0]),
)
def test_more_on_order_never_means_a_bigger_order(
    on_hand: int, reserved: int, ordered: int, more: int, pack: str, mean: float
) -> None:
    case = Case(on_hand, reserved, pack_size=pack, demand=poisson(mean))
    small = decided(changed(case, on_order=((ordered, 3.0),)))
    large = decided(changed(case, on_order=((ordered + more, 3.0),)))
    assert (large.quantity if large else 0) <= (small.quantity if small else 0)
    for one in (small, large):
        if one is not None:
            assert one.quantity > 0
            assert one.quantity % Decimal(pack) == 0


@settings(max_examples=30, deadline=None)
@given(
    low=st.floats(0.5, 0.99),
    high=st.floats(0.5, 0.99),
    mean=st.sampled_from([0.1, 2.0, 30.0]),
    seed=st.integers(0, 99),
)
def test_a_higher_service_level_never_lowers_the_reorder_point(low: float, high: float, mean: float, seed: int) -> None:
    low, high = min(low, high), max(low, high)
    case = Case(demand=poisson(mean, seed=seed))
    assert reorder_point(case, Params(service_level=low)) <= reorder_point(case, Params(service_level=high))


def test_a_less_reliable_supplier_means_a_higher_reorder_point() -> None:
    steady = Case(lead_time=learn(5.0, [5.0] * 30))
    erratic = Case(lead_time=learn(5.0, [2.0, 10.0] * 15))
    assert reorder_point(steady, Params()) < reorder_point(erratic, Params())


def test_doubt_about_the_stock_on_hand_counts_as_demand() -> None:
    sure = Case(on_hand=50)
    doubtful = replace(sure.item, on_hand=Amount(np.linspace(20.0, 80.0, 200)))
    futures = draw(doubtful, sure.offer.lead_time, TODAY, Params(), 1, np.random.default_rng(1))
    assert levels(doubtful, sure.offer, futures, Params()).reorder_point > reorder_point(sure, Params())


def test_items_without_demand_stock_or_debts_are_left_alone() -> None:
    nothing = DemandPaths(None, "moving average", TODAY, np.zeros((64, 28), np.float32))
    assert decided(Case(on_hand=0, demand=nothing)) is None
    owed = decided(Case(on_hand=0, backordered=3, demand=nothing))
    assert owed is not None
    assert owed.quantity == 3


def test_without_a_forecast_only_what_is_owed_is_ordered() -> None:
    assert decided(Case(on_hand=0, demand=None)) is None
    owed = decided(Case(on_hand=2, reserved=2, backordered=5, demand=None, pack_size="4"))
    assert owed is not None
    assert owed.quantity == 8
    assert "not enough history" in owed.reason
    assert owed.evidence["forecast"] is None
    assert decided(Case(on_hand=2, reserved=2, backordered=5, demand=None, on_order=((6, 2.0),))) is None


def test_an_item_nobody_sells_cannot_be_ordered() -> None:
    case = Case(on_hand=0)
    alone = replace(case.snapshot, items=(replace(case.item, offers=()),))
    assert decide(alone, Params(), np.random.default_rng(0)) == ()


def test_the_cheapest_offer_is_taken_and_of_equals_the_fastest() -> None:
    base = Case().offer
    slow = replace(base, supplier_id=1, lead_time=fixed(20))
    fast = replace(base, supplier_id=2, lead_time=fixed(2))
    dear = replace(base, supplier_id=4, unit_cost=Decimal(9), lead_time=fixed(1))
    assert choose((dear, slow, fast)).supplier_id == 2


def test_free_holding_does_not_order_for_ever() -> None:
    decision = decided(Case(on_hand=0, unit_cost="0"), Params(longest_cover_days=30))
    assert decision is not None
    assert decision.evidence["policy"]["economic_quantity"] is None
    assert decision.quantity < 5 * (30 + 20)


def test_a_forecast_shorter_than_the_lead_time_is_continued_on_the_same_weekdays() -> None:
    rhythm = np.tile(np.array([0, 0, 0, 0, 0, 7, 0], np.float32), (32, 4))[:, :26]
    demand = DemandPaths(None, "seasonal naive", TODAY, rhythm)
    case = Case(demand=demand, lead_time=fixed(69))
    futures = draw(case.item, case.offer.lead_time, TODAY, Params(), 1, np.random.default_rng(0))
    daily = np.diff(futures.demand, axis=1)
    assert daily.shape[1] == 70
    assert (daily.sum(axis=1) == 70).all()
    assert (daily[:, 5::7] == 7).all()


def test_an_old_forecast_is_read_from_today_on() -> None:
    paths = np.tile(np.arange(28, dtype=np.float32), (8, 1))
    demand = DemandPaths(None, "moving average", TODAY - timedelta(days=10), paths)
    case = Case(demand=demand, lead_time=fixed(3))
    futures = draw(case.item, case.offer.lead_time, TODAY, Params(), 1, np.random.default_rng(0))
    assert futures.demand[0].tolist() == [0, 10, 21, 33, 46]


def test_the_reason_names_the_numbers_it_stands_on() -> None:
    decision = decided(Case(on_hand=40, reserved=12, pack_size="12", lead_time=fixed(5)))
    assert decision is not None
    assert decision.reason.startswith("On hand 40, reserved 12, on order 0: position 28. Demand over the 5-day")
    point = decision.evidence["policy"]["reorder_point"]
    assert f"at most {point:.0f} in 95 of 100 cases" in decision.reason
    assert f"{decision.quantity} ({decision.quantity // 12} packs of 12) from Harbour Supplies" in decision.reason


def test_the_reason_says_when_an_order_comes_too_late() -> None:
    late = decided(Case(on_hand=2, lead_time=fixed(6)))
    assert late is not None
    assert "before anything ordered now could arrive is 100% already; waiting a day would leave" in late.reason
    owing = decided(Case(on_hand=2, reserved=1, backordered=6))
    assert owing is not None
    assert "5 units are owed to customers already" in owing.reason
    early = decided(Case(on_hand=38, lead_time=fixed(6)))
    assert early is not None
    assert "It lowers the risk of running out before a later order could arrive from" in early.reason


def evidence_of(case: Case) -> Decision:
    decision = decided(case)
    assert decision is not None
    return decision


def test_the_evidence_is_complete_and_fit_for_json() -> None:
    decision = evidence_of(Case(on_hand=20, reserved=5, on_order=((6, 2.5), (4, -3.0)), pack_size="12"))
    json.dumps([decision.evidence, decision.alternative, decision.expected_value], allow_nan=False)
    stock = decision.evidence["stock"]
    assert stock["position"] == 20 - 5 + 10
    stockout = decision.evidence["stockout"]
    assert stockout["before_arrival"] <= stockout["until_next_order_with"]
    assert stockout["until_next_order_with"] <= stockout["until_next_order_without"]
    wait = decision.alternative["wait"]
    assert wait["stockout_probability"] == stockout["until_next_order_without"]
    assert wait["units_short"] >= wait["units_short_with_order"]
    less = decision.alternative["one_pack_less"]
    assert Decimal(less["quantity"]) == decision.quantity - 12
    assert less["stockout_probability"] >= stockout["until_next_order_with"]
    value = decision.expected_value
    assert value["p10"] <= value["mean"] <= value["p90"]
    assert decision.expires_at == NOON + timedelta(days=2)


def test_the_chart_shows_the_shelf_with_and_without_the_order() -> None:
    two = DemandPaths(None, "moving average", TODAY, np.full((16, 28), 2.0, np.float32))
    decision = evidence_of(Case(on_hand=6, on_order=((3, 1.5),), lead_time=fixed(4), demand=two))
    chart = decision.evidence["chart"]
    assert chart["arrives_on_day"] == 4
    assert chart["without"]["p50"][:7] == [6, 4, 5, 3, 1, -1, -3]
    assert chart["without"]["p10"] == chart["without"]["p90"]
    order = float(decision.quantity)
    assert chart["with"]["p50"][:7] == [6, 4, 5, 3, 1, -1 + order, -3 + order]


def test_without_a_known_price_the_value_is_in_units_only() -> None:
    value = evidence_of(Case(on_hand=5, unit_price=None)).expected_value
    assert value["mean"] is None
    assert value["units_spared"] > 0


def test_the_same_seed_gives_the_same_decisions() -> None:
    assert decided(Case(on_hand=5), seed=3) == decided(Case(on_hand=5), seed=3)


@pytest.mark.parametrize(
    ("quantity", "says"),
    [
        ("13", "whole packs of 12"),
        ("-12", "whole packs"),
        ("0", "whole packs"),
        ("1.2e40", "whole packs"),
        ("12", "minimum of 24"),
    ],
)
def test_an_edited_quantity_must_be_packs_and_reach_the_minimum(quantity: str, says: str) -> None:
    (fault,) = order_faults(Decimal(quantity), Decimal(12), Decimal(24))
    assert says in str(fault)


def test_parameters_out_of_range_are_all_named() -> None:
    with pytest.raises(Invalid) as caught:
        Params(service_level=1.0, review_days=0)
    assert [fault.where for fault in caught.value.faults] == ["service_level", "review_days"]


def test_without_a_forecast_a_persons_own_rule_counts() -> None:
    rule = Rule(11, 1, Decimal(20), Decimal(60))
    told = changed(Case(), on_hand=20, demand=None, pack_size="12", rule=rule)
    order = decided(told)
    assert order is not None
    assert order.quantity == 48
    assert "your own rule counts: reorder at 20, up to 60" in order.reason
    assert order.evidence["rule"] == {"reorder_point": "20", "order_up_to": "60", "counts": True}
    assert decided(changed(told, on_hand=21)) is None
    assert decided(changed(told, on_order=((1, 3.0),))) is None


@pytest.mark.parametrize(("on_hand", "ordered"), [(20, 12), (19, 12), (7, 24), (21, None)])
def test_a_rule_without_an_upper_level_orders_the_fewest_packs_that_will_do(on_hand: int, ordered: int | None) -> None:
    order = decided(changed(Case(), on_hand=on_hand, demand=None, pack_size="12", rule=Rule(11, 1, Decimal(20), None)))
    assert (order.quantity if order else None) == ordered


def test_with_a_forecast_a_rule_stands_beside_it_and_changes_nothing() -> None:
    without, told = decided(Case(on_hand=5)), decided(Case(on_hand=5, rule=Rule(11, 1, Decimal(3), Decimal(9))))
    assert without is not None
    assert told is not None
    assert told.quantity == without.quantity
    assert "Your own rule says reorder at 3, up to 9: its reorder point is" in told.reason
    assert "below the one of the forecast" in told.reason


def test_an_assumed_lead_time_is_marked_so() -> None:
    order = decided(Case(on_hand=5, lead_time=replace(learn(7.0, ()), assumed=True)))
    assert order is not None
    assert order.evidence["lead_time"]["assumed"] is True
    assert "Nobody said how long Harbour Supplies takes: the 7 days that are usual here are assumed." in order.reason
