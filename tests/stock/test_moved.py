"""The movements behind a figure, each with what the figure was after it; the newest ends at the figure itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden
from shelfwise.records import service as records
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement
from tests.stock.house import House, build_house
from tests.stock.test_shipping import all_the_way


def move(ctx: Context, house: House, start: str, end: str, quantity: str, lot: str | None = None) -> None:
    service.post(
        ctx, NewMovement(house.mug, house.place[start], house.place[end], Decimal(quantity), "move", lot=lot)
    )  # fmt: skip


def busy(ctx: Context) -> House:
    """Ten in A-1, of which four go to A-2 and one comes back; two are held in A-1."""
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    move(ctx, house, "A-1", "A-2", "4")
    move(ctx, house, "A-2", "A-1", "1")
    service.hold(ctx, item_id=house.mug, place_id=house.place["A-1"], quantity=Decimal(2), reason="wet")
    return house


def test_the_balance_of_a_place_ends_at_what_lies_there(ctx: Context) -> None:
    house = busy(ctx)
    found = service.movements(ctx, house.mug, place_id=house.place["A-1"])
    assert [(int(one.change), int(one.balance or 0)) for one in found] == [(0, 7), (1, 7), (-4, 6), (10, 10)]
    assert [(int(one.change), int(one.balance or 0)) for one in service.movements(ctx, house.mug)] == [
        (0, 10), (0, 10), (0, 10), (10, 10),
    ]  # fmt: skip


def test_of_a_status_only_what_came_and_went_as_that_counts(ctx: Context) -> None:
    house = busy(ctx)
    (held,) = service.movements(ctx, house.mug, place_id=house.place["A-1"], status="hold")
    assert [held.change, held.balance] == [2, 2]
    assert service.movements(ctx, house.mug, place_id=house.place["A-1"], status="available")[0].balance == 5


def test_a_lot_has_its_own_balance_and_no_lot_is_one_too(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "3")
    service.take_return(
        ctx, item_id=house.mug, place_id=house.place["A-1"], quantity=Decimal(2), lot="L1", status="available"
    )
    assert [one.balance for one in service.movements(ctx, house.mug, lot="L1")] == [2]
    assert [one.balance for one in service.movements(ctx, house.mug, lot="")] == [3]


def test_reading_on_goes_on_with_the_balance(ctx: Context) -> None:
    house = busy(ctx)
    whole = service.movements(ctx, house.mug, place_id=house.place["A-1"])
    parts = service.movements(ctx, house.mug, 2, place_id=house.place["A-1"])
    while more := service.movements(
        ctx, house.mug, 2, place_id=house.place["A-1"], before=parts[-1].movement_id
    ):  # fmt: skip
        parts += more
    assert parts == whole


def test_a_place_shows_what_moved_there_and_not_in_another_sites_place_of_that_name(ctx: Context) -> None:
    house = busy(ctx)
    other = records.add_site(ctx, code="OTHER", name="Other", time_zone="Europe/Berlin", width_m=9, depth_m=9)
    far = records.add_place(ctx, site_id=other, code="A-1")
    service.opening_stock(ctx, [(house.mug, far, Decimal(77)), (house.rope, house.place["A-1"], Decimal(5))])
    found = service.movements(ctx, place_id=house.place["A-1"])
    assert {one.sku for one in found} == {"MUG", "ROPE"}
    assert all(one.balance is None for one in found)
    assert 77 not in [int(one.quantity) for one in found]
    assert [int(one.quantity) for one in service.movements(ctx, place_id=far)] == [77]


def test_movements_at_a_site_are_for_who_may_see_it(ctx: Context) -> None:
    house = busy(ctx)
    other = records.add_site(ctx, code="OTHER", name="Other", time_zone="Europe/Berlin", width_m=9, depth_m=9)
    nell = replace(ctx, actor=person("nell", None, {other: Role.MANAGER}))
    assert service.movements(nell, house.mug) == []
    with pytest.raises(Forbidden):
        service.movements(nell, house.mug, place_id=house.place["A-1"])
    with pytest.raises(Forbidden):
        service.movements(nell, house.mug, site_id=house.site_id)


def test_what_left_with_a_shipment_names_it(ctx: Context) -> None:
    house = build_house(ctx)
    _, shipment = all_the_way(ctx, house)
    newest = service.movements(ctx, house.mug)[0]
    assert (newest.reason, newest.shipment_id) == ("ship", shipment.shipment_id)
    assert newest.batch_id is not None
    assert service.shipment_of_batch(ctx, newest.batch_id) == shipment.shipment_id
    opened = service.movements(ctx, house.mug)[-1]
    assert (opened.reason, opened.shipment_id) == ("opening", None)
