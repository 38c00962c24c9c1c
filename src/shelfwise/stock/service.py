"""Receiving, reserving, issuing and counting up: the use cases of stock.

Every writer first locks the stock levels it touches, in key order. A transaction should call one writer: two calls for
items in opposite orders could wait for each other, and Postgres would refuse one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables
from shelfwise.orders import service as orders
from shelfwise.orders import tables as orders_tables
from shelfwise.orders.model import Receipt, SalesLine, SalesState, amount_faults, instant_faults, name_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.stock import arrivals, lots, tables
from shelfwise.stock.asof import stock_as_of
from shelfwise.stock.checking import in_words, rebuild_check
from shelfwise.stock.correcting import accept_loss, adjust, write_off
from shelfwise.stock.explain import explain, lies_at, near_expiry
from shelfwise.stock.finding import find_lots
from shelfwise.stock.floor_work import to_put_away, told_before, usual_bin
from shelfwise.stock.handling import convert, put_away, return_to_supplier, take_return
from shelfwise.stock.ledger import Map, follow_stockouts, lock, read_map, write
from shelfwise.stock.model import Entry, Spot, Status
from shelfwise.stock.moved import movements, shipment_of_batch
from shelfwise.stock.posting import PICK, RECEIPT, arrival_faults, opening_stock, post, post_many, refuse_others
from shelfwise.stock.promises import (
    allow_part,
    hold_back,
    leave,
    let_wait,
    put_first,
    refuse_while_picked,
    reserve_open,
    tell_issued,
)
from shelfwise.stock.reads import bins, item_stock, levels, stock_list, stock_of, stock_of_items, stockouts
from shelfwise.stock.reversing import own_since, reverse, reverse_batch
from shelfwise.stock.serials import find_serial, serial_at
from shelfwise.stock.status import correct_lot, expire_lots, hold, release, suggest
from shelfwise.stock.trace import batch_steps, serial_history, trace
from shelfwise.store.database import notify

__all__ = [
    "Issued",
    "accept_loss",
    "adjust",
    "allow_part",
    "batch_steps",
    "bins",
    "cancel",
    "convert",
    "correct_lot",
    "expire_lots",
    "explain",
    "find_lots",
    "find_serial",
    "hold",
    "hold_back",
    "in_words",
    "issue",
    "item_stock",
    "let_wait",
    "levels",
    "lies_at",
    "movements",
    "near_expiry",
    "opening_stock",
    "own_since",
    "post",
    "post_many",
    "put_away",
    "put_first",
    "rebuild_check",
    "receive",
    "release",
    "reserve_open",
    "return_to_supplier",
    "reverse",
    "reverse_batch",
    "serial_at",
    "serial_history",
    "shipment_of_batch",
    "stock_as_of",
    "stock_list",
    "stock_of",
    "stock_of_items",
    "stockouts",
    "suggest",
    "take_return",
    "to_put_away",
    "told_before",
    "trace",
    "usual_bin",
    "write_off",
]


@dataclass(frozen=True)
class Issued:
    """What became of a pick; `new` is False where the same source was told before."""

    sales_line_id: int
    movement_ids: tuple[int, ...]
    issued: Decimal
    state: SalesState
    new: bool = True


def receive(
    ctx: Context,
    purchase_order_id: int,
    line: int,
    quantity: Decimal,
    place_id: int,
    source: str,
    occurred_at: datetime | None = None,
    *,
    lot: str | None = None,
    expires_on: date | None = None,
    made_on: date | None = None,
    serial: str | None = None,
    status: Status = "available",
    catch_weight_g: Decimal | None = None,
    note: str | None = None,
    owed: bool | None = None,
    at_form: bool = False,
) -> Receipt:
    """Goods came for a line of a purchase order and were put at a place. Told again, it is the same receipt.

    Args:
        lot: is noted where it is new, with its dates and its supplier. Of two last days the earlier one holds.
        expires_on: None: by the item's shelf life, where it has one.
        status: 'available', or what it came as: damaged, in quarantine until somebody has looked.
        owed: it does not count as delivered; None: so it is where it came damaged.
        at_form: a person tells it who can be asked for what the item wants (lot, last day, serial, weight); False: it
            posts as it was observed, and a task asks for what is missing.

    Raises:
        Invalid: a field cannot be right, or something is missing that can be asked.
        NotFound: the order has no such line, or the place does not exist.
        Refused: the source has told of another receipt.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    found = purchase_tables.order_line(ctx.tx, ctx.tenant, purchase_order_id, line)
    if found is None:
        raise NotFound(f"line of purchase order {purchase_order_id}", line)
    site_id, ordered = found
    ctx.require(Right.RECEIVE_GOODS, site_id)
    places = read_map(ctx, [place_id], [site_id])
    at = occurred_at or ctx.now
    entry = Entry(
        ordered.item_id, places.virtual[site_id, "supplier"], place_id, quantity, at, "receive", f"{RECEIPT}{source}",
        lot, serial, to_status=status, catch_weight_g=catch_weight_g, note=note, purchase_order_id=purchase_order_id,
        purchase_line=line,
    )  # fmt: skip
    refuse([*_real_here(places.spots[place_id], site_id, "place"), *arrival_faults(entry)])
    locked = lock(ctx, [(ordered.item_id, site_id)])
    if lot and expires_on is None and (known := lots.lot(ctx.tx, ctx.tenant, ordered.item_id, lot)) is not None:
        expires_on = known.expires_on
    if lot and expires_on is None:
        kept = arrivals.wanted(ctx, [ordered.item_id]).get(ordered.item_id)
        expires_on = arrivals.last_day(ctx, kept, site_id, at, made_on)
    missing = arrivals.lacking(ctx, [entry], at_form=at_form, expires_on=expires_on, weighed=True).get(0)
    receipt = orders.record_receipt(
        ctx,
        purchase_order_id=purchase_order_id,
        line=line,
        quantity=quantity,
        place_id=place_id,
        source=source,
        received_at=at,
        owed=status == "damaged" if owed is None else owed,
    )
    if receipt.new:
        if lot:
            supplier_id = lots.supplier_of(ctx.tx, ctx.tenant, purchase_order_id)
            arrivals.note_lot(ctx, site_id, ordered.item_id, ordered.sku, lot, expires_on, made_on, supplier_id)
        (movement_id,) = write(ctx, locked, [entry], places)
        if missing:
            arrivals.ask(ctx, site_id, entry, movement_id, missing)
    return receipt


