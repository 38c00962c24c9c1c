"""What measures read of stock: what left and how, what counts found, and what is past its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.stock.tables import REAL
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class CountResult:
    """A line of a sheet that was posted: what the books said and what was there."""

    item_id: int
    book: Decimal
    counted: Decimal
    tolerance: Decimal


def left(
    ctx: Context, site_id: int, start: datetime, end: datetime, to: Literal["customer", "scrap"]
) -> dict[int, Decimal]:
    """How much of each item went to customers, or was written off, in [start, end); what was taken back is taken off.

    Goods that a customer sent back are no mistake, and left all the same.
    """
    ctx.require(Right.VIEW, site_id)
    return dict(
        values(
            ctx.tx,
            """with ends as (select place_id from place where tenant_id = %(tenant)s and site_id = %(site)s
                             and kind = %(kind)s)
               select item_id, sum(quantity) from (
                   select item_id, quantity from movement where tenant_id = %(tenant)s and occurred_at >= %(start)s
                     and occurred_at < %(end)s and to_place_id in (select place_id from ends)
                   union all
                   select item_id, -quantity from movement where tenant_id = %(tenant)s and occurred_at >= %(start)s
                     and occurred_at < %(end)s and from_place_id in (select place_id from ends)
                     and reverses is not null) moved
               group by item_id having sum(quantity) <> 0""",
            {"tenant": ctx.tenant, "site": site_id, "kind": to, "start": start, "end": end},
        )
    )


def count_results(ctx: Context, site_id: int, start: datetime, end: datetime) -> list[CountResult]:
    """The posted lines of sheets that were closed in [start, end)."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        CountResult,
        """select l.item_id, l.book, l.counted, s.tolerance
           from count_sheet s join count_line l using (tenant_id, count_id)
           where s.tenant_id = %s and s.site_id = %s and s.state = 'posted' and s.closed_at >= %s and s.closed_at < %s
             and l.state = 'posted' and l.item_id is not null and l.book is not null and l.counted is not null
           order by l.count_id, l.place_id, l.item_id, l.lot""",
        (ctx.tenant, site_id, start, end),
    )


def past_last_day(ctx: Context, site_id: int) -> dict[int, Decimal]:
    """How much of each item lies at a site past its last day now, whatever its status."""
    ctx.require(Right.VIEW, site_id)
    return dict(
        values(
            ctx.tx,
            f"""select b.item_id, sum(b.on_hand)
                from lot t join balance b on b.tenant_id = t.tenant_id and b.item_id = t.item_id and b.lot = t.code
                join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.kind in {REAL}
                join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
                where t.tenant_id = %(tenant)s and p.site_id = %(site)s and b.on_hand > 0
                  and t.expires_on < (%(now)s at time zone s.time_zone)::date
                group by b.item_id""",
            {"tenant": ctx.tenant, "site": site_id, "now": ctx.now},
        )
    )
