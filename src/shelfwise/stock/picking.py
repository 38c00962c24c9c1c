"""What may be picked for shipments and what may not leave; and what a hold means for those that are under way."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import shipments, stops_tables
from shelfwise.orders import shipments_tables as documents
from shelfwise.orders.shipments_model import Shipment
from shelfwise.stock import lots, tables
from shelfwise.stock.lots import Suggestion
from shelfwise.store.database import notify, value
from shelfwise.work import tasks

# Item, place, lot ('': none).
Spot = tuple[int, int, str]
HELD_TASK = "take_out"


def free_to_pick(ctx: Context, site_id: int, item_ids: Iterable[int]) -> dict[int, list[Suggestion]]:
    """By item, what may be picked and no shipment is to pick, in the order in which it should go."""
    ctx.require(Right.VIEW, site_id)
    planned = stops_tables.planned(ctx.tx, ctx.tenant, site_id, list(item_ids))
    free: dict[int, list[Suggestion]] = {}
    for item_id in item_ids:
        free[item_id] = []
        for one in lots.fit_to_pick(ctx.tx, ctx.tenant, item_id, site_id, ctx.now):
            left = one.quantity - planned.get((item_id, one.place_id, one.lot or ""), ZERO)
            if left > 0:
                free[item_id].append(replace(one, quantity=left))
    return free


def choose(free: list[Suggestion], quantity: Decimal) -> list[Suggestion]:
    """Take so much of what is free, and leave the rest in the list."""
    chosen = []
    while quantity > 0 and free:
        much = min(quantity, free[0].quantity)
        chosen.append(replace(free[0], quantity=much))
        quantity -= much
        if much == free[0].quantity:
            free.pop(0)
        else:
            free[0] = replace(free[0], quantity=free[0].quantity - much)
    return chosen


def replan(ctx: Context, site_id: int, held: Collection[Spot]) -> None:
    """Stock was held: pickers who are still to fetch it are sent elsewhere, and who has packed it is asked to unpack.

    What a shipment's order has lost its promise for is looked for nowhere. The caller has locked the levels.
    """
    items = sorted({item_id for item_id, _, _ in held})
    fit = {
        (item_id, one.place_id, one.lot or ""): one.quantity
        for item_id in items
        for one in lots.fit_to_pick(ctx.tx, ctx.tenant, item_id, site_id, ctx.now)
    }
    lacking: list[tuple[stops_tables.OpenStop, Decimal]] = []
    for stop in stops_tables.open_stops(ctx.tx, ctx.tenant, site_id, items):
        spot = (stop.item_id, stop.place_id, stop.lot or "")
        still = min(stop.quantity, fit.get(spot, ZERO))
        fit[spot] = fit.get(spot, ZERO) - still
        if still == stop.quantity or spot not in held:
            continue
        if still > 0:
            stops_tables.shorten_stop(ctx.tx, ctx.tenant, stop.shipment_id, stop.stop, still)
        else:
            stops_tables.stop_done(ctx.tx, ctx.tenant, stop.shipment_id, stop.stop, ZERO, None, ctx.now, ctx.actor.by)
        lacking.append((stop, stop.quantity - still))
    for stop, missing in lacking:
        still_promised = stops_tables.promised_beyond(ctx.tx, ctx.tenant, stop.sales_line_id)
        free = free_to_pick(ctx, site_id, [stop.item_id])[stop.item_id]
        found = choose(free, min(missing, max(still_promised, ZERO)))
        stops_tables.insert_stops(
            ctx.tx, ctx.tenant, stop.shipment_id, [(stop.line, one.place_id, one.lot, one.quantity) for one in found],
            stops_tables.next_stop(ctx.tx, ctx.tenant, stop.shipment_id),
        )  # fmt: skip
        ctx.audit(
            "shipment.replanned", f"shipment:{stop.shipment_id}", stop=stop.stop, missing=plain(missing),
            instead=[one.place for one in found],
        )  # fmt: skip
    for shipment_id in stops_tables.with_packed(ctx.tx, ctx.tenant, site_id, items):
        _ask_to_unpack(ctx, shipment_id)
    if lacking:
        notify(ctx.tx, "live", "orders")


def allow_again(ctx: Context, site_id: int, items: Collection[int]) -> None:
    """Stock was released: shipments in which nothing is held any more need not be unpacked."""
    for shipment_id in stops_tables.with_packed(ctx.tx, ctx.tenant, site_id, sorted(items)):
        (shipment,) = documents.shipments(ctx.tx, ctx.tenant, shipment_id=shipment_id)
        if not _held(ctx, shipment):
            tasks.close_task(ctx, HELD_TASK, f"shipment:{shipment_id}", "The goods were released.")


def _ask_to_unpack(ctx: Context, shipment_id: int) -> None:
    (shipment,) = documents.shipments(ctx.tx, ctx.tenant, shipment_id=shipment_id)
    if said := _held(ctx, shipment):
        tasks.open_task(
            ctx, kind=HELD_TASK, subject=f"shipment:{shipment_id}", site_id=shipment.site_id,
            title=f"Do not send {shipment.number}: goods in it are on hold", detail=" ".join(said),
            why="It was put on hold after it was picked. It cannot be sent until it is taken out or released.",
            link=f"/shipments/{shipment_id}", priority="high",
        )  # fmt: skip


def held_in(ctx: Context, shipment_id: int) -> list[str]:
    """What of a shipment's packed goods may not leave, a sentence each; empty: all of it may.

    Raises:
        NotFound: there is no such shipment.
    """
    return _held(ctx, shipments.shipment(ctx, shipment_id))


def refuse_held(ctx: Context, shipment: Shipment) -> None:
    """
    Raises:
        Refused: some of what is packed is held or past its last day.
    """
    if said := _held(ctx, shipment):
        raise Refused(
            f"{shipment.number} must not leave. {' '.join(said)} Cancel it and begin it anew without these goods, or "
            "have them released. If it has left already, somebody who may release stock says so on its page."
        )


def _held(ctx: Context, shipment: Shipment) -> list[str]:
    """Nobody can tell pieces of a lot apart: where some in the packing place are held, they may be these."""
    packed = documents.packed(ctx.tx, ctx.tenant, shipment.shipment_id)
    keys = {(one.item_id, shipment.packing_place_id) for one in packed}
    lying, known = tables.lying(ctx.tx, ctx.tenant, keys, ctx.now) if keys else ([], {})
    skus = {line.item_id: line.sku for line in shipment.lines}
    said = []
    for item_id, lot in sorted({(one.item_id, one.lot or "") for one in packed}):
        here = [one for one in lying if (one.item_id, one.lot) == (item_id, lot)]
        facts = known.get((item_id, lot))
        held = sum((one.on_hand for one in here if one.status != "available"), ZERO)
        which = f"lot {lot} of {skus[item_id]}" if lot else skus[item_id]
        if facts is not None and facts.expired:
            said.append(f"In {shipment.packing_place} {which} is past its last day.")
        elif held > 0:
            status = next(one.status for one in here if one.status != "available")
            named = {"hold": "on hold", "quarantine": "in quarantine", "damaged": "damaged"}[status]
            said.append(f"In {shipment.packing_place} {plain(held)} of {which} are {named}.")
    return said


def why_not(ctx: Context, shipment: Shipment, item_id: int, place_id: int, place: str, lot: str | None) -> str | None:
    """Why a lot should not be taken from a place for a customer, in a sentence; None: nothing speaks against it."""
    today = value(
        ctx.tx,
        "select (%s at time zone time_zone)::date from site where tenant_id = %s and site_id = %s",
        (ctx.now, ctx.tenant, shipment.site_id),
    )
    why = stops_tables.why_not_for_sale(ctx.tx, ctx.tenant, item_id, place_id, lot, today)
    if why is None:
        return None
    return f"What lies in {place} is {why}: it should not go to a customer. Put it back, or ask quality."
