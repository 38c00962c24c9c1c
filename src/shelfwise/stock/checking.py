"""The nightly look at the books: every figure kept for speed, rebuilt and compared; reached through service.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.quantities import plain
from shelfwise.stock.serials import LATEST
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class Difference:
    """Where a figure kept for speed is not what it should be.

    Attributes:
        kind: 'balance' (of a lot in a status at a place, against the movements), 'on_hand' and 'blocked' (of a site,
            against the movements to and from its real places), 'reserved' (of a site, against what is promised to
            sales and transfers), 'transit' (what left a site, against its transfers), 'weight' (in g, as 'balance'),
            'serial' (1 where each is, against the movements that named it) or 'received' and 'damaged' (of lines of
            purchase orders, against receipts and what went back).
        place_id: set for balances, weights and serials.
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
               select item_id, place_id, lot, status, sum(quantity) as quantity, coalesce(sum(weight), 0) as weight
               from (
                   select item_id, to_place_id as place_id, coalesce(lot, '') as lot, to_status as status, quantity,
                          catch_weight_g as weight
                   from movement where tenant_id = %(tenant)s
                   union all
                   select item_id, from_place_id, coalesce(lot, ''), from_status, -quantity, -catch_weight_g
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
           level as (select * from stock_level where tenant_id = %(tenant)s),
           weighed as (
               select coalesce(m.item_id, b.item_id) as item_id, coalesce(m.place_id, b.place_id) as place_id,
                      coalesce(m.weight, 0) as expected, coalesce(b.catch_weight_g, 0) as found
               from moved m
               full join (select * from balance where tenant_id = %(tenant)s) b
                 on b.item_id = m.item_id and b.place_id = m.place_id and b.lot = m.lot and b.status = m.status
               where coalesce(m.weight, 0) <> coalesce(b.catch_weight_g, 0)),
           named as (
               select k.item_id, m.to_place_id as place_id, s.place_id as kept_place_id
               from (select distinct item_id, serial from movement
                     where tenant_id = %(tenant)s and serial is not null
                     union select item_id, serial from serial where tenant_id = %(tenant)s) k
               left join lateral (
                   select * from movement m where m.tenant_id = %(tenant)s and m.item_id = k.item_id
                     and m.serial = k.serial order by {latest} limit 1) m on true
               left join serial s on s.tenant_id = %(tenant)s and s.item_id = k.item_id and s.serial = k.serial
               where (m.to_place_id, m.to_status) is distinct from (s.place_id, s.status)),
           came as (
               select l.item_id, o.site_id, l.received, l.damaged,
                      coalesce((select sum(quantity) from receipt r where r.tenant_id = l.tenant_id
                                and r.purchase_order_id = l.purchase_order_id and r.line = l.line
                                and r.reversed_at is null and not r.owed), 0)
                      + coalesce(b.received, 0) as told,
                      coalesce((select sum(quantity) from receipt r where r.tenant_id = l.tenant_id
                                and r.purchase_order_id = l.purchase_order_id and r.line = l.line
                                and r.reversed_at is null and r.owed), 0)
                      + coalesce(b.damaged, 0) as told_damaged
               from purchase_line l
               join purchase_order o using (tenant_id, purchase_order_id)
               left join (select purchase_order_id, line, sum(received_change) as received,
                                 sum(damaged_change) as damaged
                          from supplier_return where tenant_id = %(tenant)s and reversed_at is null
                          group by purchase_order_id, line) b using (purchase_order_id, line)
               where l.tenant_id = %(tenant)s)
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
           union all
           select 'weight', w.item_id, p.site_id, p.place_id, w.expected, w.found
           from weighed w join place p on p.tenant_id = %(tenant)s and p.place_id = w.place_id
           union all
           select 'serial', n.item_id, p.site_id, p.place_id, case when p.place_id = n.place_id then 1 else 0 end,
                  case when p.place_id = n.kept_place_id then 1 else 0 end
           from named n
           join place p on p.tenant_id = %(tenant)s and p.place_id = coalesce(n.place_id, n.kept_place_id)
           union all
           select 'received', item_id, site_id, null, told, received from came where told <> received
           union all
           select 'damaged', item_id, site_id, null, told_damaged, damaged from came where told_damaged <> damaged
           order by 1, 2, 3, 4""".replace("{latest}", LATEST),
        {"tenant": ctx.tenant},
    )


_KINDS = {
    "balance": "the books hold {found} in {place}, the movements give {expected}",
    "on_hand": "{found} on hand at {site}, the movements give {expected}",
    "blocked": "{found} blocked at {site}, the movements give {expected}",
    "reserved": "{found} reserved at {site}, the promises give {expected}",
    "transit": "{found} on the road from {site}, the transfers give {expected}",
    "weight": "the books weigh {found} g in {place}, the movements give {expected} g",
    "serial": "a serial number is not where the movements brought it, {place}, or not as they left it there",
    "received": "{found} received of an order for {site}, the receipts give {expected}",
    "damaged": "{found} came damaged of an order for {site}, the receipts give {expected}",
}


def in_words(ctx: Context, differences: Sequence[Difference]) -> list[tuple[str, str]]:
    """The SKU each difference is about, and a sentence that says what differs."""
    ctx.require(Right.VIEW)
    skus: dict[int, str] = dict(values(
        ctx.tx, "select item_id, sku from item where tenant_id = %s and item_id = any(%s::bigint[])",
        (ctx.tenant, [one.item_id for one in differences]),
    ))  # fmt: skip
    sites: dict[int, str] = dict(values(ctx.tx, "select site_id, code from site where tenant_id = %s", (ctx.tenant,)))
    places: dict[int, str] = dict(values(
        ctx.tx, "select place_id, code from place where tenant_id = %s and place_id = any(%s::bigint[])",
        (ctx.tenant, [one.place_id for one in differences if one.place_id is not None]),
    ))  # fmt: skip
    said = []
    for one in differences:
        site = sites.get(one.site_id, "?")
        place = f"{places.get(one.place_id or 0, '?')} at {site}"
        what = _KINDS[one.kind].format(found=plain(one.found), expected=plain(one.expected), site=site, place=place)
        said.append((skus.get(one.item_id, "?"), f"{skus.get(one.item_id, '?')}: {what}."))
    return said
