"""The search box of every page: what it suggests while somebody types, what it finds, and where it jumps at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from shelfwise.access.model import Right
from shelfwise.web import pages
from shelfwise.web.searching import only_one, search
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
SUGGESTED = 4
FOUND = 50
Text = Annotated[str, Query(max_length=500)]


@router.get("/search")
def search_page(visit: Visitor, q: Text = "") -> Response:
    """What is found; where only one thing is called exactly so, its page."""
    with visit.context() as ctx:
        hits = search(ctx, q, FOUND)
        one = only_one(hits)
        if one is not None:
            return pages.go(one.link)
        return pages.render(visit, ctx, "search.html", q=q, hits=hits, most=FOUND)


@router.get("/search/suggestions")
def suggestions(visit: Visitor, q: Text = "") -> Response:
    """A few of what is found, for the list below the box."""
    with visit.context() as ctx:
        return pages.respond(visit.request, "suggestions.html", hits=search(ctx, q, SUGGESTED), q=q)


@router.get("/keyboard")
def keyboard(visit: Visitor) -> Response:
    """Every key there is."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        return pages.render(visit, ctx, "keyboard.html")
