"""Purchase orders until they leave: drafts, approval by one person or two, taking it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused, shorten
from shelfwise.orders import approval, outgoing
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import PurchaseOrder, amount_faults, name_faults
from shelfwise.orders.purchase_states import check
from shelfwise.orders.purchase_tables import NewLine
from shelfwise.orders.telling import SECOND, lines_said, remember, review, settled, to_come
from shelfwise.records import tables as records_tables
from shelfwise.records.model import amount_of_money_faults, currency_faults, refuse, text_faults
from shelfwise.records.supplier_tables import known_suppliers
from shelfwise.store.database import notify
from shelfwise.work import tasks

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
    line_keys: Sequence[str | None] = (),
    note: str = "",
) -> PurchaseOrder:
    """Order from a supplier, once for each decision: asked again, it returns the order of the first time.

    The order is numbered PO-000001 and on without holes, and approved by the actor. Where that suffices it leaves for
    the supplier, if there is an address; else it waits as a draft for a second person.

    Args:
        lines: (item_id, quantity, unit_cost); cost of one unit in `currency`.
        line_keys: the decision behind each line, for a decision that gathers several; none: that of the order.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier or the site does not exist.
        Refused: the same decision has made an order with other lines.
    """
    ctx.require(Right.DECIDE_PROPOSALS, site_id)
    keys = line_keys or [None] * len(lines)
    new = [NewLine(*line, key) for line, key in zip(lines, keys, strict=True)]
    _check_order(ctx, decision_key, new, currency, expected_at, note)
    _check_ends(ctx, supplier_id, site_id)
    tables.lock_counter(ctx.tx, ctx.tenant, _NUMBERS)
    known = tables.order_of_decision(ctx.tx, ctx.tenant, decision_key)
    if known is not None:
        return _same_order(order_of(ctx, known), supplier_id, site_id, new, currency)
    order_id = _insert(ctx, decision_key, supplier_id, site_id, new, currency, expected_at, note)
    ctx.audit("purchase.placed", f"purchase_order:{order_id}", number=order_of(ctx, order_id).number)
    return approve_purchase_order(ctx, order_id)


def draft_purchase_order(
    ctx: Context,
    *,
    key: str,
    supplier_id: int,
    site_id: int,
    lines: Sequence[tuple[int, Decimal, Decimal]],
    currency: str,
    expected_at: datetime,
    note: str = "",
) -> PurchaseOrder:
    """Write an order by hand that nobody has approved yet; `key` as the decision's of `place_purchase_order`.

    Raises:
        Invalid: a field cannot be right.
        NotFound: the supplier or the site does not exist.
        Refused: the same key has made an order with other lines.
    """
    ctx.require(Right.DECIDE_PROPOSALS, site_id)
    new = [NewLine(*line) for line in lines]
    _check_order(ctx, key, new, currency, expected_at, note)
    _check_ends(ctx, supplier_id, site_id)
    tables.lock_counter(ctx.tx, ctx.tenant, _NUMBERS)
    known = tables.order_of_decision(ctx.tx, ctx.tenant, key)
    if known is not None:
        return _same_order(order_of(ctx, known), supplier_id, site_id, new, currency)
    order_id = _insert(ctx, key, supplier_id, site_id, new, currency, expected_at, note)
    order = order_of(ctx, order_id)
    ctx.audit("purchase.drafted", f"purchase_order:{order_id}", number=order.number, lines=lines_said(order))
    notify(ctx.tx, "live", "orders")
    return order


def edit_draft(
    ctx: Context,
    purchase_order_id: int,
    *,
    lines: Sequence[tuple[int, Decimal, Decimal]],
    expected_at: datetime,
    note: str,
) -> PurchaseOrder:
    """Write a draft anew; an approval it had is void. A line of the same item keeps the decision behind it.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such order.
        Refused: it is no draft.
    """
    before = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    check(before.number, before.state, "edit")
    keys = {line.item_id: line.decision_key for line in before.lines}
    new = [NewLine(*line, keys.pop(line[0], None)) for line in lines]
    _check_order(ctx, before.decision_key, new, before.currency, expected_at, note)
    no_second(ctx, purchase_order_id)
    _remove_lines(ctx, before)
    tables.put_lines(ctx.tx, ctx.tenant, purchase_order_id, new)
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, expected_at=expected_at, note=note, approved_by=None, approved_at=None,
        second_needed=None,
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    remember(ctx, "purchase.edited", after, before=lines_said(before), after=lines_said(after))
    return after


def merge_drafts(ctx: Context, purchase_order_ids: Sequence[int]) -> PurchaseOrder:
    """Make one draft of several for the same supplier, site and currency: the oldest takes the others' lines.

    The others are cancelled and keep their numbers, so that numbers have no holes.

    Raises:
        NotFound: there is no such order.
        Refused: one is no draft, or they differ in supplier, site or currency.
    """
    drafts = [lock(ctx, order_id, Right.DECIDE_PROPOSALS) for order_id in sorted(set(purchase_order_ids))]
    if len(drafts) < 2:
        raise Refused("It takes two drafts at least to make one of them.")
    first, *others = drafts
    for draft in drafts:
        check(draft.number, draft.state, "edit")
        no_second(ctx, draft.purchase_order_id)
        if (draft.supplier_id, draft.site_id, draft.currency) != (first.supplier_id, first.site_id, first.currency):
            raise Refused(f"{draft.number} and {first.number} differ in supplier, site or currency. Merge alike ones.")
    lines = [NewLine(one.item_id, one.quantity, one.unit_cost, one.decision_key) for d in drafts for one in d.lines]
    for other in others:
        _remove_lines(ctx, other)
        tables.set_state(ctx.tx, ctx.tenant, other.purchase_order_id, "cancelled")
        remember(ctx, "purchase.merged", other, into=first.number, lines=lines_said(other))
    _remove_lines(ctx, first)
    tables.put_lines(ctx.tx, ctx.tenant, first.purchase_order_id, lines)
    tables.change_order(
        ctx.tx, ctx.tenant, first.purchase_order_id, approved_by=None, approved_at=None, second_needed=None,
        expected_at=min(draft.expected_at for draft in drafts),
        note="\n".join(draft.note for draft in drafts if draft.note)[:500],
    )  # fmt: skip
    after = order_of(ctx, first.purchase_order_id)
    remember(ctx, "purchase.edited", after, before=lines_said(first), after=lines_said(after))
    return after


def approve_purchase_order(ctx: Context, purchase_order_id: int) -> PurchaseOrder:
    """Approve a draft. Above the actor's limit, or above a budget, it then waits for a second person.

    Approved again by the same person, nothing changes.

    Raises:
        Forbidden: the actor may not decide at the site, or, as the second, not approve purchases.
        NotFound: there is no such order.
        Refused: it is no draft or has no lines, or the actor cannot be the second.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "approved" and ctx.actor.by in (order.approved_by, order.second_approved_by):
        return order
    check(order.number, order.state, "approve")
    if not order.lines:
        raise Refused(f"{order.number} has no lines. Add what to order, or cancel it.")
    if order.approved_by is None:
        why = approval.second_needed(ctx, purchase_order_id, order.site_id, order.total, order.currency)
        tables.change_order(
            ctx.tx, ctx.tenant, purchase_order_id, approved_by=ctx.actor.by, approved_at=ctx.now, second_needed=why
        )
        if why is not None:
            waiting = order_of(ctx, purchase_order_id)
            remember(ctx, "purchase.second_asked", waiting, why=why)
            _ask_for_a_second(ctx, waiting, why)
            ctx.publish(
                "purchase.second_asked",
                f"purchase_order:{waiting.purchase_order_id}",
                **to_come(waiting),
                why=why,
                first=ctx.actor.by,
            )
            return waiting
    else:
        ctx.require(Right.APPROVE_PURCHASES, order.site_id)
        approval.may_be_second(ctx, order.approved_by, order.total, order.currency)
        tables.change_order(
            ctx.tx, ctx.tenant, purchase_order_id, second_approved_by=ctx.actor.by, second_approved_at=ctx.now
        )
        no_second(ctx, purchase_order_id)
    tables.set_state(ctx.tx, ctx.tenant, purchase_order_id, "approved")
    approved = order_of(ctx, purchase_order_id)
    told = outgoing.send(ctx, approved, "order" if approved.sent_revision is None else "change")
    remember(
        ctx, "purchase.approved", approved, total=f"{approved.total:f}", lines=lines_said(approved),
        supplier_is_told=told,
    )  # fmt: skip
    ctx.publish("purchase.placed", f"purchase_order:{approved.purchase_order_id}", **to_come(approved))
    return approved


