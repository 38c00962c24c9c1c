"""The boosted model learns what was told ahead, knows nothing of later, and says how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from benchmarks._invented import Invented, censored, groceries, items

from shelfwise.demand.boosting.model import NAME, Boosted, Effort, Learnt, learn, predict
from shelfwise.demand.contest import Asked
from shelfwise.demand.panel import Column, Numbers, Panel, Prediction
from shelfwise.demand.race.joining import nothing

LITTLE = Effort(rows=8_000, examined=5_000, trees=50)
AHEAD = 8
ASKED = Asked((0.1, 0.5, 0.9), paths=100, seed=3)


@dataclass(frozen=True, eq=False)
class Case:
    """Groceries as they were known eight weeks before the end, what was learnt of them, said, and came."""

    invented: Invented
    known: Panel
    learnt: Learnt
    said: Prediction
    came: Numbers
    truth: Numbers


@pytest.fixture(scope="module")
def case() -> Case:
    made = groceries(5, series=120, weeks=120)
    panel = replace(made.panel, columns=(*made.panel.columns, _noise(made.panel)))
    known = panel.at(112, AHEAD)
    learnt = learn(known, LITTLE, 3)
    assert learnt is not None
    return Case(made, known, learnt, predict(known, learnt, ASKED), made.panel.quantity[:, 112:], made.truth[:, 112:])


def test_prices_and_promotions_told_ahead_are_learnt(case: Case) -> None:
    average = np.nanmean(case.known.quantity[:, -8:], axis=1)[:, None]
    assert _off(case.said.mean, case.truth) < 0.6 * _off(average + np.zeros_like(case.truth), case.truth)


def test_the_total_is_neither_too_high_nor_too_low(case: Case) -> None:
    assert case.said.mean.sum() == pytest.approx(case.truth.sum(), rel=0.05)


def test_eight_of_ten_periods_and_totals_lie_within_the_interval(case: Case) -> None:
    for low, high, came in (
        (case.said.quantiles[0.1], case.said.quantiles[0.9], case.came),
        (case.said.totals[0.1], case.said.totals[0.9], np.cumsum(case.came, axis=1)),
    ):
        # What lies on the edge of an interval of whole numbers is in it by half.
        inside = ((came > low) & (came < high)) + 0.5 * ((came == low) | (came == high))
        assert 0.72 < inside.mean() < 0.88


def test_quantiles_are_in_order_and_totals_do_not_fall(case: Case) -> None:
    for each in (case.said.quantiles, case.said.totals):
        assert (each[0.1] <= each[0.5]).all() and (each[0.5] <= each[0.9]).all() and (each[0.1] >= 0).all()
    assert (np.diff(case.said.totals[0.9], axis=1) >= 0).all()


def test_paths_are_whole_numbers_whose_totals_agree_with_the_quantiles(case: Case) -> None:
    assert case.said.paths is not None
    assert (case.said.paths == np.floor(case.said.paths)).all()
    totals = np.quantile(case.said.paths.sum(axis=2), 0.9, axis=0)
    assert totals == pytest.approx(case.said.totals[0.9][:, -1], rel=0.1, abs=3)
    periods = np.quantile(case.said.paths, 0.9, axis=0)
    assert periods.sum() == pytest.approx(case.said.quantiles[0.9].sum(), rel=0.1)


def test_a_column_of_noise_is_not_used_and_the_price_is(case: Case) -> None:
    kept = {one.name: one.kept for one in case.learnt.inputs}
    assert kept["price"] and not kept["noise"]


def test_the_same_seed_gives_the_same_forecast_whatever_comes_later(case: Case) -> None:
    """All that comes after the origin is changed, and what was not told ahead: the forecast is the same to the bit."""
    panel = replace(case.invented.panel, columns=(*case.invented.panel.columns, _noise(case.invented.panel)))
    later = panel.quantity.copy()
    later[:, 112:] = 9_999
    columns = list(panel.columns)
    noise = columns[-1].values.copy()
    noise[:, 112:] = -50
    columns[-1] = replace(columns[-1], values=noise)
    changed = replace(panel, quantity=later, columns=tuple(columns)).at(112, AHEAD)
    again = Boosted(LITTLE).forecast([changed], ASKED)[0]
    assert np.array_equal(again.mean, case.said.mean)
    assert np.array_equal(again.totals[0.9], case.said.totals[0.9])


def test_what_is_not_wanted_is_not_said(case: Case) -> None:
    wanted = case.known.wanted.copy()
    wanted[:, 2] = False
    said = predict(replace(case.known, wanted=wanted), case.learnt, Asked())
    assert np.isnan(said.mean[:, 2]).all() and np.isnan(said.totals[0.9][:, 2]).all()
    assert np.isfinite(said.mean[:, [0, 1, 3]]).all()


def test_an_item_never_sold_is_expected_to_sell_as_at_other_places(case: Case) -> None:
    quantity = case.known.quantity.copy()
    quantity[7] = np.nan
    said = predict(replace(case.known, quantity=quantity), case.learnt, Asked())
    others = np.nanmean(quantity[:10, -26:])
    assert 0.3 * others < said.mean[7].mean() < 3 * others


def test_a_series_that_has_ended_fades_and_that_is_said(case: Case) -> None:
    quantity = case.known.quantity.copy()
    quantity[7, -40:] = 0
    said = predict(replace(case.known, quantity=quantity), case.learnt, Asked())
    assert said.mean[7].max() < 0.1 * np.nanmean(quantity[7, :-40])
    assert "ended" in said.notes[7]


def test_constant_zero_and_wild_series_get_sane_forecasts(case: Case) -> None:
    quantity = case.known.quantity.copy()
    quantity[0], quantity[1], quantity[2, 50] = 0, 20, 1e9
    quantity[3, :-1] = np.nan
    said = predict(replace(case.known, quantity=quantity), case.learnt, Asked())
    assert np.isfinite(said.mean).all()
    assert said.mean[0].max() < 3 and 5 < said.mean[1].mean() < 80 and said.mean[2].max() < 1e4


def test_with_almost_no_history_nothing_is_said() -> None:
    short = groceries(1, series=10, weeks=16).panel.at(12, 4)
    said = Boosted(LITTLE).forecast([short], Asked(paths=2))[0]
    assert np.isnan(said.mean).all() and np.isnan(nothing(short, Asked().quantiles, 0, NAME).quantiles[0.9]).all()


def test_where_nothing_was_ever_sold_or_lately_known_nothing_is_said() -> None:
    known = groceries(1, series=20, weeks=80).panel.at(76, 4)
    zero, silent = np.zeros_like(known.quantity), known.quantity.copy()
    silent[:, 40:] = np.nan
    for quantity in (zero, silent):
        said = Boosted(LITTLE).forecast([replace(known, quantity=quantity)], Asked())[0]
        assert np.isnan(said.mean).all()


def test_days_sold_out_are_not_learnt_from() -> None:
    made = items(2, series=40, days=200)

    def total(panel: Panel) -> float:
        known = replace(panel.at(193, 7), wanted=np.ones((40, 7), np.bool_), columns=())
        return float(Boosted(Effort(2_000, 1_500, 40)).forecast([known], Asked(seed=1))[0].mean.sum())

    whole = total(made.panel)
    assert total(censored(made, 0.3, 1, masked=True)) == pytest.approx(whole, rel=0.08)
    assert total(censored(made, 0.3, 1, masked=False)) < 0.85 * whole


def _noise(panel: Panel) -> Column:
    drawn = np.random.default_rng(9).normal(10, 3, panel.quantity.shape)
    return Column("noise", drawn.astype(np.float32))


def _off(said: Numbers, came: Numbers) -> float:
    return float(np.abs(said - came).sum() / came.sum())
