"""Purchase orders once they are approved: sent, confirmed, changed, cancelled, closed, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import approval, outgoing
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import PurchaseLine, PurchaseOrder, amount_faults
from shelfwise.orders.purchase_states import check, state_by_receipts
from shelfwise.orders.purchases import lines_said, lock, no_second, order_of
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.store.database import notify
from shelfwise.work import outbox


@dataclass(frozen=True)
class Confirmed:
    """What the supplier said of a line: how much will come (None: as ordered) and when (None: as the order says)."""

    line: int
    quantity: Decimal | None = None
    promised_at: datetime | None = None


def mark_sent(ctx: Context, number: str, revision: int | None = None) -> PurchaseOrder:
    """The supplier has the order: sent by a person, or delivered from the outbox. Told again, nothing changes.

    A message that is to bring the order to the supplier still is withdrawn.

    Args:
        revision: which one the supplier has; None: the newest.

    Raises:
        Forbidden: without the right to run planning at its site.
        NotFound: no order has this number.
        Refused: it is a draft.
    """
    ctx.require_somewhere(Right.RUN_PLANNING)
    found = tables.orders(ctx.tx, ctx.tenant, number=number) if "\x00" not in number else []
    if not found:
        raise NotFound("purchase order", number)
    order = found[0]
    ctx.require(Right.RUN_PLANNING, order.site_id)
    # Before the order is locked: whoever delivers the message locks the two in this order.
    outgoing.stop(ctx, order)
    order = lock(ctx, order.purchase_order_id, Right.RUN_PLANNING)
    if order.state == "draft":
        check(order.number, order.state, "send")
    told = order.revision if revision is None else revision
    if (order.sent_revision or 0) >= told:
        return order
    tables.change_order(
        ctx.tx, ctx.tenant, order.purchase_order_id, sent_at=order.sent_at or ctx.now, sent_revision=told
    )
    if order.state == "approved":
        tables.set_state(ctx.tx, ctx.tenant, order.purchase_order_id, "sent")
    ctx.audit("purchase.sent", f"purchase_order:{order.purchase_order_id}", number=number, revision=told)
    if order.sent_at is None:
        ctx.publish("purchase.sent", f"purchase_order:{order.purchase_order_id}", number=number, site_id=order.site_id)
    notify(ctx.tx, "live", "orders")
    return order_of(ctx, order.purchase_order_id)


def supplier_has_it(ctx: Context, purchase_order_id: int, arrived: bool, note: str = "") -> PurchaseOrder:
    """A person asked the supplier about a message in doubt: it arrived, or a copy has to be sent.

    Raises:
        NotFound: there is no such order.
        Refused: no message of it is in doubt.
    """
    order = order_of(ctx, purchase_order_id)
    ctx.require(Right.RUN_PLANNING, order.site_id)
    message = outgoing.message_of(ctx, order)
    if message is None:
        raise Refused(f"Shelfwise has sent nothing of {order.number}, so nothing is in doubt.")
    outbox.resolve(ctx, message.outbox_id, arrived, note)
    if arrived and message.body.get("what") != "cancel":
        return mark_sent(ctx, order.number)
    return order_of(ctx, purchase_order_id)


def confirm(ctx: Context, purchase_order_id: int, said: Sequence[Confirmed]) -> PurchaseOrder:
    """The supplier confirmed an order: in full, in part, or with other dates; lines not named are as they were.

    Raises:
        Invalid: a quantity or a date cannot be right, or there is no such line.
        NotFound: there is no such order.
        Refused: it is in no state to be confirmed.
    """
    order = lock(ctx, purchase_order_id, Right.RUN_PLANNING)
    check(order.number, order.state, "confirm")
    known = {line.line: line for line in order.lines}
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {line.item_id for line in order.lines})
    faults: list[Fault] = []
    for one in said:
        line = known.get(one.line)
        if line is None:
            faults.append(Fault("line", f"one of {sorted(known)}", str(one.line), "Name a line of the order."))
        elif one.quantity is not None and one.quantity != 0:
            faults += amount_faults(one.quantity, line.item_id, quanta, f"line {one.line}, quantity")
        if one.promised_at is not None and one.promised_at.utcoffset() is None:
            faults.append(Fault(f"line {one.line}, date", "an instant with its time zone", str(one.promised_at),
                                "Add the time zone."))  # fmt: skip
    refuse(faults)
    for one in said:
        much = known[one.line].quantity if one.quantity is None else one.quantity
        tables.confirm_line(ctx.tx, ctx.tenant, purchase_order_id, one.line, much, one.promised_at)
    if order.sent_at is None:
        outgoing.stop(ctx, order)
        tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, sent_at=ctx.now, sent_revision=order.revision)
    after = _state_anew(ctx, purchase_order_id, sent=True)
    short = [line for line in after.lines if line.owed < line.quantity]
    _told(
        ctx, "purchase.confirmed", after,
        lines=[f"{plain(line.owed)} {line.sku}" for line in after.lines if line.confirmed_quantity is not None],
    )  # fmt: skip
    ctx.publish(
        "purchase.confirmed", f"purchase_order:{purchase_order_id}", number=after.number, site_id=after.site_id,
        short={line.sku: plain(line.quantity - line.owed) for line in short},
    )  # fmt: skip
    return after


def change_sent(
    ctx: Context, purchase_order_id: int, quantities: Mapping[int, Decimal], expected_at: datetime, reason: str
) -> PurchaseOrder:
    """Order other quantities than the supplier was sent; the supplier is told and has to answer.

    Args:
        quantities: by line; not below what has come already. A line of 0 units is not wanted any more.

    Raises:
        Invalid: a quantity cannot be right, or there is no such line.
        NotFound: there is no such order.
        Refused: it is in no state to be changed, an answer is awaited already, or it needs a second person: make a new
            order for what goes beyond.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    check(order.number, order.state, "change")
    if order.answer_to is not None:
        raise Refused(f"{order.supplier} has not answered the last change of {order.number}. Note the answer first.")
    known = {line.line: line for line in order.lines}
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {line.item_id for line in order.lines})
    refuse(_change_faults(quantities, known, quanta))
    for number, quantity in quantities.items():
        line = known[number]
        if quantity == line.quantity:
            continue
        if quantity == 0:
            tables.confirm_line(ctx.tx, ctx.tenant, purchase_order_id, number, ZERO, line.promised_at)
        else:
            tables.change_line(ctx.tx, ctx.tenant, purchase_order_id, number, quantity, line.unit_cost)
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, expected_at=expected_at, revision=order.revision + 1,
        answer_to="change", before_change=Jsonb(_as_it_was(order)),
    )  # fmt: skip
    after = _state_anew(ctx, purchase_order_id, sent=True)
    if after.total > order.total:
        why = approval.second_needed(ctx, purchase_order_id, after.site_id, after.total, after.currency)
        if why is not None:
            raise Refused(f"{why} Put what is wanted besides on an order of its own, for a second person to approve.")
    outgoing.send(ctx, after, "change")
    _told(ctx, "purchase.changed", after, before=lines_said(order), after=lines_said(after), reason=reason[:500])
    return after


