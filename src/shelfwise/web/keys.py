"""Keys: which other systems get in, what each may do where, until when, and when it last did. For admins."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from shelfwise.access import service as access
from shelfwise.access.context import Context
from shelfwise.access.model import PERSONS_ALONE, Right
from shelfwise.core.clocks import day_start
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, ShelfwiseError, shorten
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.people import KEYS
from shelfwise.web.people_words import right_words
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
# Devices send readings with secrets of their own.
SCOPES = tuple(right for right in Right if right not in PERSONS_ALONE | {Right.SEND_READINGS})


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=500)


@router.get("/keys")
def list_keys(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_PEOPLE)
        return _page(visit, ctx)


def _page(
    visit: Visit,
    ctx: Context,
    status: int = 200,
    error: ShelfwiseError | None = None,
    secret: str = "",
    name: str = "",
) -> Response:
    sites = records.sites(ctx)
    return pages.render(
        visit,
        ctx,
        "keys.html",
        status=status,
        found=find(ctx, KEYS, visit.request.query_params),
        sites=sites,
        scopes=SCOPES,
        words=right_words,
        secret=secret,
        name=name,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )


@router.post("/keys")
def add_key(visit: Visitor, sent: Annotated[FormData, Depends(_sent)]) -> Response:
    """Make a key and show its secret, this once."""
    name = str(sent.get("name", "")).strip()
    try:
        with visit.context() as ctx:
            ctx.require(Right.MANAGE_PEOPLE)
            chosen = [int(str(one)) for one in sent.getlist("site") if str(one).isdecimal() and len(str(one)) < 19]
            secret = access.add_key(
                ctx,
                name,
                _scopes([str(one) for one in sent.getlist("scope")]),
                sites=chosen if sent.get("where") == "some" else None,
                expires_at=None if (last := _day(str(sent.get("until", "")))) is None else _end(last, shell(ctx).zone),
            )
            return _page(visit, ctx, secret=secret, name=name)
    except (Invalid, Refused, NotFound) as error:
        status = 422 if isinstance(error, Invalid) else 409
        with visit.context() as ctx:
            return _page(visit, ctx, status, error)


def _scopes(names: list[str]) -> list[Right]:
    known = {right.value: right for right in SCOPES}
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        got = shorten(wrong[0]) if wrong else "none"
        raise Invalid(Fault("scopes", "at least one thing that a key may do", got, "Tick what the system needs."))
    return [known[name] for name in names]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Fault("until", "a day such as 2027-03-31", shorten(text), "Choose a day.")) from error


def _end(last: date, zone: ZoneInfo) -> datetime:
    return day_start(last + timedelta(days=1), zone)


@router.post("/keys/{key_id}/revoke")
def revoke(visit: Visitor, key_id: int) -> Response:
    with visit.context() as ctx:
        key = access.revoke_key(ctx, key_id)
    return pages.go("/keys", f"{key.name} is revoked: whoever holds it is refused from now on.")
