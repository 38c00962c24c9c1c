"""Where a lot came from, who got it and where it lies; the history of a serial; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.core.quantities import ZERO
from shelfwise.stock import descent, lots, tables
from shelfwise.stock.descent import Made, Reached
from shelfwise.stock.model import Lot, Status
from shelfwise.store.database import rows


@dataclass(frozen=True)
class Lies:
    """How much of a lot is at a place now: on a shelf, or on the road ('transit') from the site."""

    place_id: int
    place: str
    kind: str
    site_id: int
    site: str
    status: Status
    on_hand: Decimal
    catch_weight_g: Decimal


@dataclass(frozen=True)
class Step:
    """What happened to goods of a lot or a serial, and the document it happened for.

    Attributes:
        reverses, reversed_by: the movement it took back, and the one that took it back.
        lot_chosen: nobody named the lot: it is the one that should have been taken.
    """

    movement_id: int
    occurred_at: datetime
    recorded_at: datetime
    reason: str
    quantity: Decimal
    from_place: str
    from_kind: str
    from_site: str
    to_place: str
    to_kind: str
    to_site: str
    from_status: Status
    to_status: Status
    lot: str | None
    serial: str | None
    lot_chosen: bool
    actor: str
    note: str | None
    batch_id: int | None
    sales_line_id: int | None
    order_number: str | None
    customer: str | None
    purchase_order_id: int | None
    purchase_number: str | None
    supplier: str | None
    transfer_id: int | None
    count_id: int | None
    reverses: int | None
    reversed_by: int | None

    @property
    def stands(self) -> bool:
        """Neither taken back nor a taking back."""
        return self.reverses is None and self.reversed_by is None


@dataclass(frozen=True)
class Trace:
    """A lot forward and back.

    Attributes:
        came: from suppliers, as opening stock and back from customers.
        got: what went to customers: who got it.
        sent_back: what went back to suppliers.
        scrapped: what was written off.
        travelled: what left a site on the road or came from there.
        corrected: what counts, adjustments and short picks made more or less of it.
        inside: moves within a site, holds and releases; and whatever was taken back, with its reversal.
        made_into, made_of: other items it became, or that became it, over any number of conversions.
        reached: who has it in the end, as it is or as what it became; what came back is not counted.
        complete: all movements are there; not so where there are more than were asked for.
    """

    lot: Lot
    sku: str
    lies: tuple[Lies, ...]
    came: tuple[Step, ...]
    got: tuple[Step, ...]
    sent_back: tuple[Step, ...]
    scrapped: tuple[Step, ...]
    travelled: tuple[Step, ...]
    corrected: tuple[Step, ...]
    inside: tuple[Step, ...]
    made_into: tuple[Made, ...]
    made_of: tuple[Made, ...]
    reached: tuple[Reached, ...]
    complete: bool

    @property
    def on_hand(self) -> Decimal:
        return sum((one.on_hand for one in self.lies if one.kind != "transit"), ZERO)

    @property
    def customers(self) -> dict[str, Decimal]:
        """How much each customer has of it, as it is or as what it became; '' where the order names none."""
        sums: dict[str, Decimal] = {}
        for one in self.reached:
            sums[one.customer] = sums.get(one.customer, ZERO) + one.quantity
        return sums


_STEP = """select m.movement_id, m.occurred_at, m.recorded_at, m.reason, m.quantity, f.code as from_place,
        f.kind as from_kind, fs.code as from_site, t.code as to_place, t.kind as to_kind, ts.code as to_site,
        m.from_status, m.to_status, m.lot, m.serial, m.lot_chosen, m.actor, m.note, m.batch_id, m.sales_line_id,
        l.order_number, l.customer, m.purchase_order_id, o.number as purchase_number, u.name as supplier,
        m.transfer_id, m.count_id, m.reverses, r.movement_id as reversed_by
    from movement m
    join place f on f.tenant_id = m.tenant_id and f.place_id = m.from_place_id
    join place t on t.tenant_id = m.tenant_id and t.place_id = m.to_place_id
    join site fs on fs.tenant_id = f.tenant_id and fs.site_id = f.site_id
    join site ts on ts.tenant_id = t.tenant_id and ts.site_id = t.site_id
    left join sales_line l on l.tenant_id = m.tenant_id and l.sales_line_id = m.sales_line_id
    left join purchase_order o on o.tenant_id = m.tenant_id and o.purchase_order_id = m.purchase_order_id
    left join supplier u on u.tenant_id = o.tenant_id and u.supplier_id = o.supplier_id
    left join movement r on r.tenant_id = m.tenant_id and r.reverses = m.movement_id"""
_SITES = """and (%(sites)s::bigint[] is null or f.site_id = any(%(sites)s) or t.site_id = any(%(sites)s))"""


def trace(ctx: Context, item_id: int, code: str, limit: int = 10_000) -> Trace:
    """A lot forward and back, at the sites whose stock the actor may see.

    Args:
        limit: the most movements to look at, the newest of them.

    Raises:
        NotFound: there is no such lot.
    """
    sites = ctx.sites(Right.VIEW)
    lot = lots.lot(ctx.tx, ctx.tenant, item_id, code)
    if lot is None:
        raise NotFound("lot", code)
    about = {"tenant": ctx.tenant, "item": item_id, "lot": code, "sites": sites, "limit": limit + 1}
    found = rows(
        ctx.tx,
        Step,
        f"""{_STEP} where m.tenant_id = %(tenant)s and m.lot = %(lot)s and m.item_id = %(item)s {_SITES}
            order by m.movement_id desc limit %(limit)s""",
        about,
    )
    complete = len(found) <= limit
    steps = found[:limit][::-1]
    lies = rows(
        ctx.tx,
        Lies,
        """select b.place_id, p.code as place, p.kind, p.site_id, s.code as site, b.status, b.on_hand,
                  b.catch_weight_g
           from balance b
           join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
           join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           where b.tenant_id = %(tenant)s and b.item_id = %(item)s and b.lot = %(lot)s and b.on_hand > 0
             and p.kind in ('bin', 'dock', 'packing', 'transit')
             and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s))
           order by s.code, p.code, b.status""",
        about,
    )
    heaps: dict[str, list[Step]] = {
        name: [] for name in ("came", "got", "sent_back", "scrapped", "travelled", "corrected", "inside")
    }
    for one in steps:
        if (heap := _heap(one)) is not None:
            heaps[heap].append(one)
    became = descent.family(ctx, item_id, code, forward=True)
    return Trace(
        lot,
        _sku(ctx, item_id),
        tuple(lies),
        came=tuple(heaps["came"]),
        got=tuple(heaps["got"]),
        sent_back=tuple(heaps["sent_back"]),
        scrapped=tuple(heaps["scrapped"]),
        travelled=tuple(heaps["travelled"]),
        corrected=tuple(heaps["corrected"]),
        inside=tuple(heaps["inside"]),
        made_into=descent.made(ctx, became, code, forward=True),
        made_of=descent.made(ctx, descent.family(ctx, item_id, code, forward=False), code, forward=False),
        reached=descent.reached(ctx, [item_id, *became], code),
        complete=complete,
    )


def _heap(step: Step) -> str | None:
    """Under what a step is shown; None: it is shown as a conversion."""
    if not step.stands:
        return "inside"
    if "conversion" in (step.from_kind, step.to_kind):
        return None
    if step.to_kind == "customer":
        return "got"
    if step.to_kind == "supplier":
        return "sent_back"
    if step.to_kind == "scrap":
        return "scrapped"
    if step.from_kind in ("supplier", "customer", "opening"):
        return "came"
    if "transit" in (step.from_kind, step.to_kind):
        return "travelled"
    if {"adjustment", "unaccounted"} & {step.from_kind, step.to_kind}:
        return "corrected"
    return "inside"


def _sku(ctx: Context, item_id: int) -> str:
    return tables.skus(ctx.tx, ctx.tenant, [item_id]).get(item_id, "")


def serial_history(ctx: Context, item_id: int, serial: str, limit: int = 500) -> list[Step]:
    """What happened to a serial number, oldest first; the newest `limit` of it."""
    about = {"tenant": ctx.tenant, "item": item_id, "serial": serial, "sites": ctx.sites(Right.VIEW), "limit": limit}
    return rows(
        ctx.tx,
        Step,
        f"""{_STEP} where m.tenant_id = %(tenant)s and m.serial = %(serial)s and m.item_id = %(item)s {_SITES}
            order by m.movement_id desc limit %(limit)s""",
        about,
    )[::-1]


def batch_steps(ctx: Context, batch_id: int) -> list[Step]:
    """The movements of a batch in order, at the sites whose stock the actor may see."""
    about = {"tenant": ctx.tenant, "batch": batch_id, "sites": ctx.sites(Right.VIEW)}
    return rows(
        ctx.tx,
        Step,
        f"{_STEP} where m.tenant_id = %(tenant)s and m.batch_id = %(batch)s {_SITES} order by m.movement_id",
        about,
    )
