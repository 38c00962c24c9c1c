"""What a service costs for a consignment, line by line, and when it would arrive; or why it cannot take it. Pure.

Money is rounded half up to the currency's smallest coin, each line by itself, as invoices do it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from shelfwise.core.quantities import ZERO, plain, round_up
from shelfwise.planning.carriers.model import (
    SATURDAY,
    Consignment,
    Declined,
    Parcel,
    Per,
    PriceLine,
    Quote,
    RateCard,
    ServiceZone,
    Surcharge,
    When,
    days_after,
    next_day,
)

_WHOLE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_PERCENT = Decimal(100)
_GRAM = Decimal("0.001")


def money(value: Decimal, currency: str) -> Decimal:
    """Rounded half up to the smallest coin of the currency."""
    coin = Decimal(1) if currency in _WHOLE else Decimal("0.001") if currency in _THOUSANDTHS else Decimal("0.01")
    return value.quantize(coin, ROUND_HALF_UP)


def rate_each(cards: Iterable[RateCard], consignment: Consignment) -> list[Quote | Declined]:
    """What each service costs or why not, by the card that holds on the day of its pick-up: the newest that has begun.

    Args:
        cards: of the origin; where a service has some of its own there, those of all sites do not count for it.
    """
    services: dict[tuple[str, str], list[RateCard]] = {}
    for card in cards:
        services.setdefault((card.carrier, card.service_code), []).append(card)
    found = []
    for of_service in services.values():
        own = [card for card in of_service if card.site is not None] or of_service
        own.sort(key=lambda card: card.valid_from, reverse=True)
        begun = (card for card in own if card.valid_from <= pick_up_day(card, consignment))
        found.append(rate(next(begun, own[-1]), consignment))
    return found


def rate(card: RateCard, consignment: Consignment) -> Quote | Declined:
    """What it costs and when it arrives, or the first reason why not."""
    zone = card.zone_for(consignment.country, consignment.postal_code)
    if zone is None:
        place = f"{consignment.country} {consignment.postal_code}".strip()
        return Declined(card, f"It does not go to {place}.")
    for number, parcel in enumerate(consignment.parcels, 1):
        why = _too_big(card, parcel)
        if why is not None:
            which = f"Parcel {number} " if len(consignment.parcels) > 1 else "It "
            return Declined(card, f"{which}{why}.")
    why = _too_many(card, consignment)
    if why is not None:
        return Declined(card, why)
    pick_up = pick_up_day(card, consignment)
    if not card.valid_on(pick_up):
        return Declined(card, _not_valid(card, pick_up))
    on_saturdays = consignment.saturday and any(one.when is When.SATURDAY for one in card.surcharges)
    delivery_days = card.delivery_days | ({SATURDAY} if on_saturdays else frozenset())
    promised = days_after(pick_up, zone.transit_days, delivery_days, card.holidays)
    on_saturday = on_saturdays and promised.isoweekday() == SATURDAY and SATURDAY not in card.delivery_days
    priced = _priced(card, zone, consignment, pick_up, on_saturday=on_saturday)
    if isinstance(priced, str):
        return Declined(card, priced)
    lines, chargeable = priced
    return Quote(card, zone, lines, chargeable, pick_up, promised, delivery_days)


def pick_up_day(card: RateCard, consignment: Consignment) -> date:
    """The first day on which the carrier takes it along: what is ready after the cut-off waits for the next one."""
    ready = consignment.ready_at.astimezone(consignment.origin)
    day = next_day(ready.date(), card.pick_up_days, card.holidays, consignment.closed)
    if day == ready.date() and ready.time() > card.cut_off:
        return next_day(day + timedelta(days=1), card.pick_up_days, card.holidays, consignment.closed)
    return day


def chargeable_kg(card: RateCard, parcels: tuple[Parcel, ...]) -> Decimal:
    """The greater of actual and dimensional weight of some parcels together, rounded up."""
    actual = sum((one.weight_kg for one in parcels), ZERO)
    size = sum((dimensional_kg(card, one) for one in parcels), ZERO)
    greater = max(actual, size)
    return round_up(greater, card.round_up_kg or _GRAM)


def dimensional_kg(card: RateCard, parcel: Parcel) -> Decimal:
    """What a parcel counts as by its size; 0 where the card or the parcel says nothing of it."""
    if card.dim_factor is None or parcel.sides is None:
        return ZERO
    longest, middle, shortest = parcel.sides
    return longest * middle * shortest / card.dim_factor


def _too_big(card: RateCard, parcel: Parcel) -> str | None:
    if card.max_weight_kg is not None and parcel.weight_kg > card.max_weight_kg:
        return f"weighs {_kg(parcel.weight_kg)}, and no parcel may weigh more than {_kg(card.max_weight_kg)}"
    if parcel.sides is None or parcel.girth_cm is None:
        return None
    if card.max_length_cm is not None and parcel.sides[0] > card.max_length_cm:
        return f"is {plain(parcel.sides[0])} cm long, and may be {plain(card.max_length_cm)} cm at most"
    if card.max_girth_cm is not None and parcel.girth_cm > card.max_girth_cm:
        return f"is {plain(parcel.girth_cm)} cm long and around, and may be {plain(card.max_girth_cm)} cm at most"
    return None


def _too_many(card: RateCard, consignment: Consignment) -> str | None:
    """What one day never takes; what other bookings leave of a day is looked at where there are several."""
    if card.capacity_parcels is not None and len(consignment.parcels) > card.capacity_parcels:
        return f"It takes {card.capacity_parcels} parcels a day, and these are {len(consignment.parcels)}."
    if card.capacity_kg is not None and consignment.weight_kg > card.capacity_kg:
        return f"It takes {_kg(card.capacity_kg)} a day, and this weighs {_kg(consignment.weight_kg)}."
    return None


def _not_valid(card: RateCard, day: date) -> str:
    if day < card.valid_from:
        return f"Its prices hold from {card.valid_from} on, and it would be picked up on {day}."
    return f"Its prices held until {card.valid_until}, and it would be picked up on {day}."


def _priced(
    card: RateCard, zone: ServiceZone, consignment: Consignment, pick_up: date, *, on_saturday: bool
) -> tuple[tuple[PriceLine, ...], Decimal] | str:
    """The lines of the price and the weight that they are for; a sentence where it is too heavy."""
    together = [consignment.parcels] if card.per is Per.SHIPMENT else [(one,) for one in consignment.parcels]
    transport, topped, chargeable, hows = ZERO, ZERO, ZERO, []
    for parcels in together:
        weight = chargeable_kg(card, parcels)
        priced = _by_weight(card, zone, weight)
        if priced is None:
            heaviest = zone.breaks[-1].up_to_kg
            return f"It is charged as {_kg(weight)}, and zone {zone.label} has prices up to {_kg(heaviest or ZERO)}."
        cost, how = priced
        transport += cost
        topped += max(card.minimum - cost, ZERO)
        chargeable += weight
        hows.append(how)
    lines = [PriceLine("Transport", transport, "; ".join(_counted(hows)))]
    if topped > 0:
        each = f"{plain(card.minimum)} at least" + (f" for each {card.per}" if len(together) > 1 else "")
        lines.append(PriceLine("Up to the minimum", topped, each))
    base = transport + topped
    fuelled = base
    for surcharge in card.surcharges:
        line = _surcharged(card, surcharge, consignment, base, on_saturday=on_saturday)
        if line is not None:
            lines.append(line)
            fuelled += line.amount if surcharge.fuelled else ZERO
    percent = card.fuel_on(pick_up)
    if percent > 0:
        fuel = money(fuelled * percent / _PERCENT, card.currency)
        lines.append(PriceLine("Fuel", fuel, f"{plain(percent)}% of {plain(fuelled)}"))
    return tuple(lines), chargeable


def _by_weight(card: RateCard, zone: ServiceZone, weight: Decimal) -> tuple[Decimal, str] | None:
    """What the transport of so much costs, and how that came about; None: it is heavier than any break."""
    before = ZERO
    for one in zone.breaks:
        if one.up_to_kg is None or weight <= one.up_to_kg:
            cost = money(one.price + one.per_kg * (weight - before), card.currency)
            limit = "" if one.up_to_kg is None else f", up to {_kg(one.up_to_kg)}"
            above = f" and {plain(one.per_kg)} for each kg above {plain(before)}" if one.per_kg else ""
            return cost, f"zone {zone.label}, {_kg(weight)}{limit}: {plain(one.price)}{above}"
        before = one.up_to_kg
    return None


def _counted(hows: list[str]) -> list[str]:
    """The same said once, with how often."""
    return [how if hows.count(how) == 1 else f"{hows.count(how)} times {how}" for how in dict.fromkeys(hows)]


def _surcharged(
    card: RateCard, surcharge: Surcharge, consignment: Consignment, base: Decimal, *, on_saturday: bool
) -> PriceLine | None:
    """The line of a surcharge; None: it is not due."""
    times = _times(surcharge, consignment, on_saturday=on_saturday)
    if times == 0:
        return None
    if surcharge.percent is not None:
        share = money(base * surcharge.percent / _PERCENT, card.currency)
        return PriceLine(surcharge.name, share, f"{plain(surcharge.percent)}% of {plain(base)}")
    if card.per is Per.SHIPMENT:
        times = 1
    amount = money((surcharge.amount or ZERO) * times, card.currency)
    return PriceLine(surcharge.name, amount, f"{times} times {plain(surcharge.amount or ZERO)}" if times > 1 else "")


def _times(surcharge: Surcharge, consignment: Consignment, *, on_saturday: bool) -> int:
    """For how many parcels a surcharge is due."""
    everything = len(consignment.parcels)
    match surcharge.when:
        case When.ALWAYS:
            return everything
        case When.RESIDENTIAL:
            return everything if consignment.residential else 0
        case When.SATURDAY:
            return everything if on_saturday else 0
        case _:
            limit = surcharge.above or ZERO
            return sum(_measure(surcharge.when, one) > limit for one in consignment.parcels)


def _measure(when: When, parcel: Parcel) -> Decimal:
    if when is When.OVER_WEIGHT:
        return parcel.weight_kg
    if parcel.sides is None or parcel.girth_cm is None:
        return ZERO
    return parcel.sides[0] if when is When.OVER_LENGTH else parcel.girth_cm


def _kg(weight: Decimal) -> str:
    return f"{plain(weight)} kg"
