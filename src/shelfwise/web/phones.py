"""How a phone comes to trust this house: the page that installs the authority, and the one that shows the way there."""

from __future__ import annotations

import plistlib
import re
import uuid
from typing import Any

from fastapi import APIRouter, Request, Response

from shelfwise.core.errors import NotFound
from shelfwise.https.authority import Authority
from shelfwise.https.model import host_of
from shelfwise.web import pages
from shelfwise.web.lan import Lan
from shelfwise.web.qr import picture
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
# The first that fits. iPads say they are Macs; their owners open the other heading.
_SYSTEMS = (
    ("iphone", re.compile("iPhone|iPad|iPod")),
    ("android", re.compile("Android")),
    ("firefox", re.compile("Firefox/")),
    ("windows", re.compile("Windows")),
    ("mac", re.compile("Macintosh")),
)


def lan_of(request: Request) -> Lan | None:
    lan: Lan | None = request.app.state.lan
    return lan


def system_of(agent: str) -> str:
    """Which steps fit the browser that asks: iphone, android, firefox, windows, mac or other."""
    return next((name for name, words in _SYSTEMS if words.search(agent)), "other")


def address_for_phones(request: Request) -> str:
    """Where another device reaches us: over HTTPS where we have it, else as the one who asks does."""
    lan = lan_of(request)
    if lan is None:
        return f"{request.url.scheme}://{request.headers.get('host', '')}"
    return lan.https(_host(request, lan))


def _host(request: Request, lan: Lan) -> str:
    reached = (request.scope.get("server") or ("",))[0]
    return lan.host(host_of(request.headers.get("host", "")), reached)


@router.get("/phone")
def install(request: Request) -> Response:
    """The steps that make this device trust the house; the one page that the network gets unencrypted."""
    return _open_page(request, "phone.html", system=system_of(request.headers.get("user-agent", "")))


@router.get("/phone/trusted")
def trusted(request: Request) -> Response:
    """Whoever sees this page over HTTPS without a warning is done; here the camera can be tried."""
    return _open_page(request, "phone_trusted.html")


def _open_page(request: Request, template: str, **values: Any) -> Response:
    lan = lan_of(request)
    return pages.respond(
        request,
        template,
        authority=lan.keeper.authority if lan is not None else None,
        https=address_for_phones(request) if lan is not None else None,
        encrypted=request.url.scheme == "https",
        **values,
    )


def _authority(request: Request) -> Authority:
    lan = lan_of(request)
    if lan is None or lan.keeper.authority is None:
        raise NotFound("certificate authority", "of this house")
    return lan.keeper.authority


@router.get("/phone/shelfwise.crt")
def certificate(request: Request) -> Response:
    """The authority's certificate, for everything but iPhones."""
    return _download(_authority(request).der, "application/x-x509-ca-cert", "shelfwise.crt")


@router.get("/phone/shelfwise.mobileconfig")
def profile(request: Request) -> Response:
    """The same as a profile, the only form in which an iPhone takes it."""
    return _download(_profile(_authority(request)), "application/x-apple-aspen-config", "shelfwise.mobileconfig")


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _profile(authority: Authority) -> bytes:
    # The same authority is the same profile, so that a second installation replaces the first.
    mark = uuid.uuid5(uuid.NAMESPACE_OID, authority.facts.fingerprint)
    certificate = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"shelfwise.authority.{mark}",
        "PayloadUUID": str(uuid.uuid5(mark, "certificate")),
        "PayloadDisplayName": authority.name,
        "PayloadContent": authority.der,
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"shelfwise.{mark}",
            "PayloadUUID": str(mark),
            "PayloadDisplayName": authority.name,
            "PayloadDescription": "Lets this device trust the Shelfwise of this house, and nothing else.",
            "PayloadContent": [certificate],
        }
    )


@router.get("/phones")
def connect(visit: Visitor) -> Response:
    """Connect a phone: a code to scan, and what the phone will show if nobody is in between."""
    lan = lan_of(visit.request)
    address = "" if lan is None else f"{lan.plain(_host(visit.request, lan))}/phone"
    with visit.context() as ctx:
        return pages.render(
            visit,
            ctx,
            "phones.html",
            lan=lan,
            address=address,
            https=address_for_phones(visit.request),
            code=picture(address, f"Leads to {address}") if address else None,
        )
