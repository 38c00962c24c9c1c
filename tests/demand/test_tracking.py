"""A forecast that errs on one side day after day is told; noise, however lumpy, is not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.demand.accuracy.tracking import KIND, RAISED, runs_away, tracking_signal, watch_forecasts
from shelfwise.demand.service import last_whole_day
from shelfwise.records.service import add_item, add_site
from shelfwise.store.database import run
from shelfwise.work.alerts import open_alerts


def test_errors_on_one_side_raise_the_signal_and_its_sign_says_which() -> None:
    assert tracking_signal([]) == tracking_signal([0.0] * 30) == 0
    assert tracking_signal([2.0] * 14) > RAISED
    assert tracking_signal([-2.0] * 14) == -tracking_signal([2.0] * 14)
    assert tracking_signal([2.0] * 5) < RAISED, "a few errors alone never alarm"


@pytest.mark.parametrize("rate", [20.0, 1.0, 0.2, 0.05])
def test_a_forecast_that_is_right_on_average_is_hardly_ever_told_however_lumpy_its_demand(rate: float) -> None:
    rng = np.random.default_rng(7)
    lumps = rng.poisson(rate, (2000, 35)) * rng.integers(1, 20, (2000, 35))
    busy = ((lumps > 0) | (rate >= 1)).sum(axis=1).tolist()
    alarms = [
        runs_away(tracking_signal(errors), 35, days, told=False)
        for errors, days in zip((rate * 10 - lumps).tolist(), busy, strict=True)
    ]
    assert np.mean(alarms) < 0.01


def test_what_is_told_stays_so_until_it_has_clearly_come_right() -> None:
    assert [runs_away(0.4, 30, 30, told) for told in (False, True)] == [False, True]
    assert not runs_away(0.3, 30, 30, told=True)
    assert not runs_away(1, 30, 4, told=False), "too few sales to say anything"


def test_it_is_told_in_plain_words_once_and_clears_by_itself(ctx: Context) -> None:
    site = add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
    tea, day = add_item(ctx, sku="TEA"), last_whole_day(ctx, site)
    for ago in range(35):
        run(ctx.tx, "insert into demand_day values (1, %s, %s, %s, 9)", (tea, site, day - timedelta(days=ago)))
        if ago:
            run(
                ctx.tx,
                """insert into forecast (tenant_id, item_id, site_id, origin, horizon, model, paths, summary, made_at)
                   values (1, %s, %s, %s, 28, 'moving average', '', %s, %s)""",
                (tea, site, day - timedelta(days=ago), Jsonb({"mean": [3.0], "q50": [3.0]}), ctx.now),
            )
    assert watch_forecasts(ctx, site, day) == watch_forecasts(ctx, site, day) == 1
    (told,) = [one for one in open_alerts(ctx) if one.kind == KIND]
    assert told.title == "The forecast of TEA says too little, day after day"
    assert "Over 34 days 102 were expected" in told.detail and "306 came" in told.detail
    run(ctx.tx, """update forecast set summary = '{"mean": [9.0], "q50": [9.0]}'""")
    assert watch_forecasts(ctx, site, day) == 0
    assert not [one for one in open_alerts(ctx) if one.kind == KIND]
