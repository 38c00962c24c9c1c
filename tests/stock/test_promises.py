"""Receiving, reserving, issuing, cancelling: nothing is promised that is not there, and what happened always posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service as orders
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement
from shelfwise.stock.reads import Stockout
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.stock.house import MANAGER, OPERATOR, VIEWER, House, build_house, facts

BEGINNING = NOON - timedelta(days=365)


def pick(ctx: Context, house: House, line: int, quantity: str, source: str, code: str = "A-1") -> service.Issued:
    return service.issue(ctx, line, [(house.place[code], Decimal(quantity))], source)


def state(ctx: Context, line: int) -> str:
    return orders.sales_line(ctx, line).state


def test_lines_are_reserved_oldest_first_and_whole_or_not_at_all(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    younger = house.sell(ctx, "1", "6", at=NOON - timedelta(hours=1))
    oldest = house.sell(ctx, "2", "7", at=NOON - timedelta(hours=2))
    small = house.sell(ctx, "3", "3")
    assert service.reserve_open(ctx, house.site_id) == 2
    assert [state(ctx, line) for line in (oldest, younger, small)] == ["reserved", "open", "reserved"]
    assert house.level(ctx) == (10, 10)
    assert service.reserve_open(ctx, house.site_id) == 0
    assert facts(ctx, "sales.reserved", "sales_line_ids") == [(f"[{oldest}, {small}]",)]


def test_reserving_can_be_for_some_items_only(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    house.fill(ctx, "A-2", "5", house.rope)
    mug, rope = house.sell(ctx, "1", "5"), house.sell(ctx, "2", "2.5", house.rope)
    assert service.reserve_open(ctx, house.site_id, []) == 0
    assert service.reserve_open(ctx, house.site_id, [house.rope]) == 1
    assert (state(ctx, mug), state(ctx, rope)) == ("open", "reserved")
    assert service.reserve_open(ctx, house.site_id, [house.rope, house.mug]) == 1


def test_issuing_a_reserved_line_releases_its_reservation(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    line = house.sell(ctx, "1", "4")
    service.reserve_open(ctx, house.site_id)
    done = pick(ctx, house, line, "4", "pick-1")
    assert (done.state, str(done.issued), done.new) == ("issued", "4", True)
    assert house.level(ctx) == (6, 0)
    assert values(ctx.tx, "select * from reservation") == []
    assert service.movements(ctx, house.mug)[0].order_number == "1"
    assert facts(ctx, "sales.issued", "quantity", "over", "state") == [("4", "0", "issued")]


def test_a_line_issued_in_parts_keeps_the_rest_reserved(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    line = house.sell(ctx, "1", "8")
    service.reserve_open(ctx, house.site_id)
    assert pick(ctx, house, line, "5", "pick-1").state == "reserved"
    assert house.level(ctx) == (5, 3)
    assert pick(ctx, house, line, "3", "pick-2").state == "issued"
    assert house.level(ctx) == (2, 0)


def test_a_pick_of_an_open_line_in_part_leaves_the_rest_to_be_reserved(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    line = house.sell(ctx, "1", "8")
    assert pick(ctx, house, line, "5", "pick-1").state == "open"
    assert service.reserve_open(ctx, house.site_id) == 1
    assert house.level(ctx) == (5, 3)


def test_one_pick_may_come_from_several_places(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "3")
    house.fill(ctx, "A-3", "5")
    line = house.sell(ctx, "1", "6")
    picks = [(house.place["A-1"], Decimal(2)), (house.place["A-3"], Decimal(4))]
    done = service.issue(ctx, line, picks, "pick-1")
    assert len(done.movement_ids) == 2
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "A-3")) == (1, 1)
    assert service.issue(ctx, line, picks, "pick-1") == replace(done, new=False)
    with pytest.raises(Refused, match="another number of picks"):
        service.issue(ctx, line, picks[:1], "pick-1")
    with pytest.raises(Refused, match="another number of picks"):
        service.issue(ctx, line, [*picks, picks[0]], "pick-1")


def test_the_same_pick_told_twice_is_one_and_with_another_content_it_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    line, other = house.sell(ctx, "1", "4"), house.sell(ctx, "2", "4")
    done = pick(ctx, house, line, "4", "pick-1")
    assert pick(ctx, house, line, "4", "pick-1") == replace(done, new=False)
    for wrong_line, quantity, code in ((line, "3", "A-1"), (line, "4", "A-3"), (other, "4", "A-1")):
        with pytest.raises(Refused, match="'pick:pick-1#1' has told of another movement"):
            pick(ctx, house, wrong_line, quantity, "pick-1", code)
    assert house.level(ctx) == (6, 0)


def test_a_late_pick_still_posts_and_breaks_the_promise_to_others_in_the_open(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    promised = house.sell(ctx, "1", "5")
    service.reserve_open(ctx, house.site_id)
    late = house.sell(ctx, "2", "3")
    done = service.issue(ctx, late, [(house.place["A-1"], Decimal(3))], "pick-1", NOON - timedelta(hours=3))
    assert done.state == "issued"
    assert house.level(ctx) == (2, 0)
    assert state(ctx, promised) == "open"
    assert facts(ctx, "stock.overpromised", "on_hand", "reserved", "sales_line_ids") == [("2", "5", f"[{promised}]")]
    assert pick(ctx, house, promised, "5", "pick-2").state == "issued"
    assert house.level(ctx) == (0, 0)
    assert house.on_hand(ctx, "UNACCOUNTED") == -3
    assert facts(ctx, "stock.short", "quantity") == [("3",)]


def test_a_pick_beyond_the_line_posts_and_is_marked(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "20")
    line = house.sell(ctx, "1", "4")
    pick(ctx, house, line, "6", "pick-1")
    pick(ctx, house, line, "1", "pick-2")
    assert facts(ctx, "sales.issued", "quantity", "over") == [("6", "2"), ("1", "1")]
    assert house.level(ctx) == (13, 0)


def test_a_pick_for_a_cancelled_line_posts_and_one_for_history_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "20")
    line = house.sell(ctx, "1", "4")
    service.cancel(ctx, line, "changed their mind")
    assert pick(ctx, house, line, "4", "pick-1").state == "issued"
    history = house.sell(ctx, "2", "4", at=NOON - timedelta(days=60))
    returned = house.sell(ctx, "3", "-4")
    for refused in (history, returned):
        with pytest.raises(Refused, match="moves no stock"):
            pick(ctx, house, refused, "4", f"pick-{refused}")


def test_cancelling_frees_what_was_reserved(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    first, second = house.sell(ctx, "1", "5"), house.sell(ctx, "2", "5")
    service.reserve_open(ctx, house.site_id)
    assert service.cancel(ctx, first, "changed their mind").state == "cancelled"
    assert service.cancel(ctx, first, "again").state == "cancelled"
    assert house.level(ctx) == (5, 0)
    assert service.reserve_open(ctx, house.site_id) == 1
    assert state(ctx, second) == "reserved"
    pick(ctx, house, second, "5", "pick-1")
    with pytest.raises(Refused, match="is issued and cannot be cancelled"):
        service.cancel(ctx, second, "too late")
    assert facts(ctx, "sales.cancelled", "released") == [("5",)]


def test_picks_that_cannot_be_right_are_refused(ctx: Context) -> None:
    house = build_house(ctx)
    line = house.sell(ctx, "1", "4")
    with pytest.raises(Invalid, match="at least one pick"):
        service.issue(ctx, line, [], "pick-1")
    with pytest.raises(Invalid, match="pick 1, place: expected a bin or dock"):
        pick(ctx, house, line, "1", "pick-1", "CUSTOMER")
    with pytest.raises(Invalid, match="pick 1, quantity"):
        pick(ctx, house, line, "0.5", "pick-1")
    with pytest.raises(Invalid, match="source"):
        pick(ctx, house, line, "1", "")
    with pytest.raises(Invalid, match="occurred_at"):
        service.issue(ctx, line, [(house.place["A-1"], Decimal(1))], "pick-1", NOON + timedelta(days=3))
    with pytest.raises(NotFound, match="place 999"):
        service.issue(ctx, line, [(999, Decimal(1))], "pick-1")
    with pytest.raises(NotFound, match="sales line 999"):
        pick(ctx, house, 999, "1", "pick-1")


def test_goods_are_received_in_parts_and_the_bin_fills(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "d1", "24")
    for quantity, source, code in (("10", "r1", "DOCK"), ("14", "r2", "A-1"), ("14", "r2", "A-1")):
        service.receive(ctx, order.purchase_order_id, 1, Decimal(quantity), house.place[code], source)
    assert (house.on_hand(ctx, "DOCK"), house.on_hand(ctx, "A-1"), house.on_hand(ctx, "SUPPLIER")) == (10, 14, -24)
    assert orders.purchase_order(ctx, order.purchase_order_id).state == "received"
    assert house.level(ctx) == (24, 0)
    assert service.rebuild_check(ctx) == []


def test_a_receipt_with_the_same_source_and_another_content_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "d1", "24")
    service.receive(ctx, order.purchase_order_id, 1, Decimal(10), house.place["DOCK"], "r1")
    with pytest.raises(Refused, match="'r1' has told of another receipt"):
        service.receive(ctx, order.purchase_order_id, 1, Decimal(9), house.place["DOCK"], "r1")
    with pytest.raises(NotFound, match="line of purchase order"):
        service.receive(ctx, order.purchase_order_id, 2, Decimal(9), house.place["DOCK"], "r2")
    with pytest.raises(Invalid, match="bin or dock of the order's site"):
        service.receive(ctx, order.purchase_order_id, 1, Decimal(9), house.place["CUSTOMER"], "r2")
    assert house.level(ctx) == (10, 0)


def test_what_comes_too_much_or_for_a_closed_order_is_in_stock_all_the_same(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "d1", "24")
    orders.close_purchase_order(ctx, order.purchase_order_id, "supplier is silent")
    service.receive(ctx, order.purchase_order_id, 1, Decimal(30), house.place["DOCK"], "r1")
    assert house.level(ctx) == (30, 0)
    assert facts(ctx, "purchase.received", "over", "closed") == [("6", "true")]


def test_reversing_a_receipt_makes_it_outstanding_again(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "d1", "24")
    service.receive(ctx, order.purchase_order_id, 1, Decimal(24), house.place["DOCK"], "r1")
    service.reverse(ctx, service.movements(ctx, house.mug)[0].movement_id, "counted twice")
    assert house.level(ctx) == (0, 0)
    now = orders.purchase_order(ctx, order.purchase_order_id)
    assert (now.state, str(now.lines[0].outstanding)) == ("approved", "24")


def test_reversing_a_pick_makes_its_line_wait_again(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    line = house.sell(ctx, "1", "4")
    (movement_id,) = pick(ctx, house, line, "4", "pick-1").movement_ids
    service.reverse(ctx, movement_id, "wrong order")
    assert (state(ctx, line), str(orders.sales_line(ctx, line).issued)) == ("open", "0")
    assert service.reserve_open(ctx, house.site_id) == 1


def test_reversing_a_part_that_was_picked_promises_nothing_twice(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    first = house.sell(ctx, "1", "10")
    service.reserve_open(ctx, house.site_id)
    (movement_id,) = pick(ctx, house, first, "4", "pick-1").movement_ids
    service.reverse(ctx, movement_id, "wrong order")
    second = house.sell(ctx, "2", "4", at=NOON + timedelta(minutes=1))
    service.reserve_open(ctx, house.site_id)
    assert (state(ctx, first), state(ctx, second)) == ("reserved", "open")
    assert house.level(ctx) == (10, 10)
    assert service.rebuild_check(ctx) == []


def test_reversing_what_was_picked_beyond_a_line_leaves_it_issued(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "20")
    line = house.sell(ctx, "1", "4")
    pick(ctx, house, line, "4", "pick-1")
    (beyond,) = pick(ctx, house, line, "2", "pick-2").movement_ids
    service.reverse(ctx, beyond, "never left")
    assert (state(ctx, line), str(orders.sales_line(ctx, line).issued)) == ("issued", "4")


def intervals(ctx: Context, house: House, item_id: int | None = None) -> list[tuple[datetime, datetime | None]]:
    found: list[Stockout] = service.stockouts(ctx, house.site_id, BEGINNING)
    return [(one.since, one.until_at) for one in found if one.item_id == (item_id or house.mug)]


def test_a_stockout_lasts_from_the_movement_that_emptied_to_the_one_that_filled(ctx: Context) -> None:
    house = build_house(ctx)
    hours = [NOON - timedelta(hours=10 - number) for number in range(10)]
    service.opening_stock(ctx, [(house.mug, house.place["A-1"], Decimal(5))], hours[0])
    assert intervals(ctx, house) == []
    out = NewMovement(house.mug, house.place["A-1"], house.place["CUSTOMER"], Decimal(5), "pick", hours[2])
    back = NewMovement(house.mug, house.place["SUPPLIER"], house.place["A-1"], Decimal(5), "receive", hours[5])
    service.post(ctx, out)
    assert intervals(ctx, house) == [(hours[2], None)]
    service.post(ctx, back)
    assert intervals(ctx, house) == [(hours[2], hours[5])]


def test_a_late_fact_never_turns_a_stockout_round(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    out = NewMovement(house.mug, house.place["A-1"], house.place["CUSTOMER"], Decimal(5), "pick", NOON)
    late = NewMovement(
        house.mug, house.place["SUPPLIER"], house.place["A-1"], Decimal(5), "receive", NOON - timedelta(hours=5)
    )
    service.post(ctx, out)
    service.post(ctx, late)
    assert intervals(ctx, house) == [(NOON, NOON)]
    service.post(ctx, replace(out, occurred_at=NOON - timedelta(hours=1)))
    assert intervals(ctx, house) == [(NOON, None)]


def test_what_is_all_promised_is_out_of_stock_until_a_promise_is_cancelled(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    line = house.sell(ctx, "1", "5")
    service.reserve_open(ctx, house.site_id)
    assert intervals(ctx, house) == [(NOON, None)]
    service.cancel(replace(ctx, now=NOON + timedelta(hours=2)), line, "changed their mind")
    assert intervals(ctx, house) == [(NOON, NOON + timedelta(hours=2))]


def test_an_item_that_is_asked_for_and_was_never_there_is_out_of_stock(ctx: Context) -> None:
    house = build_house(ctx)
    house.sell(ctx, "1", "5")
    service.reserve_open(ctx, house.site_id)
    assert intervals(ctx, house) == [(NOON, None)]
    assert intervals(ctx, house, house.rope) == []


def test_operators_issue_and_receive_and_viewers_only_look(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "10")
        line, order = house.sell(ctx, "1", "4"), house.buy(ctx, "d1", "24")
    with office.context(OPERATOR) as ctx:
        pick(ctx, house, line, "4", "pick-1")
        service.receive(ctx, order.purchase_order_id, 1, Decimal(1), house.place["DOCK"], "r1")
        for forbidden in (
            lambda: service.reserve_open(ctx, house.site_id),
            lambda: service.cancel(ctx, line, "no"),
            lambda: service.opening_stock(ctx, [(house.mug, house.place["A-1"], Decimal(1))]),
        ):
            with pytest.raises(Forbidden):
                forbidden()
    with office.context(VIEWER) as ctx:
        assert len(service.levels(ctx, house.site_id)) == 1
        with pytest.raises(Forbidden):
            pick(ctx, house, line, "4", "pick-2")
        with pytest.raises(Forbidden):
            service.receive(ctx, order.purchase_order_id, 1, Decimal(1), house.place["DOCK"], "r2")
    with office.context(MANAGER) as ctx:
        done = values(ctx.tx, "select actor_name, action from audit_entry where actor_name = 'otto' order by audit_id")
    assert done == [("otto", "sales.issued"), ("otto", "purchase.received")]
