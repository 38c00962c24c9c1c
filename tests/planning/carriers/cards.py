"""Rate cards for tests, with prices that are easy to work out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.planning.carriers.areas import read_areas
from shelfwise.planning.carriers.model import Break, Consignment, Parcel, RateCard, ServiceZone

BERLIN = ZoneInfo("Europe/Berlin")
# A Monday, 10:00 in Berlin.
MONDAY = datetime(2026, 6, 1, 8, tzinfo=UTC)


def kg(text: str) -> Decimal:
    return Decimal(text)


NEAR = ServiceZone(
    "near", read_areas("DE"), 1, (Break(kg("5"), kg("6.90")), Break(kg("10"), kg("9.90")), Break(kg("30"), kg("14.90")))
)
FAR = ServiceZone(
    "far", read_areas("AT; CH 80..84"), 3, (Break(kg("10"), kg("19.50")), Break(None, kg("19.50"), kg("1.10")))
)
PARCEL = RateCard("FOX", "STD", "Standard", "EUR", date(2026, 1, 1), (NEAR, FAR))


def card(**changes: Any) -> RateCard:
    return replace(PARCEL, **changes)


def parcel(weight: str, *sides: str) -> Parcel:
    return Parcel(kg(weight), *map(Decimal, sides))


def sent(*parcels: Parcel, country: str = "DE", code: str = "10115", **changes: Any) -> Consignment:
    return replace(Consignment(country, code, parcels or (parcel("2"),), MONDAY, BERLIN), **changes)
