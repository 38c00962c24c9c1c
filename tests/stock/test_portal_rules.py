"""What reads at a dock door come to: direction, strays, tags that lie near, and what they are held against. Pure."""

from __future__ import annotations

import csv
import gzip
import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.edge.standing import Way
from shelfwise.stock.portals.model import (
    LONGEST_QUIET,
    SHORTEST_QUIET,
    Expected,
    ExpectedLine,
    Read,
    Seen,
    Sighting,
    detail,
    gather,
    judge,
    match,
    quiet_after,
    reads_of,
    title,
)
from shelfwise.stock.tags.model import Content
from tests.conftest import NOON
from tests.real import SENSING

REAL = SENSING / "rfid_reads.csv.gz"
WEAKEST = -70.0


def reads(side: Way, *seconds: float, dbm: float | None = -50.0) -> list[Read]:
    return [Read(NOON + timedelta(seconds=one), side, dbm) for one in seconds]


def verdict(heard: Sequence[Read]) -> tuple[str | None, str]:
    found = judge(gather(None, heard), WEAKEST)
    return found.course, found.why


@pytest.mark.parametrize(
    ("heard", "course", "why"),
    [
        (reads("outside", 0, 0.5, 1) + reads("inside", 1.5, 2, 2.5), "in", ""),
        (reads("inside", 0, 0.5, 1) + reads("outside", 1.5, 2, 2.5), "out", ""),
        (reads("outside", 0) + reads("inside", 6), "in", ""),
        # Both sides hear it for a while in the middle of the door.
        (reads("outside", 0, 1, 2, 3) + reads("inside", 2.5, 3.5, 4, 5), "in", ""),
        (reads("outside", 0, 1, 2) + reads("inside", 1, dbm=-80.0), None, "one side"),
        (reads("outside", 0), None, "stray"),
        (reads("outside", 0, 1, 2, dbm=-75.0) + reads("inside", 3, 4, dbm=-78.0), None, "stray"),
        # It lies between the antennas, and both hear it again and again.
        (reads("outside", *range(0, 20, 2)) + reads("inside", *range(1, 21, 2)), None, "stays"),
        # It lay inside for minutes, then it was carried out.
        (reads("inside", *range(0, 300, 5)) + reads("outside", 303, 304, 305), "out", ""),
        (reads("in", 0, 1, 2), "in", ""),
        (reads("out", 0, 1, 2, dbm=None), "out", ""),
        (reads("in", *range(0, 200, 4)), None, "stays"),
        # Antennas that look one way: evenly strong, it lies near; without a word about strength only the time tells.
        (reads("in", *range(0, 20, 2)), None, "stays"),
        (reads("in", 0, 9), None, "stays"),
        (reads("in", *range(0, 20, 2), dbm=None), "in", ""),
        (reads("in", *range(0, 40, 2), dbm=None), None, "stays"),
        # It came near and was put down, or was taken away from where it lay.
        ([*reads("in", 0, 1, 2, dbm=-66.0), *reads("in", *range(3, 20))], None, "stays"),
        ([*reads("out", *range(20)), *reads("out", 20, 21, 22, dbm=-66.0)], None, "stays"),
    ],
)
def test_what_was_heard_of_a_tag_is_a_pass_one_way_or_none_for_a_reason(
    heard: list[Read], course: str | None, why: str
) -> None:
    assert verdict(heard) == (course, why)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({}, [0]),
        ({"count": 1}, [0]),
        ({"count": 41, "since": (NOON - timedelta(seconds=0.8)).isoformat()}, [-0.8, 0]),
        ({"reads": 9}, [-0.4, 0]),
        ({"count": 9, "since": "never"}, [-0.4, 0]),
        ({"count": 9, "since": (NOON - timedelta(hours=1)).isoformat()}, [-5, 0]),
        ({"count": "many"}, [0]),
    ],
)
def test_a_reading_of_a_reader_that_counts_for_itself_stands_for_the_first_and_the_last_of_its_reads(
    told: dict[str, object], seconds: list[float]
) -> None:
    found = reads_of("outside", NOON, {"epc": "E2", "rssi": -52.5} | told)
    assert [(one.at - NOON).total_seconds() for one in found] == seconds
    assert {one.dbm for one in found} == {-52.5}


