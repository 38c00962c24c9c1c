"""Devices: what reports, from where, and when it last did; and how a new one is let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid, Refused, ShelfwiseError
from shelfwise.edge import credentials, devices, quarantine
from shelfwise.edge.formats import FORMATS
from shelfwise.web import pages
from shelfwise.web.device_standing import places_to_stand, spot_told
from shelfwise.web.device_words import last_heard, says
from shelfwise.web.families import FAMILIES, Address, code, family_of, snippets
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.waiting import DEVICES
from shelfwise.web.qr import picture
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]
ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 (what a setting may say, not where we listen)


@dataclass(frozen=True)
class Doors:
    """Where devices reach us; an empty host, or one that means all of them: where the pages are reached.

    Attributes:
        mqtt_tls_port, http_tls_port: of the doors by TLS; None where these are not open.
    """

    host: str = ""
    mqtt_port: int = 1883
    http_port: int = 8081
    mqtt_tls_port: int | None = None
    http_tls_port: int | None = None

    def address(self, asked: str) -> Address:
        """For devices, by the host name at which somebody asks for the pages."""
        host = asked if self.host in ANYWHERE else self.host
        return Address(host, self.mqtt_port, self.http_port, self.mqtt_tls_port, self.http_tls_port)


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
        standings=places_to_stand(ctx), **refused(error),
    )  # fmt: skip


def refused(error: ShelfwiseError | None) -> dict[str, Any]:
    """What a form says of what was not taken."""
    return {
        "faults": error.faults if isinstance(error, Invalid) else (),
        "fault": "" if error is None or isinstance(error, Invalid) else str(error),
    }


@router.post("/devices/new")
def add_device(
    visit: Visitor, device: Text = "", name: Text = "", family: Text = "scale",
    form: Annotated[str, Form(alias="format", max_length=200)] = "", stands: Text = "",
) -> Response:  # fmt: skip
    """Register a device and show its secret, this once."""
    told = {"device": device, "name": name, "family": family, "format": form, "stands": stands}
    chosen = family_of(family)
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.MANAGE_DEVICES)
            spot = spot_told(stands)
            secret = devices.add_device(
                ctx, device.strip(), name=name.strip(), zone_id=spot.zone_id, place_id=spot.place_id,
                speaks_for=chosen.speaks_for, family=chosen.name, format=form or chosen.format,
            )  # fmt: skip
            return secret_page(visit, ctx, device.strip(), secret, chosen.name)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _form(visit, ctx, told, error)


def secret_page(visit: Visit, ctx: Context, device: str, secret: str, family: str) -> Response:
    """The page that shows a secret, this once, and how the device is told to report."""
    at = address_of_doors(visit)
    chosen = family_of(family)
    response = pages.render(
        visit, ctx, "device_secret.html", device=device, secret=secret, at=at, formats=sorted(FORMATS), family=chosen,
        snippets=snippets(chosen, at, device, secret),
        picture=picture(code(at, device, secret), f"The sign-in of {device}"),
    )  # fmt: skip
    response.headers["cache-control"] = "no-store"
    return response


def address_of_doors(visit: Visit) -> Address:
    doors: Doors = visit.request.app.state.doors
    return doors.address(visit.request.url.hostname or "127.0.0.1")


@router.get("/devices/{device}/first")
def first_word(visit: Visitor, device: str) -> Response:
    """Whether a new device has spoken, what became of that, or why it did not get in."""
    with visit.context() as ctx:
        states = [state for state in devices.states_of_device(ctx, device) if state.kind is not None]
        tried = credentials.sign_in_of(ctx, device)
        return pages.render(
            visit, ctx, "device_first.html", device=device, last=[says(state) for state in states],
            heard=last_heard(states),
            wrong=next((one for one in quarantine.waiting(ctx) if one.device == device), None),
            refused=tried if tried is not None and tried.failed else None,
            signed_in=tried if tried is not None and tried.at is not None else None,
        )  # fmt: skip


@router.post("/devices/{device}/secret")
def renew_secret(visit: Visitor, device: str, overlap: Annotated[int, Form(ge=0, le=10_080)] = 0) -> Response:
    """A new secret, shown this once; the old one is refused after so many minutes."""
    with visit.context() as ctx:
        secret = devices.renew_secret(ctx, device, timedelta(minutes=overlap))
        return secret_page(visit, ctx, device, secret, devices.device_facts(ctx, device).family)


@router.post("/devices/{device}/active")
def set_active(visit: Visitor, device: str, active: Annotated[bool, Form()]) -> Response:
    with visit.context() as ctx:
        devices.set_active(ctx, device, active)
    return pages.go("/devices", f"{device} is {'let in again' if active else 'shut out'}.")


@router.post("/devices/{device}/format")
def set_format(
    visit: Visitor, device: str, form: Annotated[str, Form(alias="format", max_length=200)] = ""
) -> Response:
    """Say what a device speaks wherever it publishes; empty: its topics say."""
    with visit.context() as ctx:
        devices.set_format(ctx, device, form or None)
    said = f"{device} speaks {FORMATS[form].label}." if form else f"The topics of {device} say what it speaks."
    return pages.go(f"/devices/{pages.segment(device)}", said)
