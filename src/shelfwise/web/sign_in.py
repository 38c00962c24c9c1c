"""The way in and out, and the choice of light or dark."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from shelfwise.access import service as access
from shelfwise.core.errors import Unauthenticated
from shelfwise.web import pages
from shelfwise.web.visits import SESSION_COOKIE, THEME_COOKIE, office_of, set_session

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def form(request: Request, next: str = "/") -> Response:
    return pages.respond(request, "sign_in.html", next=pages.local_address(next), fault=None, login="")


@router.post("/sign-in")
def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form()] = "/",
) -> Response:
    address = pages.local_address(next)
    try:
        token = access.sign_in(office_of(request), login.strip(), password)
    except Unauthenticated as error:
        return pages.respond(request, "sign_in.html", 401, next=address, fault=str(error), login=login)
    response = pages.go(address)
    set_session(response, token, request.app.state.secure_cookies)
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        access.sign_out(office_of(request), token)
    response = pages.go("/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.post("/theme")
def theme(theme: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
    response = pages.go(pages.local_address(next))
    chosen = theme if theme in pages.THEMES else "auto"
    response.set_cookie(THEME_COOKIE, chosen, max_age=365 * 86400, samesite="lax", path="/")
    return response
