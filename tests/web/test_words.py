"""How numbers, money, times and bytes are written for people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.web import words
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (Decimal("1234567.50"), "1,234,567.5"),
        (Decimal("-3"), "−3"),
        (30.0, "30"),
        (0.25, "0.2"),
        (-0.0, "0"),
        (Decimal("0.001"), "0.001"),
    ],
)
def test_numbers_are_grouped_and_unknown_is_a_dash(value: Decimal | float | None, text: str) -> None:
    assert words.number(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_a_decimal_is_written_exactly(value: Decimal) -> None:
    assert Decimal(words.number(value).replace(",", "").replace("−", "-")) == value


def test_money_carries_its_currency() -> None:
    assert words.money(Decimal("1234.5"), "GBP") == "£1,234.50"
    assert words.money(Decimal("-3"), "SEK") == "−3.00 SEK"
    assert words.money(None) == "–"


@pytest.mark.parametrize(
    ("back", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=30), "30 h ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=35), "5 weeks ago"),
        (timedelta(days=-3), "in 3 days"),
    ],
)
def test_times_are_relative_in_their_largest_unit(back: timedelta, text: str) -> None:
    assert words.ago(NOON - back, NOON) == text


def test_no_time_at_all_is_never() -> None:
    assert words.ago(None, NOON) == "never"


def test_the_exact_time_names_the_sites_zone() -> None:
    assert words.exact(NOON, ZoneInfo("Europe/Berlin")) == "Mon 2 Mar 2026, 13:00:00 (Europe/Berlin)"


@given(st.binary(max_size=300))
def test_bytes_are_shown_as_printable_text_and_hex(payload: bytes) -> None:
    text, dump = words.readable(payload)
    assert all(ch.isprintable() or ch in "\n\t" for ch in text)
    assert bytes.fromhex("".join(line[8:55] for line in dump.splitlines())) == payload


def test_small_risks_are_not_rounded_to_none_and_high_ones_not_to_certainty() -> None:
    assert words.percent(0.004) == "< 1 %"
    assert words.percent(0.998) == "> 99 %"
    assert words.percent(0.0) == "0 %"
    assert words.percent(None) == "–"
