"""What lay at a site at some time, as we knew it then or as we know it now; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records.tables import contains
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
    ctx: Context,
    site_id: int,
    at: datetime,
    known_at: datetime | None = None,
    item_id: int | None = None,
    *,
    search: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> list[AsOf]:
    """What lay at a site at `at`, by SKU: all that had happened by then.

    A mistake that was taken back never was: from the moment its reversal is known, it is in no figure of any instant.

    Args:
        known_at: only by what had been recorded by then; None: by all that is known now.
        item_id: of this item only.
        search: only items whose SKU or description contains the text.
        limit: None: all of them.
    """
    ctx.require(Right.VIEW, site_id)
    found = contains(search)
    like = "" if found == "%%" else "and (i.sku ilike %(like)s or i.description ilike %(like)s)"
    one = "" if item_id is None else "and {0}.item_id = %(item)s"
    # From the levels of now, back: what happened later, or was not known yet, is taken out again.
    return rows(
        ctx.tx,
        AsOf,
        f"""with real as materialized (
                select place_id from place where tenant_id = %(tenant)s and site_id = %(site)s and kind in {REAL}),
            later as materialized (
                select item_id, from_place_id, to_place_id, from_status, to_status, quantity from movement m
                where tenant_id = %(tenant)s {one.format("m")}
                  and (occurred_at > %(at)s or recorded_at > %(known)s::timestamptz)
                  -- A reversal stands with what it took back, not where somebody noticed it.
                  and (reverses is null or recorded_at > %(known)s::timestamptz or (
                      select w.occurred_at from movement w
                      where w.tenant_id = m.tenant_id and w.movement_id = m.reverses) > %(at)s)),
            since as (
                select item_id, sum(quantity) as on_hand,
                       coalesce(sum(quantity) filter (where status <> 'available'), 0) as blocked
                from (select item_id, to_status as status, quantity from later join real on place_id = to_place_id
                      union all
                      select item_id, from_status, -quantity from later join real on place_id = from_place_id) m
                group by item_id)
            select i.item_id, i.sku, i.description, i.unit, l.on_hand - coalesce(s.on_hand, 0) as on_hand,
                   l.blocked - coalesce(s.blocked, 0) as blocked
            from stock_level l
            join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id
            left join since s on s.item_id = l.item_id
            where l.tenant_id = %(tenant)s and l.site_id = %(site)s {one.format("l")} {like}
              and l.on_hand <> coalesce(s.on_hand, 0)
            order by i.sku limit %(limit)s offset %(offset)s""",
        {
            "tenant": ctx.tenant, "site": site_id, "at": at, "known": known_at, "item": item_id, "like": found,
            "limit": limit, "offset": offset,
        },
    )  # fmt: skip
