"""From when on the books are real: explained, decided and moved on one page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, shorten
from shelfwise.records.changes import NeedsWord
from shelfwise.stock import going_live
from shelfwise.web import pages
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/go-live")
def show(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _page(visit, ctx)


def _page(
    visit: Visit, ctx: Context, error: ShelfwiseError | None = None, wanted: str = "", when: str = "now"
) -> Response:
    asked = error.concerns if isinstance(error, NeedsWord) else ()
    known = going_live.going_live(ctx)
    return pages.render(
        visit, ctx, "go_live.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        live=known, begun=known.at is not None and known.at <= ctx.now, concerns=asked, wanted=wanted, when=when,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or asked or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/go-live")
def decide(
    visit: Visitor,
    when: Annotated[str, Form(max_length=10)] = "now",
    at: Annotated[str, Form(max_length=40)] = "",
    confirmed: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.IMPORT_DATA)
            moment = ctx.now if when == "now" else _moment(at, shell(ctx).zone)
            going_live.decide_go_live(ctx, moment, confirmed=confirmed == "yes")
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _page(visit, ctx, error, at, when)
    return pages.go("/go-live", "Decided. From that moment on sales reserve and take stock.")


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as error:
        raise Invalid(Fault("go live at", "a day and a time", shorten(text) or "nothing", "Choose both.")) from error
