"""Tasks: what people are to do, one unfinished for each kind and subject, closed by a person or with its cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import RIGHTS, Right, Role
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.store.database import first, notify, rows, run, value, values
from shelfwise.work.model import LONGEST_TASK_SNOOZE

Priority = Literal["low", "normal", "high"]
UNFINISHED = ("open", "taken")
ANSWER = "answer"
_OBJECTION = "objection"
_MOST_WORDS = 2000

_COLUMNS = """task_id, kind, subject, site_id, title, detail, why, link, evidence, priority, role, owner, due_at,
    state, opened_at, opened_by, taken_at, closed_at, closed_by, outcome, snoozed_until, snoozed_by"""


@dataclass(frozen=True)
class Task:
    """Something that somebody is to do.

    Attributes:
        kind: such as 'count'; `subject`: what it is about, such as 'place:12'.
        site_id: where; None: it belongs to no site.
        why: why it is to be done, and why now, in words.
        role: whose it is while nobody has it; `owner`: the login of whoever has it.
        state: 'open', 'taken', 'done' or 'dropped'.
        due_at: business time.
        opened_by: who asked for it: a login, or a part of Shelfwise ('system:stock').
        outcome: what was said when it was closed.
    """

    task_id: int
    kind: str
    subject: str
    site_id: int | None
    title: str
    detail: str
    why: str
    link: str
    evidence: dict[str, Any]
    priority: Priority
    role: str
    owner: str | None
    due_at: datetime | None
    state: str
    opened_at: datetime
    opened_by: str
    taken_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    snoozed_until: datetime | None
    snoozed_by: str | None

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED


@dataclass(frozen=True)
class Note:
    """A remark on a task."""

    said_at: datetime
    said_by: str
    words: str


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
    closed = values(
        ctx.tx,
        """update task set state = 'done', closed_at = %s, closed_by = %s, outcome = %s
           where tenant_id = %s and kind = %s and subject = %s and state in ('open', 'taken')
           returning task_id, site_id""",
        (ctx.now, ctx.actor.by, outcome, ctx.tenant, kind, subject),
    )
    for task_id, site_id in closed:
        _publish_closed(ctx, task_id, kind, "done", site_id)
    return bool(closed)


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
    return _find(ctx, task_id)


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
    task = _mine_to_handle(ctx, task_id)
    _require_unfinished(task)
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
    _note(ctx, task_id, f"Handed over to {to or 'whoever takes it'}." + (f" {said}" if said else ""))
    ctx.audit("task.handed_over", f"task:{task_id}", title=task.title, to=to)
    return _changed(ctx, task_id)


def done(ctx: Context, task_id: int, remark: str = "") -> Task:
    """It is done. Said again, nothing changes. Somebody's objection needs an answer, which its author gets to read.

    Raises:
        NotFound: no such task.
        Refused: it was dropped.
        Invalid: an answer is needed.
    """
    task = _mine_to_handle(ctx, task_id)
    if task.state == "done":
        return task
    _require_unfinished(task)
    said = words(remark, "note", "an answer to whoever said it") if task.kind == _OBJECTION else tidy(remark)
    closed = _close(ctx, task, "done", said)
    if task.kind == _OBJECTION:
        _answer(ctx, task, said)
    return closed


def drop(ctx: Context, task_id: int, reason: str) -> Task:
    """It will not be done, for a reason. Said again, nothing changes.

    Raises:
        NotFound: no such task.
        Refused: it was done.
        Invalid: no reason.
    """
    task = _mine_to_handle(ctx, task_id)
    if task.state == "dropped":
        return task
    _require_unfinished(task)
    if task.kind == _OBJECTION:
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
        _note(ctx, task.task_id, said)
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
            title=f"{ctx.actor.name} answered: {task.evidence.get('alert', task.title)}",
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
    _note(ctx, task_id, f"Open again: {said}")
    ctx.audit("task.reopened", f"task:{task_id}", title=task.title, note=said)
    return _changed(ctx, task_id)


def snooze(ctx: Context, task_id: int, until: datetime | None) -> Task:
    """Leave it out of inboxes until then; None: no longer.

    Raises:
        NotFound: no such task.
        Refused: it is finished.
        Invalid: a time that is past or more than a month away.
    """
    task = _mine_to_handle(ctx, task_id)
    _require_unfinished(task)
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
    _note(ctx, task_id, words(remark, "note", "a remark"))
    notify(ctx.tx, "live", "alerts")


def notes(ctx: Context, task_id: int) -> list[Note]:
    """What was said about a task, oldest first."""
    task(ctx, task_id)
    return rows(
        ctx.tx,
        Note,
        """select said_at, said_by, words from task_note where tenant_id = %s and task_id = %s order by note_id""",
        (ctx.tenant, task_id),
    )


def task(ctx: Context, task_id: int) -> Task:
    """
    Raises:
        NotFound: no such task.
        Forbidden: it is at a site that the actor may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    found = _find(ctx, task_id)
    if found.site_id is not None:
        ctx.require(Right.VIEW, found.site_id)
    return found


