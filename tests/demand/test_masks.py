"""An empty shelf and a silent feed are not the absence of demand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shelfwise.demand.masks import days_out_of_stock, silent_days

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 3, 2)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "until", "masked"),
    [
        (at(2, 8), at(2, 13), []),
        (at(2, 8), at(2, 14), [2]),
        (at(2, 20), at(3, 5), []),
        (at(2, 17), at(4, 6), [2, 3, 4]),
        (at(2, 23), at(3, 0), []),
        (at(2, 8), at(2, 8), []),
        # The day on which clocks go forward has 23 hours, counted in local time all the same.
        (at(28, 20), at(29, 7), [29]),
    ],
)
def test_a_day_is_masked_from_six_hours_without_stock_on(since: datetime, until: datetime, masked: list[int]) -> None:
    assert days_out_of_stock(since, until, BERLIN) == {date(2026, 3, day) for day in masked}


def days(*numbers: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in numbers]


def test_more_than_a_week_without_any_sale_is_silence_at_a_site_that_sells_on_most_days() -> None:
    selling = days(*range(30), *range(38, 60))
    assert silent_days(selling, FIRST + timedelta(days=59)) == set(days(*range(30, 38)))


def test_a_week_without_sales_is_no_silence() -> None:
    assert silent_days(days(*range(30), *range(37, 60)), FIRST + timedelta(days=66)) == set()


def test_a_feed_that_stopped_is_silence_up_to_the_last_day() -> None:
    assert silent_days(days(*range(30)), FIRST + timedelta(days=40)) == set(days(*range(30, 41)))


def test_where_sales_are_rare_nothing_can_be_told_from_silence() -> None:
    assert silent_days(days(0, 10, 20, 30), FIRST + timedelta(days=60)) == set()


def test_a_site_without_sales_has_no_silence() -> None:
    assert silent_days([], FIRST) == set()
