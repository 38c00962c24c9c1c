"""Orders from customers and to suppliers. Stock is moved by the room above, which calls `record_receipt` here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import (
    LeadTime,
    PurchaseOrder,
    PurchaseState,
    Receipt,
    amount_faults,
    instant_faults,
    name_faults,
    state_by_receipts,
)
from shelfwise.orders.sales import sales_line, sales_lines, take_sales_lines
from shelfwise.records import tables as records_tables
from shelfwise.records.model import amount_of_money_faults, currency_faults, refuse
from shelfwise.store.database import notify
from shelfwise.work.outbox import enqueue, withdraw

__all__ = [
    "close_purchase_order",
    "lead_times",
    "mark_sent",
    "on_order",
    "place_purchase_order",
    "purchase_order",
    "purchase_order_by_number",
    "purchase_orders",
    "record_receipt",
    "sales_line",
    "sales_lines",
    "take_back_receipt",
    "take_sales_lines",
]

_NUMBERS = "purchase_order"


def place_purchase_order(
    ctx: Context,
    *,
    decision_key: str,
    supplier_id: int,
    site_id: int,
    lines: Sequence[tuple[int, Decimal, Decimal]],
    currency: str,
    expected_at: datetime,
) -> PurchaseOrder:
    """Place an order with a supplier, once for each decision: asked again, it returns the order of the first time.

    The order is numbered PO-000001 and on without holes, and put into the outbox if the supplier takes orders at an
    address; its idempotency key is its number and the installation that gave it.

    Args:
        lines: (item_id, quantity, unit_cost); cost of one unit in `currency`.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier or the site does not exist.
        Refused: the same decision has made an order with other lines.
    """
    ctx.require(Right.DECIDE_PROPOSALS)
    _check_order(ctx, decision_key, lines, currency, expected_at)
    supplier = records_tables.supplier(ctx.tx, ctx.tenant, supplier_id)
    if supplier is None:
        raise NotFound("supplier", supplier_id)
    if records_tables.site_by_id(ctx.tx, ctx.tenant, site_id) is None:
        raise NotFound("site", site_id)
    tables.lock_counter(ctx.tx, ctx.tenant, _NUMBERS)
    known = tables.order_of_decision(ctx.tx, ctx.tenant, decision_key)
    if known is not None:
        return _same_order(_order(ctx, order_id=known), supplier_id, site_id, lines, currency)
    order_id = tables.insert_order(
        ctx.tx,
        ctx.tenant,
        number=f"PO-{tables.next_number(ctx.tx, ctx.tenant, _NUMBERS):06d}",
        supplier_id=supplier_id,
        site_id=site_id,
        decision_key=decision_key,
        currency=currency,
        approved_by=ctx.actor.name,
        approved_at=ctx.now,
        expected_at=expected_at,
        lines=lines,
    )
    order = _order(ctx, order_id=order_id)
    if supplier.order_url is not None:
        enqueue(ctx, _message_key(ctx, order.number), supplier.order_url, tables.body(order))
    ctx.audit("purchase.placed", f"purchase_order:{order_id}", number=order.number, total=f"{order.total:f}")
    ctx.publish("purchase.placed", f"purchase_order:{order_id}", number=order.number, site_id=site_id)
    notify(ctx.tx, "live", "orders")
    return order


def _message_key(ctx: Context, number: str) -> str:
    return f"{number}@{tables.installation(ctx.tx, ctx.tenant)}"


def _check_order(
    ctx: Context,
    decision_key: str,
    lines: Sequence[tuple[int, Decimal, Decimal]],
    currency: str,
    expected_at: datetime,
) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {item_id for item_id, _, _ in lines})
    faults = [*name_faults(decision_key, "decision_key"), *currency_faults(currency)]
    if not lines:
        faults.append(Fault("lines", "at least one line", "none", "Say what to order."))
    if expected_at.utcoffset() is None:
        faults.append(Fault("expected_at", "an instant with its time zone", str(expected_at), "Add the time zone."))
    for row, (item_id, quantity, cost) in enumerate(lines, 1):
        faults += amount_faults(quantity, item_id, quanta, f"line {row}, quantity")
        faults += amount_of_money_faults(cost, f"line {row}, unit_cost")
    refuse(faults)


def _same_order(
    order: PurchaseOrder,
    supplier_id: int,
    site_id: int,
    lines: Sequence[tuple[int, Decimal, Decimal]],
    currency: str,
) -> PurchaseOrder:
    stored = [(line.item_id, line.quantity, line.unit_cost) for line in order.lines]
    same = (order.supplier_id, order.site_id, order.currency) == (supplier_id, site_id, currency)
    if not same or stored != list(lines):
        raise Refused(
            f"This decision has made {order.number}, with other lines or another supplier. "
            "Make a new decision for what should be ordered besides."
        )
    return order


def mark_sent(ctx: Context, number: str) -> PurchaseOrder:
    """The supplier has the order: sent by a person, or delivered from the outbox. Told again, nothing changes.

    A message that is to bring the order to the supplier still is withdrawn.

    Raises:
        NotFound: no order has this number.
    """
    ctx.require(Right.RUN_PLANNING)
    _order(ctx, number=number)
    # Before the order is locked: whoever delivers the message locks the two in this order.
    withdraw(ctx, _message_key(ctx, number))
    changed = tables.set_sent(ctx.tx, ctx.tenant, number, ctx.now)
    order = _order(ctx, number=number)
    if changed:
        ctx.audit("purchase.sent", f"purchase_order:{order.purchase_order_id}", number=number)
        ctx.publish("purchase.sent", f"purchase_order:{order.purchase_order_id}", number=number, site_id=order.site_id)
        notify(ctx.tx, "live", "orders")
    return order


def close_purchase_order(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Expect no more of an order. What still comes is received all the same, for then it is there.

    Raises:
        NotFound: there is no such order.
        Refused: all of it has been received.
    """
    ctx.require(Right.DECIDE_PROPOSALS)
    locked = tables.lock_order(ctx.tx, ctx.tenant, purchase_order_id)
    if locked is None:
        raise NotFound("purchase order", purchase_order_id)
    number, site_id, state, _ = locked
    if state == "received":
        raise Refused(f"{number} has been received in full; there is nothing left to close.")
    if state != "closed":
        tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "closed")
        ctx.audit("purchase.closed", f"purchase_order:{purchase_order_id}", number=number, reason=reason)
        ctx.publish("purchase.closed", f"purchase_order:{purchase_order_id}", number=number, site_id=site_id)
        notify(ctx.tx, "live", "orders")
    return _order(ctx, order_id=purchase_order_id)


