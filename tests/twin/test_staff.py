"""The twin's people work against the real REST interface: orders come in, are picked, and goods are received once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import httpx
import pytest

from shelfwise.access.context import Context, Office, stand_still
from shelfwise.access.model import Right, Role, person
from shelfwise.access.service import add_key
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.records.model import NewPlace
from shelfwise.stock import service as stock
from shelfwise.store.database import value, values
from shelfwise.twin.desk import OrderDesk
from shelfwise.twin.platform import Platform, PlatformClock, Rejected
from shelfwise.twin.sales import ROUND, OrderLine, Seller
from shelfwise.twin.staff import Dock, Floor, FloorWorkers, Shop, dock_hours
from shelfwise.twin.world import SITE, SUPPLIERS, TIME_ZONE, World, build
from shelfwise.web.app import create_app
from tests.conftest import NOON

MANAGER = person("mara", Role.ADMIN)
SELLERS = [Seller("85123A", "HEART LANTERN", 100, 12.0, tuple(range(20, 110, 10)), 2.95)]
SHIFT = (NOON.date() - date(2010, 9, 6)).days
ORDERED = datetime(2010, 9, 6, 9, 30)
_names = itertools.count()


@pytest.fixture
def world(office: Office) -> World:
    """The site LEI with one item in its bin, its supplier, and go-live a week ago."""
    built = build(SELLERS)
    (item,) = built.items
    with office.context(MANAGER) as ctx:
        site = records.add_site(ctx, code=SITE, name="Test", time_zone=TIME_ZONE, width_m=64, depth_m=42)
        item_id = records.add_item(ctx, sku=item.sku)
        bins = records.add_places(ctx, site, [NewPlace(item.bin_code, item_id=item_id)])
        records.set_go_live(ctx, NOON - timedelta(days=7))
        supplier = next(one for one in SUPPLIERS if one.code == item.supplier)
        records.add_supplier(ctx, code=supplier.code, name=supplier.name)
        stock.opening_stock(ctx, [(item_id, bins[item.bin_code], Decimal(100))])
    return built


def line(number: int, quantity: int = 5) -> OrderLine:
    return OrderLine(
        f"5000{number}", number, "85123A", ORDERED + timedelta(minutes=number), quantity, "2.95", None, "UK"
    )


def work(
    office: Office, part: Callable[[Platform, PlatformClock], Awaitable[None]], until: Callable[[Context], bool]
) -> None:
    """Run a part of the twin against the application until the books show what is awaited."""
    with office.context(MANAGER) as ctx:
        rights = [Right.VIEW, Right.TAKE_ORDERS, Right.ISSUE_GOODS, Right.RECEIVE_GOODS]
        key = add_key(ctx, f"twin {next(_names)}", rights)

    def reached() -> bool:
        with office.context(MANAGER) as ctx:
            return until(ctx)

    async def scenario() -> None:
        platform = Platform("http://127.0.0.1", key, httpx.ASGITransport(create_app(office)))
        clock = PlatformClock(platform)
        await clock.sync()
        task = asyncio.ensure_future(part(platform, clock))
        for _ in range(400):
            if task.done() or await asyncio.to_thread(reached):
                break
            await asyncio.sleep(0.02)
        assert reached(), "the books never showed it"
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await platform.close()

    asyncio.run(scenario())


def states(ctx: Context) -> list[tuple[str, int]]:
    return values(ctx.tx, "select state, count(*)::int from sales_line group by state order by state")


def on_hand(ctx: Context) -> int:
    return int(value(ctx.tx, "select on_hand from stock_level"))


def take_and_reserve(office: Office, *lines: OrderLine) -> None:
    work(office, lambda p, c: Shop(p, c, lines, SHIFT).run(), lambda ctx: bool(states(ctx)))
    with office.context(MANAGER) as ctx:
        stock.reserve_open(ctx, records.site(ctx, SITE).site_id)


def test_orders_come_in_at_their_shifted_local_time_and_future_ones_wait(office: Office, world: World) -> None:
    lines = [line(1), line(2), line(200), line(4, quantity=-2)]
    work(
        office, lambda p, c: Shop(p, c, lines[:2] + lines[3:] + lines[2:3], SHIFT).run(), lambda ctx: bool(states(ctx))
    )
    with office.context(MANAGER) as ctx:
        assert states(ctx) == [("open", 2), ("returned", 1)]
        assert value(ctx.tx, "select min(ordered_at) from sales_line") == datetime(2026, 3, 2, 9, 31, tzinfo=UTC)


def test_an_order_line_that_is_refused_does_not_hold_up_the_others(office: Office, world: World) -> None:
    unknown = OrderLine("1", 1, "NOBODY", ORDERED, 1, "1", None, "UK")
    work(office, lambda p, c: Shop(p, c, [unknown, line(1)], SHIFT).run(), lambda ctx: bool(states(ctx)))
    with office.context(MANAGER) as ctx:
        assert states(ctx) == [("open", 1)]


def test_reserved_lines_are_picked_hours_later_from_the_items_bin(office: Office, world: World) -> None:
    take_and_reserve(office, line(1), line(2))
    floor = Floor(world.items)

    async def pick(platform: Platform, clock: PlatformClock) -> None:
        await floor.begin(platform)
        assert floor.pieces("85123A") == 100
        await FloorWorkers(platform, clock, floor, 7).run()

    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(hours=6))
    work(office, pick, lambda ctx: states(ctx) == [("issued", 2)])
    with office.context(MANAGER) as ctx:
        assert on_hand(ctx) == 90
    assert floor.pieces("85123A") == 90


def test_goods_arrive_after_the_true_lead_time_and_are_received_once(office: Office, world: World) -> None:
    with office.context(MANAGER) as ctx:
        site, item = records.site(ctx, SITE), records.item_by_sku(ctx, "85123A")
        order = orders.place_purchase_order(
            ctx,
            decision_key="test",
            supplier_id=records.suppliers(ctx)[0].supplier_id,
            site_id=site.site_id,
            lines=[(item.item_id, Decimal(48), Decimal("1.20"))],
            currency="GBP",
            expected_at=NOON + timedelta(days=3),
        )
        orders.mark_sent(ctx, order.number)
    floor = Floor(world.items)

    def dock(platform: Platform, clock: PlatformClock) -> Awaitable[None]:
        return Dock(platform, clock, floor, OrderDesk(clock.now, "/orders"), SUPPLIERS, 7).run()

    work(office, dock, lambda ctx: on_hand(ctx) == 100)
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=20))
    work(office, dock, lambda ctx: on_hand(ctx) == 148)
    # A twin that was started anew remembers nothing, and still receives nothing twice, however often it looks.
    looks = itertools.count()
    work(office, dock, lambda ctx: next(looks) > 20 and on_hand(ctx) == 148)
    with office.context(MANAGER) as ctx:
        assert orders.purchase_order(ctx, order.purchase_order_id).state == "received"
        assert value(ctx.tx, "select max(received_at) from receipt") < NOON + timedelta(days=12)


def test_nobody_unloads_at_night() -> None:
    opened = dock_hours(datetime(2026, 3, 6, 22, tzinfo=UTC))
    assert (opened.date(), opened.time()) == (date(2026, 3, 7), time(6))
    assert dock_hours(datetime(2026, 3, 6, 3, tzinfo=UTC)) == datetime(2026, 3, 6, 6, tzinfo=UTC)
    assert dock_hours(NOON) == NOON


def test_after_the_last_order_the_same_ones_come_again_under_other_numbers() -> None:
    shop = Shop(
        Platform("http://unused", "key"), PlatformClock(Platform("http://unused", "key")), [line(1), line(2)], SHIFT
    )
    upcoming = shop.upcoming(NOON - timedelta(days=30))
    told = [next(upcoming) for _ in range(4)]
    assert [row["order_number"] for _, row in told] == ["50001", "50002", "50001-2", "50002-2"]
    assert told[2][0] - told[0][0] in (ROUND, ROUND - timedelta(hours=1))


def test_calls_wait_out_a_restart_but_a_refusal_is_final() -> None:
    answers: list[httpx.Response | httpx.ConnectError] = [
        httpx.ConnectError("down"),
        httpx.Response(503),
        httpx.Response(200, json={"ok": True}),
        httpx.Response(409),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.pop(0)
        if isinstance(found, httpx.ConnectError):
            raise found
        return found

    async def scenario() -> None:
        platform = Platform("http://shelfwise", "key", httpx.MockTransport(answer))
        assert await platform.get("/x") == {"ok": True}
        with pytest.raises(Rejected, match="409"):
            await platform.get("/x")
        await platform.close()

    asyncio.run(scenario())
