"""Suppliers who are silent or late: once a day, people are asked to ask them."""

from __future__ import annotations

from datetime import timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.quantities import plain
from shelfwise.orders import purchase_tables as tables
from shelfwise.orders.model import UNDER_WAY, PurchaseOrder
from shelfwise.orders.telling import LATE, SILENT, UNANSWERED, answer_within, overdue, review
from shelfwise.store.database import values
from shelfwise.work import tasks

_TITLES = {
    SILENT: "Ask {supplier} whether they send {number}",
    UNANSWERED: "Ask {supplier} what they say to the {asked} of {number}",
    LATE: "Ask {supplier} when {number} comes",
}
_WHY = {
    SILENT: "They have had it for {days} days and confirmed nothing. Note what they say on its page.",
    UNANSWERED: "They were asked {days} days ago or earlier and have not answered. Note what they say on its page.",
    LATE: "It was expected and has not come. Note the new day on its page, or close it if nothing will come.",
}
_TO_ACT = timedelta(days=1)


def chase(ctx: Context) -> int:
    """Open a task for each supplier who has to be asked, and close those that are settled; returns how many are open.

    Run again it changes nothing: there is one task for each order and question.
    """
    ctx.require(Right.RUN_PLANNING)
    asked, patience = 0, answer_within(ctx)
    for order in _to_look_at(ctx):
        review(ctx, order)
        for kind, since in overdue(order, ctx.now, patience).items():
            said = {
                "supplier": order.supplier,
                "number": order.number,
                "asked": "cancellation" if order.answer_to == "cancel" else "change",
                "days": patience.days,
            }
            rest = [line for line in order.lines if line.outstanding]
            missing = ", ".join(f"{plain(line.outstanding)} {line.unit} of {line.sku}" for line in rest[:10])
            tasks.open_task(
                ctx,
                kind=kind,
                subject=f"purchase_order:{order.purchase_order_id}",
                site_id=order.site_id,
                title=_TITLES[kind].format(**said),
                detail=f"Still to come: {missing}." if missing else "",
                why=_WHY[kind].format(**said),
                link=f"/orders/{order.purchase_order_id}",
                role=Role.PLANNER.value,
                due_at=since + _TO_ACT,
                priority="high" if kind == LATE else "normal",
            )
            asked += 1
    return asked


def _to_look_at(ctx: Context) -> list[PurchaseOrder]:
    found = values(
        ctx.tx,
        """select purchase_order_id from purchase_order
           where tenant_id = %s and (state = any(%s) or answer_to is not null) order by purchase_order_id""",
        (ctx.tenant, list(UNDER_WAY)),
    )
    return [order for (one,) in found for order in tables.orders(ctx.tx, ctx.tenant, order_id=one)]
