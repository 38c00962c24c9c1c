"""Devices: what reports, from where, and when it last did."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.waiting import DEVICES
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/devices")
def list_devices(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "devices.html", found=find(ctx, DEVICES, visit.request.query_params))
