"""Files that belong to a purchase order: an offer, a delivery note, a photograph of what came broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.orders.model import PurchaseOrder
from shelfwise.orders.purchases import order_of
from shelfwise.store.database import first, notify, rows, value

LARGEST = 10_000_000
LONGEST_NAME = 200


@dataclass(frozen=True)
class Attachment:
    """A file of an order, without its content; `size` in bytes."""

    attachment_id: int
    file_name: str
    size: int
    added_by: str
    added_at: datetime


@dataclass(frozen=True)
class _Content:
    file_name: str
    content: bytes


def require_attaching(ctx: Context, purchase_order_id: int) -> PurchaseOrder:
    """
    Raises:
        Forbidden: the actor neither decides about orders nor receives goods at its site.
        NotFound: there is no such order.
    """
    if not (ctx.actor.may_somewhere(Right.DECIDE_PROPOSALS) or ctx.actor.may_somewhere(Right.RECEIVE_GOODS)):
        ctx.require_somewhere(Right.RECEIVE_GOODS)
    order = order_of(ctx, purchase_order_id)
    if not ctx.actor.may(Right.DECIDE_PROPOSALS, order.site_id):
        ctx.require(Right.RECEIVE_GOODS, order.site_id)
    return order


def add_attachment(ctx: Context, purchase_order_id: int, file_name: str, content: bytes) -> int:
    """Keep a file with an order; returns its id.

    Raises:
        Forbidden: the actor neither decides about orders nor receives goods at its site.
        Invalid: it is empty or larger than 10 MB, or its name cannot be right.
        NotFound: there is no such order.
    """
    order = require_attaching(ctx, purchase_order_id)
    name = file_name.replace("\\", "/").rpartition("/")[2].strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(Fault("file", f"a name of 1 to {LONGEST_NAME} characters", repr(name[:40]), "Rename the file."))
    if not 0 < len(content) <= LARGEST:
        raise Invalid(Fault("file", "1 byte to 10 MB", f"{len(content):,} bytes", "Choose a smaller file."))
    attachment_id: int = value(
        ctx.tx,
        """insert into attachment (tenant_id, purchase_order_id, file_name, content, added_by, added_at)
           values (%s, %s, %s, %s, %s, %s) returning attachment_id""",
        (ctx.tenant, purchase_order_id, name, content, ctx.actor.by, ctx.now),
    )
    ctx.audit("purchase.file_added", f"purchase_order:{purchase_order_id}", number=order.number, file=name)
    notify(ctx.tx, "live", "orders")
    return attachment_id


def attachments(ctx: Context, purchase_order_id: int) -> list[Attachment]:
    """The files of an order, oldest first.

    Raises:
        NotFound: there is no such order.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, order_of(ctx, purchase_order_id).site_id)
    return rows(
        ctx.tx,
        Attachment,
        """select attachment_id, file_name, length(content) as size, added_by, added_at from attachment
           where tenant_id = %s and purchase_order_id = %s order by attachment_id""",
        (ctx.tenant, purchase_order_id),
    )


def attachment(ctx: Context, purchase_order_id: int, attachment_id: int) -> tuple[str, bytes]:
    """Name and content of a file of an order.

    Raises:
        NotFound: there is no such order, or it has no such file.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, order_of(ctx, purchase_order_id).site_id)
    found = first(
        ctx.tx,
        _Content,
        """select file_name, content from attachment
           where tenant_id = %s and purchase_order_id = %s and attachment_id = %s""",
        (ctx.tenant, purchase_order_id, attachment_id),
    )
    if found is None:
        raise NotFound("file of this order", attachment_id)
    return found.file_name, found.content
