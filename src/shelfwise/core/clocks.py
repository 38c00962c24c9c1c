"""Two clocks: wall time for sessions, leases and timeouts; business time for everything a warehouse does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class BusinessTime:
    """How business time runs: at `wall_anchor` it was `business_anchor`, and it runs `rate` times as fast.

    Rate 1 with equal anchors is live; a demo runs faster; 0 stands still, as tests want it.
    """

    wall_anchor: datetime
    business_anchor: datetime
    rate: float = 1.0

    def at(self, wall: datetime) -> datetime:
        """The business instant that corresponds to the wall instant."""
        return self.business_anchor + (wall - self.wall_anchor) * self.rate


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day at a site when it is `instant` everywhere."""
    return instant.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the calendar day begins at a site."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the calendar day ends at a site (the next one begins)."""
    return day_start(day + timedelta(days=1), zone)
