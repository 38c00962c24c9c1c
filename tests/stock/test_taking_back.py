"""Who may take back what: anybody's with the right to adjust stock; one's own, for a while, without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role, key_actor, person
from shelfwise.core.errors import Forbidden
from shelfwise.orders import service as orders
from shelfwise.stock import service as stock
from shelfwise.store.database import run
from tests.stock.house import OPERATOR, build_house
from tests.stock.test_lots import move


def test_an_operator_takes_back_what_they_have_just_told_but_no_longer_and_nobody_elses(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    otto = replace(ctx, actor=OPERATOR)
    mine = stock.post(otto, move(house, "A-1", "A-3", "4", "move"))
    again = stock.post(otto, move(house, "A-1", "A-3", "1", "move"))
    theirs = stock.post(ctx, move(house, "A-1", "A-3", "2", "move"))
    with pytest.raises(Forbidden):
        stock.reverse(otto, theirs, "wrong bin")
    with pytest.raises(Forbidden):
        stock.reverse(replace(ctx, actor=person("olga", Role.OPERATOR)), mine, "wrong bin")
    with pytest.raises(Forbidden):
        stock.reverse(replace(ctx, actor=person("otto", Role.VIEWER)), mine, "wrong bin")
    half = replace(otto, now=otto.now + timedelta(minutes=30))
    stock.reverse(half, mine, "wrong bin")
    assert house.on_hand(ctx, "A-3") == 3
    with pytest.raises(Forbidden, match="too long ago"):
        stock.reverse(replace(otto, now=otto.now + timedelta(minutes=31)), again, "wrong bin")
    run(ctx.tx, "update tenant set take_back_minutes = 60")
    stock.reverse(replace(otto, now=otto.now + timedelta(minutes=31)), again, "wrong bin")
    assert stock.rebuild_check(ctx) == []


def test_an_operator_takes_back_a_receipt_and_a_short_pick_of_their_own(ctx: Context) -> None:
    house = build_house(ctx)
    otto = replace(ctx, actor=OPERATOR)
    order = house.buy(ctx, "k1", "10")
    stock.receive(otto, order.purchase_order_id, 1, Decimal(10), house.place["DOCK"], "r1")
    (received,) = [one for one in stock.movements(ctx, house.mug) if one.reason == "receive"]
    stock.reverse(otto, received.movement_id, "another order")
    assert orders.purchase_order(ctx, order.purchase_order_id).lines[0].received == 0
    house.fill(ctx, "A-1", "2")
    line = house.sell(ctx, "S-1", "3")
    (picked,) = stock.issue(otto, line, [(house.place["A-1"], Decimal(3))], "p1").movement_ids
    stock.reverse(otto, picked, "not this one")
    assert orders.sales_line(ctx, line).state == "open"
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "UNACCOUNTED")) == (2, 0)


def test_what_was_decided_is_not_taken_back_without_the_right_and_keys_have_nothing_of_their_own(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    otto = replace(ctx, actor=OPERATOR)
    held = stock.hold(otto, item_id=house.mug, place_id=house.place["A-1"], reason="smells")
    for movement_id in held.movement_ids:
        with pytest.raises(Forbidden):
            stock.reverse(otto, movement_id, "it does not")
    with pytest.raises(Forbidden):
        stock.reverse_batch(otto, held.batch_id or 0, "it does not")
    shop = replace(ctx, actor=key_actor("shop", frozenset({Right.ISSUE_GOODS, Right.VIEW})))
    told = stock.post(shop, move(house, "A-1", "A-3", "4", "move"))
    with pytest.raises(Forbidden):
        stock.reverse(shop, told, "wrong bin")
