"""Who is silent or late is asked by a person, who is told so once and no longer than there is something to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.orders import service
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.service import Confirmed
from shelfwise.store.database import run
from shelfwise.work import tasks
from tests.orders.shop import Shop, open_shop
from tests.orders.test_purchase_life import DESK, DUE, receive, sent


@pytest.fixture
def shop(ctx: Context) -> Shop:
    return open_shop(ctx, DESK)


def to_do(ctx: Context) -> list[str]:
    return [one.title for one in tasks.tasks(ctx)]


def after(ctx: Context, days: float) -> Context:
    return replace(ctx, now=ctx.now + timedelta(days=days))


def test_a_supplier_who_confirms_nothing_for_three_days_is_asked(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    assert (service.chase(after(ctx, 2.9)), to_do(ctx)) == (0, [])
    for days in (3, 4):
        assert service.chase(after(ctx, days)) == 1
        assert to_do(ctx) == ["Ask Potter whether they send PO-000001"]
    (task,) = tasks.tasks(ctx)
    assert task.due_at == ctx.now + timedelta(days=4)
    service.confirm(after(ctx, 4), order.purchase_order_id, [Confirmed(1)])
    assert to_do(ctx) == []


@pytest.mark.parametrize(
    ("ask", "title"),
    [
        (
            lambda ctx, order: service.change_sent(ctx, order.purchase_order_id, {1: Decimal(7)}, DUE, ""),
            "Ask Potter what they say to the change of PO-000001",
        ),
        (
            lambda ctx, order: service.cancel(ctx, order.purchase_order_id, ""),
            "Ask Potter what they say to the cancellation of PO-000001",
        ),
    ],
)
def test_a_supplier_who_does_not_answer_is_asked(
    ctx: Context, shop: Shop, ask: Callable[[Context, PurchaseOrder], PurchaseOrder], title: str
) -> None:
    order = ask(ctx, sent(ctx, shop))
    service.chase(after(ctx, 3))
    assert to_do(ctx) == [title]
    service.answer(after(ctx, 3), order.purchase_order_id, accepted=True)
    assert title not in to_do(ctx)


def all_came(ctx: Context, shop: Shop, order: PurchaseOrder) -> None:
    receive(ctx, shop, order, "10", "r1")
    receive(ctx, shop, order, "5.5", "r2", line=2)


@pytest.mark.parametrize(
    "settle",
    [
        lambda ctx, shop, order: service.confirm(
            ctx, order.purchase_order_id, [Confirmed(line, None, ctx.now + timedelta(days=9)) for line in (1, 2)]
        ),
        lambda ctx, shop, order: all_came(ctx, shop, order),
        lambda ctx, shop, order: service.close_purchase_order(ctx, order.purchase_order_id, ""),
    ],
)
def test_what_is_late_is_asked_for_until_it_comes_or_has_a_new_day(
    ctx: Context, shop: Shop, settle: Callable[[Context, Shop, PurchaseOrder], object]
) -> None:
    order = sent(ctx, shop)
    service.confirm(ctx, order.purchase_order_id, [Confirmed(1)])
    assert service.chase(after(ctx, 7.4)) == 0
    late = after(ctx, 7.5)
    assert service.chase(late) == 1
    (task,) = tasks.tasks(ctx)
    assert (task.title, task.detail) == (
        "Ask Potter when PO-000001 comes", "Still to come: 10 each of MUG, 5.5 m of ROPE.",
    )  # fmt: skip
    settle(late, shop, order)
    assert to_do(ctx) == []


def test_a_task_whose_cause_went_otherwise_is_closed_by_the_next_sweep(ctx: Context, shop: Shop) -> None:
    order = sent(ctx, shop)
    service.chase(after(ctx, 3))
    run(ctx.tx, "update purchase_line set confirmed_quantity = quantity")
    run(ctx.tx, "update purchase_order set state = 'confirmed' where number = %s", (order.number,))
    assert (service.chase(after(ctx, 3.5)), to_do(ctx)) == (0, [])
