"""What a policy finds out for itself: when orders come, which never will, and what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from benchmarks._ordering import Plain, invented, reward

from shelfwise.core.errors import Invalid
from shelfwise.planning.policies.deliveries import Deliveries, Ledger
from shelfwise.planning.policies.expectation import Expectation
from shelfwise.planning.policies.learner import Learner
from shelfwise.planning.policies.model import Costs, Diary, Observation, Unmet

DELIVERED = {"in four": 0.01, "random, some lost": 0.15}


def believed(promised: int, orders: Sequence[float], arrivals: Sequence[float], gone: float = 0.0) -> Deliveries:
    return Ledger(promised).read(
        Observation(
            len(orders),
            0.0,
            in_transit=sum(orders) - sum(arrivals) - gone,
            orders=tuple(orders),
            arrivals=tuple(arrivals),
            sales=(0.0,) * len(orders),
            left=(0.0,) * len(orders),
        )
    )


def test_a_lead_time_other_than_the_promised_is_found_out() -> None:
    orders = [float(10 + number) for number in range(12)]
    found = believed(1, orders, [0.0, 0, 0, 0, *orders[:-4]])
    assert int(np.argmax(found.lead)) == 4
    assert found.lead[4] > 0.8
    assert [age for age, _ in found.outstanding] == [4, 3, 2, 1]
    assert found.lost < 0.1


def test_an_order_that_is_long_overdue_is_given_up_bit_by_bit() -> None:
    orders = [float(10 + number) for number in range(12)]
    arrived = [0.0, 0, *orders[:-2]]
    arrived[7] = 0.0
    chances = []
    for passed in range(7, 13):
        found = believed(2, orders[:passed], arrived[:passed])
        chances.append(next((found.chance_to_come(age) for age, units in found.outstanding if units == 15.0), 1.0))
    assert chances[0] > 0.9
    assert chances == sorted(chances, reverse=True)
    assert chances[-1] < 0.2


def test_what_arrives_together_is_told_apart_by_its_sum() -> None:
    found = believed(2, [7.0, 11.0, 13.0, 17.0, 0.0], [0.0, 0.0, 0.0, 7.0 + 13.0, 0.0])
    assert [units for _, units in found.outstanding] == [11.0, 17.0]


def test_what_is_no_longer_in_transit_is_not_waited_for() -> None:
    found = believed(3, [7.0, 11.0, 13.0], [0.0, 0.0, 0.0], gone=7.0)
    assert [units for _, units in found.outstanding] == [11.0, 13.0]


def test_a_jump_is_followed_within_a_few_periods() -> None:
    rng = np.random.default_rng(4)
    expected = Expectation()
    for demand in [*rng.normal(100, 10, 20), *rng.normal(200, 14, 5)]:
        expected.see(demand, 1)
    assert expected.outlook(1).mean[0] == pytest.approx(200, rel=0.12)


def test_a_wave_is_seen_coming() -> None:
    period = np.arange(44)
    demand = 100 + 60 * np.sin(2 * np.pi * period / 12)
    expected = Expectation()
    for each in demand[:36]:
        expected.see(float(each), 3)
    assert np.abs(expected.outlook(3).mean[:8] - demand[36:]).mean() < 12


def test_sold_out_means_that_more_was_wanted() -> None:
    told, cut = Expectation(), Expectation()
    for demand in np.random.default_rng(6).normal(100, 20, 30):
        told.see(demand, 1)
        if demand > 105:
            cut.censored(105.0, 1)
        else:
            cut.see(demand, 1)
    assert cut.outlook(1).mean[0] == pytest.approx(told.outlook(1).mean[0], rel=0.08)


def test_lumpy_demand_is_never_negative_and_leans() -> None:
    expected = Expectation()
    for demand in [0.0, 0, 30, 0, 0, 0, 12, 0, 0, 55, 0, 0]:
        expected.see(demand, 2)
    paths = expected.outlook(2).paths(2000, np.random.default_rng(0))
    assert paths.min() >= 0
    assert np.median(paths[:, 0]) < paths[:, 0].mean()


@pytest.fixture(scope="module")
def scores() -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for one in invented(seed=3, each=1):
        if one.group[0] not in ("steady", "jump", "season", "fashion") or one.group[1] not in DELIVERED:
            continue
        learner = reward(one, lambda given: Learner(given.costs, given.promised, given.before))
        found.setdefault(one.group[1], []).append((learner, reward(one, Plain)))
    return found


@pytest.mark.parametrize(("delivery", "more"), DELIVERED.items())
def test_the_learner_earns_more_than_a_plain_rule(
    scores: dict[str, list[tuple[float, float]]], delivery: str, more: float
) -> None:
    learner, plain = np.mean(scores[delivery], axis=0)
    assert learner > plain + more


def test_the_same_observations_give_the_same_whole_orders() -> None:
    rng = np.random.default_rng(9)
    sales = rng.poisson(20, 15)

    def orders() -> list[float]:
        diary = Diary(Learner(Costs(1, 9), 2, before=(18.0, 22.0)))
        return [diary.step(on_hand=float(sold % 7), sold=float(sold), arrived=0.0) for sold in sales]

    first = orders()
    assert first == orders()
    assert all(order >= 0 and order == int(order) for order in first)


def test_what_is_coming_in_time_is_not_ordered_again() -> None:
    steady = (20.0, 21.0, 19.0, 20.0, 20.0) * 4
    known = Observation(
        20, 0.0, orders=steady, arrivals=steady, sales=steady, left=(0.0,) * 20, demand_seen=True, unmet=Unmet.LOST
    )
    assert 20 <= Learner(Costs(1, 9), 0).order(known) <= 23
    assert Learner(Costs(1, 9), 0).order(replace(known, on_hand=30.0)) == 0
    late = Observation(
        21, 0.0, 30.0, orders=(*steady, 30.0), arrivals=(*steady, 0.0), sales=(*steady, 0.0), demand_seen=True
    )
    waits = Learner(Costs(1, 9), 0).order(late)
    assert 0 < waits <= Learner(Costs(1, 9), 0).order(replace(known, period=21))


def test_without_any_past_one_unit_is_ordered_to_find_out() -> None:
    assert Learner(Costs(1, 9), 2).order(Observation(0, 0.0)) == 1
    with pytest.raises(Invalid):
        Learner(Costs(1, 9), -1)


@pytest.mark.parametrize("demand", [[0.0] * 12, [1e6, 0.0] * 6, [0.0] * 8 + [5e5] * 4], ids=["none", "wild", "sudden"])
def test_nothing_and_very_much_are_survived(demand: list[float]) -> None:
    diary = Diary(Learner(Costs(1, 4), 1))
    on_hand = sold = arrived = order = 0.0
    for wanted in demand:
        arrived, order = order, diary.step(on_hand, sold, arrived)
        assert 0 <= order < 1e8
        sold = min(on_hand + arrived, wanted)
        on_hand += arrived - sold


def test_a_past_with_holes_is_refused() -> None:
    with pytest.raises(Invalid):
        Observation(2, 0.0, orders=(1.0, 2.0), arrivals=(0.0,))
