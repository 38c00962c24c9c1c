"""REST: tasks, what becomes of alerts, messages in doubt, and who is told of what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Shown, Text, Told
from shelfwise.web.visits import Visitor
from shelfwise.work import alerts, outbox, subscriptions, tasks

router = APIRouter()


class TaskOut(Shown):
    """Something that somebody is to do; `state` is open, taken, done or dropped. Business times."""

    task_id: int
    kind: str
    subject: str
    site_id: int | None
    title: str
    detail: str
    why: str
    link: str
    evidence: dict[str, Any]
    priority: str
    role: str
    owner: str | None
    due_at: datetime | None
    state: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    snoozed_until: datetime | None


class DoneIn(Told):
    """What came of it."""

    note: Text = ""


class SnoozeIn(Told):
    """Until when, in business time; nothing: no longer."""

    until: AwareDatetime | None


class SnoozedOut(Shown):
    """An alert with who silenced it until when."""

    alert_id: int
    severity: str
    state: str
    site_id: int | None
    snoozed_until: datetime | None
    snoozed_by: str | None


class AttemptOut(Shown):
    """One attempt to deliver a message; without an outcome while it lasts. Wall times."""

    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    detail: str | None


class SubscriptionOut(Shown):
    """Who is told of what; `state` is active, paused or disabled. Wall times."""

    subscription_id: int
    name: str
    channel: str
    host: str
    kinds: list[str]
    sites: list[int] | None
    state: str
    why: str | None
    failing_since: datetime | None
    last_success_at: datetime | None
    waiting: int
    given_up: int


@router.get("/tasks", tags=["tasks"], responses=errors())
def task_list(visit: Visitor, finished: Annotated[bool, Query()] = False) -> list[TaskOut]:
    """What people are to do, by when it is due; or the newest of what is finished."""
    with visit.context() as ctx:
        return [TaskOut.model_validate(one) for one in tasks.tasks(ctx, finished)]


@router.get("/tasks/{task_id}", tags=["tasks"], responses=errors(404))
def task(visit: Visitor, task_id: Annotated[Id, Path()]) -> TaskOut:
    """One task."""
    with visit.context() as ctx:
        return TaskOut.model_validate(tasks.task(ctx, task_id))


@router.post("/tasks/{task_id}/take", tags=["tasks"], responses=errors(404, 409))
def take(visit: Visitor, task_id: Annotated[Id, Path()]) -> TaskOut:
    """Take a task; again changes nothing."""
    with visit.context() as ctx:
        return TaskOut.model_validate(tasks.take(ctx, task_id))


@router.post("/tasks/{task_id}/done", tags=["tasks"], responses=errors(404, 409))
def done(visit: Visitor, task_id: Annotated[Id, Path()], told: DoneIn) -> TaskOut:
    """Say that a task is done; again changes nothing."""
    with visit.context() as ctx:
        return TaskOut.model_validate(tasks.done(ctx, task_id, told.note))


@router.post("/alerts/{alert_id}/snooze", tags=["alerts"], responses=errors(404, 409))
def snooze(visit: Visitor, alert_id: Annotated[Id, Path()], told: SnoozeIn) -> SnoozedOut:
    """Leave an alert out of inboxes for a while: of danger four hours at most, of attention seven days."""
    with visit.context() as ctx:
        return SnoozedOut.model_validate(alerts.snooze(ctx, alert_id, told.until))


@router.get("/outbox/{outbox_id}/attempts", tags=["waiting"], responses=errors(404))
def attempts(visit: Visitor, outbox_id: Annotated[Id, Path()]) -> list[AttemptOut]:
    """The attempts to deliver a message, newest first."""
    with visit.context() as ctx:
        return [AttemptOut.model_validate(one) for one in outbox.attempts(ctx, outbox_id)]


@router.get("/webhooks", tags=["waiting"], responses=errors())
def subscription_list(visit: Visitor) -> list[SubscriptionOut]:
    """Who is told of which facts, and whether it arrives: for admins all, for others their own."""
    with visit.context() as ctx:
        return [SubscriptionOut.model_validate(one) for one in subscriptions.subscriptions(ctx)]
