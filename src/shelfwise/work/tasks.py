"""Tasks: what people are to do, one unfinished for each kind and subject, closed by a person or with its cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.store.database import notify, run, value, values
from shelfwise.work.model import LONGEST_TASK_SNOOZE, SETTLED_BY
from shelfwise.work.task_rows import (
    Note,
    Priority,
    Task,
    check_snooze,
    find,
    notes,
    task,
    tasks,
    tidy,
    who_can,
    words,
)

__all__ = ["Note", "Priority", "Task", "check_snooze", "notes", "task", "tasks", "tidy", "who_can", "words"]

ANSWER = "answer"
OBJECTION = "objection"


def open_task(
    ctx: Context,
    *,
    kind: str,
    subject: str,
    site_id: int | None,
    title: str,
    detail: str = "",
    link: str = "",
    due_at: datetime | None = None,
    role: str = "operator",
    evidence: dict[str, Any] | None = None,
    why: str = "",
    owner: str | None = None,
    priority: Priority = "normal",
) -> int:
    """Have something done; returns the id of the task, new or told anew where one is unfinished.

    Rooms call it when they notice something; whoever has the task already keeps it.

    Args:
        role: whose it is until somebody takes it, such as 'operator'.
        why: why it is to be done, and why now; the detail where it is left out.
        owner: the login of the one person who is to do it.
    """
    task_id: int | None = value(
        ctx.tx,
        """insert into task (tenant_id, kind, subject, site_id, title, detail, why, link, evidence, priority, role,
                             owner, due_at, opened_at, opened_by)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
           returning task_id""",
        (
            ctx.tenant, kind, subject, site_id, title, detail, why, link, Jsonb(evidence or {}), priority,
            Role(role).value, owner, due_at, ctx.now, ctx.actor.by,
        ),
    )  # fmt: skip
    if task_id is None:
        task_id = value(
            ctx.tx,
            """update task set title = %s, detail = %s, why = %s, link = %s, evidence = %s, due_at = %s, priority = %s
               where tenant_id = %s and kind = %s and subject = %s and state in ('open', 'taken') returning task_id""",
            (title, detail, why, link, Jsonb(evidence or {}), due_at, priority, ctx.tenant, kind, subject),
        )
    else:
        ctx.publish(
            "task.opened", f"task:{task_id}", task_id=task_id, task=kind, about=subject, title=title, site_id=site_id
        )
    notify(ctx.tx, "live", "alerts")
    return int(task_id or 0)


def close_task(ctx: Context, kind: str, subject: str, outcome: str = "Its cause is gone.") -> bool:
    """The cause is gone, or it was done in another way; True if one was unfinished. For other rooms."""
    return close_tasks(ctx, [kind], subject, outcome) > 0


def close_tasks(ctx: Context, kinds: Sequence[str], subject: str, outcome: str = "Its cause is gone.") -> int:
    """As `close_task`, of several kinds at once; returns how many were unfinished."""
    closed = values(
        ctx.tx,
        """update task set state = 'done', closed_at = %s, closed_by = %s, outcome = %s
           where tenant_id = %s and kind = any(%s) and subject = %s and state in ('open', 'taken')
           returning task_id, kind, site_id""",
        (ctx.now, ctx.actor.by, outcome, ctx.tenant, list(kinds), subject),
    )
    for task_id, kind, site_id in closed:
        _publish_closed(ctx, task_id, kind, "done", site_id)
    return len(closed)


def _publish_closed(ctx: Context, task_id: int, kind: str, state: str, site_id: int | None) -> None:
    ctx.publish(
        "task.closed", f"task:{task_id}", task_id=task_id, task=kind, state=state, by=ctx.actor.by, site_id=site_id
    )
    notify(ctx.tx, "live", "alerts")


def add_task(
    ctx: Context,
    site_id: int,
    title: str,
    detail: str = "",
    role: str = "operator",
    owner: str | None = None,
    due_at: datetime | None = None,
    priority: Priority = "normal",
) -> Task:
    """A person asks for something to be done at a site.

    Raises:
        Forbidden: without the right to handle alerts there.
        Invalid: no title, or a role that there is not.
        NotFound: no such site, or the owner is nobody who can do it.
    """
    ctx.require(Right.HANDLE_ALERTS, site_id)
    if value(ctx.tx, "select 1 from site where tenant_id = %s and site_id = %s", (ctx.tenant, site_id)) is None:
        raise NotFound("site", site_id)
    said = words(title, "title", "what is to be done")[:200]
    if role not in set(Role):
        raise Invalid(Fault("role", f"one of {', '.join(Role)}", shorten(role), "Choose whose task it is."))
    if priority not in ("low", "normal", "high"):
        raise Invalid(Fault("priority", "low, normal or high", shorten(priority), "Choose one."))
    if owner is not None:
        _require_person(ctx, owner, site_id)
    number: int = value(ctx.tx, "select nextval(pg_get_serial_sequence('task', 'task_id'))")
    task_id = open_task(
        ctx,
        kind="asked",
        subject=f"asked:{number}",
        site_id=site_id,
        title=said,
        detail=tidy(detail),
        due_at=due_at,
        role=role,
        owner=owner,
        priority=priority,
        why=f"{ctx.actor.name} asked for it.",
    )
    ctx.audit("task.asked", f"task:{task_id}", title=said, role=role, owner=owner)
    return find(ctx, task_id)


def take(ctx: Context, task_id: int) -> Task:
    """I do this. Taken again by the same person, nothing changes.

    Raises:
        NotFound: no such task.
        Forbidden: without the right to handle tasks there.
        Refused: somebody else has it, or it is finished.
    """
    task = _mine_to_handle(ctx, task_id)
    if task.state == "taken" and task.owner == ctx.actor.by:
        return task
    _require_unfinished(task)
    if task.state == "taken":
        raise Refused(f"{task.owner} has this already. Ask them to hand it over.")
    run(
        ctx.tx,
        """update task set state = 'taken', owner = %s, taken_at = %s, snoozed_until = null, snoozed_by = null
           where tenant_id = %s and task_id = %s""",
        (ctx.actor.by, ctx.now, ctx.tenant, task_id),
    )
    ctx.audit("task.taken", f"task:{task_id}", title=task.title)
    return _changed(ctx, task_id)


def hand_over(ctx: Context, task_id: int, to: str, remark: str = "") -> Task:
    """Give it to somebody else, who finds it in their inbox; to nobody ('') so that anybody of its role can take it.

    Raises:
        NotFound: no such task, or nobody of this login who can do it.
        Refused: it is finished.
    """
    task = unfinished(ctx, task_id)
    if to:
        _require_person(ctx, to, task.site_id)
    if task.owner == (to or None) and task.state == "open":
        return task
    run(
        ctx.tx,
        """update task set state = 'open', owner = %s, taken_at = null, snoozed_until = null, snoozed_by = null
           where tenant_id = %s and task_id = %s""",
        (to or None, ctx.tenant, task_id),
    )
    said = tidy(remark)
    keep_remark(ctx, task_id, f"Handed over to {to or 'whoever takes it'}." + (f" {said}" if said else ""))
    ctx.audit("task.handed_over", f"task:{task_id}", title=task.title, to=to)
    return _changed(ctx, task_id)


def done(ctx: Context, task_id: int, remark: str = "") -> Task:
    """It is done. Said again, nothing changes. Somebody's objection needs an answer, which its author gets to read.

    Raises:
        NotFound: no such task.
        Refused: it was dropped, or it is closed by what it asks for and not by saying so.
        Invalid: an answer is needed.
    """
    task = _mine_to_handle(ctx, task_id)
    if task.state == "done":
        return task
    _require_unfinished(task)
    _require_by_hand(task)
    said = words(remark, "note", "an answer to whoever said it") if task.kind == OBJECTION else tidy(remark)
    closed = _close(ctx, task, "done", said)
    if task.kind == OBJECTION:
        _answer(ctx, task, said)
    return closed


def drop(ctx: Context, task_id: int, reason: str) -> Task:
    """It will not be done, for a reason. Said again, nothing changes.

    Raises:
        NotFound: no such task.
        Refused: it was done, or it is closed by what it asks for and not by saying so.
        Invalid: no reason.
    """
    task = _mine_to_handle(ctx, task_id)
    if task.state == "dropped":
        return task
    _require_unfinished(task)
    _require_by_hand(task)
    if task.kind == OBJECTION:
        raise Refused("Somebody waits for an answer. Say what you found, and mark it done.")
    return _close(ctx, task, "dropped", words(reason, "reason", "why it is not to be done"))


def _close(ctx: Context, task: Task, state: Literal["done", "dropped"], said: str) -> Task:
    run(
        ctx.tx,
        """update task set state = %s, closed_at = %s, closed_by = %s, outcome = %s
           where tenant_id = %s and task_id = %s""",
        (state, ctx.now, ctx.actor.by, said or None, ctx.tenant, task.task_id),
    )
    if said:
        keep_remark(ctx, task.task_id, said)
    _publish_closed(ctx, task.task_id, task.kind, state, task.site_id)
    ctx.audit("task.done" if state == "done" else "task.dropped", f"task:{task.task_id}", title=task.title, note=said)
    return _changed(ctx, task.task_id)


def _answer(ctx: Context, task: Task, said: str) -> None:
    """Whoever objected reads what was answered: it stands in their inbox until they have."""
    for (author,) in values(
        ctx.tx,
        """select distinct said_by from task_note n where tenant_id = %s and task_id = %s and said_by <> %s
           and exists (select from app_user u where u.tenant_id = n.tenant_id and u.login = n.said_by and u.active)""",
        (ctx.tenant, task.task_id, ctx.actor.by),
    ):
        open_task(
            ctx,
            kind=ANSWER,
            subject=f"task:{task.task_id}:{author}",
            site_id=task.site_id,
            title=f"{ctx.actor.name} answered: {task.evidence.get('about', task.title)}",
            detail=said,
            link=f"/tasks/{task.task_id}",
            role=Role.VIEWER.value,
            owner=author,
            priority="low",
            why="You said that this was wrong. Read the answer and mark it done, or say again what is wrong.",
        )


def reopen(ctx: Context, task_id: int, reason: str) -> Task:
    """It is not done after all. Of an unfinished one nothing changes.

    Raises:
        NotFound: no such task.
        Refused: another task for the same was opened meanwhile.
        Invalid: no reason.
    """
    task = _mine_to_handle(ctx, task_id)
    if task.unfinished:
        return task
    said = words(reason, "reason", "why it is not finished")
    other = value(
        ctx.tx,
        """select task_id from task where tenant_id = %s and kind = %s and subject = %s
             and state in ('open', 'taken')""",
        (ctx.tenant, task.kind, task.subject),
    )
    if other is not None:
        raise Refused(f"Task {other} is open for the same already. Go on there.")
    run(
        ctx.tx,
        """update task set state = 'open', taken_at = null, closed_at = null, closed_by = null, outcome = null
           where tenant_id = %s and task_id = %s""",
        (ctx.tenant, task_id),
    )
    keep_remark(ctx, task_id, f"Open again: {said}")
    ctx.audit("task.reopened", f"task:{task_id}", title=task.title, note=said)
    return _changed(ctx, task_id)


def snooze(ctx: Context, task_id: int, until: datetime | None) -> Task:
    """Leave it out of inboxes until then; None: no longer.

    Raises:
        NotFound: no such task.
        Refused: it is finished.
        Invalid: a time that is past or more than a month away.
    """
    task = unfinished(ctx, task_id)
    if until is not None:
        check_snooze(until, ctx.now, LONGEST_TASK_SNOOZE)
    run(
        ctx.tx,
        "update task set snoozed_until = %s, snoozed_by = %s where tenant_id = %s and task_id = %s",
        (until, None if until is None else ctx.actor.by, ctx.tenant, task_id),
    )
    ctx.audit("task.snoozed", f"task:{task_id}", title=task.title, until=None if until is None else until.isoformat())
    return _changed(ctx, task_id)


def note(ctx: Context, task_id: int, remark: str) -> None:
    """Add a remark.

    Raises:
        NotFound: no such task.
        Forbidden: without the right to see it.
        Invalid: it says nothing.
    """
    task(ctx, task_id)
    keep_remark(ctx, task_id, words(remark, "note", "a remark"))
    notify(ctx.tx, "live", "alerts")


def keep_remark(ctx: Context, task_id: int, said: str) -> None:
    """Keep what was said; for whoever has looked at the rights."""
    run(
        ctx.tx,
        "insert into task_note (tenant_id, task_id, said_at, said_by, words) values (%s, %s, %s, %s, %s)",
        (ctx.tenant, task_id, ctx.now, ctx.actor.by, said),
    )


def _changed(ctx: Context, task_id: int) -> Task:
    notify(ctx.tx, "live", "alerts")
    return find(ctx, task_id)


def _mine_to_handle(ctx: Context, task_id: int) -> Task:
    """The task, locked, of somebody who has it or may handle what is at its site."""
    ctx.require_somewhere(Right.VIEW)
    try:
        found = find(ctx, task_id, "for update")
    except NotFound:
        ctx.require_somewhere(Right.HANDLE_ALERTS)
        raise
    if found.owner is None or found.owner != ctx.actor.by:
        ctx.require(Right.HANDLE_ALERTS, found.site_id)
    return found


def unfinished(ctx: Context, task_id: int) -> Task:
    """One that is not finished, locked, for somebody who has it or may handle it.

    Raises:
        NotFound: no such task.
        Refused: it is finished.
    """
    found = _mine_to_handle(ctx, task_id)
    _require_unfinished(found)
    return found


def _require_unfinished(found: Task) -> None:
    if not found.unfinished:
        raise Refused(f"This task is {found.state} already. Open it again first.")


def _require_by_hand(found: Task) -> None:
    instead = SETTLED_BY.get(found.kind)
    if instead is not None:
        raise Refused(f"This waits still. {instead}")


def _require_person(ctx: Context, login: str, site_id: int | None) -> None:
    if login not in who_can(ctx, site_id):
        raise NotFound("person who can do this", login)
