"""Purchase orders that were decided before Shelfwise: taken over as they stand, with their own numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.approval import our_currency
from shelfwise.store.database import notify, run, values

_OURS = re.compile(r"PO-(\d{1,15})$")


@dataclass(frozen=True)
class TakenOverLine:
    """A line; `received` of it have come already, and are counted with the stock."""

    line: int
    item_id: int
    quantity: Decimal
    received: Decimal
    unit_cost: Decimal


@dataclass(frozen=True)
class TakenOver:
    """An order that a supplier knows already, or a draft; `currency` None: ours."""

    number: str
    supplier_id: int
    site_id: int
    state: str
    currency: str | None
    ordered_at: datetime
    expected_at: datetime
    note: str
    lines: Sequence[TakenOverLine]


def take_over(ctx: Context, orders: Sequence[TakenOver]) -> None:
    """Put orders into the books as they stand: nobody approves them again, and nothing is sent to suppliers.

    What has come of them already moves no stock: it is counted with the stock. Numbers are to be new.

    Raises:
        Forbidden: without the right to order at one of their sites.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    for site_id in sorted({one.site_id for one in orders}):
        ctx.require(Right.DECIDE_PROPOSALS, site_id)
    if not orders:
        return
    ours = our_currency(ctx)
    for one in orders:
        order_id = tables.insert_order(
            ctx.tx, ctx.tenant, number=one.number, supplier_id=one.supplier_id, site_id=one.site_id,
            decision_key=f"taken_over:{one.number}", currency=one.currency or ours, created_by=ctx.actor.by,
            created_at=one.ordered_at, expected_at=one.expected_at, note=one.note, lines=[],
        )  # fmt: skip
        if one.state != "draft":
            told = None if one.state == "approved" else one.ordered_at
            tables.change_order(
                ctx.tx, ctx.tenant, order_id, state=one.state, approved_by=ctx.actor.by, approved_at=one.ordered_at,
                sent_at=told, sent_revision=None if told is None else 1,
            )  # fmt: skip
        run(
            ctx.tx,
            """insert into purchase_line (tenant_id, purchase_order_id, line, item_id, quantity, received, unit_cost)
               select %s, %s, u.*
               from unnest(%s::int[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[]) u""",
            (
                ctx.tenant, order_id, [line.line for line in one.lines], [line.item_id for line in one.lines],
                [line.quantity for line in one.lines], [line.received for line in one.lines],
                [line.unit_cost for line in one.lines],
            ),
        )  # fmt: skip
        ctx.audit("purchase.taken_over", f"purchase_order:{order_id}", number=one.number, lines=len(one.lines))
    # Our own numbers go on behind those that were taken over.
    highest = max((int(found[1]) for one in orders if (found := _OURS.match(one.number))), default=0)
    tables.lock_counter(ctx.tx, ctx.tenant, "purchase_order")
    run(
        ctx.tx,
        "update counter set value = greatest(value, %s) where tenant_id = %s and name = 'purchase_order'",
        (highest, ctx.tenant),
    )
    notify(ctx.tx, "live", "orders")


def give_back(ctx: Context, numbers: Sequence[str]) -> list[str]:
    """Take orders out again that were taken over and not worked on since; returns what has to stay, in sentences.

    Raises:
        Forbidden: without the right to order at one of their sites.
    """
    ctx.require_somewhere(Right.DECIDE_PROPOSALS)
    found = values(
        ctx.tx,
        """select purchase_order_id, number, site_id, (
               select count(*) from audit_entry a where a.tenant_id = o.tenant_id
                 and a.subject = 'purchase_order:' || o.purchase_order_id and a.action <> 'purchase.taken_over')
           from purchase_order o
           where tenant_id = %s and number = any(%s::text[]) and decision_key like 'taken_over:%%'
           order by number for update""",
        (ctx.tenant, list(numbers)),
    )
    for site_id in sorted({site_id for _, _, site_id, _ in found}):
        ctx.require(Right.DECIDE_PROPOSALS, site_id)
    left = []
    for order_id, number, _, changes in found:
        if changes:
            left.append(f"Order {number}: somebody has worked on it since. Cancel it on its own page.")
            continue
        try:
            with ctx.tx.transaction():
                tables.remove_lines(ctx.tx, ctx.tenant, order_id)
                run(
                    ctx.tx,
                    "delete from purchase_order where tenant_id = %s and purchase_order_id = %s",
                    (ctx.tenant, order_id),
                )
        except pg.ForeignKeyViolation:
            left.append(f"Order {number}: goods came for it. Cancel what is still owed on its own page.")
        else:
            ctx.audit("purchase.given_back", f"purchase_order:{order_id}", number=number)
    notify(ctx.tx, "live", "orders")
    return left
