"""REST: devices are registered, many at once; what nobody registered is claimed or ignored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from shelfwise.edge import devices, unclaimed
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Shown, Told
from shelfwise.web.families import family_of
from shelfwise.web.visits import Visitor

router = APIRouter()
Name = Annotated[str, Path(max_length=128)]
Words = Annotated[str, Field(max_length=512)]


class NewDeviceIn(Told):
    """A device; `family` as on the page, such as scale or lorawan; `format` only where it differs from the family's."""

    device: Annotated[str, Field(max_length=128)]
    name: Words = ""
    description: Words = ""
    family: Annotated[str, Field(max_length=40)] = ""
    format: Annotated[str, Field(max_length=40)] | None = None
    gateway: bool | None = None
    zone_id: Id | None = None
    place_id: Id | None = None


class NewDevicesIn(Told):
    devices: Annotated[list[NewDeviceIn], Field(min_length=1, max_length=500)]


class SecretOut(Shown):
    """The secret of a device, told this once."""

    device: str
    secret: str


class RenewIn(Told):
    """For how long the secret before stays good."""

    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0


class UnclaimedOut(Shown):
    device: str
    behind: str
    state: str
    first_at: datetime
    last_at: datetime
    kinds: list[str]
    kept: int
    passed_over: int
    kind: str | None
    value: float | None
    detail: dict[str, Any] | None


class ClaimIn(Told):
    name: Words = ""
    family: Annotated[str, Field(max_length=40)] = ""
    zone_id: Id | None = None
    place_id: Id | None = None


class ClaimedOut(Shown):
    device: str
    readings: int


@router.post("/devices", tags=["devices"], responses=errors(409))
def add_devices(visit: Visitor, told: NewDevicesIn) -> list[SecretOut]:
    """Register up to 500 devices: all of them or none. Each secret is told this once."""
    with visit.context() as ctx:
        made = []
        for one in told.devices:
            family = family_of(one.family)
            gateway = family.speaks_for == "gateway" if one.gateway is None else one.gateway
            secret = devices.add_device(
                ctx, one.device, name=one.name, description=one.description, family=one.family, zone_id=one.zone_id,
                place_id=one.place_id, speaks_for="gateway" if gateway else "self",
                format=one.format or (family.format if one.family else None), provenance="imported",
            )  # fmt: skip
            made.append(SecretOut(device=one.device, secret=secret))
        return made


@router.post("/devices/{device}/secret", tags=["devices"], responses=errors(404))
def renew_secret(visit: Visitor, device: Name, told: RenewIn) -> SecretOut:
    """A new secret, told this once."""
    with visit.context() as ctx:
        secret = devices.renew_secret(ctx, device, timedelta(minutes=told.overlap_minutes))
        return SecretOut(device=device, secret=secret)


@router.get("/devices/unclaimed", tags=["devices"], responses=errors())
def list_unclaimed(visit: Visitor) -> list[UnclaimedOut]:
    """Devices that nobody registered, with the newest each said."""
    with visit.context() as ctx:
        return [UnclaimedOut.model_validate(one) for one in unclaimed.unclaimed(ctx)]


@router.post("/devices/unclaimed/{unclaimed_device}/claim", tags=["devices"], responses=errors(404, 409))
def claim(visit: Visitor, unclaimed_device: Name, told: ClaimIn) -> ClaimedOut:
    """Register a device that waits; all that it said becomes readings."""
    with visit.context() as ctx:
        waited = unclaimed.claim(
            ctx, unclaimed_device, name=told.name, family=told.family, zone_id=told.zone_id, place_id=told.place_id
        )
        return ClaimedOut(device=unclaimed_device, readings=waited)


@router.post("/devices/unclaimed/{unclaimed_device}/ignore", tags=["devices"], responses=errors(404, 409))
def ignore(visit: Visitor, unclaimed_device: Name) -> UnclaimedOut:
    """Keep nothing of it any more."""
    with visit.context() as ctx:
        unclaimed.ignore(ctx, unclaimed_device)
        return UnclaimedOut.model_validate(unclaimed.one_unclaimed(ctx, unclaimed_device))
