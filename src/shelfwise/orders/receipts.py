"""Receipts: what came for an order. Stock is moved by the room above, which calls these in its transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables, receipt_tables
from shelfwise.orders.model import Receipt, amount_faults, instant_faults, name_faults
from shelfwise.orders.purchase_states import state_by_receipts
from shelfwise.orders.purchases import order_of
from shelfwise.orders.telling import review
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.store.database import notify


def record_receipt(
    ctx: Context,
    *,
    purchase_order_id: int,
    line: int,
    quantity: Decimal,
    place_id: int,
    source: str,
    received_at: datetime,
    owed: bool = False,
) -> Receipt:
    """Record that goods came; the caller (stock) moves them in the same transaction, having locked the stock first.

    A receipt is an observed fact: more than was ordered, or for an order that is received, closed or cancelled, it is
    recorded all the same. 'purchase.received' says so in `over` (the units beyond the order) and `closed`.

    Args:
        owed: it came damaged, does not count as delivered, and is expected still.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the order has no such line.
        Refused: the source has told of another receipt, or the order is a draft.
    """
    found = purchase_tables.order_line(ctx.tx, ctx.tenant, purchase_order_id, line)
    if found is None:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        raise NotFound(f"line of purchase order {purchase_order_id}", line)
    site_id, ordered = found
    ctx.require(Right.RECEIVE_GOODS, site_id)
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {ordered.item_id})
    refuse(
        [
            *amount_faults(quantity, ordered.item_id, quanta, "quantity"),
            *name_faults(source, "source"),
            *instant_faults(received_at, ctx.now, "occurred_at"),
        ]
    )
    locked = purchase_tables.lock_order(ctx.tx, ctx.tenant, purchase_order_id)
    if locked is None:
        raise NotFound("purchase order", purchase_order_id)
    number, _, state, sent_at = locked
    if state == "draft":
        raise Refused(f"{number} is a draft: nobody has ordered it. Approve it first, or receive it on another order.")
    receipt_id = receipt_tables.insert_receipt(
        ctx.tx,
        ctx.tenant,
        order_id=purchase_order_id,
        line=line,
        quantity=quantity,
        place_id=place_id,
        received_at=received_at,
        recorded_at=ctx.now,
        received_by=str(ctx.actor),
        source=source,
        owed=owed,
    )
    if receipt_id is None:
        return _same_receipt(ctx, source, purchase_order_id, line, quantity, place_id)
    receipt_tables.add_received(ctx.tx, ctx.tenant, purchase_order_id, line, quantity, owed)
    lines = purchase_tables.order_lines(ctx.tx, ctx.tenant, [purchase_order_id])
    (now,) = (one for one in lines if one.line == line)
    purchase_tables.set_state(
        ctx.tx, ctx.tenant, purchase_order_id, state_by_receipts(state, sent_at is not None, lines)
    )
    review(ctx, order_of(ctx, purchase_order_id))
    over = ZERO if owed else min(max(now.received - now.quantity, ZERO), quantity)
    ctx.audit(
        "purchase.received", f"purchase_order:{purchase_order_id}", number=number, line=line, source=source,
        quantity=plain(quantity), owed=owed,
    )  # fmt: skip
    ctx.publish(
        "purchase.received",
        f"purchase_order:{purchase_order_id}",
        received_at,
        number=number,
        line=line,
        item_id=now.item_id,
        site_id=site_id,
        quantity=plain(quantity),
        ordered=plain(now.quantity),
        received=plain(now.received),
        over=plain(over),
        owed=owed,
        closed=state in ("closed", "cancelled"),
    )
    notify(ctx.tx, "live", "orders")
    return Receipt(receipt_id, purchase_order_id, line, quantity, place_id, received_at, source, owed=owed)


def _same_receipt(
    ctx: Context, source: str, purchase_order_id: int, line: int, quantity: Decimal, place_id: int
) -> Receipt:
    stored = receipt_tables.receipt_of_source(ctx.tx, ctx.tenant, source)
    if stored is None:
        raise Invalid(Fault("source", "a source of its own", source, "Send the receipt again."))
    told = (stored.purchase_order_id, stored.line, stored.quantity, stored.place_id)
    if told != (purchase_order_id, line, quantity, place_id):
        raise Refused(
            f"The source {source!r} has told of another receipt: {plain(stored.quantity)} for line {stored.line} of "
            f"purchase order {stored.purchase_order_id}. Give each receipt a source of its own."
        )
    return Receipt(
        stored.receipt_id, purchase_order_id, line, quantity, place_id, stored.received_at, source, new=False,
        owed=stored.owed,
    )  # fmt: skip


def take_back_receipt(ctx: Context, source: str) -> None:
    """A receipt's movement was reversed: it counts for nothing, and what it brought is outstanding again.

    The caller (stock) has found that the actor may take it back: anybody's, or for a while their own.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    stored = receipt_tables.receipt_of_source(ctx.tx, ctx.tenant, source)
    if stored is None:
        return
    locked = purchase_tables.lock_order(ctx.tx, ctx.tenant, stored.purchase_order_id)
    if locked is None:
        return
    number, site_id, state, sent_at = locked
    ctx.require(Right.RECEIVE_GOODS, site_id)
    if not receipt_tables.reverse_receipt(ctx.tx, ctx.tenant, source, ctx.now):
        return
    receipt_tables.add_received(
        ctx.tx, ctx.tenant, stored.purchase_order_id, stored.line, -stored.quantity, stored.owed
    )
    lines = purchase_tables.order_lines(ctx.tx, ctx.tenant, [stored.purchase_order_id])
    purchase_tables.set_state(
        ctx.tx, ctx.tenant, stored.purchase_order_id, state_by_receipts(state, sent_at is not None, lines)
    )
    ctx.publish(
        "purchase.receipt_reversed",
        f"purchase_order:{stored.purchase_order_id}",
        number=number,
        line=stored.line,
        quantity=plain(stored.quantity),
    )
    notify(ctx.tx, "live", "orders")
