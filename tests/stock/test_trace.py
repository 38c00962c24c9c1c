"""Where a lot came from and went, what was known when, and what each figure is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound
from shelfwise.records import service as records
from shelfwise.stock import service
from shelfwise.stock.customer_returns import CameBack, take_customer_return
from shelfwise.stock.model import NewMovement
from tests.conftest import NOON
from tests.stock.house import build_house
from tests.stock.test_lots import move, stock_up


def test_a_lot_is_traced_to_its_supplier_and_to_everybody_who_got_it(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "d1", "20")
    service.receive(
        ctx, order.purchase_order_id, 1, Decimal(12), house.place["DOCK"], "r1", lot="A", expires_on=date(2026, 9, 1)
    )
    service.post(ctx, move(house, "DOCK", "A-1", "12", "put_away"))
    line = house.sell(ctx, "W-1", "4")
    service.issue(ctx, line, [(house.place["A-1"], Decimal(4))], "p1")
    wrong = service.issue(ctx, house.sell(ctx, "W-2", "1"), [(house.place["A-1"], Decimal(1))], "p2").movement_ids[0]
    service.reverse(ctx, wrong, "another order")
    service.write_off(ctx, item_id=house.mug, place_id=house.place["A-1"], quantity=Decimal(1), reason="broken")
    service.post(ctx, move(house, "A-1", "TRANSIT", "2", "transfer_out"))
    case = records.add_item(ctx, sku="PAIR")
    service.convert(
        ctx, item_id=house.mug, place_id=house.place["A-1"], quantity=Decimal(2), to_item_id=case,
        to_quantity=Decimal(1), source="c1",
    )  # fmt: skip
    found = service.trace(ctx, house.mug, "A")
    assert (found.sku, found.lot.expires_on, found.lot.supplier_id) == ("MUG", date(2026, 9, 1), house.supplier_id)
    assert [(one.place, one.kind, int(one.on_hand)) for one in found.lies] == [
        ("A-1", "bin", 3), ("TRANSIT", "transit", 2),
    ]  # fmt: skip
    (came,) = found.came
    assert (came.purchase_number, came.supplier, int(came.quantity)) == (order.number, "Potter", 12)
    (got,) = found.got
    assert (got.order_number, int(got.quantity), got.lot_chosen) == ("W-1", 4, True)
    assert found.customers == {"": 4}
    assert [(one.note, int(one.quantity)) for one in found.scrapped] == [("broken", 1)]
    assert [int(one.quantity) for one in found.travelled] == [2]
    assert [(one.sku, one.lot, int(one.quantity)) for one in found.made_into] == [("PAIR", "A", 1)]
    assert [(one.sku, int(one.quantity)) for one in service.trace(ctx, case, "A").made_of] == [("MUG", 2)]
    assert {one.reason for one in found.inside} == {"put_away", "pick", "reverse"}
    assert found.complete
    assert found.on_hand == 3
    assert not service.trace(ctx, house.mug, "A", limit=2).complete
    with pytest.raises(NotFound, match="lot 'B'"):
        service.trace(ctx, house.mug, "B")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["in", "out", "move"]), st.integers(1, 9), st.sampled_from([None, "A"]), st.booleans()
        ),
        min_size=1,
        max_size=15,
    )
)
def test_all_that_came_of_a_lot_lies_somewhere_or_went_somewhere(
    ctx: Context, steps: list[tuple[str, int, str | None, bool]]
) -> None:
    with ctx.tx.transaction(force_rollback=True):
        house = build_house(ctx)
        stock_up(ctx, house, "A", "20")
        for kind, much, lot, back in steps:
            ends = {"in": ("SUPPLIER", "A-1"), "out": ("A-1", "CUSTOMER"), "move": ("A-1", "A-3")}[kind]
            reason = {"in": "receive", "out": "pick", "move": "move"}[kind]
            movement_id = service.post(ctx, move(house, *ends, str(much), reason, lot))  # type: ignore[arg-type]
            if back:
                service.reverse(ctx, movement_id, "test")
        found = service.trace(ctx, house.mug, "A")
        came, got, more = (
            sum((one.quantity for one in heap), Decimal(0))
            for heap in (
                found.came, found.got,
                [one for one in found.corrected if one.to_kind == "bin"],
            )
        )  # fmt: skip
        taken_back = sum((one.quantity for one in found.corrected if one.from_kind == "bin"), Decimal(0))
        assert came + more == got + taken_back + found.on_hand


def test_stock_as_of_a_day_is_what_had_happened_by_then_as_known_then_or_now(ctx: Context) -> None:
    house = build_house(ctx)
    monday = NOON - timedelta(days=7)

    def told(
        day: int, recorded: int, start: str, end: str, much: str, reason: str, to_status: str = "available"
    ) -> int:
        return service.post(
            replace(ctx, now=monday + timedelta(days=recorded)),
            NewMovement(
                house.mug, house.place[start], house.place[end], Decimal(much), reason,  # type: ignore[arg-type]
                monday + timedelta(days=day), to_status=to_status,  # type: ignore[arg-type]
            ),
        )  # fmt: skip

    told(0, 0, "SUPPLIER", "A-1", "10", "receive")
    told(1, 1, "A-1", "CUSTOMER", "3", "pick")
    told(1, 4, "A-1", "CUSTOMER", "2", "pick")
    wrong = told(2, 2, "SUPPLIER", "DOCK", "5", "receive", "quarantine")
    service.reverse(replace(ctx, now=monday + timedelta(days=3)), wrong, "another's")

    def stock(day: int, known: int | None = None) -> tuple[int, int]:
        rows = service.stock_as_of(
            ctx, house.site_id, monday + timedelta(days=day), None if known is None else monday + timedelta(days=known)
        )
        return (int(rows[0].on_hand), int(rows[0].blocked)) if rows else (0, 0)

    # As known now: what was received by mistake on day 2 and taken back on day 3 lay there on no day.
    assert [stock(day) for day in (-1, 0, 1, 2, 3, 7)] == [(0, 0), (10, 0), (5, 0), (5, 0), (5, 0), (5, 0)]
    # As known then: on day 2 nobody knew yet that it was a mistake; on day 3 it was known for day 2 too.
    assert [stock(2, known) for known in (2, 3, 4)] == [(12, 5), (7, 0), (5, 0)]
    assert [stock(day, day) for day in (0, 1, 2, 3, 4)] == [(10, 0), (7, 0), (12, 5), (7, 0), (5, 0)]
    assert stock(1, 2) == (7, 0)
    assert service.stock_as_of(ctx, house.site_id, NOON, item_id=house.rope) == []


def test_each_figure_is_explained_by_what_it_is_made_of(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "6", expires_on=date(2026, 9, 1))
    stock_up(ctx, house, "OVER", "2", "A-3", NOON.date())
    stock_up(ctx, house, "A", "3", "A-3", status="damaged")
    order = house.buy(ctx, "d1", "20")
    service.receive(ctx, order.purchase_order_id, 1, Decimal(5), house.place["DOCK"], "r1")
    line = house.sell(ctx, "W-1", "4")
    service.reserve_open(ctx, house.site_id)
    service.post(ctx, move(house, "A-1", "TRANSIT", "1", "transfer_out"))
    tomorrow = replace(ctx, now=NOON + timedelta(days=1))
    found = service.explain(tomorrow, house.mug, house.site_id)
    figures = (found.on_hand, found.blocked, found.reserved, found.available, found.on_order, found.in_transit)
    assert [int(one) for one in figures] == [15, 5, 4, 6, 15, 0]
    assert found.why_blocked == {"damaged": 3, "expired": 2}
    assert sum(one.on_hand for one in found.lies) == 15
    assert [(one.sales_line_id, one.order_number, int(one.quantity)) for one in found.promises] == [(line, "W-1", 4)]
    assert [(one.number, int(one.quantity)) for one in found.coming] == [(order.number, 15)]
    listed = service.stock_of(tomorrow, house.site_id, house.mug)
    assert listed is not None
    assert (listed.on_hand, listed.blocked, listed.reserved, listed.available, listed.on_order) == figures[:5]
    assert [one.lot for one in service.near_expiry(ctx, house.site_id, 0)] == ["OVER"]
    assert [one.lot for one in service.near_expiry(ctx, house.site_id, 365)] == ["OVER", "A", "A"]
    assert {one.place for one in service.lies_at(ctx, lot="A", status="damaged")} == {"A-3"}


def test_a_serial_tells_its_history(ctx: Context) -> None:
    house = build_house(ctx)
    for start, end, reason in (("SUPPLIER", "DOCK", "receive"), ("DOCK", "A-1", "move"), ("A-1", "CUSTOMER", "pick")):
        service.post(ctx, replace(move(house, start, end, "1", reason), serial="S1"))  # type: ignore[arg-type]
    assert [one.reason for one in service.serial_history(ctx, house.mug, "S1")] == ["receive", "move", "pick"]
    assert [one.kind for one in service.find_serial(ctx, "S1")] == ["customer"]


def test_who_sent_a_lot_back_has_none_of_it_and_what_went_back_to_the_supplier_is_shown_as_that(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "d1", "20")
    dock = house.place["DOCK"]
    service.receive(ctx, order.purchase_order_id, 1, Decimal(20), dock, "r1", lot="A")
    service.return_to_supplier(
        ctx, purchase_order_id=order.purchase_order_id, line=1, place_id=dock, quantity=Decimal(2), lot="A",
        reason="chipped", owed_again=False,
    )  # fmt: skip
    kept, returned = (house.sell(ctx, number, "3") for number in ("W-1", "W-2"))
    for line in (kept, returned):
        service.issue(ctx, line, [(dock, Decimal(3))], f"p{line}")
    take_customer_return(ctx, house.site_id, "W-2", [CameBack(returned, Decimal(3), dock, lot="A")], "b1")
    found = service.trace(ctx, house.mug, "A")
    assert [(one.order_number, int(one.quantity)) for one in found.reached] == [("W-1", 3)]
    assert found.customers == {"": 3}
    assert [(one.to_kind, int(one.quantity)) for one in found.sent_back] == [("supplier", 2)]
    assert found.inside == ()


def test_a_recall_follows_conversions_to_the_customers_in_the_end_however_many_and_even_in_a_circle(
    ctx: Context,
) -> None:
    house = build_house(ctx)
    here = house.place["A-3"]
    stock_up(ctx, house, "A", "12", "A-3")
    pair, gift = (records.add_item(ctx, sku=sku) for sku in ("PAIR", "GIFT"))
    steps = [(house.mug, 8, pair, 4), (pair, 3, gift, 3), (gift, 1, house.mug, 2)]
    for number, (start, much, end, became) in enumerate(steps):
        service.convert(
            ctx, item_id=start, place_id=here, quantity=Decimal(much), to_item_id=end, to_quantity=Decimal(became),
            source=f"c{number}", lot="A",
        )  # fmt: skip
    line = house.sell(ctx, "W-1", "2", gift)
    service.issue(ctx, line, [(here, Decimal(2))], "p1")
    found = service.trace(ctx, house.mug, "A")
    assert [(one.sku, int(one.quantity)) for one in found.made_into] == [("PAIR", 4), ("GIFT", 3)]
    assert [(one.sku, one.order_number, int(one.quantity)) for one in found.reached] == [("GIFT", "W-1", 2)]
    assert {one.sku for one in service.trace(ctx, gift, "A").made_of} == {"MUG", "PAIR"}
    service.reverse_batch(ctx, found.made_into[0].batch_id, "it was another lot")
    assert service.trace(ctx, house.mug, "A").reached == ()
