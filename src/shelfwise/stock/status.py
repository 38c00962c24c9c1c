"""Holding stock, releasing it and taking out what has expired; rooms reach these through service.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders.model import amount_faults
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse, text_faults
from shelfwise.stock import arrivals, lots, picking, serials, tables
from shelfwise.stock.ledger import lock, read_map, write
from shelfwise.stock.lots import Stuff, Suggestion
from shelfwise.stock.model import Batch, Entry, Lot, Reason, Status
from shelfwise.store.database import value
from shelfwise.work import tasks

HELD: tuple[Status, ...] = ("hold", "quarantine", "damaged")


@dataclass(frozen=True)
class Held:
    """What was held or released: the batch of its movements, and how much; None: nothing lay there yet."""

    batch_id: int | None
    movement_ids: tuple[int, ...]
    quantity: Decimal


@dataclass(frozen=True)
class _Scope:
    """What is to be held or released: an item's lot, site or place, each None for any, and how much of it."""

    item_id: int
    lot: str | None
    site_id: int | None
    place_id: int | None
    quantity: Decimal | None
    serial: str | None = None


def suggest(ctx: Context, item_id: int, site_id: int, quantity: Decimal) -> list[Suggestion]:
    """From which places and lots to pick: first expired first, then the oldest receipt, then by place code.

    Only what is available and not past its last day. Less than asked for where there is no more.
    """
    ctx.require(Right.VIEW, site_id)
    found = []
    for one in lots.fit_to_pick(ctx.tx, ctx.tenant, item_id, site_id, ctx.now):
        if quantity <= 0:
            break
        much = min(quantity, one.quantity)
        quantity -= much
        found.append(Suggestion(one.place_id, one.place, one.lot, one.expires_on, much))
    return found


def hold(
    ctx: Context,
    *,
    item_id: int,
    reason: str,
    status: Status = "hold",
    lot: str | None = None,
    site_id: int | None = None,
    place_id: int | None = None,
    quantity: Decimal | None = None,
    serial: str | None = None,
) -> Held:
    """Take stock out of what may be picked and promised: a lot everywhere, at a site or in a place, or a quantity.

    A lot that is held everywhere stays held: what still arrives of it is held too. Promises that it breaks are given
    back, and pickers on their way to it are sent elsewhere. Counting goes on as ever.

    Args:
        status: 'hold', 'quarantine' or 'damaged'.
        lot: None: any; '': what has no lot.
        quantity: None: all that is available there.
        serial: this one piece; where it lies is known.

    Raises:
        Forbidden: the actor may not hold stock at the site; everywhere, for a lot everywhere.
        Invalid: a field cannot be right, or neither lot, site nor place is named.
        NotFound: there is no such lot or place.
        Refused: less than the quantity is available there.
    """
    scope = _scope(ctx, Right.HOLD_STOCK, item_id, lot, site_id, place_id, quantity, serial, reason)
    if status not in HELD:
        raise Invalid(Fault("status", f"one of {', '.join(HELD)}", repr(status), "Release stock by releasing it."))
    everywhere = scope.site_id is None
    if everywhere:
        _known_lot(ctx, item_id, lot)
    done = _change(ctx, scope, "hold", ("available",), status, Batch("hold", reason[:500]))
    if everywhere:
        lots.set_status(ctx.tx, ctx.tenant, item_id, lot or "", status, reason[:500])
    elif not done.movement_ids:
        raise Refused("Nothing of it is available there, so that there is nothing to hold. Look where it lies.")
    ctx.audit("stock.held", f"item:{item_id}", **_about(scope, status, reason, done))
    ctx.publish("stock.held", f"item:{item_id}", **_about(scope, status, reason, done))
    return done


