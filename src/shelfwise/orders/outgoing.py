"""How orders leave the house: which message, to whom, by which way, and how it is called back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from shelfwise.access.context import Context
from shelfwise.access.model import Role
from shelfwise.core.errors import Refused
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.telling import TELL
from shelfwise.store.database import values
from shelfwise.work import outbox, tasks

What = Literal["order", "change", "cancel"]
_TO_TELL: dict[What, str] = {
    "order": "Send {number} to {supplier}",
    "change": "Ask {supplier} to change {number}",
    "cancel": "Ask {supplier} to cancel {number}",
}


def send(ctx: Context, order: PurchaseOrder, what: What) -> bool:
    """Have the supplier told; False where there is no address: then a person is asked to tell them."""
    ((url, email),) = values(
        ctx.tx,
        "select order_url, email from supplier where tenant_id = %s and supplier_id = %s",
        (ctx.tenant, order.supplier_id),
    )
    if url is None and email is None:
        _ask_a_person(ctx, order, what)
        return False
    outbox.enqueue(
        ctx,
        key_of(ctx, order, what),
        url or f"mailto:{email}",
        paper_of(ctx, order, what),
        channel="mail" if url is None else "http",
        repeatable=url is not None,
        link=f"/orders/{order.purchase_order_id}",
        site_id=order.site_id,
    )
    return True


def _ask_a_person(ctx: Context, order: PurchaseOrder, what: What) -> None:
    tasks.open_task(
        ctx,
        kind=TELL,
        subject=f"purchase_order:{order.purchase_order_id}",
        site_id=order.site_id,
        title=_TO_TELL[what].format(number=order.number, supplier=order.supplier),
        detail="Print it or read it out, then say on its page that you have told them.",
        why=f"Shelfwise has no address for orders to {order.supplier}, so nobody has told them.",
        link=f"/orders/{order.purchase_order_id}",
        role=Role.PLANNER.value,
        due_at=ctx.now + timedelta(days=1),
    )


def paper_of(ctx: Context, order: PurchaseOrder, what: What = "order") -> dict[str, Any]:
    """What the supplier is told of an order, as JSON: see `orders.paper` for how it looks as a letter."""
    with ctx.tx.cursor(row_factory=dict_row) as cursor:
        (ends,) = cursor.execute(
            """select s.account_number as account, s.address as supplier_address, s.numbers,
                   t.name as buyer, t.address as buyer_address, t.tax_number as buyer_tax_number,
                   t.contact as buyer_contact, w.name as deliver_to, w.address as deliver_to_address, w.time_zone
               from supplier s join tenant t using (tenant_id) join site w using (tenant_id)
               where s.tenant_id = %s and s.supplier_id = %s and w.site_id = %s""",
            (ctx.tenant, order.supplier_id, order.site_id),
        ).fetchall()
    # The day at the site: an instant in UTC may lie on another one.
    day = order.expected_at.astimezone(ZoneInfo(ends.pop("time_zone"))).date()
    return tables.body(order, what) | ends | {"expected_on": day.isoformat()}


def question_of(ctx: Context, order: PurchaseOrder) -> dict[str, Any]:
    """What the supplier is to read of an order now: what they are asked for, else the order as it stands."""
    match order.answer_to:
        case "change":
            return paper_of(ctx, order.as_asked, "change")
        case "cancel":
            return paper_of(ctx, order, "cancel")
        case _:
            return paper_of(ctx, order)


def key_of(ctx: Context, order: PurchaseOrder, what: What = "order") -> str:
    """Under which key a supplier is told; the same over all attempts, another for each thing there is to tell."""
    installation = tables.installation(ctx.tx, ctx.tenant)
    name = order.number if order.revision == 1 else f"{order.number}.{order.revision}"
    return f"{name}.cancel@{installation}" if what == "cancel" else f"{name}@{installation}"


def message_of(ctx: Context, order: PurchaseOrder) -> outbox.Message | None:
    """The newest thing the supplier is being told of an order; None where there was no address."""
    cancel = outbox.message(ctx, key_of(ctx, order, "cancel"))
    return cancel or outbox.message(ctx, key_of(ctx, order))


def lock(ctx: Context, order: PurchaseOrder) -> None:
    """Lock what the supplier is being told of an order, until this transaction ends."""
    outbox.lock(ctx, [key_of(ctx, order), key_of(ctx, order, "cancel")])


def recall(ctx: Context, order: PurchaseOrder) -> None:
    """Take back what has not begun to leave.

    Raises:
        Refused: it has left, is leaving at this moment, or may have arrived.
    """
    message = outbox.message(ctx, key_of(ctx, order))
    if message is not None and not outbox.recall(ctx, message.idempotency_key):
        raise Refused(
            f"{order.number} is on its way to {order.supplier}, or has arrived there. Cancel it instead, and "
            f"{order.supplier} is told."
        )


def never_left(ctx: Context, order: PurchaseOrder, what: What = "change") -> bool:
    """Whether the supplier certainly knows nothing of the newest thing about an order, and now never will."""
    message = outbox.message(ctx, key_of(ctx, order, what))
    if message is None:
        return (order.sent_revision or 0) < order.revision
    return outbox.recall(ctx, message.idempotency_key)


def stop(ctx: Context, order: PurchaseOrder, *whats: What) -> None:
    """What still waits to be told of an order, or may have been told, is not told again; all of it or `whats`.

    What is leaving at this moment may arrive all the same, and then it is noted.
    """
    for what in whats or ("order", "cancel"):
        outbox.withdraw(ctx, key_of(ctx, order, what))
