"""Alerts: one open for each kind and subject, taken by a person, cleared when the cause is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.core.errors import NotFound, Refused
from shelfwise.store.database import first, notify, rows, run, value, values
from shelfwise.work import objections, tasks
from shelfwise.work.model import LONGEST_SNOOZE, rule

COLUMNS = """alert_id, kind, subject, severity, title, detail, link, evidence, raised_at, state,
              acknowledged_by, acknowledged_at, cleared_at, site_id, times, told_at, level, escalated_at,
              snoozed_until, snoozed_by, outcome"""


@dataclass(frozen=True)
class Alert:
    """Something a person should look at.

    Attributes:
        kind: what sort of thing happened, such as 'temperature'.
        subject: what it is about, such as 'zone:3'.
        severity: 'attention' or 'danger'.
        link: the page that shows the cause.
        evidence: the facts behind it, fit for JSON.
        state: 'open', 'acknowledged' (seen, cause still there) or 'cleared' (cause gone).
        site_id: where it is; None: it concerns all sites, and everybody sees it.
        times: how often the cause was told; `told_at`: the last time.
        level: how often it went on to the next role because nobody had taken it.
        outcome: what a person said who settled it; None where its cause went by itself.
    """

    alert_id: int
    kind: str
    subject: str
    severity: str
    title: str
    detail: str
    link: str
    evidence: dict[str, Any]
    raised_at: datetime
    state: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    cleared_at: datetime | None
    site_id: int | None
    times: int
    told_at: datetime
    level: int
    escalated_at: datetime | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    outcome: str | None

    @property
    def role(self) -> Role:
        """Who is told at present."""
        ladder = rule(self.kind).ladder
        return ladder[min(self.level, len(ladder) - 1)]


def raise_alert(
    ctx: Context,
    kind: str,
    subject: str,
    severity: str,
    title: str,
    detail: str,
    link: str,
    evidence: dict[str, Any],
    *,
    site_id: int | None = None,
) -> int | None:
    """Open an alert; None where one of this kind and subject is open already (it is told anew, not doubled).

    Who has taken it keeps it however often the cause is told. Where it has become worse, from attention to danger,
    it is open again and nobody's snooze holds.
    """
    alert_id: int | None = value(
        ctx.tx,
        """insert into alert (tenant_id, kind, subject, severity, title, detail, link, evidence, raised_at, told_at,
                              site_id)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning alert_id""",
        (ctx.tenant, kind, subject, severity, title, detail, link, Jsonb(evidence), ctx.now, ctx.now, site_id),
    )
    if alert_id is None:
        _tell_anew(ctx, kind, subject, severity, title, detail, evidence)
    else:
        ctx.publish(
            "alert.raised", f"alert:{alert_id}", alert_id=alert_id, alert=kind, about=subject, severity=severity,
            title=title, detail=detail, link=link, site_id=site_id,
        )  # fmt: skip
    notify(ctx.tx, "live", "alerts")
    return alert_id


def _tell_anew(
    ctx: Context, kind: str, subject: str, severity: str, title: str, detail: str, evidence: dict[str, Any]
) -> None:
    run(
        ctx.tx,
        """update alert set title = %(title)s, detail = %(detail)s, evidence = %(evidence)s, severity = %(severity)s,
               times = times + 1, told_at = %(now)s,
               state = case when worse then 'open' else alert.state end,
               acknowledged_by = case when worse then null else acknowledged_by end,
               acknowledged_at = case when worse then null else acknowledged_at end,
               snoozed_until = case when worse then null else snoozed_until end,
               snoozed_by = case when worse then null else snoozed_by end,
               escalated_at = case when worse then %(now)s else escalated_at end
           from (select alert_id as old_id, severity = 'attention' and %(severity)s = 'danger' as worse from alert
                 where tenant_id = %(tenant)s and kind = %(kind)s and subject = %(subject)s and state <> 'cleared'
                 for update) old
           where tenant_id = %(tenant)s and alert_id = old_id""",
        {
            "tenant": ctx.tenant, "kind": kind, "subject": subject, "severity": severity, "title": title,
            "detail": detail, "evidence": Jsonb(evidence), "now": ctx.now,
        },
    )  # fmt: skip


def clear_alert(ctx: Context, kind: str, subject: str) -> bool:
    """The cause is gone; True if an alert was open."""
    cleared = values(
        ctx.tx,
        """update alert set state = 'cleared', cleared_at = %s
           where tenant_id = %s and kind = %s and subject = %s and state <> 'cleared'
           returning alert_id, title, site_id""",
        (ctx.now, ctx.tenant, kind, subject),
    )
    for alert_id, title, site_id in cleared:
        _publish_cleared(ctx, alert_id, kind, subject, title, site_id)
    return bool(cleared)


def _publish_cleared(ctx: Context, alert_id: int, kind: str, subject: str, title: str, site_id: int | None) -> None:
    ctx.publish(
        "alert.cleared", f"alert:{alert_id}", alert_id=alert_id, alert=kind, about=subject, title=title,
        site_id=site_id,
    )  # fmt: skip
    notify(ctx.tx, "live", "alerts")


def acknowledge(ctx: Context, alert_id: int) -> Alert:
    """A person takes it. Taking it again, or after it cleared, changes nothing.

    Raises:
        Forbidden: without the right to handle alerts.
        NotFound: no such alert.
    """
    alert = _get(ctx, alert_id)
    changed = run(
        ctx.tx,
        """update alert set state = 'acknowledged', acknowledged_by = %s, acknowledged_at = %s
           where tenant_id = %s and alert_id = %s and state = 'open'""",
        (ctx.actor.by, ctx.now, ctx.tenant, alert_id),
    )
    if not changed:
        return alert
    ctx.audit("alert.acknowledged", f"alert:{alert_id}", title=alert.title)
    notify(ctx.tx, "live", "alerts")
    return _get(ctx, alert_id)


def give_back(ctx: Context, alert_id: int) -> Alert:
    """Whoever has it has it no longer; it waits for somebody to take it again. Of an open one nothing changes.

    Raises:
        NotFound: no such alert.
        Refused: it is over.
    """
    alert = unfinished(ctx, alert_id)
    if alert.state == "open":
        return alert
    run(
        ctx.tx,
        """update alert set state = 'open', acknowledged_by = null, acknowledged_at = null, escalated_at = %s
           where tenant_id = %s and alert_id = %s""",
        (ctx.now, ctx.tenant, alert_id),
    )
    ctx.audit("alert.given_back", f"alert:{alert_id}", title=alert.title, had=alert.acknowledged_by)
    notify(ctx.tx, "live", "alerts")
    return _get(ctx, alert_id)


def snooze(ctx: Context, alert_id: int, until: datetime | None) -> Alert:
    """Leave it out of inboxes until then; None: no longer. It stays on the page of all, with who snoozed it.

    Raises:
        NotFound: no such alert.
        Refused: it is over.
        Invalid: a time that is past, or later than an alert of this severity may be silent.
    """
    alert = unfinished(ctx, alert_id)
    if until is not None:
        tasks.check_snooze(until, ctx.now, LONGEST_SNOOZE[alert.severity])
    run(
        ctx.tx,
        "update alert set snoozed_until = %s, snoozed_by = %s where tenant_id = %s and alert_id = %s",
        (until, None if until is None else ctx.actor.by, ctx.tenant, alert_id),
    )
    ctx.audit(
        "alert.snoozed", f"alert:{alert_id}", title=alert.title, until=None if until is None else until.isoformat()
    )
    notify(ctx.tx, "live", "alerts")
    return _get(ctx, alert_id)


def settle(ctx: Context, alert_id: int, note: str) -> Alert:
    """A person says that the cause is gone, and how they know. Of one that is over nothing changes.

    Raises:
        NotFound: no such alert.
        Refused: Shelfwise watches the cause itself and clears the alert when it is gone.
        Invalid: the note says nothing.
    """
    alert = _get(ctx, alert_id)
    if alert.state == "cleared":
        return alert
    if not rule(alert.kind).by_hand:
        raise Refused(
            "This alert ends by itself when its cause is gone. Take it or snooze it; if it is wrong, say so, and "
            "somebody answers."
        )
    said = tasks.words(note, "note", "how you know that it is settled")
    run(
        ctx.tx,
        "update alert set state = 'cleared', cleared_at = %s, outcome = %s where tenant_id = %s and alert_id = %s",
        (ctx.now, said, ctx.tenant, alert_id),
    )
    ctx.audit("alert.settled", f"alert:{alert_id}", title=alert.title, note=said)
    _publish_cleared(ctx, alert_id, alert.kind, alert.subject, alert.title, alert.site_id)
    return _get(ctx, alert_id)


def object_to(ctx: Context, alert_id: int, note: str = "") -> int:
    """Say "this is wrong": whoever answers for the rule gets a task and has to answer. Returns the task's id.

    Everybody who sees the alert may say it; said again, it is added to the same task.

    Raises:
        NotFound: no such alert.
        Forbidden: without the right to see it.
    """
    found = alert(ctx, alert_id)
    task_id = objections.say_wrong(
        ctx, subject=f"alert:{alert_id}", site_id=found.site_id, what=found.title, link=f"/alerts/{alert_id}",
        answers=rule(found.kind).answers, note=note,
    )  # fmt: skip
    ctx.audit("alert.objected", f"alert:{alert_id}", title=found.title, note=tasks.tidy(note))
    return task_id


def objection(ctx: Context, alert_id: int) -> tasks.Task | None:
    """The newest task that came of somebody saying that the alert is wrong; None where nobody did.

    Raises:
        NotFound: no such alert.
        Forbidden: it is at a site that the actor may not see.
    """
    return objections.newest(ctx, f"alert:{alert_id}", alert(ctx, alert_id).site_id)


def alert(ctx: Context, alert_id: int) -> Alert:
    """
    Raises:
        NotFound: no such alert.
        Forbidden: it is at a site that the actor may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    found = _find(ctx, alert_id)
    if found.site_id is not None:
        ctx.require(Right.VIEW, found.site_id)
    return found


