"""The way in and out, and the choice of light or dark."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from shelfwise.access import service as access
from shelfwise.core.errors import Invalid, Unauthenticated
from shelfwise.web import pages
from shelfwise.web.visits import (
    HANDHELD_COOKIE,
    SESSION_COOKIE,
    THEME_COOKIE,
    caller_of,
    office_of,
    set_session,
)

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def form(request: Request, next: str = "/", by: str = "") -> Response:
    """The form; on a handheld the badge comes first, unless somebody asks for the password."""
    address = pages.local_address(next)
    if by != "password" and access.handheld_of(office_of(request), request.cookies.get(HANDHELD_COOKIE)):
        return pages.go(f"/handheld?next={pages.segment(address)}")
    return pages.respond(request, "sign_in.html", next=address, fault=None, login="")


@router.post("/sign-in")
def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form()] = "/",
) -> Response:
    address, caller = pages.local_address(next), caller_of(request)
    try:
        token = access.sign_in(office_of(request), login.strip(), password, caller)
    except Unauthenticated as error:
        return pages.respond(request, "sign_in.html", 401, next=address, fault=str(error), login=login)
    response = pages.go(address)
    set_session(request, response, token, caller)
    return response


@router.get("/new-password")
def code_form(request: Request, code: str = "") -> Response:
    return pages.respond(request, "new_password.html", code=code[:80], fault=None, faults=())


@router.post("/new-password")
def choose_password(
    request: Request,
    code: Annotated[str, Form(max_length=80)],
    password: Annotated[str, Form(max_length=1000)],
    again: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Choose a password with a code from an admin, and be signed in."""
    caller = caller_of(request)
    if password != again:
        fault = "The two passwords differ. Type the same one twice."
        return pages.respond(request, "new_password.html", 422, code=code, fault=fault, faults=())
    try:
        token = access.use_password_code(office_of(request), code, password, caller)
    except Unauthenticated as error:
        return pages.respond(request, "new_password.html", 401, code="", fault=str(error), faults=())
    except Invalid as error:
        return pages.respond(request, "new_password.html", 422, code=code, fault=None, faults=error.faults)
    response = pages.go("/", "Your password is set, and you are signed in.")
    set_session(request, response, token, caller)
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session; on a handheld the next person's badge is asked for."""
    token, office = request.cookies.get(SESSION_COOKIE), office_of(request)
    if token:
        access.sign_out(office, token)
    shared = access.handheld_of(office, request.cookies.get(HANDHELD_COOKIE))
    response = pages.go("/handheld" if shared else "/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.post("/theme")
def theme(theme: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
    response = pages.go(pages.local_address(next))
    chosen = theme if theme in pages.THEMES else "auto"
    response.set_cookie(THEME_COOKIE, chosen, max_age=365 * 86400, samesite="lax", path="/")
    return response
