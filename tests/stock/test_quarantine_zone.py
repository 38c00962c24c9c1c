"""A quarantine zone: what comes there is not for sale until somebody signs, and what goes back is as it was."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.records import service as records
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement, Reason
from tests.stock.house import House, build_house
from tests.stock.test_lots import QUALITY, level, lying


@pytest.fixture
def house(ctx: Context) -> House:
    """The house with a quarantine zone of one bin."""
    built = build_house(ctx)
    zone_id = records.add_zone(
        ctx, site_id=built.site_id, code="Q", name="Quarantine", kind="quarantine", x_m=0, y_m=0, width_m=2, depth_m=2
    )
    built.place["Q-1"] = records.add_place(ctx, site_id=built.site_id, code="Q-1", zone_id=zone_id)
    return built


def post(ctx: Context, house: House, start: str, end: str, quantity: int, reason: Reason) -> int:
    return service.post(ctx, NewMovement(house.mug, house.place[start], house.place[end], Decimal(quantity), reason))


def test_what_is_put_into_a_quarantine_zone_is_neither_picked_nor_promised(ctx: Context, house: House) -> None:
    post(ctx, house, "SUPPLIER", "A-1", 10, "receive")
    post(ctx, house, "A-1", "Q-1", 4, "move")
    post(ctx, house, "SUPPLIER", "Q-1", 2, "receive")
    assert lying(ctx, house) == {("A-1", "", "available"): 6, ("Q-1", "", "quarantine"): 6}
    assert level(ctx, house) == (12, 6, 0)
    assert [one.place for one in service.suggest(ctx, house.mug, house.site_id, Decimal(12))] == ["A-1"]
    assert service.rebuild_check(ctx) == []


def test_what_is_held_otherwise_stays_so_there_and_what_leaves_takes_its_status_along(
    ctx: Context, house: House
) -> None:
    post(ctx, house, "SUPPLIER", "A-1", 10, "receive")
    service.hold(ctx, item_id=house.mug, place_id=house.place["A-1"], quantity=Decimal(3), reason="cracked",
                 status="damaged")  # fmt: skip
    post(ctx, house, "A-1", "Q-1", 10, "move")
    assert lying(ctx, house) == {("Q-1", "", "quarantine"): 7, ("Q-1", "", "damaged"): 3}
    post(ctx, house, "Q-1", "A-2", 2, "move")
    assert lying(ctx, house)["A-2", "", "quarantine"] == 2


def test_a_person_releases_what_lies_in_a_quarantine_zone(ctx: Context, house: House) -> None:
    post(ctx, house, "SUPPLIER", "Q-1", 5, "receive")
    signed = replace(ctx, actor=QUALITY)
    service.release(signed, item_id=house.mug, place_id=house.place["Q-1"], reason="looked at")
    assert lying(ctx, house) == {("Q-1", "", "available"): 5}
    post(ctx, house, "Q-1", "A-1", 5, "move")
    assert lying(ctx, house) == {("A-1", "", "available"): 5}


def test_a_move_into_a_quarantine_zone_that_is_taken_back_is_for_sale_again(ctx: Context, house: House) -> None:
    post(ctx, house, "SUPPLIER", "A-1", 5, "receive")
    service.reverse(ctx, post(ctx, house, "A-1", "Q-1", 5, "move"), "the wrong box")
    assert lying(ctx, house) == {("A-1", "", "available"): 5}
