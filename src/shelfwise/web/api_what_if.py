"""REST: what if something were otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.demand.lift import Lift
from shelfwise.planning import service as planning
from shelfwise.planning.standing import Aim
from shelfwise.planning.whatif import Asked, Promotion, Side
from shelfwise.records import service as records
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Exact, Shown
from shelfwise.web.api_stock import SiteCode, site_of
from shelfwise.web.visits import Visitor

router = APIRouter()
Times = Annotated[float, Query(gt=0, le=10)]


class SideOut(Shown):
    """How it is, or would be, over the next 28 days. What orders are about is null where nobody sells the item to us.

    `service_level`: what is promised; `aim`: of what that is the share, of cycles without a stockout or of what is
    wanted (fill); with cost nothing is promised. `daily`: quantiles 0.1, 0.5 and 0.9 of each day. `runs_out`: before an
    order placed now could arrive; `runs_out_with`: with the order, before that of the next review could. `quantity` 0:
    nothing would be ordered.
    """

    service_level: float
    aim: Aim
    expected: float
    daily: dict[str, list[float]]
    lead_days: float | None
    runs_out: float | None
    runs_out_with: float | None
    reorder_point: float | None
    order_up_to: float | None
    quantity: Exact | None
    cost: Exact | None
    currency: str
    supplier: str
    average_stock: float | None
    yearly_cost: float | None


class LiftOut(Shown):
    """How many times as much a promotion was taken to sell; `events` 0: by the word of who asks."""

    factor: float
    low: float
    high: float
    events: int


class WhatIfOut(BaseModel):
    """Both sides, on the same chances. `lift` is null where no promotion was asked about."""

    sku: str
    site: str
    first_day: date
    now: SideOut
    then: SideOut
    lift: LiftOut | None

    @classmethod
    def of(cls, sku: str, site: str, first_day: date, now: Side, then: Side, lift: Lift | None) -> Self:
        return cls(
            sku=sku, site=site, first_day=first_day, now=SideOut.model_validate(now), then=SideOut.model_validate(then),
            lift=None if lift is None else LiftOut.model_validate(lift),
        )  # fmt: skip


@router.get("/items/{sku:path}/what-if", tags=["demand"], responses=errors(404))
def what_if(
    visit: Visitor,
    sku: Annotated[str, Path(max_length=200)],
    site: SiteCode = None,
    demand: Annotated[Times, Query(description="It sells so many times as much on all days")] = 1.0,
    lead_time: Annotated[Times, Query(description="Deliveries take so many times as long")] = 1.0,
    service_level: Annotated[float | None, Query(ge=0.5, le=0.999, description="In what share it is there")] = None,
    first: Annotated[date | None, Query(description="First day of a promotion")] = None,
    last: Annotated[date | None, Query(description="Its last day")] = None,
    kind: Annotated[str, Query(max_length=20, description="price, feature, display or other")] = "price",
    discount_percent: Annotated[Decimal | None, Query(ge=0, le=100)] = None,
    lift: Annotated[
        float | None, Query(gt=0, le=10, description="It sells so many times as much; left out: as past ones did")
    ] = None,
    on_hand: Annotated[Decimal | None, Query(ge=0, description="So much lies there")] = None,
    late_days: Annotated[int, Query(ge=0, le=365, description="What is on order comes so many days later")] = 0,
    supplier: Annotated[str | None, Query(max_length=200, description="Code of the only one it is bought of")] = None,
    unit_cost: Annotated[Times, Query(description="It costs so many times as much")] = 1.0,
    pack_size: Annotated[Decimal | None, Query(gt=0)] = None,
    minimum_order: Annotated[Decimal | None, Query(ge=0)] = None,
    review_days: Annotated[int | None, Query(ge=1, le=90, description="It is looked at every so many days")] = None,
    holding_rate: Annotated[float | None, Query(ge=0, le=10, description="A year's stock costs this share")] = None,
    ordering_cost: Annotated[float | None, Query(ge=0, le=1e6, description="An order costs so much")] = None,
    longest_cover_days: Annotated[int | None, Query(ge=1, le=730, description="An order lasts no longer")] = None,
) -> WhatIfOut:
    """What would be wanted and ordered if something were otherwise, beside how it is. Nothing is changed."""
    if (first is None) is not (last is None):
        raise Invalid(Fault("last", "both days of a promotion", "one of them", "Give both."))
    promotion = None if first is None or last is None else Promotion(first, last, kind, discount_percent, lift)
    with visit.context() as ctx:
        here, item = site_of(ctx, site), records.item_by_sku(ctx, sku)
        sold_by = None if supplier is None else records.supplier_ids(ctx, [supplier]).get(supplier)
        if supplier is not None and sold_by is None:
            raise NotFound("supplier", supplier)
        asked = Asked(
            demand, lead_time, service_level, promotion, on_hand, late_days, sold_by, unit_cost, pack_size,
            minimum_order, review_days, holding_rate, ordering_cost, longest_cover_days,
        )  # fmt: skip
        found = planning.what_if(ctx, here.site_id, item.item_id, asked)
        if found is None:
            raise NotFound("forecast of", sku)
        return WhatIfOut.of(item.sku, here.code, found.first_day, found.now, found.then, found.lift)