def take_back_approval(ctx: Context, purchase_order_id: int, reason: str) -> PurchaseOrder:
    """Make a draft of an approved order that has not left the house.

    Raises:
        NotFound: there is no such order.
        Refused: it has been sent, or is being sent at this moment.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state == "draft" and order.approved_by is None:
        return order
    if order.state != "draft":
        check(order.number, order.state, "take_back")
        outgoing.recall(ctx, order)
    no_second(ctx, purchase_order_id)
    tables.change_order(
        ctx.tx, ctx.tenant, purchase_order_id, state="draft", approved_by=None, approved_at=None, second_needed=None,
        second_approved_by=None, second_approved_at=None, revision=order.revision + 1,
    )  # fmt: skip
    after = order_of(ctx, purchase_order_id)
    review(ctx, after)
    remember(ctx, "purchase.taken_back", after, reason=reason[:500])
    ctx.publish("purchase.taken_back", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


def take_lines_out(ctx: Context, purchase_order_id: int, decision_keys: Collection[str]) -> PurchaseOrder:
    """Take the lines of decisions that were taken back out of an order that has not left the house.

    Whoever approved the order has approved what is left of it, so the approvals stand.

    Raises:
        NotFound: there is no such order.
        Refused: it has been sent, or is being sent at this moment.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    left = [
        NewLine(line.item_id, line.quantity, line.unit_cost, line.decision_key)
        for line in order.lines
        if line.decision_key not in decision_keys
    ]
    if order.state != "draft":
        check(order.number, order.state, "take_back")
        outgoing.recall(ctx, order)
    _remove_lines(ctx, order)
    tables.put_lines(ctx.tx, ctx.tenant, purchase_order_id, left)
    tables.change_order(ctx.tx, ctx.tenant, purchase_order_id, revision=order.revision + 1)
    after = order_of(ctx, purchase_order_id)
    if after.state == "approved":
        outgoing.send(ctx, after, "order" if after.sent_revision is None else "change")
    elif after.waits_for_second:
        _ask_for_a_second(ctx, after, after.second_needed or "")
    remember(ctx, "purchase.lines_taken_out", after, before=lines_said(order), after=lines_said(after))
    ctx.publish("purchase.changed", f"purchase_order:{after.purchase_order_id}", **to_come(after))
    return after


