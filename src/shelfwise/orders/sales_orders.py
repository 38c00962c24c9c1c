"""Customers' orders as documents: taken by hand, looked up with all that is known of their lines, notes, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.orders import purchase_tables, sales_tables
from shelfwise.orders.model import NewSalesLine, SalesState
from shelfwise.orders.sales import take_sales_lines
from shelfwise.records.model import refuse, text_faults
from shelfwise.store.database import notify, rows

COUNTER = "sales_order"
MOST_LINES = 200
Show = Literal["under_way", "waiting", "reserved", "all"]


@dataclass(frozen=True)
class OrderLine:
    """A line of a customer's order with all that is known of it.

    Attributes:
        reserved: promised to it of what is there.
        shipment_id, shipment, shipment_state: the one it is being picked or packed in; None: none.
        returned: came back of what was issued.
    """

    sales_line_id: int
    order_number: str
    line: int
    site_id: int
    site: str
    item_id: int
    sku: str
    description: str
    unit: str
    ordered_at: datetime
    recorded_at: datetime
    quantity: Decimal
    issued: Decimal
    unit_price: Decimal
    customer: str | None
    country: str | None
    state: SalesState
    allow_part: bool
    precedence_at: datetime | None
    held_back_at: datetime | None
    reserved: Decimal
    shipment_id: int | None
    shipment: str | None
    shipment_state: str | None
    returned: Decimal

    @property
    def missing(self) -> Decimal:
        """What it still needs and nothing is promised for."""
        if self.state not in ("open", "reserved"):
            return Decimal(0)
        return max(self.quantity - self.issued - self.reserved, Decimal(0))

    @property
    def kind(self) -> str:
        """How far it is, in one word for the order as a whole."""
        if self.state in ("history", "cancelled"):
            return self.state
        if self.state == "returned" or (self.issued > 0 and self.returned >= self.issued):
            return "returned"
        if self.state == "issued":
            return "shipped"
        if self.shipment_state is not None:
            return self.shipment_state
        if self.issued > 0:
            return "part"
        return "reserved" if self.state == "reserved" else "waiting"

    @property
    def words(self) -> str:
        """How far it is, for people."""
        if self.kind == "waiting" and self.held_back_at is not None:
            return "held back by a planner"
        if self.kind == "waiting" and self.reserved > 0:
            return "reserved in part, rest waits"
        if self.kind == "part":
            return "shipped in part, rest " + ("waits" if self.missing else "reserved")
        if self.kind == "shipped" and self.returned > 0:
            return "shipped, came back in part"
        return {
            "history": "before go-live",
            "cancelled": "cancelled",
            "returned": "returned",
            "shipped": "shipped",
            "picking": "being picked",
            "packed": "packed",
            "reserved": "reserved",
            "waiting": "waits for stock",
        }[self.kind]


@dataclass(frozen=True)
class SalesOrder:
    """A customer's order with those of its lines that one may see."""

    order_number: str
    lines: tuple[OrderLine, ...]

    @property
    def customer(self) -> str | None:
        return next((line.customer for line in self.lines if line.customer), None)

    @property
    def country(self) -> str | None:
        return next((line.country for line in self.lines if line.country), None)

    @property
    def ordered_at(self) -> datetime:
        return min(line.ordered_at for line in self.lines)

    @property
    def total(self) -> Decimal:
        """In the tenant's currency, without what was cancelled."""
        return sum((line.quantity * line.unit_price for line in self.lines if line.state != "cancelled"), Decimal(0))

    @property
    def words(self) -> str:
        """How far it is as a whole."""
        kinds = {line.kind for line in self.lines if line.kind != "cancelled"}
        if not kinds:
            return "cancelled"
        if len(kinds) == 1:
            (kind,) = kinds
            return {"history": "before go-live", "picking": "being picked", "waiting": "waiting, back-order",
                    "part": "part shipped"}.get(kind, kind)  # fmt: skip
        if kinds & {"shipped", "part", "returned"}:
            return "shipped" if kinds <= {"shipped", "returned"} else "part shipped"
        for kind, words in (("picking", "being picked"), ("packed", "packed in part"), ("waiting", "waiting in part")):
            if kind in kinds:
                return words
        return "reserved"

    @property
    def state_kind(self) -> str:
        """Which mark the state has: 'well', 'attention' or 'unknown'."""
        words = self.words
        if words.startswith("waiting"):
            return "attention"
        return "well" if words in ("shipped", "reserved", "packed") else "unknown"


@dataclass(frozen=True)
class Note:
    """Something that was written down about an order."""

    note: str
    written_by: str
    written_at: datetime


