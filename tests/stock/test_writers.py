"""Eight writers at once: nothing is promised that is not there, nothing is lost, nobody waits for ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.core.errors import Refused
from shelfwise.orders import service as orders
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import value, values
from tests.stock.house import MANAGER, House, build_house, facts

WRITERS = 8


def together(office: Office, work: Callable[[Context, int], object], rounds: int) -> list[BaseException]:
    """Run `work` in transactions of their own on eight threads that start together; returns what they raised."""
    barrier = Barrier(WRITERS)

    def writer(number: int) -> list[BaseException]:
        errors: list[BaseException] = []
        barrier.wait()
        for step in range(rounds):
            try:
                with office.context(system("test")) as ctx:
                    work(ctx, number * rounds + step)
            except BaseException as error:
                errors.append(error)
        return errors

    with ThreadPoolExecutor(WRITERS) as pool:
        return [error for errors in pool.map(writer, range(WRITERS)) for error in errors]


def invariants(ctx: Context, house: House) -> None:
    assert service.rebuild_check(ctx) == []
    assert values(ctx.tx, "select 1 from balance group by item_id having sum(on_hand) <> 0") == []
    real = """select 1 from balance join place using (tenant_id, place_id)
              where kind in ('bin', 'dock', 'packing') and on_hand < 0"""
    assert values(ctx.tx, real) == []
    assert [level for level in service.levels(ctx, house.site_id) if level.on_hand < 0 or level.reserved < 0] == []


def test_eight_writers_never_promise_what_is_not_there(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "50")
        for number in range(60):
            house.sell(ctx, f"m{number}", str(number % 4 + 1))

    def reserve(ctx: Context, _: int) -> None:
        service.reserve_open(ctx, house.site_id)
        for level in service.levels(ctx, house.site_id):
            assert level.reserved <= level.on_hand

    assert together(office, reserve, 3) == []
    with office.context(MANAGER) as ctx:
        assert house.level(ctx) == (50, 50)
        invariants(ctx, house)
        assert facts(ctx, "stock.overpromised", "item_id") == []
        assert value(ctx.tx, "select count(*) from reservation") == len(orders.sales_lines(ctx, states=["reserved"]))


def test_eight_writers_issue_receive_reserve_and_move_without_losing_anything(office: Office) -> None:
    rng = random.Random(7)
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        items = [house.mug, house.rope]
        for item_id in items:
            house.fill(ctx, "A-3", "40", item_id)
        lines = [house.sell(ctx, f"s{number}", str(rng.randint(1, 5)), items[number % 2]) for number in range(80)]
        order = house.buy(ctx, "d1", "500")
    quantities = [rng.randint(1, 5) for _ in range(WRITERS * 12)]

    def work(ctx: Context, step: int) -> None:
        quantity = Decimal(quantities[step])
        match step % 4:
            case 0:
                service.reserve_open(ctx, house.site_id)
            case 1:
                service.issue(ctx, lines[step % len(lines)], [(house.place["A-3"], quantity)], f"pick-{step}")
            case 2:
                service.receive(ctx, order.purchase_order_id, 1, quantity, house.place["A-3"], f"receipt-{step}")
            case _:
                # Two items in one call, named in either order: the locks are taken in key order all the same.
                pair = items if step % 8 < 4 else items[::-1]
                start, end = house.place["A-3"], house.place["DOCK"]
                service.post_many(
                    ctx,
                    [
                        NewMovement(item_id, start, end, Decimal(1), "move", None, f"{step}:{item_id}")
                        for item_id in pair
                    ],
                )

    assert together(office, work, 12) == []
    with office.context(MANAGER) as ctx:
        invariants(ctx, house)
        received = sum(quantities[step] for step in range(len(quantities)) if step % 4 == 2)
        picked = sum(quantities[step] for step in range(len(quantities)) if step % 4 == 1)
        assert orders.purchase_order(ctx, order.purchase_order_id).lines[0].received == received
        assert house.on_hand(ctx, "CUSTOMER") + house.on_hand(ctx, "CUSTOMER", house.rope) == picked


def test_the_same_facts_told_by_eight_writers_at_once_are_posted_once(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "100")
        line = house.sell(ctx, "1", "30")
        order = house.buy(ctx, "d1", "24")
    told: set[tuple[int, int, tuple[int, ...]]] = set()

    def tell(ctx: Context, step: int) -> None:
        number = step % 3
        movement = NewMovement(
            house.mug, house.place["A-1"], house.place["DOCK"], Decimal(2), "move", None, f"move-{number}"
        )
        if number == 0:
            told.add((0, service.post(ctx, movement), ()))
        elif number == 1:
            picks = [(house.place["A-1"], Decimal(3)), (house.place["A-1"], Decimal(4))]
            told.add((1, 0, service.issue(ctx, line, picks, "pick").movement_ids))
        else:
            receipt = service.receive(ctx, order.purchase_order_id, 1, Decimal(24), house.place["DOCK"], "receipt")
            told.add((2, receipt.receipt_id, ()))

    assert together(office, tell, 3) == []
    assert len(told) == 3
    with office.context(MANAGER) as ctx:
        invariants(ctx, house)
        assert house.on_hand(ctx, "A-1") == 100 - 2 - 7
        assert house.on_hand(ctx, "DOCK") == 2 + 24


def test_one_source_told_of_two_items_at_once_is_refused_for_one_of_them(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)

    def tell(ctx: Context, step: int) -> None:
        item_id = (house.mug, house.rope)[step % 2]
        service.post(
            ctx,
            NewMovement(item_id, house.place["SUPPLIER"], house.place["DOCK"], Decimal(2), "receive", None, "scan-1"),
        )

    errors = together(office, tell, 1)
    assert len(errors) == WRITERS // 2
    assert {type(error) for error in errors} == {Refused}
    with office.context(MANAGER) as ctx:
        invariants(ctx, house)
        assert house.on_hand(ctx, "DOCK") + house.on_hand(ctx, "DOCK", house.rope) == 2


def test_a_movement_is_reversed_once_by_eight_who_try(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "10")
        ((wrong,),) = values(ctx.tx, "select movement_id from movement")
    errors = together(office, lambda ctx, _: service.reverse(ctx, wrong, "mistake"), 1)
    assert [type(error) for error in errors] == [Refused] * (WRITERS - 1)
    with office.context(MANAGER) as ctx:
        assert house.level(ctx) == (0, 0)
        invariants(ctx, house)


def test_a_failed_writer_leaves_nothing_behind(office: Office) -> None:
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        house.fill(ctx, "A-1", "10")
        line = house.sell(ctx, "1", "4")
    with pytest.raises(ZeroDivisionError), office.context(MANAGER) as ctx:
        service.issue(ctx, line, [(house.place["A-1"], Decimal(4))], "pick-1")
        raise ZeroDivisionError
    with office.context(MANAGER) as ctx:
        assert house.level(ctx) == (10, 0)
        assert service.issue(ctx, line, [(house.place["A-1"], Decimal(4))], "pick-1").new
        invariants(ctx, house)
