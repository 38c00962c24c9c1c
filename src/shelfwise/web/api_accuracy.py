"""REST: how far off forecasts were, and what people set in their place."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel

from shelfwise.demand.accuracy import service as accuracy
from shelfwise.demand.accuracy.summing import Judgement
from shelfwise.demand.overrides import service as overrides
from shelfwise.records import service as records
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Name, Shown, Told
from shelfwise.web.api_stock import SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()


class ScoresOut(BaseModel):
    """Shares of what came; null where nothing is known. See the glossary for each.

    `value_added`: how much smaller the error (`wape`) is than that of the moving average of the same evenings.
    `coverage`, `coverage_7_days`, `coverage_28_days`: of days and of totals inside the range told; 0.8 is wanted.
    """

    days: int
    wape: float | None
    bias: float | None
    rmsse: float | None
    pinball: float | None
    coverage: float | None
    coverage_7_days: float | None
    coverage_28_days: float | None
    average_wape: float | None
    average_rmsse: float | None
    value_added: float | None

    @classmethod
    def of(cls, one: Judgement) -> Self:
        it = one.scores
        return cls(
            days=it.periods, wape=it.wape, bias=it.bias, rmsse=it.rmsse, pinball=it.pinball, coverage=it.coverage,
            coverage_7_days=one.total_coverage[0], coverage_28_days=one.total_coverage[1],
            average_wape=one.average_wape, average_rmsse=one.average_rmsse, value_added=one.value_added,
        )  # fmt: skip


class ItemScoresOut(BaseModel):
    """How the forecasts of an item did."""

    sku: str
    segment: str
    scores: ScoresOut


class AccuracyOut(BaseModel):
    """How the forecasts of the latest eight weeks did: of all, by half of the days ahead, by kind of demand.

    `first` and `last` are null, and the rest is empty, where no forecast is over yet.
    """

    site: str
    first: date | None = None
    last: date | None = None
    whole: ScoresOut | None = None
    days_1_to_14: ScoresOut | None = None
    days_15_to_28: ScoresOut | None = None
    segments: dict[str, ScoresOut] = {}
    worst: list[ItemScoresOut] = []


@router.get("/accuracy", tags=["demand"], responses=errors(404))
def how_forecasts_did(visit: Visitor, site: SiteCode = None) -> AccuracyOut:
    """How far off the forecasts of a site were, and whether they were nearer than a moving average."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        found = accuracy.accuracy(ctx, here.site_id)
        if found is None:
            return AccuracyOut(site=here.code)
        first_half, second_half = (ScoresOut.of(one) for one in found.halves)
        return AccuracyOut(
            site=here.code, first=found.first, last=found.last, whole=ScoresOut.of(found.whole),
            days_1_to_14=first_half, days_15_to_28=second_half,
            segments={segment: ScoresOut.of(one) for segment, _, one in found.segments},
            worst=[
                ItemScoresOut(sku=one.sku, segment=one.segment, scores=ScoresOut.of(one.judgement))
                for one in found.worst
            ],
        )  # fmt: skip


class OverrideOut(Shown):
    """What a person set in the forecast's place: a quantity for all days together, or a change of what it says.

    `model_absolute` and `person_absolute`: how far off the totals of the model and of the change were, once it is over.
    """

    override_id: int
    sku: str
    first_day: date
    last_day: date
    quantity: Decimal | None
    change: Decimal | None
    reason: str
    set_by: str
    set_at: datetime
    taken_back_by: str | None
    taken_back_at: datetime | None
    scored_days: int | None
    came: float | None
    model_absolute: float | None
    person_absolute: float | None


class OverrideIn(Told):
    """Either `quantity`, for all days together, or `change`, where 0.2 is a fifth more than is forecast."""

    first_day: date
    last_day: date
    quantity: Decimal | None = None
    change: Decimal | None = None
    reason: Name


@router.get("/overrides", tags=["demand"], responses=errors(404))
def what_people_set(visit: Visitor, site: SiteCode = None) -> list[OverrideOut]:
    """What people set in the forecast's place at a site, newest first, at most 200."""
    with visit.context() as ctx:
        found = overrides.overrides(ctx, site_of(ctx, site).site_id)
        return [OverrideOut.model_validate(one) for one in found]


@router.post("/items/{sku}/overrides", tags=["demand"], responses=errors(404, 409))
def set_override(
    visit: Visitor, sku: Annotated[str, Path(max_length=200)], told: OverrideIn, site: SiteCode = None
) -> OverrideOut:
    """Set another quantity for some days, with a reason: planning goes by it, and the forecast stays beside it."""
    with visit.context() as ctx:
        here, found = site_of(ctx, site), records.item_by_sku(ctx, sku)
        made = overrides.set_override(ctx, found.item_id, here.site_id, **told.model_dump())
        return next(
            OverrideOut.model_validate(one)
            for one in overrides.overrides(ctx, here.site_id, found.item_id)
            if one.override_id == made
        )


@router.post("/overrides/{override_id}/take-back", tags=["demand"], responses=errors(404))
def take_back_override(visit: Visitor, override_id: Annotated[Id, Path()]) -> OverrideOut:
    """Planning goes by the forecast again. One that is over or taken back stays as it is."""
    with visit.context() as ctx:
        return OverrideOut.model_validate(overrides.take_back_override(ctx, override_id))
