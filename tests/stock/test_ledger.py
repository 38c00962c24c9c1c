"""The ledger: double entry, once for each source, short picks, reversals and the rebuild check."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import get_args

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.stock import service
from shelfwise.stock.checking import Difference
from shelfwise.stock.model import ENDS, NewMovement, Reason
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.stock.house import MANAGER, OPERATOR, VIEWER, House, build_house, facts

FIRST_HOUSE_CODES = [
    "A-1", "A-2", "A-3", "DOCK", "PACKING", "SUPPLIER", "CUSTOMER", "OPENING", "ADJUSTMENT", "UNACCOUNTED", "TRANSIT",
    "SCRAP",
]  # fmt: skip
KINDS = dict.fromkeys(["A-1", "A-2", "A-3"], "bin") | {code: code.lower() for code in FIRST_HOUSE_CODES[3:]}
BY_THEIR_OWN = ("hold", "release", "convert")
MOVES = [
    (reason, start, end)
    for reason, pairs in ENDS.items()
    if reason not in BY_THEIR_OWN
    for starts, ends in pairs
    for start in FIRST_HOUSE_CODES
    for end in FIRST_HOUSE_CODES
    if start != end and KINDS[start] in starts and KINDS[end] in ends
]


def move(house: House, start: str, end: str, quantity: str, reason: Reason, source: str | None = None) -> NewMovement:
    return NewMovement(house.mug, house.place[start], house.place[end], Decimal(quantity), reason, source=source)


def sums_to_zero(ctx: Context) -> bool:
    return not values(ctx.tx, "select item_id from balance group by item_id having sum(on_hand) <> 0")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(MOVES), st.integers(1, 9), st.booleans(), st.integers(-500, 0), st.booleans()),
        max_size=12,
    )
)
def test_any_sequence_of_movements_sums_to_zero_and_matches_its_rebuild(
    ctx: Context, steps: list[tuple[tuple[Reason, str, str], int, bool, int, bool]]
) -> None:
    with ctx.tx.transaction(force_rollback=True):
        house = build_house(ctx)
        for (reason, start, end), quantity, rope, minutes, reverse in steps:
            movement_id = service.post(
                ctx,
                replace(
                    move(house, start, end, str(quantity), reason),
                    item_id=house.rope if rope else house.mug,
                    occurred_at=NOON + timedelta(minutes=minutes),
                ),
            )
            if reverse:
                service.reverse(ctx, movement_id, "test")
        assert sums_to_zero(ctx)
        assert service.rebuild_check(ctx) == []
        low = values(
            ctx.tx,
            """select 1 from balance join place using (tenant_id, place_id)
               where kind in ('bin', 'dock', 'packing') and on_hand < 0""",
        )
        assert low == []
        assert not values(ctx.tx, "select 1 from stockout where until_at < since")


def test_movements_are_never_changed_or_deleted(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    for statement in ("update movement set quantity = 1", "delete from movement", "truncate movement cascade"):
        with pytest.raises(psycopg.errors.RaiseException, match="never changed or deleted"), ctx.tx.transaction():
            run(ctx.tx, statement)


def test_a_movement_changes_both_places_and_the_sites_level(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    service.post(ctx, move(house, "A-1", "DOCK", "4", "move"))
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "DOCK"), house.on_hand(ctx, "OPENING")) == (6, 4, -10)
    assert house.level(ctx) == (10, 0)
    service.post(ctx, move(house, "DOCK", "ADJUSTMENT", "1", "adjust"))
    assert house.level(ctx) == (9, 0)
    moved = facts(ctx, "stock.moved", "item_id", "site_id", "quantity", "reason")
    ids = (str(house.mug), str(house.site_id))
    assert moved == [(*ids, "10", "opening"), (*ids, "4", "move"), (*ids, "1", "adjust")]


def test_the_same_source_twice_is_one_movement(ctx: Context) -> None:
    house = build_house(ctx)
    once = service.post(ctx, move(house, "SUPPLIER", "DOCK", "5", "receive", "scan-1"))
    assert service.post(ctx, move(house, "SUPPLIER", "DOCK", "5", "receive", "scan-1")) == once
    both = [
        move(house, "DOCK", "A-1", "2", "move", "scan-2"),
        move(house, "SUPPLIER", "DOCK", "5", "receive", "scan-1"),
    ]
    assert service.post_many(ctx, both)[1] == once
    assert (house.on_hand(ctx, "DOCK"), house.on_hand(ctx, "A-1")) == (3, 2)


def test_the_same_source_with_another_content_is_refused(ctx: Context) -> None:
    house = build_house(ctx)
    service.post(ctx, move(house, "SUPPLIER", "DOCK", "5", "receive", "scan-1"))
    for other in (
        move(house, "SUPPLIER", "DOCK", "6", "receive", "scan-1"),
        move(house, "SUPPLIER", "A-1", "5", "receive", "scan-1"),
        replace(move(house, "SUPPLIER", "DOCK", "5", "receive", "scan-1"), item_id=house.rope),
        replace(move(house, "SUPPLIER", "DOCK", "5", "receive", "scan-1"), lot="L1"),
    ):
        with pytest.raises(Refused, match="'scan-1' has told of another movement: receive of 5 of item"):
            service.post(ctx, other)
    assert house.level(ctx) == (5, 0)


def test_a_short_pick_posts_and_the_shortfall_stands_against_unaccounted(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "7")
    pick = service.post(ctx, move(house, "A-1", "CUSTOMER", "10", "pick", "pick-1"))
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "CUSTOMER"), house.on_hand(ctx, "UNACCOUNTED")) == (0, 10, -3)
    assert house.level(ctx) == (0, 0)
    assert facts(ctx, "stock.short", "movement_id", "place_id", "quantity") == [
        (str(pick), str(house.place["A-1"]), "3")
    ]
    assert service.post(ctx, move(house, "A-1", "CUSTOMER", "10", "pick", "pick-1")) == pick
    assert service.rebuild_check(ctx) == []


def test_a_reversal_posts_the_opposite_once(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "7")
    wrong = service.post(ctx, move(house, "A-1", "DOCK", "4", "move"))
    back = service.reverse(ctx, wrong, "scanned the wrong bin")
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "DOCK")) == (7, 0)
    newest = service.movements(ctx, house.mug)[0]
    assert (newest.movement_id, newest.from_place, newest.to_place, newest.reason, newest.reverses) == (
        back, "DOCK", "A-1", "reverse", wrong,
    )  # fmt: skip
    assert service.movements(ctx, house.mug)[1].reversed_by == back
    with pytest.raises(Refused, match=f"was reversed before, by movement {back}"):
        service.reverse(ctx, wrong, "again")
    with pytest.raises(Refused, match="is a reversal"):
        service.reverse(ctx, back, "undo the undo")
    with pytest.raises(NotFound):
        service.reverse(ctx, 999, "nothing")
    with pytest.raises(Invalid, match="why the movement was a mistake"):
        service.reverse(ctx, wrong, "  ")


def test_reversing_a_short_pick_takes_its_correction_back_too(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "7")
    pick = service.post(ctx, move(house, "A-1", "CUSTOMER", "10", "pick"))
    service.reverse(ctx, pick, "never picked")
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "CUSTOMER"), house.on_hand(ctx, "UNACCOUNTED")) == (7, 0, 0)


def test_reversing_what_has_been_used_since_is_short_and_never_negative(ctx: Context) -> None:
    house = build_house(ctx)
    came = service.post(ctx, move(house, "SUPPLIER", "A-1", "10", "receive"))
    service.post(ctx, move(house, "A-1", "CUSTOMER", "8", "pick"))
    service.reverse(ctx, came, "it was another item")
    assert (house.on_hand(ctx, "A-1"), house.on_hand(ctx, "UNACCOUNTED"), house.on_hand(ctx, "SUPPLIER")) == (0, -8, 0)
    assert facts(ctx, "stock.short", "quantity") == [("8",)]


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "0.5", "1e15"])
def test_a_quantity_that_cannot_be_moved_is_refused(ctx: Context, quantity: str) -> None:
    house = build_house(ctx)
    with pytest.raises(Invalid, match="quantity"):
        service.post(ctx, move(house, "SUPPLIER", "DOCK", quantity, "receive"))
    assert house.level(ctx) == (0, 0)


def test_half_metres_of_rope_can_be_moved(ctx: Context) -> None:
    house = build_house(ctx)
    service.post(ctx, replace(move(house, "SUPPLIER", "A-2", "2.5", "receive"), item_id=house.rope))
    assert house.on_hand(ctx, "A-2", house.rope) == 2.5


def test_a_movement_that_cannot_be_right_is_refused_with_every_fault(ctx: Context) -> None:
    house = build_house(ctx)
    bad = replace(
        move(house, "CUSTOMER", "A-1", "1", "pick", "short:7"),
        item_id=99,
        occurred_at=NOON.replace(year=1970),
        lot="\x00",
    )
    with pytest.raises(Invalid) as caught:
        service.post(ctx, bad)
    assert [fault.where for fault in caught.value.faults] == [
        "movement", "movement, quantity, item", "movement, lot", "movement, occurred_at", "movement, source",
    ]  # fmt: skip
    twice = move(house, "SUPPLIER", "DOCK", "1", "receive", "scan-1")
    with pytest.raises(Invalid, match="movement 2, source"):
        service.post_many(ctx, [twice, twice])
    with pytest.raises(NotFound, match="place 999"):
        service.post(ctx, replace(twice, to_place_id=999))
    assert service.post_many(ctx, []) == []


def test_rights_by_reason(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "100")
    may = {
        "opening": ("OPENING", "A-1", [MANAGER]),
        "adjust": ("ADJUSTMENT", "A-1", [MANAGER]),
        "receive": ("SUPPLIER", "DOCK", [MANAGER, OPERATOR]),
        "pick": ("A-1", "CUSTOMER", [MANAGER, OPERATOR]),
        "return": ("CUSTOMER", "DOCK", [MANAGER, OPERATOR]),
        "move": ("A-1", "DOCK", [MANAGER, OPERATOR]),
        "put_away": ("DOCK", "A-1", [MANAGER, OPERATOR]),
        "ship": ("PACKING", "CUSTOMER", [MANAGER, OPERATOR]),
        "count": ("ADJUSTMENT", "A-1", [MANAGER]),
        "write_off": ("A-1", "SCRAP", [MANAGER]),
        "transfer_out": ("A-1", "TRANSIT", [MANAGER, OPERATOR]),
        "transfer_in": ("TRANSIT", "A-1", [MANAGER, OPERATOR]),
    }
    assert {*may, *BY_THEIR_OWN, "reverse"} == set(get_args(Reason))
    for reason, (start, end, allowed) in may.items():
        for actor in (MANAGER, OPERATOR, VIEWER):
            with office.context(actor) as ctx:
                movement = move(house, start, end, "1", reason)  # type: ignore[arg-type]
                if actor in allowed:
                    service.post(ctx, movement)
                else:
                    with pytest.raises(Forbidden):
                        service.post(ctx, movement)
    with office.context(OPERATOR) as ctx, pytest.raises(Forbidden):
        service.reverse(ctx, 1, "mistake")
    with office.context(VIEWER) as ctx:
        assert len(service.item_stock(ctx, house.mug)) > 0


def test_the_rebuild_check_names_what_differs_and_repairs_nothing(ctx: Context) -> None:
    house = build_house(ctx)
    house.fill(ctx, "A-1", "10")
    line = house.sell(ctx, "1", "4")
    service.reserve_open(ctx, house.site_id)
    assert service.rebuild_check(ctx) == []
    run(ctx.tx, "update balance set on_hand = 9 where place_id = %s", (house.place["A-1"],))
    run(ctx.tx, "update stock_level set on_hand = 12")
    run(ctx.tx, "delete from reservation where sales_line_id = %s", (line,))
    expected = [
        Difference("balance", house.mug, house.site_id, house.place["A-1"], Decimal(10), Decimal(9)),
        Difference("on_hand", house.mug, house.site_id, None, Decimal(10), Decimal(12)),
        Difference("reserved", house.mug, house.site_id, None, Decimal(0), Decimal(4)),
    ]
    assert service.rebuild_check(ctx) == expected
    assert service.rebuild_check(ctx) == expected


def test_the_rebuild_check_also_covers_weights_serials_and_what_came_of_orders(ctx: Context) -> None:
    house = build_house(ctx)
    order = house.buy(ctx, "k1", "10")
    about = {"purchase_order_id": order.purchase_order_id, "line": 1, "place_id": house.place["A-1"]}
    service.receive(
        ctx, quantity=Decimal(1), source="r1", serial="S1", catch_weight_g=Decimal(340), **about  # type: ignore[arg-type]
    )  # fmt: skip
    service.receive(ctx, quantity=Decimal(2), source="r2", status="damaged", **about)  # type: ignore[arg-type]
    service.return_to_supplier(
        ctx, quantity=Decimal(1), reason="broken", owed_again=True, status="damaged", **about  # type: ignore[arg-type]
    )  # fmt: skip
    assert service.rebuild_check(ctx) == []
    run(
        ctx.tx,
        "update balance set catch_weight_g = 1 where place_id = %s and status = 'available'",
        (about["place_id"],),
    )
    run(ctx.tx, "update serial set place_id = %s", (house.place["A-3"],))
    run(ctx.tx, "update purchase_line set received = 7, damaged = 8")
    found = service.rebuild_check(ctx)
    assert found == [
        Difference("damaged", house.mug, house.site_id, None, Decimal(1), Decimal(8)),
        Difference("received", house.mug, house.site_id, None, Decimal(1), Decimal(7)),
        Difference("serial", house.mug, house.site_id, house.place["A-1"], Decimal(1), Decimal(0)),
        Difference("weight", house.mug, house.site_id, house.place["A-1"], Decimal(340), Decimal(1)),
    ]
    assert [words for _, words in service.in_words(ctx, found)] == [
        "MUG: 8 came damaged of an order for MAIN, the receipts give 1.",
        "MUG: 7 received of an order for MAIN, the receipts give 1.",
        "MUG: a serial number is not where the movements brought it, A-1 at MAIN, or not as they left it there.",
        "MUG: the books weigh 1 g in A-1 at MAIN, the movements give 340 g.",
    ]