def release(
    ctx: Context,
    *,
    item_id: int,
    reason: str,
    lot: str | None = None,
    site_id: int | None = None,
    place_id: int | None = None,
    quantity: Decimal | None = None,
    serial: str | None = None,
    from_status: Status | None = None,
) -> Held:
    """Let held stock be picked and promised again; a person signs for it with their login and why.

    Nobody signs for somebody else: whoever calls this has had the person prove who they are.

    Args:
        from_status: None: what is on hold or in quarantine; what is damaged has to be named.

    Raises:
        Forbidden: the actor is no person, or may not release stock there.
        Invalid: a field cannot be right, or neither lot, site nor place is named.
        NotFound: there is no such lot or place.
        Refused: less is held there; the lot is held everywhere, or past its last day.
    """
    if ctx.actor.kind != "person":
        raise Forbidden(f"{ctx.actor} may not release stock: it takes a person's signature. Ask somebody of quality.")
    scope = _scope(ctx, Right.RELEASE_STOCK, item_id, lot, site_id, place_id, quantity, serial, reason)
    if from_status is not None and from_status not in HELD:
        raise Invalid(Fault("from_status", f"one of {', '.join(HELD)}", repr(from_status), "Say what it is held as."))
    statuses: tuple[Status, ...] = ("hold", "quarantine") if from_status is None else (from_status,)
    if scope.site_id is None:
        _known_lot(ctx, item_id, lot)
    signed = ctx.actor.by
    batch = Batch("release", reason[:500], signed_by=signed)
    done = _change(ctx, scope, "release", statuses, "available", batch)
    if scope.site_id is None:
        lots.set_status(ctx.tx, ctx.tenant, item_id, lot or "", "available", None)
    elif not done.movement_ids:
        raise Refused("Nothing of it is held there, so that there is nothing to release. Look where it lies.")
    ctx.audit("stock.released", f"item:{item_id}", signed_by=signed, **_about(scope, "available", reason, done))
    ctx.publish("stock.released", f"item:{item_id}", signed_by=signed, **_about(scope, "available", reason, done))
    return done


def _scope(
    ctx: Context,
    right: Right,
    item_id: int,
    lot: str | None,
    site_id: int | None,
    place_id: int | None,
    quantity: Decimal | None,
    serial: str | None,
    reason: str,
) -> _Scope:
    """Rights first, then whether it can be meant."""
    ctx.require_somewhere(right)
    if serial is not None:
        one = serials.serial_at(ctx, item_id, serial)
        if place_id not in (None, one.place_id):
            raise Refused(f"Serial {serial} is in {one.place} by the books. Scan it where it lies, or move it first.")
        place_id, lot, quantity = one.place_id, one.lot or "", Decimal(1)
    if place_id is not None:
        spot = read_map(ctx, [place_id]).spots[place_id]
        if not spot.real or site_id not in (None, spot.site_id):
            raise Invalid(Fault("place", "a bin, dock or packing bench of the site", spot.code, "Name where it lies."))
        site_id = spot.site_id
    ctx.require(right, site_id)
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, [item_id])
    if item_id not in quanta:
        raise NotFound("item", item_id)
    faults = list(text_faults(reason, "reason"))
    if not reason.strip():
        faults.append(Fault("reason", "why", "nothing", "Write a few words."))
    if site_id is None and not lot:
        faults.append(Fault("lot", "a lot, a site or a place", "none of them", "Say what is meant."))
    if quantity is not None:
        if place_id is None:
            faults.append(Fault("place", "where the quantity lies", "none", "Name the place, or leave the quantity."))
        faults += amount_faults(quantity, item_id, quanta, "quantity")
    refuse(faults)
    return _Scope(item_id, lot, site_id, place_id, quantity, serial)


def _known_lot(ctx: Context, item_id: int, code: str | None) -> Lot:
    found = lots.lot(ctx.tx, ctx.tenant, item_id, code or "")
    if found is None:
        raise NotFound("lot", code)
    return found


