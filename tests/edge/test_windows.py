"""Many reads of one tag become one reading, at the time that it was by our clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.edge.windows import ReaderClock, Seen, TagRead, Windows

NOW = 1_790_000_000.0
READ = TagRead("E280AB", 1, -60.0, 1, int(NOW * 1e6), int(NOW * 1e6))


def test_reads_within_a_window_are_one_reading_with_the_strongest_signal() -> None:
    windows = Windows(1.0)
    for tick in range(500):
        windows.see(replace(READ, rssi=-60.0 + tick % 7), NOW + tick / 500, NOW + tick / 500, tick / 500)
    assert list(windows.due(0.999)) == []
    assert list(windows.due(1.0)) == [Seen("E280AB", 1, -54.0, 500, NOW, NOW + 499 / 500, 0.0)]
    assert list(windows.due(9.0)) == []


def test_another_antenna_is_another_reading_and_so_is_the_next_window() -> None:
    windows = Windows(1.0)
    for antenna, now in ((1, 0.0), (2, 0.5), (1, 0.9)):
        windows.see(replace(READ, antenna=antenna), NOW, NOW, now)
    assert [(seen.antenna, seen.count) for seen in windows.due(1.0)] == [(1, 2)]
    windows.see(READ, NOW, NOW, 1.1)
    assert [(seen.antenna, seen.count) for seen in windows.due(2.1)] == [(2, 1), (1, 1)]


def test_windows_that_nobody_can_take_stay_open_and_count_on() -> None:
    windows = Windows(1.0)
    for second in range(100):
        windows.see(READ, NOW + second, NOW + second, float(second))
    assert [(seen.count, seen.last - seen.first) for seen in windows.due(100.0)] == [(100, 99.0)]


def test_more_tags_than_any_warehouse_has_are_counted_and_not_kept() -> None:
    windows = Windows(1.0, most=3)
    for number in range(5):
        windows.see(replace(READ, epc=f"{number:02X}"), NOW, NOW, 0.0)
    assert (len(windows), windows.lost) == (3, 2)
    assert [seen.epc for seen in windows.rest()] == ["00", "01", "02"]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 4), st.integers(1, 9), st.floats(0, 50)), max_size=60))
def test_no_read_is_lost_and_none_counts_twice(told: list[tuple[str, int, int, float]]) -> None:
    windows = Windows(1.0)
    taken: list[Seen] = []
    for epc, antenna, count, now in sorted(told, key=lambda one: one[3]):
        taken += windows.due(now)
        windows.see(TagRead(epc, antenna, None, count), NOW + now, NOW + now, now)
    taken += windows.rest()
    assert sum(seen.count for seen in taken) == sum(count for _, _, count, _ in told)
    assert all(0 <= seen.last - seen.first <= 1.0 for seen in taken)


def told(at: float, *, utc: bool = True) -> TagRead:
    return replace(READ, first_us=int((at - 0.5) * 1e6), last_us=int(at * 1e6), utc=utc)


def test_a_clock_that_is_right_is_believed() -> None:
    clock = ReaderClock()
    assert clock.ours(told(NOW - 0.8), NOW) == (NOW - 1.3, NOW - 0.8)
    assert clock.ours(told(NOW - 0.2), NOW) == (NOW - 0.7, NOW - 0.2)


@pytest.mark.parametrize("wrong_by", [3 * 3600.0, -3 * 3600.0, -NOW + 60])
def test_a_clock_that_is_wrong_is_corrected_by_what_is_least_on_its_way(wrong_by: float) -> None:
    clock = ReaderClock()
    clock.ours(told(NOW + wrong_by - 0.01), NOW)
    first, last = clock.ours(told(NOW + wrong_by + 9.0), NOW + 10.0)
    assert [first, last] == pytest.approx([NOW + 8.51, NOW + 9.01], abs=0.001)
    assert clock.ahead_s == pytest.approx(wrong_by - 0.01, abs=0.001)


def test_a_reader_that_only_knows_how_long_it_is_on_is_placed_in_time() -> None:
    clock = ReaderClock()
    first, last = clock.ours(told(61.5, utc=False), NOW)
    assert (first, last) == (NOW - 0.5, NOW)


def test_a_clock_that_is_set_back_under_way_is_noticed_within_two_minutes() -> None:
    clock = ReaderClock()
    clock.ours(told(NOW), NOW)
    for second in range(1, 130):
        _, last = clock.ours(told(NOW + second - 3600), NOW + second)
    assert last == pytest.approx(NOW + 129, abs=0.1)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.booleans(), st.floats(0, 1e6))
def test_no_time_that_a_reader_claims_leads_out_of_the_last_day(first: int, last: int, utc: bool, later: float) -> None:
    clock = ReaderClock()
    clock.ours(replace(READ, first_us=last, last_us=first, utc=utc), NOW)
    ours = clock.ours(replace(READ, first_us=first, last_us=last, utc=utc), NOW + later)
    assert NOW + later - 86_400 <= ours[0] <= ours[1] <= NOW + later
