"""How orders leave the house: which message, to whom, by which way, and how it is called back."""

from __future__ import annotations

from typing import Any, Literal

from shelfwise.access.context import Context
from shelfwise.core.errors import Refused
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import PurchaseOrder
from shelfwise.store.database import values
from shelfwise.work import outbox

What = Literal["order", "change", "cancel"]


def send(ctx: Context, order: PurchaseOrder, what: What) -> bool:
    """Have the supplier told; False where there is no address, and a person has to tell them."""
    ((url, email),) = values(
        ctx.tx,
        "select order_url, email from supplier where tenant_id = %s and supplier_id = %s",
        (ctx.tenant, order.supplier_id),
    )
    if url is None and email is None:
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


def paper_of(ctx: Context, order: PurchaseOrder, what: What = "order") -> dict[str, Any]:
    """What the supplier is told of an order, as JSON: see `orders.paper` for how it looks as a letter."""
    ((account, buyer, deliver_to),) = values(
        ctx.tx,
        """select s.account_number, t.name, w.name
           from supplier s join tenant t using (tenant_id) join site w using (tenant_id)
           where s.tenant_id = %s and s.supplier_id = %s and w.site_id = %s""",
        (ctx.tenant, order.supplier_id, order.site_id),
    )
    return tables.body(order, what) | {"account": account, "buyer": buyer, "deliver_to": deliver_to}


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


def stop(ctx: Context, order: PurchaseOrder) -> None:
    """Whatever still waits to be told of an order is told no more."""
    outbox.withdraw(ctx, key_of(ctx, order))
