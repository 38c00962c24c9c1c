"""Purchase orders once they are approved: sent, confirmed, closed, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders import outgoing
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import PurchaseLine, PurchaseOrder, amount_faults
from shelfwise.orders.purchase_changes import answer, state_anew, take_back_untold_change
from shelfwise.orders.purchase_states import check
from shelfwise.orders.purchases import lock, order_of
from shelfwise.orders.telling import TELL, remember, review, settled, to_come
from shelfwise.records import tables as records_tables
from shelfwise.records.model import amount_of_money_faults, refuse
from shelfwise.work import outbox


@dataclass(frozen=True)
class Confirmed:
    """What the supplier said of a line.

    Attributes:
        quantity: how much will come; None: as ordered.
        promised_at: when; None: as the order says.
        unit_cost: what one unit will cost; None: as ordered.
    """

    line: int
    quantity: Decimal | None = None
    promised_at: datetime | None = None
    unit_cost: Decimal | None = None


def mark_sent(ctx: Context, number: str, revision: int | None = None) -> PurchaseOrder:
    """The supplier has the order, or what was changed of it: told by a person, or delivered from the outbox.

    Told again, nothing changes.

    Args:
        revision: which one the supplier has; None: the newest, and a message that is to bring it still is withdrawn.

    Raises:
        Forbidden: without the right to run planning at its site.
        NotFound: no order has this number.
        Refused: it is a draft, and no earlier version of it is said to have arrived.
    """
    ctx.require_somewhere(Right.RUN_PLANNING)
    found = tables.orders(ctx.tx, ctx.tenant, number=number) if "\x00" not in number else []
    if not found:
        raise NotFound("purchase order", number)
    order = found[0]
    ctx.require(Right.RUN_PLANNING, order.site_id)
    if revision is None:
        # Before the order is locked: whoever delivers the message locks the two in this order.
        outgoing.stop(ctx, order, "order")
    order = lock(ctx, order.purchase_order_id, Right.RUN_PLANNING)
    if order.state == "draft" and revision is None:
        check(order.number, order.state, "send")
    told = order.revision if revision is None else revision
    if (order.sent_revision or 0) >= told:
        return order
    tables.change_order(ctx.tx, ctx.tenant, order.purchase_order_id, sent_revision=told)
    if order.state == "draft":  # cancelled and restored while its letter was on its way; this version is still to go
        after = order_of(ctx, order.purchase_order_id)
        remember(ctx, "purchase.sent", after, revision=told)
        return after
    tables.change_order(ctx.tx, ctx.tenant, order.purchase_order_id, sent_at=order.sent_at or ctx.now)
    if order.state == "approved":
        tables.set_state(ctx.tx, ctx.tenant, order.purchase_order_id, "sent")
    settled(ctx, order.purchase_order_id, TELL, outcome="They have been told.")
    after = order_of(ctx, order.purchase_order_id)
    remember(ctx, "purchase.sent", after, revision=told)
    if order.sent_at is None:
        ctx.publish("purchase.sent", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


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
        if one.unit_cost is not None:
            faults += amount_of_money_faults(one.unit_cost, f"line {one.line}, cost")
        if one.promised_at is not None and one.promised_at.utcoffset() is None:
            faults.append(Fault(f"line {one.line}, date", "an instant with its time zone", str(one.promised_at),
                                "Add the time zone."))  # fmt: skip
    refuse(faults)
    for one in said:
        much = known[one.line].quantity if one.quantity is None else one.quantity
        tables.confirm_line(ctx.tx, ctx.tenant, purchase_order_id, one.line, much, one.promised_at, one.unit_cost)
    if order.sent_at is None:
        outgoing.stop(ctx, order)
        tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, sent_at=ctx.now, sent_revision=order.revision)
    after = state_anew(ctx, purchase_order_id, sent=True)
    review(ctx, after)
    short = [line for line in after.lines if line.owed < line.quantity]
    remember(
        ctx, "purchase.confirmed", after,
        lines=[f"{plain(line.owed)} {line.sku}" for line in after.lines if line.confirmed_quantity is not None],
        costs=[f"{line.cost:f} for {line.sku}, not {line.unit_cost:f}" for line in dearer_or_cheaper(after)],
    )  # fmt: skip
    ctx.publish(
        "purchase.confirmed", f"purchase_order:{purchase_order_id}", **to_come(after),
        short={line.sku: plain(line.quantity - line.owed) for line in short},
    )  # fmt: skip
    return after


def answer_otherwise(ctx: Context, purchase_order_id: int, said: Sequence[Confirmed], note: str = "") -> PurchaseOrder:
    """The supplier agreed to something else than they were asked for: what they said is confirmed instead.

    Raises:
        Invalid: a quantity or a date cannot be right, or there is no such line.
        NotFound: there is no such order.
        Refused: no answer is awaited, or it is in no state to be confirmed.
    """
    order = answer(ctx, purchase_order_id, accepted=False, note=note)
    return confirm(ctx, order.purchase_order_id, said)


def dearer_or_cheaper(order: PurchaseOrder) -> list[PurchaseLine]:
    """The lines that cost other than what they were ordered at."""
    return [line for line in order.lines if line.cost != line.unit_cost]


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
        second_approved_by=None, second_approved_at=None, answer_to=None, asked_at=None, asked=None,
        revision=order.revision + 1, sent_at=None,
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    review(ctx, after)
    remember(ctx, "purchase.restored", after, reason=reason[:500])
    ctx.publish("purchase.restored", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


def close_purchase_order(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Expect no more of an order. What still comes is received all the same, for then it is there.

    A message of it that still waits is withdrawn, and a change that the supplier knows nothing of is taken back with
    it. A change that they know can be answered still.

    Raises:
        NotFound: there is no such order.
        Refused: all of it has been received, or it is a draft or cancelled.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "closed":
        return order
    check(order.number, order.state, "close")
    withdrawn = False
    if order.answer_to is None:
        outgoing.stop(ctx, order)
    else:
        withdrawn = take_back_untold_change(ctx, order)
    tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "closed")
    after = order_of(ctx, purchase_order_id)
    settled(ctx, purchase_order_id, TELL, outcome="The order is closed.")
    review(ctx, after)
    remember(ctx, "purchase.closed", after, reason=reason[:500], change_withdrawn=withdrawn)
    ctx.publish("purchase.closed", f"purchase_order:{after.purchase_order_id}", **to_come(after))
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
    after = state_anew(ctx, purchase_order_id, sent=order.sent_at is not None)
    remember(ctx, "purchase.reopened", after, reason=reason[:500])
    ctx.publish("purchase.reopened", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after
