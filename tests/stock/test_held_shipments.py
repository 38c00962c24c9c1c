"""A hold stops what is under way: the picker is sent elsewhere, and what is packed does not leave without a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.app import tell_of_stock
from shelfwise.core.errors import Forbidden, Refused
from shelfwise.orders import shipments
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.store.database import value, values
from shelfwise.store.events import Event
from tests.conftest import NOON
from tests.stock.house import OPERATOR, House, build_house, facts
from tests.stock.test_shipping import box, lots_received, right


def begun(ctx: Context, house: House, quantity: str, order: str = "S-1") -> Any:
    house.sell(ctx, order, quantity)
    stock.reserve_open(ctx, house.site_id)
    return shipping.begin_shipment(ctx, house.site_id, order)


def to_pick(ctx: Context, shipment_id: int) -> list[tuple[str, str | None, int]]:
    found = shipments.shipment(ctx, shipment_id)
    return [(stop.place, stop.lot, int(stop.quantity)) for stop in found.to_pick]


def tell(ctx: Context) -> None:
    """What the worker does with the facts."""
    told = values(ctx.tx, "select kind, subject, data from event order by event_id")
    tell_of_stock(ctx, [Event(1, n, kind, about, data, NOON, NOON) for n, (kind, about, data) in enumerate(told)])


def test_a_hold_sends_the_pickers_of_shipments_under_way_to_other_goods(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("BAD", "A-1", "6", 5), ("GOOD", "A-3", "10", 30))
    shipment = begun(ctx, house, "4")
    assert to_pick(ctx, shipment.shipment_id) == [("A-1", "BAD", 4)]
    stock.hold(ctx, item_id=house.mug, lot="BAD", place_id=house.place["A-1"], quantity=Decimal(3), reason="dented")
    assert to_pick(ctx, shipment.shipment_id) == [("A-1", "BAD", 3), ("A-3", "GOOD", 1)]
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    assert to_pick(ctx, shipment.shipment_id) == [("A-3", "GOOD", 1), ("A-3", "GOOD", 3)]
    for stop in shipments.shipment(ctx, shipment.shipment_id).to_pick:
        shipping.pick(ctx, shipment.shipment_id, stop.stop, stop.quantity, f"p{stop.stop}")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    shipping.ship(ctx, shipment.shipment_id)
    assert facts(ctx, "stock.taken_from_hold", "quantity") == []
    assert right(ctx)


def test_an_order_that_lost_its_promise_to_a_hold_is_looked_for_nowhere(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("BAD", "A-1", "4", 5), ("GOOD", "A-3", "4", 30))
    house.sell(ctx, "S-0", "4")
    stock.reserve_open(ctx, house.site_id)
    ctx = replace(ctx, now=ctx.now + timedelta(minutes=1))
    shipment = begun(ctx, house, "4")
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    assert facts(ctx, "stock.overpromised", "on_hand") == [("8",)]
    assert to_pick(ctx, shipment.shipment_id) == []
    assert shipping.begin_shipment(ctx, house.site_id, "S-0").stops[0].lot == "GOOD"


def test_who_took_something_from_a_stop_that_was_called_off_meanwhile_still_tells_so(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("BAD", "A-1", "6", 5), ("GOOD", "A-3", "10", 30))
    shipment = begun(ctx, house, "4")
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    done = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    assert "should not go to a customer" in " ".join(done.warnings)
    assert house.on_hand(ctx, "PACKING") == 4


def test_held_goods_are_not_packed_and_not_shipped(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("BAD", "A-1", "6", 5), ("GOOD", "A-3", "10", 30))
    shipment = begun(ctx, house, "4")
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    packed = shipping.pack(ctx, shipment.shipment_id, [box()])
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    task = "select title, state from task where kind = 'take_out'"
    assert values(ctx.tx, task) == [(f"Do not send {packed.number}: goods in it are on hold", "open")]
    refused = r"must not leave\. In PACKING 4 of lot BAD of MUG are on hold"
    with pytest.raises(Refused, match=refused):
        shipping.ship(ctx, shipment.shipment_id)
    with pytest.raises(Refused, match=refused):
        shipping.pack(ctx, shipment.shipment_id, [box()])
    assert shipments.shipment(ctx, shipment.shipment_id).state == "packed"
    shipping.cancel_shipment(ctx, shipment.shipment_id, "recall")
    assert value(ctx.tx, "select state from task where kind = 'take_out'") == "done"
    assert shipping.begin_shipment(ctx, house.site_id, "S-1").stops[0].lot == "GOOD"


def test_what_is_past_its_last_day_is_not_shipped_even_before_the_night_has_seen_it(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("OLD", "A-1", "6", 1))
    shipment = begun(ctx, house, "4")
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    with pytest.raises(Refused, match="lot OLD of MUG is past its last day"):
        shipping.ship(replace(ctx, now=NOON + timedelta(days=2)), shipment.shipment_id)
    shipping.ship(ctx, shipment.shipment_id)


def test_a_recalled_lot_that_has_left_all_the_same_is_told_by_a_person_with_the_right_and_alerted(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("BAD", "A-1", "6", 5))
    shipment = begun(ctx, house, "4")
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    with pytest.raises(Refused, match="must not leave"):
        shipping.pack(ctx, shipment.shipment_id, [box()])
    with pytest.raises(Forbidden):
        shipping.ship(replace(ctx, actor=OPERATOR), shipment.shipment_id, left_anyway="the truck is gone")
    gone = shipping.ship(ctx, shipment.shipment_id, left_anyway="the truck is gone")
    assert gone.state == "shipped"
    assert facts(ctx, "stock.taken_from_hold", "quantity", "lots", "to_customer") == [("4", '["BAD"]', "true")]
    said = "select detail->>'left_anyway' from audit_entry where action = 'shipment.shipped'"
    assert value(ctx.tx, said) == "the truck is gone"
    tell(ctx)
    assert values(ctx.tx, "select severity, title from alert where kind = 'hold'") == [
        ("danger", "4 of MUG (lot BAD) went to a customer though they must not be sold")
    ]
    assert right(ctx)


def test_what_has_left_in_a_shipment_is_taken_back_by_reopening_it_and_not_by_its_movements(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    shipment = begun(ctx, house, "4")
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    gone = shipping.ship(ctx, shipment.shipment_id)
    moved = values(ctx.tx, "select movement_id, batch_id from movement where reason in ('ship', 'pick')")
    for movement_id, batch_id in moved:
        with pytest.raises(Refused, match=f"reopen {gone.number} on its page"):
            stock.reverse(ctx, movement_id, "mistake")
        with pytest.raises(Refused, match=f"reopen {gone.number} on its page"):
            stock.reverse_batch(ctx, batch_id, "mistake")
    assert shipping.reopen_shipment(ctx, shipment.shipment_id, "it stands there").state == "packed"
    assert right(ctx)


def test_what_was_released_is_sent_and_nobody_is_asked_to_unpack_it_any_more(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("BAD", "A-1", "6", 5))
    shipment = begun(ctx, house, "4")
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    task = "select state from task where kind = 'take_out'"
    assert value(ctx.tx, task) == "open"
    stock.release(ctx, item_id=house.mug, lot="BAD", reason="a false alarm")
    assert value(ctx.tx, task) == "done"
    assert shipping.ship(ctx, shipment.shipment_id).state == "shipped"
    assert facts(ctx, "stock.taken_from_hold", "quantity") == []
