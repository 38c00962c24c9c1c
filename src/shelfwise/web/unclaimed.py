"""Devices that nobody registered, the keys of sites, and who signed in with what: how strangers become ours."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid, Refused, ShelfwiseError
from shelfwise.edge import credentials, scopes, unclaimed
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.device_standing import places_to_stand, spot_told
from shelfwise.web.device_words import says_of
from shelfwise.web.devices import address_of_doors, refused
from shelfwise.web.families import FAMILIES
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]
HOME = "/devices/unclaimed"
_MEASURES = {"weight": "scale", "temperature": "thermometer", "humidity": "thermometer"}


@router.get("/devices/unclaimed")
def list_unclaimed(visit: Visitor) -> Response:
    with visit.context() as ctx:
        found = unclaimed.unclaimed(ctx)
        return pages.render(
            visit, ctx, "unclaimed.html",
            waiting=[one for one in found if one.state == "waiting"],
            ignored=[one for one in found if one.state == "ignored"],
            refusals=unclaimed.refusals(ctx), says=_says,
        )  # fmt: skip


def _says(one: unclaimed.Unclaimed) -> str:
    return "nothing that was kept" if one.kind is None else says_of(one.kind, one.value, one.detail)


@router.get("/devices/unclaimed/{unclaimed_device}")
def claim_page(visit: Visitor, unclaimed_device: str) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.MANAGE_DEVICES)
        return _form(visit, ctx, unclaimed_device)


def _form(
    visit: Visit, ctx: Context, device: str, values: dict[str, str] | None = None, error: ShelfwiseError | None = None
) -> Response:
    one = unclaimed.one_unclaimed(ctx, device)
    return pages.render(
        visit, ctx, "unclaimed_claim.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        one=one, says=_says(one), values={"name": "", "family": _likely(one), "stands": ""} | (values or {}),
        families=[family for family in FAMILIES if family.speaks_for == "self"], standings=places_to_stand(ctx),
        everywhere=ctx.sites(Right.MANAGE_DEVICES) is None, **refused(error),
    )  # fmt: skip


def _likely(one: unclaimed.Unclaimed) -> str:
    """The family that what it measures speaks for; ''."""
    return next((family for kind, family in _MEASURES.items() if kind in one.kinds), "")


@router.post("/devices/unclaimed/{unclaimed_device}")
def claim(visit: Visitor, unclaimed_device: str, name: Text = "", family: Text = "", stands: Text = "") -> Response:
    told = {"name": name, "family": family, "stands": stands}
    try:
        with visit.context() as ctx:
            spot = spot_told(stands)
            waited = unclaimed.claim(
                ctx, unclaimed_device, name=name.strip(), family=family, zone_id=spot.zone_id, place_id=spot.place_id
            )
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _form(visit, ctx, unclaimed_device, told, error)
    return pages.go(
        f"/devices/{pages.segment(unclaimed_device)}",
        f"{unclaimed_device} is yours. {waited} {'reading' if waited == 1 else 'readings'} that waited "
        f"{'counts' if waited == 1 else 'count'} now.",
    )


@router.post("/devices/unclaimed/{unclaimed_device}/ignore")
def ignore(visit: Visitor, unclaimed_device: str) -> Response:
    with visit.context() as ctx:
        unclaimed.ignore(ctx, unclaimed_device)
    return pages.go(HOME, f"{unclaimed_device} is ignored: what it says is counted and not kept.")


@router.post("/devices/unclaimed/{unclaimed_device}/listen")
def listen_again(visit: Visitor, unclaimed_device: str) -> Response:
    with visit.context() as ctx:
        unclaimed.listen_again(ctx, unclaimed_device)
    return pages.go(HOME, f"What {unclaimed_device} says from now on waits again.")


@router.get("/devices/site-keys")
def list_site_keys(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _site_keys(visit, ctx)


def _site_keys(
    visit: Visit, ctx: Context, error: ShelfwiseError | None = None, secret: str = "", name: str = ""
) -> Response:
    keys = scopes.site_keys(ctx)
    allowed = ctx.sites(Right.MANAGE_DEVICES)
    response = pages.render(
        visit, ctx, "site_keys.html", 200 if error is None else 422, keys=keys, secret=secret, name=name,
        sites=[site for site in records.sites(ctx) if allowed is None or site.site_id in allowed],
        at=address_of_doors(visit), **refused(error),
    )  # fmt: skip
    if secret:
        response.headers["cache-control"] = "no-store"
    return response


@router.post("/devices/site-keys")
def add_site_key(visit: Visitor, site: Annotated[int, Form()], name: Text = "") -> Response:
    """Make a key and show it, this once."""
    try:
        with visit.context() as ctx:
            secret = scopes.add_site_key(ctx, site, name)
            return _site_keys(visit, ctx, secret=secret, name=name.strip())
    except Invalid as error:
        with visit.context() as ctx:
            return _site_keys(visit, ctx, error)


@router.post("/devices/site-keys/{site_key}/revoke")
def revoke_site_key(visit: Visitor, site_key: int) -> Response:
    with visit.context() as ctx:
        scopes.revoke_site_key(ctx, site_key)
    return pages.go("/devices/site-keys", "The key is revoked: whoever signed in with it is out already.")


@router.get("/devices/credentials")
def list_credentials(visit: Visitor) -> Response:
    """Who signed in with what last, and who failed."""
    with visit.context() as ctx:
        names = {f"key:{key.site_key_id}": f"site key {key.name}" for key in scopes.site_keys(ctx)}
        return pages.render(visit, ctx, "credentials.html", found=credentials.sign_ins(ctx), names=names)
