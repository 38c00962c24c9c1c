"""Packs: what people say is read exactly, and said again it is the same quantity."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.records.packs import LEVELS, Pack, in_words, on_day, pack_faults, parse

DAY = date(2026, 3, 2)
ONE = Decimal(1)
MUG = [Pack("pallet", Decimal(480), DAY), Pack("case", Decimal(12), DAY), Pack("inner", Decimal(4), DAY)]


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("36", 36),
        ("0", 0),
        ("3 cases + 4", 40),
        ("3 Cases+4 each", 40),
        ("2 pallets", 960),
        ("1 pallet and 1 case & 1 inner pack + 1 pc", 497),
        (" 2.5 cases ", 30),
        ("0,5 pallet", 240),
        ("1 200", 1200),
        ("1\u202f200 cases", 14400),
        ("1'200", 1200),
        ("3case", 36),
        ("007", 7),
    ],
)
def test_what_people_say_is_read_into_pieces(text: str, quantity: int) -> None:
    assert parse(text, MUG, "each", ONE) == quantity


def test_a_comma_is_a_decimal_mark_like_a_point() -> None:
    fine = Decimal("0.001")
    for text in ("1,5 kg", "1.5", "1,500 kg", "1.500"):
        assert parse(text, [], "kg", fine) == Decimal("1.5")
    assert parse("2 cases + 0,25 kg", [Pack("case", Decimal(10), DAY)], "kg", fine) == Decimal("20.25")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got nothing"),
        ("   ", "got nothing"),
        ("three cases", "Begin each part with a number"),
        ("-3", "Begin each part with a number"),
        ("3 cases +", "Begin each part with a number"),
        ("3 cases 4", "one of: each, pallet, case, inner"),
        ("3 bags", "one of: each, pallet, case, inner"),
        ("1e3", "one of: each"),
        ("1.5", "whole multiples of 1 each, got '1.5' = 1.5"),
        ("2.3 cases", "= 27.6"),
        ("1,200", "expected 1200 or 1.2"),
        ("1.000", "expected 1000 or 1"),
        ("1,500 cases", "expected 1500 or 1.5"),
        ("٣", "Begin each part with a number"),
        ("9" * 16, "below 10\\^15"),
        ("0.0000000000001", "at most 12 decimals"),
        ("9" * 200, "a quantity such as"),
        ("999999999999999 pallets", "a quantity below 10\\^15"),
    ],
)
def test_what_cannot_be_read_for_sure_is_asked_back(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        parse(text, MUG, "each", ONE, "line 3")
    assert caught.value.faults[0].where == "line 3"


def test_an_item_that_is_counted_in_pieces_has_them_whatever_its_unit_is_called() -> None:
    assert parse("4 each", [], "pcs", ONE) == 4
    assert parse("4 rolls", [], "roll", ONE) == 4
    with pytest.raises(Invalid, match="one of: kg, got 'each'"):
        parse("4 each", [], "kg", ONE)
    with pytest.raises(Invalid, match="one of: each, got 'cases'"):
        parse("4 cases", [], "each", ONE)


def test_a_quantity_is_said_in_the_largest_packs_first() -> None:
    said = {
        40: "3 cases + 1 inner",
        7: "1 inner + 3 each",
        0: "0 each",
        1: "1 each",
        960: "2 pallets",
        -40: "−(3 cases + 1 inner)",
        -12: "−1 case",
    }
    assert {quantity: in_words(Decimal(quantity), MUG, "each") for quantity in said} == said
    assert in_words(Decimal("1.250"), [], "kg") == "1.25 kg"


def test_the_packs_of_a_day_are_those_told_last_before_it() -> None:
    packs = [
        Pack("case", Decimal(12), date(2026, 1, 1)),
        Pack("case", Decimal(10), date(2026, 3, 1)),
        Pack("case", None, date(2026, 6, 1)),
        Pack("pallet", Decimal(480), date(2026, 1, 1)),
    ]
    sizes = {
        day: [(str(pack.level), pack.quantity) for pack in on_day(packs, day)]
        for day in (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1), date(2026, 6, 1))
    }
    assert sizes == {
        date(2025, 12, 31): [],
        date(2026, 2, 28): [("pallet", Decimal(480)), ("case", Decimal(12))],
        date(2026, 3, 1): [("pallet", Decimal(480)), ("case", Decimal(10))],
        date(2026, 6, 1): [("pallet", Decimal(480))],
    }


def test_a_pack_holds_a_whole_multiple_of_the_quantum_and_the_unit_itself_holds_one() -> None:
    assert not list(pack_faults(Pack("case", Decimal(12), DAY), "each", ONE))
    assert not list(pack_faults(Pack("case", None, DAY), "each", ONE))
    for pack, unit in (
        (Pack("case", Decimal("1.5"), DAY), "each"),
        (Pack("case", Decimal(0), DAY), "each"),
        (Pack("case", Decimal("NaN"), DAY), "each"),
        (Pack("each", Decimal(2), DAY), "each"),
        (Pack("case", Decimal(6), DAY), "carton"),
        (Pack("crate", Decimal(6), DAY), "each"),  # type: ignore[arg-type]
    ):
        assert len(list(pack_faults(pack, unit, ONE))) == 1, pack


quanta = st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("0.001"), Decimal("1e-9"), Decimal(6)])
units = st.sampled_from(["each", "kg", "pcs", "case", "roll", "fl oz", "m²"])


@given(st.data(), quanta, units)
def test_said_and_read_again_it_is_the_same_quantity(data: st.DataObject, quantum: Decimal, unit: str) -> None:
    sizes = data.draw(st.dictionaries(st.sampled_from(LEVELS), st.integers(1, 10**6), max_size=4))
    packs = [Pack(level, size * quantum, DAY) for level, size in sizes.items()]
    packs = [pack for pack in packs if not list(pack_faults(pack, unit, quantum))]
    quantity = data.draw(st.integers(0, 10**9)) * quantum
    assert parse(in_words(quantity, packs, unit), packs, unit, quantum) == quantity
