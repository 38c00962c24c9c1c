"""REST: where devices stand and stood."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field

from shelfwise.access.model import Right
from shelfwise.edge import standing
from shelfwise.edge.standing import Spot, Way
from shelfwise.records import service as records
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Shown, Told
from shelfwise.web.visits import Visitor

router = APIRouter()
Name = Annotated[str, Path(max_length=128)]


class StandingOut(Shown):
    """A time in which a device (antenna 0) or an antenna of it stood somewhere.

    `from_at` is null for as long as anybody knows, `until_at` while it stands there.
    """

    device: str
    antenna: int
    from_at: datetime | None
    until_at: datetime | None
    where: str
    zone_id: int | None
    place_id: int | None
    shipment_id: int | None
    transfer_id: int | None
    sku: str | None
    tare_g: float | None
    exact_to_g: float | None
    way: str | None
    noted_at: datetime
    noted_by: str


class MoveDeviceIn(Told):
    """Where a device, or an antenna of a reader, stands from an instant on; without any place: nowhere."""

    antenna: Annotated[int, Field(ge=0, le=255)] = 0
    zone_id: Id | None = None
    place_id: Id | None = None
    shipment_id: Id | None = None
    transfer_id: Id | None = None
    sku: Annotated[str, Field(max_length=64)] | None = None
    tare_g: Annotated[float, Field(ge=0, le=1e9)] | None = None
    exact_to_g: Annotated[float, Field(gt=0, le=1e9)] | None = None
    way: Way | None = None
    at: AwareDatetime | None = None


@router.get("/devices/{device}/standings", tags=["devices"], responses=errors(404))
def standings(visit: Visitor, device: Name) -> list[StandingOut]:
    """Where a device and its antennas stand and stood, the newest first."""
    with visit.context() as ctx:
        return [StandingOut.model_validate(one) for one in standing.where_it_stood(ctx, device)]


@router.post("/devices/{device}/move", tags=["devices"], responses=errors(404))
def move(visit: Visitor, device: Name, told: MoveDeviceIn) -> list[StandingOut]:
    """It stands somewhere else, now or since an instant that is past; what it said before counts where it stood."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.MANAGE_DEVICES)
        item_id = None if told.sku is None else records.item_by_sku(ctx, told.sku).item_id
        to = Spot(**told.model_dump(exclude={"antenna", "sku", "at"}), item_id=item_id)
        standing.move_device(ctx, device, to, antenna=told.antenna, at=told.at)
        return [StandingOut.model_validate(one) for one in standing.where_it_stood(ctx, device)]
