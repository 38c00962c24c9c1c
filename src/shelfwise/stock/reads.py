"""What pages and planning read of stock, one query each; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records.tables import contains
from shelfwise.stock.model import StockLevel
from shelfwise.stock.tables import REAL
from shelfwise.store.database import rows


@dataclass(frozen=True)
class BinStock:
    """A bin or dock of a site and what lies there.

    Attributes:
        item_id: what the scale weighs or the bin is for, else that of which most lies there; None: empty, for any.
        on_hand: of this item, by the ledger.
        others: how many other items lie there too.
        scale: the device under it; None: none.
        observed: units of the item by the scale's newest weight there; None: unknown, which is not zero.
        observed_at: when the scale weighed; set also where the weight cannot be counted.
        doubt: by how many units the scale's word may be off, as whoever placed it said; None: nobody said.
    """

    place_id: int
    code: str
    kind: str
    zone_id: int | None
    x_m: float | None
    y_m: float | None
    width_m: float | None
    depth_m: float | None
    capacity: Decimal | None
    aisle: str | None
    bay: int | None
    level: int | None
    position: int | None
    item_id: int | None
    sku: str | None
    description: str | None
    unit: str | None
    on_hand: Decimal
    others: int
    scale: str | None
    observed: float | None
    observed_at: datetime | None
    doubt: float | None = None


@dataclass(frozen=True)
class StockRow:
    """An item at a site: what is there, promised and free, what of it may not be sold, and what is coming.

    Attributes:
        on_order: owed by suppliers.
        in_transit: on the road here from other sites.
    """

    item_id: int
    sku: str
    description: str
    unit: str
    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    on_order: Decimal
    blocked: Decimal = Decimal(0)
    site_id: int = 0
    site: str = ""
    in_transit: Decimal = Decimal(0)


@dataclass(frozen=True)
class ItemAt:
    """How much of an item is at a place; at virtual places it may be negative."""

    place_id: int
    code: str
    kind: str
    site_id: int
    site: str
    on_hand: Decimal


@dataclass(frozen=True)
class Stockout:
    """A time in which an item had nothing available at a site; `until_at` is None while it lasts."""

    item_id: int
    since: datetime
    until_at: datetime | None


def bins(ctx: Context, site_id: int) -> list[BinStock]:
    """The bins and docks of a site, by code, each with what lies there and what its scale says.

    Those that are out of use are among them only while something lies there.
    """
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        BinStock,
        """with here as materialized (
               select * from place p where tenant_id = %(tenant)s and site_id = %(site)s and kind in ('bin', 'dock')
                 and (not archived or exists (select from balance b where b.tenant_id = p.tenant_id
                                              and b.place_id = p.place_id and b.on_hand <> 0))),
           weighed as (
               select distinct on (t.place_id) t.place_id, t.device, t.item_id, t.exact_to_g, l.observed_at,
                      l.value - coalesce(t.tare_g, 0) as value
               from standing t join device d on d.tenant_id = t.tenant_id and d.device = t.device and d.active
               left join device_latest l on l.tenant_id = t.tenant_id and l.device = t.device and l.kind = 'weight'
                 and (t.from_at is null or l.observed_at >= t.from_at)
               where t.tenant_id = %(tenant)s and t.place_id is not null and t.until_at is null and t.antenna = 0
                 and t.way is null
               order by t.place_id, l.observed_at desc nulls last, t.device),
           held as (
               select distinct on (p.place_id) p.place_id, b.item_id, b.on_hand,
                      count(*) over (partition by p.place_id) as items
               from here p left join weighed w on w.place_id = p.place_id cross join lateral (
                   select item_id, sum(on_hand) as on_hand from balance b
                   where b.tenant_id = p.tenant_id and b.place_id = p.place_id and b.on_hand <> 0 group by item_id) b
               order by p.place_id, b.item_id is not distinct from coalesce(w.item_id, p.item_id) desc,
                        b.on_hand desc, b.item_id)
           select p.place_id, p.code, p.kind, p.zone_id, p.x_m, p.y_m, p.width_m, p.depth_m, p.capacity,
                  p.aisle, p.bay, p.level, p.position,
                  i.item_id, i.sku, i.description, i.unit,
                  case when h.item_id = i.item_id then h.on_hand else 0 end as on_hand,
                  coalesce(h.items, 0) - case when h.item_id = i.item_id then 1 else 0 end as others,
                  w.device as scale, w.value / i.unit_weight_g as observed, w.observed_at,
                  w.exact_to_g / i.unit_weight_g as doubt
           from here p
           left join held h on h.place_id = p.place_id
           left join weighed w on w.place_id = p.place_id
           left join item i on i.tenant_id = p.tenant_id and i.item_id = coalesce(w.item_id, p.item_id, h.item_id)
           order by p.code""",
        {"tenant": ctx.tenant, "site": site_id},
    )


# By what the stock list can be ordered.
StockOrder = Literal[
    "sku", "description", "site", "on_hand", "blocked", "reserved", "available", "on_order", "in_transit"
]
_ORDERS: dict[StockOrder, str] = {
    "sku": "i.sku",
    "description": "i.description",
    "site": "s.code",
    "on_hand": "on_hand",
    "blocked": "blocked",
    "reserved": "reserved",
    "available": "available",
    "on_order": "on_order",
    "in_transit": "in_transit",
}


def stock_list(
    ctx: Context,
    site_id: int | None,
    search: str = "",
    limit: int = 200,
    offset: int = 0,
    *,
    order: StockOrder = "sku",
    descending: bool = False,
) -> list[StockRow]:
    """Items that a site (None: each that the actor may see) has, had or expects, by SKU or as ordered.

    Only those whose SKU or description contains the text.
    """
    return _stock_rows(ctx, site_id, None, search, limit, offset, order, descending)


def stock_of_items(
    ctx: Context, site_id: int, item_ids: Collection[int], search: str = "", limit: int = 200, offset: int = 0
) -> list[StockRow]:
    """As `stock_list`, of some items only, by SKU; one that the site never had is a row of zeros."""
    ctx.require(Right.VIEW, site_id)
    page = rows(
        ctx.tx,
        StockRow,
        """select i.item_id, i.sku, i.description, i.unit, 0::numeric as on_hand, 0::numeric as reserved,
                  0::numeric as available, 0::numeric as on_order, 0::numeric as blocked, s.site_id, s.code as site
           from item i join site s on s.tenant_id = i.tenant_id and s.site_id = %(site)s
           where i.tenant_id = %(tenant)s and i.item_id = any(%(items)s::bigint[])
             and (i.sku ilike %(like)s or i.description ilike %(like)s)
           order by i.sku limit %(limit)s offset %(offset)s""",
        {
            "tenant": ctx.tenant, "site": site_id, "items": list(item_ids), "like": contains(search), "limit": limit,
            "offset": offset,
        },
    )  # fmt: skip
    shown = [row.item_id for row in page]
    there = {row.item_id: row for row in _stock_rows(ctx, site_id, shown, "", len(shown), 0, "sku", False)}
    return [there.get(row.item_id, row) for row in page]


def stock_of(ctx: Context, site_id: int, item_id: int) -> StockRow | None:
    """One item at a site; None where the site neither has, had nor expects it."""
    return next(iter(_stock_rows(ctx, site_id, [item_id], "", 1, 0, "sku", False)), None)


def _stock_rows(
    ctx: Context,
    site_id: int | None,
    item_ids: Collection[int] | None,
    search: str,
    limit: int,
    offset: int,
    order: StockOrder,
    descending: bool,
) -> list[StockRow]:
    if site_id is not None:
        ctx.require(Right.VIEW, site_id)
        sites: list[int] | None = [site_id]
    else:
        sites = ctx.sites(Right.VIEW)
    by = f"{_ORDERS[order]} {'desc' if descending else 'asc'}"
    found = contains(search)
    like = "" if found == "%%" else "and (i.sku ilike %(like)s or i.description ilike %(like)s)"
    one = "" if item_ids is None else "and {0}.item_id = any(%(items)s::bigint[])"
    here = "" if sites is None else "and {0}.site_id = any(%(sites)s)"
    return rows(
        ctx.tx,
        StockRow,
        f"""{stock_query(one, here)} where true {like}
            order by {by}, i.sku, s.code limit %(limit)s offset %(offset)s""",
        {
            "tenant": ctx.tenant, "sites": sites, "items": None if item_ids is None else list(item_ids), "like": found,
            "now": ctx.now, "limit": limit, "offset": offset,
        },
    )  # fmt: skip


def stock_query(one: str = "", here: str = "and (%(sites)s::bigint[] is null or {0}.site_id = any(%(sites)s))") -> str:
    """The select behind every list of stock, without its conditions; its parameters are tenant, now and sites.

    Args:
        one, here: conditions on the item and the site of the table named in braces.
    """
    return f"""with coming as materialized (
                select item_id, site_id, sum(quantity) as quantity from purchase_outstanding o
                where tenant_id = %(tenant)s {one.format("o")} {here.format("o")} group by item_id, site_id),
            road as materialized (
                select l.item_id, t.to_site_id as site_id, sum(p.shipped - p.received - p.back - p.lost) as quantity
                from transfer t
                join transfer_line l using (tenant_id, transfer_id)
                join transfer_progress p using (tenant_id, transfer_id, line)
                where tenant_id = %(tenant)s and t.state in ('in_transit', 'part_received') {one.format("l")}
                  {here.format("t").replace("site_id", "to_site_id")}
                group by l.item_id, t.to_site_id),
            over as materialized (
                select b.item_id, p.site_id, sum(b.on_hand) as quantity
                from lot t
                join balance b on b.tenant_id = t.tenant_id and b.item_id = t.item_id and b.lot = t.code
                  and b.status = 'available' and b.on_hand > 0
                join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.kind in {REAL}
                join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
                where t.tenant_id = %(tenant)s and t.expired_at is null {one.format("t")} {here.format("p")}
                  and t.expires_on < (%(now)s at time zone s.time_zone)::date
                group by b.item_id, p.site_id),
            known as (
                select item_id, site_id, on_hand, reserved, blocked from stock_level l
                where tenant_id = %(tenant)s {one.format("l")} {here.format("l")}
                union all
                select item_id, site_id, 0, 0, 0
                from (select item_id, site_id from coming union select item_id, site_id from road) c
                where not exists (select from stock_level l where l.tenant_id = %(tenant)s and l.item_id = c.item_id
                                  and l.site_id = c.site_id))
            select i.item_id, i.sku, i.description, i.unit, k.on_hand, k.reserved,
                   k.on_hand - k.blocked - coalesce(v.quantity, 0) - k.reserved as available,
                   coalesce(c.quantity, 0) as on_order, k.blocked + coalesce(v.quantity, 0) as blocked,
                   s.site_id, s.code as site, greatest(coalesce(r.quantity, 0), 0) as in_transit
            from known k
            join item i on i.tenant_id = %(tenant)s and i.item_id = k.item_id
            join site s on s.tenant_id = i.tenant_id and s.site_id = k.site_id
            left join coming c on c.item_id = k.item_id and c.site_id = k.site_id
            left join road r on r.item_id = k.item_id and r.site_id = k.site_id
            left join over v on v.item_id = k.item_id and v.site_id = k.site_id"""


def levels(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> list[StockLevel]:
    """On hand, reserved and blocked of every item that a site has or had or of some of them, by item."""
    ctx.require(Right.VIEW, site_id)
    some = "" if item_ids is None else "and item_id = any(%(items)s::bigint[])"
    return rows(
        ctx.tx,
        StockLevel,
        f"""select item_id, site_id, on_hand, reserved, blocked from stock_level
            where tenant_id = %(tenant)s and site_id = %(site)s {some} order by item_id""",
        {"tenant": ctx.tenant, "site": site_id, "items": None if item_ids is None else list(item_ids)},
    )


def item_stock(ctx: Context, item_id: int) -> list[ItemAt]:
    """Where an item is, real places first; places with none of it are left out, and sites one may not see."""
    sites = ctx.sites(Right.VIEW)
    return rows(
        ctx.tx,
        ItemAt,
        """select b.place_id, p.code, p.kind, p.site_id, s.code as site, b.on_hand
           from (select tenant_id, place_id, sum(on_hand) as on_hand from balance
                 where tenant_id = %s and item_id = %s and on_hand <> 0 group by tenant_id, place_id) b
           join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
           join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           where b.on_hand <> 0 and (%s::bigint[] is null or p.site_id = any(%s))
           order by p.kind not in ('bin', 'dock', 'packing'), s.code, p.code""",
        (ctx.tenant, item_id, sites, sites),
    )


def stockouts(ctx: Context, site_id: int, since: datetime) -> list[Stockout]:
    """Stockouts of a site that lasted beyond `since`, by item and time."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Stockout,
        """select item_id, since, until_at from stockout
           where tenant_id = %s and site_id = %s and (until_at is null or until_at > %s) order by item_id, since""",
        (ctx.tenant, site_id, since),
    )
