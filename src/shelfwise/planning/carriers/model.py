"""Carriers' rate cards, and what is to be sent. Pure.

Names follow karrio's ServiceLevel and ServiceZone where both mean the same: service_code, service_name, zones, label,
transit_days, dim_factor, surcharges. Weights are in kg, lengths in cm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from shelfwise.core.quantities import ZERO
from shelfwise.planning.carriers.areas import Area, normal

SATURDAY = 6
WORKING_DAYS = frozenset({1, 2, 3, 4, 5})
EVERY_WEEK = frozenset(range(1, 8))
# Nobody is closed for longer: a calendar that says so is wrong, and must not push a day out for ever.
_LONGEST_DAYS = 120


def _never(_day: date) -> bool:
    return False


class Per(StrEnum):
    """What a card prices: each parcel by itself, or all of a shipment together, as freight is."""

    PARCEL = "parcel"
    SHIPMENT = "shipment"


class When(StrEnum):
    """What makes a surcharge due."""

    ALWAYS = "always"
    RESIDENTIAL = "residential"
    SATURDAY = "saturday"
    OVER_WEIGHT = "over_weight"
    OVER_LENGTH = "over_length"
    OVER_GIRTH = "over_girth"

    @property
    def measured(self) -> bool:
        """Whether it hangs on a measure being above a limit."""
        return self in (When.OVER_WEIGHT, When.OVER_LENGTH, When.OVER_GIRTH)


@dataclass(frozen=True)
class Surcharge:
    """What is charged on top: a fixed amount for each parcel (or shipment, as the card prices), or a percentage.

    Attributes:
        amount: fixed, in the card's currency; either this or `percent`.
        percent: of what the transport costs.
        above: the limit, in kg (over weight) or cm (over length: the longest side; over girth: the longest side and
            twice the two others).
        fuelled: the fuel percent is charged on it, too.
    """

    name: str
    when: When = When.ALWAYS
    amount: Decimal | None = None
    percent: Decimal | None = None
    above: Decimal | None = None
    fuelled: bool = False


@dataclass(frozen=True)
class Break:
    """A weight break: up to so much it costs `price`, and `per_kg` for each kg above the break before.

    Attributes:
        up_to_kg: None: whatever it weighs.
    """

    up_to_kg: Decimal | None
    price: Decimal
    per_kg: Decimal = ZERO


@dataclass(frozen=True)
class ServiceZone:
    """Where a price holds: the areas, how many delivery days it takes, and the weight breaks, the lightest first."""

    label: str
    areas: tuple[Area, ...]
    transit_days: int
    breaks: tuple[Break, ...]


@dataclass(frozen=True)
class RateCard:
    """What one service of a carrier costs from a day on, where it goes, and when it picks up.

    Attributes:
        carrier: the carrier's code.
        site: the code of the site that it picks up from; None: from all of them.
        valid_until: its last day; None: until another one takes its place.
        dim_factor: cm3 that count as a kg; None: only the actual weight counts.
        round_up_kg: what the chargeable weight is rounded up to.
        minimum: the transport of a parcel (or shipment) costs no less.
        fuel: (from this day on, percent), the earliest first.
        pick_up_days, delivery_days: days of the week, 1 is Monday.
        cut_off: what is ready later goes on the next pick-up day, in the origin's time.
        holidays: neither picks up nor delivers.
        capacity_parcels, capacity_kg: what is taken along on one day; None: any.
        max_weight_kg, max_length_cm, max_girth_cm: of a parcel.
        cancel_cost: of a booking that was not picked up yet.
    """

    carrier: str
    service_code: str
    service_name: str
    currency: str
    valid_from: date
    zones: tuple[ServiceZone, ...]
    site: str | None = None
    valid_until: date | None = None
    per: Per = Per.PARCEL
    dim_factor: Decimal | None = None
    round_up_kg: Decimal | None = None
    minimum: Decimal = ZERO
    fuel: tuple[tuple[date, Decimal], ...] = ()
    surcharges: tuple[Surcharge, ...] = ()
    pick_up_days: frozenset[int] = WORKING_DAYS
    delivery_days: frozenset[int] = WORKING_DAYS
    cut_off: time = time(16)
    holidays: frozenset[date] = frozenset()
    capacity_parcels: int | None = None
    capacity_kg: Decimal | None = None
    max_weight_kg: Decimal | None = None
    max_length_cm: Decimal | None = None
    max_girth_cm: Decimal | None = None
    cancel_cost: Decimal = ZERO

    @property
    def name(self) -> str:
        """How people are told of it."""
        return f"{self.carrier} {self.service_name}"

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def fuel_on(self, day: date) -> Decimal:
        """The fuel percent of a day; 0 before the first that is known."""
        return next((percent for since, percent in reversed(self.fuel) if since <= day), ZERO)

    def zone_for(self, country: str, postal_code: str) -> ServiceZone | None:
        """The zone whose area fits best: the longest part of the postal code wins; None: it does not go there."""
        code = normal(postal_code)
        fits = [
            (area.length, place)
            for place, zone in enumerate(self.zones)
            for area in zone.areas
            if area.covers(country, code)
        ]
        return self.zones[max(fits)[1]] if fits else None


@dataclass(frozen=True)
class Parcel:
    """A parcel; sides that nobody measured are None, and then count neither for size nor for dimensional weight."""

    weight_kg: Decimal
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None

    @property
    def sides(self) -> tuple[Decimal, Decimal, Decimal] | None:
        """The longest first; None: one is not known."""
        if self.length_cm is None or self.width_cm is None or self.height_cm is None:
            return None
        longest, middle, shortest = sorted((self.length_cm, self.width_cm, self.height_cm), reverse=True)
        return longest, middle, shortest

    @property
    def girth_cm(self) -> Decimal | None:
        """The longest side and the way around the two others."""
        return None if self.sides is None else self.sides[0] + 2 * (self.sides[1] + self.sides[2])


@dataclass(frozen=True)
class Consignment:
    """What is to be sent, where to, and when it is ready.

    Attributes:
        ready_at: when the carrier can have it; `origin` is the time zone there.
        residential: it goes to somebody's home.
        saturday: it may be delivered on a Saturday, where the service does that for a surcharge.
        closed: on which days nobody is at the origin to hand it over.
    """

    country: str
    postal_code: str
    parcels: tuple[Parcel, ...]
    ready_at: datetime
    origin: ZoneInfo
    residential: bool = False
    saturday: bool = False
    closed: Callable[[date], bool] = _never

    @property
    def weight_kg(self) -> Decimal:
        return sum((one.weight_kg for one in self.parcels), ZERO)


@dataclass(frozen=True)
class PriceLine:
    """A part of a price, and how it came about."""

    name: str
    amount: Decimal
    how: str


@dataclass(frozen=True)
class Quote:
    """What a service would cost and when it would arrive.

    Attributes:
        promised: the day of arrival by the carrier's own transit days.
        delivery_days: days of the week on which it delivers this one.
    """

    card: RateCard
    zone: ServiceZone
    lines: tuple[PriceLine, ...]
    chargeable_kg: Decimal
    pick_up: date
    promised: date
    delivery_days: frozenset[int]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


@dataclass(frozen=True)
class Declined:
    """A service that cannot take it, and why."""

    card: RateCard
    why: str


def next_day(
    start: date, weekdays: frozenset[int], holidays: frozenset[date], closed: Callable[[date], bool] = _never
) -> date:
    """The first day from this one on that is one of these weekdays and no holiday; the day itself if none is for long.

    Args:
        closed: further days that do not count.
    """
    for later in range(_LONGEST_DAYS):
        day = start + timedelta(days=later)
        if day.isoweekday() in weekdays and day not in holidays and not closed(day):
            return day
    return start


def days_after(start: date, days: int, weekdays: frozenset[int], holidays: frozenset[date]) -> date:
    """So many delivery days after a day; 0: the day itself if it is one, else the next."""
    if days == 0:
        return next_day(start, weekdays, holidays)
    day = start
    for _ in range(days):
        day = next_day(day + timedelta(days=1), weekdays, holidays)
    return day


def days_between(start: date, end: date, weekdays: frozenset[int], holidays: frozenset[date]) -> int:
    """How many delivery days lie after `start` up to `end`; negative where `end` is before."""
    if end < start:
        return -days_between(end, start, weekdays, holidays)
    return sum(
        (start + timedelta(days=later)).isoweekday() in weekdays and start + timedelta(days=later) not in holidays
        for later in range(1, min((end - start).days, 1000) + 1)
    )
