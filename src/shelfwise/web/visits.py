"""Who is at the door: the session cookie or the key, and the check that a change comes from our own pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from shelfwise.access import service as access
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right
from shelfwise.core.errors import Forbidden, Unauthenticated

SESSION_COOKIE = "shelfwise_session"
THEME_COOKIE = "shelfwise_theme"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Visit:
    """One request by a known actor."""

    request: Request
    office: Office
    actor: Actor

    def may(self, right: str) -> bool:
        """Whether a page shows the control for this; the service checks the right again."""
        return self.actor.may(Right(right))

    @contextmanager
    def context(self) -> Iterator[Context]:
        """A context in a transaction of its own, committed before the answer is sent."""
        with self.office.context(self.actor) as ctx:
            yield ctx


def office_of(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


def bearer(request: Request) -> str | None:
    """The key in the Authorization header; None where there is none."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def visitor(request: Request) -> Visit:
    """The signed-in person, or the system whose key came with the request.

    Raises:
        Unauthenticated: neither.
    """
    office = office_of(request)
    key = bearer(request)
    if key is not None:
        return Visit(request, office, access.actor_of_key(office, key))
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise Unauthenticated("You are not signed in. Sign in, or send an API key as `Authorization: Bearer <key>`.")
    return Visit(request, office, access.actor_of_session(office, token))


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


def set_session(response: Response, token: str, secure: bool) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(access.SESSION_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure,
        path="/",
    )


Visitor = Annotated[Visit, Depends(visitor)]
