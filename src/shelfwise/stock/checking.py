"""The nightly look at the books: every figure kept for speed, rebuilt and compared; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import rows


@dataclass(frozen=True)
class Difference:
    """Where a figure kept for speed is not what it should be.

    Attributes:
        kind: 'balance' (of a lot in a status at a place, against the movements), 'on_hand' and 'blocked' (of a site,
            against the movements to and from its real places), 'reserved' (of a site, against what is promised to
            sales and transfers) or 'transit' (what left a site, against its transfers).
        place_id: set for balances.
    """

    kind: str
    item_id: int
    site_id: int
    place_id: int | None
    expected: Decimal
    found: Decimal


def rebuild_check(ctx: Context) -> list[Difference]:
    """Rebuild every balance and level from movements and reservations and name what differs. Repairs nothing.

    One statement sees one instant, so writers at work do not look like differences.
    """
    ctx.require(Right.VIEW)
    return rows(
        ctx.tx,
        Difference,
        """with moved as (
               select item_id, place_id, lot, status, sum(quantity) as quantity from (
                   select item_id, to_place_id as place_id, coalesce(lot, '') as lot, to_status as status, quantity
                   from movement where tenant_id = %(tenant)s
                   union all
                   select item_id, from_place_id, coalesce(lot, ''), from_status, -quantity
                   from movement where tenant_id = %(tenant)s) ends
               group by item_id, place_id, lot, status),
           at_site as (
               select m.item_id, p.site_id, sum(m.quantity) as quantity,
                      coalesce(sum(m.quantity) filter (where m.status <> 'available'), 0) as blocked
               from moved m join place p on p.tenant_id = %(tenant)s and p.place_id = m.place_id
               where p.kind in ('bin', 'dock', 'packing') group by m.item_id, p.site_id),
           promised as (
               select item_id, site_id, sum(quantity) as quantity from (
                   select item_id, site_id, quantity from reservation where tenant_id = %(tenant)s
                   union all
                   select l.item_id, t.from_site_id, l.reserved
                   from transfer_line l join transfer t using (tenant_id, transfer_id)
                   where l.tenant_id = %(tenant)s and l.reserved > 0) p
               group by item_id, site_id),
           -- What is on the road for transfers, by their lines and by what went in and out of the road.
           road as (
               select l.item_id, t.from_site_id as site_id, sum(p.shipped - p.received - p.back - p.lost) as quantity
               from transfer_progress p
               join transfer_line l using (tenant_id, transfer_id, line)
               join transfer t using (tenant_id, transfer_id)
               where p.tenant_id = %(tenant)s group by l.item_id, t.from_site_id),
           driven as (
               select m.item_id, p.site_id,
                      sum(case when m.to_place_id = p.place_id then m.quantity else -m.quantity end) as quantity
               from movement m join place p on p.tenant_id = m.tenant_id and p.kind = 'transit'
                 and p.place_id in (m.from_place_id, m.to_place_id)
               where m.tenant_id = %(tenant)s and (
                   m.transfer_id is not null or exists (
                       select from movement w where w.tenant_id = m.tenant_id and w.movement_id = m.reverses
                         and w.transfer_id is not null))
               group by m.item_id, p.site_id),
           level as (select * from stock_level where tenant_id = %(tenant)s)
           select 'balance' as kind, coalesce(m.item_id, b.item_id) as item_id, p.site_id, p.place_id,
                  coalesce(m.quantity, 0) as expected, coalesce(b.on_hand, 0) as found
           from moved m
           full join (select * from balance where tenant_id = %(tenant)s) b
             on b.item_id = m.item_id and b.place_id = m.place_id and b.lot = m.lot and b.status = m.status
           join place p on p.tenant_id = %(tenant)s and p.place_id = coalesce(m.place_id, b.place_id)
           where coalesce(m.quantity, 0) <> coalesce(b.on_hand, 0)
           union all
           select 'on_hand', item_id, site_id, null, coalesce(s.quantity, 0), coalesce(l.on_hand, 0)
           from at_site s full join level l using (item_id, site_id)
           where coalesce(s.quantity, 0) <> coalesce(l.on_hand, 0)
           union all
           select 'blocked', item_id, site_id, null, coalesce(s.blocked, 0), coalesce(l.blocked, 0)
           from at_site s full join level l using (item_id, site_id)
           where coalesce(s.blocked, 0) <> coalesce(l.blocked, 0)
           union all
           select 'reserved', item_id, site_id, null, coalesce(r.quantity, 0), coalesce(l.reserved, 0)
           from promised r full join level l using (item_id, site_id)
           where coalesce(r.quantity, 0) <> coalesce(l.reserved, 0)
           union all
           select 'transit', item_id, site_id, null, coalesce(r.quantity, 0), coalesce(d.quantity, 0)
           from road r full join driven d using (item_id, site_id)
           where coalesce(r.quantity, 0) <> coalesce(d.quantity, 0)
           order by 1, 2, 3, 4""",
        {"tenant": ctx.tenant},
    )
