"""Posting movements that were observed, one or thousands, and reversing them; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import service as orders
from shelfwise.orders import tables as orders_tables
from shelfwise.orders.model import amount_faults, instant_faults, name_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.stock import tables
from shelfwise.stock.ledger import Map, read_map, write
from shelfwise.stock.model import SHORT, Entry, Movement, NewMovement, ends_faults

# Receipts and picks are filed under sources of their own, so that two kinds of fact never share one.
RECEIPT = "receipt:"
PICK = "pick:"

# Any one of these rights is enough to post a movement of the reason.
_RIGHTS: dict[str, tuple[Right, ...]] = {
    "opening": (Right.ADJUST_STOCK,),
    "receive": (Right.RECEIVE_GOODS,),
    "move": (Right.ISSUE_GOODS, Right.RECEIVE_GOODS),
    "pick": (Right.ISSUE_GOODS,),
    "return": (Right.RECEIVE_GOODS,),
    "adjust": (Right.ADJUST_STOCK,),
}


def post(ctx: Context, movement: NewMovement) -> int:
    """Post a movement that was observed; returns its id. The same source told again returns the id of the first time.

    It posts also where the ledger knows of less than was taken: see `stock.model.settle`; 'stock.short' is published.

    Raises:
        Invalid: a field cannot be right.
        NotFound: a place does not exist.
        Refused: the source has told of another movement.
    """
    return post_many(ctx, [movement])[0]


def post_many(ctx: Context, movements: Sequence[NewMovement]) -> list[int]:
    """Post thousands of movements, in the order in which they happened; returns the id of each. See `post`."""
    for reason in {movement.reason for movement in movements}:
        _require_any(ctx, reason)
    if not movements:
        return []
    places = read_map(ctx, {place for one in movements for place in (one.from_place_id, one.to_place_id)})
    _check(ctx, movements, places)
    keys = {(one.item_id, places.spots[one.from_place_id].site_id) for one in movements}
    levels = tables.lock_levels(ctx.tx, ctx.tenant, keys)
    known = tables.movements_of_sources(ctx.tx, ctx.tenant, {one.source for one in movements if one.source is not None})
    fresh: list[Entry] = []
    for one in movements:
        if one.source is not None and one.source in known:
            refuse_other(known[one.source], entry_of(one, ctx.now))
        else:
            fresh.append(entry_of(one, ctx.now))
    ids = iter(write(ctx, levels, fresh, places)) if fresh else iter(())
    if fresh:
        ctx.audit("stock.posted", "stock", count=len(fresh), reasons=sorted({entry.reason for entry in fresh}))
    return [
        known[one.source].movement_id if one.source is not None and one.source in known else next(ids)
        for one in movements
    ]


def entry_of(movement: NewMovement, now: datetime) -> Entry:
    """The movement as a line of the ledger."""
    return Entry(
        movement.item_id,
        movement.from_place_id,
        movement.to_place_id,
        movement.quantity,
        movement.occurred_at or now,
        movement.reason,
        movement.source,
        movement.lot,
        movement.serial,
    )


def refuse_other(stored: Movement, told: Entry) -> None:
    """
    Raises:
        Refused: a source told of one movement before and tells of another now.
    """
    if (
        stored.item_id, stored.from_place_id, stored.to_place_id, stored.quantity, stored.reason, stored.lot,
        stored.serial, stored.sales_line_id,
    ) != (
        told.item_id, told.from_place_id, told.to_place_id, told.quantity, told.reason, told.lot, told.serial,
        told.sales_line_id,
    ):  # fmt: skip
        raise Refused(
            f"The source {stored.source!r} has told of another movement: {stored.reason} of {plain(stored.quantity)}"
            f" of item {stored.item_id} from place {stored.from_place_id} to {stored.to_place_id} (movement "
            f"{stored.movement_id}). Give each fact a source of its own; reverse the movement if it was wrong."
        )


def _require_any(ctx: Context, reason: str) -> None:
    allowed = _RIGHTS.get(reason, (Right.ADJUST_STOCK,))
    if not any(ctx.actor.may(right) for right in allowed):
        words = " nor ".join(right.value.replace("_", " ") for right in allowed)
        raise Forbidden(f"{ctx.actor} may not {words}. Ask a manager to do it or to change your role.")


def _check(ctx: Context, movements: Sequence[NewMovement], places: Map) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {one.item_id for one in movements})
    faults: list[Fault] = []
    sources: set[str] = set()
    for row, one in enumerate(movements, 1):
        where = f"movement {row}" if len(movements) > 1 else "movement"
        faults += ends_faults(one.reason, places.spots[one.from_place_id], places.spots[one.to_place_id], where)
        faults += amount_faults(one.quantity, one.item_id, quanta, f"{where}, quantity")
        if one.occurred_at is not None:
            faults += instant_faults(one.occurred_at, ctx.now, f"{where}, occurred_at")
        for name, text in (("source", one.source), ("lot", one.lot), ("serial", one.serial)):
            if text is not None:
                faults += name_faults(text, f"{where}, {name}")
        if one.source is not None and (one.source in sources or one.source.startswith(SHORT)):
            faults.append(
                Fault(f"{where}, source", f"one of its own, not beginning with {SHORT}", one.source, "Name it.")
            )
        sources.add(one.source or "")
    refuse(faults)


def opening_stock(
    ctx: Context, stock: Sequence[tuple[int, int, Decimal]], occurred_at: datetime | None = None
) -> list[int]:
    """Say what lies where before anything moved: (item, place, quantity), thousands at once. Returns movement ids.

    Raises:
        Invalid: a field cannot be right.
        NotFound: a place does not exist.
    """
    places = read_map(ctx, {place_id for _, place_id, _ in stock})
    return post_many(
        ctx,
        [
            NewMovement(
                item_id,
                places.virtual[places.spots[place_id].site_id, "opening"],
                place_id,
                quantity,
                "opening",
                occurred_at,
            )
            for item_id, place_id, quantity in stock
        ],
    )


def reverse(ctx: Context, movement_id: int, reason: str) -> int:
    """Take back a movement that was a mistake, by posting its opposite now; returns the id of the reversal.

    With a short pick goes the correction it made. A receipt counts as not received; a sales line as not issued, and
    waits for stock again.

    Raises:
        Invalid: no reason was given.
        NotFound: there is no such movement.
        Refused: it was reversed before, or is itself a reversal.
    """
    ctx.require(Right.ADJUST_STOCK)
    if not reason.strip():
        raise Invalid(Fault("reason", "why the movement was a mistake", "nothing", "Write a few words."))
    wrong = tables.movement(ctx.tx, ctx.tenant, movement_id)
    if wrong is None:
        raise NotFound("movement", movement_id)
    if wrong.reverses is not None:
        raise Refused(f"Movement {movement_id} is a reversal. Post the original movement again instead.")
    places = read_map(ctx, {wrong.from_place_id, wrong.to_place_id})
    key = (wrong.item_id, places.spots[wrong.to_place_id].site_id)
    levels = tables.lock_levels(ctx.tx, ctx.tenant, [key])
    earlier = tables.reversal_of(ctx.tx, ctx.tenant, movement_id)
    if earlier is not None:
        raise Refused(f"Movement {movement_id} was reversed before, by movement {earlier}. There is nothing to do.")
    entries = [_opposite(wrong, ctx.now)]
    made = tables.movements_of_sources(ctx.tx, ctx.tenant, [f"{SHORT}{movement_id}"]).get(f"{SHORT}{movement_id}")
    if made is not None and tables.reversal_of(ctx.tx, ctx.tenant, made.movement_id) is None:
        entries.append(_opposite(made, ctx.now))
    released = ZERO if wrong.sales_line_id is None else _not_issued(ctx, wrong.sales_line_id, wrong.quantity)
    ids = write(ctx, levels, entries, places, {key: released})
    if wrong.reason == "receive" and wrong.source is not None and wrong.source.startswith(RECEIPT):
        orders.take_back_receipt(ctx, wrong.source.removeprefix(RECEIPT))
    ctx.audit("stock.reversed", f"movement:{movement_id}", by=ids[0], reason=reason[:500])
    return ids[0]


def _opposite(movement: Movement, now: datetime) -> Entry:
    return replace(
        Entry(
            movement.item_id,
            movement.to_place_id,
            movement.from_place_id,
            movement.quantity,
            now,
            "reverse",
            lot=movement.lot,
            serial=movement.serial,
        ),
        reverses=movement.movement_id,
    )


def _not_issued(ctx: Context, sales_line_id: int, quantity: Decimal) -> Decimal:
    """Take back what a pick did to its line; returns how much of the line's reservation became free.

    A line waits whole or not at all: what is left of its reservation goes, and all of it is reserved anew.
    """
    line = orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
    if line is None:
        return ZERO
    issued = line.issued - quantity
    waits = line.state == "reserved" or (line.state == "issued" and issued < line.quantity)
    orders_tables.set_issued(ctx.tx, ctx.tenant, sales_line_id, issued, "open" if waits else line.state)
    released = tables.reserved_quantity(ctx.tx, ctx.tenant, sales_line_id)
    tables.release(ctx.tx, ctx.tenant, sales_line_id, ZERO)
    return released
