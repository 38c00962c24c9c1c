"""Orders from customers and to suppliers. Stock is moved by the room above, which calls `record_receipt` here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from shelfwise.access.audit import AuditEntry
from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.orders import erp_orders, receipt_tables
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.approval import our_currency, worth_today
from shelfwise.orders.chasing import chase
from shelfwise.orders.model import LeadTime, Outstanding, PurchaseOrder, PurchaseState, SentLine
from shelfwise.orders.outgoing import message_of, paper_of, question_of
from shelfwise.orders.purchase_changes import answer, cancel, change_sent, take_back_question
from shelfwise.orders.purchase_life import (
    Confirmed,
    answer_otherwise,
    close_purchase_order,
    confirm,
    mark_sent,
    reopen,
    restore,
    supplier_has_it,
)
from shelfwise.orders.purchases import (
    approve_purchase_order,
    draft_purchase_order,
    edit_draft,
    lock,
    merge_drafts,
    order_of,
    place_purchase_order,
    take_back_approval,
    take_lines_out,
)
from shelfwise.orders.receipts import record_receipt, take_back_receipt
from shelfwise.orders.sales import sales_line, sales_lines, take_sales_lines
from shelfwise.store.database import rows

__all__ = [
    "Confirmed",
    "answer",
    "answer_otherwise",
    "approve_purchase_order",
    "cancel",
    "change_sent",
    "chase",
    "close_purchase_order",
    "confirm",
    "draft_purchase_order",
    "drafted_items",
    "edit_draft",
    "forget_decisions",
    "history",
    "lead_times",
    "mark_sent",
    "merge_drafts",
    "message_of",
    "on_order",
    "orders_of_decisions",
    "our_currency",
    "outstanding",
    "paper_of",
    "place_purchase_order",
    "purchase_order",
    "purchase_order_by_number",
    "purchase_orders",
    "purchase_orders_by_id",
    "question_of",
    "record_receipt",
    "reopen",
    "restore",
    "sales_line",
    "sales_lines",
    "sent_lines",
    "supplier_has_it",
    "take_back_approval",
    "take_back_question",
    "take_back_receipt",
    "take_lines_out",
    "take_sales_lines",
    "worth_today",
]


def purchase_orders(
    ctx: Context, states: Collection[PurchaseState] | None = None, limit: int = 200, before: int | None = None
) -> list[PurchaseOrder]:
    """Orders in some states or all, newest first, of the sites that the actor may see; `before` an id."""
    return tables.orders(ctx.tx, ctx.tenant, states=states, sites=ctx.sites(Right.VIEW), before=before, limit=limit)


def purchase_orders_by_id(ctx: Context, ids: Collection[int]) -> dict[int, PurchaseOrder]:
    """Those of the orders that are of sites which the actor may see."""
    sites = ctx.sites(Right.VIEW)
    found = tables.orders(ctx.tx, ctx.tenant, sites=sites, among=ids, limit=len(ids))
    return {one.purchase_order_id: one for one in found}


def purchase_order(ctx: Context, purchase_order_id: int) -> PurchaseOrder:
    """
    Raises:
        NotFound: there is no such order.
    """
    ctx.require_somewhere(Right.VIEW)
    order = order_of(ctx, purchase_order_id)
    ctx.require(Right.VIEW, order.site_id)
    return order


def purchase_order_by_number(ctx: Context, number: str) -> PurchaseOrder:
    """
    Raises:
        NotFound: no order has this number.
    """
    ctx.require_somewhere(Right.VIEW)
    # A zero byte is in no number, and Postgres takes none.
    found = [] if "\x00" in number else tables.orders(ctx.tx, ctx.tenant, number=number)
    if not found:
        raise NotFound("purchase order", number)
    ctx.require(Right.VIEW, found[0].site_id)
    return found[0]


def history(ctx: Context, purchase_order_id: int) -> list[AuditEntry]:
    """What was done to an order, newest first.

    Raises:
        NotFound: there is no such order.
    """
    purchase_order(ctx, purchase_order_id)
    return rows(
        ctx.tx,
        AuditEntry,
        """select audit_id, wall_at, business_at, actor_kind, actor_name, action, subject, detail from audit_entry
           where tenant_id = %s and subject = %s order by audit_id desc limit 200""",
        (ctx.tenant, f"purchase_order:{purchase_order_id}"),
    )


def on_order(ctx: Context, site_id: int) -> dict[int, list[tuple[Decimal, datetime]]]:
    """What is on its way to a site: for each item (quantity outstanding, expected at), soonest first."""
    coming: dict[int, list[tuple[Decimal, datetime]]] = {}
    # One of them is empty: who keeps the books has the orders.
    ours = [(one.item_id, one.quantity, one.expected_at) for one in outstanding(ctx, site_id)]
    for item_id, quantity, expected_at in (*ours, *erp_orders.coming(ctx, site_id)):
        coming.setdefault(item_id, []).append((quantity, expected_at))
    return coming


def outstanding(ctx: Context, site_id: int) -> list[Outstanding]:
    """What suppliers still owe a site by our own orders, line by line, soonest first."""
    ctx.require(Right.VIEW, site_id)
    return tables.outstanding(ctx.tx, ctx.tenant, site_id)


def drafted_items(ctx: Context, site_id: int) -> set[int]:
    """Items that one person has approved to order for a site, and another has to."""
    ctx.require(Right.VIEW, site_id)
    return tables.drafted_items(ctx.tx, ctx.tenant, site_id)


def orders_of_decisions(ctx: Context, keys: Collection[str]) -> dict[str, int]:
    """The order that each of these decisions has made, where one has."""
    ctx.require_somewhere(Right.VIEW)
    return tables.orders_of_decisions(ctx.tx, ctx.tenant, keys)


def forget_decisions(ctx: Context, purchase_order_id: int) -> None:
    """The decisions behind a cancelled order were taken back: they may make another one.

    Raises:
        NotFound: there is no such order.
        Refused: it is not cancelled.
    """
    order = lock(ctx, purchase_order_id, Right.DECIDE_PROPOSALS)
    if order.state != "cancelled":
        raise Refused(f"{order.number} is {order.state}: the decisions behind it stand.")
    tables.forget_decisions(ctx.tx, ctx.tenant, purchase_order_id)


def lead_times(ctx: Context, since: datetime | None = None) -> list[LeadTime]:
    """Observed lead times, oldest receipt first; a receipt that was taken back, or of damaged goods, is none."""
    ctx.require_somewhere(Right.VIEW)
    return receipt_tables.lead_times(ctx.tx, ctx.tenant, since)


def sent_lines(ctx: Context, since: datetime) -> list[SentLine]:
    """What became of the lines of all orders that left since then, oldest first."""
    ctx.require_somewhere(Right.VIEW)
    return receipt_tables.sent_lines(ctx.tx, ctx.tenant, since)
