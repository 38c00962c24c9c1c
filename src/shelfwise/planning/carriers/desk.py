"""What is needed to look at the ways to send shipments of a site, read once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.quantities import round_up
from shelfwise.orders import service as orders
from shelfwise.orders.shipments_model import Shipment
from shelfwise.planning.carriers import tables
from shelfwise.planning.carriers.checking import parcel_faults
from shelfwise.planning.carriers.choosing import TARGET, Choice, Option, choose, option
from shelfwise.planning.carriers.model import Consignment, Declined, Parcel, Quote, RateCard
from shelfwise.planning.carriers.punctuality import Arrived, Lane, Record, learn
from shelfwise.planning.carriers.rating import rate_each
from shelfwise.planning.carriers.sharing import Slot, Used, fits, slot
from shelfwise.planning.carriers.tables import Booking, Destination, StoredCard
from shelfwise.records import calendars, customers
from shelfwise.records import service as records
from shelfwise.records.calendars import Calendar
from shelfwise.records.model import Site

_G_PER_KG = Decimal(1000)
_MM_PER_CM = Decimal(10)
_GRAM = Decimal("0.001")
# What a carrier did longer ago says little of it.
_LEARNT_FROM = timedelta(days=730)

Weighed = Literal["boxes", "told", "items"]


@dataclass(frozen=True, eq=False)
class Ways:
    """The ways to send a shipment.

    Attributes:
        destination: as somebody said it; None: nobody has.
        suggested: what to begin with where nobody has: where this customer's goods went before.
        parcels: what is sent; `weighed`: where their weight comes from.
        missing: what has to be said before anything can be priced; None: nothing.
        choice: None: something is missing.
        booking: what is chosen; None: nothing.
        stored: the cards that were asked.
    """

    shipment: Shipment
    destination: Destination | None
    suggested: Destination | None
    parcels: tuple[Parcel, ...]
    weighed: Weighed
    missing: str | None
    choice: Choice | None
    currency: str
    today: date
    booking: Booking | None
    stored: tuple[StoredCard, ...]

    def card_id(self, card: RateCard) -> int:
        """The number of a card of an option, or of one that declined."""
        return next(stored.rate_card_id for stored in self.stored if stored.card is card)


@dataclass(frozen=True, eq=False)
class Desk:
    """Rate cards, what carriers did, rates of currencies and what is booked, as they are now.

    Attributes:
        standing: bookings of the site.
        taken: what is booked of each service and day, by whichever site.
    """

    ctx: Context
    site: Site
    closed: Calendar
    cards: tuple[StoredCard, ...]
    record: Record
    worth: dict[str, Decimal]
    currency: str
    standing: tuple[Booking, ...]
    taken: dict[Slot, Used]

    def ways(self, shipment: Shipment, target: float = TARGET, now: datetime | None = None) -> Ways:
        """The ways to send a shipment of the site.

        Args:
            now: it is not ready before; None: the present.
        """
        to = tables.destination(self.ctx.tx, self.ctx.tenant, shipment.shipment_id)
        parcels, weighed = self._parcels(shipment, to)
        missing = self._missing(shipment, to, parcels)
        choice = None
        if missing is None and to is not None:
            choice = self._choice(shipment, self._consignment(to, parcels, now or self.ctx.now), to.due_on, target)
        booking = next((one for one in self.standing if one.shipment_id == shipment.shipment_id), None)
        return Ways(
            shipment, to, None if to is not None else self._suggested(shipment), parcels, weighed, missing, choice,
            self.currency, local_day(self.ctx.now, self.site.zone_info), booking, self.cards,
        )  # fmt: skip

    def used(self, but: int | None = None) -> dict[Slot, Used]:
        """What is booked of each service and day; `but`: without this shipment."""
        own = next((one for one in self.standing if one.shipment_id == but), None)
        if own is None:
            return self.taken
        day = own.key, own.pick_up_on
        before = self.taken[day]
        return self.taken | {day: Used(before.parcels - own.parcels, before.weight_kg - own.weight_kg)}

    def option_of(self, quote: Quote, due: date | None) -> Option:
        """A quote with its chances and its price in our currency."""
        card = quote.card
        lane = Lane(card.carrier, card.service_code, self.site.code, quote.zone.label)
        return option(quote, self.record.lateness(lane), due, self.worth[card.currency])

    def _choice(self, shipment: Shipment, sent: Consignment, due: date | None, target: float) -> Choice:
        used = self.used(but=shipment.shipment_id)
        options, declined = [], []
        for found in rate_each([stored.card for stored in self.cards], sent):
            if isinstance(found, Declined):
                declined.append(found)
            elif found.card.currency not in self.worth:
                why = f"Nobody has said what {found.card.currency} is worth in {self.currency}."
                declined.append(Declined(found.card, why))
            else:
                one = self.option_of(found, due)
                if fits(one, used.get(slot(one), Used()), len(sent.parcels), sent.weight_kg):
                    options.append(one)
                else:
                    declined.append(Declined(found.card, f"It is full on {found.pick_up}."))
        return choose(options, due, declined, target)

    def _consignment(self, to: Destination, parcels: tuple[Parcel, ...], now: datetime) -> Consignment:
        ready = now if to.ready_at is None else max(to.ready_at, now)
        return Consignment(
            to.country, to.postal_code, parcels, ready, self.site.zone_info, to.residential, to.saturday,
            self.closed.closed,
        )  # fmt: skip

    def _parcels(self, shipment: Shipment, to: Destination | None) -> tuple[tuple[Parcel, ...], Weighed]:
        """What is sent, as its boxes say, else as somebody said, else as its items weigh; none: nobody knows."""
        boxes = [
            Parcel(
                (box.weight_g or Decimal(0)) / _G_PER_KG,
                *(None if side is None else side / _MM_PER_CM for side in (box.length_mm, box.width_mm, box.height_mm)),
            )
            for box in shipment.boxes
        ]
        if boxes and all(box.weight_g is not None for box in shipment.boxes):
            return tuple(boxes), "boxes"
        told: Weighed = "told" if to is not None and to.weight_kg is not None else "items"
        weight = to.weight_kg if to is not None and to.weight_kg is not None else self._weight_of_items(shipment)
        if weight is None:
            return (), "items"
        if boxes:
            each = round_up(weight / len(boxes), _GRAM)
            return tuple(replace(one, weight_kg=each) for one in boxes), told
        return (Parcel(weight),), told

    def _weight_of_items(self, shipment: Shipment) -> Decimal | None:
        items = records.items_by_id(self.ctx, {line.item_id for line in shipment.lines})
        total = Decimal(0)
        for line in shipment.lines:
            weight = items[line.item_id].unit_weight_g
            if weight is None:
                return None
            total += line.quantity * Decimal(repr(weight)) / _G_PER_KG
        return total if total > 0 else None

    def _missing(self, shipment: Shipment, to: Destination | None, parcels: tuple[Parcel, ...]) -> str | None:
        if not self.cards:
            return "No carrier's prices are known yet. Bring in a file of them, or type them in."
        if to is None:
            return "Say where it goes first."
        if not parcels:
            return "Nobody knows what it weighs. Pack and weigh it, or say its weight here."
        faults = list(parcel_faults(parcels))
        return None if not faults else f"{shipment.number} cannot be priced: {faults[0]}"

    def _suggested(self, shipment: Shipment) -> Destination | None:
        if shipment.customer is None:
            return None
        sites = self.ctx.sites(Right.VIEW)
        before = tables.last_destination(self.ctx.tx, self.ctx.tenant, shipment.customer, sites)
        if before is not None:
            return before
        known = customers.customer_named(self.ctx, shipment.customer)
        country = (known.country or "").strip().upper() if known else ""
        return Destination(country, "") if len(country) == 2 else None


def open_desk(ctx: Context, site_id: int) -> Desk:
    """Read what is needed for a site. What carriers did is learnt from all sites: it is one record for everybody."""
    ctx.require(Right.VIEW, site_id)
    site = records.site_by_id(ctx, site_id)
    today = local_day(ctx.now, site.zone_info)
    cards = tuple(tables.cards(ctx.tx, ctx.tenant, sites=[site_id]))
    booked = tables.bookings(ctx.tx, ctx.tenant, standing_since=today - timedelta(days=1))
    return Desk(
        ctx,
        site,
        calendars.site_calendar(ctx, site_id),
        cards,
        record(ctx, today - _LEARNT_FROM),
        orders.worth_today(ctx),
        orders.our_currency(ctx),
        tuple(one for one in booked if one.site_id == site_id),
        # Also by cards that have become another site's since: what was booked by them stands.
        _taken(booked),
    )


def _taken(bookings: Iterable[Booking]) -> dict[Slot, Used]:
    found: dict[Slot, Used] = {}
    for one in bookings:
        before = found.get((one.key, one.pick_up_on), Used())
        found[one.key, one.pick_up_on] = Used(before.parcels + one.parcels, before.weight_kg + one.weight_kg)
    return found


def record(ctx: Context, since: date) -> Record:
    """What carriers did since a day, at all sites: counts by lane, no shipment of anybody."""
    ctx.require_somewhere(Right.VIEW)
    return learn(
        Arrived(Lane(carrier, service, site, zone), late)
        for carrier, service, site, zone, late, times in tables.arrived(ctx.tx, ctx.tenant, since)
        for _ in range(times)
    )
