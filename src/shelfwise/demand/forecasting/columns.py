"""What goes with the demand of a site's items, as columns of a panel: promotions, holidays, what an item is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

import numpy as np

from shelfwise.demand.lift import band
from shelfwise.demand.panel import Column, Numbers

PROMOTION, DISCOUNT, HOLIDAY = "promotion", "discount", "holiday"
OUTSIDE = "outside: "
"""What the names of series from outside begin with, so that one called as ours does no harm."""
NONE = ""


@dataclass(frozen=True)
class Promoted:
    """An item on promotion at a site, or planned to be."""

    item_id: int
    starts_on: date
    ends_on: date
    kind: str
    discount_percent: Decimal | None

    @property
    def label(self) -> str:
        """Its kind and size: what past ones of the same did is expected of it."""
        return f"{self.kind} {band(self.discount_percent)}".strip()


def promotion_columns(promoted: Sequence[Promoted], items: Sequence[int], dates: Sequence[date]) -> tuple[Column, ...]:
    """Which sort of promotion an item is on, and by what share its price is cut; nothing where there is none.

    Of several on one day the one with the largest discount counts.
    """
    row_of = {item_id: row for row, item_id in enumerate(items)}
    seen = [one for one in promoted if one.item_id in row_of and one.starts_on <= dates[-1] and one.ends_on >= dates[0]]
    if not seen:
        return ()
    labels = (NONE, *sorted({one.label for one in seen}))
    which = np.zeros((len(items), len(dates)), np.float32)
    share = np.zeros((len(items), len(dates)), np.float32)
    for one in sorted(seen, key=lambda one: one.discount_percent or 0):
        days = slice(max((one.starts_on - dates[0]).days, 0), (one.ends_on - dates[0]).days + 1)
        which[row_of[one.item_id], days] = labels.index(one.label)
        share[row_of[one.item_id], days] = float(one.discount_percent or 0) / 100
    told = Column(PROMOTION, which, labels, ahead=True)
    return (told, Column(DISCOUNT, share, ahead=True)) if share.any() else (told,)


def holiday_column(time_zone: str, dates: Sequence[date], items: int) -> Column | None:
    """The public holidays of the country that a time zone lies in, by name; None where the country has none known."""
    country = country_of(time_zone)
    if country is None:
        return None
    import holidays  # not needed at start-up

    try:
        known: Mapping[date, str] = holidays.country_holidays(
            country, years=range(dates[0].year, dates[-1].year + 1), language="en_US"
        )
    except NotImplementedError:
        return None
    names = [known.get(day, NONE) for day in dates]
    labels = (NONE, *sorted({name for name in names if name}))
    place = {name: number for number, name in enumerate(labels)}
    return shared(HOLIDAY, np.array([place[name] for name in names], np.float32), items, labels, ahead=True)


def shared(name: str, values: Numbers, items: int, labels: tuple[str, ...] = (), *, ahead: bool) -> Column:
    """A column that says the same of every item."""
    return Column(name, np.broadcast_to(values, (items, len(values))), labels, ahead)


@cache
def _countries() -> dict[str, str]:
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    return {cells[2]: cells[0] for line in lines if not line.startswith("#") for cells in [line.split("\t")]}


def country_of(time_zone: str) -> str | None:
    """The country (ISO 3166) that a time zone is named for; None for those of no country, as UTC."""
    return _countries().get(time_zone)
