"""Goods that customers send back: where they are put, as what, and of which line of which order they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables
from shelfwise.orders import shipments_tables as documents
from shelfwise.orders import tables as orders_tables
from shelfwise.orders.model import SalesLine, amount_faults, instant_faults, name_faults
from shelfwise.orders.shipments_model import CustomerReturn, ReturnLine
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse, text_faults
from shelfwise.stock import arrivals
from shelfwise.stock.ledger import lock, read_map, write
from shelfwise.stock.model import STATUSES, Batch, Entry, Status
from shelfwise.stock.posting import arrival_faults
from shelfwise.store.database import notify

COUNTER = "customer_return"


@dataclass(frozen=True)
class CameBack:
    """What came back of a line of an order, and where it was put."""

    sales_line_id: int
    quantity: Decimal
    place_id: int
    status: Status = "quarantine"
    lot: str | None = None
    serial: str | None = None


def take_customer_return(
    ctx: Context,
    site_id: int,
    order_number: str,
    lines: Sequence[CameBack],
    source: str,
    note: str = "",
    occurred_at: datetime | None = None,
    at_form: bool = False,
) -> CustomerReturn:
    """Goods of an order came back. Told again, it is the same return.

    Args:
        at_form: a person tells it who can be asked for lots and serials; False: tasks ask for what is missing.

    Raises:
        Invalid: a field cannot be right, or more would have come back of a line than was sent.
        NotFound: a line is none of the order, or a place does not exist.
        Refused: the source has told of a return of another order.
    """
    ctx.require(Right.RECEIVE_GOODS, site_id)
    at = occurred_at or ctx.now
    refuse([*name_faults(source, "source"), *text_faults(note, "note"), *instant_faults(at, ctx.now, "occurred_at")])
    places = read_map(ctx, {one.place_id for one in lines}, [site_id])
    sold = {one.sales_line_id: _line(ctx, one.sales_line_id, order_number) for one in lines}
    levels = lock(ctx, {(line.item_id, site_id) for line in sold.values()})
    known = documents.returns(ctx.tx, ctx.tenant, source=source)
    if known:
        if (known[0].order_number, known[0].site_id) != (order_number, site_id):
            raise Refused(f"The source {source!r} has told of {known[0].number}. Give each return a source of its own.")
        return known[0]
    customer = places.virtual[site_id, "customer"]
    entries = [
        Entry(
            sold[one.sales_line_id].item_id, customer, one.place_id, one.quantity, at, "return", None,
            one.lot or None, one.serial, sales_line_id=one.sales_line_id, to_status=one.status,
            note=note or None,
        )
        for one in lines
    ]  # fmt: skip
    _check(ctx, lines, sold, entries)
    for row, one in enumerate(lines, 1):
        spot = places.spots[one.place_id]
        if not spot.real or spot.site_id != site_id:
            refuse([Fault(f"line {row}, place", "a bin or dock of the site", spot.code, "Say where you put it.")])
    missing = arrivals.lacking(ctx, entries, at_form=at_form)
    ids = write(ctx, levels, entries, places, batch=Batch("return", note or None, occurred_at=at))
    for position, names in missing.items():
        arrivals.ask(ctx, site_id, entries[position], ids[position], names)
    number = f"RT-{purchase_tables.next_number(ctx.tx, ctx.tenant, COUNTER):06d}"
    written = [
        ReturnLine(row, one.sales_line_id, one.quantity, one.place_id, one.status, one.lot or None, movement_id)
        for row, (one, movement_id) in enumerate(zip(lines, ids, strict=True), 1)
    ]
    return_id = documents.insert_return(
        ctx.tx, ctx.tenant, number, site_id, order_number, source, note, ctx.actor.by, ctx.now, written
    )
    for one in lines:
        ctx.audit("sales.returned", f"sales_line:{one.sales_line_id}", number=number, quantity=plain(one.quantity))
        ctx.publish(
            "sales.returned", f"sales_line:{one.sales_line_id}", at, sales_line_id=one.sales_line_id,
            item_id=sold[one.sales_line_id].item_id, site_id=site_id, quantity=plain(one.quantity), status=one.status,
            return_id=return_id,
        )  # fmt: skip
    notify(ctx.tx, "live", "orders")
    return documents.returns(ctx.tx, ctx.tenant, source=source)[0]


def _line(ctx: Context, sales_line_id: int, order_number: str) -> SalesLine:
    found = orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
    if found is None or found.order_number != order_number:
        raise NotFound(f"line of order {order_number}", sales_line_id)
    return found


def _check(ctx: Context, lines: Sequence[CameBack], sold: dict[int, SalesLine], entries: Sequence[Entry]) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {line.item_id for line in sold.values()})
    faults = [] if lines else [Fault("lines", "at least one line", "none", "Say what came back.")]
    for row, (one, entry) in enumerate(zip(lines, entries, strict=True), 1):
        faults += amount_faults(one.quantity, entry.item_id, quanta, f"line {row}, quantity")
        faults += arrival_faults(entry, f"line {row}, ")
        if one.status not in STATUSES:
            faults.append(Fault(f"line {row}, status", f"one of {', '.join(STATUSES)}", one.status, "Correct it."))
    refuse(faults)
    before = documents.returned(ctx.tx, ctx.tenant, sold.keys())
    for sales_line_id, line in sold.items():
        back = before.get(sales_line_id, ZERO) + sum(
            (one.quantity for one in lines if one.sales_line_id == sales_line_id), ZERO
        )
        if back > line.issued:
            faults.append(
                Fault(
                    f"order {line.order_number} line {line.line}",
                    f"at most {plain(line.issued)} in all, as many as were sent",
                    plain(back),
                    "Take what was not sent as a return without an order.",
                )
            )
    refuse(faults)
