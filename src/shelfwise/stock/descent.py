"""What a lot became and of what it was made, over any number of conversions, and who has it in the end.

A conversion keeps the code of the lot, so that a lot and all that it became are the rows of one code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class Made:
    """What a lot was made of or into, by conversions."""

    item_id: int
    sku: str
    lot: str | None
    quantity: Decimal
    batch_id: int
    occurred_at: datetime


@dataclass(frozen=True)
class Reached:
    """How much of a lot, or of what it became, a customer has by an order; what came back of it is not counted.

    Attributes:
        customer: '' where the order names none, or where there was no order.
    """

    item_id: int
    sku: str
    customer: str
    order_number: str | None
    quantity: Decimal


# A movement that was neither taken back nor a taking back.
_STANDS = """{0}.reverses is null and not exists (
    select from movement r where r.tenant_id = {0}.tenant_id and r.reverses = {0}.movement_id)"""


def family(ctx: Context, item_id: int, lot: str, forward: bool) -> list[int]:
    """The items that the lot became, or that became it: directly, or by way of others. Each once, in a circle too."""
    ctx.require_somewhere(Right.VIEW)
    near, far = ("to", "from") if forward else ("from", "to")
    found = values(
        ctx.tx,
        f"""with recursive made (item_id) as (
                select %(item)s::bigint
                union
                select b.item_id from made
                join movement a on a.tenant_id = %(tenant)s and a.lot = %(lot)s and a.item_id = made.item_id
                  and a.reason = 'convert'
                join place p on p.tenant_id = a.tenant_id and p.place_id = a.{near}_place_id and p.kind = 'conversion'
                join movement b on b.tenant_id = a.tenant_id and b.batch_id = a.batch_id and b.lot = a.lot
                  and b.reason = 'convert' and b.item_id <> a.item_id and b.{far}_place_id = p.place_id
                where {_STANDS.format("a")} and {_STANDS.format("b")})
            select item_id from made where item_id <> %(item)s order by item_id""",
        {"tenant": ctx.tenant, "item": item_id, "lot": lot},
    )
    return [one for (one,) in found]


def made(ctx: Context, items: Sequence[int], lot: str, forward: bool) -> tuple[Made, ...]:
    """How much of each of these items the lot became, or became it, at the sites that the actor may see."""
    sites = ctx.sites(Right.VIEW)
    if not items:
        return ()
    return tuple(
        rows(
            ctx.tx,
            Made,
            f"""select m.item_id, i.sku, m.lot, m.quantity, m.batch_id, m.occurred_at
                from movement m
                join item i on i.tenant_id = m.tenant_id and i.item_id = m.item_id
                join place p on p.tenant_id = m.tenant_id and p.kind = 'conversion'
                  and p.place_id = m.{"from" if forward else "to"}_place_id
                where m.tenant_id = %(tenant)s and m.lot = %(lot)s and m.item_id = any(%(items)s::bigint[])
                  and m.reason = 'convert' and {_STANDS.format("m")}
                  and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s))
                order by m.movement_id""",
            {"tenant": ctx.tenant, "lot": lot, "items": list(items), "sites": sites},
        )
    )


def reached(ctx: Context, items: Sequence[int], lot: str) -> tuple[Reached, ...]:
    """Which customers have how much of the lot of these items: by customer, item and order."""
    return tuple(
        rows(
            ctx.tx,
            Reached,
            f"""select m.item_id, i.sku, coalesce(l.customer, '') as customer, l.order_number,
                       sum(case when t.kind = 'customer' then m.quantity else -m.quantity end) as quantity
                from movement m
                join place f on f.tenant_id = m.tenant_id and f.place_id = m.from_place_id
                join place t on t.tenant_id = m.tenant_id and t.place_id = m.to_place_id
                join item i on i.tenant_id = m.tenant_id and i.item_id = m.item_id
                left join sales_line l on l.tenant_id = m.tenant_id and l.sales_line_id = m.sales_line_id
                where m.tenant_id = %(tenant)s and m.lot = %(lot)s and m.item_id = any(%(items)s::bigint[])
                  and 'customer' in (f.kind, t.kind) and {_STANDS.format("m")}
                  and (%(sites)s::bigint[] is null or f.site_id = any(%(sites)s))
                group by m.item_id, i.sku, coalesce(l.customer, ''), l.order_number
                having sum(case when t.kind = 'customer' then m.quantity else -m.quantity end) > 0
                order by customer, i.sku, l.order_number""",
            {"tenant": ctx.tenant, "lot": lot, "items": list(items), "sites": ctx.sites(Right.VIEW)},
        )
    )
