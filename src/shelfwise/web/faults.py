"""Every error as a page that says what to do, or as JSON for programs, with the status code that fits."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from psycopg import DataError, OperationalError
from starlette.exceptions import HTTPException

from shelfwise.core.errors import (
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    ShelfwiseError,
    Unauthenticated,
    Unavailable,
    shorten,
)
from shelfwise.web import pages
from shelfwise.web.visits import CHANGE_PASSWORD, PasswordChangeDue

_STATUS: dict[type[ShelfwiseError], int] = {
    Invalid: 422,
    NotFound: 404,
    Refused: 409,
    Forbidden: 403,
    Unauthenticated: 401,
    Unavailable: 503,
}
_TITLES = {
    401: "Sign in first",
    403: "You may not do this",
    404: "Not found",
    405: "Not possible here",
    409: "Not possible as things stand",
    413: "Too large",
    422: "Something does not fit",
    503: "Try again in a moment",
}
_log = structlog.get_logger()


def install(app: FastAPI) -> None:
    app.add_exception_handler(ShelfwiseError, _on_known)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(DataError, _on_data)
    app.add_exception_handler(OperationalError, _on_operational)
    app.add_exception_handler(Exception, _on_unknown)


def wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/") or request.url.path in {"/live", "/floor/state", "/metrics"}


async def _on_known(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    faults = error.faults if isinstance(error, Invalid) else ()
    if status == 401 and not wants_json(request):
        return _to_sign_in(request)
    if isinstance(error, PasswordChangeDue) and not wants_json(request):
        return _send(request, CHANGE_PASSWORD)
    return answer(request, status, str(error), faults)


async def _on_invalid(request: Request, error: Exception) -> Response:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    faults = tuple(
        Fault(
            " ".join(str(part) for part in problem["loc"]),
            problem["msg"],
            shorten(problem.get("input")),
            "Correct it and send the request again.",
        )
        for problem in problems
    )
    return answer(request, 422, "The request does not fit what is expected here.", faults)


async def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    text = str(getattr(error, "detail", error))
    if status == 404:
        text = "There is nothing at this address. Check it, or start from the first page."
    response = answer(request, status, text, ())
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def _on_data(request: Request, error: Exception) -> Response:
    """A value that passed our checks and that Postgres cannot hold: a number out of range, a NUL in a text."""
    fault = Fault("a value of the request", "one that can be stored", shorten(str(error)), "Send a value in range.")
    return answer(request, 422, "The request holds a value that cannot be stored.", (fault,))


async def _on_operational(request: Request, error: Exception) -> Response:
    """Two changes met and Postgres undid one of them, or it took too long."""
    return answer(request, 503, f"Postgres could not carry this out now, and nothing was changed: {error}", ())


async def _on_unknown(request: Request, error: Exception) -> Response:
    _log.error("web.failed", path=request.url.path, error=f"{type(error).__name__}: {error}", exc_info=error)
    return answer(request, 500, "Something failed on our side and nothing was changed. It has been logged.", ())


def answer(request: Request, status: int, text: str, faults: tuple[Fault, ...]) -> Response:
    """An error, as JSON `{error, faults}` for programs and as a page for people."""
    headers = {"Retry-After": "2"} if status == 503 else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if wants_json(request):
        body: dict[str, Any] = {
            "error": text,
            "faults": [{"where": f.where, "expected": f.expected, "got": f.got, "remedy": f.remedy} for f in faults],
        }
        return JSONResponse(body, status, headers)
    page = pages.respond(
        request,
        "error.html",
        status,
        title=_TITLES.get(status, "Something failed"),
        status=status,
        text=text,
        faults=faults,
    )
    page.headers.update(headers)
    return page


def _to_sign_in(request: Request) -> Response:
    back = request.url.path if request.method == "GET" else "/"
    if request.url.query and request.method == "GET":
        back += f"?{request.url.query}"
    return _send(request, f"/sign-in?next={quote(back, safe='')}", "/sign-in")


def _send(request: Request, address: str, live: str | None = None) -> Response:
    """Send the browser elsewhere; a live part of a page sends the whole page (to `live`, where it is another)."""
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": live or address})
    return RedirectResponse(address, 303)
