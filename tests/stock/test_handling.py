"""Putting away, returns, write-offs, conversions, serials, transfers' movements and batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound, Refused
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock import lots, service
from shelfwise.stock.model import RESERVED, NewMovement
from shelfwise.store.database import value, values
from tests.stock.house import build_house, facts
from tests.stock.test_lots import lying, move, stock_up


def test_goods_are_put_away_and_written_off(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "5", "DOCK")
    service.put_away(
        ctx, item_id=house.mug, from_place_id=house.place["DOCK"], to_place_id=house.place["A-3"], quantity=Decimal(4)
    )
    service.write_off(ctx, item_id=house.mug, place_id=house.place["A-3"], quantity=Decimal(1), reason="fell down")
    assert lying(ctx, house) == {("DOCK", "A", "available"): 1, ("A-3", "A", "available"): 3}
    assert house.on_hand(ctx, "SCRAP") == 1
    with pytest.raises(Invalid, match="why it is written off"):
        service.write_off(ctx, item_id=house.mug, place_id=house.place["A-3"], quantity=Decimal(1), reason="")


@pytest.mark.parametrize(
    ("lot", "status", "expected"),
    [
        (None, None, "available"),
        ("A", None, "quarantine"),
        ("A", "available", "available"),
        (None, "damaged", "damaged"),
    ],
)
def test_what_comes_back_with_a_lot_waits_in_quarantine_unless_the_taker_says_otherwise(
    ctx: Context, lot: str | None, status: str | None, expected: str
) -> None:
    house = build_house(ctx)
    back = {"item_id": house.mug, "place_id": house.place["DOCK"], "quantity": Decimal(2), "lot": lot}
    service.take_return(ctx, status=status, source="r1", **back)  # type: ignore[arg-type]
    service.take_return(ctx, status=status, source="r1", **back)  # type: ignore[arg-type]
    assert lying(ctx, house) == {("DOCK", lot or "", expected): 2}
    assert house.on_hand(ctx, "CUSTOMER") == -2


def test_a_case_becomes_pieces_with_its_lot_and_its_last_day(ctx: Context) -> None:
    house = build_house(ctx)
    case = records.add_item(ctx, sku="MUG-6", description="Six mugs")
    lots.put(ctx.tx, 1, case, "A", date(2026, 9, 1), None, None)
    service.post(ctx, NewMovement(case, house.place["SUPPLIER"], house.place["A-3"], Decimal(2), "receive", lot="A"))
    open_ = {
        "item_id": case, "place_id": house.place["A-3"], "quantity": Decimal(1), "to_item_id": house.mug,
        "to_quantity": Decimal(6), "to_place_id": house.place["A-1"], "source": "c1",
    }  # fmt: skip
    ids = service.convert(ctx, **open_)  # type: ignore[arg-type]
    assert service.convert(ctx, **open_) == ids  # type: ignore[arg-type]
    assert lying(ctx, house) == {("A-3", "A", "available"): 1, ("A-1", "A", "available"): 6}
    assert value(ctx.tx, "select expires_on from lot where item_id = %s and code = 'A'", (house.mug,)) == date(
        2026, 9, 1
    )
    with pytest.raises(Refused, match="told of another conversion"):
        service.convert(ctx, **(open_ | {"to_quantity": Decimal(5)}))  # type: ignore[arg-type]
    assert len({*values(ctx.tx, "select batch_id from movement where reason = 'convert'")}) == 1
    batch = value(ctx.tx, "select batch_id from movement where reason = 'convert' limit 1")
    service.reverse_batch(ctx, batch, "it was not opened")
    assert lying(ctx, house) == {("A-3", "A", "available"): 2}
    assert service.rebuild_check(ctx) == []


def test_a_conversion_from_several_lots_shares_what_comes_out_or_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    case = records.add_item(ctx, sku="PAIR")
    stock_up(ctx, house, "A", "2", expires_on=date(2026, 4, 1))
    stock_up(ctx, house, "B", "3", expires_on=date(2026, 5, 1))
    pack = {"item_id": house.mug, "place_id": house.place["A-1"], "to_item_id": case, "to_place_id": house.place["A-3"]}
    with pytest.raises(Refused, match="Convert one lot at a time"):
        service.convert(ctx, quantity=Decimal(3), to_quantity=Decimal(1), source="c1", **pack)  # type: ignore[arg-type]
    service.convert(ctx, quantity=Decimal(4), to_quantity=Decimal(2), source="c2", **pack)  # type: ignore[arg-type]
    assert lying(ctx, house) == {
        ("A-1", "B", "available"): 1, ("A-3", "A", "available"): 1, ("A-3", "B", "available"): 1,
    }  # fmt: skip
    with pytest.raises(Invalid, match="another item"):
        service.convert(
            ctx,
            quantity=Decimal(1),
            to_quantity=Decimal(1),
            source="c3",
            **(pack | {"to_item_id": house.mug}),  # type: ignore[arg-type]
        )


def test_a_serial_is_in_one_place_once_and_what_says_otherwise_posts_and_is_told(ctx: Context) -> None:
    house = build_house(ctx)
    come = replace(move(house, "SUPPLIER", "DOCK", "1", "receive"), serial="S1")
    service.post(ctx, come)
    service.post(ctx, replace(move(house, "DOCK", "A-1", "1", "move"), serial="S1"))
    assert facts(ctx, "stock.serial_conflict", "serial") == []
    assert service.serial_at(ctx, house.mug, "S1").place == "A-1"
    service.post(ctx, come)
    assert facts(ctx, "stock.serial_conflict", "reason", "known_place_id") == [("receive", str(house.place["A-1"]))]
    service.post(ctx, replace(move(house, "A-3", "CUSTOMER", "1", "pick"), serial="S1"))
    service.post(ctx, replace(move(house, "A-3", "CUSTOMER", "1", "pick"), serial="S9"))
    assert [reason for (reason,) in facts(ctx, "stock.serial_conflict", "reason")] == ["receive", "pick", "pick"]
    service.post(ctx, replace(move(house, "CUSTOMER", "DOCK", "1", "return"), serial="S1"))
    assert len(facts(ctx, "stock.serial_conflict", "reason")) == 3
    assert service.serial_at(ctx, house.mug, "S1").place == "DOCK"
    with pytest.raises(Invalid, match="there is one of each serial"):
        service.post(ctx, replace(come, quantity=Decimal(2)))
    with pytest.raises(NotFound):
        service.serial_at(ctx, house.mug, "S2")


def test_goods_cross_sites_only_from_the_road(ctx: Context) -> None:
    house = build_house(ctx)
    other = records.add_site(ctx, code="OTHER", name="Other", time_zone="UTC", width_m=10, depth_m=10)
    there = {place.code: place.place_id for place in records.places(ctx, other)}
    stock_up(ctx, house, "A", "5", status="hold")
    service.post(ctx, move(house, "A-1", "TRANSIT", "3", "transfer_out"))
    arrive = NewMovement(
        house.mug, house.place["TRANSIT"], there["DOCK"], Decimal(3), "transfer_in", lot="A", from_status="hold",
        to_status="hold",
    )  # fmt: skip
    for wrong in (
        replace(arrive, reason="move"),
        replace(arrive, from_place_id=house.place["A-1"]),
        replace(arrive, to_place_id=house.place["CUSTOMER"]),
    ):
        with pytest.raises(Invalid):
            service.post(ctx, wrong)
    service.post(ctx, arrive)
    assert lying(ctx, house) == {("A-1", "A", "hold"): 2, ("DOCK", "A", "hold"): 3}
    assert [(one.site_id, int(one.on_hand), int(one.blocked)) for one in service.levels(ctx, other)] == [(other, 3, 3)]
    assert service.rebuild_check(ctx) == []


def test_nobody_else_may_file_facts_under_the_names_of_the_ledgers_own(ctx: Context) -> None:
    house = build_house(ctx)
    for prefix in RESERVED:
        with pytest.raises(Invalid, match="not beginning with"):
            service.post(ctx, replace(move(house, "SUPPLIER", "DOCK", "1", "receive"), source=f"{prefix}1"))


def test_a_cancelled_line_that_was_picked_and_taken_back_is_cancelled_again(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "20")
    line = house.sell(ctx, "1", "4")
    service.cancel(ctx, line, "changed their mind")
    (movement_id,) = service.issue(ctx, line, [(house.place["A-1"], Decimal(4))], "p1").movement_ids
    service.reverse(ctx, movement_id, "they really did")
    assert orders.sales_line(ctx, line).state == "cancelled"
    assert service.reserve_open(ctx, house.site_id) == 0


def test_a_batch_is_taken_back_whole_the_last_first(ctx: Context) -> None:
    house = build_house(ctx)
    service.post_many(
        ctx,
        [
            move(house, "SUPPLIER", "DOCK", "5", "receive"),
            move(house, "DOCK", "A-1", "5", "put_away"),
            move(house, "A-1", "CUSTOMER", "7", "pick"),
        ],
    )
    batch = value(ctx.tx, "select batch_id from movement limit 1")
    one = value(ctx.tx, "select movement_id from movement where reason = 'pick'")
    service.reverse(ctx, one, "not picked")
    service.reverse_batch(ctx, batch, "the whole delivery was another's")
    assert lying(ctx, house) == {}
    assert values(ctx.tx, "select place_id from balance where on_hand <> 0") == []
    assert len(facts(ctx, "stock.reversed", "movement_id")) == 4
    with pytest.raises(NotFound):
        service.reverse_batch(ctx, 999, "nothing")
