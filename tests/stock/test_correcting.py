"""Adjustments, write-offs, losses that are accepted, and goods that go back to their supplier."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import AskAgain, Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import sent_back
from shelfwise.orders import service as orders
from shelfwise.stock import lots, service
from shelfwise.store.database import value, values
from tests.stock.house import OPERATOR, build_house, facts
from tests.stock.test_lots import lying, move, stock_up


def test_an_adjustment_goes_up_and_down_by_lot_and_status_and_says_why(ctx: Context) -> None:
    house = build_house(ctx)
    here = {"item_id": house.mug, "place_id": house.place["A-1"]}
    more = service.adjust(ctx, change=Decimal(5), lot="A", reason="found behind the shelf", **here)  # type: ignore[arg-type]
    service.adjust(ctx, change=Decimal(2), lot="A", status="damaged", reason="broken ones", **here)  # type: ignore[arg-type]
    service.adjust(
        ctx, change=Decimal(-1), lot="A", status="damaged", reason="glued", catch_weight_g=Decimal(300), **here  # type: ignore[arg-type]
    )  # fmt: skip
    assert lying(ctx, house) == {("A-1", "A", "available"): 5, ("A-1", "A", "damaged"): 1}
    assert house.on_hand(ctx, "ADJUSTMENT") < 0
    assert values(ctx.tx, "select note, catch_weight_g from movement where reason = 'adjust' order by movement_id") == [
        ("found behind the shelf", None), ("broken ones", None), ("glued", Decimal(300)),
    ]  # fmt: skip
    said = "select detail->>'reason' from audit_entry where action = 'stock.adjusted' order by audit_id limit 1"
    assert value(ctx.tx, said) == "found behind the shelf"
    service.reverse(ctx, more, "not ours")
    with pytest.raises(Invalid, match="why the books are wrong"):
        service.adjust(ctx, change=Decimal(5), reason=" ", **here)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="quantity"):
        service.adjust(ctx, change=Decimal(0), reason="nothing", **here)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        service.adjust(replace(ctx, actor=OPERATOR), change=Decimal(1), reason="x", **here)  # type: ignore[arg-type]
    assert service.rebuild_check(ctx) == []


def test_who_takes_off_more_than_the_books_hold_is_asked_again_and_leaves_nothing_unaccounted_for(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "3")
    stock_up(ctx, house, "B", "40", status="hold")
    here = {"item_id": house.mug, "place_id": house.place["A-1"], "reason": "fell down"}
    with pytest.raises(AskAgain, match=r"hold 3 of lot A in A-1, and 50 are to be written off"):
        service.write_off(ctx, quantity=Decimal(50), lot="A", **here)  # type: ignore[arg-type]
    with pytest.raises(AskAgain, match=r"hold 3 in A-1 as available, and 4 are to be taken off the books"):
        service.adjust(ctx, change=Decimal(-4), status="available", **here)  # type: ignore[arg-type]
    assert house.on_hand(ctx, "UNACCOUNTED") == 0
    # In whatever status: there are 43.
    service.write_off(ctx, quantity=Decimal(4), **here)  # type: ignore[arg-type]
    for _ in range(2):
        service.write_off(ctx, quantity=Decimal(41), seen=True, source="w1", **here)  # type: ignore[arg-type]
    assert house.on_hand(ctx, "UNACCOUNTED") == -2
    service.write_off(ctx, quantity=Decimal(41), source="w1", **here)  # type: ignore[arg-type]
    assert house.on_hand(ctx, "SCRAP") > 0


def test_what_nobody_can_explain_is_accepted_with_a_reason(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    service.post(ctx, move(house, "A-1", "CUSTOMER", "12", "pick"))
    about = {"item_id": house.mug, "site_id": house.site_id}
    with pytest.raises(Invalid, match="why nobody looks"):
        service.accept_loss(ctx, reason="", **about)
    assert len(service.accept_loss(ctx, reason="the delivery had two more", **about)) == 1
    assert lots.at_place(ctx.tx, 1, house.mug, house.place["UNACCOUNTED"]) == {}
    assert lots.at_place(ctx.tx, 1, house.mug, house.place["ADJUSTMENT"]) == {"": -2}
    with pytest.raises(Refused, match="nothing to accept"):
        service.accept_loss(ctx, reason="again", **about)
    assert service.rebuild_check(ctx) == []


def test_goods_go_back_to_their_supplier_who_owes_them_again_or_not(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "k1", "10")
    about = {"purchase_order_id": order.purchase_order_id, "line": 1}

    def line() -> tuple[int, int, str]:
        found = orders.purchase_order(ctx, order.purchase_order_id)
        return int(found.lines[0].received), int(found.lines[0].outstanding), found.state

    service.receive(ctx, quantity=Decimal(10), place_id=house.place["DOCK"], source="r1", lot="A", **about)  # type: ignore[arg-type]
    assert line() == (10, 0, "received")
    back = about | {"place_id": house.place["DOCK"], "lot": "A", "reason": "chipped"}
    for _ in range(2):
        again = service.return_to_supplier(ctx, quantity=Decimal(3), owed_again=True, source="b1", **back)  # type: ignore[arg-type]
    assert line() == (7, 3, "part_received")
    service.return_to_supplier(ctx, quantity=Decimal(2), owed_again=False, **back)  # type: ignore[arg-type]
    assert line() == (7, 3, "part_received")
    assert lying(ctx, house) == {("DOCK", "A", "available"): 5}
    assert facts(ctx, "purchase.sent_back", "quantity", "owed_again") == [("3", "true"), ("2", "false")]
    assert [(int(one.quantity), one.owed_again) for one in sent_back.sent_back(ctx, order.purchase_order_id)] == [
        (2, False), (3, True),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="at most the 5 that came"):
        service.return_to_supplier(ctx, quantity=Decimal(6), owed_again=True, **back)  # type: ignore[arg-type]
    service.reverse(ctx, again, "it stayed")
    assert line() == (10, 0, "received")
    with pytest.raises(Invalid, match="why it goes back"):
        service.return_to_supplier(ctx, quantity=Decimal(1), owed_again=True, **(back | {"reason": ""}))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        service.return_to_supplier(ctx, quantity=Decimal(1), owed_again=True, **(back | {"line": 9}))  # type: ignore[arg-type]


def test_what_came_damaged_and_goes_back_is_owed_once_and_held_goods_go_back_without_an_alert(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "k1", "10")
    about = {"purchase_order_id": order.purchase_order_id, "line": 1, "place_id": house.place["DOCK"]}
    service.receive(ctx, quantity=Decimal(8), source="r1", **about)  # type: ignore[arg-type]
    service.receive(ctx, quantity=Decimal(2), source="r2", status="damaged", **about)  # type: ignore[arg-type]

    def line() -> tuple[int, int, int]:
        (found,) = orders.purchase_order(ctx, order.purchase_order_id).lines
        return int(found.received), int(found.damaged), int(found.outstanding)

    assert line() == (8, 2, 2)
    back = about | {"quantity": Decimal(1), "reason": "broken", "status": "damaged"}
    service.return_to_supplier(ctx, owed_again=True, **back)  # type: ignore[arg-type]
    assert line() == (8, 1, 2)
    service.return_to_supplier(ctx, owed_again=False, **back)  # type: ignore[arg-type]
    assert line() == (9, 0, 1)
    assert facts(ctx, "stock.taken_from_hold", "quantity") == []
