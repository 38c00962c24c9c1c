"""What we ask of a supplier who has an order: other quantities, or not to send it at all; and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders import approval, outgoing
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import UNDER_WAY, Asked, PurchaseLine, PurchaseOrder, amount_faults
from shelfwise.orders.purchase_states import check, state_by_receipts
from shelfwise.orders.purchases import lock, no_second, order_of
from shelfwise.orders.telling import lines_said, remember, review, to_come
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.work import outbox


def change_sent(
    ctx: Context, purchase_order_id: int, quantities: Mapping[int, Decimal], expected_at: datetime, reason: str
) -> PurchaseOrder:
    """Ask a supplier who has an order for other quantities or another day.

    The order stands as it is, and counts so for planning, until they have answered. Where there is no address, a person
    is asked to ask them.

    Args:
        quantities: by line; not below what has come already. A line of 0 units is not wanted any more.

    Raises:
        Invalid: a quantity cannot be right, or there is no such line.
        NotFound: there is no such order.
        Refused: it is in no state to be changed, an answer is awaited already, nothing would be left of it or other
            than it is, or it needs a second person: make a new order for what goes beyond.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    check(order.number, order.state, "change")
    if order.answer_to is not None:
        raise Refused(f"{order.supplier} has not answered the last change of {order.number}. Note the answer first.")
    known = {line.line: line for line in order.lines}
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {line.item_id for line in order.lines})
    refuse(_change_faults(quantities, known, quanta))
    if all(quantities.get(line.line, line.owed) == 0 for line in order.lines):
        raise Refused(f"Nothing would be left of {order.number}. Cancel it instead, and {order.supplier} is told so.")
    wanted = {number: quantity for number, quantity in quantities.items() if quantity != known[number].owed}
    if not wanted and expected_at == order.expected_at:
        raise Refused(f"That is what {order.number} says already. Change a quantity or the day.")
    asked = Asked(expected_at, wanted)
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, revision=order.revision + 1, answer_to="change", asked_at=ctx.now,
        asked=Jsonb(tables.asked_as_stored(asked)),
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    if after.as_asked.total > order.total:
        would_be = after.as_asked
        why = approval.second_needed(ctx, purchase_order_id, after.site_id, would_be.total, after.currency)
        if why is not None:
            raise Refused(f"{why} Put what is wanted besides on an order of its own, for a second person to approve.")
    _asked(ctx, after, "change", reason, before=lines_said(order), after=lines_said(after.as_asked))
    return after


def cancel(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Order it no more. A supplier who has it, or may have it, is asked, and it stands until they have answered.

    A change that the supplier knows nothing of yet is taken back with it; one that they know waits for its answer,
    should they refuse to cancel. Asked again, nothing changes. What comes all the same is received as usual.

    Raises:
        NotFound: there is no such order.
        Refused: goods have come already.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "cancelled" or order.answer_to == "cancel":
        return order
    check(order.number, order.state, "cancel")
    no_second(ctx, purchase_order_id)
    gone = order.sent_at is not None
    if order.answer_to == "change":
        take_back_untold_change(ctx, order)
    message = outgoing.message_of(ctx, order)
    if order.state == "approved" and message is not None and not outbox.recall(ctx, message.idempotency_key):
        gone = gone or message.state != "withdrawn" or outbox.may_have_arrived(ctx, message.outbox_id)
    # Tried again, or sent as a copy, it would reach the supplier after the cancellation, as if it were wanted anew.
    outgoing.stop(ctx, order)
    tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, revision=order.revision + 1)
    if gone:
        tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, answer_to="cancel", asked_at=ctx.now)
        after = order_of(ctx, purchase_order_id)
        _asked(ctx, after, "cancel", reason)
        return after
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, state="cancelled", answer_to=None, asked_at=None, asked=None
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    review(ctx, after)
    remember(ctx, "purchase.cancelled", after, reason=reason[:500])
    ctx.publish("purchase.cancelled", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


def _asked(ctx: Context, order: PurchaseOrder, what: Literal["change", "cancel"], reason: str, **said: object) -> None:
    """Have the supplier asked, and tell so."""
    told = outgoing.send(ctx, order.as_asked if what == "change" else order, what)
    review(ctx, order)
    remember(ctx, "purchase.asked", order, what=what, **said, reason=reason[:500], supplier_is_told=told)
    ctx.publish("purchase.asked", f"purchase_order:{order.purchase_order_id}", **to_come(order), what=what)


def answer(ctx: Context, purchase_order_id: int, accepted: bool, note: str = "") -> PurchaseOrder:
    """The supplier answered a change or a cancellation; refused, the order stands as it was.

    Where a change waited for its answer when the order was to be cancelled, a refused cancellation leaves that question
    open. Of a cancelled order nothing has come; where something has, it is closed instead.

    Raises:
        NotFound: there is no such order.
        Refused: no answer is awaited.
    """
    order = lock(ctx, purchase_order_id, Right.RUN_PLANNING)
    if order.answer_to is None:
        raise Refused(f"{order.supplier} was asked nothing about {order.number} that is not answered.")
    check(order.number, order.state, "answer")
    # Whoever answers has been told, however that was; a letter that waited would ask them for it again.
    outgoing.stop(ctx, order)
    tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, sent_revision=order.revision)
    if order.answer_to == "change" and accepted:
        _change(ctx, order)
    if order.answer_to == "cancel" and accepted and order.state in UNDER_WAY:
        came = any(line.received > 0 for line in order.lines)
        tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "closed" if came else "cancelled")
    if order.answer_to == "cancel" and not accepted and order.asked is not None:
        tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, answer_to="change", asked_at=ctx.now)
    else:
        _settled(ctx, purchase_order_id)
    after = state_anew(ctx, purchase_order_id, sent=order.sent_at is not None)
    review(ctx, after)
    remember(ctx, "purchase.answered", after, to=order.answer_to, accepted=accepted, note=note[:500])
    subject = f"purchase_order:{after.purchase_order_id}"
    ctx.publish("purchase.answered", subject, **to_come(after), to=order.answer_to, accepted=accepted)
    if accepted and order.answer_to == "cancel":
        ctx.publish("purchase.cancelled", subject, **to_come(after))
    elif accepted:
        ctx.publish("purchase.changed", subject, **to_come(after))
    return after


