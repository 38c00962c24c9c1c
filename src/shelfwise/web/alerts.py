"""Alerts: what is wrong now, who has taken it, and what was wrong lately."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shelfwise.web import pages
from shelfwise.web.visits import Visitor
from shelfwise.work import alerts

router = APIRouter(include_in_schema=False)


@router.get("/alerts")
def list_alerts(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(
            visit, ctx, "alerts.html", open_alerts=alerts.open_alerts(ctx), cleared=alerts.recent_alerts(ctx, 30)
        )


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


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(visit: Visitor, alert_id: int) -> Response:
    with visit.context() as ctx:
        alert = alerts.acknowledge(ctx, alert_id)
    return pages.go("/alerts", f"You have taken: {alert.title}. It stays open until its cause is gone.")
