"""What the floor says about bins and zones, and how it is drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.web.floor_svg import draw, fill_box
from shelfwise.web.floor_view import BinFacts, Box, FloorView, ZoneFacts, see_bin, see_zone, stale_after
from tests.conftest import NOON

STALE = timedelta(minutes=30)
BIN = BinFacts(7, "A-01", Box(1, 2, 1.2, 1.7), 1, "85123A", "White hanging heart", capacity=Decimal(60))
ZONE = ZoneFacts(3, "C", "Chilled", "chilled", Box(0, 0, 10, 8), 2.0, 8.0)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("book", "elsewhere", "state"),
    [("40", "0", "well"), ("12", "0", "well"), ("11", "0", "low"), ("0", "0", "empty"), ("0", "5", "free")],
)
def test_a_bin_without_a_scale_is_filled_by_the_book(book: str, elsewhere: str, state: str) -> None:
    view = see_bin(replace(BIN, book=Decimal(book), elsewhere=Decimal(elsewhere)), NOON, STALE)
    assert (view.state, view.level, view.doubt) == (state, round(int(book) / 60, 3), "")


def test_a_bin_for_no_item_is_not_in_use_and_never_empty() -> None:
    assert see_bin(BinFacts(7, "A-01", Box(1, 2, 1, 1)), NOON, STALE).state == "free"


def test_a_fresh_scale_fills_the_bin_and_agrees_within_its_noise() -> None:
    view = see_bin(replace(BIN, book=Decimal(40), has_scale=True, weighed=38.2, weighed_at=NOON), NOON, STALE)
    assert (view.level, view.doubt) == (round(38.2 / 60, 3), "")


def test_scale_and_book_apart_is_doubt_and_says_by_how_much() -> None:
    view = see_bin(replace(BIN, book=Decimal(40), has_scale=True, weighed=30.0, weighed_at=NOON), NOON, STALE)
    assert view.doubt == "the scale sees about 10 fewer than the book"
    assert "In doubt" in view.label


def test_a_silent_scale_is_doubt_and_the_book_is_shown() -> None:
    silent = replace(BIN, book=Decimal(40), has_scale=True, weighed=10.0, weighed_at=NOON - timedelta(hours=2))
    view = see_bin(silent, NOON, STALE)
    assert (view.level, view.doubt) == (round(40 / 60, 3), "its scale last reported 2 h ago")


def test_a_scale_that_never_spoke_is_doubt_not_zero() -> None:
    view = see_bin(replace(BIN, book=Decimal(40), has_scale=True), NOON, STALE)
    assert (view.state, view.doubt) == ("well", "its scale has not reported yet")


@given(
    st.decimals(0, 10**6, places=2), st.one_of(st.none(), st.floats(-(10**6), 10**6)), st.decimals(1, 10**6, places=0)
)
def test_a_level_is_always_a_share(book: Decimal, weighed: float | None, capacity: Decimal) -> None:
    facts = replace(BIN, book=book, capacity=capacity, has_scale=True, weighed=weighed, weighed_at=NOON)
    view = see_bin(facts, NOON, STALE)
    y, height = fill_box(view)
    assert 0 <= view.level <= 1
    assert facts.box.y <= y <= y + height <= facts.box.y + facts.box.depth


@pytest.mark.parametrize(
    ("weighed", "age", "in_doubt", "known", "words"),
    [
        (38.2, 0, "", 38.2, ""),
        (-1.0, 0, "", -1.0, ""),
        (-30.0, 0, "", None, "less than its empty weight"),
        (38.2, 120, "", None, "last reported"),
        (38.2, 0, "shows 2.0 % too much", None, "its scale shows 2.0 %"),
        (None, 0, "", None, ""),
    ],
)
def test_what_a_scale_says_is_unknown_and_not_zero_where_it_cannot_be_so(
    weighed: float | None, age: int, in_doubt: str, known: float | None, words: str
) -> None:
    at = NOON - timedelta(minutes=age)
    facts = replace(BIN, book=Decimal(38), has_scale=True, weighed=weighed, weighed_at=at, scale_doubt=in_doubt)
    view = see_bin(facts, NOON, STALE)
    assert view.weighed == known
    assert words in view.doubt and bool(view.doubt) == bool(words or known == -1.0)
    assert (view.state == "empty" or view.state == "free") == (known == -1.0), (
        "the book stands where the scale does not"
    )


def test_a_temperature_that_is_not_fresh_is_said_to_have_been() -> None:
    zone = replace(ZONE, degc=4.6, observed_at=NOON - timedelta(hours=2))
    view = see_zone(zone, NOON, STALE)
    assert (view.state, view.reading, view.fresh) == ("unknown", "was 4.6 °C", False)
    assert see_zone(replace(zone, degc=None, observed_at=None), NOON, STALE).reading == "no reading"


@pytest.mark.parametrize(
    ("degc", "age", "state"),
    [(4.0, 0, "well"), (8.0, 0, "well"), (8.1, 0, "attention"), (1.9, 0, "attention"), (4.0, 40, "unknown")],
)
def test_a_zone_is_judged_by_its_newest_reading(degc: float, age: int, state: str) -> None:
    facts = replace(ZONE, degc=degc, observed_at=NOON - timedelta(minutes=age))
    assert see_zone(facts, NOON, STALE).state == state


def test_a_confirmed_excursion_is_danger_even_when_the_thermometer_fell_silent() -> None:
    facts = replace(
        ZONE,
        degc=12.0,
        observed_at=NOON - timedelta(hours=3),
        excursion_since=NOON - timedelta(hours=4),
        excursion_confirmed=True,
    )
    view = see_zone(facts, NOON, STALE)
    assert view.state == "danger"
    assert "outside its limit for 4 h" in view.label


def test_a_watched_zone_without_a_thermometer_is_unknown_and_an_unwatched_one_is_plain() -> None:
    assert see_zone(ZONE, NOON, STALE).state == "unknown"
    assert see_zone(replace(ZONE, low_degc=None, high_degc=None), NOON, STALE).state == "plain"


def test_where_time_runs_fast_a_minute_on_the_wall_is_still_fresh() -> None:
    assert stale_after(1.0) == timedelta(minutes=30)
    assert stale_after(1000.0) == timedelta(minutes=1000)


def a_floor(description: str = "White hanging heart", code: str = "A-01") -> FloorView:
    bins = tuple(
        see_bin(replace(BIN, place_id=n, code=f"{code}-{n}", description=description, book=Decimal(n)), NOON, STALE)
        for n in range(4)
    )
    return FloorView("LON", "London", 40.0, 25.0, (see_zone(ZONE, NOON, STALE),), bins)


def test_the_map_is_drawn_to_scale_in_metres() -> None:
    drawing = ElementTree.fromstring(as_xml(a_floor()))
    edge = drawing.find(f"{SVG}rect")
    assert edge is not None
    assert (edge.get("width"), edge.get("height")) == ("40", "25")
    shell = drawing.find(f"{SVG}a[@id='bin-2']/{SVG}rect[@class='shell']")
    assert shell is not None
    assert [shell.get(name) for name in ("x", "y", "width", "height")] == ["1", "2", "1.2", "1.7"]


def test_every_bin_and_zone_is_a_link_with_a_name_for_screen_readers() -> None:
    links = ElementTree.fromstring(as_xml(a_floor())).findall(f"{SVG}a")
    assert len(links) == 5
    for link in links:
        assert link.get("href", "").startswith(("/bins/", "/zones/"))
        assert link.get("aria-label") == link.findtext(f"{SVG}title") != ""


def test_only_an_empty_bin_is_crossed() -> None:
    drawing = ElementTree.fromstring(as_xml(a_floor()))
    crossed = [link.get("id") for link in drawing.findall(f"{SVG}a") if link.find(f"{SVG}path[@d!='']") is not None]
    assert crossed == ["bin-0"]


@given(st.text(max_size=80))
def test_no_name_can_break_out_of_the_drawing(name: str) -> None:
    drawn = str(draw(a_floor(f"{name}<script>\"&'", f"<{name}>")))
    assert "<script" not in drawn
    assert drawn.count("<a ") == 5


def test_the_same_view_gives_the_same_picture() -> None:
    assert draw(a_floor()) == draw(a_floor())


def as_xml(floor: FloorView) -> str:
    return str(draw(floor)).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
