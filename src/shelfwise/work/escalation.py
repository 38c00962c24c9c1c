"""What nobody takes goes on to somebody else: by itself after a time, or because a person passes it on."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.errors import Refused
from shelfwise.store.database import notify, rows, run
from shelfwise.work import alerts, tasks
from shelfwise.work.alerts import Alert
from shelfwise.work.model import escalates, rule, task_goes_on, task_ladder
from shelfwise.work.task_rows import COLUMNS as TASK_COLUMNS
from shelfwise.work.task_rows import Task


def escalate(ctx: Context) -> int:
    """Tell the next role of what nobody has taken in time; returns how many went on. For the calendar; repeatable."""
    ctx.require(Right.HANDLE_ALERTS)
    return sum(_alert_goes_on(ctx, one) for one in _waiting_alerts(ctx)) + sum(
        _task_goes_on(ctx, one) for one in _waiting_tasks(ctx)
    )


def pass_alert_on(ctx: Context, alert_id: int, reason: str) -> Alert:
    """I cannot settle this: tell the next role now, and whoever had it no longer has it.

    Raises:
        NotFound: no such alert.
        Refused: it is over, or the last of its roles is told already.
        Invalid: no reason.
    """
    found = alerts.unfinished(ctx, alert_id)
    said = tasks.words(reason, "reason", "why somebody else has to look")
    ladder = rule(found.kind).ladder
    _require_above(found.level, ladder)
    run(
        ctx.tx,
        """update alert set state = 'open', acknowledged_by = null, acknowledged_at = null, snoozed_until = null,
               snoozed_by = null where tenant_id = %s and alert_id = %s""",
        (ctx.tenant, alert_id),
    )
    _tell_next(ctx, found, said)
    return alerts.alert(ctx, alert_id)


def pass_task_on(ctx: Context, task_id: int, reason: str) -> Task:
    """I cannot do this: it is for the next role from now on.

    Raises:
        NotFound: no such task.
        Refused: it is finished, or for the last of its roles already.
        Invalid: no reason.
    """
    found = tasks.unfinished(ctx, task_id)
    said = tasks.words(reason, "reason", "why somebody else has to do it")
    ladder = task_ladder(Role(found.role))
    _require_above(found.level, ladder)
    to = ladder[found.level + 1]
    _raise_task(ctx, found, to, f"Passed on to {to.value}: {said}")
    ctx.audit("task.passed_on", f"task:{task_id}", title=found.title, to=to.value, note=said)
    return tasks.task(ctx, task_id)


def _require_above(level: int, ladder: tuple[Role, ...]) -> None:
    if level + 1 >= len(ladder):
        raise Refused(f"There is nobody above {ladder[-1].value} to pass it on to. Hand it over to a person instead.")


def _waiting_alerts(ctx: Context) -> list[Alert]:
    return rows(
        ctx.tx,
        Alert,
        f"""select {alerts.COLUMNS} from alert where tenant_id = %(tenant)s and state = 'open'
              and coalesce(escalated_at, raised_at) <= %(now)s
              and (snoozed_until is null or snoozed_until <= %(now)s)
            order by alert_id for update skip locked""",
        {"tenant": ctx.tenant, "now": ctx.now},
    )


def _alert_goes_on(ctx: Context, alert: Alert) -> bool:
    since = max(one for one in (alert.escalated_at, alert.snoozed_until, alert.raised_at) if one is not None)
    if not escalates(alert.severity, alert.level, since, rule(alert.kind).ladder, ctx.now):
        return False
    _tell_next(ctx, alert, "")
    return True


def _tell_next(ctx: Context, alert: Alert, said: str) -> None:
    run(
        ctx.tx,
        "update alert set level = level + 1, escalated_at = %s where tenant_id = %s and alert_id = %s",
        (ctx.now, ctx.tenant, alert.alert_id),
    )
    to = rule(alert.kind).ladder[alert.level + 1].value
    if said:
        ctx.audit("alert.passed_on", f"alert:{alert.alert_id}", title=alert.title, to=to, note=said)
    else:
        ctx.audit("alert.escalated", f"alert:{alert.alert_id}", title=alert.title, to=to)
    ctx.publish(
        "alert.escalated", f"alert:{alert.alert_id}", alert_id=alert.alert_id, alert=alert.kind, about=alert.subject,
        severity=alert.severity, title=alert.title, to=to, site_id=alert.site_id,
    )  # fmt: skip
    notify(ctx.tx, "live", "alerts")


def _waiting_tasks(ctx: Context) -> list[Task]:
    return rows(
        ctx.tx,
        Task,
        f"""select {TASK_COLUMNS} from task where tenant_id = %(tenant)s and state = 'open' and due_at <= %(now)s
              and (snoozed_until is null or snoozed_until <= %(now)s)
            order by task_id for update skip locked""",
        {"tenant": ctx.tenant, "now": ctx.now},
    )


def _task_goes_on(ctx: Context, task: Task) -> bool:
    """Whoever was given it and never took it loses it to whoever is above."""
    ladder = task_ladder(Role(task.role))
    if not task_goes_on(task.level, task.due_at, task.escalated_at, task.snoozed_until, ladder, ctx.now):
        return False
    to = ladder[task.level + 1]
    had = f"{task.owner} did not take it" if task.owner else "Nobody took it"
    _raise_task(ctx, task, to, f"{had} by its time: it goes on to {to.value}.")
    ctx.audit("task.escalated", f"task:{task.task_id}", title=task.title, to=to.value)
    return True


def _raise_task(ctx: Context, task: Task, to: Role, said: str) -> None:
    run(
        ctx.tx,
        """update task set level = level + 1, escalated_at = %s, state = 'open', owner = null, taken_at = null,
               snoozed_until = null, snoozed_by = null where tenant_id = %s and task_id = %s""",
        (ctx.now, ctx.tenant, task.task_id),
    )
    tasks.keep_remark(ctx, task.task_id, said)
    ctx.publish(
        "task.escalated", f"task:{task.task_id}", task_id=task.task_id, task=task.kind, title=task.title, to=to.value,
        site_id=task.site_id,
    )  # fmt: skip
    notify(ctx.tx, "live", "alerts")
