"""How well devices do: what is in doubt and why, since when, what to do, and what a person answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid
from shelfwise.edge import devices
from shelfwise.edge.health import answers, corrections, service, words
from shelfwise.edge.health.model import IN_DOUBT
from shelfwise.edge.health.tables import Doubt
from shelfwise.edge.model import KINDS
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.visits import Visitor
from shelfwise.web.words import number

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True)
class Told:
    """A doubt in words. `state`: how grave it is, as pages colour it."""

    doubt: Doubt
    what: str
    to_do: str
    state: str
    where: str
    quiet: bool


@router.get("/devices/health")
def list_doubts(visit: Visitor) -> Response:
    with visit.context() as ctx:
        told = [_told(ctx, one) for one in service.doubts(ctx)]
        told.sort(key=lambda one: (one.quiet, one.doubt.cause not in IN_DOUBT))
        return pages.render(visit, ctx, "devices_health.html", told=told)


@router.post("/devices/doubts/{doubt_id}/right")
def believe(visit: Visitor, doubt_id: int, note: Text = "", days: Annotated[int, Form()] = 30) -> Response:
    """A person looked, and it is right."""
    with visit.context() as ctx:
        answers.believe(ctx, doubt_id, note, days)
        device = service.doubt(ctx, doubt_id).device
    return _back(device, f"{device} is believed. It will be judged by what it says from now on.")


@router.post("/devices/{device}/replaced")
def replaced(visit: Visitor, device: str, note: Text = "") -> Response:
    with visit.context() as ctx:
        answers.replaced(ctx, device, note)
    return _back(device, f"What was known of the old {device} is forgotten; the new one is learned from now on.")


@router.post("/devices/{device}/calibrated")
def calibrated(
    visit: Visitor, device: str, kind: Text = "", done_on: Text = "", deviation: Text = "", due_on: Text = "",
    certificate: Text = "", adjusted: Text = "",
) -> Response:  # fmt: skip
    done, due = _day(done_on, "done on"), _day(due_on, "due on")
    with visit.context() as ctx:
        answers.calibrated(
            ctx, device, kind, done or ctx.now.date(), _figure(deviation, "deviation"), due, certificate,
            adjusted=bool(adjusted),
        )  # fmt: skip
    return _back(device, f"The calibration of {device} is recorded.")


@router.post("/devices/{device}/compared")
def compared(
    visit: Visitor, device: str, kind: Text = "", truth: Text = "", shown: Text = "", about: Text = "",
    correct: Text = "",
) -> Response:  # fmt: skip
    """It was held against something that is known to be right."""
    known = _figure(truth, "truth")
    if known is None:
        raise Invalid(Fault("truth", "a number", "nothing", "Write what the reference says."))
    with visit.context() as ctx:
        off = answers.compare_with(ctx, device, kind, known, _figure(shown, "shown"), about, correct=bool(correct))
    unit = KINDS[kind].unit.replace("degC", "°C")
    said = f"{device} showed {number(abs(off), 2)} {unit} {'more' if off >= 0 else 'less'} than it should."
    return _back(device, f"{said} What it says from now on is corrected." if correct else said)


@router.post("/devices/{device}/uncorrected")
def stop_correcting(visit: Visitor, device: str, kind: Text = "") -> Response:
    with visit.context() as ctx:
        corrections.stop_correcting(ctx, device, kind)
    return _back(device, f"What {device} says of its {kind} counts as it says it from now on.")


def parts(ctx: Context, device: str) -> dict[str, Any]:
    """What the template device_health.html shows of a device; empty: nothing is shown."""
    health = service.health_of(ctx, device)
    site_id = devices.site_of_device(ctx, device)
    return {
        "told": [_told(ctx, one) for one in health.open],
        "over": [_told(ctx, one) for one in health.over],
        "rhythms": [(one.kind, _rhythm(one)) for one in health.known],
        "charge": health.charge,
        "corrected": [(one.kind, words.span(abs(one.correction_s)), one.correction_s > 0)
                      for one in health.known if one.correction_s],
        "calibrations": health.calibrations,
        "corrections": [(one, words.off(one.kind, one.deviation)) for one in health.corrections],
        "references": health.references,
        "compared_with": health.compared_with,
        "measured": [one.kind for one in health.known if one.kind in ("temperature", "humidity", "weight")],
        "units": {name: kind.unit.replace("degC", "°C") for name, kind in KINDS.items()},
        "may_answer": ctx.actor.may(Right.HANDLE_ALERTS, site_id),
        "may_manage": ctx.actor.may(Right.MANAGE_DEVICES, site_id),
        "today": ctx.now.date(),
    }  # fmt: skip


def _rhythm(one: service.Known) -> str:
    if one.usual_s is None:
        return "still being learned"
    if one.silent_after_s is None:
        return "by events: it reports when something happens, so its silence means nothing"
    return f"about every {words.span(one.usual_s)}; silent after {words.span(one.silent_after_s)}"


def _told(ctx: Context, one: Doubt) -> Told:
    quiet = one.quiet_until is not None and one.quiet_until > ctx.now
    state = "well" if one.ended_at is not None else "unknown" if quiet else "attention"
    return Told(
        one, words.what(one.cause, one.kind, one.size, one.evidence), words.to_do(one.cause), state,
        _site(ctx, one.site_id), quiet,
    )  # fmt: skip


def _site(ctx: Context, site_id: int | None) -> str:
    return next((site.name for site in records.sites(ctx) if site.site_id == site_id), "")


def _day(told: str, field: str) -> date | None:
    try:
        return date.fromisoformat(told.strip()) if told.strip() else None
    except ValueError:
        raise Invalid(Fault(field, "a day such as 2026-03-31", told, "Choose a day.")) from None


def _figure(told: str, field: str) -> float | None:
    try:
        return float(told.strip().replace(",", ".")) if told.strip() else None
    except ValueError:
        raise Invalid(Fault(field, "a number such as 4.5", told, "Write a number, or leave it out.")) from None


def _back(device: str, said: str) -> Response:
    return pages.go(f"/devices/{quote(device, safe='')}#health", said)
