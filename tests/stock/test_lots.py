"""Lots: what expires first goes first, what is held is neither picked nor promised, what is over is taken out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person, system
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock import lots, service
from shelfwise.stock.model import STATUSES, Entry, NewMovement, Reason, Spot, Status
from shelfwise.stock.settling import LotFacts, Lying, place_changes, settle
from shelfwise.store.database import value, values
from tests.conftest import NOON
from tests.stock.house import MANAGER, OPERATOR, House, build_house, facts

EARLY, LATE = date(2026, 4, 1), date(2026, 9, 1)
QUALITY = person("quinn", Role.QUALITY)


def stock_up(
    ctx: Context,
    house: House,
    lot: str,
    quantity: str,
    code: str = "A-1",
    expires_on: date | None = None,
    status: Status = "available",
) -> int:
    if expires_on:
        lots.put(ctx.tx, 1, house.mug, lot, expires_on, None, None)
    return service.post(
        ctx,
        NewMovement(
            house.mug, house.place["SUPPLIER"], house.place[code], Decimal(quantity), "receive", lot=lot,
            to_status=status,
        ),
    )  # fmt: skip


def lying(ctx: Context, house: House) -> dict[tuple[str, str, str], int]:
    """What lies in real places, by place, lot and status."""
    return {
        (code, lot, status): int(on_hand)
        for code, lot, status, on_hand in values(
            ctx.tx,
            """select code, lot, status, on_hand from balance join place using (tenant_id, place_id)
               where kind in ('bin', 'dock', 'packing') and on_hand <> 0""",
        )
    }


def move(house: House, start: str, end: str, quantity: str, reason: Reason, lot: str | None = None) -> NewMovement:
    return NewMovement(house.mug, house.place[start], house.place[end], Decimal(quantity), reason, lot=lot)


def level(ctx: Context, house: House) -> tuple[int, int, int]:
    """On hand, blocked, reserved."""
    (found,) = [one for one in service.levels(ctx, house.site_id) if one.item_id == house.mug]
    return int(found.on_hand), int(found.blocked), int(found.reserved)


def test_what_expires_first_is_suggested_first_then_the_oldest_receipt_then_the_place(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "LATE", "5", "A-1", LATE)
    stock_up(ctx, house, "EARLY", "3", "A-3", EARLY)
    stock_up(replace(ctx, now=NOON + timedelta(hours=1)), house, "NEWER", "4", "A-1")
    stock_up(ctx, house, "OLDER", "4", "A-3")
    stock_up(ctx, house, "OVER", "9", "A-1", date(2026, 3, 1))
    stock_up(ctx, house, "HELD", "9", "A-1", EARLY, status="hold")
    house.fill(ctx, "A-2", "2")
    house.fill(ctx, "A-1", "2")
    found = service.suggest(ctx, house.mug, house.site_id, Decimal(19))
    assert [(one.place, one.lot, int(one.quantity)) for one in found] == [
        ("A-3", "EARLY", 3), ("A-1", "LATE", 5), ("A-3", "OLDER", 4), ("A-1", "NEWER", 4), ("A-1", None, 2),
        ("A-2", None, 1),
    ]  # fmt: skip
    assert found[0].expires_on == EARLY
    assert sum(one.quantity for one in service.suggest(ctx, house.mug, house.site_id, Decimal(99))) == 20


def test_a_pick_that_names_no_lot_takes_lots_in_their_turn_and_says_that_it_chose(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "LATE", "5", expires_on=LATE)
    stock_up(ctx, house, "EARLY", "3", expires_on=EARLY)
    pick = replace(move(house, "A-1", "CUSTOMER", "6", "pick"), source="p1")
    movement_id = service.post(ctx, pick)
    assert lying(ctx, house) == {("A-1", "LATE", "available"): 2}
    lines = values(
        ctx.tx,
        """select movement_id, part_of, lot, quantity::int, lot_chosen, source from movement where reason = 'pick'
           order by movement_id""",
    )
    assert lines == [
        (movement_id, None, "EARLY", 3, True, "p1"),
        (movement_id + 1, movement_id, "LATE", 3, True, None),
    ]
    assert service.post(ctx, pick) == movement_id
    with pytest.raises(Refused, match="told of another movement: pick of 6"):
        service.post(ctx, replace(pick, quantity=Decimal(3)))
    with pytest.raises(Refused, match="told of another movement"):
        service.post(ctx, replace(pick, lot="EARLY"))
    service.reverse(ctx, movement_id + 1, "wrong bin")
    assert lying(ctx, house) == {("A-1", "LATE", "available"): 5, ("A-1", "EARLY", "available"): 3}


def test_a_named_lot_is_taken_and_what_it_lacks_is_short(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "5")
    stock_up(ctx, house, "B", "5")
    service.post(ctx, move(house, "A-1", "CUSTOMER", "7", "pick", "A"))
    assert lying(ctx, house) == {("A-1", "B", "available"): 5}
    assert facts(ctx, "stock.short", "quantity") == [("2",)]
    assert service.rebuild_check(ctx) == []


def test_a_lot_is_held_everywhere_and_what_still_arrives_of_it_too(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "BAD", "5")
    stock_up(ctx, house, "GOOD", "4")
    stock_up(ctx, house, "BAD", "2", "DOCK")
    done = service.hold(ctx, item_id=house.mug, lot="BAD", reason="the supplier recalls it")
    assert int(done.quantity) == 7
    assert level(ctx, house) == (11, 7, 0)
    stock_up(ctx, house, "BAD", "3", "A-3")
    service.post(ctx, move(house, "DOCK", "A-1", "2", "move", "BAD"))
    assert lying(ctx, house) == {
        ("A-1", "BAD", "hold"): 7, ("A-3", "BAD", "hold"): 3, ("A-1", "GOOD", "available"): 4,
    }  # fmt: skip
    assert [one.lot for one in service.suggest(ctx, house.mug, house.site_id, Decimal(20))] == ["GOOD"]
    with pytest.raises(Refused, match="held at every site: the supplier recalls it"):
        service.release(ctx, item_id=house.mug, lot="BAD", site_id=house.site_id, reason="looked at")
    service.release(ctx, item_id=house.mug, lot="BAD", reason="looked at")
    assert level(ctx, house) == (14, 0, 0)
    stock_up(ctx, house, "BAD", "1", "A-3")
    assert lying(ctx, house)["A-3", "BAD", "available"] == 4
    assert service.rebuild_check(ctx) == []


def test_a_release_keeps_who_signed_and_why(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "5", status="quarantine")
    done = service.release(ctx, item_id=house.mug, place_id=house.place["A-1"], quantity=Decimal(2), reason="tasted")
    assert lying(ctx, house) == {("A-1", "A", "quarantine"): 3, ("A-1", "A", "available"): 2}
    batch = values(
        ctx.tx,
        "select kind, note, signed_by, actor from movement_batch where batch_id = %s",
        (done.batch_id,),
    )
    assert batch == [("release", "tasted", "mara", "person:mara")]
    assert value(ctx.tx, "select detail->>'signed_by' from audit_entry where action = 'stock.released'") == "mara"
    assert facts(ctx, "stock.released", "quantity", "signed_by") == [("2", "mara")]


def test_a_hold_gives_the_youngest_promises_back(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "6")
    house.fill(ctx, "A-3", "6")
    older, younger = house.sell(ctx, "1", "5"), house.sell(ctx, "2", "5")
    for minute, line in enumerate((older, younger)):
        assert service.reserve_open(replace(ctx, now=NOON + timedelta(minutes=minute)), house.site_id) in (0, 2), line
    service.hold(ctx, item_id=house.mug, lot="A", site_id=house.site_id, reason="smells", status="quarantine")
    assert level(ctx, house) == (12, 6, 5)
    assert [orders.sales_line(ctx, line).state for line in (older, younger)] == ["reserved", "open"]
    assert facts(ctx, "stock.overpromised", "blocked", "reserved", "sales_line_ids") == [("6", "10", f"[{younger}]")]
    assert service.reserve_open(ctx, house.site_id) == 0
    assert service.rebuild_check(ctx) == []


def test_counting_and_picking_go_on_while_stock_is_held_and_the_pick_is_told(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "6", status="hold")
    service.post(ctx, move(house, "A-1", "ADJUSTMENT", "1", "count", "A"))
    assert lying(ctx, house) == {("A-1", "A", "hold"): 5}
    line = house.sell(ctx, "1", "2")
    service.issue(ctx, line, [(house.place["A-1"], Decimal(2))], "p1")
    assert lying(ctx, house) == {("A-1", "A", "hold"): 3}
    assert level(ctx, house) == (3, 3, 0)
    told = facts(ctx, "stock.taken_from_hold", "reason", "quantity", "place")
    assert told == [("count", "1", "A-1"), ("pick", "2", "A-1")]
    assert facts(ctx, "stock.short", "quantity") == []
    assert service.rebuild_check(ctx) == []


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"reason": " "}, Invalid, "reason"),
        ({"status": "available"}, Invalid, "status"),
        ({"lot": None}, Invalid, "a lot, a site or a place"),
        ({"lot": "NONE"}, NotFound, "lot 'NONE'"),
        ({"quantity": Decimal(1)}, Invalid, "where the quantity lies"),
        ({"place": "CUSTOMER"}, Invalid, "bin, dock or packing bench"),
        ({"place": "A-1", "quantity": Decimal(6)}, Refused, "Only 5 lie there as available, and 6 were asked for"),
        ({"place": "A-3"}, Refused, "nothing to hold"),
    ],
)
def test_a_hold_that_cannot_be_meant_is_refused(
    ctx: Context, change: dict[str, object], error: type[Exception], message: str
) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "5")
    fields: dict[str, object] = {"item_id": house.mug, "lot": "A", "reason": "smells"} | change
    if "place" in fields:
        fields["place_id"] = house.place[str(fields.pop("place"))]
    with pytest.raises(error, match=message):
        service.hold(ctx, **fields)  # type: ignore[arg-type]
    assert lying(ctx, house) == {("A-1", "A", "available"): 5}


def test_who_may_hold_and_who_may_release(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        other = records.add_site(ctx, code="OTHER", name="Other", time_zone="UTC", width_m=10, depth_m=10)
        stock_up(ctx, house, "A", "5")
    here = person("hana", None, {house.site_id: Role.QUALITY})
    there = person("theo", None, {other: Role.QUALITY})
    about = {"item_id": house.mug, "lot": "A", "site_id": house.site_id, "reason": "smells"}
    signed = about
    for actor, everywhere in ((there, False), (here, True)):
        with office.context(actor) as ctx, pytest.raises(Forbidden):
            service.hold(ctx, **(about | ({"site_id": None} if everywhere else {})))  # type: ignore[arg-type]
    with office.context(OPERATOR) as ctx:
        service.hold(ctx, **about)  # type: ignore[arg-type]
        with pytest.raises(Forbidden):
            service.release(ctx, **signed)  # type: ignore[arg-type]
    for actor in (there, system("night")):
        with office.context(actor) as ctx, pytest.raises(Forbidden):
            service.release(ctx, **signed)  # type: ignore[arg-type]
    with office.context(here) as ctx:
        assert int(service.release(ctx, **signed).quantity) == 5  # type: ignore[arg-type]


def test_what_is_past_its_last_day_is_neither_promised_nor_picked_and_goes_to_quarantine_at_night(ctx: Context) -> None:
    house = build_house(ctx)
    last_day = NOON.date()
    stock_up(ctx, house, "SHORT", "5", expires_on=last_day)
    house.sell(ctx, "1", "5")
    assert service.expire_lots(ctx, house.site_id) == 0
    # 23:30 in UTC is half past midnight in Berlin: the last day is over there.
    over = replace(ctx, now=NOON.replace(hour=23, minute=30))
    assert service.suggest(ctx, house.mug, house.site_id, Decimal(5)) != []
    assert service.suggest(over, house.mug, house.site_id, Decimal(5)) == []
    assert service.reserve_open(over, house.site_id) == 0
    assert service.expire_lots(over, house.site_id) == 1
    assert service.expire_lots(over, house.site_id) == 0
    assert lying(ctx, house) == {("A-1", "SHORT", "quarantine"): 5}
    assert level(ctx, house) == (5, 5, 0)
    assert facts(ctx, "stock.expired", "lot", "quantity", "expires_on") == [("SHORT", "5", last_day.isoformat())]
    stock_up(over, house, "SHORT", "1", "DOCK")
    assert lying(ctx, house)["DOCK", "SHORT", "quarantine"] == 1
    with pytest.raises(Refused, match="past its last day"):
        service.release(over, item_id=house.mug, lot="SHORT", reason="still good")


def test_a_promise_made_while_it_was_good_is_given_back_when_its_lot_has_expired(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "SHORT", "5", expires_on=NOON.date())
    line = house.sell(ctx, "1", "5")
    assert service.reserve_open(ctx, house.site_id) == 1
    tomorrow = replace(ctx, now=NOON + timedelta(days=1))
    assert service.expire_lots(tomorrow, house.site_id) == 1
    assert (orders.sales_line(ctx, line).state, level(ctx, house)) == ("open", (5, 5, 0))


def test_an_expiry_that_was_taken_back_comes_again_the_next_night(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "SHORT", "5", expires_on=date(2026, 3, 1))
    assert lying(ctx, house) == {("A-1", "SHORT", "quarantine"): 5}
    stock_up(ctx, house, "SOON", "5", "A-3", NOON.date())
    tomorrow = replace(ctx, now=NOON + timedelta(days=1))
    service.expire_lots(tomorrow, house.site_id)
    batch = value(ctx.tx, "select max(batch_id) from movement_batch")
    service.reverse_batch(tomorrow, batch, "tried the button")
    assert lying(ctx, house)["A-3", "SOON", "available"] == 5
    assert service.suggest(tomorrow, house.mug, house.site_id, Decimal(5)) == []
    assert service.expire_lots(tomorrow, house.site_id) == 1


def test_a_reversed_hold_needs_the_stock_to_lie_where_it_was_held(ctx: Context) -> None:
    house = build_house(ctx)
    stock_up(ctx, house, "A", "5")
    done = service.hold(ctx, item_id=house.mug, place_id=house.place["A-1"], reason="smells")
    service.post(ctx, move(house, "A-1", "DOCK", "4", "move"))
    assert done.batch_id is not None
    with pytest.raises(Refused, match="Only 1 of 5 still lie in A-1 as hold"):
        service.reverse_batch(ctx, done.batch_id, "it was another")
    service.post(ctx, move(house, "DOCK", "A-1", "4", "move"))
    service.reverse_batch(ctx, done.batch_id, "it was another")
    assert lying(ctx, house) == {("A-1", "A", "available"): 5}
    with pytest.raises(Refused, match="reversed before"):
        service.reverse_batch(ctx, done.batch_id, "again")


SPOTS = {
    1: Spot(1, 1, "bin", "A-1"), 2: Spot(2, 1, "dock", "DOCK"), 3: Spot(3, 1, "customer", "CUSTOMER"),
    4: Spot(4, 1, "unaccounted", "UNACCOUNTED"), 5: Spot(5, 1, "transit", "TRANSIT"),
}  # fmt: skip
LOTS = ["", "A", "B"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2, 3, 5]), st.sampled_from([1, 2, 3, 5]), st.integers(1, 9),
            st.sampled_from([None, *LOTS]), st.sampled_from(STATUSES),
        ),
        max_size=25,
    ),
    st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from(LOTS), st.sampled_from(STATUSES), st.integers(1, 20))),
)  # fmt: skip
def test_whatever_is_told_keeps_every_balance_of_a_real_place_above_zero_and_the_sum_at_zero(
    moves: list[tuple[int, int, int, str | None, Status]], before: list[tuple[int, str, Status, int]]
) -> None:
    held: dict[tuple[int, int, str, str], Decimal] = {}
    rows = {}
    for place, lot, status, there in before:
        held[7, place, lot, status] = Decimal(there)
        rows[place, lot, status] = Lying(7, place, lot, status, Decimal(there), Decimal(100 * there))
    entries = [
        Entry(7, start, end, Decimal(much), NOON, "move", lot=lot, from_status=status, to_status=status)
        for start, end, much, lot, status in moves
        if start != end
    ]
    known = {(7, "A"): LotFacts(expires_on=EARLY), (7, "B"): LotFacts(expired=True, expires_on=EARLY)}
    for one in settle(entries, rows.values(), SPOTS, {1: 4}, known):
        lines = [*([] if one.correction is None else [one.correction]), *one.lines]
        assert sum(line.quantity for line in one.lines) == one.told.quantity
        assert one.told.lot is None or all((line.lot or "") == one.told.lot for line in one.lines)
        for key, (much, _) in place_changes(lines).items():
            held[key] = held.get(key, Decimal(0)) + much
        assert sum((much for much, _ in place_changes(lines).values()), Decimal(0)) == 0
        assert all(much >= 0 for key, much in held.items() if key[1] in (1, 2))


def test_the_last_piece_takes_all_the_weight_that_is_left(ctx: Context) -> None:
    house = build_house(ctx)
    bin_ = house.place["A-1"]
    come = move(house, "SUPPLIER", "A-1", "3", "receive")
    service.post(ctx, replace(come, catch_weight_g=Decimal(1000)))
    weights = []
    for _ in range(3):
        service.post(ctx, move(house, "A-1", "CUSTOMER", "1", "pick"))
        weights.append(value(ctx.tx, "select catch_weight_g from balance where place_id = %s", (bin_,)))
    assert weights == [667, 333, 0]
    service.post(ctx, replace(come, catch_weight_g=Decimal(1000)))
    service.post(ctx, replace(move(house, "A-1", "CUSTOMER", "1", "pick"), catch_weight_g=Decimal(402)))
    assert value(ctx.tx, "select catch_weight_g from balance where place_id = %s", (bin_,)) == 598
