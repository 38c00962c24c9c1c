"""The first page of an installation: who we are, how we write, when our days begin, and a password of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from zoneinfo import available_timezones

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from shelfwise.access import first_run
from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, shorten
from shelfwise.records import company as companies
from shelfwise.records import habits as habit
from shelfwise.records import service as records
from shelfwise.records.currencies import CURRENCIES
from shelfwise.records.habits import Days, Habits, Numbers
from shelfwise.records.model import refuse
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.visits import Visit, Visitor, caller_of, set_session

router = APIRouter(include_in_schema=False)
# How each way of writing looks, for whoever chooses one.
NUMBERS_SHOWN: dict[Numbers, str] = {"en": "1,234.5", "de": "1.234,5", "fr": "1 234,5", "ch": "1’234.5"}
DAYS_SHOWN: dict[Days, str] = {
    "name": "2 Mar 2026", "dmy": "02.03.2026 (day first)", "mdy": "03/02/2026 (month first)", "ymd": "2026-03-02",
}  # fmt: skip
_FLOOR_M = (20.0, 12.0)


@router.get("/setup")
def form(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_PEOPLE)
        return _page(visit, ctx)


def _page(visit: Visit, ctx: Context, sent: FormData | None = None, error: ShelfwiseError | None = None) -> Response:
    blank = {
        "company": "", "currency": "", "time_zone": "", "numbers": "en", "days": "name", "site": "Main warehouse",
        "code": "MAIN", "name": "",
    }  # fmt: skip
    said: dict[str, Any] = blank if sent is None else {name: str(sent.get(name, "")) for name in blank}
    return pages.respond(
        visit.request, "setup.html", 200 if error is None else 422 if isinstance(error, Invalid) else 409,
        values=said, fresh=sent is None, due=first_run.setup_due(ctx),
        currencies=CURRENCIES, time_zones=sorted(available_timezones()),
        numbers=NUMBERS_SHOWN, days=DAYS_SHOWN, needs_site=not records.sites(ctx), login=visit.actor.name,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
    )  # fmt: skip


@router.post("/setup")
def set_up(visit: Visitor, sent: Sent) -> Response:
    """All of it or nothing; then the person is signed in with the password that nobody else knows."""
    caller = caller_of(visit.request)
    try:
        with visit.context() as ctx:
            ctx.require(Right.MANAGE_PEOPLE)
            if visit.session is None:
                raise Refused("A person does this, signed in with the first password.")
            refuse([*_faults(sent, bool(records.sites(ctx)))])
            before = companies.company(ctx)
            companies.change_company(
                ctx, replace(before, name=_text(sent, "company"), currency=_text(sent, "currency"))
            )
            habit.change_habits(
                ctx,
                replace(
                    habit.habits(ctx), time_zone=_text(sent, "time_zone"),
                    numbers=cast(Numbers, _text(sent, "numbers")), days=cast(Days, _text(sent, "days")),
                ),
            )  # fmt: skip
            if not records.sites(ctx):
                records.add_site(
                    ctx, code=_text(sent, "code"), name=_text(sent, "site"), time_zone=_text(sent, "time_zone"),
                    width_m=_FLOOR_M[0], depth_m=_FLOOR_M[1],
                )  # fmt: skip
            token = first_run.take_over(ctx, visit.session, _text(sent, "name"), str(sent.get("password", "")), caller)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _page(visit, ctx, sent, error)
    response = pages.go("/start", "Shelfwise is yours. What comes next stands here.")
    set_session(visit.request, response, token, caller)
    return response


def _text(sent: FormData, name: str) -> str:
    return str(sent.get(name, "")).strip()


def _faults(sent: FormData, has_site: bool) -> list[Fault]:
    """What can be said before anything is tried, all of it at once."""
    faults = []
    if not _text(sent, "company"):
        faults.append(Fault("company", "the name on every order", "nothing", "Type the company's name."))
    if _text(sent, "currency") not in CURRENCIES:
        got = shorten(_text(sent, "currency")) or "nothing"
        faults.append(Fault("currency", "one of the list, such as EUR", got, "Choose the currency of your books."))
    if not _text(sent, "name"):
        faults.append(Fault("your name", "what your colleagues call you", "nothing", "Type your name."))
    if str(sent.get("password", "")) != str(sent.get("again", "")):
        faults.append(Fault("password", "the same one twice", "two that differ", "Type the same one twice."))
    told = Habits(_text(sent, "time_zone"), cast(Numbers, _text(sent, "numbers")), cast(Days, _text(sent, "days")))
    faults += habit.habit_faults(told)
    if not has_site and not _text(sent, "site"):
        faults.append(Fault("first site", "what you call the place where goods lie", "nothing", "Type its name."))
    return faults
