"""How numbers and days are written for each who asks, and how what is typed is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid
from shelfwise.records import habits
from shelfwise.records.habits import Days, Numbers
from shelfwise.web import words
from shelfwise.web.writing import Style, read_typed, typed, write_as, written_day
from tests.web.conftest import Client


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    write_as(Style())


@pytest.mark.parametrize(
    ("numbers", "amount", "money"),
    [
        ("en", "1,234,567.5", "−£1,234.50"),
        ("de", "1.234.567,5", "−£1.234,50"),
        ("fr", "1\u202f234\u202f567,5", "−£1\u202f234,50"),
        ("ch", "1’234’567.5", "−£1’234.50"),
    ],
)
def test_numbers_and_money_are_written_as_the_one_who_asks_writes_them(
    numbers: Numbers, amount: str, money: str
) -> None:
    write_as(Style(numbers))
    assert words.number(Decimal("1234567.5")) == amount
    assert words.money(Decimal("-1234.5"), "GBP") == money


@pytest.mark.parametrize(
    ("numbers", "days", "text", "short"),
    [
        ("en", "name", "Mon 2 Mar 2026", "2 Mar"),
        ("de", "dmy", "Mon 02.03.2026", "02.03."),
        ("en", "dmy", "Mon 02/03/2026", "02/03"),
        ("en", "mdy", "Mon 03/02/2026", "03/02"),
        ("fr", "ymd", "Mon 2026-03-02", "03-02"),
    ],
)
def test_days_are_written_in_the_order_chosen(numbers: Numbers, days: Days, text: str, short: str) -> None:
    write_as(Style(numbers, days))
    assert written_day(date(2026, 3, 2), weekday=True) == text
    assert written_day(date(2026, 3, 2), year=False) == short


@pytest.mark.parametrize(
    ("numbers", "said", "meant"),
    [
        ("en", "1,5", "1.5"),
        ("de", "1.5", "1.5"),
        ("de", "1,234", "1.234"),
        ("en", "1.234", "1.234"),
        ("en", "1,234.5", "1234.5"),
        ("en", "1.234,5", "1234.5"),
        ("de", "1.234.567", "1234567"),
        ("fr", "1 234,5", "1234.5"),
        ("ch", "1'234.5", "1234.5"),
        ("en", "0,125", "0.125"),
        ("en", "1,2345", "1.2345"),
        ("de", "−3,5", "-3.5"),
        ("en", "12", "12"),
    ],
)
def test_what_can_be_read_in_one_way_only_is_read_so(numbers: Numbers, said: str, meant: str) -> None:
    write_as(Style(numbers))
    assert read_typed(said) == Decimal(meant)


@pytest.mark.parametrize(("numbers", "said"), [("en", "1,234"), ("de", "1.234"), ("fr", "12.000"), ("ch", "1,200")])
def test_what_can_be_read_in_two_ways_is_asked_and_not_guessed(numbers: Numbers, said: str) -> None:
    write_as(Style(numbers))
    with pytest.raises(Invalid, match="Write the one that you mean"):
        read_typed(said)


@pytest.mark.parametrize("said", ["1,2,3", "1.2,3,4", "12,34.5", "1..5", "", "abc", "1 23", "nan", "1,23.456,7"])
def test_what_is_no_number_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        read_typed(said)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_what_stands_in_a_field_is_read_as_it_was(value: Decimal) -> None:
    for numbers in habits.NUMBERS:
        write_as(Style(numbers))
        assert read_typed(typed(value)) == value


def test_pages_are_written_as_the_company_says_and_forms_read_so(client: Client, office: Office) -> None:
    mara = client("mara")
    told = {
        "time_zone": "Europe/Berlin", "numbers": "de", "days": "dmy", "usual_lead_days": "7.5", "answer_days": "5",
        "take_back_minutes": "45", "usual_lane_days": "1,5", "usual_lane_cost": "40",
    }  # fmt: skip
    assert mara.post("/settings/habits", data=told).status_code == 303
    page = mara.get("/settings").text
    assert 'value="7,5"' in page
    assert "02.03.2026" in page
    assert mara.post("/settings/habits", data=told | {"usual_lead_days": "8,25"}).status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert habits.habits(ctx) == habits.Habits("Europe/Berlin", "de", "dmy", 8.25, 5, 45, 1.5, 40)
    refused = mara.post("/settings/habits", data=told | {"usual_lead_days": "1.234"})
    assert refused.status_code == 422
    assert "1234 or 1,234" in refused.text
    # Programs read numbers as machines write them.
    assert "," not in str(mara.get("/api/v1/suppliers").json()[0].get("unit_cost", ""))
