"""Devices: what reports, from where, and when it last did; and how a new one is let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid, Refused, ShelfwiseError
from shelfwise.edge import devices
from shelfwise.edge.formats import FORMATS
from shelfwise.web import pages
from shelfwise.web.device_standing import places_to_stand, spot_told
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.waiting import DEVICES
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]
ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 (what a setting may say, not where we listen)


@dataclass(frozen=True)
class Doors:
    """Where devices reach us; an empty host, or one that means all of them: where the pages are reached."""

    host: str = ""
    mqtt_port: int = 1883
    http_port: int = 8081

    def host_for(self, asked: str) -> str:
        return asked if self.host in ANYWHERE else self.host


@dataclass(frozen=True)
class Family:
    """A family of devices, for whom it is, and what one of them says first."""

    name: str
    words: str
    topic: str
    message: str


FAMILIES = (
    Family("scale", "a scale under a bin", "weight", '{"kind": "weight", "value": 12.45, "unit": "kg"}'),
    Family(
        "thermometer", "a thermometer in a zone", "temperature", '{"kind": "temperature", "value": 4.5, "unit": "C"}'
    ),
    Family("gateway", "a gateway that speaks for others, such as a LoRaWAN server", "", ""),
)


@router.get("/devices")
def list_devices(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "devices.html", found=find(ctx, DEVICES, visit.request.query_params))


@router.get("/devices/new")
def new_device(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.MANAGE_DEVICES)
        return _form(visit, ctx)


def _form(
    visit: Visit, ctx: Context, values: dict[str, str] | None = None, error: ShelfwiseError | None = None
) -> Response:
    allowed = ctx.sites(Right.MANAGE_DEVICES)
    known = {"device": "", "name": "", "family": "scale", "format": "", "stands": ""} | (values or {})
    return pages.render(
        visit, ctx, "device_new.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        values=known, families=FAMILIES, formats=FORMATS.values(), everywhere=allowed is None,
        standings=places_to_stand(ctx),
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/devices/new")
def add_device(
    visit: Visitor, device: Text = "", name: Text = "", family: Text = "scale",
    form: Annotated[str, Form(alias="format", max_length=200)] = "", stands: Text = "",
) -> Response:  # fmt: skip
    """Register a device and show its secret, this once."""
    told = {"device": device, "name": name, "family": family, "format": form, "stands": stands}
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.MANAGE_DEVICES)
            spot = spot_told(stands)
            secret = devices.add_device(
                ctx, device.strip(), name=name.strip(), zone_id=spot.zone_id, place_id=spot.place_id,
                speaks_for="gateway" if family == "gateway" else "self", format=form or None,
            )  # fmt: skip
            return _secret(visit, ctx, device.strip(), secret, family)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _form(visit, ctx, told, error)


def _secret(visit: Visit, ctx: Context, device: str, secret: str, family: str = "scale") -> Response:
    doors: Doors = visit.request.app.state.doors
    return pages.render(
        visit, ctx, "device_secret.html", device=device, secret=secret, doors=doors,
        host=doors.host_for(visit.request.url.hostname or "127.0.0.1"), formats=sorted(FORMATS),
        family=next((one for one in FAMILIES if one.name == family), FAMILIES[0]),
    )  # fmt: skip


@router.post("/devices/{device}/secret")
def renew_secret(visit: Visitor, device: str) -> Response:
    """A new secret, shown this once; the old one is refused from now on."""
    with visit.context() as ctx:
        secret = devices.renew_secret(ctx, device)
        return _secret(visit, ctx, device, secret)


@router.post("/devices/{device}/active")
def set_active(visit: Visitor, device: str, active: Annotated[bool, Form()]) -> Response:
    with visit.context() as ctx:
        devices.set_active(ctx, device, active)
    return pages.go("/devices", f"{device} is {'let in again' if active else 'shut out'}.")
