"""Several people at once: an order is shipped once, numbers have no holes, two directions do not block each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import Refused
from shelfwise.orders.transfers import draft_transfer, transfers
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.stock.transfers import Goods, approve_transfer, receive_transfer, ship_transfer
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.stock.house import MANAGER, build_house


def at_once(office: Office, acts: Sequence[Callable[[Context], object]]) -> list[str]:
    """Each in a transaction of its own, all at the same time; 'done' or the name of the refusal."""

    def one(act: Callable[[Context], object]) -> str:
        try:
            with office.context(MANAGER) as ctx:
                act(ctx)
        except Refused:
            return "Refused"
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_an_order_that_many_begin_to_ship_is_shipped_once(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "10")
        house.sell(ctx, "S-1", "4")
        stock.reserve_open(ctx, house.site_id)
    said = at_once(office, [lambda ctx: shipping.begin_shipment(ctx, house.site_id, "S-1")] * 6)
    assert sorted(said) == ["Refused"] * 5 + ["done"]
    picked = at_once(office, [lambda ctx: shipping.pick(ctx, 1, 1, Decimal(4), "the same")] * 6)
    assert picked == ["done"] * 6
    with office.context(MANAGER) as ctx:
        assert values(ctx.tx, "select number from shipment") == [("SH-000001",)]
        assert house.on_hand(ctx, "PACKING") == 4
        assert stock.rebuild_check(ctx) == []


def test_transfers_in_both_directions_do_not_block_each_other_and_promise_nothing_twice(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        far = records.add_site(ctx, code="FAR", name="Far", time_zone="Europe/Berlin", width_m=40, depth_m=25)
        dock = {house.site_id: house.place["DOCK"], far: records.place_by_code(ctx, far, "DOCK").place_id}
        items = (house.mug, house.rope)
        stock.opening_stock(ctx, [(item, place, Decimal(20)) for item in items for place in dock.values()])
        lines = [(item, Decimal(6)) for item in items]
        tomorrow = NOON + timedelta(days=1)
        for number in range(8):
            start, end = (house.site_id, far) if number % 2 else (far, house.site_id)
            draft_transfer(ctx, start, end, lines[:: 1 if number % 3 else -1], tomorrow)
        planned = transfers(ctx)

    def approves(transfer_id: int) -> Callable[[Context], object]:
        return lambda ctx: approve_transfer(ctx, transfer_id)

    said = at_once(office, [approves(one.transfer_id) for one in planned])
    assert said.count("done") == 6

    def moves(transfer_id: int, start: int, end: int) -> Callable[[Context], object]:
        def act(ctx: Context) -> object:
            ship_transfer(ctx, transfer_id, [Goods(row, Decimal(6), dock[start]) for row in (1, 2)], "out")
            return receive_transfer(ctx, transfer_id, [Goods(row, Decimal(6), dock[end]) for row in (1, 2)], "in")

        return act

    said = at_once(office, [moves(one.transfer_id, one.from_site_id, one.to_site_id) for one in planned])
    assert said.count("done") == 6
    with office.context(MANAGER) as ctx:
        assert [one.number for one in reversed(transfers(ctx))] == [f"TR-{number:06d}" for number in range(1, 9)]
        assert stock.rebuild_check(ctx) == []
