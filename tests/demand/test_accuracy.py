"""Forecasts are scored once their days are known: by the same marks as a race, and again where sales were corrected."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from shelfwise.access.context import Context
from shelfwise.demand.accuracy.judging import SCORED_DAYS, came, judge, seen
from shelfwise.demand.accuracy.service import accuracy, score_forecasts
from shelfwise.demand.accuracy.summing import judged
from shelfwise.demand.accuracy.tables import Sums
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.demand.model import DemandHistory
from shelfwise.demand.race.segments import Segment
from shelfwise.demand.service import last_whole_day
from shelfwise.records.service import add_item, add_site
from shelfwise.store.database import run, value, values

ORIGIN = date(2026, 1, 31)
BEFORE = 70


def of_days(before: float, after: float, masked: tuple[int, ...] = ()) -> DemandHistory:
    """The same every day before the origin and the same after it; `masked` days are counted from it."""
    quantity = np.concatenate((np.full(BEFORE, before), np.full(SCORED_DAYS, after)))
    hidden = np.zeros(len(quantity), bool)
    hidden[[BEFORE + day for day in masked]] = True
    return DemandHistory(ORIGIN - timedelta(days=BEFORE - 1), quantity, hidden)


def futures(*means: float) -> np.ndarray:
    return np.repeat(np.array(means, np.float32)[:, None], SCORED_DAYS, axis=1)


def test_errors_are_summed_by_half_beside_the_moving_average_of_the_same_evening() -> None:
    found = judge(ORIGIN, [of_days(10, 6)], [futures(7, 8, 9)])
    assert found.segments == (Segment.SMOOTH,)
    assert found.marks.count.tolist() == [[14, 14]]
    assert found.marks.absolute.tolist() == [[28, 28]]
    assert found.marks.difference.tolist() == [[28, 28]]
    assert found.average.absolute.tolist() == [[56, 56]], "ten were sold a day until then"


def test_a_total_is_inside_where_its_range_holds_what_came() -> None:
    found = judge(ORIGIN, [of_days(10, 6), of_days(10, 8)], [futures(7, 8, 9), futures(6, 7, 8, 9, 10)])
    assert found.total_covered.tolist() == [[0, 0], [1, 1]]


def test_days_of_which_nobody_knows_are_not_scored() -> None:
    found = judge(ORIGIN, [of_days(10, 6, masked=(0, 1, 2, 3, 20))], [futures(7, 8, 9)])
    assert found.marks.count.tolist() == [[10, 13]]
    assert found.marks.absolute.tolist() == [[20, 26]]
    assert np.isnan(found.total_covered[0, 0]), "four of the first seven days are unknown"


def test_what_was_corrected_is_another_digest_in_its_own_half_alone() -> None:
    first, second = of_days(10, 6), of_days(10, 6)
    second.quantity[BEFORE + 20] = 5
    old, new = (seen(1, *came(one, ORIGIN)) for one in (first, second))
    assert (old[0] == new[0], old[1] == new[1]) == (True, False)


def test_a_group_has_the_scores_of_its_sums_and_the_mean_of_its_items_rmsse() -> None:
    one = Sums("A", 1, "smooth", 1, 10, 100, 20, -10, 40, 5, 8, 2, 1.5, 25, 90)
    found = judged([one, replace(one, key="B", item_id=2, absolute=40, difference=10, scaled=10)])
    assert (found.scores.wape, found.scores.bias, found.scores.coverage) == (0.3, 0, 0.8)
    assert found.scores.rmsse == pytest.approx((2 + 1) / 2)
    assert found.average_wape == 0.25
    assert found.value_added == pytest.approx(-0.2), "it made things worse, and says so"
    assert found.total_coverage == (0.75, None)


@pytest.fixture
def shop(ctx: Context) -> tuple[int, int, date]:
    """Tea sold three a day for a hundred days; its forecast of a month ago is kept. (site, item, yesterday)"""
    site = add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
    tea = add_item(ctx, sku="TEA")
    today = last_whole_day(ctx, site)
    for ago in range(100):
        run(ctx.tx, "insert into demand_day values (%s, %s, %s, %s, 3)", (1, tea, site, today - timedelta(days=ago)))
    forecast_site(ctx, site, today - timedelta(days=SCORED_DAYS))
    return site, tea, today


def test_a_forecast_is_scored_half_by_half_and_once(ctx: Context, shop: tuple[int, int, date]) -> None:
    site, _, today = shop
    assert accuracy(ctx, site) is None
    assert score_forecasts(ctx, site, today - timedelta(days=15)) == 0, "its first half is not over"
    assert score_forecasts(ctx, site, today - timedelta(days=14)) == 1
    assert score_forecasts(ctx, site, today) == 2
    assert score_forecasts(ctx, site, today) == 0
    found = accuracy(ctx, site)
    assert found is not None
    assert (found.whole.scores.wape, found.whole.scores.periods, found.items) == (0, SCORED_DAYS, 1)
    assert [(segment, many) for segment, many, _ in found.segments] == [(Segment.SMOOTH, 1)]
    assert [one.sku for one in found.worst] == ["TEA"]


def test_a_corrected_sale_scores_again_what_it_changes(ctx: Context, shop: tuple[int, int, date]) -> None:
    site, tea, today = shop
    score_forecasts(ctx, site, today)
    run(ctx.tx, "update demand_day set quantity = 5 where item_id = %s and day = %s", (tea, today))
    assert score_forecasts(ctx, site, today) == 2
    assert values(ctx.tx, "select half, absolute from forecast_accuracy order by half") == [(1, 0.0), (2, 2.0)]


def test_old_scores_are_thinned_to_one_evening_a_week_and_then_go(ctx: Context, shop: tuple[int, int, date]) -> None:
    site, _, today = shop
    score_forecasts(ctx, site, today)
    run(
        ctx.tx,
        """insert into forecast_accuracy select tenant_id, site_id, item_id, origin - n, half, segment, model, seen,
               count, demand, absolute, difference, scaled, pinball, covered, total_covered, average_absolute,
               average_scaled from forecast_accuracy, generate_series(1, 400) n""",
    )
    score_forecasts(ctx, site, today)
    daily = today - timedelta(weeks=12)
    assert value(ctx.tx, "select count(distinct origin) from forecast_accuracy where origin >= %s", (daily,)) == 57
    assert value(ctx.tx, "select count(distinct origin) from forecast_accuracy where origin < %s", (daily,)) in (40, 41)
