"""Where a device and its antennas stand and stood: a part of its page, and the page on which it is moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, shorten
from shelfwise.edge import devices, standing
from shelfwise.edge.standing import MOST_ANTENNAS, NOWHERE, WAYS, Spot, Standing, Way
from shelfwise.orders import shipments, transfers
from shelfwise.orders.shipments_model import ShipmentState
from shelfwise.orders.transfers_model import TransferState
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.record_forms import Answers
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)

WAY_WORDS: dict[Way, str] = {
    "in": "goods it sees come in",
    "out": "goods it sees go out",
    "outside": "it looks at the outer side of the door",
    "inside": "it looks at the inner side of the door",
}
_KINDS = ("zone", "place", "shipment", "transfer")
_UNDER_WAY: tuple[ShipmentState, ...] = ("picking", "packed")
_ON_THE_ROAD: tuple[TransferState, ...] = ("approved", "in_transit", "part_received")


def parts(ctx: Context, device: str) -> dict[str, Any]:
    """What the template device_standing.html shows of a device: where it stands, stood, and its antennas."""
    known = standing.where_it_stood(ctx, device)
    return {
        "now": next((one for one in known if one.antenna == 0 and one.until_at is None), None),
        "antennas": [one for one in known if one.antenna and one.until_at is None],
        "history": known,
        "address": address,
        "ways": WAY_WORDS,
    }


def address(one: Standing) -> str | None:
    """The page of where it stood."""
    if one.place_id is not None:
        return f"/bins/{one.place_id}"
    if one.zone_id is not None:
        return f"/zones/{one.zone_id}"
    if one.shipment_id is not None:
        return f"/shipments/{one.shipment_id}"
    return None if one.transfer_id is None else f"/transfers/{one.transfer_id}"


@router.get("/devices/{device}/move")
def move_page(
    visit: Visitor, device: str, antenna: Annotated[int, Query(ge=0, le=MOST_ANTENNAS)] = 0, to: str = ""
) -> Response:
    """The form; `to`: what is chosen already, such as 'place:12'."""
    with visit.context() as ctx:
        return _form(visit, ctx, device, antenna, to)


@router.post("/devices/{device}/move")
def move(visit: Visitor, device: str, sent: Sent) -> Response:
    answers = Answers(sent)
    antenna = answers.text("antenna")
    number = int(antenna) if antenna.isdecimal() and len(antenna) < 6 else 0
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.MANAGE_DEVICES)
            ctx.require(Right.MANAGE_DEVICES, devices.site_of_device(ctx, device))
            to = _told(ctx, answers)
            at = _instant(answers, shell(ctx).zone)
            answers.check()
            standing.move_device(ctx, device, to, antenna=number, at=at)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _form(visit, ctx, device, number, answers.text("stands"), answers, error)
    what = f"Antenna {number}" if number else device
    return pages.go(f"/devices/{pages.segment(device)}", f"{what} is noted where it stands now.")


def _form(
    visit: Visit,
    ctx: Context,
    device: str,
    antenna: int,
    chosen: str,
    answers: Answers | None = None,
    error: ShelfwiseError | None = None,
) -> Response:
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    known = standing.where_it_stood(ctx, device)
    here = devices.site_of_device(ctx, device)
    ctx.require(Right.MANAGE_DEVICES, here)
    now = next((one for one in known if one.antenna == antenna and one.until_at is None), None)
    values = {
        "stands": chosen or _chosen(now), "way": (now and now.way) or "", "sku": (now and now.sku) or "",
        "tare": "" if now is None or now.tare_g is None else f"{now.tare_g:g}",
        "exact": "" if now is None or now.exact_to_g is None else f"{now.exact_to_g:g}", "at": "",
        "antenna": str(antenna or ""),
    }  # fmt: skip
    if answers is not None:
        values = {name: answers.text(name) for name in values}
    return pages.render(
        visit, ctx, "device_move.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        at_site=here, device=device, antenna=antenna, now=now, values=values, ways=WAY_WORDS, of_antenna=antenna > 0,
        standings=places_to_stand(ctx), carried=_carried(ctx), everywhere=ctx.sites(Right.MANAGE_DEVICES) is None,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


def places_to_stand(ctx: Context) -> list[tuple[Any, Any, Any]]:
    """(site, its zones, its real places in use) of the sites whose devices the actor manages."""
    allowed = ctx.sites(Right.MANAGE_DEVICES)
    return [
        (site, records.zones(ctx, site.site_id),
         [one for one in records.places(ctx, site.site_id) if one.real and not one.archived])
        for site in records.sites(ctx)
        if allowed is None or site.site_id in allowed
    ]  # fmt: skip


def _carried(ctx: Context) -> list[tuple[str, str]]:
    """(value, words) of what a tracker can go along with now."""
    return [
        *((f"shipment:{one.shipment_id}", one.number) for one in shipments.shipments(ctx, _UNDER_WAY)),
        *((f"transfer:{one.transfer_id}", one.number) for one in transfers.transfers(ctx, _ON_THE_ROAD)),
    ]


def _chosen(now: Standing | None) -> str:
    if now is None:
        return ""
    return next((f"{kind}:{number}" for kind in _KINDS if (number := getattr(now, f"{kind}_id")) is not None), "")


def spot_told(told: str) -> Spot:
    """Where something stands, of what was chosen, such as 'place:12'; nothing: nowhere.

    Raises:
        Invalid: nothing that can be chosen.
    """
    what, _, number = told.partition(":")
    if not told:
        return NOWHERE
    if what not in _KINDS or not number.isdecimal() or len(number) > 18:
        raise Invalid(Fault("where it is", "a bin or a zone of the list", shorten(told), "Choose one."))
    return Spot(**{f"{what}_id": int(number)})  # type: ignore[arg-type]  # of _KINDS


def _told(ctx: Context, answers: Answers) -> Spot:
    way = next((one for one in WAYS if one == answers.text("way")), None)
    item_id = None
    if sku := answers.text("sku"):
        try:
            item_id = records.item_ids(ctx, [sku])[sku]
        except (NotFound, KeyError):
            answers.faults.append(Fault("item", "an item's number", shorten(sku), "Choose an item that there is."))
    return replace(
        spot_told(answers.text("stands")), item_id=item_id, way=way, tare_g=answers.real("tare", "empty weight"),
        exact_to_g=answers.real("exact", "how exact it weighs"),
    )  # fmt: skip


def _instant(answers: Answers, zone: ZoneInfo) -> datetime | None:
    text = answers.text("at")
    try:
        told = datetime.fromisoformat(text) if text else None
    except ValueError:
        answers.faults.append(Fault("since", "a day and a time", shorten(text), "Choose when it was moved."))
        return None
    return told.replace(tzinfo=zone) if told is not None and told.tzinfo is None else told