def take_back_question(ctx: Context, purchase_order_id: int) -> PurchaseOrder:
    """What the supplier was to be asked is not asked after all, while it has not left.

    Raises:
        NotFound: there is no such order.
        Refused: nothing is asked, or they know of it, or may.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.answer_to is None:
        raise Refused(f"{order.supplier} is asked nothing about {order.number} that is not answered.")
    if order.state == "approved":
        raise Refused(
            f"{order.supplier} may have {order.number} by now, or not: its message was stopped on the way. Ask them, "
            "and note what they say."
        )
    if not outgoing.never_left(ctx, order, "cancel" if order.answer_to == "cancel" else "change"):
        raise Refused(
            f"{order.supplier} has been asked, or may have been. Tell them that {order.number} stands as it was, and "
            "note as their answer that it does."
        )
    if order.answer_to == "cancel" and order.asked is not None:
        tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, answer_to="change", asked_at=ctx.now)
    else:
        _settled(ctx, purchase_order_id)
    after = order_of(ctx, purchase_order_id)
    review(ctx, after)
    remember(ctx, "purchase.question_taken_back", after, what=order.answer_to)
    ctx.publish("purchase.answered", f"purchase_order:{after.purchase_order_id}", **to_come(after), to=order.answer_to,
                accepted=False)  # fmt: skip
    return after


def take_back_untold_change(ctx: Context, order: PurchaseOrder) -> bool:
    """A change that the supplier knows nothing of is not asked for; False where they know, or may."""
    if not outgoing.never_left(ctx, order):
        return False
    _settled(ctx, order.purchase_order_id)
    return True


def _settled(ctx: Context, order_id: int) -> None:
    tables.change_order(ctx.tx, ctx.tenant, order_id, answer_to=None, asked_at=None, asked=None)


def _change(ctx: Context, order: PurchaseOrder) -> None:
    """The order says from now on what the supplier has agreed to."""
    would_be = order.as_asked
    for was, line in zip(order.lines, would_be.lines, strict=True):
        if line != was:
            tables.change_line(ctx.tx, ctx.tenant, order.purchase_order_id, line.line, line.quantity, line.unit_cost)
    tables.change_order(ctx.tx, ctx.tenant, order.purchase_order_id, expected_at=would_be.expected_at)


def state_anew(ctx: Context, order_id: int, *, sent: bool) -> PurchaseOrder:
    """The order in the state that follows from what has come of it."""
    order = order_of(ctx, order_id)
    tables.set_state(ctx.tx, ctx.tenant, order_id, state_by_receipts(order.state, sent, order.lines))
    return order_of(ctx, order_id)


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
