"""Sales lines: taken once, history before go-live, whole quanta only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import service
from shelfwise.orders.model import Taken, first_state
from shelfwise.orders.tables import Copied, SalesRow, copy_sales_lines
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.orders.shop import open_shop

BEFORE = NOON - timedelta(days=90)


def test_lines_before_go_live_are_history_and_later_ones_open_or_returned(ctx: Context) -> None:
    shop = open_shop(ctx)
    taken = service.take_sales_lines(
        ctx,
        [
            shop.line("1", at=BEFORE),
            shop.line("2"),
            shop.line("3", quantity="-2"),
            shop.line("4", quantity="-1", at=BEFORE),
        ],
    )
    assert taken == Taken(new=4, known=0, history=2, open=1, returned=1)
    assert [(line.order_number, line.state) for line in service.sales_lines(ctx)] == [
        ("1", "history"), ("2", "open"), ("3", "returned"), ("4", "history"),
    ]  # fmt: skip


def test_while_go_live_is_undecided_all_sales_are_history() -> None:
    assert first_state(NOON, Decimal(5), None) == "history"
    assert first_state(NOON, Decimal(5), NOON) == "open"


def test_a_line_told_twice_is_one_line(ctx: Context) -> None:
    shop = open_shop(ctx)
    lines = [shop.line("1", 1), shop.line("1", 2, item_id=shop.rope, quantity="1.5")]
    assert service.take_sales_lines(ctx, lines).new == 2
    again = service.take_sales_lines(ctx, [*lines, *lines, shop.line("2")])
    assert again == Taken(new=1, known=4, history=0, open=1, returned=0)
    assert len(service.sales_lines(ctx)) == 3


def test_the_same_line_with_another_content_is_refused_and_nothing_is_taken(office: Office) -> None:
    manager = person("mara", Role.ADMIN)
    with office.context(manager) as ctx:
        shop = open_shop(ctx)
        service.take_sales_lines(ctx, [shop.line("1")])
    with pytest.raises(Refused, match="order 1 line 1 is 3 of MUG at"), office.context(manager) as ctx:
        service.take_sales_lines(ctx, [shop.line("0"), shop.line("1", quantity="4")])
    with office.context(manager) as ctx:
        assert [line.order_number for line in service.sales_lines(ctx)] == ["1"]
        with pytest.raises(Invalid, match="each line once"):
            service.take_sales_lines(ctx, [shop.line("2"), shop.line("2", quantity="4")])


@pytest.mark.parametrize("quantity", ["0", "NaN", "Infinity", "0.5", "1e15", "-0.25"])
def test_a_quantity_that_cannot_be_moved_is_refused(ctx: Context, quantity: str) -> None:
    shop = open_shop(ctx)
    with pytest.raises(Invalid, match="line 2, quantity"):
        service.take_sales_lines(ctx, [shop.line("1"), shop.line("2", quantity=quantity)])
    assert service.sales_lines(ctx) == []


def test_times_that_cannot_be_right_are_refused(ctx: Context) -> None:
    shop = open_shop(ctx)
    for at in (NOON.replace(year=1970), NOON.replace(year=2100), NOON.replace(tzinfo=None)):
        with pytest.raises(Invalid, match="ordered_at"):
            service.take_sales_lines(ctx, [shop.line("1", at=at)])


def test_every_faulty_field_of_a_line_is_named(ctx: Context) -> None:
    shop = open_shop(ctx)
    bad = replace(shop.line(""), line=-1, item_id=99, unit_price=Decimal("NaN"), customer="a\x00b")
    with pytest.raises(Invalid) as caught:
        service.take_sales_lines(ctx, [bad])
    assert [fault.where for fault in caught.value.faults] == [
        "line 1, order_number", "line 1, line", "line 1, quantity, item", "line 1, unit_price", "line 1, customer",
    ]  # fmt: skip
    with pytest.raises(NotFound, match="site 99"):
        service.take_sales_lines(ctx, [replace(shop.line("1"), site_id=99)])


def test_open_lines_are_published_once_for_each_site(ctx: Context) -> None:
    shop = open_shop(ctx)
    service.take_sales_lines(
        ctx, [shop.line("1"), shop.line("2"), shop.line("3", item_id=shop.rope), shop.line("4", at=BEFORE)]
    )
    service.take_sales_lines(ctx, [shop.line("1"), shop.line("5", at=BEFORE)])
    assert values(ctx.tx, "select subject, data from event where kind = 'sales.taken'") == [
        (f"site:{shop.site_id}", {"site_id": shop.site_id, "lines": 3, "item_ids": [shop.mug, shop.rope]})
    ]


def test_lines_are_read_on_from_an_id_by_state(ctx: Context) -> None:
    shop = open_shop(ctx)
    service.take_sales_lines(ctx, [shop.line(str(number)) for number in range(1, 6)])
    first, second = service.sales_lines(ctx, site_id=shop.site_id, states=["open"], limit=2)
    rest = service.sales_lines(ctx, states=["open"], after=second.sales_line_id)
    assert [line.order_number for line in (first, second, *rest)] == ["1", "2", "3", "4", "5"]
    assert service.sales_lines(ctx, states=["reserved"]) == []
    assert service.sales_line(ctx, first.sales_line_id) == first
    with pytest.raises(NotFound):
        service.sales_line(ctx, 0)


def test_operators_and_viewers_do_not_take_orders(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        shop = open_shop(ctx)
    for role in (Role.OPERATOR, Role.VIEWER):
        with office.context(person("otto", role)) as ctx:
            assert service.sales_lines(ctx) == []
            with pytest.raises(Forbidden):
                service.take_sales_lines(ctx, [shop.line("1")])


def test_copied_lines_count_as_new_known_or_different(ctx: Context) -> None:
    shop = open_shop(ctx)

    def row(number: str, quantity: int) -> SalesRow:
        return (
            number,
            1,
            shop.site_id,
            shop.mug,
            BEFORE,
            Decimal(quantity),
            Decimal(1),
            None,
            "Spain",
            "history",
        )

    assert copy_sales_lines(ctx.tx, 1, [row("1", 5), row("2", 6)], recorded_at=NOON) == Copied(2, 0, 0)
    again = copy_sales_lines(ctx.tx, 1, (row(*one) for one in (("1", 5), ("2", 7), ("3", -1))), recorded_at=NOON)
    assert again == Copied(new=1, known=1, different=1)
    assert [line.quantity for line in service.sales_lines(ctx)] == [5, 6, -1]
