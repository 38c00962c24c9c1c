"""What people decide about goods that are not as the books say: adjust, write off, accept; reached through service.py.

Each takes a reason in words. What somebody decides is not what somebody saw: where it asks for more than the books
hold, it is asked again, for it is mostly a bin or a figure that was mistaken for another.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.core.errors import AskAgain, Fault, Invalid, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.stock import lots, tables
from shelfwise.stock.ledger import Map, lock, read_map, write
from shelfwise.stock.model import Batch, Entry, NewMovement, Status
from shelfwise.stock.posting import post_many, require_any


def adjust(
    ctx: Context,
    *,
    item_id: int,
    place_id: int,
    change: Decimal,
    reason: str,
    lot: str | None = None,
    serial: str | None = None,
    status: Status | None = None,
    catch_weight_g: Decimal | None = None,
    seen: bool = False,
    source: str | None = None,
    occurred_at: datetime | None = None,
) -> int:
    """The books are wrong about a place, and somebody knows by how much; returns the movement's id.

    Where nobody knows, it is counted instead.

    Args:
        change: above zero: more lies there than the books say; below: less.
        status: None: 'available' for what is more; for what is less, whatever lies there, the available first.
        seen: yes, more is taken off than the books hold there.

    Raises:
        AskAgain: the books hold less, and nobody said `seen`.
        Invalid: no reason was given, or as `stock.post`.
        NotFound, Refused: as `stock.post`.
    """
    require_any(ctx, "adjust")
    words = _said(reason, "why the books are wrong")
    places = read_map(ctx, [place_id])
    site_id = places.spots[place_id].site_id
    require_any(ctx, "adjust", site_id)
    correction = places.virtual[site_id, "adjustment"]
    kept: Status = status or "available"
    if change < 0:
        wrong = NewMovement(
            item_id, place_id, correction, -change, "adjust", occurred_at, source, lot=lot, serial=serial,
            from_status=kept, catch_weight_g=catch_weight_g, note=words,
        )  # fmt: skip
        _ask_again(ctx, wrong, status, places, seen, "taken off the books")
    else:
        wrong = NewMovement(
            item_id, correction, place_id, change, "adjust", occurred_at, source, lot=lot, serial=serial,
            to_status=kept, catch_weight_g=catch_weight_g, note=words,
        )  # fmt: skip
    (movement_id,) = post_many(ctx, [wrong], note=words)
    ctx.audit(
        "stock.adjusted", f"item:{item_id}", place=places.spots[place_id].code, change=plain(change), lot=lot,
        reason=words, movement_id=movement_id,
    )  # fmt: skip
    return movement_id


def write_off(
    ctx: Context,
    *,
    item_id: int,
    place_id: int,
    quantity: Decimal,
    reason: str,
    lot: str | None = None,
    serial: str | None = None,
    status: Status | None = None,
    seen: bool = False,
    source: str | None = None,
    occurred_at: datetime | None = None,
) -> int:
    """Goods are thrown away: broken, spoilt, past their last day; returns the movement's id.

    Args:
        status: None: whatever lies there, the available first.
        seen: yes, more is thrown away than the books hold there.

    Raises:
        AskAgain: the books hold less, and nobody said `seen`.
        Invalid: no reason was given, or as `stock.post`.
        NotFound, Refused: as `stock.post`.
    """
    require_any(ctx, "write_off")
    words = _said(reason, "why it is written off")
    places = read_map(ctx, [place_id])
    require_any(ctx, "write_off", places.spots[place_id].site_id)
    scrap = places.virtual[places.spots[place_id].site_id, "scrap"]
    gone = NewMovement(
        item_id, place_id, scrap, quantity, "write_off", occurred_at, source, lot=lot, serial=serial,
        from_status=status or "available", note=words,
    )  # fmt: skip
    _ask_again(ctx, gone, status, places, seen, "written off")
    (movement_id,) = post_many(ctx, [gone], note=words)
    ctx.audit(
        "stock.written_off", f"item:{item_id}", place=places.spots[place_id].code, quantity=plain(quantity), lot=lot,
        reason=words, movement_id=movement_id,
    )  # fmt: skip
    return movement_id


def accept_loss(ctx: Context, *, item_id: int, site_id: int, reason: str) -> list[int]:
    """Nobody will find out any more where it went, or came from: what is unaccounted for becomes an adjustment.

    Returns the ids of the movements, one for each lot.

    Raises:
        Invalid: no reason was given.
        Refused: nothing of the item is unaccounted for at the site.
    """
    require_any(ctx, "adjust", site_id)
    words = _said(reason, "why nobody looks for it any more")
    places = read_map(ctx, [], [site_id])
    nobody, correction = places.virtual[site_id, "unaccounted"], places.virtual[site_id, "adjustment"]
    levels = lock(ctx, [(item_id, site_id)])
    entries = [
        Entry(
            item_id, *((nobody, correction) if much > 0 else (correction, nobody)), abs(much), ctx.now, "adjust",
            lot=lot or None, note=words,
        )
        for lot, much in lots.at_place(ctx.tx, ctx.tenant, item_id, nobody).items()
    ]  # fmt: skip
    if not entries:
        raise Refused("Nothing of this item is unaccounted for here, so that there is nothing to accept.")
    ids = write(ctx, levels, entries, places, batch=Batch("adjust", words))
    ctx.audit("stock.loss_accepted", f"item:{item_id}", lots=len(entries), reason=words)
    return ids


def _said(reason: str, expected: str) -> str:
    if not reason.strip():
        raise Invalid(Fault("reason", expected, "nothing", "Write a few words."))
    return reason.strip()[:500]


def _ask_again(ctx: Context, told: NewMovement, status: Status | None, places: Map, seen: bool, what: str) -> None:
    """
    Raises:
        AskAgain: the books hold less than is told to leave, nobody said that they have seen it, and it is new.
    """
    if seen or told.quantity <= 0:
        return
    spot = places.spots[told.from_place_id]
    lock(ctx, [(told.item_id, spot.site_id)])
    if told.source is not None and tables.movements_of_sources(ctx.tx, ctx.tenant, [told.source]):
        return
    lying, _ = tables.lying(ctx.tx, ctx.tenant, [(told.item_id, told.from_place_id)], ctx.now)
    fit = [
        one for one in lying
        if (told.lot is None or one.lot == told.lot) and (status is None or one.status == status)
    ]  # fmt: skip
    there = sum((one.on_hand for one in fit), ZERO)
    if there < told.quantity:
        which = f" of lot {told.lot}" if told.lot else ""
        held = "" if status is None else f" as {status}"
        raise AskAgain(
            f"The books hold {plain(there)}{which} in {spot.code}{held}, and {plain(told.quantity)} are to be {what}. "
            "Look at the bin and the figure again, or count it. If it is right all the same, say that you have seen it."
        )