def _change(
    ctx: Context, scope: _Scope, reason: Reason, statuses: Sequence[Status], to_status: Status, batch: Batch
) -> Held:
    """Post the change of status of all that lies in the scope, or of its quantity."""
    sites = lots.sites_of(ctx.tx, ctx.tenant) if scope.site_id is None else [scope.site_id]
    levels = lock(ctx, [(scope.item_id, site_id) for site_id in sites])
    found = lots.scope(ctx.tx, ctx.tenant, scope.item_id, scope.lot, scope.site_id, scope.place_id, statuses)
    if reason == "release":
        _refuse_release(ctx, scope, found)
    wanted = scope.quantity
    there = sum((one.on_hand for one in found), ZERO)
    if wanted is not None and there < wanted:
        raise Refused(
            f"Only {plain(there)} lie there as {' or '.join(statuses)}, and {plain(wanted)} were asked for. "
            "Look what lies there, or count it."
        )
    named = serials.lying(ctx.tx, ctx.tenant, scope.item_id, [one.place_id for one in found])
    entries: list[Entry] = []
    for one in found:
        there_too = named.get((one.place_id, one.lot, one.status), [])
        if scope.serial is not None:
            there_too = [serial for serial in there_too if serial == scope.serial]
            if not there_too:
                continue
        much = one.on_hand if wanted is None else min(one.on_hand, wanted)
        if wanted is not None:
            wanted -= much
        # Of a part of what lies there nobody knows which pieces it is, where they were not named.
        which = there_too if much == one.on_hand or scope.serial is not None else []
        entries += _status_entries(ctx, one, much, reason, to_status, which)
    if not entries:
        return Held(None, (), ZERO)
    places = read_map(ctx, {one.from_place_id for one in entries})
    ids = write(ctx, levels, entries, places, batch=batch)
    if reason == "hold":
        for site_id in sorted({places.spots[one.from_place_id].site_id for one in entries}):
            here = {
                (one.item_id, one.from_place_id, one.lot or "")
                for one in entries
                if places.spots[one.from_place_id].site_id == site_id
            }
            picking.replan(ctx, site_id, here)
    else:
        for site_id in sorted({places.spots[one.from_place_id].site_id for one in entries}):
            picking.allow_again(ctx, site_id, {scope.item_id})
    batch_id = tables.batch_of(ctx.tx, ctx.tenant, ids[0])
    return Held(batch_id, tuple(ids), sum((one.quantity for one in entries), ZERO))


def _status_entries(
    ctx: Context, one: Stuff, much: Decimal, reason: Reason, to_status: Status, named: Sequence[str]
) -> list[Entry]:
    """The lines that change the status of so much: one for each serial, and one for what has none."""
    blank = Entry(
        one.item_id, one.place_id, one.place_id, much, ctx.now, reason, lot=one.lot, from_status=one.status,
        to_status=to_status,
    )  # fmt: skip
    pieces = [replace(blank, quantity=Decimal(1), serial=serial) for serial in named[: int(much)]]
    rest = much - len(pieces)
    return [*pieces, replace(blank, quantity=rest)] if rest > 0 else pieces


def _refuse_release(ctx: Context, scope: _Scope, found: Sequence[Stuff]) -> None:
    for code in sorted({one.lot for one in found if one.lot}):
        lot = _known_lot(ctx, scope.item_id, code)
        if lot.status != "available" and scope.site_id is not None:
            raise Refused(
                f"Lot {code} is held at every site: {lot.status_note or 'no reason was given'}. Release it everywhere, "
                "which takes the right to do so at every site."
            )
        for site_id in sorted({one.site_id for one in found if one.lot == code}):
            if lot.expires_on is not None and lot.expires_on < today(ctx, site_id):
                raise Refused(
                    f"Lot {code} is past its last day, {lot.expires_on.isoformat()}. Write it off; or, where the date "
                    "is wrong, correct the date of the lot first."
                )