def _find(ctx: Context, alert_id: int) -> Alert:
    found = first(
        ctx.tx,
        Alert,
        f"select {COLUMNS} from alert where tenant_id = %s and alert_id = %s",
        (ctx.tenant, alert_id),
    )
    if found is None:
        raise NotFound("alert", alert_id)
    return found


def _get(ctx: Context, alert_id: int) -> Alert:
    ctx.require_somewhere(Right.HANDLE_ALERTS)
    found = _find(ctx, alert_id)
    ctx.require(Right.HANDLE_ALERTS, found.site_id)
    return found


def unfinished(ctx: Context, alert_id: int) -> Alert:
    """One that is not over, for somebody who may handle it.

    Raises:
        NotFound: no such alert.
        Refused: it is over.
    """
    found = _get(ctx, alert_id)
    if found.state == "cleared":
        raise Refused("This alert is over: its cause is gone.")
    return found


def open_alerts(ctx: Context) -> list[Alert]:
    """What is not cleared at the sites one may see: danger first, then the unacknowledged, then the newest."""
    return rows(
        ctx.tx,
        Alert,
        f"""select {COLUMNS} from alert where tenant_id = %(tenant)s and state <> 'cleared'
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s))
            order by severity = 'danger' desc, state = 'open' desc, raised_at desc""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW)},
    )


def recent_alerts(ctx: Context, limit: int = 50) -> list[Alert]:
    """What was cleared lately at the sites one may see, newest first."""
    return rows(
        ctx.tx,
        Alert,
        f"""select {COLUMNS} from alert where tenant_id = %(tenant)s and state = 'cleared'
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s))
            order by cleared_at desc limit %(limit)s""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )
