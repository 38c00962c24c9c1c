"""Why a figure of stock is what it is, down to bins, lots, orders and movements; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.quantities import ZERO
from shelfwise.stock.model import Status
from shelfwise.stock.tables import REAL
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class LiesAt:
    """How much of an item, of one lot and in one status, lies at a real place.

    Attributes:
        expired: past its last day at the site.
    """

    item_id: int
    sku: str
    site_id: int
    site: str
    zone: str | None
    place_id: int
    place: str
    kind: str
    lot: str | None
    status: Status
    on_hand: Decimal
    catch_weight_g: Decimal
    expires_on: date | None
    expired: bool
    first_received_at: datetime | None


@dataclass(frozen=True)
class Promise:
    """What is reserved for an order line."""

    sales_line_id: int
    order_number: str
    line: int
    customer: str | None
    quantity: Decimal
    reserved_at: datetime


@dataclass(frozen=True)
class Sending:
    """What is reserved for a line of a transfer to another site."""

    transfer_id: int
    number: str
    line: int
    to_site: str
    quantity: Decimal
    reserved_at: datetime | None


@dataclass(frozen=True)
class Coming:
    """What a supplier still owes of a line, and when it is expected."""

    purchase_order_id: int
    number: str
    line: int
    supplier: str
    quantity: Decimal
    expected_at: datetime


@dataclass(frozen=True)
class OnRoad:
    """What of a transfer has left its site and has not arrived."""

    transfer_id: int
    number: str
    from_site: str
    to_site_id: int
    to_site: str
    quantity: Decimal
    expected_at: datetime


@dataclass(frozen=True)
class Explained:
    """Each figure of an item at a site, and what it is made of.

    Attributes:
        blocked: lies there and may not be sold: held, in quarantine, damaged, or past its last day.
        promises, transfers: what is reserved for customers, and for other sites.
        in_transit: is on the road here from other sites, and not yet on hand.
        on_road: what is on the road here, and from here.
    """

    on_hand: Decimal
    blocked: Decimal
    reserved: Decimal
    on_order: Decimal
    in_transit: Decimal
    lies: tuple[LiesAt, ...]
    promises: tuple[Promise, ...]
    transfers: tuple[Sending, ...]
    coming: tuple[Coming, ...]
    on_road: tuple[OnRoad, ...]

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.blocked - self.reserved

    @property
    def why_blocked(self) -> dict[str, Decimal]:
        """How much is blocked by each status; 'expired' is past its last day and still in its place."""
        sums: dict[str, Decimal] = {}
        for one in self.lies:
            if one.status != "available" or one.expired:
                name = one.status if one.status != "available" else "expired"
                sums[name] = sums.get(name, ZERO) + one.on_hand
        return sums


LIES = f"""select b.item_id, i.sku, p.site_id, s.code as site, z.code as zone, b.place_id, p.code as place, p.kind,
        nullif(b.lot, '') as lot, b.status, b.on_hand, b.catch_weight_g, l.expires_on,
        coalesce(l.expires_on < (%(now)s at time zone s.time_zone)::date, false) as expired, l.first_received_at
    from balance b
    join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.kind in {REAL}
    join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
    join item i on i.tenant_id = b.tenant_id and i.item_id = b.item_id
    left join zone z on z.tenant_id = p.tenant_id and z.zone_id = p.zone_id
    left join lot l on b.lot <> '' and l.tenant_id = b.tenant_id and l.item_id = b.item_id and l.code = b.lot"""


def lies_at(
    ctx: Context,
    *,
    item_id: int | None = None,
    site_id: int | None = None,
    zone_id: int | None = None,
    place_id: int | None = None,
    lot: str | None = None,
    status: Status | None = None,
    limit: int = 1000,
    offset: int = 0,
) -> list[LiesAt]:
    """What lies where, by site, place, SKU, lot and status; narrowed down by whatever is given.

    Only at sites whose stock the actor may see. `lot` '' means what has none.
    """
    return rows(
        ctx.tx,
        LiesAt,
        f"""{LIES}
            where b.tenant_id = %(tenant)s and b.on_hand <> 0
              and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s))
              and (%(item)s::bigint is null or b.item_id = %(item)s)
              and (%(site)s::bigint is null or p.site_id = %(site)s)
              and (%(zone)s::bigint is null or p.zone_id = %(zone)s)
              and (%(place)s::bigint is null or b.place_id = %(place)s)
              and (%(lot)s::text is null or b.lot = %(lot)s)
              and (%(status)s::text is null or b.status = %(status)s)
            order by s.code, p.code, i.sku, b.lot, b.status limit %(limit)s offset %(offset)s""",
        {
            "tenant": ctx.tenant, "now": ctx.now, "sites": ctx.sites(Right.VIEW), "item": item_id, "site": site_id,
            "zone": zone_id, "place": place_id, "lot": lot, "status": status, "limit": limit, "offset": offset,
        },
    )  # fmt: skip


def near_expiry(ctx: Context, site_id: int, days: int = 30, limit: int = 500) -> list[LiesAt]:
    """What lies at a site and may be sold for at most so many days more, or is past its last day; soonest first."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        LiesAt,
        f"""{LIES}
            where b.tenant_id = %(tenant)s and p.site_id = %(site)s and b.on_hand > 0
              and l.expires_on <= (%(now)s at time zone s.time_zone)::date + %(days)s
            order by l.expires_on, i.sku, p.code limit %(limit)s""",
        {"tenant": ctx.tenant, "now": ctx.now, "site": site_id, "days": days, "limit": limit},
    )


