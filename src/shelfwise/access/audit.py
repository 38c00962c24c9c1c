"""Reading the audit log: who did what, by person, subject, action and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import day_start
from shelfwise.store.database import rows, values


@dataclass(frozen=True)
class AuditEntry:
    """Who did what, when by both clocks."""

    audit_id: int
    wall_at: datetime
    business_at: datetime
    actor_kind: str
    actor_name: str
    action: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class AuditFilter:
    """Which entries to show; what is empty or None narrows nothing.

    Attributes:
        who: 'person:mara', or 'person' for all people.
        subject: 'user:mara', or its beginning 'user:' for all of a kind.
        action: 'proposal.approved', or its beginning 'proposal.'.
        first, last: days on the wall, in `zone`, both included.
    """

    who: str = ""
    subject: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None
    zone: str = "UTC"


NO_FILTER = AuditFilter()


def audit_log(
    ctx: Context, limit: int = 200, before: int | None = None, wanted: AuditFilter = NO_FILTER
) -> list[AuditEntry]:
    """The newest entries, or those before an id.

    Raises:
        Forbidden: without the right to view the audit log.
    """
    ctx.require(Right.VIEW_AUDIT)
    kind, _, name = wanted.who.partition(":")
    zone = ZoneInfo(wanted.zone)
    named = {
        "tenant": ctx.tenant,
        "before": before,
        "kind": kind or None,
        "name": name or None,
        "subject": wanted.subject or None,
        "subjects": _beginning(wanted.subject),
        "action": wanted.action or None,
        "actions": _beginning(wanted.action),
        "since": None if wanted.first is None else day_start(wanted.first, zone),
        "until": None if wanted.last is None else day_start(wanted.last + timedelta(days=1), zone),
        "limit": limit,
    }
    return rows(
        ctx.tx,
        AuditEntry,
        """select audit_id, wall_at, business_at, actor_kind, actor_name, action, subject, detail from audit_entry
           where tenant_id = %(tenant)s
             and (%(before)s::bigint is null or audit_id < %(before)s)
             and (%(kind)s::text is null or actor_kind = %(kind)s)
             and (%(name)s::text is null or actor_name = %(name)s)
             and (%(subject)s::text is null or subject = %(subject)s or subject like %(subjects)s)
             and (%(action)s::text is null or action = %(action)s or action like %(actions)s)
             and (%(since)s::timestamptz is null or wall_at >= %(since)s)
             and (%(until)s::timestamptz is null or wall_at < %(until)s)
           order by audit_id desc limit %(limit)s""",
        named,
    )


def audit_actions(ctx: Context) -> list[str]:
    """Every action that occurs in the log, for the choice of one.

    Raises:
        Forbidden: without the right to view the audit log.
    """
    ctx.require(Right.VIEW_AUDIT)
    # One step through the index for each action, however many entries there are.
    found = values(
        ctx.tx,
        """with recursive one(action) as (
               (select action from audit_entry where tenant_id = %(tenant)s order by action limit 1)
               union all
               select (select action from audit_entry where tenant_id = %(tenant)s and action > one.action
                       order by action limit 1) from one where one.action is not null)
           select action from one where action is not null""",
        {"tenant": ctx.tenant},
    )
    return [action for (action,) in found]


def audit_actors(ctx: Context) -> list[tuple[str, str]]:
    """(kind, name) of everybody who occurs in the log.

    Raises:
        Forbidden: without the right to view the audit log.
    """
    ctx.require(Right.VIEW_AUDIT)
    found = values(
        ctx.tx,
        """with recursive one(kind, name) as (
               (select actor_kind, actor_name from audit_entry where tenant_id = %(tenant)s
                order by actor_kind, actor_name limit 1)
               union all
               select next.actor_kind, next.actor_name from one cross join lateral (
                   select actor_kind, actor_name from audit_entry where tenant_id = %(tenant)s
                     and (actor_kind, actor_name) > (one.kind, one.name) order by actor_kind, actor_name limit 1) next)
           select kind, name from one""",
        {"tenant": ctx.tenant},
    )
    return [(kind, name) for kind, name in found]


def _beginning(text: str) -> str | None:
    """A pattern for all that begins so, where the text ends like a beginning; else one that matches nothing."""
    if not text.endswith((":", ".")):
        return None
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
