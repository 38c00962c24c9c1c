"""Today, the first page: what needs this person, what is at risk, and what changed since they last looked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access import first_run
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.measure import today as days
from shelfwise.web import pages
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/today")
def show(visit: Visitor) -> Response:
    with visit.context() as ctx:
        if visit.session and visit.everywhere("manage_people") and first_run.setup_due(ctx):
            return pages.go("/setup")
        return pages.render(visit, ctx, "today.html", today=days.today(ctx), now=ctx.now, big=on_the_floor(visit))


def on_the_floor(visit: Visit) -> bool:
    """Whether the page is for somebody who carries things: buttons first, and large."""
    return visit.may("issue_goods") and not visit.may("decide_proposals")


@router.post("/today/seen")
def seen(visit: Visitor, until: Annotated[str, Form(max_length=40)]) -> Response:
    """I have read what changed: the next look begins where this one ended."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        days.have_seen(ctx, _instant(until))
    return pages.go("/today", "Noted. From now on you are told what changes after this.")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Fault("until", "an instant", shorten(text), "Open the page again.")) from error
    if found.utcoffset() is None:
        raise Invalid(Fault("until", "an instant with its time zone", shorten(text), "Open the page again."))
    return found