def _remove_lines(ctx: Context, order: PurchaseOrder) -> None:
    """
    Raises:
        Refused: goods came for it once, even if that was taken back: receipts tell of its lines.
    """
    if tables.was_received(ctx.tx, ctx.tenant, order.purchase_order_id):
        raise Refused(
            f"Goods were received for {order.number} and taken back, so its lines stay as they are. Approve it as it "
            "is, or cancel it and write another order."
        )
    tables.remove_lines(ctx.tx, ctx.tenant, order.purchase_order_id)


def no_second(ctx: Context, purchase_order_id: int) -> None:
    """Nobody is asked any more to be the second who approves an order."""
    settled(ctx, purchase_order_id, SECOND, outcome="It is decided.")


def _ask_for_a_second(ctx: Context, order: PurchaseOrder, why: str) -> None:
    tasks.open_task(
        ctx,
        kind=SECOND,
        subject=f"purchase_order:{order.purchase_order_id}",
        site_id=order.site_id,
        title=f"Approve {order.number} to {order.supplier}, for {order.total:,.2f} {order.currency}",
        detail=f"{order.approved_by} has approved it, and it takes a second person.",
        why=why,
        link=f"/orders/{order.purchase_order_id}",
        role="manager",
        due_at=ctx.now + timedelta(days=1),
    )


