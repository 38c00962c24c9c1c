"""Shipments: what is reserved is picked, packed and shipped; each step can be taken back; the books stay right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service as orders
from shelfwise.orders.shipments_model import Box
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.stock.customer_returns import CameBack, take_customer_return
from shelfwise.store.database import value, values
from tests.conftest import NOON
from tests.stock.house import House, build_house, facts


def box(**known: object) -> Box:
    return Box(0, 1, **known)  # type: ignore[arg-type]


def begun(ctx: Context, house: House, quantity: str = "4", stock_of_it: str = "10") -> tuple[int, Any]:
    """A reserved line of order S-1 and its shipment."""
    house.fill(ctx, "A-1", stock_of_it)
    line = house.sell(ctx, "S-1", quantity)
    stock.reserve_open(ctx, house.site_id)
    return line, shipping.begin_shipment(ctx, house.site_id, "S-1")


def all_the_way(ctx: Context, house: House, quantity: str = "4") -> tuple[int, Any]:
    line, shipment = begun(ctx, house, quantity)
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(quantity), "p1")
    shipping.pack(ctx, shipment.shipment_id, [box(weight_g=Decimal(1400), length_mm=300, width_mm=200, height_mm=100)])
    return line, shipping.ship(ctx, shipment.shipment_id, "DHL", "00340")


def state(ctx: Context, line: int) -> tuple[str, str]:
    found = orders.sales_line(ctx, line)
    return found.state, f"{found.issued:f}"


def lies(ctx: Context, house: House, code: str) -> Decimal:
    """All lots and statuses together."""
    found = value(ctx.tx, "select sum(on_hand) from balance where place_id = %s", (house.place[code],))
    return Decimal(found)


def right(ctx: Context) -> bool:
    return stock.rebuild_check(ctx) == []


def lots_received(ctx: Context, house: House, *told: tuple[str, str, str, int]) -> None:
    """Lots (code, place, quantity, days until the last day) come from the supplier."""
    for number, (lot, code, quantity, days) in enumerate(told):
        order = house.buy(ctx, f"lot-{lot}-{number}", quantity)
        stock.receive(
            ctx, order.purchase_order_id, 1, Decimal(quantity), house.place[code], f"{lot}-{number}", lot=lot,
            expires_on=(NOON + timedelta(days=days)).date(),
        )  # fmt: skip


def test_goods_stay_ours_and_reserved_until_they_leave(ctx: Context) -> None:
    house = build_house(ctx)
    line, shipment = begun(ctx, house)
    assert (shipment.number, shipment.state) == ("SH-000001", "picking")
    assert [(stop.place, stop.quantity) for stop in shipment.to_pick] == [("A-1", 4)]
    done: Any = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    assert (done.warnings, done.shipment.picked, done.shipment.to_pick) == ((), 4, ())
    assert (house.level(ctx), house.on_hand(ctx, "PACKING")) == ((10, 4), 4)
    packed: Any = shipping.pack(ctx, shipment.shipment_id, [box(weight_g=Decimal(1400), label="L-1")])
    assert (packed.state, packed.boxes[0].label) == ("packed", "L-1")
    assert state(ctx, line) == ("reserved", "0")
    gone: Any = shipping.ship(ctx, shipment.shipment_id, "DHL", "00340")
    assert (gone.state, gone.carrier, gone.tracking, gone.lines[0].shipped) == ("shipped", "DHL", "00340", 4)
    assert state(ctx, line) == ("issued", "4")
    assert (house.level(ctx), house.on_hand(ctx, "PACKING")) == ((6, 0), 0)
    assert shipping.ship(ctx, shipment.shipment_id) == gone
    assert facts(ctx, "sales.issued", "quantity", "state") == [("4", "issued")]
    assert right(ctx)


def test_lots_that_expire_first_are_picked_first_and_held_or_expired_ones_never(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("LATE", "A-1", "5", 30), ("SOON", "A-3", "3", 5), ("BAD", "A-1", "5", 2))
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    house.sell(ctx, "S-1", "6")
    stock.reserve_open(ctx, house.site_id)
    shipment: Any = shipping.begin_shipment(ctx, house.site_id, "S-1")
    assert [(stop.place, stop.lot, stop.quantity) for stop in shipment.stops] == [
        ("A-1", "LATE", 3),
        ("A-3", "SOON", 3),
    ]


def test_two_shipments_are_not_sent_to_the_same_goods(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    house.fill(ctx, "A-3", "5")
    for order in ("S-1", "S-2"):
        house.sell(ctx, order, "5")
    stock.reserve_open(ctx, house.site_id)
    places = [shipping.begin_shipment(ctx, house.site_id, order).stops[0].place for order in ("S-1", "S-2")]
    assert places == ["A-1", "A-3"]
    with pytest.raises(Refused, match="Nothing is reserved for order S-1 here that is not in a shipment"):
        shipping.begin_shipment(ctx, house.site_id, "S-1")


def test_a_short_pick_posts_asks_for_a_count_and_looks_elsewhere(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-3", "2")
    line, shipment = begun(ctx, house, "4", "4")
    assert [(stop.place, stop.quantity) for stop in shipment.stops] == [("A-1", 4)]
    done: Any = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(1), "p1")
    assert done.warnings == ("3 are missing. Look for them in A-3.",)
    assert [(stop.place, stop.quantity) for stop in done.shipment.to_pick] == [("A-3", 2)]
    assert value(ctx.tx, "select title from alert") == "Count MUG in A-1: a picker found too little"
    done = shipping.pick(ctx, shipment.shipment_id, 2, Decimal(2), "p2")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    shipping.ship(ctx, shipment.shipment_id)
    assert state(ctx, line) == ("reserved", "3")
    assert house.level(ctx) == (3, 1)
    assert right(ctx)


def test_nothing_found_moves_nothing(ctx: Context) -> None:
    house = build_house(ctx)
    _, shipment = begun(ctx, house, "4", "4")
    done: Any = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(0), "p1")
    assert (done.movement_id, len(done.warnings), done.shipment.to_pick) == (None, 1, ())
    with pytest.raises(Refused, match="Nothing was picked for SH-000001"):
        shipping.pack(ctx, shipment.shipment_id, [box()])
    assert shipping.pick(ctx, shipment.shipment_id, 1, Decimal(0), "p1").new is False


def test_a_pick_told_twice_happens_once_and_another_one_of_the_stop_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    _, shipment = begun(ctx, house)
    first = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    again = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    assert (again.new, again.movement_id) == (False, first.movement_id)
    for quantity, source in (("3", "p1"), ("4", "p2")):
        with pytest.raises(Refused, match="was picked by mara: 4 of MUG"):
            shipping.pick(ctx, shipment.shipment_id, 1, Decimal(quantity), source)
    assert house.on_hand(ctx, "PACKING") == 4


def test_picking_another_bin_or_lot_is_kept_and_said_and_a_held_one_is_warned_of(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("GOOD", "A-1", "5", 30), ("BAD", "A-3", "5", 40))
    house.sell(ctx, "S-1", "4")
    stock.reserve_open(ctx, house.site_id)
    shipment: Any = shipping.begin_shipment(ctx, house.site_id, "S-1")
    stock.hold(ctx, item_id=house.mug, lot="BAD", reason="recall")
    done: Any = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1", place_id=house.place["A-3"], lot="BAD")
    assert done.warnings == (
        "Picked from A-3, lot BAD instead of A-1, lot GOOD.",
        "What lies in A-3 is held: it should not go to a customer. Put it back, or ask quality.",
    )
    assert lies(ctx, house, "A-3") == 1
    with pytest.raises(Refused, match="must not leave"):
        shipping.pack(ctx, shipment.shipment_id, [box()])
    shipping.ship(ctx, shipment.shipment_id, left_anyway="it is on the truck")
    assert values(ctx.tx, "select lot, quantity from movement where reason = 'ship'") == [("BAD", 4)]
    assert right(ctx)


def test_cancelling_puts_back_what_was_picked_into_its_bins_and_the_promise_stays(ctx: Context) -> None:
    house = build_house(ctx)
    lots_received(ctx, house, ("L1", "A-1", "3", 5), ("L2", "A-3", "3", 9))
    line = house.sell(ctx, "S-1", "5")
    stock.reserve_open(ctx, house.site_id)
    shipment: Any = shipping.begin_shipment(ctx, house.site_id, "S-1")
    for stop in shipment.stops:
        shipping.pick(ctx, shipment.shipment_id, stop.stop, stop.quantity, f"p{stop.stop}")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    with pytest.raises(Refused, match="is being picked in SH-000001"):
        stock.cancel(ctx, line, "changed their mind")
    with pytest.raises(Invalid, match="reason"):
        shipping.cancel_shipment(ctx, shipment.shipment_id, " ")
    assert shipping.cancel_shipment(ctx, shipment.shipment_id, "truck broke down").state == "cancelled"
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "A-3"), house.level(ctx)) == (3, 3, (6, 5))
    assert lies(ctx, house, "PACKING") == 0
    assert state(ctx, line) == ("reserved", "0")
    assert shipping.begin_shipment(ctx, house.site_id, "S-1").number == "SH-000002"
    assert right(ctx)


def test_reopening_goes_one_step_back_and_the_line_keeps_its_goods(ctx: Context) -> None:
    house = build_house(ctx)
    line, shipment = all_the_way(ctx, house, "4")
    other = house.sell(ctx, "S-2", "8")
    packed: Any = shipping.reopen_shipment(ctx, shipment.shipment_id, "the truck left without it")
    assert packed.state == "packed"
    assert (state(ctx, line), house.level(ctx), house.on_hand(ctx, "PACKING")) == (("reserved", "0"), (10, 4), 4)
    stock.reserve_open(ctx, house.site_id)
    assert state(ctx, other) == ("open", "0")
    assert shipping.reopen_shipment(ctx, shipment.shipment_id, "one more").state == "picking"
    with pytest.raises(Refused, match="nothing to go back to"):
        shipping.reopen_shipment(ctx, shipment.shipment_id, "again")
    shipping.pack(ctx, shipment.shipment_id, [box()])
    assert shipping.ship(ctx, shipment.shipment_id).state == "shipped"
    assert (state(ctx, line), house.level(ctx)) == (("issued", "4"), (6, 0))
    with pytest.raises(Refused, match="has left"):
        shipping.cancel_shipment(ctx, shipment.shipment_id, "too late")
    assert right(ctx)


def test_a_pick_that_was_reversed_counts_for_nothing(ctx: Context) -> None:
    house = build_house(ctx)
    _, shipment = begun(ctx, house)
    done: Any = shipping.pick(ctx, shipment.shipment_id, 1, Decimal(4), "p1")
    assert done.movement_id is not None
    stock.reverse(ctx, done.movement_id, "wrong bin")
    with pytest.raises(Refused, match="Nothing was picked"):
        shipping.pack(ctx, shipment.shipment_id, [box()])
    assert shipping.cancel_shipment(ctx, shipment.shipment_id, "again").state == "cancelled"
    assert right(ctx)


def test_what_cannot_be_right_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    _, shipment = begun(ctx, house)
    at = shipment.shipment_id
    with pytest.raises(Refused, match="1 stops of SH-000001 are left, the next in A-1"):
        shipping.pack(ctx, at, [box()])
    with pytest.raises(Refused, match="is picking"):
        shipping.ship(ctx, at)
    with pytest.raises(NotFound, match="stop of shipment"):
        shipping.pick(ctx, at, 9, Decimal(1), "p")
    with pytest.raises(NotFound, match="shipment 99"):
        shipping.pick(ctx, 99, 1, Decimal(1), "p")
    with pytest.raises(Invalid, match="a bin or dock"):
        shipping.pick(ctx, at, 1, Decimal(1), "p", place_id=house.place["CUSTOMER"])
    with pytest.raises(Invalid, match="quantity"):
        shipping.pick(ctx, at, 1, Decimal("0.5"), "p")
    shipping.pick(ctx, at, 1, Decimal(4), "p")
    with pytest.raises(Invalid, match="boxes"):
        shipping.pack(ctx, at, [])
    with pytest.raises(Invalid, match="weight_g"):
        shipping.pack(ctx, at, [box(weight_g=Decimal(-1))])
    with pytest.raises(Invalid, match="a packing place"):
        shipping.begin_shipment(ctx, house.site_id, "S-1", house.place["DOCK"])


def test_pickers_need_the_right_at_the_site_and_only_who_adjusts_takes_back_what_left(ctx: Context) -> None:
    house = build_house(ctx)
    _, shipment = all_the_way(ctx, house)
    otto = replace(ctx, actor=person("otto", None, {house.site_id: Role.OPERATOR}))
    with pytest.raises(Forbidden):
        shipping.reopen_shipment(otto, shipment.shipment_id, "no")
    elsewhere = replace(ctx, actor=person("otto", None, {house.site_id + 1: Role.OPERATOR}))
    with pytest.raises(Forbidden):
        shipping.begin_shipment(elsewhere, house.site_id, "S-1")
    with pytest.raises(Forbidden):
        shipping.ship(elsewhere, shipment.shipment_id)


def came(line: int, house: House, quantity: str, status: str = "quarantine") -> CameBack:
    return CameBack(line, Decimal(quantity), house.place["DOCK"], status)  # type: ignore[arg-type]


def test_what_customers_send_back_lies_apart_and_shows_at_its_line(ctx: Context) -> None:
    house = build_house(ctx)
    line, _ = all_the_way(ctx, house)
    told = [came(line, house, "1"), came(line, house, "2", "damaged")]
    back: Any = take_customer_return(ctx, house.site_id, "S-1", told, "r1", "scratched")
    assert (back.number, [(one.quantity, one.status) for one in back.lines]) == (
        "RT-000001",
        [(1, "quarantine"), (2, "damaged")],
    )
    assert take_customer_return(ctx, house.site_id, "S-1", told, "r1").return_id == back.return_id
    level: Any
    (level,) = [one for one in stock.levels(ctx, house.site_id) if one.item_id == house.mug]
    assert (level.on_hand, level.blocked, level.available) == (9, 3, 6)
    with pytest.raises(Invalid, match="at most 4 in all"):
        take_customer_return(ctx, house.site_id, "S-1", [came(line, house, "2")], "r2")
    stock.reverse(ctx, back.lines[0].movement_id, "not ours")
    take_customer_return(ctx, house.site_id, "S-1", [came(line, house, "2", "available")], "r2")
    with pytest.raises(NotFound, match="line of order S-9"):
        take_customer_return(ctx, house.site_id, "S-9", [came(line, house, "1")], "r3")
    assert right(ctx)
