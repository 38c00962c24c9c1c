"""REST: the clock, places, stock, items, devices and the quarantine."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Path, Query

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.demand import service as demand
from shelfwise.edge import devices, quarantine
from shelfwise.edge.health import service as health
from shelfwise.edge.quarantine import Quarantined
from shelfwise.records import service as records
from shelfwise.records.model import Site
from shelfwise.stock import service as stock
from shelfwise.store.database import notify
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import (
    ClockOut,
    DeviceOut,
    ForecastOut,
    Id,
    PlaceOut,
    QuarantinedOut,
    ReplayedOut,
    ReplayIn,
    StockOut,
)
from shelfwise.web.visits import Visitor

router = APIRouter()
SiteCode = Annotated[str | None, Query(max_length=64, description="A site's code; the first site where it is left out")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


def site_of(ctx: Context, code: str | None) -> Site:
    """The site named, or the first.

    Raises:
        NotFound: there is none.
    """
    if code is not None:
        return records.site(ctx, code)
    sites = records.sites(ctx)
    if not sites:
        raise NotFound("site", "(first)")
    return sites[0]


@router.get("/clock", tags=["clock"], responses=errors())
def clock(visit: Visitor) -> ClockOut:
    """What time it is for the business."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        return ClockOut(now=ctx.now, rate=business_time(ctx.tx, ctx.tenant).rate)


@router.get("/places", tags=["stock"], responses=errors(404))
def places(visit: Visitor, site: SiteCode = None) -> list[PlaceOut]:
    """The bins and docks of a site and what lies there."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        doubted = {device for device, kind in health.in_doubt(ctx) if kind == "weight"}
        return [
            PlaceOut.model_validate({**vars(one), "doubted": one.scale in doubted})
            for one in stock.bins(ctx, here.site_id)
        ]


@router.get("/stock", tags=["stock"], responses=errors(404))
def stock_list(
    visit: Visitor,
    site: SiteCode = None,
    search: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 200,
    offset: Offset = 0,
) -> list[StockOut]:
    """Items of a site: on hand, reserved, available and on order, by SKU."""
    with visit.context() as ctx:
        here = site_of(ctx, site)
        return [StockOut.model_validate(one) for one in stock.stock_list(ctx, here.site_id, search, limit, offset)]


@router.get("/items/{sku:path}/forecast", tags=["demand"], responses=errors(404))
def item_forecast(visit: Visitor, sku: Annotated[str, Path(max_length=200)], site: SiteCode = None) -> ForecastOut:
    """The newest forecast of an item at a site."""
    with visit.context() as ctx:
        found, here = records.item_by_sku(ctx, sku), site_of(ctx, site)
        latest = demand.latest(ctx, here.site_id, found.item_id)
        if latest is None:
            raise NotFound("forecast of", sku)
        return ForecastOut(
            forecast_id=latest.forecast_id,
            sku=found.sku,
            site=here.code,
            origin=latest.origin,
            first_day=latest.first_day,
            horizon=latest.horizon,
            model=latest.model,
            made_at=latest.made_at,
            summary=latest.summary,
        )


@router.get("/devices", tags=["devices"], responses=errors())
def device_list(visit: Visitor) -> list[DeviceOut]:
    """Every device with the newest it said."""
    with visit.context() as ctx:
        return [DeviceOut.model_validate(one) for one in devices.device_states(ctx)]


def _shown(message: Quarantined) -> QuarantinedOut:
    return QuarantinedOut(
        quarantine_id=message.quarantine_id,
        door=message.door,
        device=message.device,
        topic=message.topic,
        format=message.format,
        received_at=message.received_at,
        payload_base64=base64.b64encode(message.payload).decode(),
        reason=message.reason,
        seen=message.seen,
        state=message.state,
    )


@router.get("/quarantine", tags=["devices"], responses=errors())
def waiting(visit: Visitor, limit: Limit = 200) -> list[QuarantinedOut]:
    """Messages that could not be understood and wait for a decision, newest first."""
    with visit.context() as ctx:
        return [_shown(one) for one in quarantine.waiting(ctx, limit)]


@router.post("/quarantine/{quarantine_id}/replay", tags=["devices"], responses=errors(404, 409))
def replay(visit: Visitor, quarantine_id: Annotated[Id, Path()], told: ReplayIn) -> ReplayedOut:
    """Take a message in after all, as it came or corrected."""
    payload = None
    if told.payload_base64 is not None:
        try:
            payload = base64.b64decode(told.payload_base64, validate=True)
        except (binascii.Error, ValueError) as error:
            fault = Fault("payload_base64", "base64", shorten(told.payload_base64), "Encode the bytes as base64.")
            raise Invalid(fault) from error
    with visit.context() as ctx:
        new = quarantine.replay(ctx, quarantine_id, payload)
        notify(ctx.tx, "live", "quarantine")
        return ReplayedOut(new_readings=new)


@router.post("/quarantine/{quarantine_id}/drop", tags=["devices"], responses=errors(404, 409))
def drop(visit: Visitor, quarantine_id: Annotated[Id, Path()]) -> QuarantinedOut:
    """Decide that a message is not needed."""
    with visit.context() as ctx:
        quarantine.drop(ctx, quarantine_id)
        notify(ctx.tx, "live", "quarantine")
        return _shown(quarantine.get(ctx, quarantine_id))