def correct_lot(
    ctx: Context,
    item_id: int,
    code: str,
    *,
    reason: str,
    expires_on: date | None = None,
    made_on: date | None = None,
) -> Lot:
    """Correct the dates of a lot as its label says them; None: it has none. What was taken out stays held.

    Raises:
        Forbidden: the actor may not release stock: a later last day makes things fit for sale.
        Invalid: no reason was given.
        NotFound: there is no such lot.
    """
    ctx.require_somewhere(Right.RELEASE_STOCK)
    before = _known_lot(ctx, item_id, code)
    if not reason.strip():
        raise Invalid(Fault("reason", "why the dates change", "nothing", "Write a few words."))
    lots.change(ctx.tx, ctx.tenant, item_id, code, expires_on, made_on)
    ctx.audit(
        "lot.corrected",
        f"item:{item_id}",
        lot=code,
        expires_on=[str(before.expires_on), str(expires_on)],
        made_on=[str(before.made_on), str(made_on)],
        reason=reason[:500],
    )
    tasks.close_task(ctx, arrivals.LOT_DATE, f"item:{item_id}:lot:{code}", f"The dates were corrected: {reason[:200]}")
    return _known_lot(ctx, item_id, code)


def today(ctx: Context, site_id: int) -> date:
    """The day it is at a site."""
    day = value(
        ctx.tx,
        "select (%s at time zone time_zone)::date from site where tenant_id = %s and site_id = %s",
        (ctx.now, ctx.tenant, site_id),
    )
    if not isinstance(day, date):
        raise NotFound("site", site_id)
    return day


def _about(scope: _Scope, status: Status, reason: str, done: Held) -> dict[str, Any]:
    return {
        "item_id": scope.item_id,
        "lot": scope.lot,
        "site_id": scope.site_id,
        "place_id": scope.place_id,
        "status": status,
        "quantity": plain(done.quantity),
        "reason": reason[:500],
    }


def expire_lots(ctx: Context, site_id: int) -> int:
    """Take what is past its last day out of what may be sold: into quarantine, by the site's calendar.

    For the night; told again it finds nothing to do. Publishes 'stock.expired' for each lot. Returns how many lots.
    """
    ctx.require(Right.HOLD_STOCK, site_id)
    stuff = lots.to_expire(ctx.tx, ctx.tenant, site_id, ctx.now)
    items = sorted({one.item_id for one in stuff})
    expired: dict[tuple[int, str], Decimal] = {}
    if items:
        levels = lock(ctx, [(item_id, site_id) for item_id in items])
        # What was picked while we waited for the locks is gone.
        stuff = [one for one in lots.to_expire(ctx.tx, ctx.tenant, site_id, ctx.now) if one.item_id in set(items)]
        entries: list[Entry] = []
        for item_id in items:
            here = [one for one in stuff if one.item_id == item_id]
            named = serials.lying(ctx.tx, ctx.tenant, item_id, [one.place_id for one in here])
            for one in here:
                which = named.get((one.place_id, one.lot, one.status), [])
                entries += _status_entries(ctx, one, one.on_hand, "hold", "quarantine", which)
        if entries:
            places = read_map(ctx, {one.from_place_id for one in entries})
            write(ctx, levels, entries, places, batch=Batch("hold", "past its last day"))
            picking.replan(ctx, site_id, {(one.item_id, one.place_id, one.lot) for one in stuff})
        for one in stuff:
            expired[one.item_id, one.lot] = expired.get((one.item_id, one.lot), ZERO) + one.on_hand
    lots.note_expired(ctx.tx, ctx.tenant, ctx.now)
    skus = tables.skus(ctx.tx, ctx.tenant, items)
    for (item_id, code), much in expired.items():
        lot = _known_lot(ctx, item_id, code)
        ctx.publish(
            "stock.expired",
            f"item:{item_id}",
            item_id=item_id,
            sku=skus[item_id],
            site_id=site_id,
            lot=code,
            expires_on=str(lot.expires_on),
            quantity=plain(much),
        )
    if expired:
        ctx.audit("stock.expired", f"site:{site_id}", lots=len(expired))
    return len(expired)
