"""Posting movements that were observed, one or thousands; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders.model import amount_faults, instant_faults, name_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import LARGEST, refuse, text_faults
from shelfwise.stock import arrivals, tables
from shelfwise.stock.ledger import Map, lock, read_map, write
from shelfwise.stock.model import RESERVED, STATUSES, Batch, Entry, Movement, NewMovement, ends_faults

# Receipts and picks are filed under sources of their own, so that two kinds of fact never share one.
RECEIPT = "receipt:"
PICK = "pick:"

# Any one of these rights is enough to post a movement of the reason.
ENOUGH_FOR: dict[str, tuple[Right, ...]] = {
    "opening": (Right.ADJUST_STOCK,),
    "receive": (Right.RECEIVE_GOODS,),
    "put_away": (Right.RECEIVE_GOODS, Right.ISSUE_GOODS),
    "move": (Right.ISSUE_GOODS, Right.RECEIVE_GOODS),
    "pick": (Right.ISSUE_GOODS,),
    "ship": (Right.ISSUE_GOODS,),
    "return": (Right.RECEIVE_GOODS,),
    "transfer_out": (Right.ISSUE_GOODS,),
    "transfer_in": (Right.RECEIVE_GOODS,),
    "convert": (Right.ISSUE_GOODS, Right.ADJUST_STOCK),
    "adjust": (Right.ADJUST_STOCK,),
    "count": (Right.ADJUST_STOCK,),
    "write_off": (Right.ADJUST_STOCK,),
}
# These follow rules of their own and are posted by the services named after them.
_BY_THEIR_OWN = {
    "hold": "Hold stock by stock.hold.",
    "release": "Release stock by stock.release, which takes a person's signature.",
    "convert": "Convert by stock.convert, which posts both sides at once.",
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


def post_many(
    ctx: Context, movements: Sequence[NewMovement], kind: str | None = None, note: str | None = None
) -> list[int]:
    """Post thousands of movements, in the order in which they happened; returns the id of each. See `post`.

    Args:
        kind, note: what the batch they make is called; None: after the first one's reason.
    """
    for reason in {movement.reason for movement in movements}:
        require_any(ctx, reason)
    if not movements:
        return []
    places = read_map(ctx, {place for one in movements for place in (one.from_place_id, one.to_place_id)})
    for reason, site_id in {
        (one.reason, places.spots[place].site_id)
        for one in movements
        for place in (one.from_place_id, one.to_place_id)
        if places.spots[place].real
    }:
        require_any(ctx, reason, site_id)
    _check(ctx, movements, places)
    keys = {
        (one.item_id, places.spots[place].site_id)
        for one in movements
        for place in (one.from_place_id, one.to_place_id)
    }
    levels = lock(ctx, keys)
    known = tables.movements_of_sources(ctx.tx, ctx.tenant, {one.source for one in movements if one.source is not None})
    entries = [entry_of(one, ctx.now) for one in movements]
    refuse_others(ctx, known, entries)
    fresh = [entry for entry in entries if entry.source is None or entry.source not in known]
    ids: Iterator[int] = iter(())
    if fresh:
        written = write(ctx, levels, fresh, places, batch=Batch(kind or fresh[0].reason, note))
        ids = iter(written)
        _ask_for_what_is_missing(ctx, fresh, written, places)
        ctx.audit("stock.posted", "stock", count=len(fresh), reasons=sorted({entry.reason for entry in fresh}))
    return [
        known[one.source].movement_id if one.source is not None and one.source in known else next(ids)
        for one in movements
    ]


def _ask_for_what_is_missing(ctx: Context, entries: Sequence[Entry], ids: Sequence[int], places: Map) -> None:
    """Of goods that came in and were told as observed."""
    came = [
        (entry, number)
        for entry, number in zip(entries, ids, strict=True)
        if entry.reason in ("receive", "return") and places.spots[entry.to_place_id].real
    ]
    if came:
        for position, missing in arrivals.lacking(ctx, [entry for entry, _ in came], at_form=False).items():
            entry, number = came[position]
            arrivals.ask(ctx, places.spots[entry.to_place_id].site_id, entry, number, missing)


_SHARED = [name for name in NewMovement.__dataclass_fields__ if name != "occurred_at"]


def entry_of(movement: NewMovement, now: datetime) -> Entry:
    """The movement as a line of the ledger."""
    return Entry(occurred_at=movement.occurred_at or now, **{name: getattr(movement, name) for name in _SHARED})


def refuse_others(ctx: Context, known: Mapping[str, Movement], told: Iterable[Entry]) -> None:
    """Compare what is told with what the same sources told before, in as many lines as it became.

    Raises:
        Refused: a source told of one movement before and tells of another now.
    """
    if not known:
        return
    parts = tables.parts_of(ctx.tx, ctx.tenant, {one.movement_id for one in known.values()})
    for entry in told:
        stored = known.get(entry.source or "")
        if stored is not None:
            further = parts.get(stored.movement_id, [])
            whole = stored.quantity + sum((one.quantity for one in further), ZERO)
            _refuse_other(stored, whole, entry)


def _refuse_other(stored: Movement, quantity: Decimal, told: Entry) -> None:
    lot = None if stored.lot_chosen else stored.lot
    if (
        stored.item_id, stored.from_place_id, stored.to_place_id, quantity, stored.reason, lot,
        stored.serial, stored.sales_line_id,
    ) != (
        told.item_id, told.from_place_id, told.to_place_id, told.quantity, told.reason, told.lot or None, told.serial,
        told.sales_line_id,
    ):  # fmt: skip
        raise Refused(
            f"The source {stored.source!r} has told of another movement: {stored.reason} of {plain(quantity)}"
            f" of item {stored.item_id} from place {stored.from_place_id} to {stored.to_place_id} (movement "
            f"{stored.movement_id}). Give each fact a source of its own; reverse the movement if it was wrong."
        )


def require_any(ctx: Context, reason: str, site_id: int | None = None) -> None:
    """
    Raises:
        Forbidden: the actor has none of the rights that are enough for the reason; without a site: nowhere.
    """
    allowed = ENOUGH_FOR.get(reason, (Right.ADJUST_STOCK,))
    if site_id is None:
        granted = any(ctx.actor.may_somewhere(right) for right in allowed)
    else:
        granted = any(ctx.actor.may(right, site_id) for right in allowed)
    if not granted:
        words = " nor ".join(right.value.replace("_", " ") for right in allowed)
        raise Forbidden(f"{ctx.actor} may not {words} here. Ask a manager to do it or to change your role.")


def _check(ctx: Context, movements: Sequence[NewMovement], places: Map) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {one.item_id for one in movements})
    faults: list[Fault] = []
    sources: set[str] = set()
    for row, one in enumerate(movements, 1):
        where = f"movement {row}" if len(movements) > 1 else "movement"
        start, end = places.spots[one.from_place_id], places.spots[one.to_place_id]
        if one.reason in _BY_THEIR_OWN:
            faults.append(Fault(where, "a movement that was observed", one.reason, _BY_THEIR_OWN[one.reason]))
        faults += ends_faults(one.reason, start, end, where, one.from_status, one.to_status)
        faults += line_faults(one, quanta, where)
        if one.occurred_at is not None:
            faults += instant_faults(one.occurred_at, ctx.now, f"{where}, occurred_at")
        if one.source is not None:
            faults += name_faults(one.source, f"{where}, source")
        if one.source is not None and (one.source in sources or one.source.startswith(RESERVED)):
            wanted = f"one of its own, not beginning with {', '.join(RESERVED)}"
            faults.append(Fault(f"{where}, source", wanted, one.source, "Name it otherwise."))
        sources.add(one.source or "")
    refuse(faults)


def line_faults(one: NewMovement, quanta: Mapping[int, Decimal], where: str) -> Iterator[Fault]:
    """What is wrong with the amounts of a movement."""
    yield from amount_faults(one.quantity, one.item_id, quanta, f"{where}, quantity")
    yield from arrival_faults(one, f"{where}, ")


def arrival_faults(one: NewMovement | Entry, row: str = "") -> Iterator[Fault]:
    """What is wrong with how goods are named and weighed; `row` is put before the names of fields."""
    for name, text in (("lot", one.lot or None), ("serial", one.serial)):
        if text is not None:
            yield from name_faults(text, f"{row}{name}")
    if one.serial is not None and one.quantity != 1:
        yield Fault(f"{row}quantity", "1, as there is one of each serial", str(one.quantity), "Post each by itself.")
    weight = one.catch_weight_g
    if weight is not None and not (weight.is_finite() and 0 <= weight < LARGEST):
        yield Fault(f"{row}catch_weight_g", "a weight in g, 0 or more", str(weight), "Weigh it again.")
    if one.note is not None:
        yield from text_faults(one.note, f"{row}note")
    for status in (one.from_status, one.to_status):
        if status not in STATUSES:
            yield Fault(f"{row}status", f"one of {', '.join(STATUSES)}", repr(status), "Correct the status.")


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
