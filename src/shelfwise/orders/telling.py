"""What others get to know of what was done to a purchase order: the audit log, open pages, and who listens to facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shelfwise.access.context import Context
from shelfwise.core.quantities import plain
from shelfwise.orders.model import LATE_AFTER, UNDER_WAY, PurchaseOrder
from shelfwise.records.habits import habits
from shelfwise.store.database import notify
from shelfwise.work import tasks

SECOND = "approve_order"
TELL = "tell_supplier"
SILENT = "supplier_silent"
UNANSWERED = "supplier_unanswered"
LATE = "order_late"
_BY_TIME = (SILENT, UNANSWERED, LATE)


def remember(ctx: Context, action: str, order: PurchaseOrder, **detail: object) -> None:
    """Into the history of an order, and onto the pages that show it."""
    ctx.audit(action, f"purchase_order:{order.purchase_order_id}", number=order.number, **detail)
    notify(ctx.tx, "live", "orders")


def to_come(order: PurchaseOrder) -> dict[str, Any]:
    """What a fact about an order says: which it is, and what is to come of each line from now on."""
    coming = order.state in UNDER_WAY
    return {
        "number": order.number,
        "site_id": order.site_id,
        "outstanding": {
            str(line.line): {"sku": line.sku, "quantity": plain(line.outstanding) if coming else "0"}
            for line in order.lines
        },
    }


def overdue(order: PurchaseOrder, now: datetime, answer_within: timedelta) -> dict[str, datetime]:
    """What a person has to ask the supplier of an order about by now: the kinds of the tasks, and since when."""
    since: dict[str, datetime] = {}
    if order.state == "sent" and order.sent_at is not None and order.answer_to is None:
        since[SILENT] = order.sent_at + answer_within
    if order.answer_to is not None and order.asked_at is not None and order.state != "closed":
        since[UNANSWERED] = order.asked_at + answer_within
    if order.due_at is not None:
        since[LATE] = order.due_at + LATE_AFTER
    return {kind: at for kind, at in since.items() if at <= now}


def answer_within(ctx: Context) -> timedelta:
    """How long a supplier may be silent: the company's choice."""
    return timedelta(days=habits(ctx).answer_days)


def review(ctx: Context, order: PurchaseOrder) -> None:
    """Close the tasks about an order whose cause is gone."""
    still = overdue(order, ctx.now, answer_within(ctx))
    gone = [kind for kind in _BY_TIME if kind not in still]
    if not order.to_be_told:
        gone.append(TELL)
    if not order.waits_for_second:
        gone.append(SECOND)
    settled(ctx, order.purchase_order_id, *gone, outcome="It is settled.")


def settled(ctx: Context, order_id: int, *kinds: str, outcome: str) -> None:
    """What people were asked to do about an order is done."""
    tasks.close_tasks(ctx, kinds, f"purchase_order:{order_id}", outcome)


def lines_said(order: PurchaseOrder) -> list[str]:
    """The lines in words, for the history of an order."""
    return [f"{plain(line.quantity)} {line.sku} at {line.unit_cost:f}" for line in order.lines][:50]
