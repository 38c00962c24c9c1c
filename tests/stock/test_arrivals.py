"""What items want to be told of what comes is asked at the form; what was observed posts, and is asked later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid
from shelfwise.records import service as records
from shelfwise.records.model import Tracking
from shelfwise.stock import lots, service
from shelfwise.stock.customer_returns import CameBack, take_customer_return
from shelfwise.store.database import run, value, values
from tests.conftest import NOON
from tests.stock.house import House, build_house
from tests.stock.test_lots import lying, move

TODAY = NOON.date()


def wants(ctx: Context, house: House, tracking: Tracking = "none", **known: object) -> None:
    item = records.item(ctx, house.mug)
    about = {"tracking": tracking, **known}
    run(
        ctx.tx,
        f"update item set {', '.join(f'{name} = %s' for name in about)} where item_id = %s",
        (*about.values(), item.item_id),
    )


def receive(ctx: Context, house: House, source: str, quantity: str = "5", **told: Any) -> None:
    order = house.buy(ctx, source, quantity)
    service.receive(ctx, order.purchase_order_id, 1, Decimal(quantity), house.place["DOCK"], source, **told)


def expires(ctx: Context, house: House, code: str) -> date | None:
    found = lots.lot(ctx.tx, ctx.tenant, house.mug, code)
    assert found is not None
    return found.expires_on


def tasks_of(ctx: Context, kind: str) -> list[tuple[str, str]]:
    return [*values(ctx.tx, "select title, state from task where kind = %s order by task_id", (kind,))]


def test_of_two_last_days_of_a_lot_the_earlier_holds_until_somebody_has_read_the_label(ctx: Context) -> None:
    house = build_house(ctx)
    soon, late = TODAY + timedelta(days=5), TODAY + timedelta(days=500)
    receive(ctx, house, "r1", lot="A", expires_on=soon)
    receive(ctx, house, "r2", lot="A", expires_on=late)
    assert expires(ctx, house, "A") == soon
    assert tasks_of(ctx, "lot_date") == [("Which last day has lot A of MUG?", "open")]
    assert value(ctx.tx, "select detail->>'told' from audit_entry where action = 'lot.date_differs'") == str(late)
    receive(ctx, house, "r3", lot="A", expires_on=TODAY - timedelta(days=1))
    assert expires(ctx, house, "A") == TODAY - timedelta(days=1)
    receive(ctx, house, "r4", lot="A")
    assert len(tasks_of(ctx, "lot_date")) == 1
    service.correct_lot(ctx, house.mug, "A", expires_on=late, reason="read it myself")
    assert expires(ctx, house, "A") == late
    assert tasks_of(ctx, "lot_date") == [("Which last day has lot A of MUG?", "done")]


def test_at_a_form_lot_and_last_day_are_asked_and_what_was_observed_posts_with_a_task(ctx: Context) -> None:
    house = build_house(ctx)
    wants(ctx, house, "lot", needs_expiry=True)
    with pytest.raises(Invalid, match="the lot of MUG") as refused:
        receive(ctx, house, "r1", at_form=True)
    assert [fault.where for fault in refused.value.faults] == ["lot", "last day"]
    with pytest.raises(Invalid, match="the last day of MUG"):
        receive(ctx, house, "r2", lot="A", at_form=True)
    assert house.level(ctx) == (0, 0)
    receive(ctx, house, "r3", lot="A", expires_on=TODAY, at_form=True)
    receive(ctx, house, "r4", lot="A", at_form=True)
    assert tasks_of(ctx, "identify") == []
    receive(ctx, house, "r5")
    service.post(ctx, move(house, "SUPPLIER", "DOCK", "2", "receive"))
    assert [title for title, _ in tasks_of(ctx, "identify")] == [
        "Find out the lot and last day of 5 of MUG", "Find out the lot and last day of 2 of MUG",
    ]  # fmt: skip
    assert house.level(ctx) == (17, 0)


def test_the_last_day_follows_from_the_shelf_life_where_nobody_told_it(ctx: Context) -> None:
    house = build_house(ctx)
    wants(ctx, house, "lot", needs_expiry=True, shelf_life_days=30)
    receive(ctx, house, "r1", lot="A", at_form=True)
    receive(ctx, house, "r2", lot="B", made_on=TODAY - timedelta(days=10), at_form=True)
    receive(ctx, house, "r3", lot="C", expires_on=TODAY + timedelta(days=3), at_form=True)
    receive(ctx, house, "r4", lot="C", at_form=True)
    assert [(expires(ctx, house, code) or TODAY) - TODAY for code in "ABC"] == [
        timedelta(days=30), timedelta(days=20), timedelta(days=3),
    ]  # fmt: skip
    assert tasks_of(ctx, "lot_date") == []


def test_pieces_are_received_by_their_serials_and_weighed_goods_with_their_weight(ctx: Context) -> None:
    house = build_house(ctx)
    wants(ctx, house, "serial", catch_weight=True)
    with pytest.raises(Invalid, match="Scan each piece by itself") as refused:
        receive(ctx, house, "r1", at_form=True)
    assert [fault.where for fault in refused.value.faults] == ["serial number", "weight"]
    receive(ctx, house, "r2", "1", serial="S1", catch_weight_g=Decimal(340), at_form=True)
    assert value(ctx.tx, "select catch_weight_g from balance where on_hand > 0") == 340


def test_what_comes_back_from_a_customer_is_asked_for_its_lot_too(ctx: Context) -> None:
    house = build_house(ctx)
    wants(ctx, house, "lot")
    back = {"item_id": house.mug, "place_id": house.place["DOCK"], "quantity": Decimal(2)}
    with pytest.raises(Invalid, match="the lot of MUG"):
        service.take_return(ctx, at_form=True, **back)  # type: ignore[arg-type]
    service.take_return(ctx, **back)  # type: ignore[arg-type]
    assert len(tasks_of(ctx, "identify")) == 1
    house.fill(ctx, "A-1", "5")
    line = house.sell(ctx, "S-1", "3")
    service.issue(ctx, line, [(house.place["A-1"], Decimal(3))], "p1")
    came = CameBack(line, Decimal(1), house.place["DOCK"])
    with pytest.raises(Invalid, match="the lot of MUG"):
        take_customer_return(ctx, house.site_id, "S-1", [came], "b1", at_form=True)
    take_customer_return(ctx, house.site_id, "S-1", [replace(came, lot="A")], "b1", at_form=True)
    assert lying(ctx, house)["DOCK", "A", "quarantine"] == 1
    take_customer_return(ctx, house.site_id, "S-1", [came], "b2")
    assert len(tasks_of(ctx, "identify")) == 2
