"""Looks at a site that somebody, or an import, asked for: what waits, how far it is, and what it came to.

A run is asked for in a transaction and carried out by the queue. At most one waits for each site, so that a hundred
imports in a row are one look; one that has begun does not see what comes in later, so another one may wait behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound
from shelfwise.store.database import first, notify, rows, run, value, values

_FIELDS = "run_id, site_id, asked_by, asked_at, state, stage, done, total, result, finished_at"


@dataclass(frozen=True)
class Run:
    """A look at a site: 'waiting', 'running', 'done' or 'failed'.

    Attributes:
        stage: what is being done, in words; done, total: how far that is (0: not known).
        result: what it came to, see `Result`; empty while it is not done. `error`: why it failed.
    """

    run_id: int
    site_id: int
    asked_by: str
    asked_at: datetime
    state: str
    stage: str
    done: int
    total: int
    result: dict[str, Any]
    finished_at: datetime | None

    @property
    def under_way(self) -> bool:
        return self.state in ("waiting", "running")


@dataclass(frozen=True)
class Result:
    """What a run came to: how many items were forecast, how many proposals are new and open, and what could not be.

    Attributes:
        too_short: items that sold, but too little for a forecast.
        by_rule: items without a forecast that a person's own rule stands for.
        unsellable: items with a forecast or a rule that no supplier sells, so that none can be ordered.
    """

    forecast: int
    new: int
    open: int
    too_short: int
    by_rule: int
    unsellable: int


def ask(ctx: Context, site_id: int) -> int:
    """Have a site looked at as soon as possible; returns the run. Asked again while one waits, it is that one."""
    ctx.require(Right.RUN_PLANNING, site_id)
    made = value(
        ctx.tx,
        """insert into planning_run (tenant_id, site_id, asked_by, asked_at) values (%s, %s, %s, %s)
           on conflict (tenant_id, site_id) where state = 'waiting' do nothing returning run_id""",
        (ctx.tenant, site_id, ctx.actor.by, ctx.now),
    )
    if made is None:
        return int(
            value(
                ctx.tx,
                "select run_id from planning_run where tenant_id = %s and site_id = %s and state = 'waiting'",
                (ctx.tenant, site_id),
            )
        )
    ctx.publish("planning.requested", f"site:{site_id}", site_id=site_id, run_id=made)
    return int(made)


def planning_run(ctx: Context, run_id: int) -> Run:
    """
    Raises:
        NotFound: there is no such run.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx, Run, f"select {_FIELDS} from planning_run where tenant_id = %s and run_id = %s", (ctx.tenant, run_id)
    )
    if found is None:
        raise NotFound("planning run", run_id)
    ctx.require(Right.VIEW, found.site_id)
    return found


def latest_runs(ctx: Context) -> list[Run]:
    """The newest run of each site that the actor may see."""
    return rows(
        ctx.tx,
        Run,
        f"""select distinct on (site_id) {_FIELDS} from planning_run
            where tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or site_id = any(%(sites)s))
            order by site_id, run_id desc""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW)},
    )


def begin_run(ctx: Context, run_id: int) -> int | None:
    """The queue takes it up; returns its site. None: it was done before. Begun again after a crash, it starts anew."""
    ctx.require(Right.RUN_PLANNING)
    found: int | None = value(
        ctx.tx,
        """update planning_run set state = 'running', stage = '', done = 0, total = 0
           where tenant_id = %s and run_id = %s and state <> 'done' returning site_id""",
        (ctx.tenant, run_id),
    )
    return found


def tell_run(ctx: Context, run_id: int, stage: str, done: int = 0, total: int = 0) -> None:
    """Note how far it is."""
    ctx.require(Right.RUN_PLANNING)
    run(
        ctx.tx,
        "update planning_run set stage = %s, done = %s, total = %s where tenant_id = %s and run_id = %s",
        (stage, done, total, ctx.tenant, run_id),
    )


def finish_run(ctx: Context, run_id: int, result: dict[str, Any], failed: bool = False) -> None:
    """Note what it came to, or why it failed."""
    ctx.require(Right.RUN_PLANNING)
    run(
        ctx.tx,
        "update planning_run set state = %s, result = %s, finished_at = %s where tenant_id = %s and run_id = %s",
        ("failed" if failed else "done", Jsonb(result), ctx.now, ctx.tenant, run_id),
    )
    notify(ctx.tx, "live", "proposals")


def what_came_of_it(ctx: Context, site_id: int, new: int) -> Result:
    """How a site stands after a run that made so many new proposals."""
    ctx.require(Right.VIEW, site_id)
    ((forecast, too_short, by_rule, unsellable, waiting),) = values(
        ctx.tx,
        """with newest as (
               select distinct on (item_id) item_id, octet_length(paths) > 0 as enough from forecast
               where tenant_id = %(tenant)s and site_id = %(site)s order by item_id, origin desc, attempt desc),
           ruled as (select item_id from item_rule where tenant_id = %(tenant)s and site_id = %(site)s),
           thought as (select i.item_id, coalesce(n.enough, false) as enough, r.item_id is not null as ruled,
                   n.item_id is not null as sold,
                   exists (select from supplier_item s where s.tenant_id = i.tenant_id and s.item_id = i.item_id)
                       as bought
               from item i left join newest n using (item_id) left join ruled r using (item_id)
               where i.tenant_id = %(tenant)s and not i.archived
                 and (n.item_id is not null or r.item_id is not null))
           select count(*) filter (where enough), count(*) filter (where sold and not enough and not ruled),
               count(*) filter (where ruled and not enough), count(*) filter (where (enough or ruled) and not bought),
               (select count(*) from proposal where tenant_id = %(tenant)s and site_id = %(site)s
                   and state = 'proposed')
           from thought""",
        {"tenant": ctx.tenant, "site": site_id},
    )
    return Result(forecast, new, waiting, too_short, by_rule, unsellable)
