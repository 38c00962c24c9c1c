"""Keeping a list as it stands under a name, sharing it, and letting a page open with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Response

from shelfwise.access import filters
from shelfwise.core.errors import NotFound
from shelfwise.web import lists, pages
from shelfwise.web.listing import UNFILTERED, Listing, wanted
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Form(max_length=200)]


def _listing(page: str) -> Listing:
    found = lists.ALL.get(page)
    if found is None:
        raise NotFound("list", page)
    return found


def _go(page: str, query: str, said: str) -> Response:
    return pages.go(f"{_listing(page).home}?{query or UNFILTERED}", said)


@router.post("/filters")
def save(
    visit: Visitor,
    page: Name,
    name: Name,
    query: Annotated[str, Form(max_length=4000)] = "",
    shared: Annotated[str, Form(max_length=3)] = "",
    opens: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Save a list; of the query only what the list knows is kept."""
    kept = replace(wanted(_listing(page), dict(parse_qsl(query))), page=1).query()
    with visit.context() as ctx:
        filters.save_filter(ctx, page, name, kept, shared=shared == "yes", opens=opens == "yes")
    return _go(page, kept, f"Saved: {name.strip()}.")


@router.post("/filters/none/open")
def open_plainly(visit: Visitor, page: Name) -> Response:
    """Let a page open as it is by itself."""
    listing = _listing(page)
    with visit.context() as ctx:
        filters.open_with(ctx, listing.name, None)
    return _go(page, "", "The page opens as it is by itself.")


@router.post("/filters/{filter_id}")
def change(visit: Visitor, filter_id: int, name: Name, shared: Annotated[str, Form(max_length=3)] = "") -> Response:
    with visit.context() as ctx:
        found = filters.change_filter(ctx, filter_id, name, shared == "yes")
    return _go(found.page, found.query, f"{found.name} is {'shared' if found.shared else 'yours alone'}.")


@router.post("/filters/{filter_id}/remove")
def remove(visit: Visitor, filter_id: int) -> Response:
    with visit.context() as ctx:
        found = filters.remove_filter(ctx, filter_id)
    return _go(found.page, found.query, f"{found.name} is deleted. The list is still as it was.")


@router.post("/filters/{filter_id}/open")
def open_with(visit: Visitor, filter_id: int) -> Response:
    with visit.context() as ctx:
        found = filters.filter_of(ctx, filter_id)
        filters.open_with(ctx, found.page, filter_id)
    return _go(found.page, found.query, f"The page opens with {found.name} from now on.")
