"""The inbox: alerts and tasks of one person in one list, what is most urgent first, each with why and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shelfwise.access.context import Context
from shelfwise.access.model import Actor, Right, Role
from shelfwise.store.database import values
from shelfwise.work import alerts, tasks
from shelfwise.work.alerts import Alert
from shelfwise.work.model import PATIENCE, SETTLED_BY, addressed, is_mine, rule, task_ladder, urgency
from shelfwise.work.tasks import Task

Scope = Literal["me", "mine", "all"]
Held = dict[int | None, set[Role]]
_MOST_TASKS = 10_000
_ROLE_WORDS = {
    Role.ADMIN: "the admin", Role.MANAGER: "the manager", Role.QUALITY: "quality", Role.PLANNER: "planning",
    Role.OPERATOR: "the floor", Role.VIEWER: "whoever reads it",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An alert or a task as a line of the inbox.

    Attributes:
        key: 'alert:7' or 'task:7'.
        state: an alert is 'open' or 'taken', a task 'open' or 'taken'.
        level: 'danger', 'attention' or 'task'; how it is marked.
        why_me: why it stands before this person; `why_now`: why today.
        owner: the login of whoever has it.
        to: the role that it is for at present.
        for_me: it is this person's to do: theirs, or nobody's and their role's.
        snoozed_until: set while it is to be left out.
        by_hand: a person says when it is settled; else what it is about does.
    """

    key: str
    page: str
    title: str
    detail: str
    link: str
    level: str
    state: str
    site_id: int | None
    site: str | None
    owner: str | None
    to: Role
    for_me: bool
    why_me: str
    why_now: str
    since: datetime
    due_at: datetime | None
    overdue: bool
    urgency: int
    snoozed_until: datetime | None
    snoozed_by: str | None
    by_hand: bool


def inbox(ctx: Context, scope: Scope = "me", site_id: int | None = None) -> tuple[list[Row], list[Row]]:
    """What waits, most urgent first, and what is snoozed, the next to wake first.

    Args:
        scope: 'me': what is mine, and what is nobody's and for my role at my sites; 'mine': what I have;
            'all': everything at the sites I may see.
        site_id: of this site alone.
    """
    if site_id is not None:
        ctx.require(Right.VIEW, site_id)
    found = [one for one in _everything(ctx) if _in_scope(one, scope, ctx.actor)]
    if site_id is not None:
        found = [one for one in found if one.site_id == site_id]
    awake = sorted(
        (one for one in found if one.snoozed_until is None),
        key=lambda one: (one.urgency, one.due_at is None, one.due_at or one.since, one.key),
    )
    asleep = sorted(
        (one for one in found if one.snoozed_until is not None), key=lambda one: one.snoozed_until or ctx.now
    )
    return awake, asleep


def waiting_for(ctx: Context) -> int:
    """How much is this person's to do now, for the badge: counted by what decides whose it is, however much it is."""
    given = {"tenant": ctx.tenant, "now": ctx.now, "sites": ctx.sites(Right.VIEW)}
    held = _held(ctx)
    found = 0
    for kind, level, owner, site_id, many in values(
        ctx.tx,
        """select kind, level, case when state = 'acknowledged' then acknowledged_by end, site_id, count(*) from alert
           where tenant_id = %(tenant)s and state <> 'cleared'
             and (snoozed_until is null or snoozed_until <= %(now)s)
             and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s)) group by 1, 2, 3, 4""",
        given,
    ):
        to = addressed(rule(kind).ladder, level, _at(held, site_id))
        found += many if _is_for(ctx.actor, owner, to, site_id) else 0
    for role, level, owner, site_id, many in values(
        ctx.tx,
        """select role, level, owner, site_id, count(*) from task
           where tenant_id = %(tenant)s and state in ('open', 'taken')
             and (snoozed_until is null or snoozed_until <= %(now)s)
             and (%(sites)s::bigint[] is null or site_id is null or site_id = any(%(sites)s)) group by 1, 2, 3, 4""",
        given,
    ):
        to = addressed(task_ladder(Role(role)), level, _at(held, site_id))
        found += many if _is_for(ctx.actor, owner, to, site_id) else 0
    return found


def _is_for(actor: Actor, owner: str | None, to: Role, site_id: int | None) -> bool:
    """It is this person's to do: theirs, or nobody's and their role's."""
    return owner == actor.by or (owner is None and is_mine(actor, to, site_id))


def _in_scope(row: Row, scope: Scope, actor: Actor) -> bool:
    if scope == "mine":
        return row.owner == actor.by
    return scope == "all" or row.for_me


def _everything(ctx: Context) -> list[Row]:
    held = _held(ctx)
    sites = _site_names(ctx)
    return [_alert_row(ctx, one, held, sites) for one in alerts.open_alerts(ctx)] + [
        _task_row(ctx, one, held, sites) for one in tasks.tasks(ctx, limit=_MOST_TASKS)
    ]


