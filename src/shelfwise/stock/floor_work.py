"""What people on the floor need to know before they carry something; one query each, reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.stock import tables
from shelfwise.stock.model import Status
from shelfwise.store.database import rows


@dataclass(frozen=True)
class ToPutAway:
    """What lies on a dock and should lie in a bin.

    Attributes:
        since: when the oldest of it came, taking it that what came first was put away first; None: unknown.
        usual: the bin that is meant for the item and has most room, else the one where most of it lies; None: neither.
    """

    item_id: int
    sku: str
    description: str
    unit: str
    place_id: int
    place: str
    lot: str | None
    status: Status
    on_hand: Decimal
    since: datetime | None
    usual: str | None


def to_put_away(ctx: Context, site_id: int, limit: int = 200) -> list[ToPutAway]:
    """What lies on the docks of a site, the oldest first, each with the bin it should go to."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        ToPutAway,
        """with lies as materialized (
               select b.item_id, b.place_id, p.code as place, b.lot, b.status, b.on_hand
               from place p
               join balance b on b.tenant_id = p.tenant_id and b.place_id = p.place_id and b.on_hand > 0
               where p.tenant_id = %(tenant)s and p.site_id = %(site)s and p.kind = 'dock')
           select l.item_id, i.sku, i.description, i.unit, l.place_id, l.place, nullif(l.lot, '') as lot, l.status,
                  l.on_hand, came.since, u.usual
           from lies l
           join item i on i.tenant_id = %(tenant)s and i.item_id = l.item_id
           left join lateral (
               select min(a.occurred_at) as since from (
                   select m.occurred_at, m.quantity,
                          sum(m.quantity) over (order by m.movement_id desc) - m.quantity as younger
                   from movement m
                   where m.tenant_id = %(tenant)s and m.item_id = l.item_id and m.to_place_id = l.place_id
                     and coalesce(m.lot, '') = l.lot and m.to_status = l.status and m.from_place_id <> m.to_place_id
                   order by m.movement_id desc limit 50) a
               where a.younger < l.on_hand) came on true
           left join lateral (
               select p.code as usual from place p
               left join lateral (
                   select sum(b.on_hand) as on_hand, sum(b.on_hand) filter (where b.item_id = l.item_id) as own
                   from balance b where b.tenant_id = p.tenant_id and b.place_id = p.place_id) h on true
               where p.tenant_id = %(tenant)s and p.site_id = %(site)s and p.kind = 'bin'
                 and (p.item_id = l.item_id
                      or p.item_id is null and p.place_id in (
                          select b.place_id from balance b
                          where b.tenant_id = %(tenant)s and b.item_id = l.item_id and b.on_hand > 0))
               order by p.item_id is null, p.capacity - coalesce(h.on_hand, 0) desc nulls last, h.own desc nulls last,
                        p.code
               limit 1) u on true
           order by came.since nulls last, l.place, i.sku, l.lot limit %(limit)s""",
        {"tenant": ctx.tenant, "site": site_id, "limit": limit},
    )


def usual_bin(ctx: Context, site_id: int, item_id: int) -> str | None:
    """The code of the bin that is meant for an item at a site: the first by code; None: there is none."""
    ctx.require(Right.VIEW, site_id)
    found = rows(
        ctx.tx,
        _Code,
        """select code from place where tenant_id = %s and site_id = %s and kind = 'bin' and item_id = %s
           order by code limit 1""",
        (ctx.tenant, site_id, item_id),
    )
    return found[0].code if found else None


@dataclass(frozen=True)
class _Code:
    code: str


def told_before(ctx: Context, source: str) -> bool:
    """Whether a movement with this source was posted: a form that is sent twice need not ask anything again."""
    ctx.require_somewhere(Right.VIEW)
    return bool(tables.movements_of_sources(ctx.tx, ctx.tenant, [source]))
