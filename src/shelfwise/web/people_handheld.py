"""The way in on a shared handheld: a badge is scanned and a PIN typed; and the code that makes a device one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from shelfwise.access import service as access
from shelfwise.core.errors import Unauthenticated
from shelfwise.web import pages
from shelfwise.web.visits import HANDHELD_COOKIE, caller_of, office_of, set_handheld, set_session

router = APIRouter(include_in_schema=False)


@router.get("/handheld")
def form(request: Request, next: str = "/") -> Response:
    return _page(request, pages.local_address(next))


def _page(request: Request, next: str, status: int = 200, fault: str = "", badge: str = "") -> Response:
    here = access.handheld_of(office_of(request), request.cookies.get(HANDHELD_COOKIE))
    template = "handheld.html" if here is not None else "handheld_enrol.html"
    return pages.respond(request, template, status, handheld=here, next=next, fault=fault, badge=badge)


@router.post("/handheld/enrol")
def enrol(request: Request, code: Annotated[str, Form(max_length=80)]) -> Response:
    """Make this device a handheld with a code from an admin."""
    try:
        token = access.enrol(office_of(request), code, caller_of(request))
    except Unauthenticated as error:
        return _page(request, "/", 401, str(error))
    response = pages.go("/handheld", "This device is a handheld now.")
    set_handheld(request, response, token)
    return response


@router.post("/handheld/sign-in")
def sign_in(
    request: Request,
    badge: Annotated[str, Form(max_length=200)],
    pin: Annotated[str, Form(max_length=40)],
    next: Annotated[str, Form()] = "/",
) -> Response:
    address, caller = pages.local_address(next), caller_of(request)
    token = request.cookies.get(HANDHELD_COOKIE)
    try:
        session = access.sign_in_with_badge(office_of(request), token, badge, pin.strip(), caller)
    except Unauthenticated as error:
        return _page(request, address, 401, str(error), badge)
    response = pages.go(address)
    set_session(request, response, session)
    return response
