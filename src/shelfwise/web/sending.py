"""The ways to send a shipment: what each service costs and how likely it is there in time, and what was chosen."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused, shorten
from shelfwise.orders import shipments
from shelfwise.planning.carriers import rebooking, sending
from shelfwise.planning.carriers.choosing import TARGET, percent
from shelfwise.planning.carriers.tables import Destination
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent, text
from shelfwise.web.record_forms import Answers
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
TARGETS = (80, 90, 95, 98, 99)
Target = Annotated[int, Query(ge=50, le=99)]
_USUAL = round(TARGET * 100)
Day = Annotated[str, Form(max_length=10)]


@router.get("/shipments/{shipment_id}/ways")
def ways_page(visit: Visitor, shipment_id: int, target: Target = _USUAL) -> Response:
    with visit.context() as ctx:
        found = sending.ways(ctx, shipment_id, target / 100)
        return pages.render(
            visit, ctx, "ways.html", at_site=found.shipment.site_id, ways=found, shipment=found.shipment,
            to=found.destination or found.suggested,
            better=rebooking.better(ctx, shipment_id), bookings=sending.bookings(ctx, shipment_id),
            target=target, targets=TARGETS, percent=percent,
            zone=records.site_by_id(ctx, found.shipment.site_id).zone_info,
        )  # fmt: skip


@router.post("/shipments/{shipment_id}/destination")
def set_destination(visit: Visitor, shipment_id: int, sent: Sent) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.CHOOSE_CARRIER)
        site_id = shipments.shipment(ctx, shipment_id).site_id
        ctx.require(Right.CHOOSE_CARRIER, site_id)
        answers = Answers(sent)
        told = Destination(
            answers.text("country"), answers.text("postal_code"), answers.ticked("residential"),
            answers.ticked("saturday"), answers.day_if_any("due_on", "due"),
            _ready(answers, records.site_by_id(ctx, site_id).zone_info), answers.number("weight_kg", "weight"),
        )  # fmt: skip
        answers.check()
        sending.set_destination(ctx, shipment_id, told)
    return pages.go(f"/shipments/{shipment_id}/ways", "These are the ways to send it.")


def _ready(answers: Answers, zone: ZoneInfo) -> datetime | None:
    """When it is ready, in the time of the site, as a browser sends it; None: now."""
    told = answers.text("ready_at")
    if not told:
        return None
    try:
        return datetime.fromisoformat(told).replace(tzinfo=zone)
    except ValueError:
        answers.faults.append(Fault("ready", "a day and an hour", shorten(told), "Choose both, or leave it empty."))
        return None


@router.post("/shipments/{shipment_id}/choose")
def choose(
    visit: Visitor,
    shipment_id: int,
    rate_card_id: Annotated[int, Form(ge=1, le=2**63 - 1)],
    price: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    with visit.context() as ctx:
        made = sending.choose_service(ctx, shipment_id, rate_card_id, Decimal(price) if _is_price(price) else None)
    said = f"{made.carrier_name} {made.service_name} is to take it. Tell the carrier; here it is noted."
    return pages.go(f"/shipments/{shipment_id}/ways", said)


def _is_price(told: str) -> bool:
    return bool(told) and told.replace(".", "", 1).isascii() and told.replace(".", "", 1).isdigit()


@router.post("/shipments/{shipment_id}/choice/cancel")
def cancel_choice(visit: Visitor, shipment_id: int, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    with visit.context() as ctx:
        sending.cancel_choice(ctx, shipment_id, reason)
    return pages.go(f"/shipments/{shipment_id}/ways", "It is not to go that way any more. Tell the carrier.")


@router.post("/shipments/{shipment_id}/expected")
def expected(visit: Visitor, shipment_id: int, day: Day = "") -> Response:
    with visit.context() as ctx:
        sending.tell_expected(ctx, shipment_id, _day(day))
    return pages.go(f"/shipments/{shipment_id}/ways", "The day is noted.")


@router.post("/shipments/{shipment_id}/arrived")
def arrived(visit: Visitor, shipment_id: int, day: Day = "", not_yet: Day = "") -> Response:
    with visit.context() as ctx:
        made = sending.tell_arrival(ctx, shipment_id, None if not_yet else _day(day))
    late = made.days_late or 0
    how = "in time" if late <= 0 else f"{late} {'day' if late == 1 else 'days'} late"
    said = (
        "It has not arrived, after all." if not_yet else f"It arrived {how}. {made.carrier_name} is known better now."
    )
    return pages.go(f"/shipments/{shipment_id}/ways", said)


def _day(told: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError as error:
        raise Invalid(Fault("day", "a day such as 2026-03-31", shorten(told), "Choose a day.")) from error


@router.get("/sending")
def today(visit: Visitor, site: Annotated[str, Query(max_length=64)] = "", target: Target = _USUAL) -> Response:
    """What is to leave a site and has no carrier yet, shared out over what carriers take along."""
    with visit.context() as ctx:
        known = records.sites(ctx)
        here = next((one for one in known if one.code == site), known[0] if known else None)
        shares = [] if here is None else sending.shares(ctx, here.site_id, target / 100)
        return pages.render(
            visit, ctx, "sending.html", at_site=here.site_id if here else None, sites=known, here=here, shares=shares,
            without=0 if here is None else sending.without_destination(ctx, here.site_id), target=target,
            targets=TARGETS, percent=percent,
        )  # fmt: skip


@router.post("/sending")
def choose_all(visit: Visitor, sent: Sent) -> Response:
    """Choose for the shipments that are ticked what was proposed for each; all of it or nothing."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.CHOOSE_CARRIER)
        picked = [_pick(str(one)) for one in sent.getlist("pick")]
        if not picked:
            raise Refused("Nothing is ticked. Tick the shipments that are to go as proposed.")
        for shipment_id, rate_card_id, price in picked:
            sending.choose_service(ctx, shipment_id, rate_card_id, price)
    many = "1 shipment" if len(picked) == 1 else f"{len(picked)} shipments"
    return pages.go(f"/sending?site={text(sent, 'site', 64)}", f"{many} chosen for. Tell the carriers.")


def _pick(told: str) -> tuple[int, int, Decimal]:
    """`shipment:rate card:price`, as the page wrote it."""
    parts = told.split(":")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal() and _is_price(parts[2])):
        raise Invalid(Fault("pick", "what the page offered", shorten(told), "Look at the page again."))
    return int(parts[0]), int(parts[1]), Decimal(parts[2])
