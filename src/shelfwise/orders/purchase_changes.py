"""What we ask of a supplier who has an order: other quantities, or not to send it at all; and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Refused
from shelfwise.core.quantities import plain
from shelfwise.orders import approval, outgoing
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import PurchaseLine, PurchaseOrder, amount_faults
from shelfwise.orders.purchase_states import check, state_by_receipts
from shelfwise.orders.purchases import lock, no_second, order_of
from shelfwise.orders.telling import lines_said, remember, review, to_come
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.work import outbox


def change_sent(
    ctx: Context, purchase_order_id: int, quantities: Mapping[int, Decimal], expected_at: datetime, reason: str
) -> PurchaseOrder:
    """Order other quantities than the supplier was sent; the supplier is told and has to answer.

    Where there is no address, a person is asked to tell them.

    Args:
        quantities: by line; not below what has come already. A line of 0 units is not wanted any more.

    Raises:
        Invalid: a quantity cannot be right, or there is no such line.
        NotFound: there is no such order.
        Refused: it is in no state to be changed, an answer is awaited already, nothing would be left of it, or it
            needs a second person: make a new order for what goes beyond.
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
    for number, quantity in quantities.items():
        line = known[number]
        if quantity != line.owed:
            tables.change_line(ctx.tx, ctx.tenant, purchase_order_id, number, quantity, line.cost)
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, expected_at=expected_at, revision=order.revision + 1,
        answer_to="change", asked_at=ctx.now, before_change=Jsonb(_as_it_was(order)),
    )  # fmt: skip
    after = state_anew(ctx, purchase_order_id, sent=True)
    if after.total > order.total:
        why = approval.second_needed(ctx, purchase_order_id, after.site_id, after.total, after.currency)
        if why is not None:
            raise Refused(f"{why} Put what is wanted besides on an order of its own, for a second person to approve.")
    told = outgoing.send(ctx, after, "change")
    review(ctx, after)
    remember(
        ctx, "purchase.changed", after, before=lines_said(order), after=lines_said(after), reason=reason[:500],
        supplier_is_told=told,
    )  # fmt: skip
    ctx.publish("purchase.changed", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


def cancel(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Order it no more. A supplier who has it, or may have it, is told and has to answer.

    A change that the supplier knows nothing of yet is taken back with it; one that they know waits for its answer,
    should they refuse to cancel. Cancelled again, nothing changes. What comes all the same is received as usual.

    Raises:
        NotFound: there is no such order.
        Refused: goods have come already.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "cancelled":
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
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, state="cancelled", answer_to="cancel" if gone else None,
        asked_at=ctx.now if gone else None, revision=order.revision + 1,
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    told = gone and outgoing.send(ctx, after, "cancel")
    review(ctx, after)
    remember(ctx, "purchase.cancelled", after, reason=reason[:500], supplier_is_told=told)
    ctx.publish("purchase.cancelled", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


def answer(ctx: Context, purchase_order_id: int, accepted: bool, note: str = "") -> PurchaseOrder:
    """The supplier answered a change or a cancellation; refused, the order stands as it was before.

    Where a change waited for its answer when the order was cancelled, a refused cancellation leaves that question open.

    Raises:
        NotFound: there is no such order.
        Refused: no answer is awaited.
    """
    order = lock(ctx, purchase_order_id, Right.RUN_PLANNING)
    if order.answer_to is None:
        raise Refused(f"{order.supplier} was asked nothing about {order.number} that is not answered.")
    check(order.number, order.state, "answer")
    before = tables.before_change(ctx.tx, ctx.tenant, purchase_order_id)
    # Whoever answers has been told, however that was; a letter that waited would ask them for it again.
    outgoing.stop(ctx, order)
    tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, sent_revision=order.revision)
    if order.answer_to == "cancel" and not accepted:
        tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "approved")
        asked_before = None if before is None else "change"
        tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, answer_to=asked_before, asked_at=ctx.now)
    else:
        if not accepted:
            _put_back(ctx, order, before)
        tables.change_order(
            ctx.tx, ctx.tenant, purchase_order_id, answer_to=None, asked_at=None, before_change=None
        )  # fmt: skip
    after = state_anew(ctx, purchase_order_id, sent=order.sent_at is not None)
    review(ctx, after)
    remember(ctx, "purchase.answered", after, to=order.answer_to, accepted=accepted, note=note[:500])
    ctx.publish(
        "purchase.answered",
        f"purchase_order:{after.purchase_order_id}",
        **to_come(after),
        to=order.answer_to,
        accepted=accepted,
    )
    return after


def take_back_untold_change(ctx: Context, order: PurchaseOrder) -> bool:
    """An order with a change that its supplier knows nothing of is as before; False where they know, or may."""
    if not outgoing.never_left(ctx, order):
        return False
    order_id = order.purchase_order_id
    _put_back(ctx, order, tables.before_change(ctx.tx, ctx.tenant, order_id))
    tables.change_order(ctx.tx, ctx.tenant, order_id, answer_to=None, asked_at=None, before_change=None)
    return True


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


def _as_it_was(order: PurchaseOrder) -> dict[str, Any]:
    return {
        "expected_at": order.expected_at.isoformat(),
        "lines": [
            {
                "line": line.line,
                "quantity": plain(line.quantity),
                "unit_cost": plain(line.unit_cost),
                "confirmed_quantity": None if line.confirmed_quantity is None else plain(line.confirmed_quantity),
                "promised_at": None if line.promised_at is None else line.promised_at.isoformat(),
                "confirmed_cost": None if line.confirmed_cost is None else plain(line.confirmed_cost),
            }
            for line in order.lines
        ],
    }


def _put_back(ctx: Context, order: PurchaseOrder, before: dict[str, Any] | None) -> None:
    if before is None:
        return
    order_id = order.purchase_order_id
    costs = {line.line: plain(line.unit_cost) for line in order.lines}
    for told in before["lines"]:
        was = told
        if isinstance(told, list):  # as it was written before costs could change
            was = dict(zip(("line", "quantity", "confirmed_quantity", "promised_at"), told, strict=True))
        number = was["line"]
        cost = Decimal(was.get("unit_cost", costs[number]))
        tables.change_line(ctx.tx, ctx.tenant, order_id, number, Decimal(was["quantity"]), cost)
        tables.confirm_line(
            ctx.tx, ctx.tenant, order_id, number, _number(was["confirmed_quantity"]),
            None if was["promised_at"] is None else datetime.fromisoformat(was["promised_at"]),
            _number(was.get("confirmed_cost")),
        )  # fmt: skip
    tables.change_order(ctx.tx, ctx.tenant, order_id, expected_at=datetime.fromisoformat(before["expected_at"]))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
