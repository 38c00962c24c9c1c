"""What was known when: the newest value of an instant, and columns into which nothing later leaks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.clocks import day_end
from shelfwise.demand.outside.model import (
    Kind,
    NewSeries,
    Value,
    as_known,
    column,
    dated,
    lasting,
    next_period,
    period_of,
)
from shelfwise.demand.panel import Frequency

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
UNKNOWN = float("nan")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def told(value_id: int, period: date, value: float | None, known: date, told_on: date | None = None) -> Value:
    return Value(value_id, period, value, noon(known), noon(told_on or known))


def days(first: date, count: int) -> list[date]:
    return [first + n * DAY for n in range(count)]


def test_of_each_period_the_newest_value_that_was_known_counts() -> None:
    values = [
        told(1, MONDAY, 5.0, MONDAY + DAY),
        told(2, MONDAY, 6.0, MONDAY + 3 * DAY),
        told(3, MONDAY, 6.5, MONDAY + 3 * DAY),
        told(4, MONDAY + DAY, 7.0, MONDAY + 2 * DAY),
        told(5, MONDAY + DAY, None, MONDAY + 4 * DAY),
    ]
    assert as_known(values, noon(MONDAY)) == {}
    assert as_known(values, noon(MONDAY + 2 * DAY)) == {MONDAY: 5.0, MONDAY + DAY: 7.0}
    assert as_known(reversed(values), noon(MONDAY + 4 * DAY)) == {MONDAY: 6.5}


def test_what_is_published_late_counts_from_its_day_on_and_is_not_revised_backwards() -> None:
    index = NewSeries("CPI", frequency=Frequency.MONTH, kind=Kind.ECONOMY)
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    values = [
        told(1, january, 100.0, date(2026, 2, 20)),
        told(2, february, 101.0, date(2026, 3, 20)),
        told(3, january, 99.0, date(2026, 3, 21)),
        told(4, february, 105.0, date(2026, 4, 10)),
    ]
    asked = ((1, 31), (2, 19), (2, 20), (3, 19), (3, 20), (4, 9), (4, 10), (4, 11))
    found = column(index, values, [date(2026, month, day) for month, day in asked], date(2026, 4, 10), BERLIN)
    assert found == pytest.approx([UNKNOWN, UNKNOWN, 100, 100, 101, 101, 105, UNKNOWN], nan_ok=True)


def test_what_nobody_tells_any_more_is_unknown_after_a_while() -> None:
    found = column(
        NewSeries("Footfall"), [told(1, MONDAY, 80.0, MONDAY)], days(MONDAY - DAY, 10), MONDAY + 9 * DAY, BERLIN
    )
    assert found == pytest.approx([UNKNOWN, *[80.0] * 8, UNKNOWN], nan_ok=True)


def test_what_is_told_ahead_is_as_it_was_known_before_its_day_began() -> None:
    warmth = NewSeries("Forecast of the day", kind=Kind.WEATHER, ahead=True)
    tuesday, wednesday, thursday = MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 3 * DAY
    values = [
        told(1, tuesday, 10.0, MONDAY),
        told(2, tuesday, 12.0, tuesday),  # too late: the day is on
        told(3, wednesday, 8.0, MONDAY),
        told(4, wednesday, 9.0, tuesday),
        told(5, thursday, 7.0, MONDAY),
        told(6, thursday, 5.0, wednesday),  # after the origin
    ]
    found = column(warmth, values, days(MONDAY, 5), tuesday, BERLIN)
    assert found == pytest.approx([UNKNOWN, 10.0, 9.0, 7.0, UNKNOWN], nan_ok=True)


def test_of_events_the_days_between_are_none() -> None:
    fair = NewSeries("Fair", kind=Kind.EVENT, ahead=True)
    values = [told(1, MONDAY + DAY, 1.0, MONDAY - DAY), told(2, MONDAY + 3 * DAY, 1.0, MONDAY - DAY)]
    found = column(fair, values, days(MONDAY, 5), MONDAY, BERLIN)
    assert found == pytest.approx([UNKNOWN, 1.0, 0.0, 1.0, UNKNOWN], nan_ok=True)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    assert period_of(Frequency.WEEK, MONDAY + 6 * DAY) == MONDAY
    assert period_of(Frequency.MONTH, date(2026, 1, 31)) == date(2026, 1, 1)
    assert next_period(Frequency.MONTH, date(2026, 1, 1)) == date(2026, 2, 1)
    assert next_period(Frequency.MONTH, date(2026, 12, 1)) == date(2027, 1, 1)


def test_history_is_dated_as_it_was_usual_and_news_when_it_comes() -> None:
    now, zone = noon(MONDAY), ZoneInfo("UTC")
    index = NewSeries("CPI", frequency=Frequency.MONTH, lag_days=14)
    january = date(2026, 1, 1)
    assert dated(index, january, None, now, zone) == datetime(2026, 2, 15, tzinfo=UTC)
    assert dated(index, date(2026, 2, 1), None, now, zone) == now
    later = now + 60 * DAY
    assert dated(index, date(2026, 2, 1), now, later, zone) == later
    assert dated(index, january, now, later, zone) == datetime(2026, 2, 15, tzinfo=UTC)
    assert dated(NewSeries("Fair", ahead=True), MONDAY - DAY, None, now, zone) == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_file_leaves_out_what_was_put_right_at_once_and_withdrawals_of_nothing() -> None:
    values = [
        told(1, MONDAY, 5.0, MONDAY),
        told(2, MONDAY, None, MONDAY),
        told(3, MONDAY + DAY, 6.0, MONDAY),
        told(4, MONDAY + DAY, None, MONDAY + DAY),
    ]
    assert [one.value_id for one in lasting(values)] == [3, 4]


_ROWS = st.lists(
    st.tuples(
        st.integers(-20, 30),  # period
        st.one_of(st.none(), st.floats(-50, 50)),
        st.integers(-25, 25),  # known
        st.integers(0, 10),  # told so many days after it was known
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(_ROWS, st.booleans(), st.sampled_from(Frequency), st.sampled_from(Kind), st.integers(-10, 15))
def test_nothing_told_after_an_origin_changes_its_columns(
    rows: list[tuple[int, float | None, int, int]], ahead: bool, frequency: Frequency, kind: Kind, at: int
) -> None:
    """Nor does what was known later than a day change that day of a series that is not told ahead."""
    series = NewSeries("x", frequency=frequency, kind=kind, ahead=ahead)
    origin = MONDAY + at * DAY
    values = [
        told(number, period_of(frequency, MONDAY + period * DAY), value, MONDAY + known * DAY,
             MONDAY + (known + later) * DAY)
        for number, (period, value, known, later) in enumerate(rows)
    ]  # fmt: skip
    over = day_end(origin, BERLIN)
    before = [one for one in values if one.told_at <= over]
    asked = days(MONDAY - 20 * DAY, 50)
    seen = column(series, values, asked, origin, BERLIN)
    np.testing.assert_array_equal(seen, column(series, before, asked, origin, BERLIN))
    for day, found in zip(asked, seen, strict=True):
        known = as_known(before, min(day_end(day - DAY if ahead else day, BERLIN), over))
        if day > origin and not ahead:
            assert np.isnan(found)
        elif period_of(frequency, day) in known:
            assert found == np.float32(known[period_of(frequency, day)])
