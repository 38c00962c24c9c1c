"""What sold on a day, as a till adds it up: history that is learned from. It reserves nothing and moves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import rows, run


@dataclass(frozen=True)
class DayTotal:
    """What sold of an item at a site on one of its days.

    Attributes:
        channel: where it sold, counted beside order lines; '': all of that day, order lines among it.
        quantity: less what came back.
        value: what it sold for together, in our currency; None: not told.
    """

    site_id: int
    item_id: int
    day: date
    channel: str
    quantity: Decimal
    value: Decimal | None


def put_totals(ctx: Context, totals: Sequence[DayTotal]) -> None:
    """Say what sold on days, or correct what was said; demand is summed anew."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    if not totals:
        return
    _require(ctx, (one.site_id for one in totals))
    columns = zip(
        *((one.site_id, one.item_id, one.day, one.channel, one.quantity, one.value) for one in totals), strict=True
    )
    run(
        ctx.tx,
        """insert into sales_day (tenant_id, site_id, item_id, day, channel, quantity, value, told_at)
           select %s, u.*, %s from unnest(%s::bigint[], %s::bigint[], %s::date[], %s::text[], %s::numeric[],
               %s::numeric[]) u (site_id, item_id, day, channel, quantity, value)
           on conflict (tenant_id, site_id, item_id, day, channel) do update
           set quantity = excluded.quantity, value = excluded.value, told_at = excluded.told_at""",
        (ctx.tenant, ctx.now, *map(list, columns)),
    )
    ctx.audit("daily_sales.told", "sales", count=len(totals), last=max(one.day for one in totals).isoformat())
    _tell(ctx, (one.site_id for one in totals))


def forget_totals(ctx: Context, keys: Sequence[tuple[int, int, date, str]]) -> None:
    """Take out what was said by mistake: (site, item, day, channel)."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    if not keys:
        return
    _require(ctx, (site_id for site_id, *_ in keys))
    gone = run(
        ctx.tx,
        """delete from sales_day d using unnest(%s::bigint[], %s::bigint[], %s::date[], %s::text[])
               u (site_id, item_id, day, channel)
           where d.tenant_id = %s and (d.site_id, d.item_id, d.day, d.channel)
               = (u.site_id, u.item_id, u.day, u.channel)""",
        (*map(list, zip(*keys, strict=True)), ctx.tenant),
    )
    ctx.audit("daily_sales.forgotten", "sales", count=gone)
    _tell(ctx, (site_id for site_id, *_ in keys))


def totals_of(ctx: Context, site_id: int, item_id: int, since: date) -> list[DayTotal]:
    """What was told of an item's days at a site, by day."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        DayTotal,
        """select site_id, item_id, day, channel, quantity, value from sales_day
           where tenant_id = %s and site_id = %s and item_id = %s and day >= %s order by day, channel""",
        (ctx.tenant, site_id, item_id, since),
    )


def _require(ctx: Context, site_ids: Iterable[int]) -> None:
    for site_id in set(site_ids):
        ctx.require(Right.IMPORT_DATA, site_id)


def _tell(ctx: Context, site_ids: Iterable[int]) -> None:
    for site_id, count in sorted(Counter(site_ids).items()):
        ctx.publish("sales.imported", f"site:{site_id}", site_id=site_id, history=count)
