"""The shapes of master data and the rules a new row must meet."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from shelfwise.core.errors import Fault, Invalid, shorten

Provenance = Literal["entered", "imported", "invented"]
Tracking = Literal["none", "lot", "serial"]
ZoneKind = Literal["ambient", "chilled", "frozen", "quarantine", "dock"]
PlaceKind = Literal[
    "bin", "dock", "packing",
    "supplier", "customer", "opening", "adjustment", "unaccounted", "transit", "scrap", "conversion",
]  # fmt: skip

TRACKING: tuple[Tracking, ...] = get_args(Tracking)
ZONE_KINDS: tuple[ZoneKind, ...] = get_args(ZoneKind)
REAL_KINDS: frozenset[str] = frozenset({"bin", "dock", "packing"})
# The other ends of double entry, one of each at every site, and the dock and packing bench every site begins with.
STANDING_PLACES: dict[str, PlaceKind] = {
    "SUPPLIER": "supplier",
    "CUSTOMER": "customer",
    "OPENING": "opening",
    "ADJUSTMENT": "adjustment",
    "UNACCOUNTED": "unaccounted",
    "TRANSIT": "transit",
    "SCRAP": "scrap",
    "CONVERSION": "conversion",
    "DOCK": "dock",
    "PACKING": "packing",
}
LONGEST_CODE = 64
# No aisle has more bays, and no rack more levels.
LARGEST_NUMBER = 9999
LARGEST = Decimal("1e15")
_FINEST = Decimal("1e-12")
LONGEST_TEXT = 500
# A list of faults is for a person to read: the first ones say what is wrong with the rest.
MOST_FAULTS = 20


@dataclass(frozen=True)
class NewItem:
    """An item to be added.

    Attributes:
        quantum: the smallest amount that can be moved, in `unit`.
        unit_weight_g: weight of one unit in g; None: unknown, a scale cannot count it.
        tracking: what movements must name: nothing, the lot, or the serial number of each piece.
        needs_expiry: nothing comes in without its last day.
        shelf_life_days: the last day is the day it was made, or came, plus this; None: unknown.
        catch_weight: sold by the piece and weighed.
        archived: phased out, and not offered any more.
        category: what it is, from wide to narrow, with ` / ` between: 'Dairy / Milk'; '': nobody said.
        sold_until: the last day it is sold; None: no end is planned.
    """

    sku: str
    description: str = ""
    unit: str = "each"
    quantum: Decimal = Decimal(1)
    unit_weight_g: float | None = None
    provenance: Provenance = "entered"
    tracking: Tracking = "none"
    needs_expiry: bool = False
    shelf_life_days: int | None = None
    catch_weight: bool = False
    archived: bool = False
    category: str = ""
    sold_until: date | None = None


@dataclass(frozen=True)
class Item:
    """Something that is bought, kept and sold; the fields are those of `NewItem`."""

    item_id: int
    sku: str
    description: str
    unit: str
    quantum: Decimal
    unit_weight_g: float | None
    provenance: Provenance
    tracking: Tracking
    needs_expiry: bool
    shelf_life_days: int | None
    catch_weight: bool
    archived: bool
    category: str
    sold_until: date | None

    @property
    def as_new(self) -> NewItem:
        """All that can be changed."""
        return NewItem(**{one.name: getattr(self, one.name) for one in fields(NewItem)})


@dataclass(frozen=True)
class Site:
    """A warehouse: its floor measures `width_m` by `depth_m`, its days are those of `time_zone`."""

    site_id: int
    code: str
    name: str
    time_zone: str
    width_m: float
    depth_m: float
    provenance: Provenance

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Zone:
    """A rectangle of a site's floor, in m from its upper left corner, and its temperature limit in degC."""

    zone_id: int
    site_id: int
    code: str
    name: str
    kind: ZoneKind
    x_m: float
    y_m: float
    width_m: float
    depth_m: float
    low_degc: float | None
    high_degc: float | None
    delay: timedelta


@dataclass(frozen=True)
class NewPlace:
    """A bin or a dock to be added: where it stands, which item belongs there (None: any) and how much fits.

    Attributes:
        aisle, bay, level, position: where it is in a rack, counted from 1; level 1 is the lowest.
        load_kg: how much it may carry.
    """

    code: str
    kind: PlaceKind = "bin"
    zone_id: int | None = None
    x_m: float | None = None
    y_m: float | None = None
    width_m: float | None = None
    depth_m: float | None = None
    item_id: int | None = None
    capacity: Decimal | None = None
    aisle: str | None = None
    bay: int | None = None
    level: int | None = None
    position: int | None = None
    height_m: float | None = None
    load_kg: float | None = None


@dataclass(frozen=True)
class Place:
    """Where a quantity can be; only bins, docks and packing benches are real."""

    place_id: int
    site_id: int
    zone_id: int | None
    code: str
    kind: PlaceKind
    x_m: float | None
    y_m: float | None
    width_m: float | None
    depth_m: float | None
    item_id: int | None
    capacity: Decimal | None
    aisle: str | None = None
    bay: int | None = None
    level: int | None = None
    position: int | None = None
    height_m: float | None = None
    load_kg: float | None = None
    archived: bool = False

    @property
    def real(self) -> bool:
        return self.kind in REAL_KINDS

    @property
    def as_new(self) -> NewPlace:
        """All that can be changed."""
        return NewPlace(**{one.name: getattr(self, one.name) for one in fields(NewPlace)})


@dataclass(frozen=True)
class Rule:
    """A person's own rule: at a position of no more than `reorder_point`, order up to `order_up_to`.

    Attributes:
        order_up_to: None: one pack, or as many as bring the position back to the reorder point.
    """

    item_id: int
    site_id: int
    reorder_point: Decimal
    order_up_to: Decimal | None
    provenance: Provenance = "entered"


