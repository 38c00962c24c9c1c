"""One's own account: password, PIN, and where one is signed in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access import service as access
from shelfwise.access.context import Context
from shelfwise.access.passwords import LONGEST_PIN, SHORTEST_PASSWORD, SHORTEST_PIN
from shelfwise.access.service import Session
from shelfwise.core.errors import Forbidden, Invalid, Refused, ShelfwiseError, Unauthenticated
from shelfwise.web import pages
from shelfwise.web.people_words import browser_words
from shelfwise.web.visits import Visit, Visitor, caller_of, set_session

router = APIRouter(include_in_schema=False)
Secret = Annotated[str, Form(max_length=1000)]


def _session(visit: Visit) -> Session:
    """
    Raises:
        Forbidden: a key, or somebody with badge and PIN.
    """
    if visit.session is None or visit.on_handheld:
        raise Forbidden("This is for people who signed in with their password. Sign in so, or ask a manager.")
    return visit.session


def _faults(error: ShelfwiseError | None) -> dict[str, Any]:
    known = isinstance(error, Invalid)
    return {
        "faults": error.faults if isinstance(error, Invalid) else (),
        "fault": "" if error is None or known else str(error),
    }


def _status(error: ShelfwiseError) -> int:
    # A wrong password here must not look like the end of the session.
    return 422 if isinstance(error, Invalid) else 409


@router.get("/account")
def account(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _page(visit, ctx)


def _page(visit: Visit, ctx: Context, status: int = 200, error: ShelfwiseError | None = None) -> Response:
    session = _session(visit)
    return pages.render(
        visit,
        ctx,
        "account.html",
        status=status,
        sessions=access.own_sessions(ctx),
        this=session.session_id,
        browser=browser_words,
        shortest=SHORTEST_PASSWORD,
        pin_length=(SHORTEST_PIN, LONGEST_PIN),
        **_faults(error),
    )


@router.get("/account/password")
def password_form(visit: Visitor) -> Response:
    """On a page of its own, for whoever has to choose one before anything else."""
    due = _session(visit).must_change
    return pages.respond(visit.request, "change_password.html", due=due, **_faults(None))


@router.post("/account/password")
def change_password(visit: Visitor, old: Secret, password: Secret, again: Secret) -> Response:
    """Change the password: every other session ends, and this one gets a new token."""
    session, caller = _session(visit), caller_of(visit.request)
    error: ShelfwiseError | None = None
    if password != again:
        error = Refused("The two new passwords differ. Type the same one twice.")
    else:
        try:
            token = access.change_password(visit.office, session, old, password, caller)
        except (Unauthenticated, Invalid, Refused) as wrong:
            error = wrong
    if error is not None:
        due = session.must_change
        return pages.respond(visit.request, "change_password.html", _status(error), due=due, **_faults(error))
    response = pages.go(
        "/account" if not session.must_change else "/", "Your password is changed. You are signed out elsewhere."
    )
    set_session(visit.request, response, token)
    return response


@router.post("/account/pin")
def set_pin(visit: Visitor, password: Secret, pin: Annotated[str, Form(max_length=40)]) -> Response:
    session = _session(visit)
    try:
        access.set_pin(visit.office, session, password, pin.strip(), caller_of(visit.request))
    except (Unauthenticated, Invalid) as error:
        with visit.context() as ctx:
            return _page(visit, ctx, _status(error), error)
    return pages.go("/account", "Your PIN is set. With your badge it opens the handhelds of your sites.")


@router.post("/account/sessions/{session_id}/end")
def end_session(visit: Visitor, session_id: int) -> Response:
    _session(visit)
    with visit.context() as ctx:
        access.end_own_session(ctx, session_id)
    return pages.go("/account", "That session has ended.")


@router.post("/account/end-others")
def end_others(visit: Visitor) -> Response:
    session = _session(visit)
    with visit.context() as ctx:
        ended = access.end_own_sessions(ctx, session.session_id)
    return pages.go("/account", f"{ended} other {'session' if ended == 1 else 'sessions'} ended.")
