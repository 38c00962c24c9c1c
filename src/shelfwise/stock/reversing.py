"""Taking movements back by posting their opposites, one or a whole batch; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import sent_back, shipments_tables, transfers_tables
from shelfwise.orders import service as orders
from shelfwise.orders import tables as orders_tables
from shelfwise.stock import tables
from shelfwise.stock.ledger import Map, lock, read_map, write
from shelfwise.stock.model import OWN_MISTAKES, SHORT, Batch, Entry, Movement
from shelfwise.stock.posting import RECEIPT, require_any
from shelfwise.stock.settling import BalanceKey
from shelfwise.stock.tables import Key
from shelfwise.store.database import value


def reverse(ctx: Context, movement_id: int, reason: str) -> int:
    """Take back a movement that was a mistake, by posting its opposite now; returns the id of the reversal.

    Whoever may adjust stock takes back anybody's. A person takes back their own for a while, see `own_since`: who has
    just scanned the wrong bin puts it right at once, while everybody remembers.

    With it go the further lines of what was told at once, and the correction a short one made. A receipt counts as not
    received; a sales line as not issued, and waits for stock again.

    Raises:
        Forbidden: the actor may not adjust stock at its site, and it is not theirs, or not any more.
        Invalid: no reason was given.
        NotFound: there is no such movement.
        Refused: it was reversed before, is itself a reversal, belongs to a shipment that has left, or was a hold of
            stock that has gone elsewhere.
    """
    return _reverse(ctx, movement_id, reason)


def reverse_leaving(ctx: Context, movement_id: int, reason: str) -> int:
    """As `reverse`, for reopening a shipment: of one that has left, too. The caller puts the shipment right."""
    return _reverse(ctx, movement_id, reason, reopening=True)


def _reverse(ctx: Context, movement_id: int, reason: str, reopening: bool = False) -> int:
    _require_any_of_it(ctx)
    _reason(reason)
    wrong = tables.movement(ctx.tx, ctx.tenant, movement_id)
    if wrong is None:
        raise NotFound("movement", movement_id)
    if wrong.part_of is not None:
        return _reverse(ctx, wrong.part_of, reason, reopening)
    parts = tables.parts_of(ctx.tx, ctx.tenant, [movement_id]).get(movement_id, [])
    made = tables.movements_of_sources(ctx.tx, ctx.tenant, [f"{SHORT}{movement_id}"])
    lines = [*made.values(), wrong, *parts]
    ids = _take_back(ctx, lines, Batch("reverse", reason[:500]), must=wrong, reopening=reopening)
    ctx.audit("stock.reversed", f"movement:{movement_id}", by=ids[movement_id], reason=reason[:500])
    return ids[movement_id]


def reverse_batch(ctx: Context, batch_id: int, reason: str) -> list[int]:
    """Take back all movements of a batch that are not taken back yet, the last one first, or none of them.

    Returns the ids of the reversals.

    Raises:
        Forbidden: the actor may not adjust stock at one of its sites, and it is not theirs, or not any more.
        Invalid: no reason was given.
        NotFound: there is no such batch.
        Refused: all of it was reversed before, it is itself a reversal, or goods that have left; or see `reverse`.
    """
    _require_any_of_it(ctx)
    _reason(reason)
    lines = tables.movements_of_batch(ctx.tx, ctx.tenant, batch_id)
    if not lines:
        raise NotFound("batch of movements", batch_id)
    ids = _take_back(ctx, lines, Batch("reverse", reason[:500], reverses_batch_id=batch_id))
    ctx.audit("stock.batch_reversed", f"batch:{batch_id}", movements=len(ids), reason=reason[:500])
    return list(ids.values())


def own_since(ctx: Context) -> datetime:
    """What somebody has told since then they may take back themselves, without the right to adjust stock."""
    ctx.require_somewhere(Right.VIEW)
    minutes = value(ctx.tx, "select take_back_minutes from tenant where tenant_id = %s", (ctx.tenant,))
    return ctx.now - timedelta(minutes=int(minutes or 0))


def _require_any_of_it(ctx: Context) -> None:
    if not any(ctx.actor.may_somewhere(right) for right in (Right.RECEIVE_GOODS, Right.ISSUE_GOODS)):
        ctx.require_somewhere(Right.ADJUST_STOCK)


def _require_right_or_own(ctx: Context, lines: Sequence[Movement], sites: Collection[int]) -> None:
    """
    Raises:
        Forbidden: the actor may not adjust stock at one of the sites, and not all of the lines are theirs and recent.
    """
    lacking = [site_id for site_id in sorted(sites) if not ctx.actor.may(Right.ADJUST_STOCK, site_id)]
    if not lacking:
        return
    if ctx.actor.kind != "person" or any(one.actor != str(ctx.actor) for one in lines):
        ctx.require(Right.ADJUST_STOCK, lacking[0])
    told = [one for one in lines if not (one.source or "").startswith(SHORT)]
    if any(one.reason not in OWN_MISTAKES for one in told):
        ctx.require(Right.ADJUST_STOCK, lacking[0])
    since = own_since(ctx)
    if any(one.recorded_at < since for one in lines):
        raise Forbidden(
            f"You told of this at {min(one.recorded_at for one in lines):%H:%M}, which is too long ago to take it back "
            "yourself. Ask somebody who may adjust stock."
        )
    for reason in {one.reason for one in told}:
        for site_id in lacking:
            require_any(ctx, reason, site_id)


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(Fault("reason", "why the movement was a mistake", "nothing", "Write a few words."))


def _take_back(
    ctx: Context, lines: Sequence[Movement], batch: Batch, must: Movement | None = None, reopening: bool = False
) -> dict[int, int]:
    """Post the opposites of lines, the last first; returns the reversal of each.

    Args:
        must: the line that must not have been taken back before; None: one of them.
        reopening: whoever calls puts the shipment right that they belong to.
    """
    places = read_map(ctx, {place for one in lines for place in (one.from_place_id, one.to_place_id)})
    keys = {
        (one.item_id, places.spots[place].site_id) for one in lines for place in (one.from_place_id, one.to_place_id)
    }
    _require_right_or_own(ctx, lines, {site_id for _, site_id in keys})
    for one in lines:
        if one.reverses is not None:
            raise Refused(f"Movement {one.movement_id} is a reversal. Post the original movement again instead.")
    levels = lock(ctx, keys)
    before = tables.reversals_of(ctx.tx, ctx.tenant, [one.movement_id for one in lines])
    if must is not None and must.movement_id in before:
        earlier = before[must.movement_id]
        raise Refused(
            f"Movement {must.movement_id} was reversed before, by movement {earlier}. There is nothing to do."
        )
    left = [one for one in lines if one.movement_id not in before]
    if not left:
        raise Refused("All of these movements were reversed before. There is nothing to do.")
    left.reverse()
    if not reopening:
        _refuse_what_has_left(ctx, left)
    _refuse_moved_holds(ctx, left, places)
    released = _undo_documents(ctx, left, places)
    ids = write(ctx, levels, [_opposite(one, ctx) for one in left], places, released, batch)
    if transfers := {one.transfer_id for one in left if one.transfer_id is not None}:
        if wrong := transfers_tables.not_as_told(ctx.tx, ctx.tenant, transfers):
            raise Refused(
                f"What has happened since to {wrong[0]} rests on this: goods of it would have arrived that never left. "
                "Take back what arrived first, the whole batch of it."
            )
        transfers_tables.follow_movements(ctx.tx, ctx.tenant, transfers)
    for one, by in zip(left, ids, strict=True):
        ctx.publish(
            "stock.reversed",
            f"movement:{one.movement_id}",
            movement_id=one.movement_id,
            by=by,
            item_id=one.item_id,
            site_id=places.spots[one.to_place_id].site_id,
            reason=one.reason,
            quantity=plain(one.quantity),
            sales_line_id=one.sales_line_id,
            purchase_order_id=one.purchase_order_id,
            transfer_id=one.transfer_id,
            count_id=one.count_id,
        )
    return {one.movement_id: by for one, by in zip(left, ids, strict=True)}


def _opposite(movement: Movement, ctx: Context) -> Entry:
    return Entry(
        movement.item_id,
        movement.to_place_id,
        movement.from_place_id,
        movement.quantity,
        ctx.now,
        "reverse",
        lot=movement.lot,
        serial=movement.serial,
        reverses=movement.movement_id,
        from_status=movement.to_status,
        to_status=movement.from_status,
        catch_weight_g=movement.catch_weight_g,
    )


def _refuse_what_has_left(ctx: Context, lines: Sequence[Movement]) -> None:
    """A shipment says itself whether it has left: its movements are taken back by reopening it, or not at all."""
    number = shipments_tables.has_left(ctx.tx, ctx.tenant, [one.movement_id for one in lines])
    if number is not None:
        raise Refused(
            f"This belongs to {number}, which has left. If it has not, reopen {number} on its page; take what came "
            "back as a return."
        )


def _refuse_moved_holds(ctx: Context, lines: Sequence[Movement], places: Map) -> None:
    """A hold and a release are decisions, not facts: they cannot be taken back where the stock is no more."""
    wanted: dict[BalanceKey, Decimal] = {}
    for one in lines:
        if one.reason in ("hold", "release"):
            key: BalanceKey = (one.item_id, one.to_place_id, one.lot or "", one.to_status)
            wanted[key] = wanted.get(key, ZERO) + one.quantity
    if not wanted:
        return
    lying, _ = tables.lying(ctx.tx, ctx.tenant, {(item, place) for item, place, _, _ in wanted}, ctx.now)
    there: dict[BalanceKey, Decimal] = {(one.item_id, one.place_id, one.lot, one.status): one.on_hand for one in lying}
    for key, much in wanted.items():
        if there.get(key, ZERO) < much:
            raise Refused(
                f"Only {plain(there.get(key, ZERO))} of {plain(much)} still lie in {places.spots[key[1]].code} as "
                f"{key[3]}. Hold or release the stock where it lies now."
            )


def _undo_documents(ctx: Context, lines: Sequence[Movement], places: Map) -> Mapping[Key, Decimal]:
    """What reversals mean for order lines and receipts; returns what becomes free of reservations."""
    released: dict[Key, Decimal] = {}
    for one in lines:
        end = places.spots[one.to_place_id]
        if one.sales_line_id is not None and end.kind == "customer":
            key = (one.item_id, end.site_id)
            released[key] = released.get(key, ZERO) + _not_issued(ctx, one.sales_line_id, one.quantity)
        if one.reason == "receive" and one.source is not None and one.source.startswith(RECEIPT):
            orders.take_back_receipt(ctx, one.source.removeprefix(RECEIPT))
        if one.purchase_order_id is not None and end.kind == "supplier":
            sent_back.take_back(ctx, one.movement_id)
    return released


def _not_issued(ctx: Context, sales_line_id: int, quantity: Decimal) -> Decimal:
    """Take back what a pick did to its line; returns how much of the line's reservation became free.

    A line waits whole or not at all: what is left of its reservation goes, and all of it is reserved anew. One that was
    cancelled before it was picked is cancelled again.
    """
    line = orders_tables.sales_line(ctx.tx, ctx.tenant, sales_line_id)
    if line is None:
        return ZERO
    issued = line.issued - quantity
    state = line.state
    if state == "issued" and issued < line.quantity:
        state = "cancelled" if tables.was_cancelled(ctx.tx, ctx.tenant, sales_line_id) else "open"
    elif state == "reserved":
        state = "open"
    orders_tables.set_issued(ctx.tx, ctx.tenant, sales_line_id, issued, state)
    released = tables.reserved_quantity(ctx.tx, ctx.tenant, sales_line_id)
    tables.release(ctx.tx, ctx.tenant, sales_line_id, ZERO)
    return released
