"""The inbox: what needs me, alerts and tasks in one list; and the page of one task."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Forbidden, Invalid, shorten
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.waiting import INBOX
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visit, Visitor
from shelfwise.work import escalation, inbox, objections, tasks
from shelfwise.work.inbox import Row, Scope
from shelfwise.work.model import SETTLED_BY, task_ladder

router = APIRouter(include_in_schema=False)
SCOPES: dict[str, Scope] = {"me": "me", "mine": "mine", "all": "all"}
# How long something is left out of the inbox: what a page calls it, and the words on the button.
NAPS = {"hour": "1 hour", "shift": "4 hours", "tomorrow": "tomorrow 8:00", "week": "1 week"}
# Said to whoever has said that something is wrong.
ANSWERED = "Noted, and somebody will answer. The answer comes to your inbox."
SHORT_NAPS = {name: NAPS[name] for name in ("hour", "shift")}
Back = Annotated[str, Form(alias="next", max_length=500)]
Said = Annotated[str, Form(max_length=4000)]


@router.get("/inbox")
def show_inbox(visit: Visitor) -> Response:
    with visit.context() as ctx:
        found = find(ctx, INBOX, visit.request.query_params)
        scope, sites = SCOPES[found.wanted.chosen["show"]], records.sites(ctx)
        here = next((one.site_id for one in sites if str(one.site_id) == found.wanted.chosen["site"]), None)
        _, asleep = inbox.inbox(ctx, scope, here)
        return pages.render(
            visit,
            ctx,
            "inbox.html",
            show=scope,
            site=here,
            sites=sites,
            found=found,
            awake=[(row["line"], may_handle(visit, row["line"])) for row in found.rows],
            asleep=[(one, may_handle(visit, one)) for one in asleep],
            finished=tasks.tasks(ctx, finished=True, limit=12) if scope == "all" else [],
            back=found.here(),
            naps=NAPS,
            short_naps=SHORT_NAPS,
            roles=[role for role in Role if role is not Role.VIEWER],
        )


def may_handle(visit: Visit, row: Row) -> bool:
    """Whether the page shows the buttons; the service checks again."""
    return row.owner == visit.actor.by or visit.actor.may(Right.HANDLE_ALERTS, row.site_id)


@router.get("/tasks/{task_id}")
def show_task(visit: Visitor, task_id: int) -> Response:
    with visit.context() as ctx:
        return _page(visit, ctx, task_id)


def _page(visit: Visit, ctx: Context, task_id: int, status: int = 200, fault: str = "") -> Response:
    found = tasks.task(ctx, task_id)
    row = inbox.task_row(ctx, task_id)
    return pages.render(
        visit,
        ctx,
        "task.html",
        settled_by=SETTLED_BY.get(found.kind, ""),
        status=status,
        task=found,
        row=row,
        may=may_handle(visit, row),
        notes=tasks.notes(ctx, task_id),
        people=_people(ctx, found.site_id),
        naps=NAPS,
        ladder=task_ladder(Role(found.role)),
        objection=objections.newest(ctx, f"task:{task_id}", found.site_id),
        fault=fault,
    )


def _people(ctx: Context, site_id: int | None) -> list[str]:
    try:
        return tasks.who_can(ctx, site_id)
    except Forbidden:
        return []


def wake_at(ctx: Context, nap: str) -> datetime | None:
    """When something is to come back; None: now.

    Raises:
        Invalid: not one of the lengths that pages offer.
    """
    if nap == "now":
        return None
    if nap not in NAPS:
        raise Invalid(Fault("until", f"one of {', '.join(NAPS)}", shorten(nap), "Choose one."))
    if nap == "tomorrow":
        return _tomorrow(ctx.now, shell(ctx).zone)
    return ctx.now + {"hour": timedelta(hours=1), "shift": timedelta(hours=4), "week": timedelta(days=7)}[nap]


def _tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(local_day(now, zone) + timedelta(days=1), time(8), zone)


@router.post("/tasks")
def add_task(
    visit: Visitor,
    title: Annotated[str, Form(max_length=300)],
    site: Annotated[int, Form()],
    detail: Said = "",
    role: Annotated[str, Form(max_length=20)] = "operator",
    due: Annotated[str, Form(max_length=40)] = "",
    priority: Annotated[str, Form(max_length=10)] = "normal",
    back: Back = "/inbox",
) -> Response:
    with visit.context() as ctx:
        if priority not in ("low", "normal", "high"):
            raise Invalid(Fault("priority", "low, normal or high", shorten(priority), "Choose one."))
        level: tasks.Priority = "high" if priority == "high" else "low" if priority == "low" else "normal"
        due_at = _due(due, shell(ctx).zone)
        made = tasks.add_task(ctx, site, title, detail, role=role, due_at=due_at, priority=level)
    return pages.go(pages.local_address(back), f"Asked for: {made.title}.")


def _due(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Fault("due", "a day and a time", shorten(text), "Choose when it is due.")) from error
    return told.replace(tzinfo=zone) if told.tzinfo is None else told


@router.post("/tasks/{task_id}/take")
def take(visit: Visitor, task_id: int, back: Back = "") -> Response:
    with visit.context() as ctx:
        task = tasks.take(ctx, task_id)
    return _go(back, task_id, f"You have it: {task.title}.")


@router.post("/tasks/{task_id}/done")
def done(visit: Visitor, task_id: int, note: Said = "", back: Back = "") -> Response:
    with visit.context() as ctx:
        try:
            task = tasks.done(ctx, task_id, note)
        except Invalid:
            if back:
                return pages.go(f"/tasks/{task_id}", "Somebody waits for an answer: write it below.")
            raise
    return _go(back, task_id, f"Done: {task.title}.")


@router.post("/tasks/{task_id}/drop")
def drop(visit: Visitor, task_id: int, reason: Said = "", back: Back = "") -> Response:
    with visit.context() as ctx:
        task = tasks.drop(ctx, task_id, reason)
    return _go(back, task_id, f"Dropped: {task.title}.")


@router.post("/tasks/{task_id}/hand-over")
def hand_over(
    visit: Visitor, task_id: int, to: Annotated[str, Form(max_length=100)] = "", note: Said = "", back: Back = ""
) -> Response:
    with visit.context() as ctx:
        task = tasks.hand_over(ctx, task_id, to, note)
    return _go(back, task_id, f"{to or 'Whoever takes it'} has it now: {task.title}.")


@router.post("/tasks/{task_id}/reopen")
def reopen(visit: Visitor, task_id: int, reason: Said = "") -> Response:
    with visit.context() as ctx:
        task = tasks.reopen(ctx, task_id, reason)
    return _go("", task_id, f"Open again: {task.title}.")


@router.post("/tasks/{task_id}/snooze")
def snooze(
    visit: Visitor, task_id: int, until: Annotated[str, Form(max_length=20)] = "hour", back: Back = ""
) -> Response:
    with visit.context() as ctx:
        task = tasks.snooze(ctx, task_id, wake_at(ctx, until))
    said = f"It comes back in {NAPS[until]}" if until in NAPS else "It is back"
    return _go(back, task_id, f"{said}: {task.title}.".replace("in tomorrow", "tomorrow"))


@router.post("/tasks/{task_id}/note")
def note(visit: Visitor, task_id: int, note: Said = "") -> Response:
    with visit.context() as ctx:
        tasks.note(ctx, task_id, note)
    return _go("", task_id, "Noted.")


@router.post("/tasks/{task_id}/pass-on")
def pass_on(visit: Visitor, task_id: int, reason: Said = "") -> Response:
    """I cannot do this: the next role is asked."""
    with visit.context() as ctx:
        escalation.pass_task_on(ctx, task_id, reason)
        to = inbox.task_row(ctx, task_id).to
    return _go("", task_id, f"Passed on to {to.value}.")


@router.post("/tasks/{task_id}/wrong")
def wrong(visit: Visitor, task_id: int, note: Said = "") -> Response:
    """This is wrong: said in one tap, answered by a person."""
    with visit.context() as ctx:
        objections.object_to_task(ctx, task_id, note)
    return _go("", task_id, ANSWERED)


def _go(back: str, task_id: int, said: str) -> Response:
    return pages.go(pages.local_address(back) if back else f"/tasks/{task_id}", said)
