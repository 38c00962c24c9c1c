"""REST: figures from outside, as they are known and as they were."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.demand.outside import feeds, refreshing
from shelfwise.demand.outside import service as outside
from shelfwise.demand.outside.model import (
    LARGEST,
    LONGEST_LAG,
    LONGEST_NAME,
    LONGEST_UNIT,
    Kind,
    NewSeries,
    Series,
    Told,
)
from shelfwise.demand.outside.service import Taken
from shelfwise.demand.panel import Frequency
from shelfwise.records import service as records
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Shown
from shelfwise.web.api_model import Told as Sent
from shelfwise.web.outside import reachable
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]


class SeriesIn(Sent):
    """A series. `site` left out: of the whole company. `ahead`: each value is told before its day.

    `lag_days`: how many days after its period a value is usually published; it dates the history.
    """

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    site: Annotated[str, Field(max_length=64)] | None = None
    unit: Annotated[str, Field(max_length=LONGEST_UNIT)] = ""
    frequency: Literal["day", "week", "month"] = "day"
    kind: Literal["weather", "economy", "event", "other"] = "other"
    ahead: bool = False
    lag_days: Annotated[int, Field(ge=0, le=LONGEST_LAG)] = 0


class FeedOut(Shown):
    """How fetching it fares; times of the wall clock. `trouble`: what went wrong at the last attempt."""

    host: str
    tried_at: datetime | None
    succeeded_at: datetime | None
    next_at: datetime
    trouble: str | None


class SeriesOut(BaseModel):
    """A series. `followed_since`: when its first value was told. `feed` is null where it is not fetched."""

    series_id: int
    name: str
    site: str | None
    unit: str
    frequency: str
    kind: str
    ahead: bool
    lag_days: int
    active: bool
    followed_since: datetime | None
    feed: FeedOut | None

    @classmethod
    def of(cls, ctx: Context, one: Series) -> Self:
        feed = feeds.feed(ctx, one.series_id)
        return cls(
            series_id=one.series_id, name=one.name,
            site=None if one.site_id is None else records.site_by_id(ctx, one.site_id).code, unit=one.unit,
            frequency=one.frequency, kind=one.kind, ahead=one.ahead, lag_days=one.lag_days, active=one.active,
            followed_since=one.followed_since, feed=None if feed is None else FeedOut.model_validate(feed),
        )  # fmt: skip


class ValueIn(Sent):
    """The value of the period in which `day` lies; null withdraws it. `known_at`: when it was published."""

    day: Annotated[date, Field(ge=date(1990, 1, 1))]
    value: Annotated[float, Field(ge=-LARGEST, le=LARGEST)] | None
    known_at: AwareDatetime | None = None


class ValuesIn(Sent):
    """Values, at most one for each period and time: all of them are taken in, or none."""

    values: Annotated[list[ValueIn], Field(min_length=1, max_length=10_000)]


class ValueOut(Shown):
    """What was told of the period that begins on `period`: it counts from `known_at` on, until a later row does.

    `told_at`: when it was told. `value` is null where it was withdrawn.
    """

    period: date
    value: float | None
    known_at: datetime
    told_at: datetime


class TakenOut(Shown):
    """How many values were new, how many revised another one, and how many said what was known."""

    new: int
    revised: int
    same: int


@router.get("/outside", tags=["outside"], responses=errors())
def series(visit: Visitor) -> list[SeriesOut]:
    """Series by name, stopped ones too."""
    with visit.context() as ctx:
        return [SeriesOut.of(ctx, one) for one in outside.series(ctx)]


@router.get("/outside/{series_id}", tags=["outside"], responses=errors(404))
def one_series(visit: Visitor, series_id: Which) -> SeriesOut:
    """One series."""
    with visit.context() as ctx:
        return SeriesOut.of(ctx, outside.one_series(ctx, series_id))


@router.post("/outside", tags=["outside"], responses=errors(404))
def add(visit: Visitor, told: SeriesIn) -> SeriesOut:
    """Say that there is a series; its values are told afterwards."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        return SeriesOut.of(ctx, outside.one_series(ctx, outside.add_series(ctx, _told(ctx, told))))


@router.post("/outside/{series_id}", tags=["outside"], responses=errors(404, 409))
def change(visit: Visitor, series_id: Which, told: SeriesIn) -> SeriesOut:
    """Change what a series is. Its site and its frequency stay once it has values."""
    with visit.context() as ctx:
        outside.require_change(ctx, series_id)
        return SeriesOut.of(ctx, outside.change_series(ctx, series_id, _told(ctx, told)))


@router.post("/outside/{series_id}/stop", tags=["outside"], responses=errors(404))
def stop(visit: Visitor, series_id: Which) -> SeriesOut:
    """Forecasts see it no more, and nothing is fetched. What is known stays."""
    with visit.context() as ctx:
        return SeriesOut.of(ctx, outside.stop_series(ctx, series_id))


@router.post("/outside/{series_id}/resume", tags=["outside"], responses=errors(404))
def resume(visit: Visitor, series_id: Which) -> SeriesOut:
    """It goes on."""
    with visit.context() as ctx:
        return SeriesOut.of(ctx, outside.resume_series(ctx, series_id))


@router.get("/outside/{series_id}/values", tags=["outside"], responses=errors(404))
def values(visit: Visitor, series_id: Which) -> list[ValueOut]:
    """All that was ever told of it, by period and then as it was told."""
    with visit.context() as ctx:
        return [ValueOut.model_validate(one) for one in outside.values_of(ctx, series_id)]


@router.post("/outside/{series_id}/values", tags=["outside"], responses=errors(404))
def tell(visit: Visitor, series_id: Which, told: ValuesIn) -> TakenOut:
    """Tell values. The same again does nothing; another value of a period is kept beside the one before."""
    with visit.context() as ctx:
        return _taken(outside.tell(ctx, series_id, [Told(one.day, one.value, one.known_at) for one in told.values]))


@router.post("/outside/{series_id}/refresh", tags=["outside"], responses=errors(404, 409))
def refresh(visit: Visitor, series_id: Which) -> TakenOut:
    """Fetch it now, and not when it is due."""
    return _taken(refreshing.refresh(visit.office, visit.actor, series_id, reachable(visit)))


def _taken(taken: Taken) -> TakenOut:
    return TakenOut.model_validate(taken)


def _told(ctx: Context, told: SeriesIn) -> NewSeries:
    site_id = None if told.site is None else records.site(ctx, told.site).site_id
    return NewSeries(
        told.name, site_id, told.unit, Frequency(told.frequency), Kind(told.kind), told.ahead, told.lag_days
    )
