"""How goods get from one site to another. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from shelfwise.core.errors import Fault
from shelfwise.records.model import amount_of_money_faults

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEVER = "none"
EVERY_DAY = frozenset(range(1, 8))
LONGEST_DAYS = 365.0


@dataclass(frozen=True)
class Lane:
    """The way from one site to another.

    Attributes:
        days: from leaving to lying there.
        cost_per_shipment, cost_per_kg: in the company's currency.
        weekdays: on which something leaves, 1 is Monday; none: nothing is sent this way.
        assumed: nobody said, so that what is usual counts.
    """

    from_site_id: int
    to_site_id: int
    days: float
    cost_per_shipment: Decimal
    cost_per_kg: Decimal = Decimal(0)
    weekdays: frozenset[int] = EVERY_DAY
    assumed: bool = False

    @property
    def used(self) -> bool:
        return bool(self.weekdays)

    def leaves_on(self, today: date) -> date:
        """The first day from today on when something leaves. Only of lanes that are used."""
        return next(day for day in (today + timedelta(days=n) for n in range(7)) if day.isoweekday() in self.weekdays)

    def arrives_after(self, today: date) -> int:
        """In how many whole days lies there what is sent now. Only of lanes that are used."""
        return (self.leaves_on(today) - today).days + math.ceil(self.days)


def weekdays_words(days: frozenset[int]) -> str:
    """Days of the week as files write them: mon,wed; none where there is none."""
    return ",".join(WEEKDAYS[day - 1] for day in sorted(days)) or NEVER


def weekdays_read(text: str) -> frozenset[int]:
    """What `weekdays_words` wrote; empty: every day. What is no day of the week becomes one that is none, 0."""
    told = [one for one in re.split(r"[\s,;]+", text.strip().lower()) if one]
    if not told:
        return EVERY_DAY
    if told == [NEVER]:
        return frozenset()
    return frozenset(WEEKDAYS.index(one) + 1 if one in WEEKDAYS else 0 for one in told)


def lane_faults(one: Lane) -> Iterator[Fault]:
    """What is wrong with a lane."""
    if one.from_site_id == one.to_site_id:
        yield Fault("to_site", "another site", "the same", "A lane leads from one site to another.")
    if not 0 <= one.days <= LONGEST_DAYS:
        yield Fault("days", f"0 to {LONGEST_DAYS:g}", f"{one.days:g}", "Correct the number of days.")
    yield from amount_of_money_faults(one.cost_per_shipment, "cost_per_shipment")
    yield from amount_of_money_faults(one.cost_per_kg, "cost_per_kg")
    if not one.weekdays <= EVERY_DAY:
        wanted = f"{', '.join(WEEKDAYS)}, or {NEVER}"
        yield Fault("weekdays", wanted, "something else", "Write days such as mon,thu; leave it empty for every day.")
