"""Rate cards as rows of their sheet, for files and for the form: a row for each price, and texts in its cells. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import TypeVar, cast

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import ZERO, plain, quantity
from shelfwise.planning.carriers.areas import Area, read_areas
from shelfwise.planning.carriers.areas import written as written_areas
from shelfwise.planning.carriers.checking import card_faults
from shelfwise.planning.carriers.model import Break, Per, RateCard, ServiceZone, Surcharge, When
from shelfwise.records.calendars import WEEKDAYS
from shelfwise.records.sheet import Value

Record = Mapping[str, Value]
Read = TypeVar("Read")
_WORKING = "mon tue wed thu fri"
DEFAULTS: Record = {
    "site": None, "charged_per": Per.PARCEL.value, "minimum": ZERO, "pick_up_days": _WORKING,
    "delivery_days": _WORKING, "cut_off": "16:00", "cancel_cost": ZERO, "per_kg": ZERO,
}  # fmt: skip
_BETWEEN = ";"
_SURCHARGE = re.compile(
    r"(?P<name>[^:]+):\s*(?P<when>[a-z_]+)(?:\s+(?P<above>[\d.,]+))?\s+(?P<much>[\d.,]+)\s*(?P<percent>%?)"
    r"\s*(?P<fuelled>(?:\+\s*fuel)?)"
)
_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def records_of(card: RateCard, carrier_name: str) -> Iterator[dict[str, Value]]:
    """The rows of a card, as a file would show them."""
    whole: dict[str, Value] = {
        "carrier": card.carrier, "carrier_name": _unless(carrier_name, card.carrier),
        "service_code": card.service_code, "service_name": _unless(card.service_name, card.service_code),
        "site": card.site, "valid_from": card.valid_from,
        "valid_until": card.valid_until, "currency": card.currency, "charged_per": card.per.value,
        "dim_factor": card.dim_factor, "round_up_kg": card.round_up_kg, "minimum": card.minimum,
        "fuel": _joined(map(_written_fuel, card.fuel)), "surcharges": _joined(map(_written_surcharge, card.surcharges)),
        "pick_up_days": _written_days(card.pick_up_days), "delivery_days": _written_days(card.delivery_days),
        "cut_off": f"{card.cut_off:%H:%M}", "holidays": _joined(map(str, sorted(card.holidays))),
        "capacity_parcels": card.capacity_parcels, "capacity_kg": card.capacity_kg,
        "max_weight_kg": card.max_weight_kg, "max_length_cm": card.max_length_cm, "max_girth_cm": card.max_girth_cm,
        "cancel_cost": card.cancel_cost,
    }  # fmt: skip
    for zone in card.zones:
        for one in zone.breaks:
            yield whole | {
                "zone": zone.label, "areas": written_areas(zone.areas), "transit_days": zone.transit_days,
                "up_to_kg": one.up_to_kg, "price": one.price, "per_kg": one.per_kg,
            }  # fmt: skip


def card_of(records: Sequence[Record]) -> RateCard:
    """The card whose rows these are; what is said of all of it, and of a zone, is taken from the first row of it.

    Raises:
        Invalid: a cell cannot be understood, or the card cannot be right; names the columns as `checking` does.
    """
    cells = _Cells(records[0])
    since = cells.day("valid_from")
    card = RateCard(
        carrier=cells.text("carrier"),
        service_code=cells.text("service_code"),
        service_name=cells.text("service_name") or cells.text("service_code"),
        currency=cells.text("currency"),
        valid_from=since or date.min,
        zones=tuple(_zones(records, cells)),
        site=cells.text("site") or None,
        valid_until=cells.day("valid_until"),
        per=cells.read("charged_per", _per, Per.PARCEL),
        dim_factor=cells.number("dim_factor"),
        round_up_kg=cells.number("round_up_kg"),
        minimum=cells.number("minimum") or ZERO,
        fuel=cells.read("fuel", _fuel, ()),
        surcharges=cells.read("surcharges", _surcharges, ()),
        pick_up_days=cells.read("pick_up_days", _days, frozenset({1})),
        delivery_days=cells.read("delivery_days", _days, frozenset({1})),
        cut_off=cells.read("cut_off", _hour, time(16)),
        holidays=cells.read("holidays", _dates, frozenset()),
        capacity_parcels=cells.whole("capacity_parcels"),
        capacity_kg=cells.number("capacity_kg"),
        max_weight_kg=cells.number("max_weight_kg"),
        max_length_cm=cells.number("max_length_cm"),
        max_girth_cm=cells.number("max_girth_cm"),
        cancel_cost=cells.number("cancel_cost") or ZERO,
    )
    faults = [*cells.faults, *card_faults(card)]
    if since is None:
        faults.append(Fault("valid_from", "a day such as 2026-12-31", "nothing", "Say from when the prices hold."))
    if faults:
        raise Invalid(*faults)
    return card


class _Cells:
    """A row whose cells are read one by one, with what was wrong with them."""

    def __init__(self, record: Record, faults: list[Fault] | None = None, zone: str = "") -> None:
        self.record = {**DEFAULTS, **{name: value for name, value in record.items() if value is not None}}
        self.faults: list[Fault] = [] if faults is None else faults
        self.zone = zone

    def text(self, column: str) -> str:
        return str(self.record.get(column) or "").strip()

    def day(self, column: str) -> date | None:
        return cast("date | None", self.record.get(column))

    def number(self, column: str) -> Decimal | None:
        return cast("Decimal | None", self.record.get(column))

    def whole(self, column: str) -> int | None:
        return cast("int | None", self.record.get(column))

    def read(self, column: str, parse: Callable[[str], Read], instead: Read) -> Read:
        """What a text says; `instead` where it cannot be understood, which is then a fault."""
        try:
            return parse(self.text(column))
        except Invalid as error:
            where = f"{column}, {self.zone}" if self.zone else column
            self.faults += [Fault(where, one.expected, one.got, one.remedy) for one in error.faults]
            return instead


def _zones(records: Sequence[Record], cells: _Cells) -> Iterator[ServiceZone]:
    labels = dict.fromkeys(str(one.get("zone") or "").strip() for one in records)
    for label in labels:
        of_zone = [one for one in records if str(one.get("zone") or "").strip() == label]
        first = _Cells(of_zone[0], cells.faults, label)
        nowhere: tuple[Area, ...] = ()
        breaks = [_break(_Cells(one).record) for one in of_zone]
        # The price without a limit is for what is heavier than all others.
        breaks.sort(key=lambda one: (one.up_to_kg is None, one.up_to_kg or ZERO))
        yield ServiceZone(
            label, first.read("areas", read_areas, nowhere), first.whole("transit_days") or 0, tuple(breaks)
        )


def _break(record: Record) -> Break:
    price, above = (cast("Decimal", record.get(name) or ZERO) for name in ("price", "per_kg"))
    return Break(cast("Decimal | None", record.get("up_to_kg")), price, above)


def _per(text: str) -> Per:
    if text not in set(Per):
        raise Invalid(Fault("charged_per", "parcel or shipment", shorten(text), "Write one of the two."))
    return Per(text)


def _fuel(text: str) -> tuple[tuple[date, Decimal], ...]:
    """`18.5` from the beginning on, or `2026-01-01 18.5; 2026-02-01 17.25`."""
    found = []
    for part in _parts(text):
        day, _, percent = part.rstrip("% ").rpartition(" ")
        found.append((_date(day.strip()) if day else date.min, _number(percent)))
    return tuple(sorted(found))


def _written_fuel(one: tuple[date, Decimal]) -> str:
    since, percent = one
    return plain(percent) if since == date.min else f"{since} {plain(percent)}"


def _surcharges(text: str) -> tuple[Surcharge, ...]:
    return tuple(map(_surcharge, _parts(text)))


def _surcharge(part: str) -> Surcharge:
    found = _SURCHARGE.fullmatch(part)
    if found is None or found["when"] not in set(When):
        raise Invalid(
            Fault(
                "surcharges", f"a name, a colon, one of {', '.join(When)}, and an amount or a percentage",
                shorten(part),
                "Write such as Home: residential 3.20; Long: over_length 120 12.00; Peak: always 4% +fuel.",
            )
        )  # fmt: skip
    much, percent = _number(found["much"]), bool(found["percent"])
    return Surcharge(
        found["name"].strip(), When(found["when"]), None if percent else much, much if percent else None,
        None if found["above"] is None else _number(found["above"]), bool(found["fuelled"]),
    )  # fmt: skip


def _written_surcharge(one: Surcharge) -> str:
    above = "" if one.above is None else f" {plain(one.above)}"
    much = f"{plain(one.percent)}%" if one.percent is not None else plain(one.amount or ZERO)
    return f"{one.name}: {one.when}{above} {much}{' +fuel' if one.fuelled else ''}"


def _days(text: str) -> frozenset[int]:
    told = text.lower().replace(",", " ").split()
    wrong = [one for one in told if one not in WEEKDAYS]
    if wrong or not told:
        got = shorten(wrong[0]) if wrong else "nothing"
        raise Invalid(Fault("days", "days such as mon tue wed thu fri", got, "Correct the day."))
    return frozenset(WEEKDAYS.index(one) + 1 for one in told)


def _written_days(days: frozenset[int]) -> str:
    return " ".join(WEEKDAYS[day - 1] for day in sorted(days))


def _hour(text: str) -> time:
    found = _HOUR.fullmatch(text)
    if found is None:
        raise Invalid(Fault("cut_off", "an hour such as 16:00", shorten(text), "Correct the hour."))
    return time(int(found[1]), int(found[2]))


def _dates(text: str) -> frozenset[date]:
    return frozenset(map(_date, _parts(text)))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Fault("day", "a day such as 2026-12-31", shorten(text), "Correct the day.")) from error


def _number(text: str) -> Decimal:
    """A number in a text; a comma is a decimal mark there, for what separates is a semicolon."""
    return quantity(text.strip().replace(",", "."), "number")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(_BETWEEN) if part.strip()]


def _joined(parts: Iterator[str] | map[str]) -> str | None:
    return f"{_BETWEEN} ".join(parts) or None


def _unless(name: str, code: str) -> str | None:
    """A name that says more than the code."""
    return None if name == code else name


def _respelt(parse: Callable[[str], Read], write: Callable[[Read], str | None]) -> Callable[[str], str | None]:
    """How a text is written once it was read; what cannot be read stays, and is refused elsewhere."""

    def spell(text: str) -> str | None:
        try:
            return write(parse(text))
        except Invalid:
            return text

    return spell


SPELT: Mapping[str, Callable[[str], str | None]] = {
    "areas": _respelt(read_areas, written_areas),
    "fuel": _respelt(_fuel, lambda fuel: _joined(map(_written_fuel, fuel))),
    "surcharges": _respelt(_surcharges, lambda told: _joined(map(_written_surcharge, told))),
    "pick_up_days": _respelt(_days, _written_days),
    "delivery_days": _respelt(_days, _written_days),
    "cut_off": _respelt(_hour, "{:%H:%M}".format),
    "holidays": _respelt(_dates, lambda days: _joined(map(str, sorted(days)))),
}
"""How the texts of cells are spelt once they are kept, by column."""
