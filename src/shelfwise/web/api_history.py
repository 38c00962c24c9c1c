"""REST: what a device said, reading by reading, and summed for charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from shelfwise.access.context import Context
from shelfwise.edge.history import service as history
from shelfwise.edge.history.model import MOST_POINTS
from shelfwise.edge.model import LONGEST_NAME
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Shown
from shelfwise.web.visits import Visitor

router = APIRouter()
Device = Annotated[str, Path(max_length=LONGEST_NAME)]
Kind = Annotated[str, Query(max_length=32, description="temperature, humidity, weight, battery, tag, scan or position")]
Since = Annotated[AwareDatetime | None, Query(description="Left out: a day before `until`")]
Until = Annotated[AwareDatetime | None, Query(description="Left out: now, in business time")]
Before = Annotated[AwareDatetime | None, Query(description="With `before_key`: those of the last reading you got")]
Key = Annotated[int, Query(ge=-(2**63), lt=2**63)]


class ReadingOut(Shown):
    """One thing a device said. `value` is in the kind's unit, as it said it; `key` tells apart what has one time.

    `counts_as` is the value without what the device was known to be off by then.
    """

    observed_at: datetime
    received_at: datetime
    value: float | None
    counts_as: float | None
    detail: dict[str, Any] | None
    key: int


class PointOut(Shown):
    """What a device said in one stretch of time, from `at` on; values in the kind's unit, null where there is none.

    What the device was known to be off by is allowed for.
    """

    at: datetime
    readings: int
    measured: int
    low: float | None
    mean: float | None
    high: float | None
    last: float | None
    last_at: datetime


class HistoryOut(Shown):
    """A device's history; `step_s` is the length of a stretch. Where nothing was heard there is no point."""

    device: str
    kind: str
    since: datetime
    until: datetime
    step_s: float
    points: list[PointOut]


@router.get("/devices/{device}/readings", tags=["devices"], responses=errors(404))
def device_readings(
    visit: Visitor,
    device: Device,
    kind: Kind,
    since: Since = None,
    until: Until = None,
    before: Before = None,
    before_key: Key = 0,
    limit: Annotated[int, Query(ge=1, le=history.MOST_RAW)] = 100,
) -> list[ReadingOut]:
    """What a device said of one kind, reading by reading, newest first, however long ago it is."""
    with visit.context() as ctx:
        first, last = _between(ctx, since, until)
        place = None if before is None else (before, before_key)
        found = history.raw_readings(ctx, device, kind, first, last, place, limit)
        return [ReadingOut.model_validate(one) for one in found]


@router.get("/devices/{device}/history", tags=["devices"], responses=errors(404))
def device_history(
    visit: Visitor,
    device: Device,
    kind: Kind,
    since: Since = None,
    until: Until = None,
    points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 300,
) -> HistoryOut:
    """What a device said of one kind, summed into at most about so many stretches of time, oldest first."""
    with visit.context() as ctx:
        first, last = _between(ctx, since, until)
        found = history.readings(ctx, device, kind, first, last, points)
        return HistoryOut(
            device=found.device, kind=found.kind, since=found.since, until=found.until,
            step_s=found.step.total_seconds(), points=[PointOut.model_validate(one) for one in found.points],
        )  # fmt: skip


def _between(ctx: Context, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    # What is told of this very moment is part of it.
    last = until or ctx.now + timedelta(microseconds=1)
    return since or last - timedelta(days=1), last
