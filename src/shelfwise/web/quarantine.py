"""Quarantine: what could not be understood or digested, why, and the way to put it right. Bytes are shown as such."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.core.errors import Fault, Invalid
from shelfwise.edge import quarantine
from shelfwise.store.database import notify
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.waiting import QUARANTINE
from shelfwise.web.visits import Visitor
from shelfwise.web.words import readable
from shelfwise.work import parked

router = APIRouter(include_in_schema=False)
LONGEST_EDITED = 65_536


@router.get("/quarantine")
def list_messages(visit: Visitor) -> Response:
    with visit.context() as ctx:
        # A fact belongs to no site: whoever may see but some of them is not shown any.
        facts = parked.waiting(ctx) if visit.everywhere("view") else []
        found = find(ctx, QUARANTINE, visit.request.query_params)
        return pages.render(visit, ctx, "quarantine.html", found=found, parked=facts)


@router.get("/quarantine/{quarantine_id}")
def message(visit: Visitor, quarantine_id: int) -> Response:
    return _page(visit, quarantine_id)


def _page(
    visit: Visitor, quarantine_id: int, edited: str | None = None, faults: tuple[Fault, ...] = (), status: int = 200
) -> Response:
    with visit.context() as ctx:
        found = quarantine.get(ctx, quarantine_id)
        text, dump = readable(found.payload)
        return pages.render(
            visit,
            ctx,
            "quarantined.html",
            status=status,
            message=found,
            text=text,
            dump=dump,
            editable=_editable(found.payload),
            edited=edited,
            faults=faults,
        )


def _editable(payload: bytes) -> str | None:
    """The payload as a text that a person can correct; None where it is none, or too long for a page."""
    if len(payload) > LONGEST_EDITED:
        return None
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if all(ch.isprintable() or ch in "\n\t\r" for ch in text) else None


@router.post("/quarantine/{quarantine_id}/replay")
def replay(
    visit: Visitor, quarantine_id: int, text: Annotated[str | None, Form(max_length=LONGEST_EDITED)] = None
) -> Response:
    """Take a message in after all; with a text, that is what is read instead of the bytes that came."""
    try:
        with visit.context() as ctx:
            payload = None if text is None else text.replace("\r\n", "\n").encode()
            new = quarantine.replay(ctx, quarantine_id, payload)
            notify(ctx.tx, "live", "quarantine")
    except Invalid as error:
        return _page(visit, quarantine_id, text, error.faults, 422)
    return pages.go("/quarantine", f"Taken in: {new} new {'reading' if new == 1 else 'readings'}.")


@router.post("/quarantine/{quarantine_id}/drop")
def drop(visit: Visitor, quarantine_id: int) -> Response:
    with visit.context() as ctx:
        quarantine.drop(ctx, quarantine_id)
        notify(ctx.tx, "live", "quarantine")
    return pages.go("/quarantine", "Dropped. The message is kept in the books, and waits no longer.")


@router.post("/parked/{parked_id}/try-again")
def try_parked_again(visit: Visitor, parked_id: int) -> Response:
    with visit.context() as ctx:
        fact = parked.try_again(ctx, parked_id)
    return pages.go(
        "/quarantine", f"The fact goes to {fact.consumer} once more. If that fails, it stays here with the new error."
    )


@router.post("/parked/{parked_id}/drop")
def drop_parked(visit: Visitor, parked_id: int, note: Annotated[str, Form(max_length=500)]) -> Response:
    with visit.context() as ctx:
        parked.drop(ctx, parked_id, note)
    return pages.go("/quarantine", "Dropped. The fact is kept in the books, and waits no longer.")
