"""Levels that follow an outlook, and the choice between outlooks on the past as it was."""

from __future__ import annotations

import numpy as np
import pytest

from shelfwise.core.errors import Invalid
from shelfwise.planning.model import Floats
from shelfwise.planning.policies.following import FollowedLevel, following, walk, walked
from shelfwise.planning.policies.model import Observation, Terms
from shelfwise.planning.policies.outlook import Outlook, of_average, of_forecasts, recent
from shelfwise.planning.policies.recent import MovingAverage
from shelfwise.planning.policies.replay import CostsOfMany

LEADS = [np.array([1.0, 3.0]), np.array([2.0, 2.0])]
ITEMS, PERIODS = 8, 60


def costs(shortage: float, items: int = ITEMS) -> CostsOfMany:
    one = np.ones((items, 1))
    return CostsOfMany(one, shortage * one, 0 * one)


def test_what_is_known_lately_leaves_out_what_is_not() -> None:
    past = np.array([[4.0, np.nan, 8.0, 6.0, 100.0], [np.nan, np.nan, np.nan, 5.0, 7.0]])
    mean, spread = recent(past, np.array([4, 5]), 3)
    assert mean[0].tolist() == [7.0, 5.0]
    assert spread[0] == pytest.approx([2**0.5, 0.0])
    assert mean[1].tolist() == [38.0, 6.0]
    nothing, _ = recent(past, np.array([0]), 3)
    assert nothing.tolist() == [[0.0, 0.0]]


def test_an_average_expects_what_the_policy_of_that_name_orders_up_to() -> None:
    sales = np.random.default_rng(1).poisson(20.0, 30).astype(float)
    seen = of_average("average", sales[None], np.array([30]), LEADS[:1], window=12)
    level = seen.level(1.5).item()
    rule = MovingAverage(1.5, window=12, covers=3.0, jitter=1.0)
    assert rule.order(Observation(30, 0.0, sales=tuple(sales), demand_seen=True)) == np.rint(level)


def test_forecasts_are_read_off_where_an_order_has_come_and_lead_times_that_differ_are_a_doubt() -> None:
    mean = np.array([[[10.0, 20, 30, 40], [5, 10, 15, 20]]])
    doubt = np.array([[[3.0, 4, 5, 6], [1, 2, 3, 4]]])
    seen = of_forecasts("forecast", mean, doubt, LEADS)
    # The first item's orders come after one or three periods, so that they cover two or four with the review.
    assert seen.mean.tolist() == [[30.0, 15.0]]
    assert seen.doubt[0] == pytest.approx([np.sqrt((4**2 + 6**2) / 2 + 10**2), 3.0])
    with pytest.raises(Invalid, match="periods ahead"):
        of_forecasts("forecast", mean[:, :, :3], doubt[:, :, :3], LEADS)


def test_a_level_of_one_item_can_be_asked_step_by_step() -> None:
    rule = FollowedLevel(np.array([10.0, 20.0])[:, None, None], terms=Terms(4))
    assert rule.order(Observation(0, 7.0)) == 4
    assert rule.order(Observation(1, 7.0, 4.0)) == 12
    assert rule.order(Observation(9, 7.0, 4.0)) == 12
    with pytest.raises(Invalid, match="one item"):
        FollowedLevel(np.zeros((2, 3, 1))).order(Observation(0, 7.0))


@pytest.fixture(scope="module")
def season() -> tuple[list[Outlook], Floats]:
    """Demand that swings, an outlook that knows it, and one that only knows the mean."""
    rng = np.random.default_rng(4)
    mean = 30 + 25 * np.sin(np.arange(PERIODS + 4) * 2 * np.pi / 12)
    demand = rng.poisson(mean[:PERIODS], (ITEMS, PERIODS)).astype(float)
    total = np.stack([mean[:PERIODS] + mean[1 : PERIODS + 1] + mean[2 : PERIODS + 2]] * ITEMS, axis=1)
    knows = Outlook("knows", total, np.sqrt(total))
    blind = Outlook("blind", np.full_like(total, 90.0), np.full_like(total, 10.0))
    return [blind, knows], demand


def test_whoever_sees_a_season_coming_wins_the_walk_through_the_past(
    season: tuple[list[Outlook], Floats],
) -> None:
    outlooks, demand = season
    course = walked(demand, [np.array([2.0])] * ITEMS, np.random.default_rng(0))
    assert np.array_equal(demand, course.demand[:, :, 0].T)
    ran = walk([following(one, Terms()) for one in outlooks], course, warm_up=4)
    choice = ran.choose(costs(20.0))
    assert (choice.way == 1).all()
    served = 1 - ran.missed / ran.demand
    assert (np.diff(served, axis=1) > -1e-9).all()
    # At as much served it needs less: that is why it won.
    assert np.interp(0.97, served[1, :, 0], ran.stock[1, :, 0]) < 0.7 * np.interp(
        0.97, served[0, :, 0], ran.stock[0, :, 0]
    )
    assert (choice.level(outlooks)[5] == outlooks[1].mean[5] + choice.safety * outlooks[1].doubt[5]).all()


def test_what_is_less_simple_has_to_be_clearly_better(season: tuple[list[Outlook], Floats]) -> None:
    outlooks, demand = season
    course = walked(demand, [np.array([2.0])] * ITEMS, np.random.default_rng(0))
    ran = walk([following(one, Terms()) for one in outlooks], course, warm_up=4)
    assert (ran.choose(costs(20.0), handicaps=(0.0, 0.1)).way == 1).all()
    assert (ran.choose(costs(20.0), handicaps=(0.0, 5.0)).way == 0).all()


def test_a_dearer_miss_asks_for_more_safety(season: tuple[list[Outlook], Floats]) -> None:
    outlooks, demand = season
    course = walked(demand, [np.array([1.0, 2.0, 3.0])] * ITEMS, np.random.default_rng(0))
    ran = walk([following(outlooks[1], Terms())], course, warm_up=4)
    assert (ran.choose(costs(4.0)).safety < ran.choose(costs(80.0)).safety).all()


def test_an_item_that_had_luck_is_drawn_to_its_group_and_not_to_others(
    season: tuple[list[Outlook], Floats],
) -> None:
    outlooks, demand = season
    lucky = demand.copy()
    lucky[0] = demand.mean()
    course = walked(lucky, [np.array([2.0])] * ITEMS, np.random.default_rng(0))
    ran = walk([following(one, Terms()) for one in outlooks], course, warm_up=4)
    apart, together = ran.choose(costs(20.0), np.arange(ITEMS)), ran.choose(costs(20.0))
    assert (apart.way[0], together.way[0]) == (0, 1)
    alone = ran.choose(costs(20.0), group_counts_as=0.0)
    assert len(np.unique(alone.safety)) > 4
    assert len(np.unique(together.safety)) == 1


def test_what_never_sold_does_not_drown_the_others(season: tuple[list[Outlook], Floats]) -> None:
    outlooks, demand = season
    silent = demand.copy()
    silent[0] = 0.0
    course = walked(silent, [np.array([2.0])] * ITEMS, np.random.default_rng(0))
    ran = walk([following(one, Terms()) for one in outlooks], course, warm_up=4)
    choice = ran.choose(costs(20.0))
    assert (choice.way[1:] == 1).all()
    assert (choice.safety[1:] > 0).all()