@dataclass(frozen=True)
class Changed:
    """Something that was done to an order or one of its lines; `line` None: to all of it."""

    business_at: datetime
    actor_name: str
    action: str
    line: int | None
    detail: dict[str, Any]


def take_order(
    ctx: Context,
    site_id: int,
    lines: Sequence[tuple[int, Decimal, Decimal]],
    *,
    customer: str | None = None,
    country: str | None = None,
    order_number: str | None = None,
    allow_part: bool = False,
    note: str = "",
    source: str | None = None,
) -> str:
    """Take an order by hand: (item, quantity, unit price). Returns its number; told twice, it is one order.

    Args:
        source: the stable key of this telling; None: each telling is an order of its own.
        order_number: None: the next of our own, SO-000001 and on.
        allow_part: what is there may go at once.

    Raises:
        Forbidden: the actor may not take orders at the site.
        Invalid: a field cannot be right.
        Refused: the number is taken.
    """
    ctx.require(Right.TAKE_ORDERS, site_id)
    if not 0 < len(lines) <= MOST_LINES:
        raise Invalid(Fault("lines", f"1 to {MOST_LINES} lines", str(len(lines)), "Say what was ordered."))
    refuse(text_faults(note, "note"))
    purchase_tables.lock_counter(ctx.tx, ctx.tenant, COUNTER)
    if source is not None and (known := sales_tables.entered_before(ctx.tx, ctx.tenant, "sales.entered", source)):
        return known.removeprefix("sales_order:")
    number = order_number or _next_number(ctx)
    if sales_tables.numbers_known(ctx.tx, ctx.tenant, number):
        raise Refused(f"There is an order {number} already. Give this one a number of its own, or leave it empty.")
    take_sales_lines(
        ctx,
        [
            NewSalesLine(number, row, site_id, item_id, ctx.now, quantity, price, customer or None, country or None)
            for row, (item_id, quantity, price) in enumerate(lines, 1)
        ],
    )
    if allow_part:
        sales_tables.allow_parts_of(ctx.tx, ctx.tenant, number)
    if note.strip():
        sales_tables.insert_note(ctx.tx, ctx.tenant, number, note.strip(), ctx.actor.by, ctx.now)
    ctx.audit("sales.entered", f"sales_order:{number}", count=len(lines), customer=customer, key=source)
    return number


def _next_number(ctx: Context) -> str:
    """Numbers of ours skip those that a shop happens to use."""
    while True:
        number = f"SO-{purchase_tables.next_number(ctx.tx, ctx.tenant, COUNTER):06d}"
        if not sales_tables.numbers_known(ctx.tx, ctx.tenant, number):
            return number


def add_sales_note(ctx: Context, order_number: str, note: str) -> None:
    """Write something down about an order.

    Raises:
        Forbidden: the actor may neither take orders nor issue goods at any of its sites.
        Invalid: the note is empty or too long.
        NotFound: there is no such order.
    """
    found = sales_order(ctx, order_number)
    if not any(ctx.actor.may(Right.ISSUE_GOODS, line.site_id) for line in found.lines):
        ctx.require(Right.TAKE_ORDERS, found.lines[0].site_id)
    refuse(text_faults(note, "note"))
    if not note.strip():
        raise Invalid(Fault("note", "a few words", "nothing", "Write what others should know."))
    sales_tables.insert_note(ctx.tx, ctx.tenant, order_number, note.strip(), ctx.actor.by, ctx.now)
    ctx.audit("sales.noted", f"sales_order:{order_number}")
    notify(ctx.tx, "live", "orders")


def sales_order(ctx: Context, order_number: str) -> SalesOrder:
    """An order with its lines at sites that the actor may see.

    Raises:
        NotFound: there is no such order, or nothing of it is at a site that the actor may see.
    """
    sites = ctx.sites(Right.VIEW)
    lines = [] if "\x00" in order_number else _lines(ctx, [order_number], sites)
    if not lines:
        raise NotFound("order", order_number)
    return SalesOrder(order_number, tuple(lines))


