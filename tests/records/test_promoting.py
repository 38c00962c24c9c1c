"""Promotions as people plan them: what can be, what overlaps, and what was told of each item by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid, Refused
from shelfwise.records import promoting, promotions
from shelfwise.records import service as records
from shelfwise.records.promoting_model import NewEvent, StoredPromotion, gather, move_faults, overlapping, state_of
from shelfwise.records.promotions import Promotion
from shelfwise.store.database import value
from tests.conftest import NOON

TODAY = NOON.date()
DAY = timedelta(days=1)
SPRING = NewEvent("SPRING", 1, (1, 2), TODAY + DAY, TODAY + 7 * DAY, discount_percent=Decimal(20))


def row(promotion_id: int, code: str, site_id: int | None, item_id: int, first: int, last: int) -> StoredPromotion:
    return StoredPromotion(
        promotion_id, code, site_id, item_id, TODAY + first * DAY, TODAY + last * DAY, "price", None, None, None, False
    )


@pytest.fixture
def ctx(office: Office) -> Iterator[Context]:
    """An office with the sites LON and YRK and three mugs, 1 to 3."""
    with office.context(person("mara", Role.ADMIN)) as ctx:
        for code in ("LON", "YRK"):
            records.add_site(ctx, code=code, name=code, time_zone="Europe/London", width_m=20, depth_m=10)
        for number in (1, 2, 3):
            records.add_item(ctx, sku=f"MUG{number}")
        yield ctx


@pytest.mark.parametrize(
    ("first", "last", "called_off", "state"),
    [
        (1, 2, False, "planned"),
        (0, 2, False, "running"),
        (-2, 0, False, "running"),
        (-2, -1, False, "past"),
        (1, 2, True, "called off"),
    ],
)
def test_a_promotion_s_state_follows_from_its_days(first: int, last: int, called_off: bool, state: str) -> None:
    assert state_of(TODAY + first * DAY, TODAY + last * DAY, called_off, TODAY) == state


@pytest.mark.parametrize(("ended", "ends", "may"), [(-1, 0, False), (-1, 9, False), (-1, -5, True), (0, 9, True)])
def test_what_is_over_is_corrected_but_not_yet_to_come(ended: int, ends: int, may: bool) -> None:
    assert (not list(move_faults(TODAY + ended * DAY, TODAY + ends * DAY, TODAY))) is may


def test_rows_of_one_name_and_site_are_one_event_that_says_what_differs() -> None:
    mixed = replace(row(2, "A", 1, 2, 1, 9), price=Decimal(3))
    first, second = gather([row(3, "A", None, 1, 2, 2), row(1, "A", 1, 1, 0, 5), mixed])
    assert (first.promotion_id, first.item_ids, first.starts_on, first.ends_on) == (1, (1, 2), TODAY, TODAY + 9 * DAY)
    assert first.price is None
    assert sorted(first.differs) == ["ends_on", "price", "starts_on"]
    assert (second.site_id, second.differs) == (None, frozenset())


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        (row(2, "B", 1, 1, 5, 9), True),
        (row(2, "B", None, 1, 5, 9), True),
        (row(2, "B", 2, 1, 5, 9), False),
        (row(2, "B", 1, 2, 5, 9), False),
        (row(2, "B", 1, 1, 6, 9), False),
        (replace(row(2, "B", 1, 1, 5, 9), called_off=True), False),
    ],
)
def test_promotions_overlap_in_an_item_a_site_and_a_day(other: StoredPromotion, overlaps: bool) -> None:
    (event,) = gather([row(1, "A", 1, 1, 0, 5)])
    assert (overlapping(event, [event, *gather([other])]) != []) is overlaps


def test_a_promotion_is_planned_changed_called_off_and_put_back(ctx: Context) -> None:
    planned = promoting.plan_event(ctx, SPRING)
    after = promoting.change_event(ctx, planned, replace(SPRING, code="MAY", item_ids=(2, 3), note="Leaflet"))
    assert (after.code, after.item_ids, after.discount_percent) == ("MAY", (2, 3), Decimal(20))
    assert promoting.call_off(ctx, after.promotion_id, "rain").called_off
    with pytest.raises(Refused, match="Put it back first"):
        promoting.change_event(ctx, after.promotion_id, SPRING)
    assert not promoting.put_back(ctx, after.promotion_id).called_off
    assert [one.code for one in promoting.events(ctx, TODAY)] == ["MAY"]
    actions = value(
        ctx.tx, "select array_agg(action order by audit_id) from audit_entry where subject like 'promotion:%%'"
    )
    assert actions == ["promotion.planned", "promotion.changed", "promotion.called_off", "promotion.put_back"]


def test_what_was_told_of_each_item_stays_unless_it_is_said_of_all(ctx: Context) -> None:
    days = (TODAY + DAY, TODAY + 7 * DAY)
    promotions.put_promotions(
        ctx,
        [Promotion("SPRING", 1, item, *days, price=price) for item, price in ((1, Decimal(2)), (2, Decimal(3)))],
    )
    (event,) = promoting.events(ctx)
    shown = NewEvent("SPRING", 1, event.item_ids, *days)
    promoting.change_event(ctx, event.promotion_id, replace(shown, ends_on=days[1] + DAY))
    found = [promotions.promotions_of(ctx, 1, item, TODAY)[0] for item in (1, 2)]
    assert [str(one.price) for one in found] == ["2", "3"]
    assert {one.ends_on for one in found} == {days[1] + DAY}
    promoting.change_event(ctx, event.promotion_id, replace(shown, price=Decimal(1)))
    assert [promotions.promotions_of(ctx, 1, item, TODAY)[0].price for item in (1, 2)] == [1, 1]


def test_a_name_is_one_promotion_s_at_a_site(ctx: Context) -> None:
    promoting.plan_event(ctx, SPRING)
    promoting.plan_event(ctx, replace(SPRING, site_id=2))
    with pytest.raises(Invalid, match="choose another"):
        promoting.plan_event(ctx, SPRING)
    with pytest.raises(Invalid, match="at least one item"):
        promoting.plan_event(ctx, replace(SPRING, code="MAY", item_ids=()))


def test_what_runs_ends_by_its_last_day_and_is_not_called_off(ctx: Context) -> None:
    running = promoting.plan_event(ctx, replace(SPRING, starts_on=TODAY))
    with pytest.raises(Refused, match="Change its last day"):
        promoting.call_off(ctx, running, "rain")


def test_a_past_promotion_moves_not_to_days_to_come(ctx: Context) -> None:
    past = replace(SPRING, starts_on=TODAY - 9 * DAY, ends_on=TODAY - DAY)
    promotion_id = promoting.plan_event(ctx, past)
    with pytest.raises(Invalid, match="as it is over"):
        promoting.change_event(ctx, promotion_id, SPRING)
    assert promoting.change_event(ctx, promotion_id, replace(past, ends_on=TODAY - 2 * DAY)).ends_on < date(2026, 3, 1)