def _real_here(spot: Spot, site_id: int, where: str) -> list[Fault]:
    if spot.real and spot.site_id == site_id:
        return []
    return [Fault(where, "a bin or dock of the order's site", spot.code, "Scan the place where the goods are.")]


def issue(
    ctx: Context,
    sales_line_id: int,
    picks: Sequence[tuple[int, Decimal]],
    source: str,
    occurred_at: datetime | None = None,
) -> Issued:
    """Goods were picked for a sales line and have left. Told again, it is the same pick.

    A pick is an observed fact: it posts late, short, beyond the line's quantity or for a line that was cancelled
    meanwhile; 'sales.issued' says how much went `over`. What is reserved for the line is released by as much as was
    picked; a line issued in parts stays as it was until all of it has left.

    Args:
        picks: (place, quantity).

    Raises:
        Invalid: a field cannot be right.
        NotFound: the line or a place does not exist.
        Refused: the line moves no stock, or the source has told of another pick.
    """
    ctx.require_somewhere(Right.ISSUE_GOODS)
    line = _line(ctx, sales_line_id)
    ctx.require(Right.ISSUE_GOODS, line.site_id)
    if line.state in ("history", "returned"):
        raise Refused(f"Order {line.order_number} line {line.line} is {line.state} and moves no stock.")
    places = read_map(ctx, {place_id for place_id, _ in picks}, [line.site_id])
    at = occurred_at or ctx.now
    _check_picks(ctx, line, picks, places, source, at)
    key = (line.item_id, line.site_id)
    locked = lock(ctx, [key])
    customer = places.virtual[line.site_id, "customer"]
    entries = [
        Entry(line.item_id, place_id, customer, quantity, at, "pick", f"{PICK}{source}#{number}")
        for number, (place_id, quantity) in enumerate(picks, 1)
    ]
    entries = [replace(entry, sales_line_id=sales_line_id) for entry in entries]
    line = _line(ctx, sales_line_id)
    if known := _told_before(ctx, entries, source):
        return Issued(sales_line_id, known, line.issued, line.state, new=False)
    picked = sum((quantity for _, quantity in picks), ZERO)
    left = leave(ctx, line, picked)
    ids = write(ctx, locked, entries, places, {key: left.released})
    tell_issued(ctx, line, picked, left, at, source)
    return Issued(sales_line_id, tuple(ids), left.issued, left.state)


def _check_picks(
    ctx: Context, line: SalesLine, picks: Sequence[tuple[int, Decimal]], places: Map, source: str, at: datetime
) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, [line.item_id])
    faults = [*name_faults(source, "source"), *instant_faults(at, ctx.now, "occurred_at")]
    if not picks:
        faults.append(Fault("picks", "at least one pick", "none", "Say from which place how much was taken."))
    for number, (place_id, quantity) in enumerate(picks, 1):
        faults += _real_here(places.spots[place_id], line.site_id, f"pick {number}, place")
        faults += amount_faults(quantity, line.item_id, quanta, f"pick {number}, quantity")
    refuse(faults)


def _told_before(ctx: Context, entries: Sequence[Entry], source: str) -> tuple[int, ...]:
    names = [f"{PICK}{source}#{number}" for number in range(1, len(entries) + 2)]
    known = tables.movements_of_sources(ctx.tx, ctx.tenant, names)
    if not known:
        return ()
    if len(known) != len(entries) or names[-1] in known:
        raise Refused(f"The source {source!r} has told of another number of picks. Give each pick a source of its own.")
    refuse_others(ctx, known, entries)
    return tuple(known[name].movement_id for name in names[:-1])


def cancel(ctx: Context, sales_line_id: int, reason: str) -> SalesLine:
    """The customer no longer wants a line: what is reserved for it becomes free. Cancelling again changes nothing.

    Raises:
        NotFound: there is no such line.
        Refused: the line has been issued, or moves no stock.
    """
    ctx.require_somewhere(Right.TAKE_ORDERS)
    line = _line(ctx, sales_line_id)
    ctx.require(Right.TAKE_ORDERS, line.site_id)
    key = (line.item_id, line.site_id)
    locked = lock(ctx, [key])
    line = _line(ctx, sales_line_id)
    if line.state == "cancelled":
        return line
    if line.state not in ("open", "reserved"):
        raise Refused(
            f"Order {line.order_number} line {line.line} is {line.state} and cannot be cancelled. "
            "Take goods that come back as a return."
        )
    refuse_while_picked(ctx, line)
    released = tables.reserved_quantity(ctx.tx, ctx.tenant, sales_line_id)
    tables.release(ctx.tx, ctx.tenant, sales_line_id, ZERO)
    tables.change_levels(ctx.tx, ctx.tenant, [(key, ZERO, -released, ZERO)])
    orders_tables.set_state(ctx.tx, ctx.tenant, [sales_line_id], "cancelled")
    follow_stockouts(ctx, {key: locked[key].changed(ZERO, -released)}, {})
    ctx.audit("sales.cancelled", f"sales_line:{sales_line_id}", reason=reason[:500])
    ctx.publish(
        "sales.cancelled",
        f"sales_line:{sales_line_id}",
        sales_line_id=sales_line_id,
        item_id=line.item_id,
        site_id=line.site_id,
        released=plain(released),
    )
    notify(ctx.tx, "live", "orders")
    return _line(ctx, sales_line_id)


def _line(ctx: Context, sales_line_id: int) -> SalesLine:
    found = orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
    if found is None:
        raise NotFound("sales line", sales_line_id)
    return found
