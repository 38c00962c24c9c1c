"""The rules of the ledger without a database: settling, allocating, stockouts, ends."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.stock.model import Entry, Spot, StockoutChange, allocate, ends_faults, stockout_change
from shelfwise.stock.settling import Lying, Settled, place_changes, settle
from tests.conftest import NOON

SPOTS = {
    1: Spot(1, 1, "bin", "A-1"),
    2: Spot(2, 1, "dock", "DOCK"),
    3: Spot(3, 1, "customer", "CUSTOMER"),
    4: Spot(4, 1, "unaccounted", "UNACCOUNTED"),
    5: Spot(5, 2, "bin", "B-1"),
}


def entry(start: int, end: int, quantity: int) -> Entry:
    return Entry(7, start, end, Decimal(quantity), NOON, "move")


def test_what_a_bin_lacks_comes_from_unaccounted() -> None:
    (short,) = settle([entry(1, 3, 10)], [Lying(7, 1, "", "available", Decimal(7))], SPOTS, {1: 4})
    assert short.missing == 3
    assert short.correction == Entry(7, 4, 1, Decimal(3), NOON, "adjust")


def test_entries_settle_in_order_so_that_what_arrives_first_can_be_taken() -> None:
    def missing(*entries: Entry) -> list[Decimal]:
        return [one.missing for one in settle(entries, [], SPOTS, {1: 4})]

    assert missing(entry(3, 1, 5), entry(1, 2, 5), entry(2, 3, 2)) == [0, 0, 0]
    assert missing(entry(1, 2, 5), entry(3, 1, 5), entry(1, 3, 6)) == [5, 0, 1]


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 4]), st.sampled_from([1, 2, 3, 4]), st.integers(1, 9)), max_size=30),
    st.integers(0, 9),
)
def test_settled_entries_sum_to_zero_and_leave_no_real_place_below_zero(
    moves: list[tuple[int, int, int]], before: int
) -> None:
    entries = [entry(*move) for move in moves if move[0] != move[1]]
    settled = settle(entries, [Lying(7, 1, "", "available", Decimal(before))], SPOTS, {1: 4})
    lines = [line for one in settled for line in _lines(one)]
    held = {1: Decimal(before), 2: Decimal(0), 3: Decimal(0), 4: Decimal(0)}
    for line in lines:
        held[line.from_place_id] -= line.quantity
        held[line.to_place_id] += line.quantity
        assert held[1] >= 0
        assert held[2] >= 0
    assert sum(held.values()) == before
    assert sum((much for much, _ in place_changes(lines).values()), Decimal(0)) == 0


def _lines(one: Settled) -> list[Entry]:
    return [*one.lines] if one.correction is None else [one.correction, *one.lines]


@pytest.mark.parametrize(
    ("available", "wanted", "granted"),
    [
        (10, [6, 4], [6, 4]),
        (10, [6, 6, 4], [6, 4]),
        (5, [6], []),
        (0, [1], []),
        (-3, [1], []),
        (6, [6, 1], [6]),
        (3, [1, 1, 1, 1], [1, 1, 1]),
    ],
)
def test_the_oldest_line_comes_first_and_gets_all_or_nothing(
    available: int, wanted: list[int], granted: list[int]
) -> None:
    lines = [(number, Decimal(quantity)) for number, quantity in enumerate(wanted)]
    assert [quantity for _, quantity in allocate(Decimal(available), lines)] == granted


@given(st.integers(-5, 60), st.lists(st.integers(1, 20), max_size=20))
def test_no_more_is_granted_than_is_available(available: int, wanted: list[int]) -> None:
    granted = allocate(Decimal(available), [(number, Decimal(quantity)) for number, quantity in enumerate(wanted)])
    assert sum(quantity for _, quantity in granted) <= max(available, 0)
    assert all(quantity == wanted[number] for number, quantity in granted)


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-100, 100)), max_size=30))
def test_stockouts_never_overlap_and_never_end_before_they_begin(steps: list[tuple[int, int]]) -> None:
    intervals: list[StockoutChange] = []
    for available, minutes in steps:
        at = NOON + timedelta(minutes=minutes)
        open_since = intervals[-1].since if intervals and intervals[-1].until_at is None else None
        last_until = max((one.until_at for one in intervals if one.until_at is not None), default=None)
        change = stockout_change(Decimal(available), open_since, last_until, at)
        if change is not None and change.until_at is not None:
            intervals[-1] = change
        elif change is not None:
            intervals.append(change)
        assert (intervals[-1].until_at is None if intervals else False) == (available <= 0)
    for one, following in pairwise(intervals):
        assert one.until_at is not None
        assert one.since <= one.until_at <= following.since


@pytest.mark.parametrize(
    ("reason", "start", "end", "fault"),
    [
        ("move", 1, 2, None),
        ("pick", 1, 3, None),
        ("return", 3, 2, None),
        ("adjust", 4, 1, None),
        ("move", 1, 1, "two different places"),
        ("move", 1, 5, "two places of one site"),
        ("pick", 3, 1, "bin or dock or packing to customer"),
        ("reverse", 1, 3, "one of adjust"),
        ("theft", 1, 3, "one of adjust"),
    ],
)
def test_a_reason_says_between_which_places_goods_move(reason: str, start: int, end: int, fault: str | None) -> None:
    found = [str(one) for one in ends_faults(reason, SPOTS[start], SPOTS[end], "movement")]
    assert [text for text in found if fault is None or fault in text] == found
    assert bool(found) == (fault is not None)
