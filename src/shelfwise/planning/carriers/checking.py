"""What is wrong with a rate card. Pure.

A fault's `where` is a column of the sheet of rate cards; behind a comma the zone that it is about, if it is about one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby, pairwise

from shelfwise.core.errors import Fault, shorten
from shelfwise.core.quantities import plain
from shelfwise.planning.carriers.model import Break, Parcel, RateCard, ServiceZone, Surcharge
from shelfwise.records.currencies import CURRENCIES
from shelfwise.records.model import amount_of_money_faults, code_faults, positive_faults, text_faults

LONGEST_TRANSIT = 90
MOST_KG = Decimal(100_000)
MOST_CM = Decimal(10_000)
MOST_PARCELS = 1_000
# More is a typing error.
MOST_PERCENT = Decimal(200)
MOST_ZONES, MOST_BREAKS, MOST_AREAS = 500, 500, 5_000


def card_faults(card: RateCard) -> Iterator[Fault]:
    """Everything that is wrong with a card."""
    yield from code_faults(card.carrier, "carrier")
    yield from code_faults(card.service_code, "service_code")
    yield from text_faults(card.service_name, "service_name")
    if not card.service_name.strip():
        yield Fault("service_name", "what people call the service", "nothing", "Give it a name.")
    if card.currency not in CURRENCIES:
        yield Fault("currency", "three letters: EUR", shorten(card.currency), "Write the currency's code.")
    if card.valid_until is not None and card.valid_until < card.valid_from:
        wanted = f"{card.valid_from} or later"
        yield Fault("valid_until", wanted, str(card.valid_until), "Correct one of the two days.")
    for name in ("minimum", "cancel_cost"):
        yield from amount_of_money_faults(getattr(card, name), name)
    for name, unit in (
        ("dim_factor", "cm3 for a kg"), ("round_up_kg", "kg"), ("capacity_kg", "kg"), ("max_weight_kg", "kg"),
        ("max_length_cm", "cm"), ("max_girth_cm", "cm"),
    ):  # fmt: skip
        yield from positive_faults(getattr(card, name), name, unit)
    if card.capacity_parcels is not None and card.capacity_parcels < 1:
        got = str(card.capacity_parcels)
        yield Fault("capacity_parcels", "1 or more", got, "Leave it empty where it takes any number.")
    for name in ("pick_up_days", "delivery_days"):
        days: frozenset[int] = getattr(card, name)
        if not days or not days <= frozenset(range(1, 8)):
            yield Fault(name, "days of the week", "none", "Say on which days: mon tue wed thu fri.")
    for _, percent in card.fuel:
        yield from _percent_faults(percent, "fuel")
    if any(one >= other for (one, _), (other, _) in pairwise(card.fuel)):
        yield Fault("fuel", "each day once, the earliest first", "days out of order", "Sort them by day.")
    yield from _surcharge_faults(card.surcharges)
    yield from _zone_faults(card)


def _percent_faults(percent: Decimal, where: str) -> Iterator[Fault]:
    if not (percent.is_finite() and 0 <= percent <= MOST_PERCENT):
        yield Fault(where, f"a percentage from 0 to {MOST_PERCENT}", shorten(str(percent)), "Correct the percentage.")


def _surcharge_faults(surcharges: tuple[Surcharge, ...]) -> Iterator[Fault]:
    for one in surcharges:
        yield from text_faults(one.name, "surcharges")
        if (one.amount is None) == (one.percent is None):
            yield Fault("surcharges", "an amount or a percentage", one.name, "Say one of the two.")
        if one.amount is not None:
            yield from amount_of_money_faults(one.amount, "surcharges")
        if one.percent is not None:
            yield from _percent_faults(one.percent, "surcharges")
        if one.when.measured != (one.above is not None):
            wanted = "a limit above which it is charged" if one.when.measured else "no limit"
            yield Fault("surcharges", wanted, one.name, f"Write such as {one.when} 30." if one.when.measured else "")
        yield from positive_faults(one.above, "surcharges", "kg or cm")
    for name, times in Counter(one.name for one in surcharges).items():
        if times > 1:
            yield Fault("surcharges", "each name once", f"{name} {times} times", "Give each a name of its own.")


def _zone_faults(card: RateCard) -> Iterator[Fault]:
    if not 0 < len(card.zones) <= MOST_ZONES:
        yield Fault("zone", f"1 to {MOST_ZONES} zones", str(len(card.zones)), "Say what it costs where.")
    for zone in card.zones:
        yield from code_faults(zone.label, f"zone, {zone.label}")
        if not 0 <= zone.transit_days <= LONGEST_TRANSIT:
            wanted = f"0 to {LONGEST_TRANSIT} delivery days"
            yield Fault(f"transit_days, {zone.label}", wanted, str(zone.transit_days), "Correct the days.")
        yield from _break_faults(zone)
    many = sum(len(zone.areas) for zone in card.zones)
    if many > MOST_AREAS:
        yield Fault("areas", f"{MOST_AREAS} areas at most", str(many), "Use ranges, such as DE 10..19.")
    else:
        yield from _area_faults(card)


def _area_faults(card: RateCard) -> Iterator[Fault]:
    """Areas of two zones that hold the same places and say as much of the code: neither would be the right one."""
    told = sorted(
        (area.country, area.length, area.first, area.last, zone.label) for zone in card.zones for area in zone.areas
    )
    wrong: set[str] = set()
    for _, of_length in groupby(told, lambda one: one[:2]):
        # Of each zone the furthest that its areas have reached so far.
        reached: dict[str, str] = {}
        for country, _, first, last, label in of_length:
            other = next((zone for zone, end in reached.items() if zone != label and first <= end), None)
            if other is not None and label not in wrong:
                wrong.add(label)
                yield Fault(
                    f"areas, {label}", "areas of which each place belongs to one zone",
                    shorten(f"{country} {first} in zones {other} and {label}"), "Take it out of one of them.",
                )  # fmt: skip
            reached[label] = max(last, reached.get(label, ""))


def _break_faults(zone: ServiceZone) -> Iterator[Fault]:
    if not 0 < len(zone.breaks) <= MOST_BREAKS:
        yield Fault(
            f"up_to_kg, {zone.label}", f"1 to {MOST_BREAKS} weight breaks", str(len(zone.breaks)), "Add prices."
        )
    for one in zone.breaks:
        yield from positive_faults(one.up_to_kg, f"up_to_kg, {zone.label}", "kg")
        yield from amount_of_money_faults(one.price, f"price, {zone.label}")
        yield from amount_of_money_faults(one.per_kg, f"per_kg, {zone.label}")
    if any(not _heavier(one, other) for one, other in pairwise(zone.breaks)):
        yield Fault(f"up_to_kg, {zone.label}", "each weight once", "a weight twice", "Keep the price that holds.")


def _heavier(one: Break, other: Break) -> bool:
    return one.up_to_kg is not None and (other.up_to_kg is None or one.up_to_kg < other.up_to_kg)


def parcel_faults(parcels: tuple[Parcel, ...]) -> Iterator[Fault]:
    """What is wrong with what is to be sent."""
    if not 0 < len(parcels) <= MOST_PARCELS:
        yield Fault("parcels", f"1 to {MOST_PARCELS} parcels", str(len(parcels)), "Say what is sent.")
    for number, one in enumerate(parcels, 1):
        if not (one.weight_kg.is_finite() and 0 < one.weight_kg <= MOST_KG):
            got = shorten(str(one.weight_kg)) if not one.weight_kg.is_finite() else plain(one.weight_kg)
            yield Fault(f"parcel {number}, weight", f"above 0, up to {MOST_KG} kg", got, "Weigh it.")
        for name, side in (("length", one.length_cm), ("width", one.width_cm), ("height", one.height_cm)):
            if side is not None and not (side.is_finite() and 0 < side <= MOST_CM):
                yield Fault(f"parcel {number}, {name}", f"above 0, up to {MOST_CM} cm", str(side), "Measure it.")