def lock(ctx: Context, purchase_order_id: int, right: Right) -> PurchaseOrder:
    """The order, locked until this transaction ends, with the right checked at its site.

    Raises:
        Forbidden: without the right at its site.
        NotFound: there is no such order.
    """
    ctx.require_somewhere(right)
    order = order_of(ctx, purchase_order_id)
    ctx.require(right, order.site_id)
    # Its messages before the order: whoever delivers one locks the two in this order.
    outgoing.lock(ctx, order)
    tables.lock_order(ctx.tx, ctx.tenant, purchase_order_id)
    return order_of(ctx, purchase_order_id)


def order_of(ctx: Context, purchase_order_id: int) -> PurchaseOrder:
    """The order as it is now.

    Raises:
        NotFound: there is no such order.
    """
    found = tables.orders(ctx.tx, ctx.tenant, order_id=purchase_order_id)
    if not found:
        raise NotFound("purchase order", purchase_order_id)
    return found[0]


def _insert(
    ctx: Context,
    decision_key: str,
    supplier_id: int,
    site_id: int,
    lines: Sequence[NewLine],
    currency: str,
    expected_at: datetime,
    note: str,
) -> int:
    return tables.insert_order(
        ctx.tx,
        ctx.tenant,
        number=f"PO-{tables.next_number(ctx.tx, ctx.tenant, _NUMBERS):06d}",
        supplier_id=supplier_id,
        site_id=site_id,
        decision_key=decision_key,
        currency=currency,
        created_by=ctx.actor.by,
        created_at=ctx.now,
        expected_at=expected_at,
        note=note,
        lines=lines,
    )


def _check_ends(ctx: Context, supplier_id: int, site_id: int) -> None:
    if not known_suppliers(ctx.tx, ctx.tenant, [supplier_id]):
        raise NotFound("supplier", supplier_id)
    if records_tables.site_by_id(ctx.tx, ctx.tenant, site_id) is None:
        raise NotFound("site", site_id)


def _check_order(
    ctx: Context,
    decision_key: str,
    lines: Sequence[NewLine],
    currency: str,
    expected_at: datetime,
    note: str,
) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {line.item_id for line in lines})
    faults = [*name_faults(decision_key, "decision_key"), *currency_faults(currency)]
    faults += text_faults(note.replace("\n", " ").replace("\r", " "), "note")
    if not lines:
        faults.append(Fault("lines", "at least one line", "none", "Say what to order."))
    if expected_at.utcoffset() is None:
        faults.append(Fault("expected_at", "an instant with its time zone", str(expected_at), "Add the time zone."))
    for row, line in enumerate(lines, 1):
        faults += amount_faults(line.quantity, line.item_id, quanta, f"line {row}, quantity")
        faults += amount_of_money_faults(line.unit_cost, f"line {row}, unit_cost")
    refuse(faults)


def _same_order(
    order: PurchaseOrder, supplier_id: int, site_id: int, lines: Sequence[NewLine], currency: str
) -> PurchaseOrder:
    stored = [(line.item_id, line.quantity, line.unit_cost) for line in order.lines]
    told = [(line.item_id, line.quantity, line.unit_cost) for line in lines]
    same = (order.supplier_id, order.site_id, order.currency) == (supplier_id, site_id, currency)
    if not same or stored != told:
        raise Refused(
            f"This decision has made {order.number}, with other lines or another supplier. "
            f"Make a new decision for what should be ordered besides. ({shorten(order.decision_key)})"
        )
    return order
