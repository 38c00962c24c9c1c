"""The lines of the ledger behind a figure, with what it was after each of them; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.stock import tables
from shelfwise.stock.model import Status
from shelfwise.stock.tables import REAL
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class MovementRow:
    """A line of the ledger for people.

    Attributes:
        site: where it went; `from_site` where it came from.
        order_number: the sale it was picked for.
        reversed_by: the movement that took it back.
        shipment_id: the shipment that has left with it: that one is reopened, instead of taking this back.
        change: by how much it changed the figure that was asked for: a site's, a bin's, a lot's; below zero: it left.
        balance: the figure after it; None where several items are asked for at once.
    """

    movement_id: int
    item_id: int
    sku: str
    occurred_at: datetime
    recorded_at: datetime
    quantity: Decimal
    from_place_id: int
    from_place: str
    from_kind: str
    from_site: str
    to_place_id: int
    to_place: str
    to_kind: str
    site: str
    reason: str
    actor: str
    source: str | None
    order_number: str | None
    reverses: int | None
    reversed_by: int | None
    lot: str | None
    serial: str | None
    from_status: str
    to_status: str
    batch_id: int | None
    note: str | None
    catch_weight_g: Decimal | None
    shipment_id: int | None
    change: Decimal
    balance: Decimal | None


# A bin that so few items ever lay in is found by their movements, any other by going back through all of them.
_FEW = 50


def movements(
    ctx: Context,
    item_id: int | None = None,
    limit: int = 100,
    *,
    site_id: int | None = None,
    place_id: int | None = None,
    lot: str | None = None,
    status: Status | None = None,
    before: int | None = None,
) -> list[MovementRow]:
    """The movements of an item, of a place, or of an item there, the newest first, where the actor may see stock.

    With an item, each has the balance after it, and the newest that of now: of the place or of the site, else of all
    sites that the actor may see, in bins, docks and on packing benches.

    Args:
        lot: '' means what has none.
        status: what came as this, left it, or changed to or from it.
        before: only those with a smaller id, to read on.
    """
    sites = ctx.sites(Right.VIEW)
    if site_id is not None:
        ctx.require(Right.VIEW, site_id)
    if place_id is not None:
        spot = tables.spots(ctx.tx, ctx.tenant, [place_id]).get(place_id)
        if spot is not None:
            ctx.require(Right.VIEW, spot.site_id)
    few = None if item_id is not None or place_id is None else _few_items(ctx, place_id)
    narrow = "" if place_id is None else "and %(place)s in (m.from_place_id, m.to_place_id)"
    narrow += "" if item_id is None else " and m.item_id = %(item)s"
    narrow += "" if few is None else " and m.item_id = any(%(few)s)"
    narrow += "" if lot is None else " and coalesce(m.lot, '') = %(lot)s"
    narrow += "" if status is None else " and %(status)s in (m.from_status, m.to_status)"
    ends = {
        end: f"""case when ({end}.place_id = %(place)s or %(place)s::bigint is null and {end}.kind in {REAL})
                 and (%(site)s::bigint is null or {end}.site_id = %(site)s)
                 and (%(sites)s::bigint[] is null or {end}.site_id = any(%(sites)s))
                 and (%(status)s::text is null or m.{way}_status = %(status)s) then m.quantity else 0 end"""
        for end, way in (("f", "from"), ("t", "to"))
    }
    scope = f"""
        select m.*, f.code as from_place, f.kind as from_kind, f.site_id as from_site_id, t.code as to_place,
               t.kind as to_kind, t.site_id as to_site_id, {ends["t"]} - {ends["f"]} as change
        from movement m
        join place f on f.tenant_id = m.tenant_id and f.place_id = m.from_place_id
        join place t on t.tenant_id = m.tenant_id and t.place_id = m.to_place_id
        where m.tenant_id = %(tenant)s {narrow}
          and (%(sites)s::bigint[] is null or f.site_id = any(%(sites)s) or t.site_id = any(%(sites)s))
          and (%(site)s::bigint is null or %(site)s in (f.site_id, t.site_id))"""
    # Backwards from what lies there now: what came later is taken out again.
    return rows(
        ctx.tx,
        MovementRow,
        f"""with now as (
                select coalesce(sum(b.on_hand), 0) as on_hand from balance b
                join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
                where b.tenant_id = %(tenant)s and b.item_id = %(item)s
                  and (b.place_id = %(place)s or %(place)s::bigint is null and p.kind in {REAL})
                  and (%(site)s::bigint is null or p.site_id = %(site)s)
                  and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s))
                  and (%(lot)s::text is null or b.lot = %(lot)s)
                  and (%(status)s::text is null or b.status = %(status)s)),
            later as (
                select coalesce(sum(change), 0) as change
                from ({scope} and %(item)s::bigint is not null and m.movement_id >= %(before)s::bigint) l),
            page as materialized (
                {scope} and (%(before)s::bigint is null or m.movement_id < %(before)s)
                order by m.movement_id desc limit %(limit)s)
            select m.movement_id, m.item_id, i.sku, m.occurred_at, m.recorded_at, m.quantity, m.from_place_id,
                   m.from_place, m.from_kind, fs.code as from_site, m.to_place_id, m.to_place, m.to_kind,
                   ts.code as site, m.reason, m.actor, m.source, l.order_number, m.reverses,
                   r.movement_id as reversed_by, m.lot, m.serial, m.from_status, m.to_status, m.batch_id, m.note,
                   m.catch_weight_g, h.shipment_id, m.change,
                   case when %(item)s::bigint is not null then now.on_hand - later.change - coalesce(
                       sum(m.change) over (order by m.movement_id desc
                           rows between unbounded preceding and 1 preceding), 0) end as balance
            from page m
            cross join now cross join later
            join item i on i.tenant_id = m.tenant_id and i.item_id = m.item_id
            join site fs on fs.tenant_id = m.tenant_id and fs.site_id = m.from_site_id
            join site ts on ts.tenant_id = m.tenant_id and ts.site_id = m.to_site_id
            left join sales_line l on l.tenant_id = m.tenant_id and l.sales_line_id = m.sales_line_id
            left join movement r on r.tenant_id = m.tenant_id and r.reverses = m.movement_id
            left join shipment_move v on v.tenant_id = m.tenant_id and v.movement_id = m.movement_id
            left join shipment h on h.tenant_id = v.tenant_id and h.shipment_id = v.shipment_id and h.state = 'shipped'
            order by m.movement_id desc""",
        {
            "tenant": ctx.tenant, "item": item_id, "site": site_id, "place": place_id, "lot": lot, "status": status,
            "before": before, "sites": sites, "few": few, "limit": limit,
        },
    )  # fmt: skip


def _few_items(ctx: Context, place_id: int) -> list[int] | None:
    """The items that ever lay in a place; None: too many to look for each."""
    found = values(
        ctx.tx,
        "select distinct item_id from balance where tenant_id = %s and place_id = %s limit %s",
        (ctx.tenant, place_id, _FEW + 1),
    )
    return None if len(found) > _FEW else [item_id for (item_id,) in found]


def shipment_of_batch(ctx: Context, batch_id: int) -> int | None:
    """The shipment that has left with goods of a batch: it is reopened, instead of taking the batch back.

    Raises:
        NotFound: there is no such batch.
    """
    ctx.require_somewhere(Right.VIEW)
    found = values(
        ctx.tx,
        """select distinct p.site_id, h.shipment_id from movement m
           join place p on p.tenant_id = m.tenant_id and p.place_id in (m.from_place_id, m.to_place_id)
           left join shipment_move v on v.tenant_id = m.tenant_id and v.movement_id = m.movement_id
           left join shipment h on h.tenant_id = v.tenant_id and h.shipment_id = v.shipment_id and h.state = 'shipped'
           where m.tenant_id = %s and m.batch_id = %s order by h.shipment_id nulls last""",
        (ctx.tenant, batch_id),
    )
    if not found:
        raise NotFound("batch of movements", batch_id)
    seen: list[int | None] = [shipment_id for site_id, shipment_id in found if ctx.actor.may(Right.VIEW, site_id)]
    if not seen:
        ctx.require(Right.VIEW, found[0][0])
    return seen[0]
