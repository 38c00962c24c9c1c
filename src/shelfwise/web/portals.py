"""Dock doors: what passed them, what it seems to be, and the one tap that books it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, shorten
from shelfwise.edge import standing
from shelfwise.records import service as records
from shelfwise.stock.portals import service as portals
from shelfwise.stock.portals.booking import book_load, reject_load
from shelfwise.stock.portals.model import Match
from shelfwise.stock.portals.service import Picture
from shelfwise.stock.portals.tables import Load
from shelfwise.stock.tags.model import Content
from shelfwise.web import pages
from shelfwise.web.device_standing import WAY_WORDS
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed, whole

router = APIRouter(include_in_schema=False)

_PAGES = {"purchase_order": "/orders/", "shipment": "/shipments/", "transfer": "/transfers/"}
# Of so many loads that wait the list says what they seem to be; more of them say that nobody looks.
_MOST_GUESSED = 20


@router.get("/portals")
def portals_page(visit: Visitor) -> Response:
    with visit.context() as ctx:
        doors = portals.doors(ctx)
        watched = [one for one in doors if one.antennas or one.last_at]
        found = portals.loads(ctx)
        waiting = [one.load_id for one in found if one.state == "open"][:_MOST_GUESSED]
        return pages.render(
            visit, ctx, "portals.html", doors=watched, others=[one for one in doors if one not in watched],
            antennas={
                one.place_id: [at for at in standing.standing_at(ctx, place_id=one.place_id) if at.way]
                for one in watched
            },
            reading={one.place_id: portals.being_read(ctx, one.place_id) for one in watched},
            loads=found, page_of=_page_of, ways=WAY_WORDS,
            guesses={load_id: next(iter(portals.picture(ctx, load_id).matches), None) for load_id in waiting},
        )  # fmt: skip


@router.post("/portals/doors/{dock_id}")
def change_door(
    visit: Visitor,
    dock_id: int,
    policy: Annotated[str, Form(max_length=20)],
    weakest: Annotated[str, Form(max_length=20)] = "-70",
) -> Response:
    with visit.context() as ctx:
        portals.change_door(ctx, dock_id, policy, float(read_typed(weakest, "weakest signal")))
    return pages.go("/portals", "The door works like that from now on.")


@router.get("/portals/loads/{load_id}")
def load_page(
    visit: Visitor, load_id: int, document: str = "", tags_seen: Annotated[int | None, Query(ge=0, le=2**31)] = None
) -> Response:
    """The load; `tags_seen`: how many tags it had when the page was opened that now asks whether there are more."""
    with visit.context() as ctx:
        return _load_page(visit, ctx, load_id, document, tags_seen=tags_seen)


def _load_page(
    visit: Visit,
    ctx: Context,
    load_id: int,
    document: str,
    error: ShelfwiseError | None = None,
    tags_seen: int | None = None,
) -> Response:
    seen = portals.picture(ctx, load_id)
    chosen = next((one for one in seen.matches if name_of(one) == document), next(iter(seen.matches), None))
    return pages.render(
        visit, ctx, "portal_load.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        at_site=seen.load.site_id, load=seen.load, seen=seen, chosen=chosen,
        others=[one for one in seen.matches if one is not chosen], name_of=name_of,
        tags={one.epc: one for one in seen.seen}, on=_by_content(seen), page_of=_page_of,
        names={item_id: item.description for item_id, item in records.items_by_id(ctx, _items(seen)).items()},
        tags_seen=seen.load.tags if tags_seen is None else tags_seen,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


def name_of(one: Match) -> str:
    """The document of a match, as a form sends it."""
    return f"{one.expected.kind}:{one.expected.document_id}"


def _page_of(load: Load) -> str | None:
    """The page of what a load was booked as."""
    return next((f"{page}{number}" for kind, page in _PAGES.items() if (number := getattr(load, f"{kind}_id"))), None)


def _items(seen: Picture) -> set[int]:
    expected = {line.expected.item_id for one in seen.matches for line in one.lines}
    return expected | {one.item_id for tag in seen.seen for one in tag.content}


def _by_content(seen: Picture) -> list[tuple[tuple[Content, ...], int]]:
    """What tags are on, and how many are on that; first those of which nobody knows."""
    many = Counter(one.content for one in seen.seen)
    return sorted(many.items(), key=lambda one: (bool(one[0]), -one[1]))


@router.post("/portals/loads/{load_id}/book")
def book(visit: Visitor, load_id: int, sent: Sent) -> Response:
    """Confirm what a load is, as the tags say or with what a person saw."""
    document = str(sent.get("document", ""))
    try:
        with visit.context() as ctx:
            number = book_load(ctx, load_id, document, _amounts(dict(sent)), whole(sent.get("tags_seen")))
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _load_page(visit, ctx, load_id, document, error)
    kind, _, document_id = document.partition(":")
    return pages.go(f"{_PAGES.get(kind, '/portals')}{pages.segment(document_id)}", f"{number} is booked.")


def _amounts(sent: dict[str, Any]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for name, text in sent.items():
        what, _, line = name.partition("-")
        if what != "amount" or not str(text).strip():
            continue
        if not line.isdecimal() or len(line) > 9:
            raise Invalid(Fault("line", "a line of the order", shorten(line), "Send the form as it was shown."))
        found[int(line)] = read_typed(text, f"line {line}")
    return found


@router.post("/portals/loads/{load_id}/reject")
def reject(visit: Visitor, load_id: int, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    try:
        with visit.context() as ctx:
            reject_load(ctx, load_id, reason)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _load_page(visit, ctx, load_id, "", error)
    return pages.go("/portals", "Nothing of that load is booked.")
