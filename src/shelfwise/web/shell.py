"""What every page shows around its own content: the clock, who is here, what waits, and whether this is a demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context, business_time
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.store.database import first
from shelfwise.work import inbox

_UTC = "UTC"


@dataclass(frozen=True)
class _Counts:
    open_alerts: int
    unseen_alerts: int
    danger: bool
    newest_title: str | None
    proposals: int
    quarantined: int
    time_zone: str | None
    tenant_name: str
    currency: str
    demo: dict[str, Any] | None
    starting: bool


@dataclass(frozen=True)
class Shell:
    """The frame of a page.

    Attributes:
        now: the business instant that relative times count from.
        rate: how fast business time runs, for the ticking clock.
        zone: where times are shown: the time zone of the site that the page is about, else of the first site.
        inbox: how much is for this person to do.
        demo: the note on what a demonstration shifted and made up; None outside one.
        starting: the way to the first proposals stands in the navigation, for nobody has put it aside.
    """

    now: datetime
    rate: float
    zone: ZoneInfo
    open_alerts: int
    unseen_alerts: int
    danger: bool
    newest_title: str | None
    proposals: int
    quarantined: int
    tenant_name: str
    currency: str
    demo: dict[str, Any] | None
    inbox: int
    starting: bool


def shell(ctx: Context, at_site: int | None = None) -> Shell:
    """Read the frame in one query.

    Args:
        at_site: the site that the page is about; None: none in particular.

    Raises:
        NotFound: the tenant was never set up.
    """
    sites = ctx.sites(Right.VIEW)
    counts = first(
        ctx.tx,
        _Counts,
        """select count(*) filter (where a.state is not null) as open_alerts,
               count(*) filter (where a.state = 'open') as unseen_alerts,
               coalesce(bool_or(a.severity = 'danger'), false) as danger,
               (array_agg(a.title order by a.severity = 'danger' desc, a.alert_id desc)
                   filter (where a.state = 'open'))[1] as newest_title,
               (select count(*) from proposal p where p.tenant_id = t.tenant_id and p.state = 'proposed'
                   and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s) or p.from_site_id = any(%(sites)s)))
                   as proposals,
               (select count(*) from quarantine q where q.tenant_id = t.tenant_id and q.state = 'waiting'
                   and (%(sites)s::bigint[] is null or exists (
                       select from device d
                       left join place p on p.tenant_id = d.tenant_id and p.place_id = d.place_id
                       left join zone z on z.tenant_id = d.tenant_id and z.zone_id = d.zone_id
                       where d.tenant_id = q.tenant_id and d.device = q.device
                         and coalesce(p.site_id, z.site_id) = any(%(sites)s))))
                   + (select count(*) from parked k where k.tenant_id = t.tenant_id and k.state in ('parked', 'retry')
                      and %(sites)s::bigint[] is null)
                   as quarantined,
               (select time_zone from site s where s.tenant_id = t.tenant_id
                  and (%(sites)s::bigint[] is null or s.site_id = any(%(sites)s))
                order by site_id = %(at)s::bigint desc nulls last, site_id limit 1) as time_zone,
               t.name as tenant_name, t.currency as currency,
               (select value from setting g where g.tenant_id = t.tenant_id and g.name = 'demo') as demo,
               not exists (select from start_put_aside p
                   where p.tenant_id = t.tenant_id and p.step = 'page') as starting
           from tenant t left join alert a on a.tenant_id = t.tenant_id and a.state <> 'cleared'
               and (%(sites)s::bigint[] is null or a.site_id is null or a.site_id = any(%(sites)s))
           where t.tenant_id = %(tenant)s group by t.tenant_id, t.name, t.currency""",
        {"tenant": ctx.tenant, "sites": sites, "at": at_site},
    )
    if counts is None:
        raise NotFound("tenant", ctx.tenant)
    rate = business_time(ctx.tx, ctx.tenant).rate
    return Shell(
        ctx.now,
        rate,
        ZoneInfo(counts.time_zone or _UTC),
        counts.open_alerts,
        counts.unseen_alerts,
        counts.danger,
        counts.newest_title,
        counts.proposals,
        counts.quarantined,
        counts.tenant_name,
        counts.currency,
        counts.demo,
        inbox.waiting_for(ctx),
        counts.starting,
    )
