"""Scores: empty shelves are no miss, ranges are judged by what they promise, and few answers are not enough."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from shelfwise.demand.model import DemandHistory
from shelfwise.measure.scores import LEAST_FORECASTS, Score, accuracy, calibration, score

FIRST = date(2025, 1, 6)


def history(daily: list[float], masked: tuple[int, ...] = ()) -> DemandHistory:
    gone = np.zeros(len(daily), bool)
    gone[list(masked)] = True
    return DemandHistory(FIRST, np.array(daily, float), gone)


def said(*daily: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([[one] * 28 for one in daily], np.float32)


ORIGIN = FIRST + timedelta(days=59)


def test_days_with_an_empty_shelf_are_left_out_of_what_was_said_and_of_what_came() -> None:
    known = history([2.0] * 60 + [2, 0, 0, 2, 2, 2, 2], masked=(61, 62))
    one = score(said(1.0, 2.0, 3.0), ORIGIN, known, 7)
    assert (one.days, one.left_out, one.came, one.said, one.naive) == (5, 2, 10, 10, 10)
    assert one.counts and one.inside and one.segment == "most_days"
    rare = history([0.0, 0.0, 4.0] * 20 + [0.0] * 7, masked=(60, 61, 62, 63))
    other = score(said(1.0), ORIGIN, rare, 7)
    assert not other.counts and other.segment == "now_and_then"


def test_the_simple_rule_is_the_same_week_of_last_year_where_there_was_one() -> None:
    daily = [1.0] * 380 + [5.0] * 7
    daily[16:23] = [9.0] * 7
    origin = FIRST + timedelta(days=379)
    assert score(said(5.0), origin, history(daily), 7).naive == 63
    assert score(said(5.0), origin, history(daily, masked=(17,)), 7).naive == pytest.approx(7)


def scores(inside: int, outside: int) -> list[Score]:
    hit = Score("most_days", 7, 7, 0, 10.0, 12.0, 8.0, 14.0, 9.0)
    miss = Score("most_days", 7, 7, 0, 30.0, 12.0, 8.0, 14.0, 29.0)
    return [hit] * inside + [miss] * outside


@pytest.mark.parametrize(
    ("inside", "outside", "verdict"),
    [(10, 2, "not_enough"), (80, 20, "as_said"), (40, 60, "too_sure"), (200, 2, "too_careful")],
)
def test_a_range_is_judged_by_the_eight_of_ten_that_it_promises(inside: int, outside: int, verdict: str) -> None:
    (one,) = accuracy(scores(inside, outside))
    assert one.verdict == verdict
    assert one.needs == max(LEAST_FORECASTS - inside - outside, 0)


def test_errors_are_weighted_by_what_was_wanted_and_stand_beside_the_simple_rules() -> None:
    (one,) = accuracy([*scores(1, 1), Score("most_days", 7, 2, 5, 0.0, 9.0, 9.0, 9.0, 9.0)])
    assert (one.n, one.left_out) == (2, 1)
    assert one.error == pytest.approx(20 / 40)
    assert one.bias == pytest.approx(-16 / 40)
    assert one.naive_error == pytest.approx(2 / 40)


def test_of_items_with_a_risk_told_as_many_should_run_out() -> None:
    calls = [(0.3, n < 30) for n in range(100)] + [(0.7, n < 20) for n in range(100)] + [(0.9, True)] * 3
    by_low = {one.low: one for one in calibration(calls)}
    assert by_low[0.2].verdict == "as_said"
    assert by_low[0.6].verdict == "too_high"
    assert (by_low[0.8].verdict, by_low[0.8].needs) == ("not_enough", 17)
    assert by_low[0.4].n == 0
    assert calibration([(1.0, True)])[-1].n == 1