def cancel(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Order it no more. A supplier who has it, or may have it, is told and has to answer.

    Cancelled again, nothing changes. What comes all the same is received as usual.

    Raises:
        NotFound: there is no such order.
        Refused: goods have come already.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "cancelled":
        return order
    check(order.number, order.state, "cancel")
    no_second(ctx, purchase_order_id)
    message = outgoing.message_of(ctx, order)
    gone = order.sent_at is not None
    if order.state == "approved" and message is not None and not outbox.recall(ctx, message.idempotency_key):
        gone = gone or message.state != "withdrawn"
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, state="cancelled", answer_to="cancel" if gone else None,
        revision=order.revision + 1,
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    if gone:
        outgoing.send(ctx, after, "cancel")
    _told(ctx, "purchase.cancelled", after, reason=reason[:500], supplier_is_told=gone)
    ctx.publish("purchase.cancelled", f"purchase_order:{purchase_order_id}", number=after.number, site_id=after.site_id)
    return after


def answer(ctx: Context, purchase_order_id: int, accepted: bool, note: str = "") -> PurchaseOrder:
    """The supplier answered a change or a cancellation; refused, the order stands as it was before.

    Raises:
        NotFound: there is no such order.
        Refused: no answer is awaited.
    """
    order = lock(ctx, purchase_order_id, Right.RUN_PLANNING)
    if order.answer_to is None:
        raise Refused(f"{order.supplier} was asked nothing about {order.number} that is not answered.")
    check(order.number, order.state, "answer")
    if not accepted:
        _back_to_what_it_was(ctx, order)
    tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, answer_to=None, before_change=None)
    after = order_of(ctx, purchase_order_id)
    _told(ctx, "purchase.answered", after, to=order.answer_to, accepted=accepted, note=note[:500])
    return after


