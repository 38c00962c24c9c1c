"""What is said of an item at a site: when it may run out, what is at stake, what of it is too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

NEAR_DAYS = 7
"""So far ahead it is near, and scored when it is over."""
LEAST_RISK = 0.02
"""Below this nothing is said: most items are safe on most nights."""


@dataclass(frozen=True)
class Outlook:
    """One item at one site, as it was said at an instant; the columns of `stock_outlook`, where they are explained."""

    item_id: int
    site_id: int
    said_at: datetime
    first_day: date
    available: Decimal
    coming: Decimal
    out_by: list[float] | None
    out_on: list[float] | None
    out_day: date | None
    units_lost: float | None
    unit_cost: float | None
    unit_margin: float | None
    daily: float | None
    surplus: float
    surplus_coming: float
    wasted: float
    lots: list[dict[str, Any]]
    idle_days: int | None
    advice: list[dict[str, Any]]

    @property
    def near(self) -> float:
        """The probability of having run out within a week; 0 where nobody knows."""
        return self.out_by[NEAR_DAYS - 1] if self.out_by else 0.0

    @property
    def at_risk(self) -> bool:
        """Whether it is there and may run out."""
        return self.available > 0 and (self.near >= LEAST_RISK or self.out_day is not None)

    @property
    def margin_lost(self) -> float | None:
        """What is not earned if nobody does anything, in the tenant's currency; None: nobody knows."""
        if self.units_lost is None or self.unit_margin is None:
            return None
        return self.units_lost * self.unit_margin

    @property
    def last_day(self) -> date | None:
        """The last day that is looked at."""
        return self.first_day + timedelta(days=len(self.out_by) - 1) if self.out_by else None
