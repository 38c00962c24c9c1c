"""What an ERP that keeps the books says lies at a site. The difference to what was believed is booked as told by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Refused
from shelfwise.core.quantities import ZERO
from shelfwise.records import service as records
from shelfwise.records.books import books
from shelfwise.stock.ledger import read_map
from shelfwise.stock.model import TOLD_BY_ERP, NewMovement
from shelfwise.stock.posting import post_many
from shelfwise.store.database import rows, run, values

# Where lies what the ERP knows of and nobody has told us the place of.
PLACE = "ERP"


@dataclass(frozen=True)
class Told:
    """How much of an item lies at a site by the ERP's books."""

    site_id: int
    item_id: int
    quantity: Decimal


@dataclass(frozen=True)
class Difference:
    """What the ERP told the last time, and what was believed until then."""

    site: str
    sku: str
    description: str
    unit: str
    quantity: Decimal
    believed: Decimal
    as_of: datetime
    told_at: datetime


def put_stock(ctx: Context, told: Sequence[Told], as_of: datetime) -> None:
    """Take what the ERP says for true, of the items that it names, unless something newer is known of them.

    Raises:
        Refused: Shelfwise keeps the books itself.
    """
    ctx.require_somewhere(Right.ADJUST_STOCK)
    for site_id in {one.site_id for one in told}:
        ctx.require(Right.ADJUST_STOCK, site_id)
    if not books(ctx).elsewhere:
        raise Refused("Shelfwise keeps the books here. Import it as stock, or say under ERP that the ERP keeps them.")
    newer = _newer(ctx, as_of)
    fresh = [one for one in told if (one.site_id, one.item_id) not in newer]
    if not fresh:
        return
    lying = _lying(ctx, fresh)
    believed = {key: sum((quantity for _, quantity in places), ZERO) for key, places in lying.items()}
    movements = _movements(ctx, fresh, lying)
    if movements:
        post_many(ctx, movements, kind=TOLD_BY_ERP, note=f"Told by the ERP as of {as_of:%Y-%m-%d %H:%M} UTC")
    columns = zip(
        *(
            (one.site_id, one.item_id, one.quantity, believed.get((one.site_id, one.item_id), ZERO))
            for one in fresh
        ),
        strict=True,
    )  # fmt: skip
    run(
        ctx.tx,
        """insert into erp_stock (tenant_id, as_of, told_at, site_id, item_id, quantity, believed)
           select %s, %s, %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[]) u
           on conflict (tenant_id, site_id, item_id) do update set quantity = excluded.quantity,
               as_of = excluded.as_of, told_at = excluded.told_at, believed = excluded.believed""",
        (ctx.tenant, as_of, ctx.now, *map(list, columns)),
    )
    ctx.audit("erp.stock_told", "stock", count=len(fresh), differing=len(movements), as_of=as_of.isoformat())


def differences(ctx: Context, limit: int = 200) -> list[Difference]:
    """Where the ERP's newest word differed from what was believed, the largest differences first."""
    return rows(
        ctx.tx,
        Difference,
        """select s.code as site, i.sku, i.description, i.unit, e.quantity, e.believed, e.as_of, e.told_at
           from erp_stock e join site s using (tenant_id, site_id) join item i using (tenant_id, item_id)
           where e.tenant_id = %(tenant)s and e.quantity <> e.believed
             and (%(sites)s::bigint[] is null or e.site_id = any(%(sites)s))
           order by abs(e.quantity - e.believed) desc, i.sku limit %(limit)s""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )


def told_as_of(ctx: Context) -> dict[int, datetime]:
    """As of when the newest stock of each site was told."""
    return dict(
        values(
            ctx.tx,
            """select site_id, max(as_of) from erp_stock where tenant_id = %(tenant)s
                 and (%(sites)s::bigint[] is null or site_id = any(%(sites)s)) group by site_id""",
            {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW)},
        )
    )


def _newer(ctx: Context, as_of: datetime) -> set[tuple[int, int]]:
    return set(
        values(
            ctx.tx,
            "select site_id, item_id from erp_stock where tenant_id = %s and as_of > %s for update",
            (ctx.tenant, as_of),
        )
    )


def _lying(ctx: Context, told: Sequence[Told]) -> dict[tuple[int, int], list[tuple[int, Decimal]]]:
    """Where each of them lies by what we believe, first the place that nobody has named."""
    found: defaultdict[tuple[int, int], list[tuple[int, Decimal]]] = defaultdict(list)
    for site_id, item_id, place_id, quantity in values(
        ctx.tx,
        """select p.site_id, b.item_id, p.place_id, sum(b.on_hand)
           from balance b join place p using (tenant_id, place_id)
           where b.tenant_id = %s and p.kind in ('bin', 'dock', 'packing')
             and (p.site_id, b.item_id) in (select * from unnest(%s::bigint[], %s::bigint[]))
           group by p.site_id, b.item_id, p.place_id, p.code having sum(b.on_hand) <> 0
           order by p.site_id, b.item_id, p.code <> %s, p.code""",
        (ctx.tenant, [one.site_id for one in told], [one.item_id for one in told], PLACE),
    ):
        found[site_id, item_id].append((place_id, quantity))
    return found


def _movements(
    ctx: Context, told: Sequence[Told], lying: dict[tuple[int, int], list[tuple[int, Decimal]]]
) -> list[NewMovement]:
    places = {site_id: _place(ctx, site_id) for site_id in {one.site_id for one in told}}
    spots = read_map(ctx, set(places.values()))
    movements = []
    for one in told:
        correcting = spots.virtual[one.site_id, "adjustment"]
        there = lying.get((one.site_id, one.item_id), [])
        more = one.quantity - sum((quantity for _, quantity in there), ZERO)
        if more > 0:
            movements.append(NewMovement(one.item_id, correcting, places[one.site_id], more, "count"))
        for place_id, quantity in there:
            if more < 0 < quantity:
                less = min(quantity, -more)
                movements.append(NewMovement(one.item_id, place_id, correcting, less, "count"))
                more += less
    return movements


def _place(ctx: Context, site_id: int) -> int:
    found = values(
        ctx.tx,
        "select place_id from place where tenant_id = %s and site_id = %s and code = %s",
        (ctx.tenant, site_id, PLACE),
    )
    return int(found[0][0]) if found else records.add_place(ctx, site_id=site_id, code=PLACE)
