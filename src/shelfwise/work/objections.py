"""“This is wrong”: said in one tap by anybody who sees something, answered in words by whoever answers for it."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.errors import Refused
from shelfwise.store.database import value
from shelfwise.work import tasks


def say_wrong(
    ctx: Context, *, subject: str, site_id: int | None, what: str, link: str, answers: Role, note: str = ""
) -> int:
    """Have somebody answer that this is wrong; returns the id of the task, which cannot be dropped.

    For the rooms that know what it is about. Said again, by anybody, it is added to the same task.

    Args:
        subject: what it is about, such as 'alert:7'.
        what: the same in words, as the answer names it.
        link: the page that shows it.
        answers: whoever answers for it.

    Raises:
        Forbidden: without the right to see that site.
    """
    ctx.require_somewhere(Right.VIEW) if site_id is None else ctx.require(Right.VIEW, site_id)
    said = tasks.tidy(note) or "no reason given"
    task_id = tasks.open_task(
        ctx,
        kind=tasks.OBJECTION,
        subject=subject,
        site_id=site_id,
        title=f"Answer {ctx.actor.name}: “{what}” is said to be wrong",
        detail=said,
        link=link,
        role=answers.value,
        evidence={"about": what, "said_by": ctx.actor.by, "note": said},
        why=f"{ctx.actor.name} says that this is wrong and waits for an answer from whoever answers for it.",
    )
    tasks.note(ctx, task_id, f"This is wrong: {said}")
    return task_id


def object_to_task(ctx: Context, task_id: int, note: str = "") -> int:
    """This task is wrong: a manager answers. Returns the id of the task that asks for the answer.

    Raises:
        NotFound: no such task.
        Forbidden: without the right to see it.
        Refused: it is itself such a question; a remark on it is enough.
    """
    found = tasks.task(ctx, task_id)
    if found.kind in (tasks.OBJECTION, tasks.ANSWER):
        raise Refused("This asks for an answer, or is one. Add a remark to it instead.")
    made = say_wrong(
        ctx, subject=f"task:{task_id}", site_id=found.site_id, what=found.title, link=f"/tasks/{task_id}",
        answers=Role.MANAGER, note=note,
    )  # fmt: skip
    ctx.audit("task.objected", f"task:{task_id}", title=found.title, note=tasks.tidy(note))
    return made


def newest(ctx: Context, subject: str, site_id: int | None) -> tasks.Task | None:
    """The newest task that came of somebody saying that this is wrong; None where nobody did.

    Raises:
        Forbidden: without the right to see that site.
    """
    ctx.require_somewhere(Right.VIEW) if site_id is None else ctx.require(Right.VIEW, site_id)
    found = value(
        ctx.tx,
        "select max(task_id) from task where tenant_id = %s and kind = %s and subject = %s",
        (ctx.tenant, tasks.OBJECTION, subject),
    )
    return None if found is None else tasks.task(ctx, found)
