"""Counting: a sheet of places to look at, what was found there, and the difference to the books of that instant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import purchase_tables
from shelfwise.orders.model import instant_faults, name_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import exact, refuse, text_faults
from shelfwise.stock import count_tables as tables
from shelfwise.stock import lots
from shelfwise.stock import tables as stock_tables
from shelfwise.stock.count_tables import CountLine, CountSheet
from shelfwise.stock.ledger import lock, read_map, write
from shelfwise.stock.model import Batch, Entry, Status
from shelfwise.stock.settling import Lying
from shelfwise.store.database import notify
from shelfwise.work import alerts

_NUMBERS = "count"
MOST_PLACES = 2000
DEFAULT_TOLERANCE = Decimal("0.02")


def start_count(
    ctx: Context,
    *,
    site_id: int,
    title: str,
    place_ids: Collection[int],
    item_ids: Collection[int] | None = None,
    blind: bool = True,
    tolerance: Decimal = DEFAULT_TOLERANCE,
) -> int:
    """Ask for places to be counted; returns the id of the sheet, numbered CT-000001 and on.

    Args:
        item_ids: only these items; None: whatever lies there.
        blind: whoever counts does not see what the books say.
        tolerance: differences up to this share of the books are posted without a second person.

    Raises:
        Invalid: a field cannot be right.
        NotFound: a place is not a bin or dock of the site.
    """
    ctx.require(Right.COUNT_STOCK, site_id)
    faults = list(text_faults(title, "title"))
    if not title.strip():
        faults.append(Fault("title", "what is counted, in a few words", "nothing", "Write a few words."))
    if not 0 < len(set(place_ids)) <= MOST_PLACES:
        faults.append(Fault("places", f"1 to {MOST_PLACES}", str(len(set(place_ids))), "Count in several sheets."))
    if not (tolerance.is_finite() and 0 <= tolerance <= 1):
        faults.append(Fault("tolerance", "a share from 0 to 1", str(tolerance), "0.02 means 2 of 100."))
    refuse(faults)
    places = read_map(ctx, set(place_ids))
    for place_id in place_ids:
        if not places.spots[place_id].real or places.spots[place_id].site_id != site_id:
            raise NotFound("bin or dock of the site", places.spots[place_id].code)
    number = f"CT-{purchase_tables.next_number(ctx.tx, ctx.tenant, _NUMBERS):06d}"
    count_id = tables.insert(
        ctx.tx, ctx.tenant, number=number, site_id=site_id, title=title.strip(), blind=blind, tolerance=tolerance,
        opened_by=ctx.actor.by, opened_at=ctx.now, place_ids=set(place_ids), item_ids=item_ids,
    )  # fmt: skip
    ctx.audit("count.started", f"count:{count_id}", number=number, title=title, places=len(set(place_ids)))
    notify(ctx.tx, "live", "floor")
    return count_id


def count(ctx: Context, count_id: int) -> CountSheet:
    """
    Raises:
        NotFound: there is no such count.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.sheet(ctx.tx, ctx.tenant, count_id)
    if found is None:
        raise NotFound("count", count_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def counts(ctx: Context, limit: int = 100) -> list[CountSheet]:
    """Counts of the sites that the actor may see: unfinished ones first, then the newest."""
    return tables.sheets(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW), limit)


def count_lines(ctx: Context, count_id: int) -> list[CountLine]:
    """The lines of a count, by place and item.

    What the books say is left out while somebody still counts blind.

    Raises:
        NotFound: there is no such count.
    """
    sheet = count(ctx, count_id)
    return tables.lines(ctx.tx, ctx.tenant, count_id, hide_book=sheet.blind and sheet.state == "open")


def tell_count(
    ctx: Context,
    count_id: int,
    place_id: int,
    found: Sequence[tuple[int, str, Decimal]],
    source: str,
    counted_at: datetime | None = None,
) -> list[CountLine]:
    """Tell what lies in a place: everything that was looked for; what is not named there is 0. Told again: the same.

    Goods that nobody expected there are told like any others. Told anew under another source, it is counted anew.

    Args:
        found: (item, lot or '', quantity); quantities in the item's unit, 0 or more.
        counted_at: when somebody stood there; None: now.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such count, or the place is not on it.
        Refused: the count is finished.
    """
    sheet = _locked(ctx, count_id, Right.COUNT_STOCK)
    _must_be_open(sheet)
    at = counted_at or ctx.now
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {item_id for item_id, _, _ in found})
    faults = [*name_faults(source, "source"), *instant_faults(at, ctx.now, "counted_at")]
    for row, (item_id, lot, quantity) in enumerate(found, 1):
        faults += _found_faults(item_id, lot, quantity, quanta.get(item_id), f"line {row}")
    if len({(item_id, lot) for item_id, lot, _ in found}) < len(found):
        faults.append(Fault("lines", "each item and lot once", "one twice", "Add them up."))
    refuse(faults)
    if place_id not in tables.places_of(ctx.tx, ctx.tenant, count_id):
        raise NotFound(f"place on count {sheet.number}", place_id)
    if not tables.told_before(ctx.tx, ctx.tenant, count_id, place_id, source):
        tables.tell(ctx.tx, ctx.tenant, count_id, place_id, found, ctx.actor.by, at, source)
        ctx.audit("count.told", f"count:{count_id}", number=sheet.number, place=place_id, lines=len(found))
        notify(ctx.tx, "live", "floor")
    return [line for line in count_lines(ctx, count_id) if line.place_id == place_id]


