"""Bookings looked at again, as long as nothing was picked up: a person is asked where another service is worth it.

A look changes nothing that was booked. It is taken when something was told that a booking hangs on, and every hour, for
the time passes cut-offs, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from shelfwise.access.context import Context
from shelfwise.core.clocks import local_day
from shelfwise.core.quantities import ZERO, plain
from shelfwise.orders import shipments
from shelfwise.planning.carriers import tables
from shelfwise.planning.carriers.choosing import Booked, Choice, Rebooking, choose, rebook
from shelfwise.planning.carriers.desk import Desk, Ways, open_desk
from shelfwise.planning.carriers.rating import money
from shelfwise.planning.carriers.tables import Booking
from shelfwise.store.events import Event
from shelfwise.work import tasks

REBOOK = "rebook"
_TOLD = frozenset(
    {
        "rate_card.changed", "shipment.booked", "shipment.booking_cancelled", "shipment.destination_told",
        "shipment.expected", "shipment.shipped",
    }
)  # fmt: skip


def reconsider(ctx: Context, facts: Sequence[Event]) -> None:
    """The consumer of facts: what was told of some shipments, or of prices, which every booking may hang on."""
    told = [fact for fact in facts if fact.kind in _TOLD]
    if any(fact.kind == "rate_card.changed" for fact in told):
        review(ctx)
    elif told:
        review(ctx, {int(fact.data["shipment_id"]) for fact in told})


def review(ctx: Context, shipment_ids: Collection[int] | None = None) -> int:
    """Look at bookings again that were not picked up; returns for how many another service is worth it.

    Args:
        shipment_ids: only at these; None: at all.
    """
    waiting = {one.shipment_id: one for one in tables.bookings(ctx.tx, ctx.tenant, waiting=True)}
    desks: dict[int, Desk] = {}
    found = 0
    for shipment_id, booking in waiting.items():
        if shipment_ids is not None and shipment_id not in shipment_ids:
            continue
        if booking.site_id not in desks:
            desks[booking.site_id] = open_desk(ctx, booking.site_id)
        if _look(ctx, desks[booking.site_id], booking):
            found += 1
    asked = shipment_ids
    if asked is None:
        asked = {int(one.subject.partition(":")[2]) for one in tasks.tasks(ctx) if one.kind == REBOOK}
    for shipment_id in sorted(set(asked) - waiting.keys()):
        tasks.close_task(ctx, REBOOK, f"shipment:{shipment_id}", "It has left, or is not booked any more.")
    return found


def better(ctx: Context, shipment_id: int) -> Rebooking | None:
    """The service that is worth a change of what is booked for a shipment, as things stand; None: it stays.

    Raises:
        Forbidden: the actor may not look at its site.
        NotFound: there is no such shipment.
    """
    shipment = shipments.shipment(ctx, shipment_id)
    desk = open_desk(ctx, shipment.site_id)
    ways = desk.ways(shipment)
    return None if ways.booking is None else _better(desk, ways, ways.booking)


def _look(ctx: Context, desk: Desk, booking: Booking) -> bool:
    shipment = shipments.shipment(ctx, booking.shipment_id)
    subject = f"shipment:{booking.shipment_id}"
    found = _better(desk, desk.ways(shipment), booking)
    if found is None:
        tasks.close_task(ctx, REBOOK, subject, "What is booked is the best there is again.")
        return False
    if _answered(ctx, booking, found):
        return False
    card, saves = found.to.quote.card, money(found.saves, desk.currency)
    costs = f"saves {plain(saves)} {desk.currency}" if saves > 0 else f"costs {plain(-saves)} {desk.currency} more"
    tasks.open_task(
        ctx, kind=REBOOK, subject=subject, site_id=booking.site_id,
        title=f"Send {shipment.number} with {card.name} instead?",
        detail=f"It is booked with {booking.carrier} {booking.service_name}. The change {costs}, giving back the "
        "booking included. Nothing is changed until somebody chooses.",
        why=found.why, link=f"/shipments/{booking.shipment_id}/ways", role="planner",
        evidence={
            "booking_id": booking.booking_id, "booked": f"{booking.carrier} {booking.service_code}",
            "to": f"{card.carrier} {card.service_code}",
            "saves": plain(saves), "currency": desk.currency, "chance": round(found.to.chance, 3),
        },
    )  # fmt: skip
    return True


def _answered(ctx: Context, booking: Booking, found: Rebooking) -> bool:
    """Whether a person has said already that it stays as it is."""
    card = found.to.quote.card
    same = {"booking_id": booking.booking_id, "to": f"{card.carrier} {card.service_code}"}
    return any(
        one.kind == REBOOK and not (one.closed_by or "").startswith("system:") and same.items() <= one.evidence.items()
        for one in tasks.tasks(ctx, finished=True)
    )


def _better(desk: Desk, ways: Ways, booking: Booking) -> Rebooking | None:
    if ways.choice is None or booking.currency not in desk.worth:
        return None
    worth = desk.worth[booking.currency]
    held = next((one.card for one in desk.cards if one.rate_card_id == booking.rate_card_id), None)
    booked = Booked(
        booking.key, booking.price * worth, _chance(desk, ways.choice, booking),
        ZERO if held is None else held.cancel_cost * worth, booking.chance, booking.best_price,
    )  # fmt: skip
    # What is booked is judged by what its carrier says by now, not by what a new booking of it would promise.
    others = [one for one in ways.choice.options if one.key != booking.key]
    left = ways.shipment.state not in ("picking", "packed")
    return rebook(booked, choose(others, ways.choice.due, target=ways.choice.target), picked_up=left)


def _chance(desk: Desk, choice: Choice, booking: Booking) -> float:
    """How likely what is booked is there in time by now: by what its carrier says, and by when it can leave at all."""
    current = next((one for one in choice.options if one.key == booking.key), None)
    due = choice.due or booking.promised_on
    missed = local_day(desk.ctx.now, desk.site.zone_info) > booking.pick_up_on
    if current is None:
        # That it takes no more says nothing of what it has taken on, as long as that can be picked up.
        return 0.0 if missed or (booking.expected_on or due) > due else booking.chance
    promised = booking.promised_on
    if missed or current.quote.pick_up > booking.pick_up_on:
        promised = max(promised, current.quote.promised)
    promised = booking.expected_on or promised
    quote = replace(current.quote, pick_up=min(booking.pick_up_on, promised), promised=promised)
    return desk.option_of(quote, due).chance
