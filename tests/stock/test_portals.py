"""Goods that pass a dock door: from reads to a proposal, booked once, through restarts and late readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.edge import devices, epc
from shelfwise.edge.standing import Spot, move_device
from shelfwise.edge.tables import StoredReading
from shelfwise.orders import service as orders
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.transfers import draft_transfer
from shelfwise.orders.transfers import transfer as look_at
from shelfwise.records import service as records
from shelfwise.stock import transfers
from shelfwise.stock.portals import service as portals
from shelfwise.stock.portals.booking import book_load, reject_load
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import Content
from shelfwise.store.database import values
from shelfwise.work import tasks
from shelfwise.work.tasks import Task
from tests.conftest import NOON
from tests.stock.house import OPERATOR, VIEWER, House, build_house

GTIN = "04006381333931"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Gate:
    """A house with a reader at its dock: antenna 1 looks out, antenna 2 in."""

    house: House

    def read(
        self, epcs: Sequence[str], at: datetime, way: str = "in", late: timedelta = timedelta(0)
    ) -> list[StoredReading]:
        """What the reader says of tags that pass one after the other, a second apart."""
        sides = (1, 2) if way == "in" else (2, 1)
        return [
            StoredReading(
                1, number, "gate", "tag", None, {"epc": told, "antenna": antenna, "rssi": -52.0},
                when, when + late,
            )
            for number, told in enumerate(epcs)
            for antenna, after in ((sides[0], 0.0), (sides[0], 0.4), (sides[1], 0.9), (sides[1], 1.3))
            for when in (at + timedelta(seconds=number + after),)
        ]  # fmt: skip


def serials(first: int, count: int) -> list[str]:
    return [epc.sgtin_96(GTIN, serial, 7) for serial in range(first, first + count)]


def after(ctx: Context, minutes: float) -> Context:
    return replace(ctx, now=NOON + minutes * MINUTE)


@pytest.fixture
def gate(ctx: Context) -> Gate:
    house = build_house(ctx)
    records.add_barcode(ctx, house.mug, "4006381333931")
    dock = house.place["DOCK"]
    devices.add_device(ctx, "gate", place_id=dock)
    for antenna, way in ((1, "outside"), (2, "inside")):
        move_device(ctx, "gate", Spot(place_id=dock, way=way), antenna=antenna)  # type: ignore[arg-type]
    # Placed at noon of the test; what the tests read is later.
    return Gate(house)


def proposed(ctx: Context) -> Task | None:
    return next((one for one in tasks.tasks(ctx) if one.kind == "portal"), None)


def passing(ctx: Context, gate: Gate, epcs: Sequence[str], minute: float, way: str = "in") -> int | None:
    """Tags pass at a minute after noon, and are judged two minutes later; the newest load."""
    later = after(ctx, minute + 2)
    portals.watch(later, gate.read(epcs, NOON + minute * MINUTE, way))
    portals.settle(later)
    found = portals.loads(later)
    return max((one.load_id for one in found), default=None)


def order(ctx: Context, gate: Gate, quantity: str = "42") -> PurchaseOrder:
    return gate.house.buy(ctx, f"key-{quantity}", quantity)


def document(placed: PurchaseOrder) -> str:
    return f"purchase_order:{placed.purchase_order_id}"


def test_what_comes_through_the_door_is_proposed_as_the_receipt_it_is_and_booked_by_one_tap(
    ctx: Context, gate: Gate
) -> None:
    placed = order(ctx, gate)
    load_id = passing(ctx, gate, [*serials(1, 40), "E28011700001"], 10)
    assert load_id is not None
    task = proposed(ctx)
    assert task is not None
    assert task.title == f"40 of 42 expected of {placed.number} came in through DOCK at 13:10"
    assert task.detail == "missing: 2 MUG; 1 tag that nobody knows."
    assert (task.link, task.site_id) == (f"/portals/loads/{load_id}", gate.house.site_id)
    otto = replace(after(ctx, 15), actor=OPERATOR)
    for _ in range(2):
        book_load(otto, load_id, document(placed))
    assert gate.house.on_hand(ctx, "DOCK") == 40
    assert [line.received for line in orders.purchase_order(ctx, placed.purchase_order_id).lines] == [40]
    assert proposed(ctx) is None
    # From now on the tags are known as bound, with the receipt.
    assert {(one.number, one.bound_by) for one in tags.tags(ctx)} == {(placed.number, "otto")}
    # The tag that nobody knows is still there to be looked at.
    assert [one.epc for one in portals.picture(ctx, load_id).seen if not one.content] == ["E28011700001"]


def test_goods_that_pass_again_are_not_booked_again_and_what_was_missing_is(ctx: Context, gate: Gate) -> None:
    placed = order(ctx, gate)
    first = passing(ctx, gate, serials(1, 40), 10)
    assert first is not None
    book_load(after(ctx, 13), first, document(placed))
    again = passing(ctx, gate, serials(1, 42), 30)
    task = proposed(ctx)
    assert task is not None and again != first and again is not None
    assert task.title.startswith("2 of 2 expected")
    assert "40 booked before, not counted again" in task.detail
    book_load(after(ctx, 33), again, document(placed))
    assert gate.house.on_hand(ctx, "DOCK") == 42
    # All has come, and the same pallet is carried in once more: nothing is asked.
    assert passing(ctx, gate, serials(1, 42), 60) not in (first, again)
    assert proposed(ctx) is None


def test_what_was_carried_out_and_comes_in_again_counts_again(ctx: Context, gate: Gate) -> None:
    placed = order(ctx, gate)
    first = passing(ctx, gate, serials(1, 3), 10)
    assert first is not None
    book_load(after(ctx, 13), first, document(placed))
    passing(ctx, gate, serials(1, 3), 20, "out")
    again = passing(ctx, gate, serials(1, 3), 30)
    assert again is not None
    assert [one.before for one in portals.picture(ctx, again).seen] == [False] * 3


def test_a_restart_in_the_middle_of_a_pass_and_readings_out_of_order_change_nothing(ctx: Context, gate: Gate) -> None:
    order(ctx, gate)
    told = [replace(one, received_at=NOON + 10.1 * MINUTE) for one in gate.read(serials(1, 5), NOON + 10 * MINUTE)]
    for one in sorted(told, key=lambda one: (one.seq * 7 % 5, -one.observed_at.timestamp())):
        portals.watch(after(ctx, 10.1), [one])
    assert portals.being_read(after(ctx, 10.2), gate.house.place["DOCK"]) == 5
    assert portals.settle(after(ctx, 12)) == 5
    assert portals.settle(after(ctx, 13)) == 0
    assert [(one.tags, one.way) for one in portals.loads(ctx)] == [(5, "in")]


def test_what_a_reader_kept_while_offline_is_filed_under_when_it_was_read_and_joins_its_load(
    ctx: Context, gate: Gate
) -> None:
    order(ctx, gate)
    passing(ctx, gate, serials(1, 5), 10)
    late = gate.read(serials(6, 5), NOON + 11 * MINUTE, late=timedelta(hours=3))
    portals.watch(after(ctx, 200), late)
    portals.settle(after(ctx, 202))
    (load,) = portals.loads(ctx)
    assert (load.tags, load.last_at) == (10, NOON + 11 * MINUTE + timedelta(seconds=5.3))


def test_an_antenna_counts_where_it_stood_when_it_read(ctx: Context, gate: Gate) -> None:
    order(ctx, gate)
    for antenna in (1, 2):
        move_device(after(ctx, 20), "gate", Spot(), antenna=antenna)
    move_device(after(ctx, 20), "gate", Spot(place_id=gate.house.place["A-1"]))
    portals.watch(after(ctx, 30), gate.read(serials(1, 2), NOON + 10 * MINUTE))
    portals.watch(after(ctx, 30), gate.read(serials(5, 2), NOON + 25 * MINUTE))
    portals.settle(after(ctx, 60))
    assert [one.tags for one in portals.loads(ctx)] == [2]


def test_a_person_corrects_what_really_came_or_rejects_the_load(ctx: Context, gate: Gate) -> None:
    placed = order(ctx, gate)
    load_id = passing(ctx, gate, serials(1, 40), 10)
    assert load_id is not None
    with pytest.raises(Invalid, match="0 or more"):
        book_load(ctx, load_id, document(placed), {1: Decimal(-1)})
    with pytest.raises(NotFound):
        book_load(ctx, load_id, "shipment:1")
    with pytest.raises(Forbidden):
        book_load(replace(ctx, actor=VIEWER), load_id, document(placed))
    book_load(after(ctx, 13), load_id, document(placed), {1: Decimal(42)})
    assert gate.house.on_hand(ctx, "DOCK") == 42
    with pytest.raises(Refused, match="is booked"):
        reject_load(ctx, load_id, "carried about")
    other = passing(ctx, gate, serials(100, 1), 40)
    assert other is not None
    with pytest.raises(Invalid, match="why"):
        reject_load(ctx, other, " ")
    reject_load(ctx, other, "carried about")
    assert proposed(ctx) is None
    with pytest.raises(Refused, match="rejected already"):
        book_load(ctx, other, document(placed))


def test_what_has_passed_since_a_person_looked_is_not_booked_unseen(ctx: Context, gate: Gate) -> None:
    placed = order(ctx, gate)
    load_id = passing(ctx, gate, serials(1, 40), 10)
    assert load_id == passing(ctx, gate, serials(41, 2), 13)
    assert load_id is not None
    with pytest.raises(Refused, match="2 more tags have passed since you looked"):
        book_load(after(ctx, 16), load_id, document(placed), {1: Decimal(40)}, tags_seen=40)
    book_load(after(ctx, 16), load_id, document(placed), tags_seen=42)
    (load,) = portals.loads(ctx)
    assert (load.number, gate.house.on_hand(ctx, "DOCK")) == (placed.number, 42)


def test_a_door_that_is_switched_off_lists_what_passes_and_asks_nobody(ctx: Context, gate: Gate) -> None:
    order(ctx, gate)
    portals.change_door(ctx, gate.house.place["DOCK"], "off", -70.0)
    assert passing(ctx, gate, serials(1, 4), 10) is not None
    assert proposed(ctx) is None
    with pytest.raises(Invalid, match="'off' or 'suggest'"):
        portals.change_door(ctx, gate.house.place["DOCK"], "automatic", -70.0)


def test_a_tag_that_is_bound_counts_as_what_it_is_bound_to_with_its_lot(ctx: Context, gate: Gate) -> None:
    placed = order(ctx, gate)
    house = gate.house
    tags.bind_tags(
        ctx, house.site_id, ["AAAA0001"], [Content(house.mug, Decimal(12), "L7"), Content(house.rope, Decimal(2))]
    )
    load_id = passing(ctx, gate, ["AAAA0001"], 10)
    assert load_id is not None
    task = proposed(ctx)
    assert task is not None and "unexpected: 2 ROPE" in task.detail
    book_load(after(ctx, 13), load_id, document(placed))
    assert values(ctx.tx, "select lot, on_hand from balance where place_id = %s", (house.place["DOCK"],)) == [
        ("L7", Decimal(12))
    ]


def test_what_goes_out_and_comes_in_of_a_transfer_is_booked_at_both_ends(ctx: Context, gate: Gate) -> None:
    house = gate.house
    house.fill(ctx, "A-1", "10")
    there = records.add_site(ctx, code="FAR", name="Far", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    dock = records.place_by_code(ctx, there, "DOCK").place_id
    devices.add_device(ctx, "far-gate", place_id=dock)
    move_device(ctx, "far-gate", Spot(place_id=dock, way="in"))
    draft = draft_transfer(ctx, house.site_id, there, [(house.mug, Decimal(3))], NOON + timedelta(days=1))
    transfers.approve_transfer(ctx, draft.transfer_id)
    out = passing(ctx, gate, serials(1, 3), 10, "out")
    assert out is not None
    book_load(after(ctx, 13), out, f"transfer:{draft.transfer_id}")
    assert (house.on_hand(ctx, "A-1"), float(look_at(ctx, draft.transfer_id).on_road)) == (7, 3)
    reads = [replace(one, device="far-gate") for one in gate.read(serials(1, 3), NOON + 60 * MINUTE)]
    portals.watch(after(ctx, 61), reads)
    portals.settle(after(ctx, 62))
    came = next(one for one in portals.loads(ctx) if one.site_id == there)
    book_load(after(ctx, 63), came.load_id, f"transfer:{draft.transfer_id}")
    assert look_at(ctx, draft.transfer_id).state == "received"
