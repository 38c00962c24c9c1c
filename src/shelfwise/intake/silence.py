"""Sources that come every so many days and have not: what is missing is told, for it is not zero demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.store.database import rows
from shelfwise.work import alerts

# A day more than its rhythm may pass: a file that comes at night about yesterday is one day old by then.
_GRACE_DAYS = 1


@dataclass(frozen=True)
class _Silent:
    source_id: int
    code: str
    name: str
    site_id: int | None
    every_days: int
    last_day: date


def tell_silent(ctx: Context) -> int:
    """Raise an alert for each source that is overdue, by the calendar of its site; returns how many are."""
    ctx.require(Right.IMPORT_DATA)
    silent = rows(
        ctx.tx,
        _Silent,
        """select s.source_id, s.code, s.name, s.site_id, s.every_days, last_day
           from source s
           left join site t on t.tenant_id = s.tenant_id and t.site_id = s.site_id
           cross join lateral (select coalesce(t.time_zone, 'UTC') as zone) z
           cross join lateral (
               select greatest(s.expected_since, max((i.finished_at at time zone zone)::date)) as last_day
               from incoming i where i.tenant_id = s.tenant_id and i.source_id = s.source_id and i.state = 'done') l
           where s.tenant_id = %(tenant)s and s.active and s.every_days is not null
             and (%(now)s::timestamptz at time zone zone)::date - last_day > s.every_days + %(grace)s
           order by s.code""",
        {"tenant": ctx.tenant, "now": ctx.now, "grace": _GRACE_DAYS},
    )
    for one in silent:
        rhythm = "every day" if one.every_days == 1 else f"every {one.every_days} days"
        alerts.raise_alert(
            ctx, "silent_source", f"source:{one.source_id}", "attention", f"Nothing has come from {one.name}",
            f"It comes {rhythm}, and last came on {one.last_day:%-d %B}. Days without its sales do not count as days "
            "without demand. Look at the system that sends, then put the missing files into the folder.",
            f"/incoming?source={one.source_id}", {"source": one.code, "last_day": one.last_day.isoformat()},
            site_id=one.site_id,
        )  # fmt: skip
    return len(silent)
