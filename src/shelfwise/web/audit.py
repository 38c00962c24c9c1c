"""Audit: who did what, and when. For those who may see it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shelfwise.access import service as access
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.people import AUDIT
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/audit")
def audit(visit: Visitor) -> Response:
    with visit.context() as ctx:
        kinds = sorted({one.split(".")[0] for one in access.audit_actions(ctx)})
        return pages.render(visit, ctx, "audit.html", found=find(ctx, AUDIT, visit.request.query_params), kinds=kinds)
