"""Audit: who did what, and when. For those who may see it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shelfwise.access import service as access
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
PAGE = 100


@router.get("/audit")
def audit(visit: Visitor, before: int | None = None) -> Response:
    with visit.context() as ctx:
        entries = access.audit_log(ctx, PAGE, before)
        older = entries[-1].audit_id if len(entries) == PAGE else None
        return pages.render(visit, ctx, "audit.html", entries=entries, older=older, before=before)
