"""Who is at the door: the session cookie or the key, and the check that a change comes from our own pages."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right
from shelfwise.access.service import Caller, Session
from shelfwise.access.throttle import caller_address
from shelfwise.core.errors import Forbidden, Unauthenticated
from shelfwise.records.habits import Days, Numbers
from shelfwise.web.writing import Style, write_as

SESSION_COOKIE = "shelfwise_session"
THEME_COOKIE = "shelfwise_theme"
DEVICE_COOKIE = "shelfwise_device"
HANDHELD_COOKIE = "shelfwise_handheld"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What pages ask by themselves, without anybody at the desk.
ASKED_BY_PAGES = frozenset({"/live", "/floor/state"})
_CONTROLS = frozenset({"a", "button", "form", "input", "select", "textarea"})
CHANGE_PASSWORD = "/account/password"  # noqa: S105 (an address)
_YEAR_S = 365 * 86400


class PasswordChangeDue(Forbidden):
    """Signed in with a password that somebody else gave: it has to be changed before anything else."""


@dataclass(frozen=True)
class Visit:
    """One request by a known actor; `session` is None for a key."""

    request: Request
    office: Office
    actor: Actor
    session: Session | None = None

    def may(self, right: str, site_id: int | None = None) -> bool:
        """Whether a page shows the control for this; the service checks the right again.

        At the site; without one: at any. What belongs to no site, such as people and settings, asks `everywhere`.
        """
        if site_id is None:
            return self.actor.may_somewhere(Right(right))
        return self.actor.may(Right(right), site_id)

    def everywhere(self, right: str) -> bool:
        """Whether the actor has the right at every site, and so for what belongs to none."""
        return self.actor.may(Right(right))

    @property
    def on_handheld(self) -> bool:
        """Signed in with badge and PIN."""
        return self.actor.handheld_id is not None

    @contextmanager
    def context(self) -> Iterator[Context]:
        """A context in a transaction of its own, committed before the answer is sent."""
        if self.session is not None:
            write_as(Style(cast(Numbers, self.session.numbers), cast(Days, self.session.days)))
        with self.office.context(self.actor) as ctx:
            yield ctx


def office_of(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


def caller_of(request: Request) -> Caller:
    """What is known of whoever sends this, signed in or not; a browser without a token of its own gets one."""
    peer = request.client.host if request.client else None
    return Caller(
        caller_address(peer, request.headers.getlist("x-forwarded-for"), request.app.state.trusted_proxies),
        request.headers.get("user-agent", ""),
        request.cookies.get(DEVICE_COOKIE) or secrets.token_urlsafe(32),
        request.cookies.get(SESSION_COOKIE),
    )


def bearer(request: Request) -> str | None:
    """The key in the Authorization header; None where there is none."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def visitor(request: Request) -> Visit:
    """The signed-in person, or the system whose key came with the request.

    Raises:
        Unauthenticated: neither.
        PasswordChangeDue: the person has to choose a password first.
    """
    office = office_of(request)
    key = bearer(request)
    if key is not None:
        return Visit(request, office, access.actor_of_key(office, key))
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise Unauthenticated("You are not signed in. Sign in, or send an API key as `Authorization: Bearer <key>`.")
    session = access.session_of(office, token, active=not _asked_by_page(request))
    if session.must_change and request.url.path != CHANGE_PASSWORD:
        raise PasswordChangeDue("Choose a password of your own first, or ask an admin for help.")
    return Visit(request, office, session.actor, session)


def _asked_by_page(request: Request) -> bool:
    """Whether a page asks by itself, for a live update, with perhaps nobody there: that keeps no session alive."""
    if request.url.path in ASKED_BY_PAGES:
        return True
    # htmx names the element that asks: a control is touched by somebody, a part of the page refreshes itself.
    asking = request.headers.get("hx-source", "").split("#")[0].lower()
    return request.method in SAFE_METHODS and "hx-request" in request.headers and asking not in _CONTROLS


def own_pages_only(request: Request) -> None:
    """A browser sends our cookie along with requests that other sites make; those may not change anything.

    A request with a key carries nothing that a browser adds by itself and passes.

    Raises:
        Forbidden: a change whose origin is another site or unknown.
    """
    if request.method in SAFE_METHODS or bearer(request) is not None:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        same = fetch_site == "same-origin"
    else:
        origin = request.headers.get("origin", "")
        same = bool(origin) and urlsplit(origin).netloc == request.headers.get("host")
    if not same:
        raise Forbidden("This request did not come from a page of Shelfwise itself, so nothing was changed.")


def set_session(request: Request, response: Response, token: str, caller: Caller | None = None) -> None:
    """Hand the browser its session, and with a caller the token by which this browser is known from now on."""
    _keep(request, response, SESSION_COOKIE, token, int(access.SESSION_LENGTH.total_seconds()))
    if caller is not None and caller.device is not None:
        _keep(request, response, DEVICE_COOKIE, caller.device, int(access.DEVICE_KNOWN_FOR.total_seconds()))


def set_handheld(request: Request, response: Response, token: str) -> None:
    """Make the browser a handheld for as long as browsers keep cookies."""
    _keep(request, response, HANDHELD_COOKIE, token, _YEAR_S)


def _keep(request: Request, response: Response, name: str, content: str, seconds: int) -> None:
    response.set_cookie(
        name,
        content,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.app.state.secure_cookies or request.url.scheme == "https",
        path="/",
    )


Visitor = Annotated[Visit, Depends(visitor)]