def _found_faults(item_id: int, lot: str, quantity: Decimal, quantum: Decimal | None, where: str) -> list[Fault]:
    if quantum is None:
        return [Fault(f"{where}, item", "an item that exists", str(item_id), "Scan the item again.")]
    faults = []
    if not exact(quantity) or quantity < 0 or quantity % quantum:
        wanted = f"0 or more, a multiple of {plain(quantum)}"
        faults.append(Fault(f"{where}, quantity", wanted, str(quantity)[:40], "Count again."))
    if lot:
        faults += name_faults(lot, f"{where}, lot")
    return faults


def finish_count(ctx: Context, count_id: int) -> CountSheet:
    """All places were looked at: small differences are posted, larger ones wait for a second person.

    The difference is to what the books say of the instant of counting, with all that was told late, and without what
    moved since.

    Raises:
        NotFound: there is no such count.
        Refused: it is finished already, or places were not looked at; says which.
    """
    sheet = _locked(ctx, count_id, Right.COUNT_STOCK)
    _must_be_open(sheet)
    missing = sorted({line.place for line in tables.lines(ctx.tx, ctx.tenant, count_id) if line.state == "open"})
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise Refused(f"Nobody has looked at {', '.join(missing[:5])}{more}. Count there, or say that it is empty.")
    tables.set_state(ctx.tx, ctx.tenant, count_id, "to_approve")
    _post(ctx, sheet, approved=False)
    return count(ctx, count_id)


def approve_count(ctx: Context, count_id: int) -> CountSheet:
    """A second person has looked at the large differences: they are posted too. Again, nothing changes.

    Raises:
        Forbidden: the actor is no person, or counted some of it.
        NotFound: there is no such count.
        Refused: it is not finished, or was cancelled.
    """
    sheet = _locked(ctx, count_id, Right.ADJUST_STOCK)
    if sheet.state == "posted":
        return sheet
    _must_wait(sheet)
    waiting = [line for line in tables.lines(ctx.tx, ctx.tenant, count_id) if line.state == "to_approve"]
    if ctx.actor.kind != "person" or any(line.counted_by == ctx.actor.by for line in waiting):
        raise Forbidden(f"{ctx.actor.by} counted some of it, or is no person. Somebody else looks at the differences.")
    _post(ctx, sheet, approved=True)
    return count(ctx, count_id)


def count_again(ctx: Context, count_id: int, place_ids: Collection[int]) -> CountSheet:
    """Have places with large differences looked at once more.

    Raises:
        NotFound: there is no such count.
        Refused: it does not wait for a decision, or no difference of these places does.
    """
    sheet = _locked(ctx, count_id, Right.ADJUST_STOCK)
    _must_wait(sheet)
    if not tables.ask_again(ctx.tx, ctx.tenant, count_id, place_ids):
        raise Refused("None of these places has a difference that waits for a decision. Choose others.")
    tables.set_state(ctx.tx, ctx.tenant, count_id, "open")
    ctx.audit("count.again", f"count:{count_id}", number=sheet.number, places=len(set(place_ids)))
    return count(ctx, count_id)


def cancel_count(ctx: Context, count_id: int, reason: str) -> CountSheet:
    """Count no further: what was posted stays, the rest changes nothing. Cancelled again, nothing happens.

    Raises:
        NotFound: there is no such count.
        Refused: all of it was posted.
    """
    sheet = _locked(ctx, count_id, Right.COUNT_STOCK)
    if sheet.state == "posted":
        raise Refused(f"{sheet.number} has been posted. Reverse its batch of movements if it was wrong.")
    if sheet.state != "cancelled":
        tables.close(ctx.tx, ctx.tenant, count_id, "cancelled", ctx.actor.by, ctx.now)
        ctx.audit("count.cancelled", f"count:{count_id}", number=sheet.number, reason=reason[:500])
    return count(ctx, count_id)


