"""What measures read of orders: how much of the day's lines was filled, and of the lines due came."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class Delivered:
    """A line of a purchase order as it came.

    Attributes:
        decision_key: the decision behind it; None: it was written by hand.
        came: what had come in time, or by now; `complete_at`: when all of it had. None: it has not.
    """

    purchase_order_id: int
    number: str
    supplier: str
    item_id: int
    decision_key: str | None
    approved_at: datetime
    expected_at: datetime
    ordered: Decimal
    came: Decimal
    complete_at: datetime | None


def filled(ctx: Context, site_id: int, start: datetime, end: datetime) -> list[tuple[Decimal, Decimal]]:
    """(ordered, promised or sent by now) of the lines taken in [start, end); not of history, returns and cancelled."""
    ctx.require(Right.VIEW, site_id)
    return values(
        ctx.tx,
        """select s.quantity, least(s.quantity, s.issued + coalesce(r.quantity, 0))
           from sales_line s left join reservation r using (tenant_id, sales_line_id)
           where s.tenant_id = %s and s.site_id = %s and s.ordered_at >= %s and s.ordered_at < %s
             and s.state in ('open', 'reserved', 'issued') and s.quantity > 0""",
        (ctx.tenant, site_id, start, end),
    )


_DELIVERED = """select o.purchase_order_id, o.number, v.name as supplier, l.item_id, l.decision_key, o.approved_at,
        coalesce(l.promised_at, o.expected_at) as expected_at, l.quantity as ordered,
        coalesce(sum(r.quantity), 0) as came,
        case when coalesce(sum(r.quantity), 0) >= l.quantity then max(r.received_at) end as complete_at
    from purchase_order o
    join purchase_line l using (tenant_id, purchase_order_id)
    join supplier v on v.tenant_id = o.tenant_id and v.supplier_id = o.supplier_id
    left join receipt r on r.tenant_id = l.tenant_id and r.purchase_order_id = l.purchase_order_id and r.line = l.line
        and r.reversed_at is null and not r.owed {in_time}
    where o.tenant_id = %(tenant)s and o.approved_at is not null and l.quantity > 0
      and o.state in ('approved', 'sent', 'confirmed', 'part_received', 'received', 'closed') {which}
    group by o.tenant_id, o.purchase_order_id, l.line, l.tenant_id, l.purchase_order_id, v.name
    order by o.approved_at, o.purchase_order_id, l.line"""


def due(ctx: Context, site_id: int, start: datetime, end: datetime) -> list[Delivered]:
    """The lines that suppliers owed in [start, end), with what had come of them by its end."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Delivered,
        _DELIVERED.format(
            in_time="and r.received_at < %(end)s",
            which="""and o.site_id = %(site)s and coalesce(l.promised_at, o.expected_at) >= %(start)s
                     and coalesce(l.promised_at, o.expected_at) < %(end)s""",
        ),
        {"tenant": ctx.tenant, "site": site_id, "start": start, "end": end},
    )


def delivered(ctx: Context, site_id: int, decision_keys: Collection[str]) -> list[Delivered]:
    """The lines that these decisions made at a site, with what has come of them by now."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Delivered,
        _DELIVERED.format(in_time="", which="and o.site_id = %(site)s and l.decision_key = any(%(keys)s)"),
        {"tenant": ctx.tenant, "site": site_id, "keys": list(decision_keys)},
    )


def received(ctx: Context, site_id: int, start: datetime, end: datetime) -> dict[int, Decimal]:
    """How much of each item came from suppliers in [start, end)."""
    ctx.require(Right.VIEW, site_id)
    return dict(
        values(
            ctx.tx,
            """select l.item_id, sum(r.quantity) from receipt r
               join purchase_line l using (tenant_id, purchase_order_id, line)
               join purchase_order o using (tenant_id, purchase_order_id)
               where r.tenant_id = %s and o.site_id = %s and r.received_at >= %s and r.received_at < %s
                 and r.reversed_at is null
               group by l.item_id""",
            (ctx.tenant, site_id, start, end),
        )
    )
