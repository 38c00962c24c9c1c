"""Goods that went back to the supplier they came from. Stock is moved by the room above, which calls these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables
from shelfwise.orders.purchase_states import state_by_receipts
from shelfwise.store.database import first, notify, rows, run, value


@dataclass(frozen=True)
class SentBack:
    """So much of a line that went back.

    Attributes:
        owed_again: the supplier is to send as much once more.
        reversed_at: it never happened; None: it stands.
    """

    movement_id: int
    line: int
    sku: str
    unit: str
    quantity: Decimal
    owed_again: bool
    reason: str
    occurred_at: datetime
    actor: str
    reversed_at: datetime | None


def sent_back(ctx: Context, purchase_order_id: int) -> list[SentBack]:
    """What of an order went back, newest first.

    Raises:
        NotFound: there is no such order.
    """
    ctx.require_somewhere(Right.VIEW)
    found = purchase_tables.orders(ctx.tx, ctx.tenant, order_id=purchase_order_id)
    if not found:
        raise NotFound("purchase order", purchase_order_id)
    ctx.require(Right.VIEW, found[0].site_id)
    return rows(
        ctx.tx,
        SentBack,
        """select r.movement_id, r.line, i.sku, i.unit, r.quantity, r.owed_again, r.reason, m.occurred_at, m.actor,
                  r.reversed_at
           from supplier_return r
           join movement m using (tenant_id, movement_id)
           join item i on i.tenant_id = m.tenant_id and i.item_id = m.item_id
           where r.tenant_id = %s and r.purchase_order_id = %s order by r.movement_id desc""",
        (ctx.tenant, purchase_order_id),
    )


def record(
    ctx: Context,
    purchase_order_id: int,
    line: int,
    quantity: Decimal,
    movement_id: int,
    owed_again: bool,
    reason: str,
) -> None:
    """Goods went back: what came damaged and is owed still goes first; the rest counts as delivered no more, if owed.

    Raises:
        Invalid: more goes back than came and has not gone back yet.
        NotFound: the order has no such line.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    locked = purchase_tables.lock_order(ctx.tx, ctx.tenant, purchase_order_id)
    if locked is None:
        raise NotFound("purchase order", purchase_order_id)
    number, site_id, _, _ = locked
    ctx.require(Right.RECEIVE_GOODS, site_id)
    there = _there(ctx, purchase_order_id, line)
    if quantity > there:
        raise Invalid(
            Fault("quantity", f"at most the {plain(there)} that came for line {line} of {number}", plain(quantity),
                  "Send the rest back for the order it came with, or write it off.")
        )  # fmt: skip
    (now,) = (one for one in purchase_tables.order_lines(ctx.tx, ctx.tenant, [purchase_order_id]) if one.line == line)
    damaged = min(now.damaged, quantity)
    # Of what came damaged the supplier owes as much already; where it is to pay instead, it owes that no more.
    received = -(quantity - damaged) if owed_again else damaged
    run(
        ctx.tx,
        """insert into supplier_return (tenant_id, movement_id, purchase_order_id, line, quantity, owed_again,
                                        received_change, damaged_change, reason)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (ctx.tenant, movement_id, purchase_order_id, line, quantity, owed_again, received, -damaged, reason),
    )
    _change(ctx, purchase_order_id, line, received, -damaged)
    ctx.audit(
        "purchase.sent_back", f"purchase_order:{purchase_order_id}", number=number, line=line,
        quantity=plain(quantity), owed_again=owed_again, reason=reason,
    )  # fmt: skip
    ctx.publish(
        "purchase.sent_back", f"purchase_order:{purchase_order_id}", number=number, line=line, item_id=now.item_id,
        site_id=site_id, quantity=plain(quantity), owed_again=owed_again, reason=reason, movement_id=movement_id,
    )  # fmt: skip


def take_back(ctx: Context, movement_id: int) -> None:
    """The movement of goods that went back was reversed: what it changed about its order is undone."""
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    found = first(
        ctx.tx,
        _Stored,
        """select purchase_order_id, line, received_change, damaged_change from supplier_return
           where tenant_id = %s and movement_id = %s and reversed_at is null""",
        (ctx.tenant, movement_id),
    )
    locked = None if found is None else purchase_tables.lock_order(ctx.tx, ctx.tenant, found.purchase_order_id)
    if found is None or locked is None:
        return
    ctx.require(Right.RECEIVE_GOODS, locked[1])
    run(
        ctx.tx,
        "update supplier_return set reversed_at = %s where tenant_id = %s and movement_id = %s",
        (ctx.now, ctx.tenant, movement_id),
    )
    _change(ctx, found.purchase_order_id, found.line, -found.received_change, -found.damaged_change)


@dataclass(frozen=True)
class _Stored:
    purchase_order_id: int
    line: int
    received_change: Decimal
    damaged_change: Decimal


def _there(ctx: Context, purchase_order_id: int, line: int) -> Decimal:
    """How much came for a line and has not gone back."""
    found = value(
        ctx.tx,
        """select coalesce((select sum(quantity) from receipt where tenant_id = %(tenant)s
                            and purchase_order_id = %(order)s and line = %(line)s and reversed_at is null), 0)
                  - coalesce((select sum(quantity) from supplier_return where tenant_id = %(tenant)s
                              and purchase_order_id = %(order)s and line = %(line)s and reversed_at is null), 0)""",
        {"tenant": ctx.tenant, "order": purchase_order_id, "line": line},
    )
    return ZERO if found is None else Decimal(found)


def _change(ctx: Context, purchase_order_id: int, line: int, received: Decimal, damaged: Decimal) -> None:
    run(
        ctx.tx,
        """update purchase_line set received = received + %s, damaged = damaged + %s
           where tenant_id = %s and purchase_order_id = %s and line = %s""",
        (received, damaged, ctx.tenant, purchase_order_id, line),
    )
    locked = purchase_tables.lock_order(ctx.tx, ctx.tenant, purchase_order_id)
    if locked is not None:
        _, _, state, sent_at = locked
        lines = purchase_tables.order_lines(ctx.tx, ctx.tenant, [purchase_order_id])
        purchase_tables.set_state(
            ctx.tx, ctx.tenant, purchase_order_id, state_by_receipts(state, sent_at is not None, lines)
        )
    notify(ctx.tx, "live", "orders")
