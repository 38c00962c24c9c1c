"""Racks and plain warehouses: which bins there are, what they are called, and where they stand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.records.floor_model import Footprint, draft_faults, footprint
from shelfwise.records.racks import PATTERNS, PlainFloor, Rack, bins, code_of, lay_out, letters

RACK = Rack("A", 1, 2, bays=2, levels=2, bay_width_m=3, depth_m=1)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("{aisle}-{bay:2}-{level:2}", "A-03-02"),
        ("{aisle}{bay:2}{level:a}", "A03B"),
        ("{aisle}.{bay:3}.{level}", "A.003.2"),
        ("{aisle}-{bay}-{level}-{position}", "A-3-2-4"),
        ("{bay}/{aisle}", "3/A"),
    ],
)
def test_a_pattern_writes_codes(pattern: str, code: str) -> None:
    assert code_of(pattern, "A", 3, 2, 4) == code


def test_letters_go_on_after_z() -> None:
    assert [letters(number) for number in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]


@pytest.mark.parametrize(
    ("changes", "first", "last"),
    [
        ({}, ("A-01-01", 1, 2, 3, 1), ("A-02-02", 4, 2, 3, 1)),
        ({"backward": True}, ("A-01-01", 4, 2, 3, 1), ("A-02-02", 1, 2, 3, 1)),
        ({"upright": True}, ("A-01-01", 1, 2, 1, 3), ("A-02-02", 1, 5, 1, 3)),
        ({"upright": True, "backward": True}, ("A-01-01", 1, 5, 1, 3), ("A-02-02", 1, 2, 1, 3)),
        (
            {"positions": 2, "pattern": "{aisle}{bay}{level}{position}"},
            ("A111", 1, 2, 1.5, 1), ("A222", 5.5, 2, 1.5, 1),
        ),
    ],
)  # fmt: skip
def test_bins_stand_where_their_bay_is(changes: dict[str, Any], first: tuple[Any, ...], last: tuple[Any, ...]) -> None:
    made = bins(replace(RACK, **changes))
    told = [(one.code, one.x_m, one.y_m, one.width_m, one.depth_m) for one in (made[0], made[-1])]
    assert told == [first, last]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bays": 0}, "bays: expected a number from 1"),
        ({"bays": 5001}, "Draw the aisle in two parts"),
        ({"pattern": "{aisle}-{bay}"}, r"{level}, as there are 2"),
        ({"pattern": "{aisle}-{bay}-{level}-{shelf}"}, "text with {aisle}"),
        ({"aisle": " "}, "aisle"),
        ({"depth_m": 0}, "depth_m"),
        ({"bays": 12, "levels": 12, "pattern": "{aisle}{bay}{level}"}, "A111 2 times"),
        ({"aisle": "A" * 60}, "code"),
    ],
)
def test_a_rack_that_cannot_be_says_why(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        made = bins(replace(RACK, **changes))
        faults = draft_faults((99, 99), [], made, [], set())
        raise Invalid(*faults)


@given(
    st.builds(
        PlainFloor, st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3), st.sampled_from("AZ1"),
        st.floats(0.5, 4), st.floats(0.3, 2), st.floats(0.5, 5), docks=st.integers(1, 6), quarantine=st.booleans(),
        backward=st.booleans(), pattern=st.just(PATTERNS[1]),
    )
)  # fmt: skip
def test_whatever_is_asked_for_a_plain_warehouse_stands_on_its_floor_and_nothing_in_anything(plain: PlainFloor) -> None:
    made = lay_out(plain)
    places = [*made.places, *(one for rack in made.racks for one in bins(rack))]
    assert list(draft_faults((made.width_m, made.depth_m), made.zones, places, [], set())) == []
    assert (
        len(places) == plain.aisles * plain.bays * plain.levels * plain.positions + plain.docks + 1 + plain.quarantine
    )
    zones = [at for zone in made.zones if (at := footprint(zone))]
    assert not any(one.overlaps(other) for one, other in combinations(zones, 2))


def test_two_places_in_one_spot_are_refused_unless_they_are_levels() -> None:
    lower, upper, _, _ = bins(RACK)
    assert list(draft_faults((9, 9), [], [lower, upper], [], set())) == []
    (fault,) = draft_faults((9, 9), [], [replace(lower, code="X")], [lower], set())
    assert (fault.where, fault.got) == ("A-01-01", "it stands in X")
    (fault,) = draft_faults((3, 9), [], [], [lower], {lower.code})
    assert fault.expected == "on the floor of 3 × 9 m"
    assert list(draft_faults((3, 9), [], [], [lower], set())) == []


def test_neighbours_may_touch() -> None:
    assert not Footprint(0, 0, 1, 1).overlaps(Footprint(1, 0, 1, 1))
    assert Footprint(0, 0, 1, 1).overlaps(Footprint(0.9, 0.9, 1, 1))
