"""For how long is what devices say kept? For admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.history import retention
from shelfwise.edge.history import service as history
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/system/readings")
def kept_page(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        return pages.render(
            visit, ctx, "keeping_readings.html", kept=retention.kept(ctx), closed=history.archived_days(ctx)
        )


@router.post("/system/readings")
def keep(
    visit: Visitor,
    kind: Annotated[str, Form(max_length=32)] = "",
    days: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Keep a kind for so many days; nothing: for ever."""
    told = days.strip()
    if told and not (told.isascii() and told.isdecimal()):
        raise Invalid(Fault("days", "a whole number, or nothing for ever", shorten(days), "Correct the number."))
    with visit.context() as ctx:
        retention.keep_for(ctx, kind, int(told) if told else None)
    return pages.go("/system/readings", f"Readings of {kind} are kept {f'for {told} days' if told else 'for ever'}.")
