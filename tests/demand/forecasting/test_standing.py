"""A challenger races in the shadow for a week of nights before it speaks."""

from __future__ import annotations

from datetime import date, timedelta

from shelfwise.demand.forecasting.standing import TRIAL, Standing, settle

FIRST = date(2026, 3, 1)


def after(nights: list[dict[str, float]], start: Standing | None = None) -> Standing:
    """Who stands where after the races of some nights in a row; of each the losses by name."""
    found = start
    for number, losses in enumerate(nights):
        best = min(losses, key=lambda name: losses[name])
        found = settle(found, "smooth", losses, best, FIRST + timedelta(days=number))
    assert found is not None
    return found


AHEAD_A, AHEAD_B, EVEN = {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 1.0}, {"a": 1.0, "b": 0.995}


def test_the_first_champion_speaks_at_once() -> None:
    found = after([AHEAD_A])
    assert (found.champion, found.since, found.challenger) == ("a", FIRST, None)


def test_a_challenger_speaks_after_so_many_nights_in_a_row() -> None:
    trial = after([AHEAD_A, *[AHEAD_B] * (TRIAL - 1)])
    assert (trial.champion, trial.challenger, trial.nights, trial.gain) == ("a", "b", TRIAL - 1, 0.5)
    found = after([AHEAD_A, *[AHEAD_B] * TRIAL])
    assert (found.champion, found.since, found.challenger) == ("b", FIRST + timedelta(days=TRIAL), None)


def test_one_night_without_being_clearly_better_begins_the_trial_anew() -> None:
    assert after([AHEAD_A, *[AHEAD_B] * (TRIAL - 1), EVEN]).challenger is None
    assert after([AHEAD_A, *[AHEAD_B] * (TRIAL - 1), EVEN, AHEAD_B]).nights == 1


def test_a_third_that_wins_a_night_does_not_take_the_trial_from_one_that_is_still_better() -> None:
    found = after([AHEAD_A, *[AHEAD_B] * 3, {"a": 2.0, "b": 1.0, "c": 0.9}])
    assert (found.challenger, found.nights) == ("b", 4)


def test_where_the_champion_takes_no_part_any_more_the_best_speaks_at_once() -> None:
    assert after([AHEAD_A, {"b": 1.0, "c": 2.0}]).champion == "b"


def test_a_race_of_the_same_night_changes_nothing() -> None:
    before = after([AHEAD_A, AHEAD_B])
    assert settle(before, "smooth", AHEAD_B, "b", before.origin) == before