def _post(ctx: Context, sheet: CountSheet, *, approved: bool) -> None:
    """Work differences out under the locks of their levels, and post those that need nobody, or all of them."""
    wanted = ("to_approve",) if approved else ("counted",)
    items = {one.item_id for one in tables.lines(ctx.tx, ctx.tenant, sheet.count_id) if one.state in wanted}
    keys = [(item_id, sheet.site_id) for item_id in items if item_id is not None]
    levels = lock(ctx, keys)
    lines = [line for line in tables.with_book(ctx.tx, ctx.tenant, sheet.count_id) if line.state in wanted]
    due, held = [], []
    for line in lines:
        if line.item_id is None or approved or _small(line, sheet.tolerance):
            due.append(line)
        else:
            held.append(line)
    tables.note_books(ctx.tx, ctx.tenant, sheet.count_id, due, "posted")
    tables.note_books(ctx.tx, ctx.tenant, sheet.count_id, held, "to_approve")
    entries = _entries(ctx, sheet, due)
    if entries:
        places = read_map(ctx, {place for one in entries for place in (one.from_place_id, one.to_place_id)})
        write(ctx, levels, entries, places, batch=Batch("count", f"{sheet.number}: {sheet.title}"[:500]))
    for item_id, site_id in keys:
        alerts.clear_alert(ctx, "count", f"item:{item_id}:site:{site_id}")
    ctx.audit(
        "count.posted", f"count:{sheet.count_id}", number=sheet.number, differences=len(entries), to_approve=len(held)
    )
    if not held:
        tables.close(ctx.tx, ctx.tenant, sheet.count_id, "posted", ctx.actor.by, ctx.now)
    notify(ctx.tx, "live", "floor")


def _small(line: CountLine, tolerance: Decimal) -> bool:
    return abs(line.difference) <= tolerance * (line.book or ZERO)


def _entries(ctx: Context, sheet: CountSheet, lines: Sequence[CountLine]) -> list[Entry]:
    """What the differences are booked as: first against what is unaccounted for, the rest as an adjustment."""
    virtual = read_map(ctx, [], [sheet.site_id]).virtual
    adjustment, nobody = virtual[sheet.site_id, "adjustment"], virtual[sheet.site_id, "unaccounted"]
    differing = [line for line in lines if line.item_id is not None and line.difference]
    missing = {
        item_id: sum(lots.at_place(ctx.tx, ctx.tenant, item_id, nobody).values(), ZERO)
        for item_id in {line.item_id for line in differing if line.item_id is not None}
    }
    kept = _statuses(ctx, [line for line in differing if line.difference > 0])
    entries = []
    for line in differing:
        item_id, difference = line.item_id or 0, line.difference
        # What was taken though the books had none of it lacks here; what somebody could not place is found here.
        known = missing[item_id] if missing[item_id] * difference > 0 else ZERO
        settled = min(abs(known), abs(difference))
        missing[item_id] -= settled if difference > 0 else -settled
        for place_id, much in ((nobody, settled), (adjustment, abs(difference) - settled)):
            if much > 0:
                ends = (place_id, line.place_id) if difference > 0 else (line.place_id, place_id)
                # '' and not None: it is known to be of no lot, and none is to be taken in its place.
                entries.append(
                    Entry(
                        item_id, *ends, much, line.counted_at or ctx.now, "count", lot=line.lot,
                        count_id=sheet.count_id, to_status=kept.get((item_id, line.place_id, line.lot), "available"),
                    )
                )  # fmt: skip
    return entries


def _statuses(ctx: Context, more: Sequence[CountLine]) -> dict[tuple[int, int, str], Status]:
    """As what a surplus is booked: as what lies there, where none of it is available; else as available."""
    keys = {(line.item_id, line.place_id) for line in more if line.item_id is not None}
    found: dict[tuple[int, int, str], list[Lying]] = {}
    for one in stock_tables.lying(ctx.tx, ctx.tenant, keys, ctx.now)[0] if keys else []:
        found.setdefault((one.item_id, one.place_id, one.lot), []).append(one)
    return {
        key: max(here, key=lambda one: one.on_hand).status
        for key, here in found.items()
        if all(one.status != "available" for one in here)
    }


def _locked(ctx: Context, count_id: int, right: Right) -> CountSheet:
    ctx.require_somewhere(right)
    found = tables.sheet(ctx.tx, ctx.tenant, count_id, lock=True)
    if found is None:
        raise NotFound("count", count_id)
    ctx.require(right, found.site_id)
    return found


def _must_be_open(sheet: CountSheet) -> None:
    if sheet.state != "open":
        raise Refused(f"{sheet.number} is {sheet.state.replace('_', ' ')}. Start another count to look again.")


def _must_wait(sheet: CountSheet) -> None:
    if sheet.state != "to_approve":
        raise Refused(f"{sheet.number} is {sheet.state}: no difference of it waits for a decision.")


__all__ = [
    "CountLine",
    "CountSheet",
    "approve_count",
    "cancel_count",
    "count",
    "count_again",
    "count_lines",
    "counts",
    "finish_count",
    "start_count",
    "tell_count",
]
