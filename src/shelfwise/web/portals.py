"""Dock doors: what passed them, what it seems to be, and the one tap that books it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, shorten
from shelfwise.edge import standing
from shelfwise.orders import service as orders
from shelfwise.orders import shipments, transfers
from shelfwise.stock.portals import service as portals
from shelfwise.stock.portals.booking import book_load, reject_load
from shelfwise.stock.portals.model import Match
from shelfwise.stock.portals.tables import Load
from shelfwise.web import pages
from shelfwise.web.device_standing import WAY_WORDS
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.visits import Visit, Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)

_PAGES = {"purchase_order": "/orders/", "shipment": "/shipments/", "transfer": "/transfers/"}


@router.get("/portals")
def portals_page(visit: Visitor) -> Response:
    with visit.context() as ctx:
        doors = portals.doors(ctx)
        watched = [one for one in doors if one.antennas or one.last_at]
        return pages.render(
            visit, ctx, "portals.html", doors=watched, others=[one for one in doors if one not in watched],
            antennas={
                one.place_id: [at for at in standing.standing_at(ctx, place_id=one.place_id) if at.way]
                for one in watched
            },
            reading={one.place_id: portals.being_read(ctx, one.place_id) for one in watched},
            loads=portals.loads(ctx), ways=WAY_WORDS,
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
def load_page(visit: Visitor, load_id: int, document: str = "") -> Response:
    with visit.context() as ctx:
        return _load_page(visit, ctx, load_id, document)


def _load_page(
    visit: Visit, ctx: Context, load_id: int, document: str, error: ShelfwiseError | None = None
) -> Response:
    seen = portals.picture(ctx, load_id)
    chosen = next((one for one in seen.matches if name_of(one) == document), next(iter(seen.matches), None))
    return pages.render(
        visit, ctx, "portal_load.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        at_site=seen.load.site_id, load=seen.load, seen=seen, chosen=chosen,
        others=[one for one in seen.matches if one is not chosen], name_of=name_of,
        tags={one.epc: one for one in seen.seen}, booked=_booked(ctx, seen.load),
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


def name_of(one: Match) -> str:
    """The document of a match, as a form sends it."""
    return f"{one.expected.kind}:{one.expected.document_id}"


def _booked(ctx: Context, load: Load) -> tuple[str, str] | None:
    """The number and the page of what a load was booked as."""
    if load.purchase_order_id is not None:
        return orders.purchase_order(ctx, load.purchase_order_id).number, f"/orders/{load.purchase_order_id}"
    if load.shipment_id is not None:
        return shipments.shipment(ctx, load.shipment_id).number, f"/shipments/{load.shipment_id}"
    if load.transfer_id is not None:
        return transfers.transfer(ctx, load.transfer_id).number, f"/transfers/{load.transfer_id}"
    return None


@router.post("/portals/loads/{load_id}/book")
def book(visit: Visitor, load_id: int, sent: Sent) -> Response:
    """Confirm what a load is, as the tags say or with what a person saw."""
    document = str(sent.get("document", ""))
    try:
        with visit.context() as ctx:
            number = book_load(ctx, load_id, document, _amounts(dict(sent)))
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
