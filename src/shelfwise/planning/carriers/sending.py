"""Ways to send a shipment: where it goes, what each service would cost and when it would arrive, and what is chosen.

Whatever is chosen, a person chose it. Shelfwise orders nothing from a carrier by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.core.quantities import plain
from shelfwise.orders import shipments, shipments_tables
from shelfwise.orders.shipments_model import Shipment
from shelfwise.planning.carriers import tables
from shelfwise.planning.carriers.areas import normal
from shelfwise.planning.carriers.choosing import TARGET, Option
from shelfwise.planning.carriers.desk import Ways, open_desk
from shelfwise.planning.carriers.model import days_after, days_between
from shelfwise.planning.carriers.sharing import Wanted, share_out
from shelfwise.planning.carriers.tables import Booking, Destination
from shelfwise.records import service as records
from shelfwise.records.changes import differences
from shelfwise.records.model import refuse

_POSTAL = re.compile(r"[A-Z0-9]{0,12}")
_HEAVIEST_KG = Decimal(100_000)
# A due date beyond is a typing error.
_LATEST = timedelta(days=400)


@dataclass(frozen=True, eq=False)
class Share:
    """What a shipment would get of the day.

    Attributes:
        option, rate_card_id: None: nothing is left that could take it.
    """

    ways: Ways
    option: Option | None
    rate_card_id: int | None


def ways(ctx: Context, shipment_id: int, target: float = TARGET) -> Ways:
    """Each service that could take a shipment: price, day of arrival, chance to be in time; and those that cannot.

    Raises:
        Forbidden: the actor may not look at its site.
        Invalid: the target is no chance.
        NotFound: there is no such shipment.
    """
    shipment = shipments.shipment(ctx, shipment_id)
    _check_target(target)
    return open_desk(ctx, shipment.site_id).ways(shipment, target)


def shares(ctx: Context, site_id: int, target: float = TARGET) -> list[Share]:
    """What is to leave a site and has no carrier yet, shared out over what carriers take along on one day.

    Raises:
        Invalid: the target is no chance.
        Unavailable: sharing out took too long.
    """
    ctx.require(Right.VIEW, site_id)
    _check_target(target)
    desk = open_desk(ctx, site_id)
    waiting = [desk.ways(one, target) for one in _shipments(ctx, tables.unsent(ctx.tx, ctx.tenant, site_id))]
    wanted = [
        Wanted(
            str(one.shipment.shipment_id), len(one.parcels), sum((each.weight_kg for each in one.parcels), Decimal(0)),
            one.choice.options,
        )
        for one in waiting
        if one.choice is not None
    ]  # fmt: skip
    given = share_out(wanted, desk.used(), target)
    return [
        Share(one, option, None if option is None else one.card_id(option.quote.card))
        for one in waiting
        for option in [given.get(str(one.shipment.shipment_id))]
    ]


def without_destination(ctx: Context, site_id: int) -> int:
    """How many shipments are to leave a site of which nobody has said where they go."""
    ctx.require(Right.VIEW, site_id)
    return tables.without_destination(ctx.tx, ctx.tenant, site_id)


def _shipments(ctx: Context, shipment_ids: list[int]) -> Iterator[Shipment]:
    for shipment_id in shipment_ids:
        yield shipments.shipment(ctx, shipment_id)


def set_destination(ctx: Context, shipment_id: int, to: Destination) -> None:
    """Say where a shipment goes, by when it is to be there, and what it weighs where its boxes do not say.

    Raises:
        Invalid: a field cannot be right.
        NotFound: there is no such shipment.
        Refused: it has left, or was cancelled.
    """
    shipment = _changing(ctx, shipment_id)
    told = replace(to, country=to.country.strip().upper(), postal_code=to.postal_code.strip().upper())
    refuse(_destination_faults(ctx, told))
    before = tables.destination(ctx.tx, ctx.tenant, shipment.shipment_id)
    if before == told:
        return
    tables.put_destination(ctx.tx, ctx.tenant, shipment.shipment_id, told)
    changed = differences(asdict(before) if before else dict.fromkeys(asdict(told)), asdict(told))
    ctx.audit("shipment.destination_set", f"shipment:{shipment_id}", before=changed.before, after=changed.after)
    ctx.publish("shipment.destination_told", f"shipment:{shipment_id}", shipment_id=shipment_id)


def _destination_faults(ctx: Context, to: Destination) -> Iterator[Fault]:
    if not re.fullmatch(r"[A-Z]{2}", to.country):
        yield Fault("country", "two letters, such as DE", shorten(to.country), "Write the country's code.")
    if not _POSTAL.fullmatch(normal(to.postal_code)) or len(to.postal_code) > 20:
        yield Fault("postal_code", "up to 12 letters and digits", shorten(to.postal_code), "Correct the postal code.")
    if to.weight_kg is not None and not (to.weight_kg.is_finite() and 0 < to.weight_kg <= _HEAVIEST_KG):
        yield Fault("weight_kg", f"above 0, up to {_HEAVIEST_KG} kg", shorten(str(to.weight_kg)), "Weigh it again.")
    for name, day in (("due_on", to.due_on), ("ready_at", to.ready_at.date() if to.ready_at else None)):
        if day is not None and abs(day - ctx.now.date()) > _LATEST:
            yield Fault(name, "a day within a year", str(day), "Correct the day.")


def choose_service(ctx: Context, shipment_id: int, rate_card_id: int, price: Decimal | None = None) -> Booking:
    """Choose the service of a rate card for a shipment, instead of one chosen before.

    Args:
        price: what the person saw; where it costs something else by now, nothing is chosen.

    Raises:
        NotFound: there is no such shipment or rate card.
        Refused: the service cannot take it, costs something else by now, or the shipment has left.
    """
    shipment = _changing(ctx, shipment_id)
    # Locked, so that two who choose at once do not both get the last place on the truck.
    found = tables.cards(ctx.tx, ctx.tenant, rate_card_id=rate_card_id, lock=True)
    if not found or found[0].site_id not in (None, shipment.site_id):
        raise NotFound("rate card", rate_card_id)
    known = open_desk(ctx, shipment.site_id).ways(shipment)
    if known.choice is None or known.destination is None:
        raise Refused(known.missing or "Say first where it goes.")
    option = next((one for one in known.choice.options if known.card_id(one.quote.card) == rate_card_id), None)
    if option is None:
        why = next((one.why for one in known.choice.declined if known.card_id(one.card) == rate_card_id), "")
        raise Refused(f"{found[0].card.name} cannot take {shipment.number}. {why}".rstrip())
    if price is not None and price != option.quote.total:
        raise Refused(
            f"{found[0].card.name} costs {plain(option.quote.total)} by now and not {plain(price)}. Look at the ways "
            "to send it again, and choose."
        )
    if known.booking is not None:
        tables.cancel_booking(ctx.tx, ctx.tenant, known.booking.booking_id, ctx.actor.by, ctx.now)
    quote = option.quote
    booking_id = tables.insert_booking(
        ctx.tx,
        ctx.tenant,
        {
            "shipment_id": shipment_id, "site_id": shipment.site_id, "rate_card_id": rate_card_id,
            "zone": quote.zone.label, "price": quote.total, "currency": quote.card.currency,
            "parcels": len(known.parcels), "weight_kg": sum((one.weight_kg for one in known.parcels), Decimal(0)),
            "pick_up_on": quote.pick_up, "promised_on": quote.promised, "due_on": known.destination.due_on,
            "chance": option.chance,
            "best_price": None if known.choice.best is None else known.choice.best.price,
            "booked_by": ctx.actor.by, "booked_at": ctx.now,
        },
        quote.lines,
    )  # fmt: skip
    shipments_tables.set_carrier(ctx.tx, ctx.tenant, shipment_id, f"{found[0].carrier_name} {quote.card.service_name}")
    ctx.audit(
        "shipment.carrier_chosen", f"shipment:{shipment_id}", service=quote.card.name, price=plain(quote.total),
        currency=quote.card.currency, promised=quote.promised.isoformat(), chance=round(option.chance, 3),
        instead_of=None if known.booking is None else f"{known.booking.carrier} {known.booking.service_name}",
    )  # fmt: skip
    ctx.publish(
        "shipment.booked", f"shipment:{shipment_id}", shipment_id=shipment_id, booking_id=booking_id,
        site_id=shipment.site_id, carrier=quote.card.carrier, service_code=quote.card.service_code,
        price=plain(quote.total), currency=quote.card.currency, pick_up_on=quote.pick_up.isoformat(),
        promised_on=quote.promised.isoformat(),
    )  # fmt: skip
    return _booking(ctx, shipment_id)


def cancel_choice(ctx: Context, shipment_id: int, reason: str) -> None:
    """The service that was chosen does not take it after all.

    Raises:
        Invalid: no reason was given.
        NotFound: there is no such shipment.
        Refused: nothing is chosen, or the shipment has left.
    """
    _changing(ctx, shipment_id)
    if not reason.strip():
        raise Invalid(Fault("reason", "why", "nothing", "Write a few words."))
    found = _booking(ctx, shipment_id)
    tables.cancel_booking(ctx.tx, ctx.tenant, found.booking_id, ctx.actor.by, ctx.now)
    shipments_tables.set_carrier(ctx.tx, ctx.tenant, shipment_id, None)
    service = f"{found.carrier} {found.service_name}"
    ctx.audit("shipment.carrier_cancelled", f"shipment:{shipment_id}", service=service, reason=reason[:500])
    ctx.publish(
        "shipment.booking_cancelled", f"shipment:{shipment_id}", shipment_id=shipment_id, booking_id=found.booking_id,
        site_id=found.site_id,
    )  # fmt: skip


def tell_expected(ctx: Context, shipment_id: int, day: date) -> None:
    """The carrier says when it will come, told again each time it says something else.

    Raises:
        Invalid: the day cannot be right.
        NotFound: there is no such shipment.
        Refused: no service is chosen, or it has arrived.
    """
    shipment = _shipment(ctx, shipment_id)
    found = _booking(ctx, shipment_id)
    if found.arrived_on is not None:
        raise Refused(f"{shipment.number} arrived on {found.arrived_on}.")
    if not found.pick_up_on - timedelta(days=30) <= day <= found.promised_on + _LATEST:
        raise Invalid(Fault("day", f"a day from {found.pick_up_on} on", str(day), "Correct the day."))
    if found.expected_on == day:
        return
    tables.set_expected(ctx.tx, ctx.tenant, found.booking_id, day)
    before = {"expected_on": str(found.expected_on or found.promised_on)}
    ctx.audit("shipment.eta_told", f"shipment:{shipment_id}", before=before, after={"expected_on": str(day)})
    ctx.publish(
        "shipment.expected", f"shipment:{shipment_id}", shipment_id=shipment_id, site_id=found.site_id,
        expected_on=day.isoformat(), promised_on=found.promised_on.isoformat(),
    )  # fmt: skip


def tell_arrival(ctx: Context, shipment_id: int, day: date | None) -> Booking:
    """It arrived on a day, from which its carrier's punctuality is learnt; None: it has not, after all.

    Raises:
        Invalid: the day is before it left or yet to come.
        NotFound: there is no such shipment.
        Refused: it has not left, or no service was chosen for it.
    """
    shipment = _shipment(ctx, shipment_id)
    found = _booking(ctx, shipment_id)
    if shipment.shipped_at is None:
        raise Refused(f"{shipment.number} has not left yet.")
    zone = records.site_by_id(ctx, shipment.site_id).zone_info
    left = local_day(shipment.shipped_at, zone)
    if day is not None and not left <= day <= local_day(ctx.now, zone):
        wanted = f"a day from {left} to today"
        raise Invalid(Fault("day", wanted, str(day), "Correct the day."))
    late = None if day is None else _days_late(ctx, found, left, day)
    if day != found.arrived_on:
        tables.set_arrived(ctx.tx, ctx.tenant, found.booking_id, day, late)
        ctx.audit("shipment.arrived", f"shipment:{shipment_id}", day=None if day is None else str(day), days_late=late)
        if day is not None:
            ctx.publish(
                "shipment.arrived", f"shipment:{shipment_id}", shipment_id=shipment_id, site_id=found.site_id,
                arrived_on=day.isoformat(), days_late=late,
            )  # fmt: skip
    return _booking(ctx, shipment_id)


def _days_late(ctx: Context, found: Booking, left: date, day: date) -> int:
    """Against the promise of the day on which it really left: when we were late, the carrier was not."""
    card = tables.cards(ctx.tx, ctx.tenant, rate_card_id=found.rate_card_id)[0].card
    week = card.delivery_days | {found.promised_on.isoweekday()}
    promised = found.promised_on
    if left > found.pick_up_on:
        transit = days_between(found.pick_up_on, found.promised_on, week, card.holidays)
        promised = days_after(left, transit, week, card.holidays)
    return days_between(promised, day, week, card.holidays)


def bookings(ctx: Context, shipment_id: int) -> list[Booking]:
    """What was booked for a shipment, the newest first; the first one stands unless it was cancelled.

    Raises:
        Forbidden: the actor may not look at its site.
        NotFound: there is no such shipment.
    """
    shipments.shipment(ctx, shipment_id)
    return tables.bookings(ctx.tx, ctx.tenant, shipment_id=shipment_id)


def _booking(ctx: Context, shipment_id: int) -> Booking:
    for one in tables.bookings(ctx.tx, ctx.tenant, shipment_id=shipment_id):
        if one.cancelled_at is None:
            return one
    raise Refused("No service is chosen for it. Choose one of the ways to send it first.")


def _shipment(ctx: Context, shipment_id: int) -> Shipment:
    """A shipment that the actor may choose a carrier for, locked."""
    ctx.require_somewhere(Right.CHOOSE_CARRIER)
    found = shipments.shipment(ctx, shipment_id)
    ctx.require(Right.CHOOSE_CARRIER, found.site_id)
    shipments_tables.lock_shipment(ctx.tx, ctx.tenant, shipment_id)
    return shipments.shipment(ctx, shipment_id)


def _changing(ctx: Context, shipment_id: int) -> Shipment:
    """The same, and it has not left."""
    found = _shipment(ctx, shipment_id)
    if found.state not in ("picking", "packed"):
        words = "has left" if found.state == "shipped" else "was cancelled"
        raise Refused(f"{found.number} {words}: nothing can be chosen for it any more.")
    return found


def _check_target(target: float) -> None:
    if not 0.5 <= target <= 0.999:
        raise Invalid(Fault("target", "a chance from 0.5 to 0.999", str(target), "Choose such as 0.95."))
