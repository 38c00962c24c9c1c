"""What lay at a site at some time, as we knew it then or as we know it now; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.stock.tables import REAL
from shelfwise.store.database import rows


@dataclass(frozen=True)
class AsOf:
    """How much of an item was at a site, and how much of that could not be sold."""

    item_id: int
    sku: str
    description: str
    unit: str
    on_hand: Decimal
    blocked: Decimal


def stock_as_of(
    ctx: Context, site_id: int, at: datetime, known_at: datetime | None = None, item_id: int | None = None
) -> list[AsOf]:
    """What lay at a site at `at`, by SKU: all that had happened by then.

    A mistake that was taken back never was: from the moment its reversal is known, it is in no figure of any instant.

    Args:
        known_at: only by what had been recorded by then; None: by all that is known now.
        item_id: of this item only.
    """
    ctx.require(Right.VIEW, site_id)
    # From what lies there now, back: what happened later, or was not known yet, is taken out again.
    return rows(
        ctx.tx,
        AsOf,
        f"""with real as materialized (
                select place_id from place where tenant_id = %(tenant)s and site_id = %(site)s and kind in {REAL}),
            later as materialized (
                select item_id, from_place_id, to_place_id, from_status, to_status, quantity from movement m
                where tenant_id = %(tenant)s and (%(item)s::bigint is null or item_id = %(item)s)
                  and (occurred_at > %(at)s or recorded_at > %(known)s::timestamptz)
                  -- A reversal stands with what it took back, not where somebody noticed it.
                  and (reverses is null or recorded_at > %(known)s::timestamptz or (
                      select w.occurred_at from movement w
                      where w.tenant_id = m.tenant_id and w.movement_id = m.reverses) > %(at)s)),
            part as (
                select b.item_id, b.status, sum(b.on_hand) as quantity from balance b join real using (place_id)
                where b.tenant_id = %(tenant)s and (%(item)s::bigint is null or b.item_id = %(item)s)
                group by b.item_id, b.status
                union all
                select item_id, to_status, -quantity from later join real on place_id = to_place_id
                union all
                select item_id, from_status, quantity from later join real on place_id = from_place_id)
            select item_id, sku, description, unit, sum(quantity) as on_hand,
                   coalesce(sum(quantity) filter (where status <> 'available'), 0) as blocked
            from part join item i using (item_id)
            where i.tenant_id = %(tenant)s
            group by item_id, sku, description, unit having sum(quantity) <> 0 order by sku""",
        {"tenant": ctx.tenant, "site": site_id, "at": at, "known": known_at, "item": item_id},
    )
