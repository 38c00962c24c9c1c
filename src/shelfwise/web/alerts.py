"""Alerts: what is wrong now and was lately, and the page of one: who has it, why it came, and "this is wrong"."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.web import pages
from shelfwise.web.inbox import ANSWERED, NAPS, SHORT_NAPS, Back, Said, may_handle, wake_at
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.waiting import ALERTS
from shelfwise.web.visits import Visitor
from shelfwise.work import alerts, escalation, inbox
from shelfwise.work.model import rule

router = APIRouter(include_in_schema=False)


@router.get("/alerts")
def list_alerts(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(
            visit, ctx, "alerts.html", open_alerts=alerts.open_alerts(ctx),
            found=find(ctx, ALERTS, visit.request.query_params),
        )  # fmt: skip


@router.get("/alerts/banner")
def banner(visit: Visitor) -> Response:
    """The line at the head of every page, for its live refresh."""
    with visit.context() as ctx:
        return pages.render(visit, ctx, "banner.html")


@router.get("/nav")
def nav(visit: Visitor, at: str = "/") -> Response:
    """The list of pages with what waits on each, for its live refresh; `at` is the page that shows it."""
    with visit.context() as ctx:
        return pages.render(visit, ctx, "nav.html", path=pages.local_address(at))


@router.get("/alerts/{alert_id}")
def show_alert(visit: Visitor, alert_id: int) -> Response:
    with visit.context() as ctx:
        found = alerts.alert(ctx, alert_id)
        row = inbox.alert_row(ctx, alert_id)
        return pages.render(
            visit,
            ctx,
            "alert.html",
            alert=found,
            row=row,
            may=may_handle(visit, row) and found.state != "cleared",
            ladder=rule(found.kind).ladder,
            answers=rule(found.kind).answers,
            objection=alerts.objection(ctx, alert_id),
            naps=SHORT_NAPS if found.severity == "danger" else NAPS,
        )


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(visit: Visitor, alert_id: int, back: Back = "/alerts") -> Response:
    with visit.context() as ctx:
        alert = alerts.acknowledge(ctx, alert_id)
    ends = "until you settle it" if rule(alert.kind).by_hand else "until its cause is gone"
    return pages.go(pages.local_address(back), f"You have taken: {alert.title}. It stays open {ends}.")


@router.post("/alerts/{alert_id}/give-back")
def give_back(visit: Visitor, alert_id: int, back: Back = "") -> Response:
    with visit.context() as ctx:
        alert = alerts.give_back(ctx, alert_id)
    return _go(back, alert_id, f"Given back, for somebody else to take: {alert.title}.")


@router.post("/alerts/{alert_id}/snooze")
def snooze(
    visit: Visitor, alert_id: int, until: Annotated[str, Form(max_length=20)] = "hour", back: Back = ""
) -> Response:
    with visit.context() as ctx:
        alert = alerts.snooze(ctx, alert_id, wake_at(ctx, until))
    said = f"Out of the inbox for {NAPS[until]}" if until in NAPS else "Back in the inbox"
    return _go(back, alert_id, f"{said}: {alert.title}.".replace("for tomorrow", "until tomorrow"))


@router.post("/alerts/{alert_id}/settle")
def settle(visit: Visitor, alert_id: int, note: Said = "", back: Back = "") -> Response:
    with visit.context() as ctx:
        alert = alerts.settle(ctx, alert_id, note)
    return _go(back, alert_id, f"Settled: {alert.title}.")


@router.post("/alerts/{alert_id}/wrong")
def wrong(visit: Visitor, alert_id: int, note: Said = "", back: Back = "") -> Response:
    """This is wrong: said in one tap, answered by a person."""
    with visit.context() as ctx:
        alerts.object_to(ctx, alert_id, note)
    return _go(back, alert_id, ANSWERED)


@router.post("/alerts/{alert_id}/pass-on")
def pass_on(visit: Visitor, alert_id: int, reason: Said = "") -> Response:
    with visit.context() as ctx:
        alert = escalation.pass_alert_on(ctx, alert_id, reason)
    return _go("", alert_id, f"Passed on to {alert.role.value}: {alert.title}.")


def _go(back: str, alert_id: int, said: str) -> Response:
    return pages.go(pages.local_address(back) if back else f"/alerts/{alert_id}", said)