def tasks(ctx: Context, finished: bool = False, limit: int = 500) -> list[Task]:
    """Tasks at the sites one may see: the unfinished by when they are due, or the finished, newest first."""
    states, order = (
        (["done", "dropped"], "closed_at desc, task_id desc")
        if finished
        else (list(UNFINISHED), "due_at nulls last, task_id")
    )
    return rows(
        ctx.tx,
        Task,
        f"""select {_COLUMNS} from task where tenant_id = %(tenant)s and state = any(%(states)s)
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s))
            order by {order} limit %(limit)s""",
        {"tenant": ctx.tenant, "states": states, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )


def who_can(ctx: Context, site_id: int | None) -> list[str]:
    """The logins of active people who may handle tasks at a site, for handing over.

    Raises:
        Forbidden: without that right oneself.
    """
    ctx.require(Right.HANDLE_ALERTS, site_id)
    able = [role.value for role in Role if Right.HANDLE_ALERTS in RIGHTS[role]]
    return [
        login
        for (login,) in values(
            ctx.tx,
            """select login from app_user u where tenant_id = %(tenant)s and active and (role = any(%(able)s)
                 or exists (select from user_site_role r where r.tenant_id = u.tenant_id and r.user_id = u.user_id
                            and r.site_id = %(site)s and r.role = any(%(able)s)))
               order by login""",
            {"tenant": ctx.tenant, "able": able, "site": site_id},
        )
    ]


def check_snooze(until: datetime, now: datetime, longest: timedelta) -> None:
    """
    Raises:
        Invalid: not between now and `longest` from now.
    """
    if not now < until <= now + longest:
        limit = f"{longest.days} days" if longest.days else f"{int(longest.total_seconds() // 3600)} hours"
        raise Invalid(Fault("until", f"a time within the next {limit}", until.isoformat(), "Choose an earlier one."))


def tidy(text: str) -> str:
    """A remark as it is kept: without needless spaces and not without end."""
    return " ".join(text.replace("\x00", " ").split())[:_MOST_WORDS]


def words(text: str, where: str, expected: str) -> str:
    """
    Raises:
        Invalid: the text says nothing.
    """
    said = tidy(text)
    if not said:
        raise Invalid(Fault(where, expected, "nothing", "Say it in a few words."))
    return said


def _note(ctx: Context, task_id: int, said: str) -> None:
    run(
        ctx.tx,
        "insert into task_note (tenant_id, task_id, said_at, said_by, words) values (%s, %s, %s, %s, %s)",
        (ctx.tenant, task_id, ctx.now, ctx.actor.by, said),
    )


def _changed(ctx: Context, task_id: int) -> Task:
    notify(ctx.tx, "live", "alerts")
    return _find(ctx, task_id)


def _find(ctx: Context, task_id: int, lock: str = "") -> Task:
    found = first(
        ctx.tx,
        Task,
        f"select {_COLUMNS} from task where tenant_id = %s and task_id = %s {lock}",
        (ctx.tenant, task_id),
    )
    if found is None:
        raise NotFound("task", task_id)
    return found


def _mine_to_handle(ctx: Context, task_id: int) -> Task:
    """The task, locked, of somebody who has it or may handle what is at its site."""
    ctx.require_somewhere(Right.VIEW)
    try:
        found = _find(ctx, task_id, "for update")
    except NotFound:
        ctx.require_somewhere(Right.HANDLE_ALERTS)
        raise
    if found.owner is None or found.owner != ctx.actor.by:
        ctx.require(Right.HANDLE_ALERTS, found.site_id)
    return found


def _require_unfinished(found: Task) -> None:
    if not found.unfinished:
        raise Refused(f"This task is {found.state} already. Open it again first.")


def _require_person(ctx: Context, login: str, site_id: int | None) -> None:
    if login not in who_can(ctx, site_id):
        raise NotFound("person who can do this", login)
