"""What pages read and no room offers: a zone's temperatures for a chart."""

from __future__ import annotations

from datetime import datetime, timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.edge.history.model import History, Point
from shelfwise.store.database import rows, value


def temperatures(ctx: Context, zone_id: int, since: datetime, step: timedelta) -> History:
    """What thermometers said while they stood in a zone, joined into stretches of time; of no device in particular.

    Raises:
        NotFound: there is no such zone.
    """
    ctx.require_somewhere(Right.VIEW)
    site_id = value(ctx.tx, "select site_id from zone where tenant_id = %s and zone_id = %s", (ctx.tenant, zone_id))
    if site_id is None:
        raise NotFound("zone", zone_id)
    ctx.require(Right.VIEW, site_id)
    points = rows(
        ctx.tx,
        Point,
        """select to_timestamp(floor(extract(epoch from observed_at) / %(step)s) * %(step)s) as at,
               count(*) as readings, count(*) as measured, min(degc) as low, max(degc) as high, sum(degc) as total,
               (array_agg(degc order by observed_at desc))[1] as last, max(observed_at) as last_at
           from (select r.observed_at, (r.value - coalesce(c.zero, 0)) / coalesce(c.span, 1) as degc
           from reading r join standing t on t.tenant_id = r.tenant_id and t.device = r.device and t.antenna = 0
               and (t.from_at is null or t.from_at <= r.observed_at)
               and (t.until_at is null or r.observed_at < t.until_at)
           left join device_correction c on c.tenant_id = r.tenant_id and c.device = r.device and c.kind = r.kind
               and c.from_at <= r.observed_at and (c.until_at is null or r.observed_at < c.until_at)
           where r.tenant_id = %(tenant)s and t.zone_id = %(zone)s and r.kind = 'temperature'
               and r.observed_at >= %(since)s and r.observed_at <= %(until)s and r.value is not null) told
           group by 1 order by 1""",
        {"tenant": ctx.tenant, "zone": zone_id, "since": since, "until": ctx.now, "step": step.total_seconds()},
    )
    return History("", "temperature", since, ctx.now, step, tuple(points))
