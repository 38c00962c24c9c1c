"""Two names of one thing are told from two things with much the same name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.intake.joining.clusters import SURE, clusters
from shelfwise.intake.joining.judging import Judge
from shelfwise.intake.joining.model import Record
from shelfwise.intake.joining.names import edits, shortened, standard


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RED SPOTTY BOWL", "bowl, red spotty"),
        ("Cafe\u0301 cre\u0300me 250 g", "CAFÉ CRÈME 250G"),
        ("PLEASE ONE PERSON  METAL SIGN", " Please One Person\u200b Metal\u00a0Sign"),
        ("SET OF 4 ROSE BOTANICAL CANDLES", "S/4 ROSE BOTANICAL CANDLE"),
        ("Cola 12x500ML", "COLA 12 X 0,5 L"),
        ('RECORD FRAME 7"', "Record Frame 177.8 mm"),
        ("PINK CHILDS UMBRELLA", "PINK CHILDREN'S UMBRELLA"),
        ("XMAS SOCK", "CHRISTMAS SOCKS"),
    ],
)
def test_the_standard_name_is_the_same_for_every_way_to_write_it(one: str, other: str) -> None:
    assert standard(one).text == standard(other).text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SET OF 3 TINS", "SET OF 6 TINS"),
        ("RED MUG", "BLUE MUG"),
        ("Water 500 ml", "Water 500 l"),
        ("SIGN 1", "SIGN 2"),
    ],
)
def test_the_standard_name_keeps_what_tells_things_apart(one: str, other: str) -> None:
    assert standard(one).text != standard(other).text


def test_sizes_and_packs_are_read_as_amounts() -> None:
    assert standard("Cola 12x500ML").measures == {("count", 12.0), ("volume", 500.0)}


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_counted_alike_from_both_sides_and_never_beyond_the_limit(one: str, other: str) -> None:
    found = edits(one, other, 2)
    assert found == edits(other, one, 2) <= 3
    assert (found == 0) == (one == other)


def test_a_swapped_pair_of_letters_is_one_edit() -> None:
    assert edits("lavender", "lavneder", 2) == 1


@pytest.mark.parametrize(
    ("short", "whole", "may_be"),
    [("dec", "decoration", True), ("bttl", "bottle", True), ("emroidr", "embroidered", True), ("cat", "dog", False),
     ("red", "blue", False), ("12", "125", False)],
)  # fmt: skip
def test_a_short_form_keeps_the_letters_in_order(short: str, whole: str, may_be: bool) -> None:
    assert shortened(short, whole) is may_be


def record(description: str, days: Iterable[int] = (), orders: Iterable[int] = (), price: float | None = 2.5) -> Record:
    prices = () if price is None else (price,)
    return Record(
        description, description, prices, np.array(sorted(days), np.int64), np.array(sorted(orders), np.int64)
    )


def joined(*records: Record) -> set[frozenset[str]]:
    """Pairs of descriptions that end up in one group."""
    judge = Judge([*records, *OTHERS], 1000)
    groups = clusters(len(records) + len(OTHERS), judge.pairs(), judge.judge, SURE)
    named = [[judge.records[place].description for place in group] for group in groups]
    return {frozenset(pair) for group in named for pair in combinations(group, 2)}


OTHERS = [
    record(f"{word} {thing}", price=None) for word in ("OAK", "TIN", "WAX") for thing in ("BENCH", "LADLE", "PIPE")
]
"""A catalogue around the pair in question, so that words have something to be rare in."""


def test_spaces_case_order_and_a_slip_of_the_pen_are_no_difference() -> None:
    assert joined(record("FOOD/DRINK SPONGE STICKERS"), record("  Stickers, food drink spunge")) == {
        frozenset({"FOOD/DRINK SPONGE STICKERS", "  Stickers, food drink spunge"})
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RED ENAMEL MUG", "BLUE ENAMEL MUG"),
        ("ENAMEL MUG SMALL", "ENAMEL MUG LARGE"),
        ("SET OF 3 ENAMEL MUGS", "SET OF 6 ENAMEL MUGS"),
        ("ENAMEL MUG 250ML", "ENAMEL MUG 350ML"),
        ("ENAMEL SIGN 1", "ENAMEL SIGN"),
    ],
)
def test_colour_size_and_number_tell_things_apart(one: str, other: str) -> None:
    assert joined(record(one), record(other)) == set()


def test_what_one_order_holds_twice_is_two_things_whatever_the_names_say() -> None:
    days = range(30)
    assert joined(record("FERN MUG", days, range(50)), record("fern  mug ", days, range(45, 90))) == set()


def test_a_name_that_stopped_when_another_began_is_a_rename_where_many_names_say_so() -> None:
    things = ["BOWL", "PLATE", "PURSE", "APRON", "CUP"]
    before = [record(f"SPOTTY {thing}", range(100), range(n * 20, n * 20 + 10)) for n, thing in enumerate(things)]
    after = [
        record(f"POLKADOT {thing}", range(101, 200), range(n * 20 + 10, n * 20 + 20)) for n, thing in enumerate(things)
    ]
    assert joined(*before, *after) == {frozenset({f"SPOTTY {thing}", f"POLKADOT {thing}"}) for thing in things}


def test_names_that_sell_side_by_side_are_no_rename() -> None:
    things = ["BOWL", "PLATE", "PURSE", "APRON", "CUP"]
    orders = range(0, 100, 20)
    dotted = [record(f"SPOTTY {of}", range(100), range(n, n + 10)) for n, of in zip(orders, things, strict=True)]
    striped = [record(f"STRIPED {of}", range(100), range(n + 9, n + 20)) for n, of in zip(orders, things, strict=True)]
    assert joined(*dotted, *striped) == set()


def test_a_shared_barcode_outweighs_another_name() -> None:
    code = frozenset({"GTIN 4006381333931"})
    coded = [Record(name, name, codes=code) for name in ("BOSS ORIGINAL 70", "HIGHLIGHTER")]
    judge = Judge([*coded, *OTHERS], 0)
    assert judge.pairs()[(0, 1)].certainty > 0.5
    assert "GTIN 4006381333931" in judge.judge((0, 1)).evidence[0].what


def test_a_judgement_says_what_it_stands_on_weightiest_first() -> None:
    judge = Judge([record("RED MUG", range(9), range(9)), record("BLUE MUG", range(9), range(5, 20)), *OTHERS], 1000)
    weights = [abs(each.weight) for each in judge.judge((0, 1)).evidence]
    assert weights == sorted(weights, reverse=True)
    assert judge.judge((0, 1)).certainty < 0.001


def test_two_groups_stay_apart_where_one_pair_across_them_was_sold_together() -> None:
    middle = record("FERN PATTERN MUG", range(200, 230), range(600, 630))
    left = record("FERN PATTERN MUG ", range(30), range(50))
    right = record("Fern pattern mug", range(30), range(45, 90))
    assert frozenset({left.description, right.description}) not in joined(left, middle, right)