def restore(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Undo a cancellation. Where the supplier was told of it, it is a draft again, to be approved and sent anew.

    Raises:
        NotFound: there is no such order.
        Refused: it is not cancelled, or its lines went into another order.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    check(order.number, order.state, "restore")
    if not order.lines:
        raise Refused(f"The lines of {order.number} went into another order. Take them out of that one.")
    outgoing.stop(ctx, order)
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, state="draft", approved_by=None, approved_at=None, second_needed=None,
        second_approved_by=None, second_approved_at=None, answer_to=None, revision=order.revision + 1, sent_at=None,
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    _told(ctx, "purchase.restored", after, reason=reason[:500])
    return after


def close_purchase_order(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Expect no more of an order. What still comes is received all the same, for then it is there.

    A message of it that still waits is withdrawn.

    Raises:
        NotFound: there is no such order.
        Refused: all of it has been received, or it is a draft or cancelled.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "closed":
        return order
    check(order.number, order.state, "close")
    outgoing.stop(ctx, order)
    tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "closed")
    after = order_of(ctx, purchase_order_id)
    _told(ctx, "purchase.closed", after, reason=reason[:500])
    ctx.publish("purchase.closed", f"purchase_order:{purchase_order_id}", number=order.number, site_id=order.site_id)
    return after


def reopen(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Expect the rest of a closed order after all. Where it never left, a person sends it or cancels it.

    Raises:
        NotFound: there is no such order.
        Refused: it is not closed.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    check(order.number, order.state, "reopen")
    tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "approved")
    after = _state_anew(ctx, purchase_order_id, sent=order.sent_at is not None)
    _told(ctx, "purchase.reopened", after, reason=reason[:500])
    return after


def _state_anew(ctx: Context, order_id: int, *, sent: bool) -> PurchaseOrder:
    order = order_of(ctx, order_id)
    tables.set_state(ctx.tx, ctx.tenant, order_id, state_by_receipts(order.state, sent, order.lines))
    return order_of(ctx, order_id)


def _told(ctx: Context, action: str, order: PurchaseOrder, **detail: object) -> None:
    ctx.audit(action, f"purchase_order:{order.purchase_order_id}", number=order.number, **detail)
    notify(ctx.tx, "live", "orders")


def _change_faults(
    quantities: Mapping[int, Decimal], known: Mapping[int, PurchaseLine], quanta: Mapping[int, Decimal]
) -> list[Fault]:
    faults: list[Fault] = []
    for number, quantity in quantities.items():
        line = known.get(number)
        if line is None:
            faults.append(Fault("line", f"one of {sorted(known)}", str(number), "Name a line of the order."))
            continue
        if quantity != 0:
            faults += amount_faults(quantity, line.item_id, quanta, f"line {number}, quantity")
        if quantity.is_finite() and quantity < line.received:
            faults.append(Fault(f"line {number}, quantity", f"at least the {plain(line.received)} that came",
                                plain(quantity), "What came has come; send goods back as a return."))  # fmt: skip
    return faults


def _as_it_was(order: PurchaseOrder) -> dict[str, Any]:
    return {
        "expected_at": order.expected_at.isoformat(),
        "lines": [
            [
                line.line,
                plain(line.quantity),
                None if line.confirmed_quantity is None else plain(line.confirmed_quantity),
                None if line.promised_at is None else line.promised_at.isoformat(),
            ]
            for line in order.lines
        ],
    }


def _back_to_what_it_was(ctx: Context, order: PurchaseOrder) -> None:
    order_id = order.purchase_order_id
    if order.answer_to == "cancel":
        tables.set_state(ctx.tx, ctx.tenant, order_id, "approved")
    else:
        was = tables.before_change(ctx.tx, ctx.tenant, order_id)
        if was is not None:
            costs = {line.line: line.unit_cost for line in order.lines}
            for number, quantity, confirmed, promised in was["lines"]:
                tables.change_line(ctx.tx, ctx.tenant, order_id, number, Decimal(quantity), costs[number])
                tables.confirm_line(
                    ctx.tx, ctx.tenant, order_id, number, None if confirmed is None else Decimal(confirmed),
                    None if promised is None else datetime.fromisoformat(promised),
                )  # fmt: skip
            tables.change_order(ctx.tx, ctx.tenant, order_id, expected_at=datetime.fromisoformat(was["expected_at"]))
    _state_anew(ctx, order_id, sent=order.sent_at is not None)
