"""Counting: what was found corrects the books of that instant, and large differences take a second person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.stock import counts
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import values
from shelfwise.work import alerts
from tests.conftest import NOON
from tests.stock.house import House, build_house

OTTO = person("otto", Role.OPERATOR)


@pytest.fixture
def house(ctx: Context) -> House:
    """100 mugs in A-1, none elsewhere."""
    house = build_house(ctx)
    house.fill(ctx, "A-1", "100")
    return house


@pytest.fixture
def otto(ctx: Context) -> Context:
    return replace(ctx, actor=OTTO)


def start(ctx: Context, house: House, *codes: str, tolerance: str = "0.02") -> int:
    return counts.start_count(
        ctx, site_id=house.site_id, title="Aisle A", place_ids=[house.place[code] for code in codes or ("A-1",)],
        tolerance=Decimal(tolerance),
    )  # fmt: skip


def tell(ctx: Context, count_id: int, house: House, much: str, code: str = "A-1", source: str = "s1") -> None:
    counts.tell_count(ctx, count_id, house.place[code], [(house.mug, "", Decimal(much))], source)


def test_whoever_counts_does_not_see_what_the_books_say(otto: Context, house: House) -> None:
    count_id = start(otto, house, "A-1", "A-3")
    assert [(line.place, line.sku, line.book, line.state) for line in counts.count_lines(otto, count_id)] == [
        ("A-1", "MUG", None, "open"), ("A-3", None, None, "open"),
    ]  # fmt: skip
    tell(otto, count_id, house, "99")
    assert counts.count_lines(otto, count_id)[0].book is None
    assert counts.count(otto, count_id).places_left == 1


def test_a_small_difference_is_posted_at_once(otto: Context, house: House) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "99")
    assert counts.finish_count(otto, count_id).state == "posted"
    assert house.on_hand(otto, "A-1") == 99
    ((reason, quantity, count),) = values(
        otto.tx, "select reason, quantity, count_id from movement where reason = 'count'"
    )
    assert (reason, quantity, count) == ("count", 1, count_id)
    assert stock.rebuild_check(otto) == []


def test_a_large_difference_waits_for_somebody_who_did_not_count(ctx: Context, otto: Context, house: House) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "70")
    assert counts.finish_count(otto, count_id).state == "to_approve"
    (line,) = counts.count_lines(otto, count_id)
    assert (line.book, line.difference) == (Decimal(100), Decimal(-30))
    assert house.on_hand(otto, "A-1") == 100
    with pytest.raises(Forbidden):
        counts.approve_count(otto, count_id)
    with pytest.raises(Forbidden, match="Somebody else looks"):
        counts.approve_count(replace(ctx, actor=person("otto", Role.ADMIN)), count_id)
    assert counts.approve_count(ctx, count_id).state == "posted"
    assert counts.approve_count(ctx, count_id).state == "posted"
    assert house.on_hand(otto, "A-1") == 70


def test_a_place_is_counted_again_before_anybody_believes_it(ctx: Context, otto: Context, house: House) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "70")
    counts.finish_count(otto, count_id)
    assert counts.count_again(ctx, count_id, [house.place["A-1"]]).state == "open"
    with pytest.raises(Refused, match="Nobody has looked at A-1"):
        counts.finish_count(otto, count_id)
    tell(otto, count_id, house, "100", source="s2")
    assert counts.finish_count(otto, count_id).state == "posted"
    assert values(otto.tx, "select * from movement where reason = 'count'") == []


def test_what_moved_after_the_count_is_not_taken_for_a_difference(ctx: Context, otto: Context, house: House) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "100")
    later = replace(ctx, now=NOON + timedelta(hours=1))
    stock.post(later, NewMovement(house.mug, house.place["A-1"], house.place["A-3"], Decimal(40), "move"))
    assert counts.finish_count(replace(otto, now=later.now), count_id).state == "posted"
    assert house.on_hand(ctx, "A-1") == 60


def test_what_moved_before_the_count_and_was_told_after_it_belongs_to_what_was_found(
    ctx: Context, otto: Context, house: House
) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "60")
    late = NewMovement(
        house.mug, house.place["A-1"], house.place["A-3"], Decimal(40), "move", NOON - timedelta(minutes=5)
    )
    stock.post(replace(ctx, now=NOON + timedelta(hours=1)), late)
    assert counts.finish_count(otto, count_id).state == "posted"
    assert house.on_hand(ctx, "A-1") == 60


def test_goods_that_nobody_expected_are_counted_too(ctx: Context, otto: Context, house: House) -> None:
    count_id = start(otto, house, "A-3", tolerance="1")
    counts.tell_count(otto, count_id, house.place["A-3"], [(house.rope, "L-9", Decimal("2.5"))], "s1")
    assert counts.finish_count(otto, count_id).state == "to_approve"
    counts.approve_count(ctx, count_id)
    assert values(ctx.tx, "select lot, on_hand from balance where item_id = %s and on_hand > 0", (house.rope,)) == [
        ("L-9", Decimal("2.5"))
    ]


def test_what_is_not_named_in_a_place_is_zero(ctx: Context, otto: Context, house: House) -> None:
    count_id = start(otto, house, "A-1", "A-3")
    for code, source in (("A-1", "s1"), ("A-3", "s2")):
        counts.tell_count(otto, count_id, house.place[code], [], source)
    counts.finish_count(otto, count_id)
    counts.approve_count(ctx, count_id)
    assert house.on_hand(ctx, "A-1") == 0


def test_held_stock_is_counted_and_stays_held(ctx: Context, otto: Context, house: House) -> None:
    stock.hold(ctx, item_id=house.mug, reason="smells", place_id=house.place["A-1"], quantity=Decimal(40))
    count_id = start(otto, house)
    tell(otto, count_id, house, "99")
    counts.finish_count(otto, count_id)
    here = "select status, on_hand from balance where on_hand > 0 and item_id = %s and place_id = %s"
    assert dict(values(ctx.tx, here, (house.mug, house.place["A-1"]))) == {"available": 59, "hold": 40}


def test_a_posted_count_clears_the_alert_that_asked_for_it(ctx: Context, otto: Context, house: House) -> None:
    subject = f"item:{house.mug}:site:{house.site_id}"
    alerts.raise_alert(ctx, "count", subject, "attention", "Count MUG", "", "/", {}, site_id=house.site_id)
    count_id = start(otto, house)
    tell(otto, count_id, house, "100")
    counts.finish_count(otto, count_id)
    assert alerts.open_alerts(ctx) == []


def test_the_same_count_told_twice_is_one(otto: Context, house: House) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "99")
    tell(otto, count_id, house, "50")
    assert counts.count_lines(otto, count_id)[0].counted == 99
    tell(otto, count_id, house, "98", source="s2")
    assert counts.count_lines(otto, count_id)[0].counted == 98


def test_a_cancelled_count_changes_nothing_and_takes_no_more(otto: Context, house: House) -> None:
    count_id = start(otto, house)
    tell(otto, count_id, house, "1")
    assert counts.cancel_count(otto, count_id, "wrong aisle").state == "cancelled"
    assert counts.cancel_count(otto, count_id, "again").state == "cancelled"
    for act in (lambda: tell(otto, count_id, house, "2", source="s9"), lambda: counts.finish_count(otto, count_id)):
        with pytest.raises(Refused, match="is cancelled"):
            act()
    assert house.on_hand(otto, "A-1") == 100


def test_a_count_that_cannot_be_right_is_refused(otto: Context, house: House) -> None:
    count_id = start(otto, house)
    here = house.place["A-1"]
    for found in (
        [(house.mug, "", Decimal("0.5"))],
        [(house.mug, "", Decimal(-1))],
        [(house.mug, "", Decimal("NaN"))],
        [(999, "", Decimal(1))],
        [(house.mug, "", Decimal(1)), (house.mug, "", Decimal(2))],
        [(house.mug, "L\n1", Decimal(1))],
    ):
        with pytest.raises(Invalid):
            counts.tell_count(otto, count_id, here, found, "s1")
    with pytest.raises(NotFound):
        counts.tell_count(otto, count_id, house.place["A-3"], [], "s1")
    with pytest.raises(NotFound):
        counts.start_count(otto, site_id=house.site_id, title="x", place_ids=[house.place["SUPPLIER"]])
    with pytest.raises(Invalid):
        counts.start_count(otto, site_id=house.site_id, title="x", place_ids=[])


@pytest.mark.parametrize(
    "act",
    [
        lambda ctx, house, one: start(ctx, house),
        lambda ctx, house, one: counts.count(ctx, one),
        lambda ctx, house, one: counts.count_lines(ctx, one),
        lambda ctx, house, one: counts.tell_count(ctx, one, house.place["A-1"], [], "s"),
        lambda ctx, house, one: counts.finish_count(ctx, one),
        lambda ctx, house, one: counts.approve_count(ctx, one),
        lambda ctx, house, one: counts.count_again(ctx, one, [house.place["A-1"]]),
        lambda ctx, house, one: counts.cancel_count(ctx, one, "no"),
    ],
)
def test_who_works_at_another_site_counts_nothing(
    ctx: Context, house: House, act: Callable[[Context, House, int], object]
) -> None:
    count_id = start(ctx, house)
    elsewhere = replace(ctx, actor=person("eve", None, {house.site_id + 1: Role.MANAGER}))
    with pytest.raises(Forbidden):
        act(elsewhere, house, count_id)
    assert counts.counts(elsewhere) == []


def test_what_was_taken_back_after_the_count_and_had_happened_before_it_is_no_difference(
    ctx: Context, otto: Context, house: House
) -> None:
    came = NewMovement(house.mug, house.place["SUPPLIER"], house.place["A-1"], Decimal(5), "receive")
    mistaken = stock.post(ctx, came)
    noon = replace(otto, now=NOON + timedelta(hours=1))
    count_id = start(noon, house)
    tell(noon, count_id, house, "100")
    later = replace(ctx, now=NOON + timedelta(hours=2))
    stock.reverse(later, mistaken, "it was for somebody else")
    assert counts.finish_count(replace(otto, now=later.now), count_id).state == "posted"
    assert house.on_hand(ctx, "A-1") == 100
    assert values(otto.tx, "select * from movement where reason = 'count'") == []


def test_a_surplus_of_what_is_held_is_held_too(ctx: Context, otto: Context, house: House) -> None:
    stock.hold(ctx, item_id=house.mug, place_id=house.place["A-1"], reason="smells")
    count_id = start(otto, house)
    tell(otto, count_id, house, "101")
    counts.finish_count(otto, count_id)
    assert values(otto.tx, "select status, on_hand from balance where place_id = %s and on_hand > 0",
                  (house.place["A-1"],)) == [("hold", 101)]  # fmt: skip
    assert stock.rebuild_check(otto) == []


def test_a_count_settles_what_is_unaccounted_for_before_it_adjusts(ctx: Context, otto: Context, house: House) -> None:
    house.fill(ctx, "A-3", "100")
    stock.post(ctx, NewMovement(house.mug, house.place["A-1"], house.place["CUSTOMER"], Decimal(102), "pick"))
    assert house.on_hand(ctx, "UNACCOUNTED") == -2
    # They were in the other bin, and one more is gone.
    count_id = start(otto, house, "A-3", tolerance="0.05")
    tell(otto, count_id, house, "97", "A-3")
    counts.finish_count(otto, count_id)
    assert (house.on_hand(ctx, "UNACCOUNTED"), house.on_hand(ctx, "ADJUSTMENT")) == (0, 1)
    assert house.on_hand(ctx, "A-3") == 97
    assert stock.rebuild_check(otto) == []
