"""Customers' orders as documents, and whose turn it is when there is too little for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import sales_orders
from shelfwise.orders.shipments_model import Box
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.stock.customer_returns import CameBack, take_customer_return
from tests.conftest import NOON
from tests.stock.house import House, build_house


def words(ctx: Context, number: str) -> tuple[str, list[str]]:
    found = sales_orders.sales_order(ctx, number)
    return found.words, [line.words for line in found.lines]


def promised(ctx: Context, number: str) -> float:
    return float(sum(line.reserved for line in sales_orders.sales_order(ctx, number).lines))


def take(ctx: Context, house: House, *quantities: str, allow_part: bool = False) -> str:
    lines = [(house.mug, Decimal(quantity), Decimal(2)) for quantity in quantities]
    return sales_orders.take_order(ctx, house.site_id, lines, customer="Ann", allow_part=allow_part)


def ids(ctx: Context, number: str) -> list[int]:
    return [line.sales_line_id for line in sales_orders.sales_order(ctx, number).lines]


def test_an_order_by_hand_gets_the_next_number_that_nobody_uses(ctx: Context) -> None:
    house = build_house(ctx)
    house.sell(ctx, "SO-000001", "1")
    assert take(ctx, house, "3") == "SO-000002"
    own = sales_orders.take_order(ctx, house.site_id, [(house.mug, Decimal(1), Decimal(2))], order_number="X-1")
    assert (own, sales_orders.sales_order(ctx, own).total) == ("X-1", Decimal(2))
    with pytest.raises(Refused, match="There is an order X-1 already"):
        sales_orders.take_order(ctx, house.site_id, [(house.mug, Decimal(1), Decimal(2))], order_number="X-1")
    with pytest.raises(Invalid, match="1 to 200 lines"):
        sales_orders.take_order(ctx, house.site_id, [])
    with pytest.raises(Invalid, match="quantity"):
        take(ctx, house, "0.5")


def test_an_order_says_in_words_how_far_it_is(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    number = take(ctx, house, "5", "4")
    assert words(ctx, number) == ("waiting, back-order", ["waits for stock", "waits for stock"])
    stock.reserve_open(ctx, house.site_id)
    assert words(ctx, number) == ("waiting in part", ["reserved", "waits for stock"])
    shipment = shipping.begin_shipment(ctx, house.site_id, number)
    assert words(ctx, number) == ("being picked", ["being picked", "waits for stock"])
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(5), "p")
    shipping.pack(ctx, shipment.shipment_id, [Box(0, 1)])
    assert words(ctx, number)[1][0] == "packed"
    shipping.ship(ctx, shipment.shipment_id)
    assert words(ctx, number) == ("part shipped", ["shipped", "waits for stock"])
    first, second = ids(ctx, number)
    stock.cancel(ctx, second, "not wanted")
    assert words(ctx, number) == ("shipped", ["shipped", "cancelled"])
    for much, said in (("2", "shipped, came back in part"), ("3", "returned")):
        back = [CameBack(first, Decimal(much), house.place["DOCK"])]
        take_customer_return(ctx, house.site_id, number, back, f"r{much}")
        assert words(ctx, number)[1][0] == said
    done = [(one.action, one.line) for one in sales_orders.history_of(ctx, number)]
    assert ("shipment.shipped", None) in done
    assert ("sales.cancelled", 2) in done


def test_a_line_that_may_go_in_parts_gets_what_is_there_and_waits_for_the_rest_only(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "3")
    number = take(ctx, house, "8", allow_part=True)
    whole = take(ctx, house, "4")
    stock.reserve_open(ctx, house.site_id)
    assert (promised(ctx, number), words(ctx, number)[1]) == (3, ["reserved in part, rest waits"])
    shipment = shipping.begin_shipment(ctx, house.site_id, number)
    shipping.pick(ctx, shipment.shipment_id, 1, Decimal(3), "p")
    shipping.pack(ctx, shipment.shipment_id, [Box(0, 1)])
    shipping.ship(ctx, shipment.shipment_id)
    assert words(ctx, number)[1] == ["shipped in part, rest waits"]
    house.fill(ctx, "A-1", "5")
    stock.reserve_open(ctx, house.site_id)
    assert (promised(ctx, number), promised(ctx, whole)) == (5, 0)
    assert words(ctx, number)[1] == ["shipped in part, rest reserved"]
    assert stock.rebuild_check(ctx) == []


def test_allowing_parts_later_promises_at_once(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "3")
    number = take(ctx, house, "8")
    stock.reserve_open(ctx, house.site_id)
    assert promised(ctx, number) == 0
    stock.allow_part(ctx, ids(ctx, number)[0], True)
    assert promised(ctx, number) == 3
    assert stock.rebuild_check(ctx) == []


def test_a_planner_puts_a_waiting_line_first(ctx: Context) -> None:
    house = build_house(ctx)
    older, younger = house.sell(ctx, "1", "5", at=NOON - timedelta(days=1)), house.sell(ctx, "2", "5")
    stock.put_first(ctx, younger, "the fair opens tomorrow")
    house.fill(ctx, "A-1", "5")
    stock.reserve_open(ctx, house.site_id)
    assert (promised(ctx, "1"), promised(ctx, "2")) == (0, 5)
    with pytest.raises(Refused, match="is reserved and does not wait"):
        stock.put_first(ctx, younger, "again")
    with pytest.raises(Invalid, match="reason"):
        stock.put_first(ctx, older, " ")


def test_a_promise_that_is_taken_back_goes_to_the_next_and_comes_back_only_when_somebody_says_so(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    older, _ = house.sell(ctx, "1", "5", at=NOON - timedelta(days=1)), house.sell(ctx, "2", "5")
    stock.reserve_open(ctx, house.site_id)
    stock.hold_back(ctx, older, "has not paid")
    assert (promised(ctx, "1"), promised(ctx, "2"), words(ctx, "1")[1]) == (0, 5, ["held back by a planner"])
    house.fill(ctx, "A-1", "5")
    stock.reserve_open(ctx, house.site_id)
    assert promised(ctx, "1") == 0
    stock.let_wait(ctx, older)
    assert (promised(ctx, "1"), promised(ctx, "2")) == (5, 5)
    shipping.begin_shipment(ctx, house.site_id, "1")
    with pytest.raises(Refused, match="being picked in SH-000001"):
        stock.hold_back(ctx, older, "too late")
    assert stock.rebuild_check(ctx) == []


def test_orders_are_found_by_what_they_wait_for_and_by_words(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "5")
    for number, quantity in (("W-1", "9"), ("R-1", "5")):
        house.sell(ctx, number, quantity)
    old = house.sell(ctx, "OLD", "5", at=NOON - timedelta(days=60))
    assert old
    stock.reserve_open(ctx, house.site_id)

    def found(**how: str) -> list[str]:
        return [one.order_number for one in sales_orders.sales_orders(ctx, **how)]  # type: ignore[arg-type]

    assert found() == ["R-1", "W-1"]
    assert (found(show="waiting"), found(show="reserved")) == (["W-1"], ["R-1"])
    assert found(show="all") == ["OLD", "R-1", "W-1"]
    assert (found(search="w-1"), found(search="white mug"), found(search="OLD")) == (["W-1"], ["R-1", "W-1"], ["OLD"])
    assert (found(search="100%"), found(search="a\x00b")) == ([], [])


def test_notes_stay_with_the_order(ctx: Context) -> None:
    house = build_house(ctx)
    number = take(ctx, house, "1")
    sales_orders.add_sales_note(ctx, number, "Ring twice.")
    assert [(one.note, one.written_by) for one in sales_orders.notes_of(ctx, number)] == [("Ring twice.", "mara")]
    with pytest.raises(Invalid, match="note"):
        sales_orders.add_sales_note(ctx, number, " ")
    with pytest.raises(NotFound, match="order 'nothing'"):
        sales_orders.add_sales_note(ctx, "nothing", "x")


def test_an_order_at_another_site_does_not_exist_for_who_may_not_see_it(ctx: Context) -> None:
    house = build_house(ctx)
    number = take(ctx, house, "1")
    elsewhere = replace(ctx, actor=person("nell", None, {house.site_id + 1: Role.MANAGER}))
    with pytest.raises(NotFound):
        sales_orders.sales_order(elsewhere, number)
    assert sales_orders.sales_orders(elsewhere) == []
    with pytest.raises(Forbidden):
        stock.put_first(elsewhere, ids(ctx, number)[0], "mine")
