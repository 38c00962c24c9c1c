"""Moving goods between sites: promised at the source, on the road, received at the destination, in parts if need be.

What is on the road belongs to no bin: it lies in the source's place for transit until it has arrived, was sent back, or
a person has written it off. A transfer says at any time how much that is, lot by lot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import transfers as documents
from shelfwise.orders import transfers_tables as documents_tables
from shelfwise.orders.model import amount_faults, instant_faults, name_faults
from shelfwise.orders.transfers_model import ALIVE, OnRoad, Transfer, TransferLine, TransferState
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse
from shelfwise.stock import arrivals, promises, reservations, tables
from shelfwise.stock.ledger import Map, follow_stockouts, lock, lock_to_promise, read_map, write
from shelfwise.stock.model import STATUSES, Batch, Entry, Reason, Spot, Status, StockLevel
from shelfwise.stock.posting import arrival_faults
from shelfwise.stock.tables import Key
from shelfwise.store.database import notify

TRANSFER = "transfer:"


@dataclass(frozen=True)
class Goods:
    """So much of a line of a transfer, taken from a place or put there.

    Attributes:
        lot: None: nobody said; '': none, and that is known.
        status: how it came: 'available' means as it left.
    """

    line: int
    quantity: Decimal
    place_id: int
    lot: str | None = None
    serial: str | None = None
    status: Status = "available"


def approve_transfer(ctx: Context, transfer_id: int) -> Transfer:
    """Promise what a transfer asks for at its source: from now on nobody else gets it. All of it or nothing.

    Approved before, it is promised anew what it has lost of its promise meanwhile.

    Raises:
        Forbidden: the actor may not transfer goods from the source.
        NotFound: there is no such transfer.
        Refused: less is available, or the transfer is over.
    """
    found, levels = _locked(ctx, transfer_id, Right.TRANSFER_GOODS, promising=True)
    if found.state not in ("draft", "approved", "in_transit", "part_received"):
        raise Refused(f"{found.number} is {documents.words(found.state)}: there is nothing to promise.")
    missing = {line.line: line.to_ship - line.reserved for line in found.lines if line.to_ship > line.reserved}
    short = []
    changes: dict[Key, Decimal] = {}
    for line in found.lines:
        much = missing.get(line.line, ZERO)
        key = (line.item_id, found.from_site_id)
        if much > levels[key].available:
            short.append(f"{plain(much)} of {line.sku}, of which {plain(max(levels[key].available, ZERO))} are free")
        elif much > 0:
            changes[key] = much
    if short:
        raise Refused(
            f"{found.from_site} cannot promise {'; '.join(short)}. Ask for less, or wait until there is more."
        )
    reservations.reserve_for_transfer(ctx.tx, ctx.tenant, transfer_id, list(missing.items()), ctx.now)
    _change_reserved(ctx, levels, changes)
    if found.state == "draft":
        documents_tables.set_approved(ctx.tx, ctx.tenant, transfer_id, ctx.actor.by, ctx.now)
    ctx.audit("transfer.approved", f"transfer:{transfer_id}", lines=len(missing))
    return _told(ctx, transfer_id)


def ship_transfer(
    ctx: Context,
    transfer_id: int,
    goods: Sequence[Goods],
    source: str,
    occurred_at: datetime | None = None,
    expected_at: datetime | None = None,
) -> Transfer:
    """Goods have left the source. An observed fact: it posts also beyond the plan and beyond what lay there.

    Told again, it is the same. What left is no more reserved; lots nobody named are taken first expired first out.

    Args:
        expected_at: when it arrives, where that has changed.

    Raises:
        Forbidden: the actor may not issue goods at the source.
        Invalid: a field cannot be right.
        NotFound: there is no such transfer, line or place.
        Refused: the transfer was not approved, or is over.
    """
    found, levels = _locked(ctx, transfer_id, Right.ISSUE_GOODS)
    places = read_map(ctx, {one.place_id for one in goods}, [found.from_site_id])
    at = occurred_at or ctx.now
    name = f"{TRANSFER}{found.number}:out:{source}"
    road = places.virtual[found.from_site_id, "transit"]
    entries = [
        replace(
            _entry(found, one, one.place_id, road, at, "transfer_out"), source=f"{name}#{row}", lot=one.lot,
            serial=one.serial,
        )
        for row, one in enumerate(goods, 1)
    ]  # fmt: skip
    _check(ctx, goods, places, found.from_site_id, source, at, entries)
    if _told_before(ctx, name):
        return documents.transfer(ctx, transfer_id)
    if found.state not in ALIVE:
        raise Refused(f"{found.number} is {documents.words(found.state)}. Goods leave for an approved transfer.")
    released: dict[Key, Decimal] = {}
    freed: dict[int, Decimal] = {}
    for line in found.lines:
        gone = sum((one.quantity for one in goods if one.line == line.line), ZERO)
        much = min(line.reserved, gone)
        if much > 0:
            freed[line.line] = -much
            released[line.item_id, found.from_site_id] = much
    reservations.reserve_for_transfer(ctx.tx, ctx.tenant, transfer_id, list(freed.items()), ctx.now)
    write(ctx, levels, entries, places, released, Batch("transfer_out", found.number, occurred_at=at))
    if expected_at is not None:
        documents_tables.set_head(ctx.tx, ctx.tenant, transfer_id, expected_at, found.note)
    ctx.audit("transfer.shipped", f"transfer:{transfer_id}", lines=_lines(goods))
    ctx.publish("transfer.shipped", f"transfer:{transfer_id}", at, **_about(found, goods))
    return _told(ctx, transfer_id)


def receive_transfer(
    ctx: Context,
    transfer_id: int,
    goods: Sequence[Goods],
    source: str,
    occurred_at: datetime | None = None,
    at_form: bool = False,
) -> Transfer:
    """Goods have arrived at the destination: in parts, too many, damaged or of another lot than left. Told again, it is
    the same.

    What is held stays held. Of a lot that nobody sent the books say that it left instead of one that did. What came
    beyond all that had left comes from what is unaccounted for at the destination; 'transfer.over' is published.

    Args:
        at_form: a person tells it who can be asked for the lot or serial of what had not left; False: a task asks.

    Raises:
        Forbidden: the actor may not receive goods at the destination.
        Invalid: a field cannot be right.
        NotFound: there is no such transfer, line or place.
        Refused: nothing of the transfer has left.
    """
    found, levels = _locked(ctx, transfer_id, Right.RECEIVE_GOODS, at_destination=True)
    return _arrive(ctx, found, levels, goods, source, occurred_at or ctx.now, found.to_site_id, at_form)


def send_back(
    ctx: Context, transfer_id: int, goods: Sequence[Goods], source: str, occurred_at: datetime | None = None
) -> Transfer:
    """Goods that were on the road are at their source again: they never left, or were sent back.

    Raises:
        Forbidden: the actor may not receive goods at the source.
        Invalid, NotFound: as `receive_transfer`.
        Refused: less is on the road.
    """
    found, levels = _locked(ctx, transfer_id, Right.RECEIVE_GOODS)
    for line in found.lines:
        much = sum((one.quantity for one in goods if one.line == line.line), ZERO)
        if much > line.on_road and not _told_before(ctx, f"{TRANSFER}{found.number}:in:{source}"):
            raise Refused(f"Only {plain(line.on_road)} of {line.sku} are on the road, not {plain(much)}.")
    return _arrive(ctx, found, levels, goods, source, occurred_at or ctx.now, found.from_site_id)


def _arrive(
    ctx: Context,
    found: Transfer,
    levels: dict[Key, StockLevel],
    goods: Sequence[Goods],
    source: str,
    at: datetime,
    site_id: int,
    at_form: bool = False,
) -> Transfer:
    places = read_map(ctx, {one.place_id for one in goods}, [found.from_site_id, found.to_site_id])
    name = f"{TRANSFER}{found.number}:in:{source}"
    told = [
        replace(
            _entry(found, one, places.virtual[found.from_site_id, "transit"], one.place_id, at, "transfer_in"),
            lot=one.lot, serial=one.serial, to_status=one.status,
        )
        for one in goods
    ]  # fmt: skip
    _check(ctx, goods, places, site_id, source, at, told)
    if _told_before(ctx, name):
        return documents.transfer(ctx, found.transfer_id)
    if found.state in ("draft", "cancelled") or not any(line.shipped for line in found.lines):
        raise Refused(f"Nothing of {found.number} has left {found.from_site} yet. Note there first what left.")
    road = documents_tables.on_road(ctx.tx, ctx.tenant, found.transfer_id)
    entries: list[Entry] = []
    over: list[Goods] = []
    for one, entry in zip(goods, told, strict=True):
        taken, road, left = _off_the_road(road, one)
        for stuff in taken:
            entries += _landed(entry, one, stuff, places.virtual[found.from_site_id, "unaccounted"])
        if left > 0:
            over.append(replace(one, quantity=left))
            entries.append(
                replace(
                    entry, reason="adjust", from_place_id=places.virtual[site_id, "unaccounted"], quantity=left,
                    lot=one.lot or None,
                )
            )  # fmt: skip
    entries[0] = replace(entries[0], source=f"{name}#1")
    landed = [(place, one) for place, one in enumerate(entries) if places.spots[one.to_place_id].real]
    missing = arrivals.lacking(ctx, [one for _, one in landed], at_form=at_form)
    ids = write(ctx, levels, entries, places, batch=Batch("transfer_in", found.number, occurred_at=at))
    for position, names in missing.items():
        arrivals.ask(ctx, site_id, landed[position][1], ids[landed[position][0]], names)
    subject = f"transfer:{found.transfer_id}"
    arrived = site_id == found.to_site_id
    ctx.audit("transfer.received" if arrived else "transfer.came_back", subject, lines=_lines(goods))
    ctx.publish("transfer.received" if arrived else "transfer.came_back", subject, at, **_about(found, goods))
    if over:
        ctx.audit("transfer.over", subject, lines=_lines(over))
        ctx.publish("transfer.over", subject, at, **_about(found, over))
    return _told(ctx, found.transfer_id)


def _off_the_road(road: Sequence[OnRoad], one: Goods) -> tuple[list[OnRoad], list[OnRoad], Decimal]:
    """What of a line is taken off the road, what stays there, and how much came beyond it.

    The lot and serial that were named go first, then whatever else of the line is on the road.
    """

    def named(stuff: OnRoad) -> bool:
        lot = one.lot is None or (stuff.lot or "") == one.lot
        return lot and (one.serial is None or stuff.serial == one.serial)

    wanted, taken, stays = one.quantity, [], []
    for stuff in sorted(road, key=lambda stuff: not named(stuff)):
        much = min(wanted, stuff.quantity) if stuff.line == one.line else ZERO
        wanted -= much
        if much > 0:
            taken.append(replace(stuff, quantity=much))
        if much < stuff.quantity:
            stays.append(replace(stuff, quantity=stuff.quantity - much))
    return taken, stays, wanted


def _landed(entry: Entry, one: Goods, stuff: OnRoad, unaccounted: int) -> list[Entry]:
    """The lines for goods that come off the road: where another lot came than left, the books are told so first."""
    status = stuff.status if one.status == "available" else one.status
    arrived = replace(
        entry, quantity=stuff.quantity, lot=stuff.lot, serial=stuff.serial, from_status=stuff.status, to_status=status
    )
    lot = stuff.lot if one.lot is None else (one.lot or None)
    serial = stuff.serial if one.serial is None else one.serial
    if (lot, serial) == (stuff.lot, stuff.serial):
        return [arrived]
    road = entry.from_place_id
    return [
        replace(arrived, reason="adjust", to_place_id=unaccounted, to_status="available"),
        replace(
            arrived, reason="adjust", from_place_id=unaccounted, to_place_id=road, lot=lot, serial=serial,
            from_status="available", to_status="available",
        ),
        replace(arrived, lot=lot, serial=serial, from_status="available"),
    ]  # fmt: skip


def write_off_from_road(ctx: Context, transfer_id: int, line: int, quantity: Decimal, reason: str) -> Transfer:
    """What never arrived is lost.

    Raises:
        Forbidden: the actor may not adjust stock at the source, whose it is until it arrives.
        Invalid: no reason was given, or the quantity cannot be right.
        NotFound: there is no such transfer or line.
        Refused: less is on the road.
    """
    found, levels = _locked(ctx, transfer_id, Right.ADJUST_STOCK)
    if not reason.strip():
        raise Invalid(Fault("reason", "why it is written off", "nothing", "Write a few words."))
    wanted = _line(found, line)
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, [wanted.item_id])
    refuse(amount_faults(quantity, wanted.item_id, quanta, "quantity"))
    if quantity > wanted.on_road:
        raise Refused(f"Only {plain(wanted.on_road)} of {wanted.sku} are on the road, not {plain(quantity)}.")
    places = read_map(ctx, [], [found.from_site_id])
    scrap = places.virtual[found.from_site_id, "scrap"]
    gone = Goods(line, quantity, scrap)
    taken, _, _ = _off_the_road(documents_tables.on_road(ctx.tx, ctx.tenant, transfer_id), gone)
    blank = _entry(found, gone, places.virtual[found.from_site_id, "transit"], scrap, ctx.now, "write_off")
    entries = [
        replace(blank, quantity=one.quantity, lot=one.lot, serial=one.serial, from_status=one.status, note=reason[:500])
        for one in taken
    ]
    write(ctx, levels, entries, places, batch=Batch("write_off", f"{found.number}: {reason}"[:500]))
    ctx.audit("transfer.written_off", f"transfer:{transfer_id}", line=line, quantity=plain(quantity), reason=reason)
    ctx.publish("transfer.lost", f"transfer:{transfer_id}", ctx.now, **_about(found, [gone]))
    return _told(ctx, transfer_id)


def close_transfer(ctx: Context, transfer_id: int, reason: str) -> Transfer:
    """Send no more of it: what is still promised to it is free.

    Raises:
        Forbidden: the actor may not transfer goods from the source.
        Invalid: no reason was given.
        NotFound: there is no such transfer.
        Refused: goods are on the road, or it is a draft or cancelled.
    """
    return _end(ctx, transfer_id, reason, "closed")


def cancel_transfer(ctx: Context, transfer_id: int, reason: str) -> Transfer:
    """It does not take place: what is promised to it is free.

    Raises:
        Forbidden, Invalid, NotFound: as `close_transfer`.
        Refused: some of it has left; send it back first, or close the transfer.
    """
    return _end(ctx, transfer_id, reason, "cancelled")


def _end(ctx: Context, transfer_id: int, reason: str, state: TransferState) -> Transfer:
    found, levels = _locked(ctx, transfer_id, Right.TRANSFER_GOODS)
    if not reason.strip():
        raise Invalid(Fault("reason", "why", "nothing", "Write a few words."))
    if found.state == state:
        return found
    if found.on_road > 0:
        raise Refused(
            f"{plain(found.on_road)} of {found.number} are on the road. Receive them, send them back, or write them "
            "off first."
        )
    moved = any(line.received or line.over or line.lost for line in found.lines)
    if state == "cancelled" and (found.state == "closed" or moved):
        raise Refused(f"Goods of {found.number} have moved already, so that it took place. Close it instead.")
    if state == "closed" and found.state in ("draft", "cancelled"):
        raise Refused(f"{found.number} is {documents.words(found.state)}. Nothing of it is to be closed.")
    free = {line.line: -line.reserved for line in found.lines if line.reserved}
    changes = {(line.item_id, found.from_site_id): -line.reserved for line in found.lines if line.reserved}
    reservations.reserve_for_transfer(ctx.tx, ctx.tenant, transfer_id, list(free.items()), ctx.now)
    _change_reserved(ctx, levels, changes)
    documents_tables.set_state(ctx.tx, ctx.tenant, transfer_id, state)
    ctx.audit(f"transfer.{state}", f"transfer:{transfer_id}", reason=reason[:500])
    if changes:
        promises.offer(ctx, found.from_site_id, [item_id for item_id, _ in changes])
    notify(ctx.tx, "live", "orders")
    return documents.transfer(ctx, transfer_id)


def _locked(
    ctx: Context, transfer_id: int, right: Right, *, at_destination: bool = False, promising: bool = False
) -> tuple[Transfer, dict[Key, StockLevel]]:
    """The transfer with the levels of its items at both sites locked, then itself."""
    ctx.require_somewhere(right)
    found = documents_tables.transfers(ctx.tx, ctx.tenant, transfer_id=transfer_id)
    if not found:
        raise NotFound("transfer", transfer_id)
    ctx.require(right, found[0].to_site_id if at_destination else found[0].from_site_id)
    sites = (found[0].from_site_id, found[0].to_site_id)
    take: Callable[[Context, set[Key]], dict[Key, StockLevel]] = lock_to_promise if promising else lock
    levels = take(ctx, {(line.item_id, site) for line in found[0].lines for site in sites})
    again = documents.to_change(ctx, transfer_id, right, at_destination)
    if {line.item_id for line in again.lines} != {line.item_id for line in found[0].lines}:
        raise Refused(f"{again.number} was changed by somebody else just now. Look at it, then try again.")
    return again, levels


def _change_reserved(ctx: Context, levels: dict[Key, StockLevel], changes: dict[Key, Decimal]) -> None:
    if changes:
        tables.change_levels(ctx.tx, ctx.tenant, ((key, ZERO, much, ZERO) for key, much in sorted(changes.items())))
        follow_stockouts(ctx, {key: levels[key].changed(ZERO, much) for key, much in changes.items()}, {})


def _line(found: Transfer, number: int) -> TransferLine:
    line = found.line(number)
    if line is None:
        raise NotFound(f"line of transfer {found.number}", number)
    return line


def _entry(found: Transfer, one: Goods, start: int, end: int, at: datetime, reason: Reason) -> Entry:
    return Entry(
        _line(found, one.line).item_id, start, end, one.quantity, at, reason, transfer_id=found.transfer_id,
        transfer_line=one.line,
    )  # fmt: skip


def _check(
    ctx: Context,
    goods: Sequence[Goods],
    places: Map,
    site_id: int,
    source: str,
    at: datetime,
    entries: Sequence[Entry],
) -> None:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {entry.item_id for entry in entries})
    faults = [*name_faults(source, "source"), *instant_faults(at, ctx.now, "occurred_at")]
    if not goods:
        faults.append(Fault("goods", "at least one line", "none", "Say what it was."))
    for row, (one, entry) in enumerate(zip(goods, entries, strict=True), 1):
        spot: Spot = places.spots[one.place_id]
        if not spot.real or spot.site_id != site_id:
            faults.append(Fault(f"goods {row}, place", "a bin or dock of the site", spot.code, "Correct the place."))
        if one.status not in STATUSES:
            faults.append(Fault(f"goods {row}, status", f"one of {', '.join(STATUSES)}", one.status, "Correct it."))
        faults += amount_faults(one.quantity, entry.item_id, quanta, f"goods {row}, quantity")
        faults += arrival_faults(replace(entry, to_status="available"), f"goods {row}, ")
    refuse(faults)


def _told_before(ctx: Context, name: str) -> bool:
    return bool(tables.movements_of_sources(ctx.tx, ctx.tenant, [f"{name}#1"]))


def _lines(goods: Sequence[Goods]) -> dict[str, str]:
    """How much of each line, for the audit log."""
    sums: dict[str, Decimal] = {}
    for one in goods:
        sums[str(one.line)] = sums.get(str(one.line), ZERO) + one.quantity
    return {line: plain(much) for line, much in sums.items()}


def _about(found: Transfer, goods: Sequence[Goods]) -> dict[str, Any]:
    return {
        "transfer_id": found.transfer_id,
        "number": found.number,
        "from_site_id": found.from_site_id,
        "to_site_id": found.to_site_id,
        "lines": [
            {"line": one.line, "item_id": _line(found, one.line).item_id, "quantity": plain(one.quantity)}
            for one in goods
        ],
    }


def _told(ctx: Context, transfer_id: int) -> Transfer:
    documents_tables.follow_movements(ctx.tx, ctx.tenant, [transfer_id])
    notify(ctx.tx, "live", "orders")
    (found,) = documents_tables.transfers(ctx.tx, ctx.tenant, transfer_id=transfer_id)
    return found
