"""Alerts: one open for each kind and subject, acknowledged by a person, cleared when the cause is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.store.database import first, notify, rows, run, value

_COLUMNS = """alert_id, kind, subject, severity, title, detail, link, evidence, raised_at, state,
              acknowledged_by, acknowledged_at, cleared_at, site_id"""


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
    """Open an alert; None where one of this kind and subject is open already (it is told anew, not doubled)."""
    alert_id: int | None = value(
        ctx.tx,
        """insert into alert (tenant_id, kind, subject, severity, title, detail, link, evidence, raised_at, site_id)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning alert_id""",
        (ctx.tenant, kind, subject, severity, title, detail, link, Jsonb(evidence), ctx.now, site_id),
    )
    if alert_id is None:
        run(
            ctx.tx,
            """update alert set title = %s, detail = %s, evidence = %s
               where tenant_id = %s and kind = %s and subject = %s and state <> 'cleared'""",
            (title, detail, Jsonb(evidence), ctx.tenant, kind, subject),
        )
    notify(ctx.tx, "live", "alerts")
    return alert_id


def clear_alert(ctx: Context, kind: str, subject: str) -> bool:
    """The cause is gone; True if an alert was open."""
    cleared = run(
        ctx.tx,
        """update alert set state = 'cleared', cleared_at = %s
           where tenant_id = %s and kind = %s and subject = %s and state <> 'cleared'""",
        (ctx.now, ctx.tenant, kind, subject),
    )
    if cleared:
        notify(ctx.tx, "live", "alerts")
    return bool(cleared)


def acknowledge(ctx: Context, alert_id: int) -> Alert:
    """A person has seen it. Acknowledging again, or after it cleared, changes nothing.

    Raises:
        Forbidden: without the right to handle alerts.
        NotFound: no such alert.
    """
    alert = _get(ctx, alert_id)
    ctx.require(Right.HANDLE_ALERTS, alert.site_id)
    changed = run(
        ctx.tx,
        """update alert set state = 'acknowledged', acknowledged_by = %s, acknowledged_at = %s
           where tenant_id = %s and alert_id = %s and state = 'open'""",
        (ctx.actor.name, ctx.now, ctx.tenant, alert_id),
    )
    if not changed:
        return alert
    ctx.audit("alert.acknowledged", f"alert:{alert_id}", title=alert.title)
    notify(ctx.tx, "live", "alerts")
    return _get(ctx, alert_id)


def _get(ctx: Context, alert_id: int) -> Alert:
    ctx.require_somewhere(Right.HANDLE_ALERTS)
    found = first(
        ctx.tx,
        Alert,
        f"select {_COLUMNS} from alert where tenant_id = %s and alert_id = %s",
        (ctx.tenant, alert_id),
    )
    if found is None:
        raise NotFound("alert", alert_id)
    return found


def open_alerts(ctx: Context) -> list[Alert]:
    """What is not cleared at the sites one may see: danger first, then the unacknowledged, then the newest."""
    return rows(
        ctx.tx,
        Alert,
        f"""select {_COLUMNS} from alert where tenant_id = %(tenant)s and state <> 'cleared'
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s))
            order by severity = 'danger' desc, state = 'open' desc, raised_at desc""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW)},
    )


def recent_alerts(ctx: Context, limit: int = 50) -> list[Alert]:
    """What was cleared lately at the sites one may see, newest first."""
    return rows(
        ctx.tx,
        Alert,
        f"""select {_COLUMNS} from alert where tenant_id = %(tenant)s and state = 'cleared'
              and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s))
            order by cleared_at desc limit %(limit)s""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )
