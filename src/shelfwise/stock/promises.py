"""Promising what is there to the lines that wait, and what planners change about whose turn it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import sales_tables
from shelfwise.orders import tables as orders_tables
from shelfwise.orders.model import SalesLine, SalesState
from shelfwise.stock import reservations, tables
from shelfwise.stock.ledger import follow_stockouts, lock, lock_to_promise
from shelfwise.stock.model import allocate
from shelfwise.store.database import notify


def reserve_open(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> int:
    """Reserve what is available for open lines, item by item: those with precedence first, then the oldest.

    A whole line or nothing, except for lines that may go in parts: these get what is there and wait for the rest.
    Publishes 'sales.reserved' with the lines. Returns how many lines got something.

    Args:
        item_ids: only for these; None: for all that open lines ask for.
    """
    ctx.require(Right.TAKE_ORDERS, site_id)
    return offer(ctx, site_id, item_ids)


def offer(ctx: Context, site_id: int, item_ids: Collection[int] | None = None) -> int:
    """As `reserve_open`, for whoever has freed something by what they were allowed to do."""
    asked = orders_tables.waiting_items(ctx.tx, ctx.tenant, site_id)
    wanted = asked if item_ids is None else sorted(set(asked) & set(item_ids))
    if not wanted:
        return 0
    locked = lock_to_promise(ctx, [(item_id, site_id) for item_id in wanted])
    waiting: dict[int, list[tuple[int, Decimal]]] = {item_id: [] for item_id in wanted}
    in_parts = set()
    for item_id, sales_line_id, quantity, part in orders_tables.waiting_lines(ctx.tx, ctx.tenant, site_id, wanted):
        waiting[item_id].append((sales_line_id, quantity))
        if part:
            in_parts.add(sales_line_id)
    granted = [
        (sales_line_id, item_id, quantity)
        for item_id, lines in waiting.items()
        for sales_line_id, quantity in allocate(locked[item_id, site_id].available, lines, in_parts)
    ]
    promised: dict[int, Decimal] = {}
    for _, item_id, quantity in granted:
        promised[item_id] = promised.get(item_id, ZERO) + quantity
    if granted:
        reservations.reserve_for_lines(ctx.tx, ctx.tenant, site_id, granted, ctx.now)
        tables.change_levels(
            ctx.tx, ctx.tenant, (((item, site_id), ZERO, much, ZERO) for item, much in promised.items())
        )
        lines = [sales_line_id for sales_line_id, _, _ in granted]
        ctx.publish("sales.reserved", f"site:{site_id}", site_id=site_id, sales_line_ids=lines)
        notify(ctx.tx, "live", "orders")
    after = {key: level.changed(ZERO, promised.get(key[0], ZERO)) for key, level in locked.items()}
    follow_stockouts(ctx, after, {})
    return len(granted)


def promise_again(ctx: Context, site_id: int, sales_line_ids: Collection[int]) -> None:
    """What came back for these lines is theirs again, before anybody else asks. The caller has locked the levels."""
    for sales_line_id in sorted(sales_line_ids):
        line = orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
        if line is None or line.state != "open":
            continue
        key = (line.item_id, site_id)
        level = lock_to_promise(ctx, [key])[key]
        missing = line.quantity - line.issued - tables.reserved_quantity(ctx.tx, ctx.tenant, sales_line_id)
        much = min(missing, level.available)
        if much > 0:
            reservations.reserve_for_lines(ctx.tx, ctx.tenant, site_id, [(sales_line_id, line.item_id, much)], ctx.now)
            tables.change_levels(ctx.tx, ctx.tenant, [(key, ZERO, much, ZERO)])
            follow_stockouts(ctx, {key: level.changed(ZERO, much)}, {})


def put_first(ctx: Context, sales_line_id: int, reason: str) -> SalesLine:
    """Give a waiting line precedence over all others of its item: what comes next is for it.

    Raises:
        Invalid: no reason was given.
        NotFound: there is no such line.
        Refused: the line does not wait.
    """
    line = _locked(ctx, sales_line_id, reason)
    if line.state != "open":
        raise Refused(f"{_named(line)} is {line.state} and does not wait. Only a waiting line can be put first.")
    sales_tables.set_precedence(ctx.tx, ctx.tenant, sales_line_id, ctx.now)
    sales_tables.set_held_back(ctx.tx, ctx.tenant, sales_line_id, None)
    return _changed(ctx, line, "sales.put_first", reason)


def hold_back(ctx: Context, sales_line_id: int, reason: str) -> SalesLine:
    """Take a line's promise back; it is promised nothing more until `let_wait`. What it had goes to those who wait.

    Raises:
        Invalid: no reason was given.
        NotFound: there is no such line.
        Refused: it is neither waiting nor reserved, or goods for it are being picked.
    """
    line = _locked(ctx, sales_line_id, reason)
    if line.state not in ("open", "reserved"):
        raise Refused(f"{_named(line)} is {line.state}: nothing is promised to it.")
    refuse_while_picked(ctx, line)
    released = tables.reserved_quantity(ctx.tx, ctx.tenant, sales_line_id)
    tables.release(ctx.tx, ctx.tenant, sales_line_id, ZERO)
    tables.change_levels(ctx.tx, ctx.tenant, [((line.item_id, line.site_id), ZERO, -released, ZERO)])
    orders_tables.set_state(ctx.tx, ctx.tenant, [sales_line_id], "open")
    sales_tables.set_held_back(ctx.tx, ctx.tenant, sales_line_id, ctx.now)
    sales_tables.set_precedence(ctx.tx, ctx.tenant, sales_line_id, None)
    return _changed(ctx, line, "sales.held_back", reason, released=plain(released))


def let_wait(ctx: Context, sales_line_id: int) -> SalesLine:
    """A line that was held back, or put first, waits for its turn by age again.

    Raises:
        NotFound: there is no such line.
    """
    line = _locked(ctx, sales_line_id, "-")
    sales_tables.set_held_back(ctx.tx, ctx.tenant, sales_line_id, None)
    sales_tables.set_precedence(ctx.tx, ctx.tenant, sales_line_id, None)
    return _changed(ctx, line, "sales.let_wait", "")


def allow_part(ctx: Context, sales_line_id: int, allow: bool) -> SalesLine:
    """Whether a line may go in parts: what is there is reserved, and the rest waits.

    Raises:
        NotFound: there is no such line.
    """
    line = _locked(ctx, sales_line_id, "-")
    sales_tables.set_allow_part(ctx.tx, ctx.tenant, sales_line_id, allow)
    return _changed(ctx, line, "sales.allowed_part", "", allow=allow)


def refuse_while_picked(ctx: Context, line: SalesLine) -> None:
    """
    Raises:
        Refused: goods for the line are being picked or packed.
    """
    number = sales_tables.shipment_under_way(ctx.tx, ctx.tenant, line.sales_line_id)
    if number is not None:
        raise Refused(f"{_named(line)} is being picked in {number}. Cancel that shipment first; its goods go back.")


def _locked(ctx: Context, sales_line_id: int, reason: str) -> SalesLine:
    """The line, with the level of its item locked.

    Raises:
        Forbidden: the actor may not take orders at its site.
    """
    ctx.require_somewhere(Right.TAKE_ORDERS)
    line = orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
    if line is None:
        raise NotFound("sales line", sales_line_id)
    ctx.require(Right.TAKE_ORDERS, line.site_id)
    if not reason.strip():
        raise Invalid(Fault("reason", "why", "nothing", "Write a few words."))
    lock(ctx, [(line.item_id, line.site_id)])
    return orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id) or line


def _changed(ctx: Context, line: SalesLine, action: str, reason: str, **detail: object) -> SalesLine:
    """Note what was changed, and promise anew: whose turn it is may be another's."""
    if reason:
        detail["reason"] = reason[:500]
    ctx.audit(action, f"sales_line:{line.sales_line_id}", **detail)
    key = (line.item_id, line.site_id)
    follow_stockouts(ctx, lock(ctx, [key]), {})
    offer(ctx, line.site_id, [line.item_id])
    notify(ctx.tx, "live", "orders")
    return orders_tables.sales_line(ctx.tx, ctx.tenant, line.sales_line_id) or line


def _named(line: SalesLine) -> str:
    return f"Order {line.order_number} line {line.line}"


@dataclass(frozen=True)
class Left:
    """What goods that left for a line made of it: issued in all, its state, and what became free of its reservation."""

    issued: Decimal
    state: SalesState
    released: Decimal


def leave(ctx: Context, line: SalesLine, quantity: Decimal) -> Left:
    """So much of a line has left: its state and its reservation follow. The caller has locked the level and writes it.

    A line issued in parts stays as it was until all of it has left.
    """
    issued = line.issued + quantity
    whole = issued >= line.quantity
    reserved = tables.reserved_quantity(ctx.tx, ctx.tenant, line.sales_line_id)
    released = reserved if whole else min(reserved, quantity)
    state: SalesState = (
        "issued" if whole else "open" if line.state == "reserved" and released == reserved else line.state
    )
    tables.release(ctx.tx, ctx.tenant, line.sales_line_id, reserved - released)
    if line.state == "cancelled":
        tables.note_cancelled(ctx.tx, ctx.tenant, line.sales_line_id)
    orders_tables.set_issued(ctx.tx, ctx.tenant, line.sales_line_id, issued, state)
    return Left(issued, state, released)


def tell_issued(ctx: Context, line: SalesLine, quantity: Decimal, left: Left, at: datetime, source: str) -> None:
    """Publish 'sales.issued' and note it in the audit log."""
    ctx.audit("sales.issued", f"sales_line:{line.sales_line_id}", quantity=plain(quantity), source=source)
    ctx.publish(
        "sales.issued",
        f"sales_line:{line.sales_line_id}",
        at,
        sales_line_id=line.sales_line_id,
        item_id=line.item_id,
        site_id=line.site_id,
        quantity=plain(quantity),
        over=plain(min(quantity, max(left.issued - line.quantity, ZERO))),
        state=left.state,
    )
    notify(ctx.tx, "live", "orders")
