"""What people do with goods in the house: put away, take back, send back, convert; reached through service.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables, sent_back
from shelfwise.orders.model import amount_faults, instant_faults, name_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.stock import arrivals, lots, tables
from shelfwise.stock.ledger import lock, read_map, write
from shelfwise.stock.model import Batch, Entry, Movement, NewMovement, Status
from shelfwise.stock.posting import arrival_faults, post_many, refuse_others
from shelfwise.stock.settling import settle

CONVERT = "convert:"


def put_away(
    ctx: Context,
    *,
    item_id: int,
    from_place_id: int,
    to_place_id: int,
    quantity: Decimal,
    source: str | None = None,
    lot: str | None = None,
    serial: str | None = None,
    occurred_at: datetime | None = None,
) -> int:
    """Goods went from where they were received to where they belong; returns the movement's id. See `stock.post`.

    Raises:
        Invalid, NotFound, Refused: as `stock.post`.
    """
    moved = NewMovement(
        item_id, from_place_id, to_place_id, quantity, "put_away", occurred_at, source, lot=lot, serial=serial
    )
    return post_many(ctx, [moved])[0]


def take_return(
    ctx: Context,
    *,
    item_id: int,
    place_id: int,
    quantity: Decimal,
    status: Status | None = None,
    source: str | None = None,
    lot: str | None = None,
    serial: str | None = None,
    note: str | None = None,
    occurred_at: datetime | None = None,
    at_form: bool = False,
) -> int:
    """Goods came back from a customer; returns the movement's id.

    Args:
        status: None: 'quarantine' where the item has a lot or a serial, for nobody knows how it was kept meanwhile and
            it takes a signature to sell it again; 'available' otherwise, for whoever takes it in sees what it is like.
        at_form: a person tells it who can be asked for the lot or serial; False: a task asks for what is missing.

    Raises:
        Invalid, NotFound, Refused: as `stock.post`.
    """
    places = read_map(ctx, [place_id])
    customer = places.virtual[places.spots[place_id].site_id, "customer"]
    kept: Status = status or ("quarantine" if lot or serial else "available")
    back = NewMovement(
        item_id, customer, place_id, quantity, "return", occurred_at, source, lot=lot, serial=serial, to_status=kept,
        note=note,
    )  # fmt: skip
    if at_form:
        ctx.require(Right.RECEIVE_GOODS, places.spots[place_id].site_id)
        arrivals.lacking(ctx, [back], at_form=True)
    return post_many(ctx, [back])[0]


def return_to_supplier(
    ctx: Context,
    *,
    purchase_order_id: int,
    line: int,
    place_id: int,
    quantity: Decimal,
    reason: str,
    owed_again: bool,
    lot: str | None = None,
    serial: str | None = None,
    status: Status = "available",
    source: str | None = None,
    occurred_at: datetime | None = None,
) -> int:
    """Goods of a purchase line went back to its supplier; returns the movement's id. Told again, it is the same.

    Args:
        owed_again: the supplier is to send as much once more; False: it pays for it, or nobody asks.
        status: what they lie there as, so that goods on hold can go back without a word about the hold.

    Raises:
        Forbidden: the actor may not receive goods at the order's site.
        Invalid: no reason was given, more would go back than came, or as `stock.post`.
        NotFound: the order has no such line, or the place does not exist.
        Refused: as `stock.post`.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    found = purchase_tables.order_line(ctx.tx, ctx.tenant, purchase_order_id, line)
    if found is None:
        raise NotFound(f"line of purchase order {purchase_order_id}", line)
    site_id, ordered = found
    ctx.require(Right.RECEIVE_GOODS, site_id)
    words = reason.strip()[:500]
    if not words:
        raise Invalid(Fault("reason", "why it goes back", "nothing", "Write a few words."))
    places = read_map(ctx, [place_id], [site_id])
    gone = NewMovement(
        ordered.item_id, place_id, places.virtual[site_id, "supplier"], quantity, "return", occurred_at, source,
        lot=lot, serial=serial, from_status=status, note=words, purchase_order_id=purchase_order_id, purchase_line=line,
    )  # fmt: skip
    lock(ctx, [(ordered.item_id, site_id)])
    known = source is not None and tables.movements_of_sources(ctx.tx, ctx.tenant, [source])
    (movement_id,) = post_many(ctx, [gone], note=words)
    if not known:
        sent_back.record(ctx, purchase_order_id, line, quantity, movement_id, owed_again, words)
    return movement_id


