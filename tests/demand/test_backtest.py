"""The race is fair, sees no future, and the forecast is sane or says that it knows too little."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from shelfwise.demand.backtest import forecast, race, score, windows_of
from shelfwise.demand.methods import METHODS
from shelfwise.demand.model import NOT_ENOUGH, DemandHistory, Floats, Scores
from tests.demand import oracle

MONDAY = date(2026, 1, 5)


def history(quantity: Floats, masked: object = None) -> DemandHistory:
    mask = np.zeros(len(quantity), bool) if masked is None else np.asarray(masked, bool)
    return DemandHistory(MONDAY, np.asarray(quantity, np.float64), mask)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_scores_are_those_of_a_plain_loop() -> None:
    random = rng(4)
    paths = [random.integers(0, 9, (31, 5)).astype(np.float32) for _ in range(4)]
    actual = [random.integers(0, 9, 5).astype(np.float64) for _ in range(4)]
    unknown = [random.random(5) < 0.3 for _ in range(4)]
    absolute = difference = demand = pinball = covered = 0.0
    for futures, came, hidden in zip(paths, actual, unknown, strict=True):
        total = sum(float(came[d]) for d in range(5) if not hidden[d])
        totals = [sum(float(path[d]) for d in range(5) if not hidden[d]) for path in futures]
        for d in range(5):
            if not hidden[d]:
                error = sum(float(path[d]) for path in futures) / 31 - float(came[d])
                absolute += abs(error)
                difference += error
                demand += float(came[d])
        for level in (0.5, 0.9):
            pinball += oracle.pinball(total, oracle.quantile(totals, level), level) / 2
        covered += oracle.quantile(totals, 0.1) <= total <= oracle.quantile(totals, 0.9)
    got = score(paths, actual, unknown)
    assert got.wape == pytest.approx(absolute / demand)
    assert got.bias == pytest.approx(difference / demand)
    assert got.pinball == pytest.approx(pinball / 4)
    assert got.coverage == covered / 4


def test_a_perfect_forecast_scores_perfectly() -> None:
    came = np.array([1.0, 2.0, 3.0])
    got = score([np.tile(came, (5, 1)).astype(np.float32)], [came], [np.zeros(3, bool)])
    assert got == Scores(wape=0.0, bias=0.0, pinball=0.0, coverage=1.0)


def test_without_demand_relative_scores_are_unknown_not_zero() -> None:
    nothing = np.zeros(3)
    got = score([np.zeros((5, 3), np.float32)], [nothing], [np.zeros(3, bool)])
    assert (got.wape, got.bias, got.pinball, got.coverage) == (None, None, 0.0, 1.0)


def test_windows_follow_each_other_without_overlap_and_end_with_the_history() -> None:
    result = race(history(rng().poisson(5, 120).astype(float)), 14, 4, rng())
    assert result is not None
    last = MONDAY + timedelta(days=119)
    assert result.origins == tuple(last - timedelta(days=14 * k) for k in (4, 3, 2, 1))


def test_nothing_after_an_origin_reaches_the_paths_drawn_there() -> None:
    quantity = rng(1).poisson(5, 140).astype(float)
    masked = rng(2).random(140) < 0.1
    before = windows_of(history(quantity, masked), 14, 6, rng(7))
    assert len(before) == 6
    for number, window in enumerate(before):
        for later in (0.0, 30.0, 1e6):
            changed = quantity.copy()
            changed[window.known :] = later
            again = windows_of(history(changed, masked), 14, 6, rng(7))[number]
            assert again.known == window.known
            for name, paths in window.paths.items():
                np.testing.assert_array_equal(again.paths[name], paths)


def test_a_weekly_rhythm_is_won_by_a_method_that_knows_weekdays() -> None:
    rhythm = np.tile([0.0, 20.0, 0.0, 5.0, 0.0, 40.0, 1.0], 30)
    noise = rng(3).integers(-1, 2, len(rhythm)).astype(np.float64)
    noisy: Floats = (rhythm + noise).clip(0.0).astype(np.float64)
    result = race(history(noisy), 10, 6, rng())
    assert result is not None
    assert result.winner != "moving average"
    drawn = forecast(history(noisy), 7, 100, rng())
    assert drawn.paths.mean(axis=0)[5] > 30
    assert drawn.paths.mean(axis=0)[4] < 5


def test_of_equal_scores_the_simplest_method_wins() -> None:
    result = race(history(np.full(100, 3.0)), 14, 3, rng())
    assert result is not None
    assert result.winner == METHODS[0].name


def test_slow_movers_are_not_forecast_as_never_selling() -> None:
    quantity = np.where(rng(8).random(274) < 0.08, 6.0, 0.0).astype(np.float64)
    drawn = forecast(history(quantity), 28, 256, rng())
    assert 0.3 * 28 * quantity.mean() < drawn.paths.sum(axis=1).mean() < 3 * 28 * quantity.mean()
    assert np.quantile(drawn.paths.sum(axis=1), 0.9) >= 6


@pytest.mark.parametrize(
    ("quantity", "masked"),
    [
        (np.zeros(0), None),
        (np.ones(1), None),
        (np.ones(13), None),
        (np.ones(60), np.ones(60, bool)),
        (np.ones(60), np.arange(60) >= 10),
        (np.ones(120), np.arange(120) % 7 != 3),
    ],
    ids=["no history", "one day", "thirteen days", "all unknown", "ten known days", "one weekday known"],
)
def test_too_little_evidence_is_said_and_not_turned_into_zero(quantity: Floats, masked: object) -> None:
    drawn = forecast(history(quantity, masked), 28, 64, rng())
    assert drawn.model == NOT_ENOUGH
    assert not drawn.enough
    assert drawn.paths.shape == (0, 28)
    assert "mean" not in drawn.summary()


def spiky() -> Floats:
    values = rng(2).poisson(5, 200).astype(float)
    values[150] = 1e11
    return values


@pytest.mark.parametrize(
    ("quantity", "masked"),
    [
        (np.zeros(100), None),
        (np.full(100, 3.0), None),
        (np.ones(14), None),
        (spiky(), None),
        (np.full(100, 1e12), None),
        (np.full(100, 0.001), None),
        (rng().poisson(3, 120).astype(float), np.arange(120) % 2 == 0),
        (rng().poisson(3, 120).astype(float), np.arange(120) >= 60),
        (rng().poisson(3, 120).astype(float), np.arange(120) < 90),
        (rng().poisson(3, 120).astype(float), np.arange(120) % 7 < 5),
        (np.concatenate((np.zeros(99), [500.0])), None),
    ],
    ids=[
        "all zero", "constant", "two weeks", "one huge day", "huge", "tiny", "every other day unknown",
        "unknown since long", "known only lately", "two weekdays known", "first sale today",
    ],
)  # fmt: skip
def test_odd_histories_give_finite_numbers_fit_for_json(quantity: Floats, masked: object) -> None:
    drawn = forecast(history(quantity, masked), 28, 64, rng())
    assert drawn.enough
    assert drawn.paths.shape == (64, 28)
    assert np.isfinite(drawn.paths).all()
    assert (drawn.paths >= 0).all()
    json.dumps(drawn.summary(), allow_nan=False)


def test_one_mistyped_order_does_not_move_the_forecast() -> None:
    drawn = forecast(history(spiky()), 28, 128, rng())
    assert drawn.paths.max() < 100
    assert drawn.summary()["set_aside"] == [{"day": "2026-06-04", "quantity": 1e11}]


def test_the_summary_shows_quantiles_of_totals_not_sums_of_daily_quantiles() -> None:
    drawn = forecast(history(rng(6).poisson(4, 200).astype(float)), 14, 256, rng())
    summary = drawn.summary()
    assert summary["cumulative"]["q90"][-1] < sum(summary["q90"])
    assert summary["cumulative"]["q10"][-1] > sum(summary["q10"])
    assert summary["race"]["winner"] == drawn.model
    assert set(summary["race"]["scores"]) == {method.name for method in METHODS}


def test_the_same_seed_gives_the_same_forecast() -> None:
    known = history(rng(6).poisson(4, 200).astype(float))
    one, other = forecast(known, 14, 64, rng(5)), forecast(known, 14, 64, rng(5))
    np.testing.assert_array_equal(one.paths, other.paths)
    assert one.race == other.race
