"""What is written into files comes back as it was, and no spreadsheet runs what somebody wrote into a description."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.records.exchange import SHEETS, Column, Kind, guarded, is_formula, read, unguarded, written

ROME = ZoneInfo("Europe/Rome")
STARTS = "=+-@\t\r\n' ＝"
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
odd_texts = st.builds(str.__add__, st.text(st.sampled_from(STARTS), max_size=4), texts)
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(texts | odd_texts)
def test_a_guarded_text_comes_back_and_begins_no_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text).lstrip()[:1] not in set("=+-@＝＋－＠")


@given(texts | odd_texts)
def test_what_is_no_formula_stays_as_people_wrote_it(text: str) -> None:
    if not is_formula(text):
        assert guarded(text) == unguarded(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("-3", "'-3"),
        ("'=1", "''=1"),
        ("  =1", "'  =1"),
        ("'tis", "'tis"),
        ("00123", "00123"),
        ("", ""),
        ("3-4", "3-4"),
    ],
)
def test_an_apostrophe_stands_before_what_could_be_a_formula_and_nowhere_else(text: str, expected: str) -> None:
    assert guarded(text) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(-(10**12), 10**12), st.booleans())
def test_numbers_and_yes_and_no_come_back_exactly(number: Decimal, whole: int, yes: bool) -> None:
    assert read(written(number, ROME), _column("number")) == number
    assert read(written(whole, ROME), _column("whole")) == whole
    assert read(written(yes, ROME), _column("yes")) is yes


@given(st.dates(), st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=zones))
def test_days_and_instants_come_back_exactly_and_instants_say_their_offset(day: date, instant: datetime) -> None:
    assert read(written(day, ROME), _column("day")) == day
    assert read(written(instant, ROME), _column("instant")) == instant
    assert written(datetime(2026, 7, 1, 12, tzinfo=UTC), ROME) == "2026-07-01T14:00:00+02:00"


@given(texts | odd_texts)
def test_codes_keep_their_zeros_and_whatever_else_is_odd_about_them(text: str) -> None:
    assert (read(guarded(written(text, ROME)), _column("code")) or "") == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [("number", "twelve"), ("number", "nan"), ("whole", "1.5"), ("yes", "perhaps"), ("day", "31.3.2026"),
     ("instant", "2026-03-31T12:00:00"), ("instant", "yesterday")],
)  # fmt: skip
def test_what_is_no_value_of_its_kind_is_refused_by_name(kind: Kind, text: str) -> None:
    with pytest.raises(Invalid, match="column it: expected"):
        read(text, _column(kind))


def test_unknown_is_an_empty_cell_and_not_zero() -> None:
    assert written(None, ROME) == ""
    assert read("", _column("number")) is None
    assert read("0", _column("number")) == 0


def test_every_sheet_has_each_heading_once_and_a_key_of_its_own_columns() -> None:
    assert len({sheet.name for sheet in SHEETS}) == len(SHEETS)
    for sheet in SHEETS:
        assert len(set(sheet.headings)) == len(sheet.headings)
        assert set(sheet.key) <= set(sheet.headings)
        assert all(heading == heading.lower() and heading.isidentifier() for heading in sheet.headings)


def _column(kind: Kind) -> Column:
    return Column("it", kind, "")