def refuse(faults: Iterable[Fault]) -> None:
    """
    Raises:
        Invalid: there is a fault; carries the first `MOST_FAULTS` of them.
    """
    found = list(faults)
    if found:
        raise Invalid(*found[:MOST_FAULTS])


def code_faults(value: str, where: str) -> Iterator[Fault]:
    """What is wrong with a code people type and scan: a SKU, a bin, a login for a supplier."""
    if not 0 < len(value) <= LONGEST_CODE or value != value.strip() or not value.isprintable():
        yield Fault(
            where,
            f"1 to {LONGEST_CODE} printable characters without spaces around them",
            shorten(value),
            "Correct the code.",
        )


def text_faults(value: str, where: str) -> Iterator[Fault]:
    """What is wrong with a name or a description; odd spaces, which real shops' texts are full of, are not."""
    controls = not value.isprintable() and any(unicodedata.category(one) in ("Cc", "Cs") for one in value)
    if len(value) > LONGEST_TEXT or controls:
        wanted = f"at most {LONGEST_TEXT} characters, none of them a control character"
        yield Fault(where, wanted, shorten(value), "Clean the text.")


def positive_faults(value: float | Decimal | None, where: str, unit: str) -> Iterator[Fault]:
    """What is wrong with a number that, where known, must be above zero."""
    if value is not None and not (math.isfinite(value) and 0 < value < LARGEST):
        yield Fault(where, f"a number above 0 in {unit}", shorten(str(value)), "Correct it, or leave it empty.")


def exact(value: Decimal) -> bool:
    """Whether a quantity or an amount of money is finite and of a size that is kept exactly."""
    return value.is_finite() and abs(value) < LARGEST and value == value.quantize(_FINEST)


def amount_of_money_faults(value: Decimal, where: str, negative: bool = False) -> Iterator[Fault]:
    """What is wrong with a price or a cost."""
    if not exact(value) or (value < 0 and not negative):
        wanted = "an amount of money" if negative else "an amount of money, 0 or more"
        yield Fault(where, wanted, shorten(str(value)), "Correct the amount.")


_SIZES = {"width_m": "m", "depth_m": "m", "height_m": "m", "capacity": "the item's unit", "load_kg": "kg"}


def place_faults(place: NewPlace, row: str = "") -> Iterator[Fault]:
    """What is wrong with a new place."""
    yield from code_faults(place.code, f"{row}code")
    if place.kind not in REAL_KINDS:
        remedy = "The other kinds come with their site."
        yield Fault(f"{row}kind", "'bin', 'dock' or 'packing'", shorten(place.kind), remedy)
    corner = (place.x_m, place.y_m, place.width_m, place.depth_m)
    if any(part is None for part in corner) and any(part is not None for part in corner):
        yield Fault(f"{row}x_m", "all of x_m, y_m, width_m, depth_m, or none", shorten(corner), "Give all four.")
    yield from corner_faults(place.x_m, place.y_m, row)
    for name, unit in _SIZES.items():
        yield from positive_faults(getattr(place, name), f"{row}{name}", unit)
    if place.aisle is not None:
        yield from code_faults(place.aisle, f"{row}aisle")
    for name, number in (("bay", place.bay), ("level", place.level), ("position", place.position)):
        if number is not None and not 0 < number <= LARGEST_NUMBER:
            yield Fault(f"{row}{name}", f"a number from 1 to {LARGEST_NUMBER}", shorten(str(number)), "Correct it.")
        if number is not None and place.aisle is None:
            yield Fault(f"{row}aisle", f"the aisle that {name} {number} is in", "nothing", "Name the aisle.")


def corner_faults(x_m: float | None, y_m: float | None, row: str = "") -> Iterator[Fault]:
    """What is wrong with the upper left corner of something on the floor."""
    for name, value in (("x_m", x_m), ("y_m", y_m)):
        if value is not None and not math.isfinite(value):
            yield Fault(f"{row}{name}", "a finite number of m", shorten(str(value)), "Correct the position.")


def site_faults(site: Site) -> Iterator[Fault]:
    """What is wrong with a new site."""
    yield from code_faults(site.code, "code")
    yield from text_faults(site.name, "name")
    yield from positive_faults(site.width_m, "width_m", "m")
    yield from positive_faults(site.depth_m, "depth_m", "m")
    if site.time_zone not in available_timezones():
        remedy = "Use a name of the IANA time zones."
        yield Fault("time_zone", "a name such as Europe/Berlin", shorten(site.time_zone), remedy)


def zone_faults(zone: Zone) -> Iterator[Fault]:
    """What is wrong with a new zone."""
    yield from code_faults(zone.code, "code")
    yield from text_faults(zone.name, "name")
    yield from corner_faults(zone.x_m, zone.y_m)
    yield from positive_faults(zone.width_m, "width_m", "m")
    yield from positive_faults(zone.depth_m, "depth_m", "m")
    low, high = zone.low_degc, zone.high_degc
    if any(limit is not None and not math.isfinite(limit) for limit in (low, high)):
        yield Fault("low_degc, high_degc", "finite limits in degC, or none", f"{low}, {high}", "Correct the limits.")
    elif low is not None and high is not None and low >= high:
        yield Fault("low_degc", f"a limit below high_degc ({high})", str(low), "Exchange or correct the limits.")
    if zone.delay < timedelta(0):
        yield Fault("delay", "a duration of 0 or more", str(zone.delay), "Correct the delay.")


def currency_faults(currency: str, where: str = "currency") -> Iterator[Fault]:
    """What is wrong with a currency code."""
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        yield Fault(where, "three capital letters such as EUR", shorten(currency), "Use the ISO 4217 code.")