def sales_orders(ctx: Context, show: Show = "under_way", search: str = "", limit: int = 200) -> list[SalesOrder]:
    """Orders, newest first, with their lines at sites that the actor may see.

    Args:
        show: 'waiting': a line waits for stock; 'reserved': a line is promised and has not left; 'under_way': either.
        search: an order number, or a part of a customer's name, an SKU or a description among those under way.
    """
    sites = ctx.sites(Right.VIEW)
    text = search.replace("\x00", "").strip()
    if show == "all" and not text:
        numbers = sales_tables.newest_numbers(ctx.tx, ctx.tenant, sites, limit)
    else:
        states = {"waiting": ["open"], "reserved": ["reserved"]}.get(show, ["open", "reserved"])
        numbers = sales_tables.numbers_under_way(ctx.tx, ctx.tenant, sites, states, text, limit)
        if text and text not in numbers and sales_tables.numbers_known(ctx.tx, ctx.tenant, text):
            numbers.insert(0, text)
    lines: dict[str, list[OrderLine]] = {}
    for line in _lines(ctx, numbers, sites):
        lines.setdefault(line.order_number, []).append(line)
    return [SalesOrder(number, tuple(lines[number])) for number in numbers if number in lines]


def orders_by_number(ctx: Context, numbers: Sequence[str]) -> dict[str, SalesOrder]:
    """Those of the orders that have lines at sites which the actor may see, with these lines."""
    lines: dict[str, list[OrderLine]] = {}
    for line in _lines(ctx, numbers, ctx.sites(Right.VIEW)):
        lines.setdefault(line.order_number, []).append(line)
    return {number: SalesOrder(number, tuple(some)) for number, some in lines.items()}


def _lines(ctx: Context, numbers: Sequence[str], sites: Sequence[int] | None) -> list[OrderLine]:
    return rows(
        ctx.tx,
        OrderLine,
        """select s.sales_line_id, s.order_number, s.line, s.site_id, t.code as site, s.item_id, i.sku, i.description,
                  i.unit, s.ordered_at, s.recorded_at, s.quantity, s.issued, s.unit_price, s.customer, s.country,
                  s.state, s.allow_part, s.precedence_at, s.held_back_at, coalesce(r.quantity, 0) as reserved,
                  h.shipment_id, h.number as shipment, h.state as shipment_state,
                  coalesce((select sum(b.quantity) from customer_return_line b
                            where b.tenant_id = s.tenant_id and b.sales_line_id = s.sales_line_id
                              and not exists (select from movement m where m.tenant_id = b.tenant_id
                                              and m.reverses = b.movement_id)), 0) as returned
           from sales_line s
           join item i on i.tenant_id = s.tenant_id and i.item_id = s.item_id
           join site t on t.tenant_id = s.tenant_id and t.site_id = s.site_id
           left join reservation r on r.tenant_id = s.tenant_id and r.sales_line_id = s.sales_line_id
           left join lateral (
               select h.shipment_id, h.number, h.state
               from shipment_line l join shipment h using (tenant_id, shipment_id)
               where l.tenant_id = s.tenant_id and l.sales_line_id = s.sales_line_id
                 and h.state in ('picking', 'packed')
               order by h.shipment_id limit 1) h on true
           where s.tenant_id = %(tenant)s and s.order_number = any(%(numbers)s::text[])
             and (%(sites)s::bigint[] is null or s.site_id = any(%(sites)s))
           order by s.order_number, s.line""",
        {"tenant": ctx.tenant, "numbers": list(numbers), "sites": None if sites is None else list(sites)},
    )


def notes_of(ctx: Context, order_number: str) -> list[Note]:
    """What was written down about an order, newest first.

    Raises:
        NotFound: there is no such order.
    """
    sales_order(ctx, order_number)
    return rows(
        ctx.tx,
        Note,
        """select note, written_by, written_at from sales_note where tenant_id = %s and order_number = %s
           order by note_id desc limit 200""",
        (ctx.tenant, order_number),
    )


def history_of(ctx: Context, order_number: str) -> list[Changed]:
    """What was done to an order, its lines and its shipments, newest first.

    Raises:
        NotFound: there is no such order.
    """
    found = sales_order(ctx, order_number)
    return rows(
        ctx.tx,
        Changed,
        """with subject as (
               select 'sales_line:' || u.id as name, u.line
               from unnest(%(lines)s::bigint[], %(numbers)s::int[]) u (id, line)
               union all select 'sales_order:' || %(order)s, null
               union all select 'shipment:' || shipment_id, null from shipment
                   where tenant_id = %(tenant)s and order_number = %(order)s and site_id = any(%(sites)s::bigint[]))
           select a.business_at, a.actor_name, a.action, s.line, a.detail
           from subject s join audit_entry a on a.tenant_id = %(tenant)s and a.subject = s.name
           order by a.audit_id desc limit 200""",
        {
            "tenant": ctx.tenant,
            "order": order_number,
            "lines": [line.sales_line_id for line in found.lines],
            "numbers": [line.line for line in found.lines],
            "sites": sorted({line.site_id for line in found.lines}),
        },
    )