def purchase_orders(
    ctx: Context, states: Collection[PurchaseState] | None = None, limit: int = 200
) -> list[PurchaseOrder]:
    """Orders in some states or all, newest first."""
    ctx.require(Right.VIEW)
    return tables.orders(ctx.tx, ctx.tenant, states=states, limit=limit)


def purchase_order(ctx: Context, purchase_order_id: int) -> PurchaseOrder:
    """
    Raises:
        NotFound: there is no such order.
    """
    ctx.require(Right.VIEW)
    return _order(ctx, order_id=purchase_order_id)


def purchase_order_by_number(ctx: Context, number: str) -> PurchaseOrder:
    """
    Raises:
        NotFound: no order has this number.
    """
    ctx.require(Right.VIEW)
    return _order(ctx, number=number)


def _order(ctx: Context, *, order_id: int | None = None, number: str | None = None) -> PurchaseOrder:
    # A zero byte is in no number, and Postgres takes none.
    found = [] if "\x00" in (number or "") else tables.orders(ctx.tx, ctx.tenant, order_id=order_id, number=number)
    if not found:
        raise NotFound("purchase order", order_id if number is None else number)
    return found[0]


def on_order(ctx: Context, site_id: int) -> dict[int, list[tuple[Decimal, datetime]]]:
    """What is on its way to a site: for each item (quantity outstanding, expected at), soonest first."""
    ctx.require(Right.VIEW)
    coming: dict[int, list[tuple[Decimal, datetime]]] = {}
    for item_id, quantity, expected_at in tables.on_order(ctx.tx, ctx.tenant, site_id):
        coming.setdefault(item_id, []).append((quantity, expected_at))
    return coming


def lead_times(ctx: Context, since: datetime | None = None) -> list[LeadTime]:
    """Observed lead times, oldest receipt first; a receipt that was taken back is none."""
    ctx.require(Right.VIEW)
    return tables.lead_times(ctx.tx, ctx.tenant, since)


