"""Shipments: what is to be picked, one thing at a time; packing; what has left; and back from each step."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid
from shelfwise.core.quantities import plain
from shelfwise.orders import shipments
from shelfwise.orders.attachments import attachments
from shelfwise.orders.shipments_model import Box, ShipmentState
from shelfwise.records import service as records
from shelfwise.stock import picking, shipping
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent, new_source, text
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.orders import SHIPMENTS
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
UNDER_WAY: tuple[ShipmentState, ...] = ("picking", "packed")
BOXES = 5
_G_PER_KG = Decimal(1000)
_MM_PER_CM = Decimal(10)
Reason = Annotated[str, Form(max_length=500)]


@router.get("/shipments")
def list_shipments(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "shipments.html", found=find(ctx, SHIPMENTS, visit.request.query_params))


@router.get("/shipments/{shipment_id}")
def shipment(visit: Visitor, shipment_id: int) -> Response:
    with visit.context() as ctx:
        found = shipments.shipment(ctx, shipment_id)
        held = picking.held_in(ctx, shipment_id) if found.state in UNDER_WAY else []
        return pages.render(
            visit, ctx, "shipment.html", at_site=found.site_id, shipment=found, boxes=range(1, BOXES + 1),
            held=held, files=attachments(ctx, f"shipment:{shipment_id}"),
        )  # fmt: skip


@router.get("/shipments/{shipment_id}/pick")
def pick_page(visit: Visitor, shipment_id: int) -> Response:
    """One stop at a time, for the floor."""
    with visit.context() as ctx:
        found = shipments.shipment(ctx, shipment_id)
        ctx.require(Right.ISSUE_GOODS, found.site_id)
        stop = found.to_pick[0] if found.to_pick else None
        warning = None if stop is None else picking.why_not(
            ctx, found, stop.item_id, stop.place_id, stop.place, stop.lot
        )  # fmt: skip
        return pages.render(
            visit, ctx, "pick.html", at_site=found.site_id, shipment=found, stop=stop, warning=warning,
            number=len(found.stops) - len(found.to_pick) + 1, source=new_source(),
            codes=records.codes_of(ctx, found.to_pick[0].item_id) if found.to_pick else [],
        )  # fmt: skip


@router.post("/shipments/{shipment_id}/pick")
def pick(
    visit: Visitor,
    shipment_id: int,
    stop: Annotated[int, Form(ge=0, le=2**31 - 1)],
    amount: Annotated[str, Form(max_length=40)],
    source: Annotated[str, Form(max_length=100)],
    place: Annotated[str, Form(max_length=64)] = "",
    lot: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        found = shipments.shipment(ctx, shipment_id)
        elsewhere = records.place_by_code(ctx, found.site_id, place.strip()).place_id if place.strip() else None
        done = shipping.pick(
            ctx, shipment_id, stop, read_typed(amount), source, place_id=elsewhere, lot=lot.strip() or None
        )
    (one,) = (one for one in done.shipment.stops if one.stop == stop)
    said = f"{plain(one.picked or Decimal(0))} of {one.sku} picked. " + " ".join(done.warnings)
    more = "/pick" if done.shipment.to_pick or done.warnings else ""
    return pages.go(f"/shipments/{shipment_id}{more}", said.strip())


@router.post("/shipments/{shipment_id}/pack")
def pack(visit: Visitor, shipment_id: int, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.ISSUE_GOODS)
        boxes = [
            Box(
                shipment_id,
                row,
                _scaled(text(sent, f"weight-{row}", 40), _G_PER_KG),
                _length(text(sent, f"length-{row}", 40), "length"),
                _length(text(sent, f"width-{row}", 40), "width"),
                _length(text(sent, f"height-{row}", 40), "height"),
                text(sent, f"label-{row}", 200) or None,
            )
            for row in range(1, BOXES + 1)
            if row == 1 or any(text(sent, f"{name}-{row}") for name in ("weight", "length", "width", "height", "label"))
        ]
        packed = shipping.pack(ctx, shipment_id, boxes)
    said = "1 box" if len(packed.boxes) == 1 else f"{len(packed.boxes)} boxes"
    return pages.go(f"/shipments/{shipment_id}", f"{packed.number} is packed: {said}.")


def _scaled(told: str, by: Decimal) -> Decimal | None:
    return read_typed(told) * by if told else None


def _length(told: str, side: str) -> int | None:
    length = _scaled(told, _MM_PER_CM)
    if length is None:
        return None
    if abs(length) > 10**6:
        raise Invalid(Fault(side, "a length in cm", told, "Measure it again."))
    return int(length)


@router.post("/shipments/{shipment_id}/ship")
def ship(
    visit: Visitor,
    shipment_id: int,
    carrier: Annotated[str, Form(max_length=200)] = "",
    tracking: Annotated[str, Form(max_length=200)] = "",
    left_anyway: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    with visit.context() as ctx:
        gone = shipping.ship(
            ctx, shipment_id, carrier.strip() or None, tracking.strip() or None, left_anyway=left_anyway.strip() or None
        )
    return pages.go(
        f"/shipments/{shipment_id}", f"{gone.number} has left{' with ' + gone.carrier if gone.carrier else ''}."
    )


@router.post("/shipments/{shipment_id}/cancel")
def cancel(visit: Visitor, shipment_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        found = shipping.cancel_shipment(ctx, shipment_id, reason)
    return pages.go(
        f"/shipments/{shipment_id}", f"{found.number} is cancelled. Carry what was picked back to the bins below."
    )


@router.post("/shipments/{shipment_id}/reopen")
def reopen(visit: Visitor, shipment_id: int, reason: Reason) -> Response:
    with visit.context() as ctx:
        found = shipping.reopen_shipment(ctx, shipment_id, reason)
    return pages.go(f"/shipments/{shipment_id}", f"{found.number} is {found.state} again.")