def explain(ctx: Context, item_id: int, site_id: int) -> Explained:
    """Each figure of an item at a site, and what it is made of: bins and lots, promises, orders, the road."""
    ctx.require(Right.VIEW, site_id)
    key = (ctx.tenant, item_id, site_id)
    ((reserved,),) = values(
        ctx.tx,
        "select coalesce(sum(reserved), 0) from stock_level where tenant_id = %s and item_id = %s and site_id = %s",
        key,
    )
    lies = lies_at(ctx, item_id=item_id, site_id=site_id, limit=10_000)
    promises = rows(
        ctx.tx,
        Promise,
        """select r.sales_line_id, l.order_number, l.line, l.customer, r.quantity, r.reserved_at
           from reservation r join sales_line l using (tenant_id, sales_line_id)
           where r.tenant_id = %s and r.item_id = %s and r.site_id = %s order by r.reserved_at, r.sales_line_id""",
        key,
    )
    coming = rows(
        ctx.tx,
        Coming,
        """select o.purchase_order_id, o.number, u.line, s.name as supplier, u.quantity, u.expected_at
           from purchase_outstanding u
           join purchase_order o using (tenant_id, purchase_order_id)
           join supplier s using (tenant_id, supplier_id)
           where u.tenant_id = %s and u.item_id = %s and u.site_id = %s order by u.expected_at, o.number, u.line""",
        key,
    )
    on_road = rows(
        ctx.tx,
        OnRoad,
        """select t.transfer_id, t.number, f.code as from_site, t.to_site_id, s.code as to_site,
                  sum(p.shipped - p.received - p.back - p.lost) as quantity, t.expected_at
           from transfer t
           join transfer_line l using (tenant_id, transfer_id)
           join transfer_progress p using (tenant_id, transfer_id, line)
           join site f on f.tenant_id = t.tenant_id and f.site_id = t.from_site_id
           join site s on s.tenant_id = t.tenant_id and s.site_id = t.to_site_id
           where t.tenant_id = %s and l.item_id = %s and %s in (t.from_site_id, t.to_site_id)
             and t.state in ('in_transit', 'part_received')
           group by t.transfer_id, t.number, f.code, t.to_site_id, s.code, t.expected_at
           having sum(p.shipped - p.received - p.back - p.lost) > 0 order by t.expected_at, t.number""",
        key,
    )
    transfers = rows(
        ctx.tx,
        Sending,
        """select t.transfer_id, t.number, l.line, s.code as to_site, l.reserved as quantity, l.reserved_at
           from transfer_line l
           join transfer t using (tenant_id, transfer_id)
           join site s on s.tenant_id = t.tenant_id and s.site_id = t.to_site_id
           where t.tenant_id = %s and l.item_id = %s and t.from_site_id = %s and l.reserved > 0
           order by t.number, l.line""",
        key,
    )
    return Explained(
        on_hand=sum((one.on_hand for one in lies), ZERO),
        blocked=sum((one.on_hand for one in lies if one.status != "available" or one.expired), ZERO),
        reserved=reserved,
        on_order=sum((one.quantity for one in coming), ZERO),
        in_transit=sum((one.quantity for one in on_road if one.to_site_id == site_id), ZERO),
        lies=tuple(lies),
        promises=tuple(promises),
        transfers=tuple(transfers),
        coming=tuple(coming),
        on_road=tuple(on_road),
    )
