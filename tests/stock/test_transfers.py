"""Transfers between sites: promised, on the road, received in parts, too many, damaged; nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders.transfers import draft_transfer, edit_transfer, in_transit
from shelfwise.orders.transfers import transfer as look_at
from shelfwise.orders.transfers_model import Transfer
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock import transfers
from shelfwise.stock.transfers import Goods
from shelfwise.store.database import value, values
from tests.conftest import NOON
from tests.stock.house import House, build_house, facts

TOMORROW = NOON + timedelta(days=1)


@dataclass(frozen=True)
class Two:
    """A house with ten mugs in A-1, another one with none, and a draft of six mugs from the one to the other."""

    house: House
    there: int
    bins: dict[str, int]
    transfer_id: int

    def here(self, quantity: str, code: str = "A-1", **known: Any) -> Goods:
        return Goods(1, Decimal(quantity), self.house.place[code], **known)

    def arrived(self, quantity: str, **known: Any) -> Goods:
        return Goods(1, Decimal(quantity), self.bins["B-1"], **known)

    def level(self, ctx: Context, site_id: int | None = None) -> tuple[float, float, float]:
        """On hand, reserved, blocked."""
        for level in stock.levels(ctx, site_id or self.house.site_id):
            if level.item_id == self.house.mug:
                return float(level.on_hand), float(level.reserved), float(level.blocked)
        return 0, 0, 0


def build(ctx: Context, stock_of_it: str = "10") -> Two:
    house = build_house(ctx)
    if stock_of_it != "0":
        house.fill(ctx, "A-1", stock_of_it)
    there = records.add_site(ctx, code="FAR", name="Far", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    records.add_place(ctx, site_id=there, code="B-1")
    bins = {place.code: place.place_id for place in records.places(ctx, there)}
    draft = draft_transfer(ctx, house.site_id, there, [(house.mug, Decimal(6))], TOMORROW)
    return Two(house, there, bins, draft.transfer_id)


def sent(ctx: Context, quantity: str = "6") -> Two:
    two = build(ctx)
    transfers.approve_transfer(ctx, two.transfer_id)
    transfers.ship_transfer(ctx, two.transfer_id, [two.here(quantity)], "out-1")
    return two


def right(ctx: Context) -> bool:
    return stock.rebuild_check(ctx) == []


def test_approving_promises_at_the_source_and_no_more_than_is_free(ctx: Context) -> None:
    two = build(ctx)
    assert look_at(ctx, two.transfer_id).number == "TR-000001"
    two.house.sell(ctx, "1", "5")
    stock.reserve_open(ctx, two.house.site_id)
    with pytest.raises(Refused, match="cannot promise 6 of MUG, of which 5 are free"):
        transfers.approve_transfer(ctx, two.transfer_id)
    edit_transfer(ctx, two.transfer_id, [(two.house.mug, Decimal(4))], TOMORROW)
    approved: Any = transfers.approve_transfer(ctx, two.transfer_id)
    assert (approved.state, approved.lines[0].reserved, two.level(ctx)) == ("approved", 4, (10, 9, 0))
    with pytest.raises(Refused, match="cannot be edited"):
        edit_transfer(ctx, two.transfer_id, [(two.house.mug, Decimal(4))], TOMORROW)
    assert transfers.approve_transfer(ctx, two.transfer_id).lines[0].reserved == 4
    assert right(ctx)


def test_what_left_is_on_the_road_until_it_arrives_in_parts(ctx: Context) -> None:
    two = sent(ctx, "4")
    assert two.level(ctx) == (6, 2, 0)
    assert look_at(ctx, two.transfer_id).state == "in_transit"
    assert in_transit(ctx, two.there) == {two.house.mug: [(Decimal(4), TOMORROW)]}
    assert in_transit(ctx, two.house.site_id) == {}
    after: Any = transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("3")], "in-1")
    assert (after.state, after.lines[0].on_road, two.level(ctx, two.there)) == ("part_received", 1, (3, 0, 0))
    transfers.ship_transfer(ctx, two.transfer_id, [two.here("2")], "out-2")
    done: Any = transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("3")], "in-2")
    assert (done.state, two.level(ctx), two.level(ctx, two.there)) == ("received", (4, 0, 0), (6, 0, 0))
    assert in_transit(ctx, two.there) == {}
    assert right(ctx)


def test_what_is_told_twice_happens_once(ctx: Context) -> None:
    two = sent(ctx)
    transfers.ship_transfer(ctx, two.transfer_id, [two.here("6")], "out-1")
    for _ in range(2):
        transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("2")], "in-1")
        transfers.send_back(ctx, two.transfer_id, [two.here("4")], "back-1")
    line: Any = look_at(ctx, two.transfer_id).lines[0]
    assert (line.shipped, line.received, line.back) == (6, 2, 4)
    assert (two.level(ctx), two.level(ctx, two.there)) == ((8, 0, 0), (2, 0, 0))


def test_too_many_come_from_what_was_unaccounted_for_and_the_road_is_empty(ctx: Context) -> None:
    two = sent(ctx)
    done: Any = transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("8")], "in-1")
    assert (done.state, done.lines[0].received, done.lines[0].over, done.on_road) == ("received", 6, 2, 0)
    assert value(
        ctx.tx, "select on_hand from balance where place_id = %s", (two.bins["UNACCOUNTED"],)
    ) == -2  # fmt: skip
    assert len(facts(ctx, "transfer.over", "number")) == 1
    assert right(ctx)


def test_damaged_goods_are_on_hand_and_not_for_sale(ctx: Context) -> None:
    two = sent(ctx)
    told = [two.arrived("2", status="damaged"), two.arrived("4")]
    done: Any = transfers.receive_transfer(ctx, two.transfer_id, told, "in-1")
    assert (done.state, done.lines[0].received, done.lines[0].damaged) == ("received", 6, 2)
    assert two.level(ctx, two.there) == (6, 0, 2)
    assert right(ctx)


def lots_there(ctx: Context, two: Two) -> None:
    order = two.house.buy(ctx, "lots", "20")
    for lot, days in (("L2", 20), ("L1", 9)):
        stock.receive(
            ctx, order.purchase_order_id, 1, Decimal(3), two.house.place["A-3"], lot, lot=lot,
            expires_on=(NOON + timedelta(days=days)).date(),
        )  # fmt: skip


def test_lots_go_first_expired_first_out_and_keep_their_names_and_holds_on_the_road(ctx: Context) -> None:
    two = build(ctx)
    lots_there(ctx, two)
    stock.hold(ctx, item_id=two.house.mug, lot="L2", site_id=two.house.site_id, reason="look at it")
    transfers.approve_transfer(ctx, two.transfer_id)
    transfers.ship_transfer(ctx, two.transfer_id, [two.here("5", "A-3")], "out-1")
    assert values(ctx.tx, "select lot, to_status, quantity from movement where reason = 'transfer_out' order by 1") == [
        ("L1", "available", 3),
        ("L2", "hold", 2),
    ]
    transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("5")], "in-1")
    assert values(ctx.tx, "select lot, status, on_hand from balance where place_id = %s order by 1", (
        two.bins["B-1"],)) == [("L1", "available", 3), ("L2", "hold", 2)]  # fmt: skip
    assert two.level(ctx, two.there) == (5, 0, 2)
    assert right(ctx)


def test_another_lot_than_left_is_believed_and_the_road_is_empty_of_both(ctx: Context) -> None:
    two = build(ctx)
    lots_there(ctx, two)
    transfers.approve_transfer(ctx, two.transfer_id)
    transfers.ship_transfer(ctx, two.transfer_id, [two.here("3", "A-3", lot="L1")], "out-1")
    done: Any = transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("3", lot="L2")], "in-1")
    assert (done.lines[0].received, done.lines[0].over, done.on_road) == (3, 0, 0)
    assert values(ctx.tx, "select lot, on_hand from balance where place_id = %s and on_hand <> 0", (
        two.bins["B-1"],)) == [("L2", 3)]  # fmt: skip
    assert values(ctx.tx, "select lot from balance where place_id = %s and on_hand <> 0", (
        two.house.place["TRANSIT"],)) == []  # fmt: skip
    assert right(ctx)


def test_what_never_arrives_is_found_lost_or_sent_back_by_a_person_and_then_it_can_be_closed(ctx: Context) -> None:
    two = sent(ctx)
    transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("1")], "in-1")
    with pytest.raises(Refused, match="5 of TR-000001 are on the road"):
        transfers.close_transfer(ctx, two.transfer_id, "enough")
    with pytest.raises(Refused, match="Only 5 of MUG are on the road, not 6"):
        transfers.write_off_from_road(ctx, two.transfer_id, 1, Decimal(6), "stolen")
    with pytest.raises(Invalid, match="reason"):
        transfers.write_off_from_road(ctx, two.transfer_id, 1, Decimal(1), "")
    transfers.write_off_from_road(ctx, two.transfer_id, 1, Decimal(2), "stolen")
    with pytest.raises(Refused, match="Only 3 of MUG are on the road, not 4"):
        transfers.send_back(ctx, two.transfer_id, [two.here("4")], "back-1")
    transfers.send_back(ctx, two.transfer_id, [two.here("1")], "back-1")
    transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("2")], "in-2")
    line: Any = look_at(ctx, two.transfer_id).lines[0]
    assert (line.received, line.back, line.lost, line.on_road) == (3, 1, 2, 0)
    assert (two.level(ctx), two.level(ctx, two.there)) == ((5, 0, 0), (3, 0, 0))
    assert transfers.close_transfer(ctx, two.transfer_id, "enough").state == "closed"
    assert right(ctx)


def test_cancelling_frees_the_promise_for_whoever_waits(ctx: Context) -> None:
    two = build(ctx)
    transfers.approve_transfer(ctx, two.transfer_id)
    line = two.house.sell(ctx, "1", "7")
    stock.reserve_open(ctx, two.house.site_id)
    assert value(ctx.tx, "select state from sales_line where sales_line_id = %s", (line,)) == "open"
    assert transfers.cancel_transfer(ctx, two.transfer_id, "not needed").state == "cancelled"
    assert value(ctx.tx, "select state from sales_line where sales_line_id = %s", (line,)) == "reserved"
    assert two.level(ctx) == (10, 7, 0)
    with pytest.raises(Refused, match="is cancelled"):
        transfers.approve_transfer(ctx, two.transfer_id)
    with pytest.raises(Refused, match="is cancelled"):
        transfers.ship_transfer(ctx, two.transfer_id, [two.here("1")], "out-1")
    assert right(ctx)


def test_what_took_place_is_closed_and_not_cancelled(ctx: Context) -> None:
    two = sent(ctx, "2")
    transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("2")], "in-1")
    with pytest.raises(Refused, match="Close it instead"):
        transfers.cancel_transfer(ctx, two.transfer_id, "no")
    assert two.level(ctx) == (8, 4, 0)
    assert transfers.close_transfer(ctx, two.transfer_id, "enough").state == "closed"
    assert two.level(ctx) == (8, 0, 0)


def test_a_departure_that_was_reversed_never_happened(ctx: Context) -> None:
    two = sent(ctx)
    movement = value(ctx.tx, "select movement_id from movement where reason = 'transfer_out'")
    stock.reverse(ctx, movement, "wrong truck")
    found: Any = look_at(ctx, two.transfer_id)
    assert (found.state, found.lines[0].shipped, two.level(ctx)) == ("approved", 0, (10, 0, 0))
    assert transfers.approve_transfer(ctx, two.transfer_id).lines[0].reserved == 6
    assert right(ctx)


def test_a_departure_stands_while_what_arrived_rests_on_it(ctx: Context) -> None:
    two = sent(ctx)
    departure = value(ctx.tx, "select movement_id from movement where reason = 'transfer_out'")
    transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("6", lot="L9")], "in-1")
    with pytest.raises(Refused, match="Take back what arrived first"), ctx.tx.transaction():
        stock.reverse(ctx, departure, "never left")
    relabelled = value(ctx.tx, "select movement_id from movement where reason = 'adjust' order by 1")
    with pytest.raises(Refused, match="the whole batch of it"), ctx.tx.transaction():
        stock.reverse(ctx, relabelled, "half of it")
    batch = value(ctx.tx, "select batch_id from movement where reason = 'transfer_in'")
    stock.reverse_batch(ctx, batch, "another lot")
    stock.reverse(ctx, departure, "never left")
    assert (look_at(ctx, two.transfer_id).state, two.level(ctx), two.level(ctx, two.there)) == (
        "approved",
        (10, 0, 0),
        (0, 0, 0),
    )
    assert right(ctx)


def test_goods_that_left_unplanned_or_were_not_there_are_posted_all_the_same(ctx: Context) -> None:
    two = build(ctx)
    transfers.approve_transfer(ctx, two.transfer_id)
    after: Any = transfers.ship_transfer(ctx, two.transfer_id, [two.here("12")], "out-1")
    assert (after.lines[0].shipped, after.lines[0].on_road, two.level(ctx)) == (12, 12, (0, 0, 0))
    assert facts(ctx, "stock.short", "quantity") == [("2",)]
    assert right(ctx)


def test_a_promise_that_is_broken_is_given_back_and_can_be_made_again(ctx: Context) -> None:
    two = build(ctx)
    transfers.approve_transfer(ctx, two.transfer_id)
    stock.write_off(
        ctx, item_id=two.house.mug, place_id=two.house.place["A-1"], quantity=Decimal(7), reason="flood"
    )  # fmt: skip
    found: Any = look_at(ctx, two.transfer_id)
    assert (found.lines[0].reserved, two.level(ctx)) == (0, (3, 0, 0))
    with pytest.raises(Refused, match="of which 3 are free"):
        transfers.approve_transfer(ctx, two.transfer_id)
    two.house.fill(ctx, "A-3", "5")
    assert transfers.approve_transfer(ctx, two.transfer_id).lines[0].reserved == 6
    assert right(ctx)


def test_each_end_needs_the_right_at_its_own_site(ctx: Context) -> None:
    two = build(ctx)

    def at(site_id: int, role: Role) -> Context:
        return replace(ctx, actor=person("nell", None, {site_id: role}))

    def refused(act: Callable[[], Transfer]) -> None:
        with pytest.raises(Forbidden):
            act()

    here, there = two.house.site_id, two.there
    refused(lambda: transfers.approve_transfer(at(there, Role.PLANNER), two.transfer_id))
    transfers.approve_transfer(at(here, Role.PLANNER), two.transfer_id)
    refused(lambda: transfers.ship_transfer(at(there, Role.OPERATOR), two.transfer_id, [two.here("6")], "o"))
    transfers.ship_transfer(at(here, Role.OPERATOR), two.transfer_id, [two.here("6")], "o")
    refused(lambda: transfers.receive_transfer(at(here, Role.OPERATOR), two.transfer_id, [two.arrived("6")], "i"))
    refused(lambda: transfers.send_back(at(there, Role.OPERATOR), two.transfer_id, [two.here("6")], "b"))
    transfers.receive_transfer(at(there, Role.OPERATOR), two.transfer_id, [two.arrived("5")], "i")
    refused(lambda: transfers.write_off_from_road(at(here, Role.OPERATOR), two.transfer_id, 1, Decimal(1), "lost"))
    transfers.write_off_from_road(at(here, Role.MANAGER), two.transfer_id, 1, Decimal(1), "lost")
    refused(lambda: look_at(at(there + 1, Role.MANAGER), two.transfer_id))


def test_what_cannot_be_right_is_refused(ctx: Context) -> None:
    two = build(ctx)
    here, mug = two.house.site_id, two.house.mug
    with pytest.raises(Invalid, match="another site"):
        draft_transfer(ctx, here, here, [(mug, Decimal(1))], TOMORROW)
    with pytest.raises(Invalid, match="1 to 500 lines"):
        draft_transfer(ctx, here, two.there, [], TOMORROW)
    with pytest.raises(Invalid, match="each item once"):
        draft_transfer(ctx, here, two.there, [(mug, Decimal(1)), (mug, Decimal(2))], TOMORROW)
    with pytest.raises(NotFound, match="site 99"):
        draft_transfer(ctx, here, 99, [(mug, Decimal(1))], TOMORROW)
    with pytest.raises(Refused, match="is a draft"):
        transfers.ship_transfer(ctx, two.transfer_id, [two.here("1")], "o")
    transfers.approve_transfer(ctx, two.transfer_id)
    with pytest.raises(Refused, match="Nothing of TR-000001 has left MAIN yet"):
        transfers.receive_transfer(ctx, two.transfer_id, [two.arrived("1")], "i")
    with pytest.raises(Invalid, match="a bin or dock of the site"):
        transfers.ship_transfer(ctx, two.transfer_id, [two.arrived("1")], "o")
    with pytest.raises(Invalid, match="at least one line"):
        transfers.ship_transfer(ctx, two.transfer_id, [], "o")
    with pytest.raises(NotFound, match="line of transfer"):
        transfers.ship_transfer(ctx, two.transfer_id, [replace(two.here("1"), line=2)], "o")
    assert value(ctx.tx, "select count(*) from transfer") == 1
