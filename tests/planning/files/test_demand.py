"""What files tell of demand, in whatever form, becomes futures with the totals that were told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shelfwise.demand.files.source import InMemory
from shelfwise.demand.panel import Frequency
from shelfwise.planning.files.daily import daily, first_day, length
from shelfwise.planning.files.demand import forecasts, heard
from shelfwise.planning.files.told import Told, told_paths, told_quantiles, told_totals
from shelfwise.planning.model import DemandPaths
from tests.planning.files.folders import START, plan_of

DAYS = [START + timedelta(days=number) for number in range(14)]


def notes(text: str) -> None:
    """Nobody listens."""


def table(**columns: object) -> InMemory:
    return InMemory.of("told", pl.DataFrame({"item": "TEA", **columns}))


def only(told: Told) -> DemandPaths:
    ((place, paths),) = told.paths.items()
    assert place == ("TEA", "")
    assert told.first_day == paths.first_day == START
    return paths


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_weeks_total_falls_on_its_days_by_chance_and_stays(rng: np.random.Generator) -> None:
    weeks = np.array([[14, 0], [3, 7]], np.float32)
    days = daily(weeks, [START, START + timedelta(days=7)], Frequency.WEEK, rng)
    assert days.shape == (2, 14)
    assert (days == np.floor(days)).all()
    assert (days.reshape(2, 2, 7).sum(axis=2) == weeks).all()
    assert len(np.unique(days[0, :7])) > 1
    even = daily(weeks + 0.5, [START, START + timedelta(days=7)], Frequency.WEEK, rng)
    assert even[0, 0] == pytest.approx(14.5 / 7)


def test_a_month_begins_on_its_first_day_and_a_week_may_be_called_by_its_last_one() -> None:
    assert first_day(date(2026, 2, 28), Frequency.MONTH, by_its_end=False) == date(2026, 2, 1)
    assert length(date(2026, 2, 1), Frequency.MONTH) == 28
    assert first_day(date(2026, 3, 8), Frequency.WEEK, by_its_end=True) == date(2026, 3, 2)
    assert first_day(date(2026, 3, 8), Frequency.DAY, by_its_end=True) == date(2026, 3, 8)


def test_paths_are_taken_as_they_are(rng: np.random.Generator) -> None:
    told = told_paths(
        table(date=DAYS * 2, path=[1] * 14 + [2] * 14, quantity=[*range(14), *range(14, 0, -1)]), notes, rng
    )
    assert only(told).paths.tolist() == [list(range(14)), list(range(14, 0, -1))]


def test_totals_keep_every_quantile_that_was_told(rng: np.random.Generator) -> None:
    running = np.arange(1, 15)
    told = told_totals(table(date=DAYS, **{"q0.1": 2 * running, "q0.5": 4 * running, "q0.9": 8 * running}), notes, rng)
    totals = only(told).paths.cumsum(axis=1)
    for level, times in ((0.1, 2), (0.5, 4), (0.9, 8)):
        assert np.quantile(totals[:, -1], level) == pytest.approx(times * 14, rel=0.03)
    assert (np.diff(totals, axis=1) >= 0).all()


def test_a_closed_day_adds_nothing_to_a_total(rng: np.random.Generator) -> None:
    days = [DAYS[0], DAYS[1], DAYS[3]]
    told = told_totals(table(date=days, **{"q0.5": [5.0, 9.0, 12.0]}), notes, rng)
    assert only(told).paths[0].tolist() == [5, 4, 0, 3]


def test_quantiles_of_days_go_together_a_little(rng: np.random.Generator) -> None:
    told = told_quantiles(table(date=DAYS, **{"q0.1": 8.6, "q0.5": 10.0, "q0.9": 11.4}), notes, rng)
    paths = only(told).paths
    day, total = paths.std(axis=0).mean(), paths.sum(axis=1).std()
    assert np.quantile(paths, 0.9) == pytest.approx(11.4, rel=0.03)
    assert day * 14**0.5 * 1.3 < total < day * 14 * 0.75


def test_a_mean_alone_is_taken_to_come_at_random(rng: np.random.Generator) -> None:
    said: list[str] = []
    paths = only(told_quantiles(table(date=DAYS, mean=[4.0] * 14), said.append, rng)).paths
    assert paths.mean() == pytest.approx(4, rel=0.05)
    assert paths.var() == pytest.approx(4, rel=0.1)
    assert "Poisson" in said[0]


def test_what_nobody_can_forecast_is_unknown_and_not_zero(rng: np.random.Generator) -> None:
    rows = pl.DataFrame({"item": ["TEA", "NEW"], "date": [START] * 2, "mean": [3.0, None], "q0.5": [3.0, None]})
    assert set(told_quantiles(InMemory.of("told", rows), notes, rng).paths) == {("TEA", "")}


def test_running_totals_under_a_wrong_name_are_noticed(rng: np.random.Generator) -> None:
    said: list[str] = []
    told_quantiles(table(date=DAYS, **{"q0.5": list(range(1, 15))}), said.append, rng)
    assert any("call it totals.csv" in one for one in said)


def test_lines_of_orders_are_added_up_by_day() -> None:
    rows = [(f"S{day}{number}", "TEA", DAYS[day], 2) for day in range(14) for number in range(3)]
    frame = pl.DataFrame(rows, schema=["order number", "sku", "ordered at", "quantity"], orient="row")
    said: list[str] = []
    found = heard({"history": InMemory.of("sales", frame)}, 0, said.append)
    assert found.today == START + timedelta(days=14)
    assert found.read is not None
    assert found.read.panel.quantity.tolist() == [[6.0] * 14]
    assert any("42 lines were added up to 14 days" in one for one in said)


def test_weeks_are_forecast_as_weeks_and_planned_by_day() -> None:
    weeks = [START + timedelta(days=7 * number) for number in range(30)]
    frame = pl.DataFrame({"item": "TEA", "week ending": weeks, "quantity": [70, 64, 75] * 10})
    found = heard({"history": InMemory.of("history", frame)}, 0, notes)
    assert found.today == weeks[-1] + timedelta(days=1)
    paths = forecasts(found, 0, notes, lambda *_: None)["TEA", ""].paths
    assert paths.shape == (256, 56)
    assert paths[:, :7].sum(axis=1).mean() == pytest.approx(70, rel=0.1)


def test_a_history_beside_a_forecast_says_what_lacks_one(tmp_path: Path) -> None:
    forecast = "item,date,q0.1,q0.5,q0.9\n" + "".join(f"MUG,{START + timedelta(days=28)},1,2,{n}\n" for n in (4,))
    made = plan_of(tmp_path, forecast=forecast, stock="sku,quantity\nMUG,0\nTEA,0\n")
    assert "1 item of the history have no forecast: only what is owed is ordered of them." in made.summary["notes"]
    assert made.summary["counts"]["with_forecast"] == 1
