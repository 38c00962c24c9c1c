"""Excursions without a database: delay by the device's clock, late readings, unknown values, recovery."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.condition.model import MOST_READINGS, Limit, Reading, State, Transition, step
from tests.conftest import NOON

COLD = Limit(2.0, 8.0, timedelta(minutes=10))


def at(minutes: float, degc: float | None) -> Reading:
    return Reading(NOON + timedelta(minutes=minutes), degc)


def run(*readings: Reading, limit: Limit = COLD, state: State | None = None) -> tuple[State, list[tuple[str, float]]]:
    """The last state, and (kind, minutes after noon) of all transitions."""
    state, found = state or State(), list[Transition]()
    for reading in readings:
        state, transitions = step(state, reading, limit)
        found += transitions
    return state, [(one.kind, (one.at - NOON).total_seconds() / 60) for one in found]


@pytest.mark.parametrize(
    ("readings", "transitions"),
    [
        ([(0, 5), (5, 8), (10, 2)], []),
        ([(0, 9), (5, 9), (9, 9)], [("started", 0)]),
        ([(0, 9), (5, 9), (10, 9)], [("started", 0), ("confirmed", 10)]),
        ([(0, 9), (10, 9), (11, 5)], [("started", 0), ("confirmed", 10), ("recovered", 11)]),
        ([(0, 9), (9, 8), (12, 9)], [("started", 0), ("passed", 9), ("started", 12)]),
        ([(0, 1), (30, -4)], [("started", 0), ("confirmed", 30)]),
        ([(0, 9), (10, 9), (11, 9), (60, 9)], [("started", 0), ("confirmed", 10)]),
        ([(0, 9), (10, 9), (11, 5), (12, 9)], [("started", 0), ("confirmed", 10), ("recovered", 11), ("started", 12)]),
    ],
)
def test_outside_for_as_long_as_the_delay_is_an_excursion(
    readings: list[tuple[int, float]], transitions: list[tuple[str, float]]
) -> None:
    assert run(*(at(*reading) for reading in readings))[1] == transitions


def test_without_a_delay_the_first_reading_outside_confirms() -> None:
    assert run(at(0, 9), limit=Limit(2, 8, timedelta(0)))[1] == [("started", 0), ("confirmed", 0)]


def test_an_open_bound_is_no_bound() -> None:
    day = timedelta(days=1)
    assert run(at(0, 90), limit=Limit(2, None, day))[1] == []
    assert run(at(0, -90), limit=Limit(None, 8, day))[1] == []
    assert run(at(0, -90), at(1, 90), limit=Limit(None, None, day))[1] == []


def test_an_excursion_ends_when_its_limit_is_taken_away() -> None:
    state, _ = run(at(0, 9), at(10, 9))
    assert run(at(11, 9), limit=Limit(None, None, timedelta(0)), state=state)[1] == [("recovered", 11)]


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_an_unknown_value_is_no_reading(unknown: float | None) -> None:
    _, transitions = run(at(0, 9), at(5, unknown), at(10, 9))
    assert transitions == [("started", 0), ("confirmed", 10)]
    assert run(at(0, unknown)) == (State(), [])


def test_a_late_reading_changes_nothing_that_was_decided() -> None:
    state, transitions = run(at(0, 5), at(20, 9), at(10, 9), at(5, 5), at(25, 9))
    assert transitions == [("started", 20)]
    assert state.started_at == NOON + timedelta(minutes=20)
    recovered, _ = run(at(30, 9), at(31, 5), state=state)
    assert run(at(30.5, 99), at(31, 99), state=recovered) == (recovered, [])


def test_the_worst_is_what_was_furthest_outside_on_either_side() -> None:
    assert run(at(0, 9), at(1, 12), at(2, 10))[0].worst == 12
    assert run(at(0, 9), at(1, -3), at(2, 10))[0].worst == -3


def test_the_evidence_holds_the_first_reading_and_the_latest_up_to_the_confirmation() -> None:
    state, _ = run(*(at(minute, 9) for minute in range(100)), limit=Limit(2, 8, timedelta(minutes=90)))
    minutes = [(one.observed_at - NOON).total_seconds() / 60 for one in state.readings]
    assert minutes == [0, *range(91 - MOST_READINGS + 1, 91)]


readings_strategy = st.lists(
    st.tuples(st.integers(0, 60), st.one_of(st.none(), st.just(math.nan), st.floats(-5, 15))), max_size=40
)


@given(readings_strategy)
def test_replaying_all_readings_changes_nothing(steps: list[tuple[int, float | None]]) -> None:
    readings = [at(*one) for one in steps]
    state, _ = run(*readings)
    newest = state.last_observed_at
    assert newest is None or run(*readings, state=state) == (state, [])


@given(readings_strategy)
def test_transitions_alternate_and_an_excursion_is_confirmed_no_earlier_than_its_delay(
    steps: list[tuple[int, float | None]],
) -> None:
    _, transitions = run(*(at(*one) for one in steps))
    allowed = {
        "": {"started"},
        "started": {"confirmed", "passed"},
        "confirmed": {"recovered"},
        "passed": {"started"},
        "recovered": {"started"},
    }
    previous, began, last = "", 0.0, -1.0
    for kind, minute in transitions:
        assert kind in allowed[previous]
        assert minute >= last
        began = minute if kind == "started" else began
        assert kind != "confirmed" or minute - began >= 10
        previous, last = kind, minute


def test_limits_say_themselves_in_words() -> None:
    assert str(COLD) == "2 to 8 °C"
    assert str(Limit(None, -18, timedelta(0))) == "at most -18 °C"
    assert str(Limit(2, None, timedelta(0))) == "at least 2 °C"
    assert str(Limit(None, None, timedelta(0))) == "no limit"
    assert (COLD.crossed(9), COLD.crossed(1), COLD.crossed(8)) == (8, 2, None)