def record_receipt(
    ctx: Context,
    *,
    purchase_order_id: int,
    line: int,
    quantity: Decimal,
    place_id: int,
    source: str,
    received_at: datetime,
) -> Receipt:
    """Record that goods came; the caller (stock) moves them in the same transaction, having locked the stock first.

    A receipt is an observed fact: more than was ordered, or for an order that is received or closed, it is recorded
    all the same. 'purchase.received' says so in `over` (the units beyond the order) and `closed`.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the order has no such line.
        Refused: the source has told of another receipt.
    """
    ctx.require(Right.RECEIVE_GOODS)
    found = tables.order_line(ctx.tx, ctx.tenant, purchase_order_id, line)
    if found is None:
        raise NotFound(f"line of purchase order {purchase_order_id}", line)
    site_id, ordered = found
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {ordered.item_id})
    refuse(
        [
            *amount_faults(quantity, ordered.item_id, quanta, "quantity"),
            *name_faults(source, "source"),
            *instant_faults(received_at, ctx.now, "occurred_at"),
        ]
    )
    locked = tables.lock_order(ctx.tx, ctx.tenant, purchase_order_id)
    if locked is None:
        raise NotFound("purchase order", purchase_order_id)
    number, _, state, sent_at = locked
    receipt_id = tables.insert_receipt(
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
    )
    if receipt_id is None:
        return _same_receipt(ctx, source, purchase_order_id, line, quantity, place_id)
    tables.add_received(ctx.tx, ctx.tenant, purchase_order_id, line, quantity)
    lines = tables.order_lines(ctx.tx, ctx.tenant, [purchase_order_id])
    (now,) = (one for one in lines if one.line == line)
    tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, state_by_receipts(state, sent_at is not None, lines))
    over = max(now.received - now.quantity, Decimal(0))
    ctx.audit("purchase.received", f"purchase_order:{purchase_order_id}", number=number, line=line, source=source)
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
        over=plain(min(over, quantity)),
        closed=state == "closed",
    )
    notify(ctx.tx, "live", "orders")
    return Receipt(receipt_id, purchase_order_id, line, quantity, place_id, received_at, source)


def _same_receipt(
    ctx: Context, source: str, purchase_order_id: int, line: int, quantity: Decimal, place_id: int
) -> Receipt:
    stored = tables.receipt_of_source(ctx.tx, ctx.tenant, source)
    if stored is None:
        raise Invalid(Fault("source", "a source of its own", source, "Send the receipt again."))
    told = (stored.purchase_order_id, stored.line, stored.quantity, stored.place_id)
    if told != (purchase_order_id, line, quantity, place_id):
        raise Refused(
            f"The source {source!r} has told of another receipt: {plain(stored.quantity)} for line {stored.line} of "
            f"purchase order {stored.purchase_order_id}. Give each receipt a source of its own."
        )
    return Receipt(
        stored.receipt_id, purchase_order_id, line, quantity, place_id, stored.received_at, source, new=False
    )


def take_back_receipt(ctx: Context, source: str) -> None:
    """A receipt's movement was reversed: it counts for nothing, and what it brought is outstanding again."""
    ctx.require(Right.ADJUST_STOCK)
    stored = tables.receipt_of_source(ctx.tx, ctx.tenant, source)
    if stored is None:
        return
    locked = tables.lock_order(ctx.tx, ctx.tenant, stored.purchase_order_id)
    if locked is None or not tables.reverse_receipt(ctx.tx, ctx.tenant, source, ctx.now):
        return
    tables.add_received(ctx.tx, ctx.tenant, stored.purchase_order_id, stored.line, -stored.quantity)
    lines = tables.order_lines(ctx.tx, ctx.tenant, [stored.purchase_order_id])
    state = state_by_receipts(locked[2], locked[3] is not None, lines)
    tables.set_state(ctx.tx, ctx.tenant, stored.purchase_order_id, state)
    ctx.publish(
        "purchase.receipt_reversed",
        f"purchase_order:{stored.purchase_order_id}",
        number=locked[0],
        line=stored.line,
        quantity=plain(stored.quantity),
    )
    notify(ctx.tx, "live", "orders")