def alert_row(ctx: Context, alert_id: int) -> Row:
    """One alert as the inbox shows it.

    Raises:
        NotFound: no such alert.
        Forbidden: it is at a site that the actor may not see.
    """
    return _alert_row(ctx, alerts.alert(ctx, alert_id), _held(ctx), _site_names(ctx))


def task_row(ctx: Context, task_id: int) -> Row:
    """One task as the inbox shows it.

    Raises:
        NotFound: no such task.
        Forbidden: it is at a site that the actor may not see.
    """
    return _task_row(ctx, tasks.task(ctx, task_id), _held(ctx), _site_names(ctx))


def _site_names(ctx: Context) -> dict[int, str]:
    found = values(ctx.tx, "select site_id, name from site where tenant_id = %s", (ctx.tenant,))
    return {int(site_id): str(name) for site_id, name in found}


def _held(ctx: Context) -> Held:
    """The roles that active people hold: under None everywhere, under a site there and everywhere."""
    found: Held = {None: set()}
    for site_id, role in values(
        ctx.tx,
        """select null, role from app_user where tenant_id = %(tenant)s and active and role is not null
           union select r.site_id, r.role from user_site_role r join app_user u using (tenant_id, user_id)
           where r.tenant_id = %(tenant)s and u.active""",
        {"tenant": ctx.tenant},
    ):
        found.setdefault(site_id, set()).add(Role(role))
    everywhere = found[None]
    return {site_id: roles | everywhere for site_id, roles in found.items()}


def _at(held: Held, site_id: int | None) -> set[Role]:
    return held.get(site_id, held[None])


def _alert_row(ctx: Context, one: Alert, held: Held, sites: dict[int, str]) -> Row:
    what = rule(one.kind)
    to = addressed(what.ladder, one.level, _at(held, one.site_id))
    owner = one.acknowledged_by if one.state == "acknowledged" else None
    for_me = _is_for(ctx.actor, owner, to, one.site_id)
    asleep = one.snoozed_until is not None and one.snoozed_until > ctx.now
    return Row(
        key=f"alert:{one.alert_id}",
        page=f"/alerts/{one.alert_id}",
        title=one.title,
        detail=one.detail,
        link=one.link,
        level=one.severity,
        state="taken" if owner else "open",
        site_id=one.site_id,
        site=_site(sites, one.site_id),
        owner=owner,
        to=to,
        for_me=for_me,
        why_me=_why_me(ctx.actor, owner, to, _site(sites, one.site_id), one.level),
        why_now=_why_now(one, what.why),
        since=one.raised_at,
        due_at=None if owner or one.level + 1 >= len(what.ladder) else _goes_on_at(one),
        overdue=False,
        urgency=urgency(severity=one.severity, priority=None, taken=owner is not None, due_at=None, now=ctx.now),
        snoozed_until=one.snoozed_until if asleep else None,
        snoozed_by=one.snoozed_by if asleep else None,
        by_hand=what.by_hand,
    )


def _goes_on_at(one: Alert) -> datetime:
    since = max(at for at in (one.raised_at, one.escalated_at, one.snoozed_until) if at is not None)
    return since + PATIENCE[one.severity]


def _task_row(ctx: Context, one: Task, held: Held, sites: dict[int, str]) -> Row:
    to = addressed(task_ladder(Role(one.role)), one.level, _at(held, one.site_id))
    for_me = _is_for(ctx.actor, one.owner, to, one.site_id)
    asleep = one.snoozed_until is not None and one.snoozed_until > ctx.now
    return Row(
        key=f"task:{one.task_id}",
        page=f"/tasks/{one.task_id}",
        title=one.title,
        detail=one.detail,
        link=one.link,
        level="task",
        state=one.state,
        site_id=one.site_id,
        site=_site(sites, one.site_id),
        owner=one.owner,
        to=to,
        for_me=for_me,
        why_me=_why_me(ctx.actor, one.owner, to, _site(sites, one.site_id), one.level),
        why_now=one.why or one.detail,
        since=one.opened_at,
        due_at=one.due_at,
        overdue=one.due_at is not None and one.due_at <= ctx.now,
        urgency=urgency(
            severity=None, priority=one.priority, taken=one.state == "taken", due_at=one.due_at, now=ctx.now
        ),
        snoozed_until=one.snoozed_until if asleep else None,
        snoozed_by=one.snoozed_by if asleep else None,
        by_hand=one.kind not in SETTLED_BY,
    )


def _site(sites: dict[int, str], site_id: int | None) -> str | None:
    return None if site_id is None else sites.get(site_id)


def _why_me(actor: Actor, owner: str | None, to: Role, site: str | None, level: int) -> str:
    where = f" at {site}" if site else ""
    if owner == actor.by:
        return "You have it."
    if owner is not None:
        return f"{owner} has it."
    if level:
        return f"Nobody took it in time, so it went on to {_ROLE_WORDS[to]}{where}."
    return f"It is for {_ROLE_WORDS[to]}{where}, and nobody has it."


def _why_now(one: Alert, why: str) -> str:
    if one.times > 1:
        return f"{why} Told {one.times} times."
    return why
