"""Tasks as they are read: what one is, who sees it, and the words on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shelfwise.access.context import Context
from shelfwise.access.model import RIGHTS, Right, Role
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.store.database import first, rows, values

Priority = Literal["low", "normal", "high"]
UNFINISHED = ("open", "taken")
MOST_WORDS = 2000

COLUMNS = """task_id, kind, subject, site_id, title, detail, why, link, evidence, priority, role, owner, due_at,
    state, opened_at, opened_by, taken_at, closed_at, closed_by, outcome, snoozed_until, snoozed_by, level,
    escalated_at"""


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
        level: how often it went on to the next role because nobody had taken it in time.
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
    level: int
    escalated_at: datetime | None

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED


@dataclass(frozen=True)
class Note:
    """A remark on a task."""

    said_at: datetime
    said_by: str
    words: str


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
    found = find(ctx, task_id)
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
        f"""select {COLUMNS} from task where tenant_id = %(tenant)s and state = any(%(states)s)
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


def find(ctx: Context, task_id: int, lock: str = "") -> Task:
    """The task, whoever asks: for callers that look at the rights themselves; `lock`: 'for update'."""
    found = first(
        ctx.tx,
        Task,
        f"select {COLUMNS} from task where tenant_id = %s and task_id = %s {lock}",
        (ctx.tenant, task_id),
    )
    if found is None:
        raise NotFound("task", task_id)
    return found


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
    return " ".join(text.replace("\x00", " ").split())[:MOST_WORDS]


def words(text: str, where: str, expected: str) -> str:
    """
    Raises:
        Invalid: the text says nothing.
    """
    said = tidy(text)
    if not said:
        raise Invalid(Fault(where, expected, "nothing", "Say it in a few words."))
    return said
