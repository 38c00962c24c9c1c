"""Answers of sources, in the shapes in which they come."""

from __future__ import annotations

import json
from datetime import date

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.demand.outside.answers import Format, read_answer
from shelfwise.demand.outside.model import Told

FIRST, SECOND = Told(date(2026, 3, 1), 4.5), Told(date(2026, 3, 2), -1.0)


@pytest.mark.parametrize(
    ("form", "body", "date_at", "value_at"),
    [
        ("json", '{"daily": {"time": ["2026-03-01", "2026-03-02", "2026-03-03"], "max": [4.5, "-1", null]}}',
         "daily.time", "daily.max"),
        ("json", '{"obs": [{"on": "2026-03-01T06:00:00+01:00", "v": 4.5}, {"on": "2026-03-02", "v": -1},'
         '{"on": "2026-03-04"}]}', "obs.on", "obs.v"),
        ("json", '[{"d": {"on": "2026-03-01", "v": 4.5}}, {"d": {"on": "2026-03-02", "v": -1}}]', "d.on", "d.v"),
        ("json", '[{"pages": 2}, [{"date": "2026-03-01", "value": 4.5}, {"date": "2026-03-02", "value": "-1"}]]',
         "1.date", "1.value"),
        ("json", '{"rows": [["2026-03-01", 4.5], ["2026-03-02", -1]]}', "rows.*.0", "rows.*.1"),
        ("json", '[["2026-03-01", "2026-03-02"], [4.5, -1]]', "0", "1"),
        ("csv", "day,place,max\n2026-03-01,Ulm,4.5\n\n2026-03-02,Ulm,-1\n2026-03-03,Ulm,.\n", "day", "max"),
        ("csv", "\ufeffday;max\r\n2026-03-01;4,5\r\n2026-03-02;-1,0\r\n", "day", "max"),
    ],
)  # fmt: skip
def test_dates_and_values_are_found_where_they_lie(form: Format, body: str, date_at: str, value_at: str) -> None:
    assert read_answer(body.encode(), form, date_at, value_at) == [FIRST, SECOND]


def test_a_month_is_told_by_its_name() -> None:
    body = json.dumps({"month": ["2026-01", "2026-02"], "index": [119.1, 119.4]}).encode()
    assert [one.day for one in read_answer(body, "json", "month", "index")] == [date(2026, 1, 1), date(2026, 2, 1)]


@pytest.mark.parametrize(
    ("form", "body", "expected"),
    [
        ("json", "<html>no</html>", "expected JSON"),
        ("json", '{"error": true, "reason": "limit"}', "only error, reason"),
        ("json", '{"t": ["2026-03-01", "2026-03-02"], "v": [1]}', "as many values as t has dates, 2, got 1"),
        ("json", '{"t": ["yesterday"], "v": [1]}', "t, number 1: expected a day"),
        ("json", '{"t": ["2026-03-01", "2026-03-02"], "v": [1, "warm"]}', "v, number 2: expected a number"),
        ("json", '{"t": ["2026-03-01"], "v": [null]}', "a value at least"),
        ("json", "[" * 200_000, "expected JSON"),
        ("csv", "time,v\n2026-03-01,1\n", "the heading of one column"),
    ],
)
def test_an_answer_that_is_not_as_it_was_said_is_refused_whole(form: Format, body: str, expected: str) -> None:
    with pytest.raises(Invalid, match=expected):
        read_answer(body.encode(), form, "t", "v")