def convert(
    ctx: Context,
    *,
    item_id: int,
    place_id: int,
    quantity: Decimal,
    to_item_id: int,
    to_quantity: Decimal,
    source: str,
    to_place_id: int | None = None,
    lot: str | None = None,
    note: str | None = None,
    occurred_at: datetime | None = None,
) -> list[int]:
    """One item became another: a case was opened into pieces, pieces were packed as a set. Told again, it is the same.

    Lots and statuses go along: what comes out has the lot and the status of what went in. Returns the ids of the
    movements, all of one batch.

    Args:
        quantity, to_quantity: how much of the first became how much of the other.
        to_place_id: None: the same place.

    Raises:
        Forbidden: the actor may neither issue goods nor adjust stock there.
        Invalid: a field cannot be right.
        NotFound: a place does not exist.
        Refused: it comes from several lots whose shares cannot be told apart, or the source told of something else.
    """
    to_place = place_id if to_place_id is None else to_place_id
    places = read_map(ctx, {place_id, to_place})
    start, end = places.spots[place_id], places.spots[to_place]
    if not any(ctx.actor.may(right, start.site_id) for right in (Right.ISSUE_GOODS, Right.ADJUST_STOCK)):
        ctx.require(Right.ADJUST_STOCK, start.site_id)
    at = occurred_at or ctx.now
    middle = places.virtual[start.site_id, "conversion"]
    taken = Entry(item_id, place_id, middle, quantity, at, "convert", f"{CONVERT}{source}#1", lot, note=note)
    made = Entry(to_item_id, middle, to_place, to_quantity, at, "convert", f"{CONVERT}{source}#2", note=note)
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {item_id, to_item_id})
    faults = [
        *name_faults(source, "source"),
        *instant_faults(at, ctx.now, "occurred_at"),
        *amount_faults(quantity, item_id, quanta, "quantity"),
        *amount_faults(to_quantity, to_item_id, quanta, "to_quantity"),
        *arrival_faults(taken),
    ]
    if item_id == to_item_id:
        faults.append(Fault("to_item", "another item", str(to_item_id), "Say what it became."))
    if not (start.real and end.real and start.site_id == end.site_id):
        faults.append(Fault("place", "real places of one site", f"{start.code}, {end.code}", "Name where it lies."))
    refuse(faults)
    site_id = start.site_id
    levels = lock(ctx, [(item_id, site_id), (to_item_id, site_id)])
    if known := tables.movements_of_sources(ctx.tx, ctx.tenant, [taken.source or "", made.source or ""]):
        return _same(ctx, known, taken, made)
    lying, facts = tables.lying(ctx.tx, ctx.tenant, [(item_id, place_id)], ctx.now)
    (settled,) = settle([taken], lying, places.spots, places.unaccounted(), facts)
    entries = [taken]
    skus = tables.skus(ctx.tx, ctx.tenant, [to_item_id])
    for code in {line.lot for line in settled.lines if line.lot}:
        if (old := lots.lot(ctx.tx, ctx.tenant, item_id, code)) is not None:
            made_of = (old.expires_on, old.made_on, old.supplier_id)
            arrivals.note_lot(ctx, site_id, to_item_id, skus[to_item_id], code, *made_of)
    left = to_quantity
    for number, line in enumerate(settled.lines, 1):
        much = left if number == len(settled.lines) else to_quantity * line.quantity / quantity
        if much <= 0 or much % quanta[to_item_id]:
            raise Refused(
                f"This would be {plain(line.quantity)} of lot {line.lot or 'none'}, whose share of what comes out is "
                f"{plain(much)}: not a quantity that can be moved. Convert one lot at a time, and name it."
            )
        left -= much
        name = made.source if number == 1 else None
        part = replace(made, quantity=much, lot=line.lot, to_status=line.from_status, source=name)
        entries.append(part)
    ids = write(ctx, levels, entries, places, batch=Batch("convert", note))
    ctx.audit("stock.converted", f"item:{item_id}", quantity=plain(quantity), to_item=to_item_id, to=plain(to_quantity))
    return ids


def _same(ctx: Context, known: Mapping[str, Movement], taken: Entry, made: Entry) -> list[int]:
    """The movements of a conversion that was told before.

    Raises:
        Refused: the source told of another one.
    """
    first = known[taken.source or ""]
    lines = [] if first.batch_id is None else tables.movements_of_batch(ctx.tx, ctx.tenant, first.batch_id)
    out = sum((one.quantity for one in lines if one.item_id == made.item_id and one.reason == "convert"), ZERO)
    if out != made.quantity:
        raise Refused(
            f"The source {taken.source!r} has told of another conversion, into {plain(out)} of another item or amount. "
            "Give each conversion a source of its own."
        )
    refuse_others(ctx, {taken.source or "": first}, [taken])
    return [one.movement_id for one in lines if one.part_of is None and one.reason == "convert"]
