"""The moving average among the policies that race, and orders that never arrive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shelfwise.planning.policies.backlog import OrderUpTo
from shelfwise.planning.policies.families import FAMILIES
from shelfwise.planning.policies.model import Observation, Terms
from shelfwise.planning.policies.race import Entrants, race
from shelfwise.planning.policies.recent import MovingAverage
from shelfwise.planning.policies.replay import CostsOfMany, Course, TermsOfMany, bootstrap, replay

COSTS = CostsOfMany(np.full((1, 1), 1.0), np.full((1, 1), 9.0), np.zeros((1, 1)))
NAMES = [family.name for family in FAMILIES]


def test_a_moving_average_is_reckoned_as_a_spreadsheet_would() -> None:
    rule = MovingAverage(2.0, window=4, covers=3.0, jitter=0.5, terms=Terms(5))
    sales = (90.0, 8.0, 12.0, 10.0, 14.0)
    mean, spread = 11.0, np.std([8, 12, 10, 14], ddof=1)
    level = 3 * mean + 2 * np.sqrt(3 * spread**2 + 0.5**2 * mean**2)
    order = rule.order(Observation(5, 6.0, 10.0, sales=sales, demand_seen=True))
    assert order == 5 * np.ceil((np.rint(level) - 16) / 5)


def test_periods_that_ended_without_stock_say_nothing_of_the_average() -> None:
    rule = MovingAverage(0.0, window=4, covers=2.0, otherwise=30.0)
    sales, left = (9.0, 9.0, 0.0, 9.0, 1.0, 9.0), (5.0, 5.0, 0.0, 5.0, 0.0, 5.0)
    assert rule.order(Observation(6, 5.0, sales=sales, left=left)) == 13
    assert rule.order(Observation(3, 5.0, sales=sales[:3], left=left[:3])) == 25


def test_in_a_replay_it_knows_what_was_wanted_before_and_nothing_of_later() -> None:
    demand = np.full((60, 1, 1), 4.0)
    demand[40:] = 40.0
    seen: list[float] = []

    class Watches(MovingAverage):
        def quantities(self, shelves):  # type: ignore[no-untyped-def]
            seen.append(float(shelves.recent(self.window)[0].item()))
            return super().quantities(shelves)

    replay(Watches(0.0, 10, 2.0), Course(demand, np.ones(demand.shape, np.int64)), COSTS)
    assert seen[2:41] == [4.0] * 39
    assert seen[41] == pytest.approx(7.6)
    assert seen[50:] == [40.0] * 10


def test_where_the_level_has_moved_the_moving_average_beats_levels_of_before() -> None:
    rng = np.random.default_rng(2)
    past = rng.poisson(np.where(np.arange(720) < 480, 5.0, 15.0), (3, 720)).astype(float)
    one = np.ones((3, 1))
    items = Entrants(past, (np.array([3.0, 4.0]),) * 3, CostsOfMany(one, 9 * one, 0 * one), TermsOfMany(one, 0 * one))
    ran = race(items)
    average, fixed = NAMES.index("moving average"), NAMES.index("order up to")
    assert (ran.cost[average] < 0.6 * ran.cost[fixed]).all()
    assert (ran.cost[ran.winner, range(3)] <= ran.cost[average]).all()


def test_an_order_that_never_arrives_is_given_up_and_ordered_again() -> None:
    demand = np.full((40, 1, 1), 2.0)
    lost = np.zeros(demand.shape, bool)
    lost[5] = True
    lead = np.where(lost, 8, 2)
    every = replay(OrderUpTo(20.0), Course(demand, lead), COSTS)
    without = replay(OrderUpTo(20.0), Course(demand, lead, lost), COSTS)
    assert without.missed.sum() == every.missed.sum() == 0
    # The two units of period 5 are given up in period 13, ordered anew in the next one, and there in period 16.
    assert (every.stock - without.stock).item() * 40 == pytest.approx(3 * 2)


def test_a_drawn_course_loses_as_many_orders_as_are_lost() -> None:
    past, leads = np.ones((2, 60)), [np.array([2.0, 3.0])] * 2
    drawn = bootstrap(past, leads, 200, 20, np.random.default_rng(1), lost=[0.0, 0.2], given_up=5)
    assert drawn.lost is not None
    assert not drawn.lost[:, 0].any()
    assert drawn.lost[:, 1].mean() == pytest.approx(0.2, abs=0.02)
    assert (drawn.lead[drawn.lost] == 8).all()
    costs = CostsOfMany(*(np.repeat(each, 2, axis=0) for each in (COSTS.holding, COSTS.shortage, COSTS.order)))
    certain = replay(OrderUpTo(6.0), replace(drawn, lost=None), costs)
    some = replay(OrderUpTo(6.0), drawn, costs)
    assert some.missed[1].sum() > certain.missed[1].sum()
    assert (some.missed[0] == certain.missed[0]).all()
