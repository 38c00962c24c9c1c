"""Getting a customer's order out of the house: allocate, pick, pack, ship, and back from each step.

A shipment takes what is reserved for the lines of one order at one site. Until it leaves, the goods are ours and stay
reserved: they lie in a packing place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables, shipments, stops_tables
from shelfwise.orders import shipments_tables as documents
from shelfwise.orders import tables as orders_tables
from shelfwise.orders.model import amount_faults, instant_faults, name_faults
from shelfwise.orders.shipments_model import MOST_BOXES, Box, Shipment, Stop, box_faults
from shelfwise.orders.shipments_tables import Packed, ToShip
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse, text_faults
from shelfwise.stock import picking, promises, tables
from shelfwise.stock.ledger import Map, lock, read_map, write
from shelfwise.stock.model import Batch, Entry
from shelfwise.stock.posting import arrival_faults, refuse_others
from shelfwise.stock.reversing import reverse_leaving
from shelfwise.stock.tables import Key
from shelfwise.store.database import notify
from shelfwise.work import alerts, tasks

COUNTER = "shipment"
SHIP = "ship:"


@dataclass(frozen=True)
class Picked:
    """What became of a stop.

    Attributes:
        movement_id: None where nothing was found.
        warnings: sentences for the picker: what was picked should not be sold, or was not what was asked for.
        new: False where the same source was told before.
    """

    shipment: Shipment
    movement_id: int | None
    warnings: tuple[str, ...] = ()
    new: bool = True


def begin_shipment(ctx: Context, site_id: int, order_number: str, packing_place_id: int | None = None) -> Shipment:
    """Begin to ship what is reserved for an order at a site: bins and lots are chosen, first expired first out.

    What is held or past its last day is never chosen, nor what another shipment is to take.

    Args:
        packing_place_id: where picked goods wait; None: the site's first packing place.

    Raises:
        Invalid: the packing place is none.
        NotFound: there is no such place.
        Refused: nothing is reserved for the order that is not in a shipment already, or it cannot be found in any bin.
    """
    ctx.require(Right.ISSUE_GOODS, site_id)
    places = read_map(ctx, [] if packing_place_id is None else [packing_place_id], [site_id])
    packing = _packing_place(places, site_id, packing_place_id)
    wanted = documents.to_ship(ctx.tx, ctx.tenant, site_id, order_number)
    locked_items = {one.item_id for one in wanted}
    lock(ctx, [(item_id, site_id) for item_id in locked_items])
    # Read again behind the lock: another shipment of the order may have begun meanwhile.
    again = documents.to_ship(ctx.tx, ctx.tenant, site_id, order_number)
    wanted = [one for one in again if one.item_id in locked_items]
    if not wanted:
        raise Refused(
            f"Nothing is reserved for order {order_number} here that is not in a shipment already. "
            "Its lines wait for stock, or have left."
        )
    free = picking.free_to_pick(ctx, site_id, locked_items)
    lines: list[ToShip] = []
    stops: list[tuple[int, int, str | None, Decimal]] = []
    for one in wanted:
        found = picking.choose(free[one.item_id], one.quantity)
        much = sum((spot.quantity for spot in found), ZERO)
        if much > 0:
            lines.append(replace(one, quantity=much))
            stops += [(len(lines), spot.place_id, spot.lot, spot.quantity) for spot in found]
    if not lines:
        raise Refused(
            f"What is reserved for order {order_number} lies in no bin from where it may be picked: other shipments "
            "are to take it, or it is packed. Look at the items' bins."
        )
    number = f"SH-{purchase_tables.next_number(ctx.tx, ctx.tenant, COUNTER):06d}"
    shipment_id = documents.insert_shipment(
        ctx.tx, ctx.tenant, number, site_id, order_number, packing, lines, ctx.actor.by, ctx.now
    )
    stops_tables.insert_stops(ctx.tx, ctx.tenant, shipment_id, stops, 1)
    ctx.audit("shipment.begun", f"shipment:{shipment_id}", number=number, order=order_number)
    _tell(ctx)
    return shipments.shipment(ctx, shipment_id)


def _packing_place(places: Map, site_id: int, packing_place_id: int | None) -> int:
    if packing_place_id is None:
        return places.virtual[site_id, "packing"]
    spot = places.spots[packing_place_id]
    if spot.kind != "packing" or spot.site_id != site_id:
        raise Invalid(Fault("packing_place", "a packing place of the site", spot.code, "Name where goods are packed."))
    return packing_place_id


def pick(
    ctx: Context,
    shipment_id: int,
    stop: int,
    quantity: Decimal,
    source: str,
    *,
    place_id: int | None = None,
    lot: str | None = None,
    serial: str | None = None,
    occurred_at: datetime | None = None,
) -> Picked:
    """A picker was at a stop and took so much to the packing place. Told again, it is the same pick.

    It is an observed fact and posts also where the books know of less. Where less was found than asked for, somebody is
    asked to count, and the rest is looked for elsewhere: the shipment gets further stops if there is any.

    Args:
        quantity: 0: nothing was found there.
        place_id, lot: None: as the stop says.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such shipment, stop or place.
        Refused: the shipment is not being picked, or the stop was done before.
    """
    shipment, places = _changing(ctx, shipment_id, [] if place_id is None else [place_id])
    found = next((one for one in shipment.stops if one.stop == stop), None)
    if found is None:
        raise NotFound(f"stop of shipment {shipment.number}", stop)
    at = occurred_at or ctx.now
    name = f"{SHIP}{shipment.number}:{source}"
    entry = _pick_entry(shipment, found, quantity, place_id, lot, serial, at, name)
    _check_pick(ctx, entry, places, source, shipment.site_id)
    # A stop that a hold called off was nobody's pick: who took something there all the same tells so.
    if found.done_at is not None and found.source is not None:
        return _picked_before(ctx, shipment, found, entry, source)
    if shipment.state != "picking":
        raise Refused(f"{shipment.number} is {shipment.state}. Reopen it to go on picking.")
    movement_id = None
    warnings = _warnings(ctx, shipment, found, entry, places)
    if quantity > 0:
        key = (found.item_id, shipment.site_id)
        (movement_id,) = write(ctx, lock(ctx, [key]), [entry], places, batch=Batch("pick", shipment.number))
        documents.insert_moves(ctx.tx, ctx.tenant, shipment_id, "pick", [(movement_id, found.line, quantity)])
    stops_tables.stop_done(ctx.tx, ctx.tenant, shipment_id, stop, quantity, source, at, ctx.actor.by)
    if quantity < found.quantity:
        warnings += _short(ctx, shipment, found, quantity)
    ctx.audit(
        "shipment.picked", f"shipment:{shipment_id}", stop=stop, sku=found.sku, quantity=plain(quantity),
        asked=plain(found.quantity), place=places.spots[entry.from_place_id].code,
    )  # fmt: skip
    _tell(ctx)
    return Picked(shipments.shipment(ctx, shipment_id), movement_id, tuple(warnings))


def _pick_entry(
    shipment: Shipment,
    stop: Stop,
    quantity: Decimal,
    place_id: int | None,
    lot: str | None,
    serial: str | None,
    at: datetime,
    source: str,
) -> Entry:
    elsewhere = place_id is not None and place_id != stop.place_id
    line = next(one for one in shipment.lines if one.line == stop.line)
    return Entry(
        stop.item_id, stop.place_id if place_id is None else place_id, shipment.packing_place_id, quantity, at, "pick",
        source, lot if lot is not None else None if elsewhere else (stop.lot or ""), serial,
        sales_line_id=line.sales_line_id,
    )  # fmt: skip


def _check_pick(ctx: Context, entry: Entry, places: Map, source: str, site_id: int) -> None:
    spot = places.spots[entry.from_place_id]
    faults = [*name_faults(source, "source"), *instant_faults(entry.occurred_at, ctx.now, "occurred_at")]
    if spot.kind not in ("bin", "dock") or spot.site_id != site_id:
        faults.append(Fault("place", "a bin or dock of the shipment's site", spot.code, "Scan the bin you pick from."))
    if entry.quantity != 0:
        quanta = records_tables.quanta(ctx.tx, ctx.tenant, [entry.item_id])
        faults += [*amount_faults(entry.quantity, entry.item_id, quanta, "quantity"), *arrival_faults(entry)]
    refuse(faults)


def _picked_before(ctx: Context, shipment: Shipment, stop: Stop, entry: Entry, source: str) -> Picked:
    if stop.source != source or stop.picked != entry.quantity:
        raise Refused(
            f"Stop {stop.stop} of {shipment.number} was picked by {stop.done_by}: {plain(stop.picked or ZERO)} of "
            f"{stop.sku}. Go on with the next one."
        )
    known = tables.movements_of_sources(ctx.tx, ctx.tenant, [entry.source or ""])
    refuse_others(ctx, known, [entry])
    ids = [one.movement_id for one in known.values()]
    return Picked(shipment, ids[0] if ids else None, new=False)


def _warnings(ctx: Context, shipment: Shipment, stop: Stop, entry: Entry, places: Map) -> list[str]:
    """What speaks against what was picked. It is picked all the same; who packs can put it back."""
    if entry.quantity == 0:
        return []
    said = []
    place = places.spots[entry.from_place_id].code
    if entry.from_place_id != stop.place_id or (entry.lot or "") != (stop.lot or ""):
        lot = f", lot {entry.lot}" if entry.lot else ""
        said.append(f"Picked from {place}{lot} instead of {stop.place}{f', lot {stop.lot}' if stop.lot else ''}.")
    why = picking.why_not(ctx, shipment, entry.item_id, entry.from_place_id, place, entry.lot)
    if why is not None:
        said.append(why)
    if entry.quantity > stop.quantity:
        said.append(f"{plain(entry.quantity - stop.quantity)} more than was asked for.")
    return said


def _short(ctx: Context, shipment: Shipment, stop: Stop, quantity: Decimal) -> list[str]:
    """Less was found than asked for: a person must count, and the rest is looked for elsewhere."""
    missing = stop.quantity - quantity
    alerts.raise_alert(
        ctx,
        "count",
        f"item:{stop.item_id}:site:{shipment.site_id}",
        "attention",
        f"Count {stop.sku} in {stop.place}: a picker found too little",
        f"{plain(quantity)} of {plain(stop.quantity)} were found there for {shipment.number}. Count the bin, so that "
        "what is not there is promised to nobody.",
        f"/shipments/{shipment.shipment_id}",
        {"shipment_id": shipment.shipment_id, "place_id": stop.place_id, "missing": plain(missing)},
        site_id=shipment.site_id,
    )
    ctx.publish(
        "shipment.short", f"item:{stop.item_id}", shipment_id=shipment.shipment_id, item_id=stop.item_id,
        site_id=shipment.site_id, place_id=stop.place_id, asked=plain(stop.quantity), found=plain(quantity),
    )  # fmt: skip
    been = {(one.place_id, one.lot or "") for one in shipment.stops if one.line == stop.line}
    free = [
        one
        for one in picking.free_to_pick(ctx, shipment.site_id, [stop.item_id])[stop.item_id]
        if (one.place_id, one.lot or "") not in been
    ]
    found = picking.choose(free, missing)
    more = [(stop.line, one.place_id, one.lot, one.quantity) for one in found]
    if not more:
        return [f"{plain(missing)} of {stop.sku} are missing, and there are none elsewhere. Somebody will count."]
    stops_tables.insert_stops(
        ctx.tx, ctx.tenant, shipment.shipment_id, more, max(one.stop for one in shipment.stops) + 1
    )
    return [f"{plain(missing)} are missing. Look for them in {', '.join(sorted({one.place for one in found}))}."]


def pack(ctx: Context, shipment_id: int, boxes: Sequence[Box]) -> Shipment:
    """All that was picked is in boxes. Packing it again replaces the boxes.

    Raises:
        Invalid: a box cannot be right, or there is none.
        NotFound: there is no such shipment.
        Refused: stops are left to pick, nothing was picked, some of it is held or past its last day, or it has left or
            was cancelled.
    """
    shipment, _ = _changing(ctx, shipment_id)
    faults = [fault for box in boxes for fault in box_faults(box)]
    if not 0 < len(boxes) <= MOST_BOXES:
        faults.append(Fault("boxes", f"1 to {MOST_BOXES} boxes", str(len(boxes)), "Say what it is packed in."))
    refuse(faults)
    if shipment.state not in ("picking", "packed"):
        raise Refused(f"{shipment.number} is {shipment.state} and cannot be packed.")
    if shipment.to_pick:
        raise Refused(
            f"{len(shipment.to_pick)} stops of {shipment.number} are left, the next in {shipment.to_pick[0].place}. "
            "Pick them first; say 0 where nothing is."
        )
    if shipment.picked <= 0:
        raise Refused(f"Nothing was picked for {shipment.number}. Cancel it; its order waits again.")
    picking.refuse_held(ctx, shipment)
    documents.set_boxes(ctx.tx, ctx.tenant, shipment_id, boxes)
    documents.set_packed(ctx.tx, ctx.tenant, shipment_id, ctx.now)
    ctx.audit("shipment.packed", f"shipment:{shipment_id}", boxes=len(boxes))
    _tell(ctx)
    return shipments.shipment(ctx, shipment_id)


def ship(
    ctx: Context,
    shipment_id: int,
    carrier: str | None = None,
    tracking: str | None = None,
    occurred_at: datetime | None = None,
    left_anyway: str | None = None,
) -> Shipment:
    """A packed shipment has left the house. Told again, nothing changes.

    That it leaves is a decision of ours, so nothing goes that is held or past its last day.

    Args:
        left_anyway: it has left already although it should not have, and why: an observed fact, which posts, packed or
            not. 'stock.taken_from_hold' is published.

    Raises:
        Forbidden: it has left anyway, and the actor may not release stock.
        Invalid: a field cannot be right.
        NotFound: there is no such shipment.
        Refused: it is not packed, or some of it is held or past its last day.
    """
    shipment, places = _changing(ctx, shipment_id)
    at = occurred_at or ctx.now
    refuse(
        [
            *instant_faults(at, ctx.now, "occurred_at"),
            *(fault for text, where in ((carrier, "carrier"), (tracking, "tracking"), (left_anyway, "left_anyway"))
              if text is not None
              for fault in text_faults(text, where)),
        ]
    )  # fmt: skip
    if shipment.state == "shipped":
        return shipment
    gone = bool(left_anyway and left_anyway.strip()) and shipment.state in ("picking", "packed")
    if gone:
        ctx.require(Right.RELEASE_STOCK, shipment.site_id)
    elif shipment.state == "packed":
        picking.refuse_held(ctx, shipment)
    if shipment.state != "packed" and not gone:
        raise Refused(f"{shipment.number} is {shipment.state}. Pack it before it leaves.")
    held = documents.packed(ctx.tx, ctx.tenant, shipment_id)
    if not held:
        raise Refused(f"Nothing of {shipment.number} is in {shipment.packing_place} any more. Reopen or cancel it.")
    levels = lock(ctx, {(one.item_id, shipment.site_id) for one in held})
    customer = places.virtual[shipment.site_id, "customer"]
    of_line = {one.line: one.sales_line_id for one in shipment.lines}
    entries = [_entry(one, shipment.packing_place_id, customer, at, "ship", of_line[one.line]) for one in held]
    released: dict[Key, Decimal] = {}
    told = []
    for line in shipment.lines:
        much = sum((one.quantity for one in held if one.line == line.line), ZERO)
        sold = orders_tables.sales_line(ctx.tx, ctx.tenant, line.sales_line_id)
        if much > 0 and sold is not None:
            left = promises.leave(ctx, sold, much)
            key = (line.item_id, shipment.site_id)
            released[key] = released.get(key, ZERO) + left.released
            told.append((sold, much, left))
    ids = write(ctx, levels, entries, places, released, Batch("ship", shipment.number, occurred_at=at))
    moved = [(movement_id, one.line, one.quantity) for movement_id, one in zip(ids, held, strict=True)]
    documents.insert_moves(ctx.tx, ctx.tenant, shipment_id, "ship", moved)
    documents.set_shipped(ctx.tx, ctx.tenant, shipment_id, at, carrier or None, tracking or None)
    for sold, much, left in told:
        promises.tell_issued(ctx, sold, much, left, at, shipment.number)
    tasks.close_task(ctx, picking.HELD_TASK, f"shipment:{shipment_id}", "It has left.")
    why = {"left_anyway": (left_anyway or "")[:500]} if gone else {}
    ctx.audit("shipment.shipped", f"shipment:{shipment_id}", carrier=carrier, tracking=tracking, **why)
    ctx.publish(
        "shipment.shipped", f"shipment:{shipment_id}", at, shipment_id=shipment_id, number=shipment.number,
        site_id=shipment.site_id, order_number=shipment.order_number, carrier=carrier, tracking=tracking,
    )  # fmt: skip
    _tell(ctx)
    return shipments.shipment(ctx, shipment_id)


def _entry(one: Packed, start: int, end: int, at: datetime, reason: str, sales_line_id: int) -> Entry:
    """What lies in the packing place goes elsewhere, exactly the lots and serials that were picked."""
    return Entry(
        one.item_id, start, end, one.quantity, at, "ship" if reason == "ship" else "move", None, one.lot or "",
        one.serial, sales_line_id=sales_line_id, from_status=one.status, to_status=one.status,  # type: ignore[arg-type]
    )  # fmt: skip


def cancel_shipment(ctx: Context, shipment_id: int, reason: str) -> Shipment:
    """The shipment does not go: what was picked goes back to the bins it came from; the order keeps its promise.

    Raises:
        Invalid: no reason was given.
        NotFound: there is no such shipment.
        Refused: it has left.
    """
    shipment, places = _changing(ctx, shipment_id)
    _reason(reason)
    if shipment.state == "cancelled":
        return shipment
    if shipment.state == "shipped":
        raise Refused(f"{shipment.number} has left. Reopen it if it has not; take goods that come back as a return.")
    held = documents.packed(ctx.tx, ctx.tenant, shipment_id)
    if held:
        places = read_map(ctx, {shipment.packing_place_id, *(one.from_place_id for one in held)}, [shipment.site_id])
        levels = lock(ctx, {(one.item_id, shipment.site_id) for one in held})
        of_line = {one.line: one.sales_line_id for one in shipment.lines}
        entries = [
            _entry(one, shipment.packing_place_id, one.from_place_id, ctx.now, "put_back", of_line[one.line])
            for one in held
        ]
        ids = write(ctx, levels, entries, places, batch=Batch("put_back", f"{shipment.number}: {reason}"[:500]))
        moved = [(movement_id, one.line, one.quantity) for movement_id, one in zip(ids, held, strict=True)]
        documents.insert_moves(ctx.tx, ctx.tenant, shipment_id, "put_back", moved)
    documents.set_cancelled(ctx.tx, ctx.tenant, shipment_id, ctx.now)
    tasks.close_task(ctx, picking.HELD_TASK, f"shipment:{shipment_id}", "The shipment was cancelled.")
    ctx.audit("shipment.cancelled", f"shipment:{shipment_id}", reason=reason[:500])
    _tell(ctx)
    return shipments.shipment(ctx, shipment_id)


def reopen_shipment(ctx: Context, shipment_id: int, reason: str) -> Shipment:
    """One step back: what has left by mistake is packed again, what is packed is being picked again.

    Raises:
        Forbidden: taking back that it has left is an adjustment, for which the actor lacks the right.
        Invalid: no reason was given.
        NotFound: there is no such shipment.
        Refused: it is being picked, or was cancelled.
    """
    shipment, _ = _changing(ctx, shipment_id)
    _reason(reason)
    if shipment.state == "packed":
        documents.set_packed(ctx.tx, ctx.tenant, shipment_id, None)
    elif shipment.state == "shipped":
        ctx.require(Right.ADJUST_STOCK, shipment.site_id)
        lock(ctx, {(one.item_id, shipment.site_id) for one in shipment.lines})
        for movement_id in reversed(documents.moves(ctx.tx, ctx.tenant, shipment_id, "ship")):
            reverse_leaving(ctx, movement_id, f"{shipment.number} has not left: {reason}"[:500])
        documents.set_shipped(ctx.tx, ctx.tenant, shipment_id, None, shipment.carrier, shipment.tracking)
        # What came back is promised to the same lines again, before anybody else asks.
        promises.promise_again(ctx, shipment.site_id, {one.sales_line_id for one in shipment.lines})
    else:
        raise Refused(f"{shipment.number} is {shipment.state}. There is nothing to go back to.")
    ctx.audit("shipment.reopened", f"shipment:{shipment_id}", reason=reason[:500], was=shipment.state)
    _tell(ctx)
    return shipments.shipment(ctx, shipment_id)


def _changing(ctx: Context, shipment_id: int, place_ids: Sequence[int] = ()) -> tuple[Shipment, Map]:
    """The shipment, with the levels of its items and itself locked, and the places that a change names."""
    ctx.require_somewhere(Right.ISSUE_GOODS)
    shipment = shipments.shipment(ctx, shipment_id)
    ctx.require(Right.ISSUE_GOODS, shipment.site_id)
    wanted = {shipment.packing_place_id, *(one.place_id for one in shipment.stops), *place_ids}
    places = read_map(ctx, wanted, [shipment.site_id])
    lock(ctx, {(one.item_id, shipment.site_id) for one in shipment.lines})
    documents.lock_shipment(ctx.tx, ctx.tenant, shipment_id)
    return shipments.shipment(ctx, shipment_id), places


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(Fault("reason", "why", "nothing", "Write a few words."))


def _tell(ctx: Context) -> None:
    notify(ctx.tx, "live", "orders")
