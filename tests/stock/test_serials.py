"""Serials follow time, and what is held is held piece by piece."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound, Refused
from shelfwise.stock import service
from tests.conftest import NOON
from tests.stock.house import House, build_house, facts
from tests.stock.test_lots import lying, move


def come(ctx: Context, house: House, serial: str, to: str = "DOCK", lot: str | None = None) -> int:
    told = move(house, "SUPPLIER", to, "1", "receive", lot)
    return service.post(ctx, replace(told, serial=serial, occurred_at=NOON - timedelta(hours=5)))


def test_an_older_move_that_is_told_late_does_not_move_a_serial_back(ctx: Context) -> None:
    house = build_house(ctx)
    come(ctx, house, "S1")
    step = replace(move(house, "DOCK", "A-1", "1", "move"), serial="S1", occurred_at=NOON - timedelta(hours=3))
    onwards = replace(move(house, "A-1", "A-3", "1", "move"), serial="S1", occurred_at=NOON - timedelta(hours=1))
    last = service.post(ctx, onwards)
    assert len(facts(ctx, "stock.serial_conflict", "serial")) == 1
    service.post(ctx, step)
    assert service.serial_at(ctx, house.mug, "S1").place == "A-3"
    assert len(facts(ctx, "stock.serial_conflict", "serial")) == 1
    service.reverse(ctx, last, "it was another one")
    assert service.serial_at(ctx, house.mug, "S1").place == "A-1"
    assert service.rebuild_check(ctx) == []


def test_a_serial_whose_older_move_was_a_mistake_stays_where_it_is(ctx: Context) -> None:
    house = build_house(ctx)
    come(ctx, house, "S1")
    early = replace(move(house, "DOCK", "A-1", "1", "move"), serial="S1", occurred_at=NOON - timedelta(hours=3))
    wrong = service.post(ctx, early)
    service.post(ctx, replace(move(house, "A-1", "A-3", "1", "move"), serial="S1", occurred_at=NOON))
    service.reverse(ctx, wrong, "it went there directly")
    assert service.serial_at(ctx, house.mug, "S1").place == "A-3"


def test_a_hold_and_a_release_reach_each_serial(ctx: Context) -> None:
    house = build_house(ctx)
    for serial in ("S1", "S2", "S3"):
        come(ctx, house, serial, "A-1", "A")
    service.post(ctx, move(house, "SUPPLIER", "A-1", "2", "receive", "A"))

    def held() -> list[str]:
        return [serial for serial in ("S1", "S2", "S3") if service.serial_at(ctx, house.mug, serial).status == "hold"]

    service.hold(ctx, item_id=house.mug, serial="S2", reason="scratched")
    assert held() == ["S2"]
    assert lying(ctx, house) == {("A-1", "A", "available"): 4, ("A-1", "A", "hold"): 1}
    with pytest.raises(Refused, match="is in A-1"):
        service.hold(ctx, item_id=house.mug, serial="S1", place_id=house.place["A-3"], reason="scratched")
    with pytest.raises(Refused):
        service.hold(ctx, item_id=house.mug, serial="S2", reason="scratched")
    service.hold(ctx, item_id=house.mug, lot="A", reason="recall")
    assert held() == ["S1", "S2", "S3"]
    assert lying(ctx, house) == {("A-1", "A", "hold"): 5}
    service.release(ctx, item_id=house.mug, lot="A", reason="fine")
    assert held() == []
    assert service.serial_history(ctx, house.mug, "S1")[-1].reason == "release"


def test_an_unknown_item_is_not_found_by_a_hold_or_a_release(ctx: Context) -> None:
    house = build_house(ctx)
    for lot in (None, "A"):
        with pytest.raises(NotFound, match="item 999"):
            service.hold(ctx, item_id=999, site_id=house.site_id, lot=lot, reason="x")
        with pytest.raises(NotFound, match="item 999"):
            service.release(ctx, item_id=999, site_id=house.site_id, lot=lot, reason="x")
    assert Decimal(house.level(ctx)[0]) == 0