def test_silence_means_absence_sooner_for_a_tag_that_is_read_well_and_later_while_the_other_side_may_follow() -> None:
    well = gather(None, reads("outside", 0, 0.3, 0.6) + reads("inside", 1, 1.3, 1.6))
    badly = gather(None, reads("outside", 0) + reads("inside", 4))
    one_side = gather(None, reads("outside", 0, 0.3, 0.6))
    assert quiet_after(well) == SHORTEST_QUIET < quiet_after(badly) < LONGEST_QUIET == quiet_after(one_side)


def test_a_tag_that_was_judged_and_is_heard_again_soon_has_been_there_since_before() -> None:
    before = Sighting((), NOON, NOON + timedelta(seconds=100))
    assert gather(before, reads("in", 160, 161)).first_at == NOON
    assert gather(before, reads("in", 260, 261)).first_at == NOON + timedelta(seconds=260)


heard = st.lists(
    st.builds(
        lambda second, side, dbm: Read(NOON + timedelta(milliseconds=second), side, dbm),
        st.integers(0, 60_000),
        st.sampled_from(("outside", "inside")),
        st.floats(-80, -40),
    ),
    min_size=1,
    max_size=200,
)


@given(heard, st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_order_in_which_reads_come_changes_nothing(told: list[Read], chance, parts: int) -> None:  # type: ignore[no-untyped-def]
    whole = gather(None, told)
    mixed = list(told)
    chance.shuffle(mixed)
    state: Sighting | None = None
    for number in range(0, len(mixed), parts):
        state = gather(state, mixed[number : number + parts])
    assert state == whole
    assert judge(whole, WEAKEST) == judge(gather(whole, told), WEAKEST)


@given(heard)
def test_a_pass_seen_in_a_mirror_goes_the_other_way(told: list[Read]) -> None:
    turned = {"outside": "inside", "inside": "outside"}
    mirrored = [Read(one.at, turned[one.side], one.dbm) for one in told]  # type: ignore[arg-type]
    other = {"in": "out", "out": "in", None: None}
    assert judge(gather(None, mirrored), WEAKEST).course == other[judge(gather(None, told), WEAKEST).course]


def _passes(told: Iterable[Read]) -> int:
    """How often a tag passes, of reads handed over one by one."""
    found, state = 0, None
    for one in sorted(told):
        if state is not None and one.at - state.last_at > quiet_after(state):
            found += judge(state, WEAKEST).course is not None
            state = Sighting((), state.first_at, state.last_at)
        state = gather(state, [one])
    return found + (state is not None and judge(state, WEAKEST).course is not None)


def lying() -> dict[str, list[Read]]:
    """Tags on a table before a reader, twice for four minutes: as one heard them, where the file is; and invented.

    Of the invented ones some are heard many times a second and some hardly at all, with echoes of people walking about.
    """
    tags: dict[str, list[Read]] = defaultdict(list)
    if REAL.exists():
        with gzip.open(REAL, "rt") as file:
            for row in csv.DictReader(file):
                at = datetime.fromtimestamp(float(row["timestamp"]), UTC)
                tags[row["epc"][2:-1].upper()].append(Read(at, "in", float(row["rssi"])))
        assert len(tags) == 29
    chance = random.Random(29)
    for number in range(29):
        second, level = 0.0, -50.0 - number
        while second < 626:
            second += chance.expovariate(1 / (0.2 + number % 9))
            if not 262 < second < 362:
                tags[f"made-{number}"] += reads("in", second, dbm=level + chance.gauss(0, 2.0))
    return tags


@pytest.mark.parametrize("every", [1, 5, 20])
def test_tags_that_lie_near_a_reader_for_minutes_do_not_pass_it_even_where_it_hears_few_of_their_answers(
    every: int,
) -> None:
    passed = {epc: _passes(sorted(told)[::every]) for epc, told in lying().items()}
    # Heard twice in a few seconds and then not for half a minute, one looks like one that was carried past.
    assert sum(passed.values()) <= 1, {epc: many for epc, many in passed.items() if many}


@pytest.mark.parametrize(
    ("metres_a_second", "metres_off", "reads_a_second", "wait"),
    [(1.0, 1.2, 20, 0), (2.0, 1.5, 20, 0), (1.0, 2.0, 3, 0), (1.0, 1.2, 10, 20), (1.0, 1.2, 10, 60)],
    ids=["on foot", "by fork lift", "read seldom", "stops under the door", "stops for a minute"],
)
def test_a_tag_that_is_carried_past_antennas_that_look_one_way_passes(
    metres_a_second: float, metres_off: float, reads_a_second: float, wait: float
) -> None:
    """With strength by the fourth power of the distance, and what echoes add."""
    chance, reach = random.Random(3), 5.0
    for _ in range(20):
        told, second, half = list[Read](), 0.0, reach / metres_a_second
        while (second := second + chance.expovariate(reads_a_second)) < 2 * half + wait:
            along = min(second, half) + max(second - half - wait, 0.0)
            distance = math.hypot(metres_off, reach - metres_a_second * along)
            dbm = -45.0 - 40 * math.log10(distance) + chance.gauss(0, 3.0)
            told += reads("out", second, dbm=dbm) if dbm > -80 else []
        assert verdict(told) == ("out", "")


MUG, LID = 1, 2


def expected(number: str, *lines: tuple[int, int]) -> Expected:
    skus = {MUG: "MUG", LID: "LID"}
    return Expected(
        "purchase_order", int(number[3:]), number, NOON,
        tuple(ExpectedLine(row, item, skus[item], "each", Decimal(much)) for row, (item, much) in enumerate(lines, 1)),
    )  # fmt: skip


def seen(*content: Content) -> list[Seen]:
    return [Seen(f"E{number}", (one,)) for number, one in enumerate(content)]


def test_what_passed_is_held_against_the_likeliest_order_and_says_what_is_missing_and_what_nobody_expected() -> None:
    tags = [*seen(*[Content(MUG, Decimal(12), "L1")] * 3, Content(LID, Decimal(5))), Seen("E9"), Seen("E10")]
    best, other = match(tags, [expected("PO-2", (MUG, 300)), expected("PO-1", (MUG, 42))])
    assert (best.expected.number, int(best.matched), int(best.due)) == ("PO-1", 36, 42)
    assert best.lines[0].came == (Content(MUG, Decimal(36), "L1"),)
    assert other.expected.number == "PO-2"
    assert (
        title(best, "in", "DOCK-2", "10:14", Decimal(41)) == "36 of 42 expected of PO-1 came in through DOCK-2 at 10:14"
    )
    assert detail(best, {LID: "LID"}, 2, 0) == "missing: 6 MUG; unexpected: 5 LID; 2 tags that nobody knows."
    assert match(tags, [expected("PO-3", (3 - 1, 0))]) == []


def test_a_case_is_not_cut_in_two_and_what_is_too_much_stands_on_the_last_line() -> None:
    (found,) = match(seen(*[Content(MUG, Decimal(12))] * 3), [expected("PO-1", (MUG, 10), (MUG, 12))])
    assert [one.quantity for one in found.lines] == [12, 24]
    assert detail(found, {}, 0, 1) == "more than expected: 2 MUG, 12 MUG; 1 booked before, not counted again."


def test_a_tag_that_was_booked_before_counts_for_nothing() -> None:
    tags = [Seen("E1", (Content(MUG, Decimal(1)),), before=True)]
    assert match(tags, [expected("PO-1", (MUG, 1))]) == []
